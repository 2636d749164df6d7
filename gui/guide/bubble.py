"""A bubble that points at a part of the window and says what it is for, and a ring around that part. Neither is modal."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from .. import theme
from ..theme import icon
from ..widgets.own_keys import OwnKeys

WIDTH, WIDEST = 340, 480  # of a bubble, where letters have their usual size, and at most
GAP = 12  # between a bubble and what it points at
MARGIN = 8  # between a bubble and the edge of the window


def place(bubble: QSize, target: QRect, room: QRect) -> QRect:
    """Where a bubble stands: beside its target (below a low one) if there is room on a side, else over it; always within ``room``."""
    middle = target.center() - QPoint(bubble.width() // 2, bubble.height() // 2)
    sides = (
        QPoint(target.right() + GAP, middle.y()),
        QPoint(target.left() - GAP - bubble.width(), middle.y()),
        QPoint(middle.x(), target.bottom() + GAP),
        QPoint(middle.x(), target.top() - GAP - bubble.height()),
    )
    inner = room.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
    for corner in sides if target.height() > bubble.height() else (*sides[2:], *sides[:2]):
        moved = _within(QRect(corner, bubble), inner)
        if not moved.intersects(target):
            return moved
    return _within(QRect(middle, bubble), inner)


def _within(rect: QRect, room: QRect) -> QRect:
    left = max(room.left(), min(rect.left(), room.right() - rect.width() + 1))
    top = max(room.top(), min(rect.top(), room.bottom() - rect.height() + 1))
    return QRect(QPoint(left, top), rect.size())


class Ring(QWidget):
    """A frame around a part; the mouse goes through it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.current().accent, 3))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 8, 8)
        painter.end()


class Bubble(QFrame):
    """A title, a few sentences, where one is in the tour, and the ways on. Esc leaves, as the cross does."""

    next_wished = Signal()
    back_wished = Signal()
    left = Signal()  # the user wants no more of it

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("tourBubble")
        self._title = QLabel()
        self._title.setProperty("role", "heading")
        self._title.setWordWrap(True)
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._count = QLabel()
        self._count.setProperty("role", "dim")
        self._close = QToolButton()
        self._close.setIcon(icon("close"))
        self._close.setAccessibleName(self.tr("Leave the tour"))
        self._close.setToolTip(self.tr("Leave the tour (Esc)"))
        self._close.clicked.connect(self.left)
        self.back = QPushButton(self.tr("&Back"))
        self.back.clicked.connect(self.back_wished)
        self.next = QPushButton()
        self.next.setProperty("primary", True)
        self.next.clicked.connect(self.next_wished)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        below = QHBoxLayout()
        below.addWidget(self._count)
        below.addStretch()
        below.addWidget(self.back)
        below.addWidget(self.next)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 12, 14)
        column.setSpacing(8)
        column.addWidget(self._text)
        column.addSpacing(4)
        column.addLayout(below)
        column.insertLayout(0, head)  # behind the others: Tab comes to the cross last
        OwnKeys(window, {"Esc": self._leave})  # where nothing else has a use for it: the tour that came by itself has no focus
        self.hide()

    def show_stop(self, title: str, text: str, number: int, count: int) -> None:
        """Say what a part is for; ``number`` counts from 1."""
        self._title.setText(title)
        self._text.setText(text)
        self._count.setText(self.tr("{0} of {1}").format(number, count))
        self.back.setEnabled(number > 1)
        self.next.setText(self.tr("&Next") if number < count else self.tr("&Done"))
        self.setAccessibleName(self.tr("Tour, {0} of {1}: {2}").format(number, count, title))
        self.setAccessibleDescription(text)
        self.next.setAccessibleDescription(f"{title}. {text}")  # a screen reader stands on the button
        layout = self.layout()
        assert layout is not None
        layout.activate()
        wide = min(theme.scaled(WIDTH), WIDEST)
        self.setFixedWidth(wide)
        self.resize(wide, layout.totalHeightForWidth(wide))
        self.show()
        self.raise_()

    def _leave(self) -> None:
        if self.isVisible():
            self.left.emit()
