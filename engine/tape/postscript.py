"""What a supervisor writes behind a tape whose writer has died: how that came. Standard library only."""

from __future__ import annotations

import os
import stat
import sys

from .log import END, frame_bytes, words_of_end
from .scan import Scanner, TapeError

if sys.platform != "win32":
    import fcntl


def conclude(path: str, how: str, reason: str, **facts: object) -> bool:
    """Cut off the record that was being written when the writer died, and write down how it ended. False, and nothing is changed,
    where the tape says already how it ended, is damaged before its end, is being written, or is no tape.

    Raises OSError where the file cannot be written; no part of a record is left then."""
    if sys.platform == "win32":
        return False
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            return False
        place = _end_of(path)
        if place is None:
            return False
        offset, number, seed = place
        os.ftruncate(descriptor, offset)
        frame = frame_bytes(seed, END, number, words_of_end(how, reason, **facts))
        try:
            while frame:
                frame = frame[os.write(descriptor, frame) :]
        except OSError:
            os.ftruncate(descriptor, offset)
            raise
        return True
    finally:
        os.close(descriptor)


def _end_of(path: str) -> tuple[int, int, int] | None:
    """Where the last whole record ends, the number that is due there, and the seed of checksums; None where nothing may follow."""
    try:
        scanner = Scanner(path)
    except TapeError:
        return None
    try:
        for _ in scanner.frames():  # while the lock is held an unfinished record is no damage
            continue
        return None if scanner.damage or scanner.ended else (scanner.offset, scanner.number, scanner.seed)
    finally:
        scanner.close()
