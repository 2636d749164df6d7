"""The row of a viewer in which one types what to find in a value, and reads how much of it is there."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMoveEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from .. import theme
from ..widgets.announce import describe
from ..widgets.match_buttons import match_buttons
from ..widgets.own_keys import OwnKeys
from .buttons import button

NEAR = 6  # logical px that are seen around it
WIDE = 300  # logical px: there is room for buttons that have keys as well


class ValueFindBar(QWidget):
    """Asks and says; finding is somebody else's. Enter and F3 go on, with Shift back, Esc closes."""

    query_changed = Signal(str)  # the user typed
    next_wished = Signal()
    previous_wished = Signal()
    stop_wished = Signal()  # no more is to be searched
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        name = self.tr("Find in the value")
        self.setObjectName("valueFindBar")
        self.field = QLineEdit(self)
        self.field.setAccessibleName(name)
        self.field.setPlaceholderText(self.tr("0.31, nan, > 3, 0..1, abs > 10, max"))
        self._about = self.tr(
            "A number as it is shown (0.31 finds 0.305 to 0.315), == 0.1, > 3, <= -1e4, 0..1, abs > 10, nan, inf, max, min; "
            "joined by and, or, not; of complex numbers also real, imag, angle"
        )
        self.field.setToolTip(self._about)
        self.field.setFont(theme.mono_font(12))
        self.field.setClearButtonEnabled(True)
        self.field.setMinimumWidth(90)
        self.count = QLabel(self)
        self.count.setProperty("role", "dim")
        self.count.setTextFormat(Qt.TextFormat.PlainText)
        self._stop = button(self.tr("Stop"), self.stop_wished.emit, self, self.tr("Search no further: what was found so far stays"))
        self._stop.hide()
        row = QHBoxLayout()
        row.setSpacing(3)
        row.addWidget(self.field, 1)
        row.addWidget(self.count)
        row.addWidget(self._stop)
        self._buttons = match_buttons(row, self, self.previous_wished.emit, self.next_wished.emit, self.closed.emit)
        self._wrong = QLabel(self)
        self._wrong.setProperty("role", "bad")
        self._wrong.setTextFormat(Qt.TextFormat.PlainText)
        self._wrong.setWordWrap(True)
        self._wrong.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self._wrong)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.field.textChanged.connect(self.query_changed)
        forward, back = self.next_wished.emit, self.previous_wished.emit
        OwnKeys(self, {"Return": forward, "Enter": forward, "Shift+Return": back, "Shift+Enter": back, "Esc": self.closed.emit})
        self.hide()

    def open(self) -> None:
        """Show it, ready to be typed into."""
        self.show()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()
        self._stay_in_sight()

    def show_count(self, words: str, *, stops: bool = False) -> None:
        """Say how much was found; ``stops``: it still goes on, and can be stopped."""
        self.count.setText(words)
        self._stop.setVisible(stops)
        self._show_wrong("")
        describe(self.field, words)

    def show_wrong(self, words: str) -> None:
        """Say what is wrong with what was typed, or why it cannot be found."""
        self.count.setText("")
        self._stop.hide()
        self._show_wrong(words)
        describe(self.field, words)

    def _show_wrong(self, words: str) -> None:
        self._wrong.setText(words)
        self._wrong.setVisible(bool(words))
        self.field.setToolTip(words or self._about)
        if self.field.property("wrong") != bool(words):
            self.field.setProperty("wrong", bool(words))
            self.field.setStyleSheet(f"QLineEdit {{ border-color: {theme.current().bad.name()} }}" if words else "")
            self.field.setFont(theme.mono_font(12))  # a style sheet takes it back to the size that letters had at first

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for one in self._buttons:
            one.setVisible(self.width() >= theme.scaled(WIDE))
        self._stay_in_sight()

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        self._stay_in_sight()

    def _stay_in_sight(self) -> None:
        """In a panel that is too low for all that stands in it, and is scrolled, one sees what one types."""
        around = self.parentWidget() if self.field.hasFocus() else None
        while around is not None and not isinstance(around, QScrollArea):
            around = around.parentWidget()
        if around is not None:
            around.ensureWidgetVisible(self, 0, NEAR)
