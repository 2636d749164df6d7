"""Stops before lines of the user's, watched only while there are breakpoints on lines, and only in the files that have one."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Callable
from typing import Any

from .evaluate import take_planted

_SYS: Any = sys  # has ``monitoring`` from 3.12 on
TOOL, NAME = 4, "gradstep"  # sys.monitoring's numbers 3 and 4 are free for anybody
MONITORS = sys.version_info >= (3, 12)


class Lines:
    """Watches lines. ``reached`` is called in the thread that is about to run one of them, with its frame."""

    def __init__(self, reached: Callable[[types.FrameType], None]) -> None:
        self._reached = reached
        self._places: frozenset[tuple[str, int]] = frozenset()
        self._files: frozenset[str] = frozenset()

    @property
    def exact(self) -> bool:
        """Whether every line can be stopped before; else, where another tool of the program has our place, only those at which ops run."""
        return not MONITORS or _SYS.monitoring.get_tool(TOOL) in (None, NAME)

    def watch(self, places: frozenset[tuple[str, int]], frame: types.FrameType | None) -> None:
        """Watch these places from now on. To be called in the program's main thread; ``frame`` is where it stands."""
        before, self._places = bool(self._places), places
        self._files = frozenset(file for file, _ in places)
        if MONITORS:
            self._monitor(before)
        else:
            self._trace(frame)

    def asks(self, file: str) -> bool:
        """Whether a line of this file is watched."""
        return file in self._files

    # ------------------------------------------------------------------------------------------ 3.12 and later

    def _monitor(self, before: bool) -> None:
        monitoring = _SYS.monitoring
        if self._places and not before:
            if not self.exact:
                return
            if monitoring.get_tool(TOOL) is None:
                monitoring.use_tool_id(TOOL, NAME)
            monitoring.register_callback(TOOL, monitoring.events.LINE, self._line)
            monitoring.set_events(TOOL, monitoring.events.LINE)
        elif not self.exact:
            return
        elif before and not self._places:
            monitoring.set_events(TOOL, 0)
            monitoring.free_tool_id(TOOL)
            return
        monitoring.restart_events()  # lines that said that they are not asked for are asked again

    def _line(self, code: types.CodeType, line: int) -> Any:
        if (code.co_filename, line) not in self._places:
            return _SYS.monitoring.DISABLE
        self._reached(sys._getframe(1))
        return None

    # ------------------------------------------------------------------------------------------ 3.11

    def _trace(self, frame: types.FrameType | None) -> None:
        wanted = self._called if self._places else None
        if wanted is not None:
            take_planted(threading.get_ident())  # whoever cancelled one by None left a flag with which no traced function begins
        sys.settrace(wanted)
        threading.settrace(wanted)
        while frame is not None:  # frames that were entered before
            if frame.f_code.co_filename in self._files:
                frame.f_trace = self._in_frame
            elif frame.f_trace is not None and getattr(frame.f_trace, "__self__", None) is self:
                frame.f_trace = None
            frame = frame.f_back

    def _called(self, frame: types.FrameType, event: str, _: Any) -> Any:
        return self._in_frame if frame.f_code.co_filename in self._files else None

    def _in_frame(self, frame: types.FrameType, event: str, _: Any) -> Any:
        if event == "line" and (frame.f_code.co_filename, frame.f_lineno) in self._places:
            self._reached(frame)
        return self._in_frame
