"""A bar inside the window: what happened, where, what to do, with buttons. Nothing disappears by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from ..theme import icon
from ..widgets.elided import LinesLabel
from ..widgets.flow import Flow
from ..widgets.pane import Pane
from ..widgets.picture import Picture
from ..widgets.plain import tip

LONGEST = 48  # characters of a word
ROOM = 420  # that the text has beside the buttons, at least
MOST = 1500  # letters that are shown: all of what a program said stands in the output
END = 200  # of them from the end, where it says what was saved and what to do
LINES = 3  # of a long message that are shown before the user asks for all of it
_HIGH = 7  # lines of the window's middle for each of them: where letters are large and the window is low, fewer are shown
_SHARE, _WHOLE = 0.4, 0.6  # of the window's middle that a message has at most, and one that the user unfolded; then it is scrolled
_AROUND = 110  # what stands beside the text but its buttons: icon, cross, margins
_NO_LIMIT = (1 << 24) - 1  # Qt's own
Answer = tuple[str, Callable[[], object]]


class MessageBar(QFrame):
    """One message at a time; a newer one takes its place."""

    closed = Signal()  # the user put the message away

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(14, 7, 8, 7)
        row.setSpacing(10)
        self._icon = Picture(18)
        self._icon.setAccessibleName(" ")  # the text says it
        row.addWidget(self._icon)
        self._said = ""
        self._words = ""  # of it, what may be shown
        self._text = LinesLabel()
        self._text.setObjectName("messageText")
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # a long name must not widen the window
        content = QWidget()
        self._middle = QBoxLayout(QBoxLayout.Direction.LeftToRight, content)
        self._middle.setContentsMargins(0, 0, 0, 0)
        self._middle.setSpacing(8)
        self._middle.addWidget(self._text, 1)
        self._more = QToolButton()
        self._more.setProperty("words", True)
        self._more.clicked.connect(self._turn)
        self._whole = False  # all of a long message is shown
        self._buttons = Flow()  # a narrow bar has them in two lines: they must not take the docks their width
        beside = QHBoxLayout()
        beside.setSpacing(8)
        beside.addWidget(self._more, 0, Qt.AlignmentFlag.AlignTop)
        beside.addLayout(self._buttons)
        self._middle.addLayout(beside)
        self._beside = beside
        self._pane = Pane(content)
        row.addWidget(self._pane, 1)
        close = self._close = QToolButton()
        close.setIcon(icon("close"))
        close.setAutoRaise(True)
        close.setAccessibleName(self.tr("Put the message away"))
        close.setToolTip(self.tr("Put the message away"))
        close.clicked.connect(self.clear)
        row.addWidget(close)
        self.setAccessibleName(self.tr("Message"))
        self.hide()

    @property
    def text(self) -> str:
        """What the bar says, "" where it says nothing."""
        return self._said if not self.isHidden() else ""

    def show_message(self, text: str, answers: Sequence[Answer] = (), *, picture: str = "info", token: str = "ready") -> None:
        """Say something. ``answers`` are buttons: a label and what is done."""
        self._clear_buttons()
        self._said = text
        shown = text if len(text) <= MOST else f"{text[: MOST - END]}…{text[-END:]}"
        self._words = " ".join(_short(word) for word in shown.split(" "))
        self._text.show_words(self._words)
        self._text.setToolTip(tip(shown))
        self._whole = False
        self._limit()
        self._icon.show_icon(picture, token)
        self.setProperty("kind", {"error": "bad", "warning": "warning"}.get(picture, "info"))
        self.style().unpolish(self)
        self.style().polish(self)
        for label, action in answers:
            button = QPushButton(label)
            button.clicked.connect(lambda _=False, action=action: action())
            self._buttons.addWidget(button)
        self._arrange()
        self.setAccessibleDescription(text)
        self.show()

    def show_error(self, text: str, answers: Sequence[Answer] = ()) -> None:
        """Say that something went wrong."""
        self.show_message(text, answers, picture="error", token="bad")

    def _arrange(self) -> None:
        """The buttons beside the text, or below it where they would leave no room for it."""
        wide = self.width() - self._buttons_width() - _AROUND
        fits = wide > ROOM - _AROUND and self._text.lines(wide) <= self._lines()
        beside = fits or not self._buttons.count()
        self._middle.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        self._middle.setStretch(0, int(beside))  # a column that stretches would take of the graph's room what there is to spare
        self._beside.setStretchFactor(self._buttons, 0 if beside else 1)  # below the text it has the whole width
        self._fold()

    def _buttons_width(self) -> int:
        """What they ask for, also before they are shown."""
        items = (self._buttons.itemAt(place) for place in range(self._buttons.count()))
        widgets = [widget for item in items if item is not None and (widget := item.widget()) is not None]
        return sum(widget.sizeHint().width() + self._buttons.spacing() for widget in widgets)

    def _fold(self) -> None:
        """A message of many lines would leave the graph no room: of a long one the beginning is shown, and a button for the rest."""
        beside = self._middle.direction() is QBoxLayout.Direction.LeftToRight
        wide = self.width() - (self._buttons_width() if beside else 0) - _AROUND
        most = self._lines()
        long = self._text.lines(max(wide, 60)) > most
        self._more.setVisible(long)
        self._more.setText(self.tr("Less") if self._whole else self.tr("More"))
        self._more.setToolTip(self.tr("Show the beginning alone") if self._whole else self.tr("Show all of the message"))
        cut = long and not self._whole
        self._text.show_words(self._words, most if cut else 0)
        self._text.setMaximumHeight(self._text.fontMetrics().lineSpacing() * most + 2 if cut else _NO_LIMIT)
        self._text.setAlignment(Qt.AlignmentFlag.AlignLeft | (Qt.AlignmentFlag.AlignTop if cut else Qt.AlignmentFlag.AlignVCenter))
        for part in (self._icon, self._close):  # beside the first lines of a text as high as a page
            self._row.setAlignment(part, Qt.AlignmentFlag.AlignTop if long and self._whole else Qt.AlignmentFlag.AlignVCenter)

    def _lines(self) -> int:
        """Of a long message, how many lines are shown at first."""
        around = self.parentWidget()
        return min(max(around.height() // (self._text.fontMetrics().lineSpacing() * _HIGH), 1), LINES) if around is not None else LINES

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What there is room for depends on what is around the bar as well."""
        if event.type() is QEvent.Type.Resize and watched is self.parentWidget():
            self._heed_room()
        return super().eventFilter(watched, event)

    def _heed_room(self) -> None:
        self._limit()
        self._arrange()

    def _limit(self) -> None:
        around, share = self.parentWidget(), _WHOLE if self._whole else _SHARE
        if around is not None:
            self._pane.limit(max(round(around.height() * share), self._text.fontMetrics().lineSpacing() * 2))

    def _turn(self) -> None:
        self._whole = not self._whole
        self._limit()
        self._fold()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Other letters take other room."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._heed_room()

    def event(self, event: QEvent) -> bool:
        """Watch what is around the bar."""
        if event.type() is QEvent.Type.ParentChange and (around := self.parentWidget()) is not None:
            around.installEventFilter(self)
        return super().event(event)

    def clear(self) -> None:
        """Say nothing."""
        if not self.isHidden():
            self.hide()
            self.closed.emit()

    def _clear_buttons(self) -> None:
        while self._buttons.count():
            item = self._buttons.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()


def _short(word: str) -> str:
    """A word that a narrow bar can hold: lines break between words alone. The tip has all of it."""
    return word if len(word) <= LONGEST else f"{word[: LONGEST // 2]}…{word[-LONGEST // 2 :]}"
