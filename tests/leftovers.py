"""What a test of the window may not leave behind once its widgets are closed: threads, running timers, running processes."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QProcess, QThread, QTimer
from PySide6.QtWidgets import QWidget

_RUNS: dict[type, Callable[[Any], bool]] = {
    QTimer: lambda timer: timer.isActive(),
    QThread: lambda thread: thread.isRunning(),
    QProcess: lambda process: process.state() is not QProcess.ProcessState.NotRunning,
}
_made: weakref.WeakSet[Any] = weakref.WeakSet()


def watch() -> None:
    """Know of each timer, thread and process that is made from now on; Qt has no list of them."""
    for kind in _RUNS:
        make = kind.__init__  # type: ignore[misc]
        if getattr(make, "watched", False):
            continue

        def made(self: Any, *given: Any, make: Callable[..., None] = make, **named: Any) -> None:
            make(self, *given, **named)
            _made.add(self)

        made.watched = True  # type: ignore[attr-defined]
        kind.__init__ = made  # type: ignore[misc, assignment]


def running() -> list[Any]:
    """What was made and runs."""
    alive = [one for one in list(_made) if shiboken6.isValid(one)]
    return [one for one in alive if next(runs for kind, runs in _RUNS.items() if isinstance(one, kind))(one)]


def describe(one: Any) -> str:
    """What it is and to whom it belongs."""
    chain, owner = [], one
    while owner is not None:
        chain.append(f"{type(owner).__name__} {owner.objectName()}".rstrip())
        owner = owner.parent()
    return " of ".join(chain)


def _is_held(one: Any) -> bool:
    """Whether it belongs to an object that the test itself made, without a window, and that goes with the test."""
    owner = one
    while owner.parent() is not None:
        owner = owner.parent()
    return owner is not one and not isinstance(owner, QWidget)


def nothing_left() -> Iterator[None]:
    """Around a test: fails where it leaves anything that runs."""
    watch()
    threads, before = set(threading.enumerate()), running()
    yield
    for _ in range(2):  # what is deleted may delete in its turn
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()
    left = [describe(one) for one in running() if all(one is not other for other in before) and not _is_held(one)]
    left += [thread.name for thread in threading.enumerate() if thread not in threads]
    if left:
        pytest.fail("left behind: " + "; ".join(left), pytrace=False)
