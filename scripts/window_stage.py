"""A window of its own on settings of its own, that no display shows: brought to a state, left to come to rest, pictured."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from gradstep.engine.debug.states import ENDED, State
from gradstep.gui.app import application
from gradstep.gui.files.settings import throwaway
from gradstep.gui.guide.examples import FOLDER as EXAMPLES
from gradstep.gui.guide.tour import SEEN
from gradstep.gui.main_window import MainWindow
from gradstep.gui.panel import Panel
from gradstep.gui.theme import Appearance

LONGEST = 60.0  # seconds for a state to be reached
STILL, ALIKE = 0.15, 3  # so many pictures in a row, so many seconds apart, that are the same: it came to rest
STANDING = ENDED | {State.PAUSED, State.TRACE, State.FROZEN}


class Stage:
    """Drives one window. ``folder`` is where scripts and tapes for it are written, ``percent`` the size of its letters."""

    def __init__(self, theme: str, size: tuple[int, int], folder: Path, percent: int = 100) -> None:
        app: Any = application()
        settings = throwaway()
        settings.setValue("preferences/appearance/theme", theme)
        settings.setValue("preferences/appearance/motion", "calm")
        settings.setValue("preferences/appearance/percent", percent)
        settings.setValue(SEEN, True)
        self.folder, self.percent = folder, percent
        self.window = MainWindow(Appearance.of(app), settings)
        self.window.opening.remembers = False
        self.window.resize(*size)
        self.window.show()
        self.settle()

    # ---------------------------------------------------------------------------------------------------------- waiting

    def until(self, reached: Callable[[], bool]) -> None:
        """Let the event loop run until something holds."""
        end = time.monotonic() + LONGEST
        while not reached():
            if time.monotonic() > end:
                raise TimeoutError(f"not reached within {LONGEST:.0f} s")
            self.turn(10)

    def turn(self, milliseconds: int) -> None:
        """Let the event loop run for so long."""
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def settle(self, widget: QWidget | None = None) -> None:
        """Let what was started for this state come to rest."""
        window, last, alike = self.window, None, 0
        self._say_the_same()
        for _ in range(80):
            self.turn(round(STILL * 1e3))
            now = (widget or window).grab().toImage()
            busy = window.canvas.is_moving or (window.model.tape is not None and not window.graphs.is_drawn)
            alike = alike + 1 if now == last and not busy else 0
            if alike == ALIKE - 1:
                return
            last = now

    # ---------------------------------------------------------------------------------------------------------- driving

    def script(self, name: str, text: str) -> str:
        """The path of a script with that text."""
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        return str(file)

    def open(self, name: str) -> None:
        """Open a bundled example, or a script or tape by its path, and wait until it stands still."""
        self.window.open_file(str(EXAMPLES / name))
        self.until(lambda: self.window.session.state in STANDING)
        self.until(lambda: self.window.model.tape is None or self.window.model.is_all_here)

    def press(self, name: str) -> None:
        """Use a command."""
        self.window.actions_[name].trigger()

    def step(self, name: str = "step", count: int = 1) -> None:
        """A command after which the program stands still again, so many times."""
        session = self.window.session
        for _ in range(count):
            before = session.stop_info
            self.press(name)
            self.until(lambda before=before: session.stop_info is not before or session.state in ENDED)  # type: ignore[misc]
            self.turn(30)  # what an order is enabled by follows the stop
            self.until(self._is_shown)

    def _is_shown(self) -> bool:
        """Whether the events show all that was read, so that each step finds them where the one before left them."""
        model = self.window.model
        return model.tape is None or (self.window.panels.events.newest == model.last and not self.window.presenter._later._waits)

    def finish(self) -> None:
        """Let the program run to its end, past all its stops."""
        while self.window.session.state is State.PAUSED:
            self.step("continue")
        self.until(lambda: self.window.session.state in ENDED)
        self.until(lambda: self.window.model.tape is None or self.window.model.is_all_here)

    def bring(self, name: str) -> Panel:
        """A panel by its name in the panel set, in front."""
        panel: Panel = getattr(self.window.panels, name)
        self.window.docks.bring(panel)
        return panel

    def node(self, name: str) -> None:
        """Select the last node whose name begins so."""
        tape = self.window.model.tape
        assert tape is not None
        self.window.model.select(("node", max(id for id, node in tape.nodes.items() if node.name.startswith(name))))

    def set_theme(self, theme: str) -> None:
        """Another theme, as the menu does it."""
        self.window.actions_[f"theme_{theme}"].trigger()

    # --------------------------------------------------------------------------------------------------------- picturing

    def picture(self, widget: QWidget | None = None) -> QImage:
        """The window as it is, or one beside it. What differs from one machine and one run to the next says the same in each."""
        self._say_the_same()
        self.turn(1)  # the other texts of the bar make room for these
        self._say_the_same()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
        return (widget or self.window).grab().toImage()

    def _say_the_same(self) -> None:
        status = self.window.status
        if status.process.text():
            status.process.setText("process 4711")
        status.runner.setText("gradstep, Python 3.12.1")
        if status.tape.text():
            status.tape.setText("tape 64 KiB")
            status._held.shrink()  # it had the room of the longest size that was said before
        step = self.window.panels.step
        step._room.clear()  # its columns had the room of the nodes that were shown before
        step._share_out()
        facts = step._facts
        for name, text in facts._cells:
            if name.text() == facts.tr("time") and not text.isHidden():
                text.setText("1.25 ms")
        line = self.window.welcome.runner.text
        line.setText("Scripts run on the gradstep engine, ~/project/.venv/bin/python (3.12.1)")

    def close(self) -> None:
        """Put the window away, and whatever runs in it."""
        self.window.close()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        self.turn(1)
