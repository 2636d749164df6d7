"""Locks on open files: who writes one holds it, until it is let go or the process ends, however that comes. Standard library only."""

from __future__ import annotations

import sys

if sys.platform != "win32":
    import fcntl


def hold(descriptor: int) -> bool:
    """Hold the file for this process alone. False where another process holds it; True also where files cannot be locked."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def let_go(descriptor: int) -> None:
    """Hold the file no more."""
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        except OSError:  # a file system without locks
            return


def is_held(descriptor: int) -> bool:
    """Whether a living process holds the file that is open here. Where files cannot be locked: True, as far as known."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False
