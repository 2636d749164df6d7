"""The toolbar, which orders, and the status bar, which says where everything stands."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QStatusBar, QToolBar, QToolButton, QWidget

from gradstep.engine.debug.states import ENDED, RUNNING, State

from .. import theme
from ..actions import COMMANDS, Actions
from ..models.debug_model import DebugModel
from ..translation import translate
from ..widgets.elided import ElidedLabel
from ..widgets.holder import Holder
from ..widgets.plain import tip
from . import wording

_NAMED = ("start", "continue", "step_back", "step", "return_to_live")  # what is used most has its name beside its icon
_ICON = 18
_LARGE = 1.3  # times the usual size: letters for which a small screen has no room
PLACE = 220  # the least width of the words that say where the view stands


class RunBar(QToolBar):
    """The program's commands, then those that only move the view, in a frame that turns purple in the past."""

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self.setWindowTitle(self.tr("Run and time"))
        self.setObjectName("toolbar")
        self.setMovable(False)
        self._stop = actions["stop"]
        self._add_group(actions, "run")
        self._separators = [self.addSeparator()]
        self._add_group(actions, "time")
        for name in ("start", "continue"):
            button = self.widgetForAction(actions[name])
            assert isinstance(button, QToolButton)
            button.setProperty("primary", True)
            actions[name].changed.connect(partial(self._emphasise, button, name))  # it took the action's own picture again
            self._emphasise(button, name)
        self._separators.append(self.addSeparator())
        self.past = QFrame()
        self.past.setObjectName("pastGroup")
        row = QHBoxLayout(self.past)
        row.setContentsMargins(10, 1, 3, 1)
        row.setSpacing(1)
        self.place = QLabel()
        self.place.setObjectName("placeLabel")
        self.place.setTextFormat(Qt.TextFormat.PlainText)
        self.place.setMinimumWidth(PLACE)
        row.addWidget(self.place)
        for command in COMMANDS:
            if command.bar == "past":
                row.addWidget(self._button(actions, command.name))
        self.addWidget(Holder(self.past))
        space = QWidget()
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(space)
        self._add_group(actions, "search")
        self._fit()
        self.show_place("", past=False)

    def changeEvent(self, event: QEvent) -> None:
        """Large letters leave no room for names beside the icons."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        size = theme.scaled(_ICON)
        self.setIconSize(QSize(size, size))
        self.place.setMinimumWidth(min(theme.scaled(PLACE), 300))
        for button in self.findChildren(QToolButton):
            name = button.defaultAction().objectName() if button.defaultAction() is not None else ""
            named = name in _NAMED and (theme.scale() < _LARGE or name in ("start", "continue"))
            button.setIconSize(QSize(size, size))
            if name:
                style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if named else Qt.ToolButtonStyle.ToolButtonIconOnly
                button.setToolButtonStyle(style)

    @staticmethod
    def _emphasise(button: QToolButton, name: str) -> None:
        """Its picture in the colour of its words: those of the menu stand on another ground."""
        button.setIcon(theme.icon(next(command.icon for command in COMMANDS if command.name == name), "on_accent"))

    def _add_group(self, actions: Actions, group: str) -> None:
        for command in COMMANDS:
            if command.bar == group:
                action = actions[command.name]
                self.addAction(action)
                button = self.widgetForAction(action)
                assert isinstance(button, QToolButton)
                self._dress(button, actions, command.name)

    def _button(self, actions: Actions, name: str) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(actions[name])
        self._dress(button, actions, name)
        return button

    @staticmethod
    def _dress(button: QToolButton, actions: Actions, name: str) -> None:
        button.setAccessibleName(actions.name(name))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_place(self, text: str, *, past: bool) -> None:
        """Say where the view stands, and whether that is the past."""
        self.place.setText(text or self.tr("No backward pass yet"))
        shown = self._stop.isVisible()
        for separator in self._separators:  # nothing is before them where there is no program
            if separator.isVisible() is not shown:
                separator.setVisible(shown)
        if self.past.property("past") is not past:
            self.past.setProperty("past", past)
            self.past.setToolTip(
                self.tr("The view looks at the past, on the tape. The program stands where it stood: Return to Live shows it")
                if past
                else ""
            )
            for widget in (self.past, self.place):
                widget.style().unpolish(widget)
                widget.style().polish(widget)


class StateBar(QStatusBar):
    """The state of the program in a sentence, its process, the tape. Its name is what a screen reader is told."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.dot = QLabel("●")
        self.dot.setObjectName("stateDot")
        self.dot.setAccessibleName(" ")  # the sentence says it
        self.sentence = ElidedLabel()
        self.sentence.setObjectName("stateLabel")
        self.process = QLabel()
        self.process.setObjectName("processLabel")
        self.runner = QToolButton()
        self.runner.setObjectName("runnerButton")
        self.runner.setAutoRaise(True)
        self.runner.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.runner.setToolTip(self.tr("What runs the script: choose another engine or interpreter"))
        self.tape = QLabel()
        self.tape.setObjectName("tapeLabel")
        self.addWidget(self.dot)
        self.addWidget(Holder(self.sentence), 1)
        self.addPermanentWidget(self.process)
        self.addPermanentWidget(self.runner)
        self.addPermanentWidget(Holder(self.tape))
        self.messageChanged.connect(self._said)

    def show_state(self, state: State, sentence: str) -> None:
        """Say the state."""
        tone = "good" if state is State.FINISHED else "bad" if state in ENDED - {State.STOPPED} else ""
        tone = "paused" if state in (State.PAUSED, State.FROZEN, State.UNRESPONSIVE) else tone
        tone = "running" if state in RUNNING | {State.STARTING, State.STOPPING} else tone
        if self.dot.property("tone") != tone:
            self.dot.setProperty("tone", tone)
            self.dot.style().unpolish(self.dot)
            self.dot.style().polish(self.dot)
        self.sentence.setText(sentence)
        self.sentence.setToolTip(tip(sentence))
        self.clearMessage()
        self.setAccessibleName(sentence)

    def say(self, text: str) -> None:
        """Say something for a while in place of the state."""
        self.showMessage(text, 8000)

    @Slot(str)
    def _said(self, text: str) -> None:
        self.setAccessibleName(text or self.sentence.text())

    def show_process(self, pid: int, interpreter: str, workers: int = 0, ranks: int = 0) -> None:
        """Say which process runs, 0 for none, in which interpreter, how many there are below it which nobody records, and how many ranks
        that are recorded."""
        text = self.tr("process {0}").format(pid) if pid else ""
        if pid and ranks > 0:
            text += ", " + translate("Bars", "%n rank(s)", ranks)
        if pid and workers > 0:
            text += ", " + translate("Bars", "%n worker process(es) (not recorded)", workers)
        self.process.setText(text)
        self.runner.setText(interpreter)
        self.runner.setAccessibleName(self.tr("Run configuration: {0}").format(interpreter))

    def show_tape(self, path: str) -> None:
        """Say how large the tape is; "" for no tape."""
        try:
            size = Path(path).stat().st_size if path else -1
        except OSError:
            size = -1
        self.tape.setText(self.tr("tape {0}").format(wording.size_text(size)) if size >= 0 else "")


def place_text(model: DebugModel) -> str:
    """Where the view stands: "step 5 of 20, backward 1 of 2"; "" where there is no backward pass."""
    tape, run = model.tape, model.run
    if tape is None or run not in tape.runs:
        return ""
    text = wording.step_text(model.done, len(tape.runs[run].needed))
    runs = list(tape.runs)
    if len(runs) > 1:
        text += wording.run_text(runs.index(run) + 1, len(runs))
    return text if model.is_live else wording.past_text(text)
