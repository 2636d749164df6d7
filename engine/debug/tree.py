"""Processes below this one: adopt them, count them, measure them, end them. Linux; elsewhere only what a group allows.

A process group is not enough: whoever calls ``setsid`` or forks twice leaves it. As a subreaper this process becomes the
parent of every orphan below it, so ``/proc`` names them all, and "no child left" is a statement of the kernel.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys

_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
PAGE = resource.getpagesize()


def _prctl(option: int, value: int) -> bool:
    if not _LINUX:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(option, value, 0, 0, 0) == 0)


def adopt_orphans() -> bool:
    """Makes this process the parent of every orphan below it. False where the system has no such thing."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with(parent: int) -> None:
    """For a new child, before it executes anything: end when ``parent`` ends, leave no core file."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if os.getppid() != parent:  # it ended before the line above
        os.kill(os.getpid(), signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """Every living process below ``pid``, parents before their children."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        for child in _children(waiting.pop()):
            found.append(child)
            waiting.append(child)
    return found


def _children(pid: int) -> list[int]:
    children: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return children
    for thread in threads:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/children") as file:
            children += [int(word) for word in file.read().split()]
    return children


def resident(pid: int) -> int:
    """Bytes of memory that ``pid`` holds now; 0 where it is gone."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return 0


def share(pid: int) -> int:
    """Bytes of memory that ``pid`` holds, of what it shares with others its part; all of it where the system does not tell."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) << 10
    except (OSError, IndexError, ValueError):
        return resident(pid)
    return resident(pid)


def faults(pid: int) -> int:
    """How often ``pid`` touched a page that it did not have, or had not for itself; 0 where it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[7])
    except (OSError, IndexError, ValueError):
        return 0


def command_line(pid: int) -> bytes:
    """The words that ``pid`` was started with, separated by NUL; empty where it is gone."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except OSError:
        return b""


def send(pid: int, number: signal.Signals) -> bool:
    """Sends a signal; False where the process is gone."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def send_group(group: int, number: signal.Signals) -> None:
    """Sends a signal to a process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def freeze(pid: int) -> None:
    """Stops ``pid`` and everything below it, until no newcomer appears."""
    frozen: set[int] = set()
    while new := {pid, *descendants(pid)} - frozen:
        for process in new:
            send(process, signal.SIGSTOP)
        frozen |= new


def thaw(pid: int) -> None:
    """Lets ``pid`` and everything below it go on."""
    for process in (pid, *descendants(pid)):
        send(process, signal.SIGCONT)


def kill_all_below(pid: int) -> int:
    """Kills every process below ``pid``; how many were told to. They are gone once ``waitpid`` knows no child any more."""
    seen: set[int] = set()
    while new := set(descendants(pid)) - seen:  # stopped first: what stands still does not breed
        for process in new:
            send(process, signal.SIGSTOP)
        seen |= new
    return sum(send(process, signal.SIGKILL) for process in seen)
