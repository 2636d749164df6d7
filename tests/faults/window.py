"""The window of a case: a person in front of it, who reads its bar and its status line by their names."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from gradstep.engine.debug.states import ENDED, State
from gradstep.gui.main_window import MainWindow

from ..end_to_end.conftest import Driver, make
from .said import Said

LOOK = 5  # milliseconds between two looks whether the event loop turns


class Person(Driver):
    """Drives a window whose settings lie in the case's folder."""

    def __init__(self, qtbot: QtBot, folder: Path, said: Said) -> None:
        self.settings = QSettings(str(folder / "settings" / "gradstep.ini"), QSettings.Format.IniFormat)
        super().__init__(qtbot, make(qtbot, self.settings, checked=False), folder)
        self._said = said
        said.expect("This plugin does not support propagateSizeHints")  # the offscreen platform says so of every window
        self._last = time.monotonic()
        self.gap = 0.0  # the longest time, in seconds, in which the window did nothing that it was asked
        self._timer = QTimer(self.window, interval=LOOK)
        self._timer.timeout.connect(self._look)
        self.window.session.output.connect(self._hear)

    def _look(self) -> None:
        now = time.monotonic()
        self.gap = max(self.gap, now - self._last - LOOK / 1000)
        self._last = now

    def _hear(self, stream: str, text: str) -> None:
        if stream != "stdout":
            self._said.hear(text, f"the window's {stream}")

    def note_bars(self) -> list[str]:
        """All that the bar will say, each text once in a row."""
        texts: list[str] = []

        def note() -> None:
            if self.bar and (not texts or texts[-1] != self.bar):
                texts.append(self.bar)

        bar = self.window.message
        shown = bar.show_message
        bar.show_message = lambda *words, **more: (shown(*words, **more), note())  # type: ignore[method-assign, func-returns-value]
        return texts

    def watch_gaps(self) -> None:
        """From now on notice how long the window does not answer."""
        self._last, self.gap = time.monotonic(), 0.0
        self._timer.start()

    def turn(self) -> None:
        """Let the window do what waits to be done."""
        QApplication.processEvents()

    @property
    def bar(self) -> str:
        """What the message bar says, in full; "" where it says nothing."""
        bar = self.window.findChild(QFrame, "messageBar")
        assert bar is not None
        text = bar.findChild(QLabel, "messageText")
        assert text is not None
        return "" if bar.isHidden() else text.toolTip()

    @property
    def answers(self) -> list[str]:
        """The buttons of the message bar."""
        self.turn()
        bar = self.window.findChild(QFrame, "messageBar")
        assert bar is not None
        return [button.text() for button in bar.findChildren(QPushButton) if not button.isHidden()]

    def answer(self, label: str) -> None:
        """Press one of them."""
        self.turn()
        bar = self.window.findChild(QFrame, "messageBar")
        assert bar is not None
        [button] = [button for button in bar.findChildren(QPushButton) if button.text() == label and not button.isHidden()]
        button.click()

    @property
    def status(self) -> str:
        """What the status line says of the program's state."""
        label = self.window.findChild(QLabel, "stateLabel")
        assert label is not None
        return label.text()

    @property
    def processes(self) -> str:
        """What the status line says of the program's processes."""
        label = self.window.findChild(QLabel, "processLabel")
        assert label is not None
        return label.text()

    def run(self, text: str, name: str = "script.py") -> str:
        """Open a script, and let it run past all its stops to its end."""
        file = self.script(text, name)
        self.begin(file)
        self.finish()
        return file

    def let_run(self, text: str, limits: Mapping[str, float] | None = None) -> None:
        """Open a script that runs past all its stops, under these limits. It is not waited for."""
        self.window.opening.limits = dict(limits or {})
        self.window.opening.stop_on_entry = False
        self.window.open_file(self.script(text))

    def begin(self, file: str) -> None:
        """Open a script, and wait for its first stop or its end."""
        self.window.open_file(file)
        self.until(lambda: self.state in ENDED | {State.PAUSED})

    @property
    def shown(self) -> MainWindow:
        """The window itself."""
        return self.window

    def close(self) -> None:
        """Close the window in order."""
        self._timer.stop()
        self.window.close()
