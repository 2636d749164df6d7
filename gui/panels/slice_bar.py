"""Which two dimensions of an n-dimensional tensor are shown, and at which indices of the others."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from gradstep.engine.tape.overview import Plane, first_plane

from .. import theme
from ..models.slices import plane_of

NONE = -1  # instead of the number of a dimension

_CHOICE, _AROUND = 84, 24  # pixels: of a choice beside the field at most, around the words of the field
_LARGE = 1.3  # times the usual size: letters for which a narrow dock has no room
_NO_LIMIT = (1 << 24) - 1  # Qt's own


class SliceBar(QWidget):
    """A field in which the slice is typed as in Python, a choice for rows and for columns, a slider and a number for each dimension
    that is left. Hidden where there is nothing to choose: up to two dimensions."""

    slice_changed = Signal()  # read it with ``plane``

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shape: tuple[int, ...] = ()
        self._plane = Plane()
        self._knobs: dict[int, tuple[QLabel, QSlider, QSpinBox]] = {}
        self._field = QLineEdit(self)
        self._field.setFont(theme.mono_font(12))
        self._field.setAccessibleName(self.tr("Slice"))
        self._field.setMinimumWidth(104)
        self._field.editingFinished.connect(self._typed)
        self._field.textEdited.connect(lambda _: self._say(""))
        self._rows, self._columns = QComboBox(self), QComboBox(self)
        for box, name in ((self._rows, self.tr("Dimension shown downwards")), (self._columns, self.tr("Dimension shown to the right"))):
            box.setAccessibleName(name)
            box.setToolTip(name)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(3)
            box.setProperty("role", "tight")
            box.activated.connect(self._chosen)
        top = self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        top.setSpacing(4)
        top.addWidget(self._field, 1)
        choices = self._choices = QHBoxLayout()
        choices.setSpacing(4)
        top.addLayout(choices)
        for arrow, box in (("\u2193", self._rows), ("\u2192", self._columns)):
            sign = QLabel(arrow, self)
            sign.setProperty("role", "dim")
            choices.addWidget(sign)
            choices.addWidget(box)
        self._wrong = QLabel(self)
        self._wrong.setTextFormat(Qt.TextFormat.PlainText)
        self._wrong.setProperty("role", "bad")
        self._wrong.setWordWrap(True)
        self._wrong.hide()
        head = QVBoxLayout()
        head.setSpacing(2)
        head.addLayout(top)
        head.addWidget(self._wrong)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._grid.addLayout(head, 0, 0, 1, 3)
        self._tight = QGridLayout()
        self._tight.setHorizontalSpacing(6)
        self._tight.setVerticalSpacing(4)
        for column in (1, 3):
            self._tight.setColumnStretch(column, 1)
        self._grid.addLayout(self._tight, 1, 0, 1, 3)
        self._compact, self._has_knobs = False, True
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)  # a low panel cuts no line in two
        self.hide()

    def changeEvent(self, event: QEvent) -> None:
        """Lines are as high as their letters ask for."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_knobs"):
            self._keep_heights()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._keep_heights()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._turn()

    def _turn(self) -> None:
        """Large letters in a narrow dock: the choices of rows and columns stand below the field, which else would hide what it says."""
        text = self._field.fontMetrics().horizontalAdvance(self._field.text()) + _AROUND
        below = theme.scale() >= _LARGE and text + self._choices.sizeHint().width() + self._top.spacing() > self.width()
        self._top.setDirection(QBoxLayout.Direction.TopToBottom if below else QBoxLayout.Direction.LeftToRight)
        for box in (self._rows, self._columns):
            box.setMaximumWidth(_NO_LIMIT if below else theme.scaled(_CHOICE))

    def _keep_heights(self) -> None:
        self._turn()
        for widget in (self._field, self._rows, self._columns, *(spin for _, _, spin in self._knobs.values())):
            widget.setMinimumHeight(widget.sizeHint().height())

    @property
    def plane(self) -> Plane:
        """What is chosen."""
        return self._plane

    def text(self) -> str:
        """The slice as it is written in Python: ``[3, :, :]``."""
        return self._plane.text()

    def show_shape(self, shape: tuple[int, ...]) -> None:
        """Another tensor is shown; the choice is kept where the shape is the same."""
        if shape != self._shape or not self._plane.fits(shape):
            self._shape, self._plane = shape, first_plane(shape)
            self._build()

    def choose(self, plane: Plane) -> None:
        """Show another plane."""
        if plane != self._plane and plane.fits(self._shape):
            free = (self._plane.rows, self._plane.columns)
            self._plane = plane
            if (plane.rows, plane.columns) == free:
                self._show()
            else:
                self._build()
            self.slice_changed.emit()

    def go_to(self, index: tuple[int, ...]) -> None:
        """Choose the plane in which the element with this index lies."""
        self.choose(self._plane.at_element(index))

    # --------------------------------------------------------------------------------------------------------- inside

    def _build(self) -> None:
        self.setVisible(len(self._shape) > 2)
        for old in self._knobs.values():
            for widget in old:
                widget.hide()
                widget.deleteLater()
        self._knobs.clear()
        if len(self._shape) <= 2:
            return
        first = "\u200e" if self.isRightToLeft() else ""  # "1: 6" is read from the left in every language
        names = [first + self.tr("{0}: {1}").format(dim, size) for dim, size in enumerate(self._shape)]
        for box in (self._rows, self._columns):
            box.clear()
            box.addItem(self.tr("none"), NONE)
            for dim, name in enumerate(names):
                box.addItem(name, dim)
        left = [dim for dim, size in enumerate(self._shape) if dim not in (self._plane.rows, self._plane.columns) and size > 1]
        for dim in left:
            label, slider, spin = QLabel(self.tr("dim {0}").format(dim), self), QSlider(Qt.Orientation.Horizontal, self), QSpinBox(self)
            label.setProperty("role", "dim")
            name = self.tr("Index in dimension {0}").format(dim)
            for knob in (slider, spin):
                knob.setRange(0, self._shape[dim] - 1)
                knob.setAccessibleName(name)
            slider.setMinimumWidth(40)
            spin.setSuffix(f" / {self._shape[dim]}")
            spin.setFont(theme.mono_font(12))
            spin.lineEdit().setTextMargins(6, 0, 0, 0)
            spin.setKeyboardTracking(False)
            spin.setWrapping(True)
            spin.setProperty("role", "tight")
            slider.valueChanged.connect(lambda value, dim=dim: self._set(dim, value))
            spin.valueChanged.connect(lambda value, dim=dim: self._set(dim, value))
            self._knobs[dim] = (label, slider, spin)
        self._arrange()
        self._keep_heights()
        self._show()

    def set_compact(self, compact: bool) -> None:
        """Whether there is room for the numbers alone, two in a line."""
        if compact != self._compact:
            self._compact = compact
            self._arrange()

    def set_knobs_shown(self, shown: bool) -> None:
        """Whether there is room for a number a dimension beside the slice, which can be written all the same."""
        if shown != self._has_knobs:
            self._has_knobs = shown
            self._arrange()

    def _arrange(self) -> None:
        for place, (label, slider, spin) in enumerate(self._knobs.values()):
            row, column = divmod(place, 2)
            if self._compact:
                self._tight.addWidget(label, row, 2 * column, Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft)
                self._tight.addWidget(spin, row, 2 * column + 1)
            else:
                for at, placed in enumerate((label, slider, spin)):
                    self._grid.addWidget(placed, 2 + place, at)
            for placed in (label, spin):
                placed.setVisible(self._has_knobs)
            slider.setVisible(not self._compact and self._has_knobs)

    def _show(self) -> None:
        self._say("")
        self._field.setText(self.text())
        self._turn()
        self._say("")
        for box, dim in ((self._rows, self._plane.rows), (self._columns, self._plane.columns)):
            box.setCurrentIndex(box.findData(NONE if dim is None else dim))
        for dim, (_, slider, spin) in self._knobs.items():
            for knob in (slider, spin):
                knob.blockSignals(True)
                knob.setValue(self._plane.at[dim])
                knob.blockSignals(False)

    def _set(self, dim: int, value: int) -> None:
        at = list(self._plane.at)
        at[dim] = value
        self.choose(Plane(self._plane.rows, self._plane.columns, tuple(at)))

    def _chosen(self) -> None:
        """A dimension that is taken from the other direction leaves that one what this one had."""
        rows, columns = (None if box.currentData() == NONE else int(box.currentData()) for box in (self._rows, self._columns))
        if rows is not None and rows == columns:
            if rows == self._plane.rows:
                rows = self._plane.columns
            else:
                columns = self._plane.rows
        self.choose(Plane(rows, columns, self._plane.at))
        self._show()

    def _typed(self) -> None:
        try:
            plane = plane_of(self._field.text(), self._shape, self._plane)
        except ValueError as error:
            self._say(str(error))
            return
        self.choose(plane)
        self._show()

    def _say(self, wrong: str) -> None:
        """What is wrong with what was typed, "" for nothing."""
        self._field.setToolTip(wrong or self.tr("The slice that is shown, as in Python: [..., 3, :]"))
        self._field.setAccessibleDescription(wrong)
        self._wrong.setText(wrong)
        self._wrong.setVisible(bool(wrong))
        if self._field.property("wrong") != bool(wrong):
            self._field.setProperty("wrong", bool(wrong))
            self._field.setStyleSheet(f"QLineEdit {{ border-color: {theme.current().bad.name()} }}" if wrong else "")
