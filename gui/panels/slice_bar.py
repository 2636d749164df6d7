"""Which two dimensions of an n-dimensional tensor are shown, and at which indices of the others."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QSizePolicy, QSpinBox, QWidget

from .. import theme


class SliceBar(QWidget):
    """Hidden where there is nothing to choose: up to two dimensions."""

    slice_changed = Signal()  # read it with ``rows``, ``columns`` and ``at``

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shape: tuple[int, ...] = ()
        self.rows, self.columns = 0, 1
        self._at: list[int] = []
        self._made: list[QWidget] = []
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setHorizontalSpacing(5)
        self._layout.setVerticalSpacing(4)
        self._layout.setColumnStretch(5, 1)
        self.hide()

    @property
    def at(self) -> tuple[int, ...]:
        """The index in each dimension; those of ``rows`` and ``columns`` mean nothing."""
        return tuple(self._at)

    def text(self) -> str:
        """The slice as it is written in Python: ``[3, :, :]``."""
        dims = range(len(self._shape))
        return "[" + ", ".join(":" if dim in (self.rows, self.columns) else str(self._at[dim]) for dim in dims) + "]"

    def show_shape(self, shape: tuple[int, ...]) -> None:
        """Another tensor is shown; the choice is kept where the shape is the same."""
        if shape == self._shape:
            return
        self._shape = shape
        self._at = [0] * len(shape)
        self.rows, self.columns = (len(shape) - 2, len(shape) - 1) if len(shape) > 1 else (0, 1)
        self._build()

    def go_to(self, index: tuple[int, ...]) -> None:
        """Choose the plane in which the element with this index lies."""
        self._at = list(index)
        self._build()
        self.slice_changed.emit()

    def _build(self) -> None:
        for widget in self._made:
            widget.hide()
            widget.deleteLater()
        self._made.clear()
        self.setVisible(len(self._shape) > 2)
        if len(self._shape) <= 2:
            return
        dims = [self.tr("dim %1").replace("%1", str(dim)) for dim in range(len(self._shape))]
        for place, (name, chosen, choose) in enumerate(
            ((self.tr("rows"), self.rows, self._use_as_rows), (self.tr("columns"), self.columns, self._use_as_columns))
        ):
            label = QLabel(name, self)
            label.setProperty("role", "dim")
            choice = QComboBox(self)
            choice.addItems(dims)
            choice.setMinimumWidth(84)
            choice.setCurrentIndex(chosen)
            choice.setAccessibleName(self.tr("Dimension shown as %1").replace("%1", name))
            choice.activated.connect(choose)
            self._add(label, 0, 2 * place)
            self._add(choice, 0, 2 * place + 1)
        self._label = QLabel(self.text(), self)
        self._label.setFont(theme.mono_font(11))
        self._label.setProperty("role", "dim")
        self._label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._label.setToolTip(self.text())
        self._add(self._label, 0, 5)
        free = [dim for dim in range(len(self._shape)) if dim not in (self.rows, self.columns)]
        for place, dim in enumerate(free):
            label = QLabel(dims[dim], self)
            label.setProperty("role", "dim")
            spin = QSpinBox(self)
            spin.setRange(0, max(self._shape[dim] - 1, 0))
            spin.setValue(self._at[dim])
            spin.setSuffix(f" / {self._shape[dim]}")
            spin.setFont(theme.mono_font(11))
            spin.setMinimumWidth(84)
            spin.setAccessibleName(self.tr("Index in dimension %1").replace("%1", str(dim)))
            spin.setKeyboardTracking(False)
            spin.valueChanged.connect(lambda value, dim=dim: self._set(dim, value))
            self._add(label, 1 + place // 2, 2 * (place % 2))
            self._add(spin, 1 + place // 2, 2 * (place % 2) + 1)

    def _add(self, widget: QWidget, row: int, column: int, span: int = 1) -> None:
        self._layout.addWidget(widget, row, column, 1, span)
        self._made.append(widget)

    def _set(self, dim: int, value: int) -> None:
        self._at[dim] = value
        self._label.setText(self.text())
        self.slice_changed.emit()

    def _use_as_rows(self, dim: int) -> None:
        if dim == self.columns:
            self.columns = self.rows
        self.rows = dim
        self._build()
        self.slice_changed.emit()

    def _use_as_columns(self, dim: int) -> None:
        if dim == self.rows:
            self.rows = self.columns
        self.columns = dim
        self._build()
        self.slice_changed.emit()
