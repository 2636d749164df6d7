"""Small files of the user's: replaced as a whole, never half; what cannot be read is put aside, not written over. Standard library only."""

from __future__ import annotations

import errno
import json
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

LARGEST = 16 << 20  # bytes that are read of such a file
STALE = 3600.0  # seconds after which what a killed writer left beside a file is taken away


@contextmanager
def whole(file: Path, mode: str = "w", *, new: bool = False) -> Iterator[IO[Any]]:
    """A file that takes the place of ``file`` when all of it is on the disk; until then it has another name (``stream.name``).
    ``new``: nothing may stand there, FileExistsError otherwise. Raises OSError; what stood there is then still there."""
    if new and os.path.lexists(file):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file))
    _sweep(file)
    descriptor, beside = tempfile.mkstemp(prefix=_prefix(file), dir=file.parent)
    os.close(descriptor)
    try:
        with open(beside, mode, encoding=None if "b" in mode else "utf-8") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(OSError):  # a file system without permissions
            os.chmod(beside, _mode(file))
        if new:
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY))  # who comes first has the name
        os.replace(beside, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


def _prefix(file: Path) -> str:
    return f".{file.name[:40]}-"


def _sweep(file: Path) -> None:
    """Take away what writers left who were killed before their file was whole."""
    before = time.time() - STALE
    with suppress(OSError), os.scandir(file.parent) as entries:
        for entry in entries:
            if entry.name.startswith(_prefix(file)) and entry.stat(follow_symlinks=False).st_mtime < before:
                os.unlink(entry.path)


def _mode(file: Path) -> int:
    """What the file that is replaced allows, else what a new file would."""
    try:
        return file.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0o077)  # there is no other way to ask
        os.umask(mask)
        return 0o666 & ~mask


class KeptFile:
    """A JSON object in a file. ``problem`` says why it could not be read or written, in a sentence; "" where all is well.

    Without a file nothing is kept and nothing is wrong."""

    def __init__(self, file: Path | None, what: str) -> None:
        self.file, self.what = file, what
        self.problem = ""
        self._damaged = False

    def read(self, take: Callable[[Any], None]) -> None:
        """Give what the file holds to ``take``, which may raise what a wrong type or a missing key raises."""
        if self.file is None:
            return
        try:
            if not stat.S_ISREG(os.stat(self.file).st_mode):  # a pipe would be waited for without end
                raise OSError("it is not an ordinary file")
            with open(self.file, encoding="utf-8") as stream:
                text = stream.read(LARGEST + 1)
            if len(text) > LARGEST:
                raise ValueError(f"it is larger than {LARGEST >> 20} MiB")
            take(json.loads(text))
        except FileNotFoundError:
            return
        except OSError as error:
            self.problem = f"{self.file} cannot be read: {error.strerror or error}"
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            self._damaged = True
            words = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
            self.problem = (
                f"{self.file} cannot be read as {self.what}: {words}; it is kept as {self._aside().name} when something is changed"
            )

    def write(self, facts: Any) -> None:
        """Replace what the file holds. A damaged one is put aside first."""
        if self.file is None:
            return
        try:
            if self._damaged:
                with suppress(FileNotFoundError):
                    os.replace(self.file, self._aside())
                self._damaged = False
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with whole(self.file) as stream:
                json.dump(facts, stream, indent=1)
            self.problem = ""
        except OSError as error:
            self.problem = f"{self.file} cannot be written: {error.strerror or error}; what you choose holds until gradstep ends"

    def _aside(self) -> Path:
        assert self.file is not None
        return self.file.with_suffix(".damaged")
