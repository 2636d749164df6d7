"""Wires the choice of what runs scripts to the parts of the window: preferences, welcome page, status bar, message bar, dialog."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from gradstep.engine.debug.core import Outcome
from gradstep.engine.debug.interpreters import Answer, described, lacks
from gradstep.engine.debug.targets import needs_of

from ..files.opening import Opening
from ..frame.message_bar import MessageBar
from ..preferences.store import Preferences
from .dialog import RunDialog
from .line import RunnerLine
from .runner import Runner
from .teller import RunnerTeller

_DECIDING = ("running/engine", "running/python", "script/engine", "script/python")


class Runs(QObject):
    """Whatever changes the choice arrives here, and goes to the one Runner."""

    said = Signal(str)  # something was done that need not be looked at
    elsewhere_wished = Signal()  # how the script that is open runs is chosen elsewhere: it is on another machine

    def __init__(
        self, opening: Opening, preferences: Preferences, bar: MessageBar, line: RunnerLine, window: QWidget
    ) -> None:  # fmt: skip
        super().__init__(window)
        self._opening, self._preferences, self._line, self._window = opening, preferences, line, window
        self._checking = ""  # the interpreter that is asked for the line
        self.runner: Runner = opening.runner
        self.teller = RunnerTeller(bar, self.runner, self)
        self.dialog: RunDialog | None = None  # the one that is open
        self.teller.choice_wished.connect(self.ask)
        self.teller.picked.connect(self._use)
        self.teller.said.connect(self.said)
        preferences.changed.connect(self._changed)
        opening.changed.connect(self.choose)
        line.change_wished.connect(self.ask)
        line.check_wished.connect(self.check)
        self.runner.changed.connect(self._show_line)
        self.runner.refused.connect(self._show_line)
        self.runner.interpreters.answered.connect(self._answered)
        self.choose()
        self._show_line()

    @Slot(str)
    def _changed(self, name: str) -> None:
        if name in _DECIDING:
            self.choose()

    @Slot()
    def choose(self) -> None:
        """What the preferences say counts: those of the script that is open before the general ones."""
        get = self._preferences.text
        engine, python = get("script/engine"), get("script/python")
        if not engine or engine == get("running/engine"):
            engine, python = get("running/engine"), python or get("running/python")
        self.runner.choose(engine, python, self._opening.script)

    def insist(self, engine: str, python: str) -> None:
        """What the command line says stands above what was chosen; "" where it says nothing."""
        self.runner.given = engine, python
        self.choose()

    @Slot()
    def ask(self) -> None:
        """Let the user choose."""
        if self._opening.errand is not None:
            self.elsewhere_wished.emit()
            return
        if self.dialog is not None:
            self.dialog.close()
        self.dialog = RunDialog(self.runner, self._preferences, self._window)
        self.dialog.finished.connect(self._dialog_closed)
        self.dialog.run_wished.connect(self._opening.restart)
        self.dialog.open()

    @Slot(object)
    def ended(self, outcome: Outcome) -> None:
        """A program is over: where an interpreter of this machine was not the right one, that is said."""
        if self._opening.errand is None:
            self.teller.ended(outcome)

    @Slot()
    def _dialog_closed(self) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()

    @Slot()
    def check(self) -> None:
        """Have the interpreter import what the engine needs, and show what it said."""
        self._line.show_runner(self.runner.title, self.tr("asking..."), busy=True)
        self.runner.find(self._check)

    def _check(self, path: str) -> None:
        needs = needs_of(self.runner.engine)
        self._checking = path
        self.runner.interpreters.ask(path, (*needs.names, *dict(needs.useful)))
        self._line.show_runner(self.runner.title, self.tr("importing {0}...").format(", ".join(needs.names)), busy=True)

    @Slot(object)
    def _answered(self, told: Answer) -> None:
        if told.path == self._checking and (told.loaded or told.error):
            self._checking = ""
            needs = needs_of(self.runner.engine)
            missing = lacks(told, needs)
            has = described(told, needs).partition(", ")[2]  # without the Python, which the title names
            said = " ".join(lack.text for lack in missing) if missing else self.tr("works, with {0}").format(has)
            self._line.show_runner(self.runner.title, said)

    @Slot()
    def _show_line(self, *_: object) -> None:
        if not self._checking:
            self._line.show_runner(self.runner.title)

    def stop(self) -> None:
        """The window closes."""
        self.runner.interpreters.stop()

    @Slot(str)
    def _use(self, python: str) -> None:
        self._preferences.set("script/engine", self.runner.engine)
        self._preferences.set("script/python", python)
        self._opening.restart()
