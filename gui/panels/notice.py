"""What a panel shows instead of its content: what happened, where, what to do, with buttons that do it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from .. import theme
from ..widgets.holder import Holder

Answer = tuple[str, Callable[[], None]]  # a button's text and what it does


class Notice(QWidget):
    """A sentence in the middle of an otherwise empty panel, with the buttons that lead on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setProperty("role", "dim")
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._buttons = QVBoxLayout()
        self._buttons.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        column.addStretch(2)
        column.addWidget(self._text)
        column.addLayout(self._buttons)
        column.addStretch(3)

    def show_text(self, text: str, answers: Sequence[Answer] = ()) -> None:
        """Say ``text`` and offer the answers."""
        self._text.setText(text)
        self.show_large(False)
        self.setAccessibleName(text)
        while (item := self._buttons.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for label, act in answers:
            button = QPushButton(label, self)
            button.clicked.connect(lambda _=False, act=act: act())
            self._buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)

    def show_large(self, large: bool) -> None:
        """Write the text large, for a number that is the content itself; until the next ``show_text``."""
        style = f"font: 24px '{theme.MONO_FAMILY}'" if large else ""
        if style != self._text.styleSheet():
            self._text.setStyleSheet(style)
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse if large else Qt.TextInteractionFlag.NoTextInteraction
        )

    def text(self) -> str:
        return self._text.text()

    def buttons(self) -> list[QPushButton]:
        """The buttons in order."""
        items = (self._buttons.itemAt(place) for place in range(self._buttons.count()))
        return [widget for item in items if item is not None and isinstance(widget := item.widget(), QPushButton)]


class Stage(QWidget):
    """Shows either its content or a notice."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.content = content
        self.notice = Notice(self)
        self._layout = QStackedLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._held = Holder(content)
        self._layout.addWidget(self._held)
        self._layout.addWidget(self.notice)

    def show_content(self) -> None:
        self._layout.setCurrentWidget(self._held)

    def show_notice(self, text: str, answers: Sequence[Answer] = ()) -> None:
        self.notice.show_text(text, answers)
        self._layout.setCurrentWidget(self.notice)

    @property
    def is_empty(self) -> bool:
        """Whether the notice is shown."""
        return self._layout.currentWidget() is self.notice
