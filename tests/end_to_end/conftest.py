"""A real window over a real child process, driven through its actions; nothing waits for milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QAbstractItemModel, QSettings
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gradstep.engine.debug.core import Stopped
from gradstep.engine.debug.states import ENDED, State
from gradstep.gui.app import application
from gradstep.gui.files.settings import throwaway
from gradstep.gui.main_window import MainWindow
from gradstep.gui.theme import Appearance

from ..leftovers import nothing_left

LONG = 60_000  # milliseconds; only a failure pays them


@pytest.fixture(autouse=True)
def tidy(qapp: Any) -> Iterator[None]:
    """No test leaves anything that runs."""
    yield from nothing_left()


class Driver:
    """What a person does with the window."""

    def __init__(self, qtbot: QtBot, window: MainWindow, folder: Path) -> None:
        self.qtbot, self.window, self.folder = qtbot, window, folder
        self.stops: list[Stopped] = []
        self.states: list[State] = []
        window.session.stopped.connect(self.stops.append)
        window.session.state_changed.connect(self.states.append)

    def script(self, text: str, name: str = "script.py") -> str:
        """A script with that text."""
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        return str(file)

    def until(self, reached: Callable[[], bool]) -> None:
        """Wait for something to hold."""
        self.qtbot.waitUntil(reached, timeout=LONG)
        QApplication.processEvents()  # what waits for the event loop to turn

    def open(self, file: str) -> None:
        """Open a script and wait until it stands still."""
        self.window.open_file(file)
        self.until(lambda: self.state in ENDED | {State.PAUSED})

    def press(self, name: str) -> None:
        """Use a command, as its button and its key do."""
        action = self.window.actions_[name]
        assert action.isEnabled(), f"{name} is disabled: {action.toolTip()}"
        action.trigger()
        QApplication.processEvents()

    def step(self, name: str = "step") -> Stopped | None:
        """A command after which the program stands still again; gives where, None where it ended."""
        count = len(self.stops)
        self.press(name)
        self.until(lambda: len(self.stops) > count or self.state in ENDED)
        return self.stops[-1] if len(self.stops) > count else None

    def end(self) -> None:
        """Wait for the program's end."""
        self.until(lambda: self.state in ENDED)
        self.until(lambda: self.window.model.is_all_here)  # a long recording is taken in piece by piece

    def finish(self) -> None:
        """Let the program run to its end, past all its stops."""
        while self.state is State.PAUSED:
            self.step("continue")
        self.end()

    def node(self, name: str) -> int:
        """The last node of that name."""
        tape = self.window.model.tape
        assert tape is not None
        return max(number for number, node in tape.nodes.items() if node.name == name)

    @property
    def state(self) -> State:
        return self.window.session.state

    @property
    def place(self) -> str:
        """What the toolbar says of where the view stands."""
        return self.window.bar.place.text()

    @property
    def printed(self) -> str:
        """What the output panel shows."""
        return "\n".join(line.text for line in self.window.panels.output._tail.lines)

    @property
    def message(self) -> str:
        return self.window.message.text


def make(qtbot: QtBot, settings: QSettings | None = None, *, checked: bool = True) -> MainWindow:
    """A window on its own settings. ``checked``: its models are held to Qt's rules after every change, which takes long where there are
    many rows."""
    app: Any = application()
    window = MainWindow(Appearance.of(app), settings if settings is not None else throwaway())
    qtbot.addWidget(window)
    for model in window.findChildren(QAbstractItemModel) if checked else ():
        if type(model).__module__.startswith("gradstep."):  # ours keep Qt's rules through every journey; a warning fails the test
            QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
    window.resize(1366, 768)
    window.show()
    return window


@pytest.fixture
def unchecked(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    """A driver for programs with so many events that to check the models after each of them would take minutes."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    window = make(qtbot, checked=False)
    yield Driver(qtbot, window, tmp_path)
    window.close()


@pytest.fixture
def driver(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    window = make(qtbot)
    yield Driver(qtbot, window, tmp_path)
    window.close()
