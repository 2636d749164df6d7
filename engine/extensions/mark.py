"""Which plug-in a window was in, on disk: when it ends without a word, the next one knows whom to ask. Standard library only."""

from __future__ import annotations

import mmap
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..locks import hold

SIZE = 512  # bytes of a mark; longer names are cut
PREFIX, SUFFIX = "in-", ".mark"


@dataclass(frozen=True, slots=True)
class Left:
    """What a window that is gone was in. ``hung``: it had stood still in there for long."""

    feature: str
    hung: bool


class Mark:
    """The mark of this window. The file lies in memory (a call costs no system call) and outlives the process, not the machine's power;
    the process holds a lock on it as long as it lives. A folder that cannot be written has no marks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: Path | None = None
        self._descriptor = -1
        self._page: mmap.mmap | None = None
        self._given_up = False
        self._hung = ""

    def set(self, feature: str) -> None:
        """The window is in this feature now, "" for none."""
        page = self._page if self._page is not None or not feature else self._opened()
        if page is not None:
            page[:] = _row("in" if feature else "", feature)

    def set_hung(self, feature: str) -> None:
        """The window stands still in this feature."""
        page = self._page or self._opened()
        if page is not None:
            page[:] = _row("hung", feature)

    def close(self) -> None:
        """The window ends in order: take the mark away."""
        page, self._page, self._given_up = self._page, None, True
        if page is not None:
            page.close()
            os.close(self._descriptor)
            assert self._file is not None
            with suppress(OSError):
                self._file.unlink()

    def _opened(self) -> mmap.mmap | None:
        if self._given_up:
            return None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._descriptor, name = tempfile.mkstemp(prefix=PREFIX, suffix=SUFFIX, dir=self._folder)
            self._file = Path(name)
            hold(self._descriptor)
            os.truncate(self._descriptor, SIZE)
            self._page = mmap.mmap(self._descriptor, SIZE)
        except OSError:
            self._given_up = True
        return self._page


def left_behind(folder: Path) -> list[Left]:
    """What windows were in that are gone without a word; their marks are taken away."""
    found = []
    with suppress(OSError):
        for file in sorted(folder.glob(f"{PREFIX}*{SUFFIX}")):
            with open(file, "rb") as stream:
                if not hold(stream.fileno()):
                    continue  # that window lives
                kind, _, feature = stream.read(SIZE).rstrip(b"\0").decode("utf-8", "replace").partition(" ")
                if feature:
                    found.append(Left(feature, kind == "hung"))
                file.unlink()
    return found


def _row(kind: str, feature: str) -> bytes:
    return (f"{kind} {feature}" if feature else "").encode()[:SIZE].ljust(SIZE, b"\0")
