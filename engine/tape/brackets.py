"""Where a thread is: the module call, the backward node and the runs that are open in it."""

from __future__ import annotations

from threading import get_ident
from typing import Any

from .stacks import Base


class Thread:
    """Where a thread is: its module call, its node, and the brackets around them."""

    __slots__ = ("base", "call", "head", "index", "node", "nodes", "op", "run", "runs", "touched")

    def __init__(self, index: int) -> None:
        self.index = index
        self.head = index << 8  # of events
        self.call = 0
        self.base: Base | None = None  # of the stack: the innermost module's call
        self.op = 0  # the last
        self.touched: list[int] = []  # its tensors and their versions
        self.run = 0
        self.node = 0
        self.nodes: list[tuple[int, int, int]] = []  # run and node entered, and the call that was open around it
        self.runs: list[int] = []


class Guard:
    """Around what a method of the recorder does: lock, commit, and keep every error away from the script. Gives the
    thread, None where nothing is recorded."""

    __slots__ = ("_recorder",)

    def __init__(self, recorder: Any) -> None:
        self._recorder = recorder

    def __enter__(self) -> Thread | None:
        recorder = self._recorder
        recorder._lock.acquire()
        if recorder.failed:
            return None
        thread: Thread = recorder._threads.get(get_ident()) or recorder._thread()
        return thread

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        recorder = self._recorder
        try:
            if error is not None:
                recorder._broken(error)
            elif not recorder.failed:
                try:
                    recorder._commit()
                except BaseException as late:
                    recorder._broken(late)
        finally:
            recorder._lock.release()
        return True
