"""What a panel shows instead of its content: what happened, where, what to do, with buttons that do it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from .. import theme
from ..widgets.holder import Holder

Answer = tuple[str, Callable[[], None]]  # a button's text and what it does


_MARGIN = 20
_MEASURE = 760  # pixels that a line has at most, so that the eye finds the next one
_WRAPPED = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignCenter


def balanced(metrics: QFontMetrics, text: str, room: int) -> int:
    """The least width at which a text has no more lines than at ``room``, so that none of them is a lone word."""

    def high(wide: int) -> int:
        return metrics.boundingRect(QRect(0, 0, wide, 10_000), _WRAPPED, text).height()

    low, wide, same = 1, max(room, 1), high(max(room, 1))
    while low < wide:
        middle = (low + wide) // 2
        low, wide = (low, middle) if high(middle) == same else (middle + 1, wide)
    return wide


class Words(QLabel):
    """Words in lines of one length, short enough to be read; the room beside them asks for no room of its own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def balance(self) -> None:
        """Break the words anew for the present width."""
        room = self.width()
        metrics, text = self.fontMetrics(), self.text()
        measure = min(room, theme.scaled(_MEASURE))
        one_line = "\n" not in text and metrics.horizontalAdvance(text) <= measure
        spare = 0 if one_line or room < 1 else max(room - balanced(metrics, text, measure) - 4, 0) // 2
        if spare != self.contentsMargins().left():
            self.setContentsMargins(spare, 0, spare, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.balance()

    def sizeHint(self) -> QSize:
        return super().sizeHint().shrunkBy(self.contentsMargins())

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint().shrunkBy(self.contentsMargins())

    def heightForWidth(self, width: int) -> int:
        measure = max(min(width, theme.scaled(_MEASURE)), 1)
        return self.fontMetrics().boundingRect(QRect(0, 0, measure, 10_000), _WRAPPED, self.text()).height()


class Notice(QWidget):
    """A sentence in the middle of an otherwise empty panel, with the buttons that lead on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = Words(self)
        self._text.setProperty("role", "dim")
        self._buttons = QVBoxLayout()
        self._buttons.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN, 16, _MARGIN, 16)
        column.setSpacing(12)
        column.addStretch(2)
        column.addWidget(self._text)
        column.addLayout(self._buttons)
        column.addStretch(3)

    def hasHeightForWidth(self) -> bool:
        return not self.isHidden() and super().hasHeightForWidth()

    def minimumSizeHint(self) -> QSize:
        """No height while something else is shown in its place: long words that nobody sees would have a low dock scrolled."""
        least = super().minimumSizeHint()
        return QSize(least.width(), 0) if self.isHidden() else least

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
        self._text.balance()

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
        self._policy = self._held.sizePolicy()
        self._layout.addWidget(self._held)
        self._layout.addWidget(self.notice)

    def show_content(self) -> None:
        self._held.setSizePolicy(self._policy)
        self._layout.setCurrentWidget(self._held)

    def show_notice(self, text: str, answers: Sequence[Answer] = ()) -> None:
        self.notice.show_text(text, answers)
        self._held.setSizePolicy(self._policy.horizontalPolicy(), QSizePolicy.Policy.Ignored)  # what is not seen needs no height
        self._layout.setCurrentWidget(self.notice)

    @property
    def is_empty(self) -> bool:
        """Whether the notice is shown."""
        return self._layout.currentWidget() is self.notice
