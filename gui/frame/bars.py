"""The toolbar, which orders, and the status bar, which says where everything stands."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QStatusBar, QStyle, QStyleOption, QToolBar, QToolButton, QWidget

from gradstep.engine.debug.states import ENDED, RUNNING, State

from .. import theme
from ..actions import COMMANDS, Actions
from ..translation import is_right_to_left, translate
from ..widgets.announce import announce
from ..widgets.elided import ElidedLabel
from ..widgets.holder import Holder
from ..widgets.plain import tip
from . import wording
from .place_label import PlaceLabel

_NAMED = ("start", "continue", "step_back", "step", "return_to_live")  # what is used most has its name beside its icon
_ICON = 18
_LARGE = 1.3  # times the usual size: letters for which a small screen has no room
_LEFT, _BETWEEN, _LINE = 2, 6, 3  # pixels: of a status bar, before its first widget, between two, and above them


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
        self.place = PlaceLabel()
        row.addWidget(self.place)
        for command in COMMANDS:
            if command.bar == "past":
                row.addWidget(self._button(actions, command.name))
        self._group = Holder(self.past)
        self.addWidget(self._group)
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
        for button in self.findChildren(QToolButton):
            name = button.defaultAction().objectName() if button.defaultAction() is not None else ""
            named = name in _NAMED and (theme.scale() < _LARGE or name in ("start", "continue"))
            button.setIconSize(QSize(size, size))
            if name:
                style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if named else Qt.ToolButtonStyle.ToolButtonIconOnly
                button.setToolButtonStyle(style)
        self._give_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._give_room()

    def _give_room(self) -> None:
        """The place has the width that it needs, as far as the other commands leave it; what is cut stands in its tip."""
        others = self.sizeHint().width() - self._group.sizeHint().width() + self.past.sizeHint().width() - self.place.width()
        wide = min(self.place.wanted(), max(self.place.least(), self.width() - others))
        if wide != self.place.width() or self.place.minimumWidth() != wide:
            self.place.setFixedWidth(wide)
            self.past.adjustSize()
            self._group.shrink()

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

    def show_place(self, text: str, longest: str = "", *, past: bool) -> None:
        """Say where the view stands, and whether that is the past; ``longest`` is the most that will be said of this tape."""
        self.place.say(text or self.tr("No backward pass"), longest or text)
        self._give_room()
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
        self._held = Holder(self.tape)
        for widget in (self.process, self.runner, self._held):
            self.addPermanentWidget(widget)
        self._held.hide()
        self._path = ""
        self._seen = QPixmap()  # the dot, while something is said in place of the state
        self.messageChanged.connect(self._said)

    def show_state(self, state: State, sentence: str, *, grows: bool = False) -> None:
        """Say the state. ``grows``: somebody else records what is shown."""
        tone = "good" if state is State.FINISHED else "bad" if state in ENDED - {State.STOPPED} else ""
        tone = "paused" if state in (State.PAUSED, State.FROZEN, State.UNRESPONSIVE) else tone
        tone = "running" if grows or state in RUNNING | {State.STARTING, State.STOPPING} else tone
        if self.dot.property("tone") != tone:
            self.dot.setProperty("tone", tone)
            self.dot.style().unpolish(self.dot)
            self.dot.style().polish(self.dot)
        self.sentence.setText(sentence)
        self.sentence.setToolTip(tip(sentence))
        self.clearMessage()
        self._make_room()
        if self.accessibleName() != sentence:
            self.setAccessibleName(sentence)
            announce(self, sentence)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Large letters on a small screen: the sentence goes before the process and the size of the tape."""
        always = self.dot.sizeHint().width() + self.runner.sizeHint().width() + self.sentence.sizeHint().width()
        room = self.width() - always - 8 * _BETWEEN  # and at both ends
        for label, shown in ((self._held, self.tape), (self.process, self.process)):
            room -= label.sizeHint().width() + _BETWEEN if shown.text() else 0
            fits = bool(shown.text()) and (room >= 0 or theme.scale() < _LARGE)
            if label.isHidden() is fits:
                label.setVisible(fits)

    def say(self, text: str) -> None:
        """Say something for a while in place of the state."""
        self.showMessage(text, 8000)

    def paintEvent(self, event: QPaintEvent) -> None:
        """What is said for a while stands where the sentence does, beside the dot of the state."""
        if not self.currentMessage():
            super().paintEvent(event)
            return
        painter, option, direction = QPainter(self), QStyleOption(), self.layoutDirection()
        option.initFrom(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelStatusBar, option, painter, self)
        beside = sum(widget.width() + _BETWEEN for widget in (self.process, self.runner, self._held) if widget.isVisible())
        wide, high = self.dot.sizeHint().width(), self.height() - 2 * _LINE + 1
        dot = QStyle.visualRect(direction, self.rect(), QRect(_LEFT, _LINE, wide, high))
        painter.drawPixmap(dot.topLeft(), self._seen)
        left = _LEFT + wide + _BETWEEN
        place = QStyle.visualRect(direction, self.rect(), QRect(left, _LINE, self.width() - left - beside - _BETWEEN, high))
        words = self.sentence.fontMetrics().elidedText(self.currentMessage(), Qt.TextElideMode.ElideRight, place.width())
        own = Qt.AlignmentFlag.AlignRight if is_right_to_left(words) else Qt.AlignmentFlag.AlignLeft  # as a label does it
        painter.setFont(self.sentence.font())
        aligned = (own | Qt.AlignmentFlag.AlignVCenter).value
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.style().drawItemText(painter, place, aligned, self.sentence.palette(), True, words, self.sentence.foregroundRole())
        painter.end()

    @Slot(str)
    def _said(self, text: str) -> None:
        if text:
            self._see_dot()
        self.setAccessibleName(text or self.sentence.text())
        announce(self, text)

    def _see_dot(self) -> None:
        self.dot.ensurePolished()
        self._seen = QPixmap(self.dot.size() * self.devicePixelRatioF())
        self._seen.setDevicePixelRatio(self.devicePixelRatioF())
        self._seen.fill(Qt.GlobalColor.transparent)
        self.dot.render(self._seen, QPoint(), renderFlags=QWidget.RenderFlag.DrawChildren)

    def changeEvent(self, event: QEvent) -> None:
        """The dot in the colours of the theme that is in effect now."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange) and self.currentMessage():
            self._see_dot()

    def show_process(self, pid: int, interpreter: str, workers: int = 0, ranks: int = 0) -> None:
        """Say which process runs, 0 for none, in which interpreter, how many there are below it which nobody records, and how many ranks
        that are recorded."""
        text = self.tr("process {0}").format(pid) if pid else ""
        if pid and ranks > 0:
            text += ", " + translate("Bars", "%n rank(s)", ranks)
        if pid and workers > 0:
            text += ", " + translate("Bars", "%n worker process(es) (not recorded)", workers)
        self.process.setText(text)
        self._make_room()
        self.runner.setText(interpreter)
        self.runner.setAccessibleName(self.tr("Run configuration: {0}").format(interpreter))

    def show_tape(self, path: str) -> None:
        """Say how large the tape is; "" for no tape."""
        try:
            size = Path(path).stat().st_size if path else -1
        except OSError:
            size = -1
        self.tape.setText(self.tr("tape {0}").format(wording.size_text(size)) if size >= 0 else "")
        if path != self._path:
            self._path = path
            self._held.shrink()  # another tape may be smaller
        self._make_room()
