"""What the message bar says where the interpreter will not do: what is missing, where, and the buttons that help."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication

from gradstep.engine.debug.core import Outcome
from gradstep.engine.debug.interpreters import Answer, install_line, short
from gradstep.engine.debug.targets import needs_of

from ..frame.message_bar import Answer as Button
from ..frame.message_bar import MessageBar
from .runner import Refusal, Runner

_MODULE = re.compile(r"No module named '([\w.]+)'")
_ABOUT_INTERPRETERS = ("interpreter", "package", "engine")  # why a child refused to run anything
OFFERED = 2  # other interpreters that get a button


def _place(path: str) -> str:
    """What a button can say of an interpreter: its environment's name."""
    prefix = Path(path).parent.parent
    name = prefix.parent.name if prefix.name in (".venv", "venv", "env") else prefix.name
    return name if name and prefix != Path("/usr") else path


class RunnerTeller(QObject):
    """Listens to the runner and to how programs end."""

    choice_wished = Signal()  # the user wants to choose another interpreter
    picked = Signal(str)  # the user picked this interpreter and wants to start
    said = Signal(str)  # something was done that need not be looked at

    def __init__(self, bar: MessageBar, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bar, self._runner = bar, runner
        runner.refused.connect(self._refused)

    @Slot(object)
    def _refused(self, refusal: Refusal) -> None:
        text = refusal.text
        if refusal.others:
            text += " " + (self.tr("This one has what is needed:") if len(refusal.others) == 1 else self.tr("Others have what is needed."))
        buttons = [self._use(answer) for answer in refusal.others[:OFFERED]]
        self._bar.show_error(text, [*buttons, *self._help(refusal.remedy)])

    @Slot(object)
    def ended(self, outcome: Outcome) -> None:
        """A program is over: where its interpreter was not the right one, say so."""
        line = ""
        if outcome.refused.get("kind") in _ABOUT_INTERPRETERS:
            missing = _MODULE.match(str(outcome.refused.get("message", "")))
            line = install_line(self._runner.path, missing[1]) if missing else ""
            self._bar.show_error(outcome.reason, self._help(line))
            return
        missing = _MODULE.match(str(outcome.exception.get("text", "")))
        if outcome.exception.get("type") != "ModuleNotFoundError" or missing is None:
            return
        name, path = missing[1].partition(".")[0], self._runner.path
        told = self._runner.interpreters.known(path)
        where = f"{short(path)} ({told.python})" if told is not None and told.python else short(path)
        text = self.tr("No module named '{0}' in {1}. Scripts run in the interpreter that you choose.").format(name, where)
        self._bar.show_error(text, self._help(install_line(path, name)))

    def _use(self, answer: Answer) -> Button:
        names = needs_of(self._runner.engine).names
        words = ", ".join(f"{name} {answer.packages[name]}" for name in names if name in answer.packages)
        return self.tr("Use {0} ({1})").format(_place(answer.path), words), lambda: self.picked.emit(answer.path)

    def _help(self, line: str) -> list[Button]:
        buttons: list[Button] = [(self.tr("Choose Interpreter..."), self.choice_wished.emit)]
        if line:
            buttons.append((self.tr("Copy the Line That Installs It"), lambda: self._copy(line)))
        return buttons

    def _copy(self, line: str) -> None:
        QGuiApplication.clipboard().setText(line)
        self.said.emit(self.tr("Copied: {0}").format(line))
