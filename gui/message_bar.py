"""A bar inside the window: what happened, where, what to do, with buttons. Nothing disappears by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from .theme import icon

Answer = tuple[str, Callable[[], object]]


class MessageBar(QFrame):
    """One message at a time; a newer one takes its place."""

    closed = Signal()  # the user put the message away

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self.setProperty("role", "card")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        self._icon = QLabel()
        row.addWidget(self._icon)
        self._text = QLabel()
        self._text.setObjectName("messageText")
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row.addWidget(self._text, 1)
        self._buttons = QHBoxLayout()
        row.addLayout(self._buttons)
        close = QToolButton()
        close.setIcon(icon("close"))
        close.setAutoRaise(True)
        close.setAccessibleName(self.tr("Put the message away"))
        close.setToolTip(self.tr("Put the message away"))
        close.clicked.connect(self.clear)
        row.addWidget(close)
        self.hide()

    @property
    def text(self) -> str:
        """What the bar says, "" where it says nothing."""
        return self._text.text() if not self.isHidden() else ""

    def show_message(self, text: str, answers: Sequence[Answer] = (), *, picture: str = "info", token: str = "ready") -> None:
        """Say something. ``answers`` are buttons: a label and what is done."""
        self._clear_buttons()
        self._text.setText(text)
        self._icon.setPixmap(icon(picture, token).pixmap(18, 18))
        for label, action in answers:
            button = QPushButton(label)
            button.clicked.connect(lambda _=False, action=action: action())
            self._buttons.addWidget(button)
        self.setAccessibleName(text)
        self.show()

    def show_error(self, text: str, answers: Sequence[Answer] = ()) -> None:
        """Say that something went wrong."""
        self.show_message(text, answers, picture="error", token="bad")

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
                widget.deleteLater()
