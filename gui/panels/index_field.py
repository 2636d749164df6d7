"""The field in which the index of an element is typed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from .. import theme
from ..models.slices import element_of
from ..widgets.own_keys import OwnKeys


class IndexField(QLineEdit):
    """Hidden until somebody asks; Enter goes there, Esc leaves."""

    typed = Signal(object)  # tuple of int: the element with this index is wanted
    wrong = Signal(str)  # there is no such element, and why
    left = Signal()

    def __init__(self, shape: Callable[[], tuple[int, ...]], parent: QWidget) -> None:
        """``shape``: of the value that is shown."""
        super().__init__(parent)
        self._shape = shape
        self.setPlaceholderText(self.tr("index, as 3, -1"))
        self.setAccessibleName(self.tr("Go to index"))
        self.setFont(theme.mono_font(12))
        self.hide()
        self.returnPressed.connect(self._entered)
        OwnKeys(self, {"Esc": self.leave})

    def ask(self) -> None:
        """Come, ready to be typed into."""
        self.setText("")
        self.setToolTip("")
        self.show()
        self.setFocus()

    def leave(self) -> None:
        """Go."""
        self.hide()
        self.left.emit()

    def _entered(self) -> None:
        try:
            index = element_of(self.text(), self._shape())
        except ValueError as error:
            self.selectAll()
            self.setToolTip(str(error))
            self.wrong.emit(str(error))
            return
        self.leave()
        self.typed.emit(index)
