"""A small card over the window in which something is given a name: Enter gives it, Esc leaves it as it was, empty text takes it back."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QLineEdit, QVBoxLayout, QWidget

from .. import theme
from .own_keys import OwnKeys

WIDE = 280  # logical px
GAP = 6


class NameField(QFrame):
    """One for a window. It goes when something else gets the focus."""

    named = Signal(str)  # the user wants this name, "" for none

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.setProperty("role", "card")
        self.setObjectName("nameField")
        self.setAutoFillBackground(True)
        self._of = QLabel(self)
        self._of.setProperty("role", "dim")
        self._of.setTextFormat(Qt.TextFormat.PlainText)
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(self.tr("A name of your own; empty for none"))
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 10)
        column.setSpacing(5)
        column.addWidget(self._of)
        column.addWidget(self.field)
        self.field.returnPressed.connect(self._entered)
        OwnKeys(self, {"Esc": self.leave})
        self._back: QWidget | None = None  # what had the focus
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._focus_changed)
        self.hide()

    def ask(self, of: str, words: str, longest: int, near: QRect) -> None:
        """Ask for the name of what is called ``of`` and has the name ``words``. ``near``: where that is, in global coordinates."""
        self._back = QApplication.focusWidget()
        title = self.tr("Name of {0}").format(of)
        metrics, wide = self._of.fontMetrics(), theme.scaled(WIDE)
        self._of.setText(metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, wide - 24))
        self._of.setToolTip(title)
        self.field.setAccessibleName(title)
        self.field.setMaxLength(longest)
        self.field.setText(words)
        self.field.selectAll()
        self.resize(wide, self.sizeHint().height())
        self._place(near)
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot()
    def leave(self) -> None:
        """Go, and leave the name as it was."""
        if self.isHidden():
            return
        back, self._back = self._back, None
        self.hide()
        if back is not None:
            back.setFocus(Qt.FocusReason.OtherFocusReason)

    def _entered(self) -> None:
        words = " ".join(self.field.text().split())
        self.leave()
        self.named.emit(words)

    def _place(self, near: QRect) -> None:
        """Below what is named, above it where there is no room; within the window."""
        window = self._window
        corner = window.mapFromGlobal(near.topLeft())
        below, above = corner.y() + near.height() + GAP, corner.y() - GAP - self.height()
        top = below if below + self.height() <= window.height() - GAP or above < GAP else above
        left = min(max(corner.x(), GAP), window.width() - self.width() - GAP)
        self.move(QPoint(left, min(max(top, GAP), max(window.height() - self.height() - GAP, GAP))))

    def _focus_changed(self, _: QWidget | None, now: QWidget | None) -> None:
        if self.isVisible() and now is not None and now is not self.field and not self.isAncestorOf(now):
            self._back = None
            self.hide()
