"""A bar inside the window: what happened, where, what to do, with buttons. Nothing disappears by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from ..theme import icon
from ..widgets.plain import tip

LONGEST = 48  # characters of a word
ROOM = 420  # that the text has beside the buttons, at least
MOST = 1500  # letters that are shown: all of what a program said stands in the output
END = 200  # of them from the end, where it says what was saved and what to do
LINES = 3  # of a long message that are shown before the user asks for all of it
_AROUND = 110  # what stands beside the text but its buttons: icon, cross, margins
_NO_LIMIT = (1 << 24) - 1  # Qt's own
Answer = tuple[str, Callable[[], object]]


class MessageBar(QFrame):
    """One message at a time; a newer one takes its place."""

    closed = Signal()  # the user put the message away

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 7, 8, 7)
        row.setSpacing(10)
        self._icon = QLabel()
        self._icon.setAccessibleName(" ")  # the text says it
        row.addWidget(self._icon)
        self._shown = ("info", "ready")
        self._said = ""
        self._text = QLabel()
        self._text.setObjectName("messageText")
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # a long name must not widen the window
        self._middle = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._middle.setSpacing(8)
        self._middle.addWidget(self._text, 1)
        self._more = QToolButton()
        self._more.setProperty("words", True)
        self._more.clicked.connect(self._turn)
        self._whole = False  # all of a long message is shown
        self._buttons = QHBoxLayout()
        beside = QHBoxLayout()
        beside.setSpacing(8)
        beside.addWidget(self._more)
        beside.addLayout(self._buttons)
        self._middle.addLayout(beside)
        self._beside = beside
        row.addLayout(self._middle, 1)
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
        self._text.setText(" ".join(_short(word) for word in shown.split(" ")))
        self._text.setToolTip(tip(shown))
        self._shown = (picture, token)
        self._whole = False
        self._paint_icon()
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

    def _paint_icon(self) -> None:
        self._icon.setPixmap(icon(*self._shown).pixmap(QSize(18, 18), self.devicePixelRatioF()))

    def _arrange(self) -> None:
        """The buttons beside the text, or below it where they would leave no room for it."""
        wide = self.width() - self._buttons_width() - _AROUND
        fits = wide > ROOM - _AROUND and self._text.heightForWidth(wide) <= self._text.fontMetrics().lineSpacing() * LINES + 4
        beside = fits or not self._buttons.count()
        self._middle.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        self._beside.setAlignment(Qt.AlignmentFlag(0) if beside else Qt.AlignmentFlag.AlignLeft)
        self._fold()

    def _buttons_width(self) -> int:
        """What they ask for, also before they are shown."""
        items = (self._buttons.itemAt(place) for place in range(self._buttons.count()))
        widgets = [widget for item in items if item is not None and (widget := item.widget()) is not None]
        return sum(widget.sizeHint().width() + self._buttons.spacing() for widget in widgets)

    def _fold(self) -> None:
        """A message of many lines would leave the graph no room: of a long one the beginning is shown, and a button for the rest."""
        high = self._text.fontMetrics().lineSpacing() * LINES + 2
        beside = self._middle.direction() is QBoxLayout.Direction.LeftToRight
        wide = self.width() - (self._buttons_width() if beside else 0) - _AROUND
        long = self._text.heightForWidth(max(wide, 60)) > high + 2
        self._more.setVisible(long)
        self._more.setText(self.tr("Less") if self._whole else self.tr("More"))
        self._more.setToolTip(self.tr("Show the beginning alone") if self._whole else self.tr("Show all of the message"))
        self._text.setMaximumHeight(high if long and not self._whole else _NO_LIMIT)
        top = Qt.AlignmentFlag.AlignTop if long and not self._whole else Qt.AlignmentFlag.AlignVCenter
        self._text.setAlignment(Qt.AlignmentFlag.AlignLeft | top)

    def _turn(self) -> None:
        self._whole = not self._whole
        self._fold()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Paint the icon in the colours of the theme that is in effect now."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._paint_icon()

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
