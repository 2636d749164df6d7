"""Copies of a job's tapes that grow as the job does. A copy is locked while its tape is written, so that every reader here takes it for
what it is: a recording that goes on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..debug.protocol import Event, ProtocolError
from ..locks import hold, let_go
from ..tape.log import HEAD, MAGIC


class Occupied(Exception):
    """A copy cannot be made where another file is. The message says which and what to do."""


@dataclass(slots=True)
class _Copy:
    file: Path
    identity: str
    descriptor: int
    size: int
    ended: bool = False


class Mirror:
    """The copies in a folder, or the one copy with a given name."""

    def __init__(self, folder: Path, name: str = "") -> None:
        self.folder = folder
        self._name = name  # what the copy of the only tape is called; "": tapes keep their names
        self._copies: dict[str, _Copy] = {}  # by the tape's name there

    @property
    def files(self) -> list[Path]:
        """The copies, by name."""
        return sorted(copy.file for copy in self._copies.values())

    def begun(self) -> list[Path]:
        """The copies of which something is here."""
        return sorted(copy.file for copy in self._copies.values() if copy.size)

    @property
    def size(self) -> int:
        """Bytes of all copies."""
        return sum(copy.size for copy in self._copies.values())

    @property
    def has_ended(self) -> bool:
        """Whether there are tapes, and none of them is written any more."""
        return bool(self._copies) and all(copy.ended for copy in self._copies.values())

    def have(self, only: str = "") -> dict[str, dict[str, Any]]:
        """Of each copy that is there what it is of and its bytes: what need not be sent. ``only``: the tape's name, where there is one."""
        found = {}
        names = {only: self._name} if self._name else {file.name: file.name for file in self.folder.glob("*.gst")}
        for name, here in names.items():
            file = self.folder / here
            if file.is_file():
                with file.open("rb") as stream:
                    found[name] = {"identity": stream.read(HEAD.size).hex(), "size": file.stat().st_size}
        return found

    def held(self) -> dict[str, dict[str, Any]]:
        """The same of the copies that are open here."""
        return {name: {"identity": copy.identity, "size": copy.size} for name, copy in self._copies.items()}

    def take(self, event: Event) -> None:
        """Do what the agent tells. Raises ProtocolError where that makes no sense, Occupied where a file of the user's is in the way,
        OSError where a copy cannot be written."""
        if event.event == "alive":
            return
        name = event.body.get("name")
        if not isinstance(name, str) or not name.endswith(".gst") or name.startswith(".") or os.path.basename(name) != name or "\0" in name:
            raise ProtocolError(f"{name!r} is no name of a tape")
        if event.event == "tape":
            self._begin(name, str(event.body.get("identity")), event.body.get("start"))
            return
        copy = self._copies.get(name)
        if copy is None:
            raise ProtocolError(f"nothing was said of {name} before")
        if event.event == "bytes":
            if event.body.get("offset") != copy.size:
                raise ProtocolError(f"bytes of {name} from {event.body.get('offset')} on, where {copy.size} are due")
            _write(copy, event.raw)
        elif event.event == "cut":
            size = event.body.get("size")
            if not isinstance(size, int) or not 0 <= size <= copy.size:
                raise ProtocolError(f"{name} was cut to {size}, and has {copy.size}")
            os.ftruncate(copy.descriptor, size)
            copy.size = size
        elif event.event == "ended":
            copy.ended = True
            let_go(copy.descriptor)

    def close(self) -> None:
        """Hold the copies no more; what came stays."""
        for copy in self._copies.values():
            os.close(copy.descriptor)
        self._copies.clear()

    # ------------------------------------------------------------------------------------------------------------------

    def _begin(self, name: str, identity: str, start: object) -> None:
        if self._name and self._copies and name not in self._copies:
            raise ProtocolError(f"{name} is a second tape, where there is one")
        if len(identity) != 2 * HEAD.size or not identity.startswith(MAGIC.hex()):
            raise ProtocolError(f"{name} is of no tape")
        known = self._copies.get(name)
        if known is not None and known.identity != identity:  # another recording has this name now
            _put_aside(known)
            del self._copies[name]
        elif known is not None:
            if start != known.size:
                raise ProtocolError(f"{name} goes on at {start}, where {known.size} is due")
            return
        file = self.folder / (self._name or name)
        copy = self._copies[name] = _opened(file, identity)
        if start != copy.size:
            os.close(self._copies.pop(name).descriptor)
            raise ProtocolError(f"{name} goes on at {start}, where {copy.size} is due")


def _opened(file: Path, identity: str) -> _Copy:
    """A copy that is there and is of this tape, or a new one."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    try:
        head = os.pread(descriptor, HEAD.size, 0)
        if head and head.hex() != identity:
            raise Occupied(f"{file} is there already and is another recording: move it away, or name another place with --to")
        if not hold(descriptor):
            raise Occupied(f"{file} is being written by another process: wait for its end, or name another place with --to")
        return _Copy(file, identity, descriptor, os.lseek(descriptor, 0, os.SEEK_END))
    except BaseException:
        os.close(descriptor)
        raise


def _put_aside(copy: _Copy) -> None:
    """The copy of a recording whose place another one took there: it stays, under another name."""
    number = 1
    while (beside := copy.file.with_name(f"{copy.file.stem}.replaced-{number}.gst")).exists():
        number += 1
    os.close(copy.descriptor)
    copy.file.rename(beside)


def _write(copy: _Copy, data: bytes) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(copy.descriptor, view, copy.size)
        view, copy.size = view[done:], copy.size + done
