"""What a window makes of one tape after another, in the process that ``prison`` watches: a reader as those of ``readers``.

The tape is opened by File > Open of one window that stays; some panels are brought to the front, some nodes and moments looked at, and all
is painted. The window must say what it refuses, where a tape is damaged and where it has no end; nothing may raise, no warning of
Qt's may come, nothing may be written.
"""

from __future__ import annotations

import atexit
import os
import sys
import tempfile
import time
import traceback
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from PySide6.QtCore import QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication
from window_stage import Stage

from .readers import Result

BEAT = 5  # milliseconds between two looks at how long the window did nothing else
LONGEST = 60.0  # seconds for a tape to be taken in and drawn
HARMLESS = "This plugin does not support"  # said by the platform that has no screen
OWN_PICKLES = ("gradstep.", "networkx.", "numpy.")  # a graph that a process of the window's has arranged
PANELS = 3  # that are looked at for one tape; which ones follows from its bytes


class _Window:
    """The window, and what is heard of it."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.stall = 0.0
        self._last = 0.0
        folder = tempfile.TemporaryDirectory(prefix="gradstep-window-")
        atexit.register(folder.cleanup)
        sys.excepthook = lambda kind, error, trace: self.heard.append("".join(traceback.format_exception(kind, error, trace)))
        sys.unraisablehook = lambda what: self.heard.append(f"unraisable: {what.exc_value!r} in {what.object!r}")
        qInstallMessageHandler(self._said)
        self.stage = Stage("light", (1366, 768), Path(folder.name))
        self.window = self.stage.window
        self._beats = QTimer()
        self._beats.timeout.connect(self.beat)
        self._beats.start(BEAT)

    def _said(self, kind: QtMsgType, context: Any, text: str) -> None:
        if kind is not QtMsgType.QtDebugMsg and HARMLESS not in text:
            self.heard.append(f"Qt: {text}")

    def begin(self) -> None:
        self.heard.clear()
        self.stall, self._last = 0.0, time.thread_time()

    def beat(self) -> None:
        """The event loop turns: how much the window's thread has worked since it did so last."""
        now = time.thread_time()
        self.stall, self._last = max(self.stall, now - self._last), now

    def act(self, what: Callable[[], object]) -> None:
        """Do something, and let the window follow."""
        what()
        QApplication.processEvents()
        self.beat()

    def until(self, reached: Callable[[], bool]) -> bool:
        end = time.monotonic() + LONGEST
        while not reached() and time.monotonic() < end:
            self.stage.turn(1)
        return reached()


_window: _Window | None = None


def stall() -> float:
    """Seconds of the processor that the window worked on the last tape without hearing anything else, at most."""
    return _window.stall if _window is not None else 0.0


def window(path: str) -> Result:
    """The tape in the window: what it says of it, what it shows."""
    global _window
    one = _window = _window if _window is not None else _Window()
    window, model = one.window, one.window.model
    one.begin()
    one.act(lambda: window.open_file(path))
    if model.tape is None:
        said = window.message.text
        assert said, "the window opened nothing and said nothing"
        return _result(one, Result(said, None, refused=True))
    assert one.until(lambda: model.tape is not None and model.is_all_here), "the tape was not taken in"
    tape = model.tape
    assert tape is not None
    assert one.until(lambda: window.graphs.is_drawn), "the graph was not drawn"
    _look(one, path)
    said = window.message.text
    if tape.damage:
        assert "cannot be read further" in said, f"the damage is not said: {tape.damage!r}; the bar says {said!r}"
    elif not tape.complete:
        assert "is not complete" in said, f"the bar does not say that the tape has no end: {said!r}"
    found = (len(tape.ops), len(tape.nodes), len(tape.calls), len(tape.events), model.last, len(model.alerts))
    ended = tape.complete
    return _result(one, Result(said if tape.damage else "", found, ended))


def _look(one: _Window, path: str) -> None:
    """At some panels, moments and nodes."""
    window, model = one.window, one.window.model
    tape = model.tape
    assert tape is not None
    with open(path, "rb") as file:
        mark = zlib.crc32(file.read(1 << 16))
    panels = list(vars(window.panels).values())
    for place in range(PANELS):
        one.act(lambda place=place: window.docks.bring(panels[(mark + place) % len(panels)]))  # type: ignore[misc]
    keys = [("node", id) for id in list(tape.nodes)[-3:]] + [("op", id) for id in list(tape.ops)[:2]]
    for key in keys:
        one.act(lambda key=key: model.select(key))  # type: ignore[misc]
    for moment in (0, model.last // 2, model.last):
        if 0 <= moment <= model.last:
            one.act(lambda moment=moment: window.navigator.look_at(moment))  # type: ignore[misc]
    one.act(window.grab)


def _result(one: _Window, result: Result) -> Result:
    """The same, once the tape is put away and nothing was heard."""
    one.act(one.window.opening.close)
    one.act(one.window.message.clear)
    assert one.heard == [], "\n".join(one.heard)
    return result


def verdict(reader: str, result: Result, whole: Result) -> str:
    """What became of a changed tape, held against what the window shows of it as it was."""
    if result.refused:
        return "refused"
    if result.said:
        return "read to the damage"
    if not result.ended:
        return "not ended" if whole.ended else "as it was" if result.found == whole.found else "not ended"
    return "as it was" if result.found == whole.found and whole.ended else "SILENTLY DIFFERENT"


READERS: dict[str, Callable[[str], Result]] = {"window": window}
