"""The tensor panel: one value as a heat map, as numbers, as a histogram, now and before the current event."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QLabel, QSizePolicy, QTabWidget, QToolButton, QVBoxLayout, QWidget

from .. import theme
from ..formats import exact, shape_text
from ..grid import NumberGrid
from ..holder import Holder
from ..models.tensors import Array, Kept, TensorView, change, plane, real_part, statistics
from ..panel import Panel
from .heat_map import HeatMap
from .histogram_view import HistogramView
from .mips import robust_range
from .notice import Stage
from .range_bar import RangeBar
from .slice_bar import SliceBar
from .statistics_view import StatisticsView


class Side(IntEnum):
    """Which of the two values is shown."""

    AFTER = 0
    BEFORE = 1
    CHANGE = 2


class TensorPanel(Panel):
    """Shows a TensorView. Works for every dtype and every number of dimensions."""

    title = "Tensor"
    about = "One value: statistics, heat map, numbers and histogram, now and before the current event"

    value_wanted = Signal(object)  # Val: the value was not kept, the user wants it from the paused program
    capture_wished = Signal()  # the user wants values to be kept from now on
    rerun_wished = Signal()  # the user wants a run that keeps values
    cell_picked = Signal(object)  # tuple of int: the index of the element that the user looks at

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(240, 200)
        self._view = TensorView()
        self._side = Side.AFTER
        self._held = False  # B is held down
        self._fixed: tuple[float, float] | None = None  # a range that the user chose
        self._live = False
        self._nonfinite: list[tuple[int, ...]] = []
        self._plane: Array = np.zeros((0, 0))

        self._label = QLabel(self)
        self._label.setProperty("role", "title")
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setWordWrap(True)
        self._statistics = StatisticsView(self)
        self.slices = SliceBar(self)
        self.slices.slice_changed.connect(self._show_plane)
        self.heat_map, self.grid, self.histogram = HeatMap(self), NumberGrid(self), HistogramView(self)
        self.range_bar = RangeBar(self)
        self.range_bar.range_changed.connect(self._choose_range)
        self.range_bar.fit_wished.connect(self.fit_range)
        self.range_bar.reset_wished.connect(self._reset_range)
        self.heat_map.cell_picked.connect(self._cell)
        self.grid.cell_picked.connect(self._cell)

        self._tabs = QTabWidget(self)
        self._tabs.setDocumentMode(True)
        for page, name in ((self.heat_map, self.tr("Heat map")), (self.grid, self.tr("Table")), (self.histogram, self.tr("Histogram"))):
            self._tabs.addTab(page, name)
        self._tabs.currentChanged.connect(lambda _: self._fill())
        self._readout = QLabel(self)
        self._readout.setFont(theme.mono_font(12))
        self._readout.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._bad = QToolButton(self)
        self._bad.setToolTip(self.tr("Go to the next element that is not finite"))
        self._bad.clicked.connect(self.go_to_next_bad)
        self._peaks = QToolButton(self)
        self._peaks.setText(self.tr("Peaks"))
        self._peaks.setCheckable(True)
        self._peaks.setToolTip(self.tr("Where a pixel stands for many elements, show the one farthest from zero instead of their mean"))
        self._peaks.toggled.connect(self.heat_map.set_peaks)
        self._part = QComboBox(self)
        for name, part in ((self.tr("|z|"), "abs"), (self.tr("real"), "real"), (self.tr("imag"), "imag"), (self.tr("angle"), "angle")):
            self._part.addItem(name, part)
        self._part.setAccessibleName(self.tr("Part of the complex numbers"))
        self._part.activated.connect(lambda _: self._show_plane())

        body = QWidget(self)
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 10, 12, 8)
        column.setSpacing(7)
        column.addWidget(self._label)
        column.addWidget(Holder(self._statistics))
        column.addWidget(self.slices)
        column.addLayout(self._side_row())
        self._pages = Stage(self._tabs, body)
        column.addWidget(self._pages, 1)
        column.addWidget(self.range_bar)
        foot = QHBoxLayout()
        foot.addWidget(self._readout, 1)
        foot.addWidget(self._bad)
        foot.addWidget(self._peaks)
        column.addLayout(foot)
        self._stage = Stage(body, self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stage)
        index = QShortcut(QKeySequence("Ctrl+G"), self)
        index.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        index.activated.connect(self._ask_index)
        self.show_tensor(None)

    def _side_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        self._sides = QButtonGroup(self)
        for side, text, about in (
            (Side.AFTER, self.tr("After"), self.tr("The value after the current event")),
            (Side.BEFORE, self.tr("Before"), self.tr("The value before the current event; hold B to look at it for a moment")),
            (Side.CHANGE, self.tr("Change"), self.tr("After minus before")),
        ):
            button = QToolButton(self)
            button.setText(text)
            button.setCheckable(True)
            button.setToolTip(about)
            self._sides.addButton(button, int(side))
            row.addWidget(button)
        self._sides.idClicked.connect(self._choose_side)
        self._before = QLabel(self)
        self._before.setProperty("role", "dim")
        self._before.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self._before, 1)
        row.addStretch(0)
        row.addWidget(self._part)
        return row

    # -------------------------------------------------------------------------------------------------------- showing

    @Slot(object)
    def show_tensor(self, view: TensorView | None) -> None:
        """Show a value; None or ``Kept.NOTHING`` for none."""
        self._view = view = view or TensorView()
        if view.kept is Kept.NOTHING:
            self._stage.show_notice(self.tr("Nothing is selected. Pick a node or a tensor to see its values."))
            return
        self._stage.show_content()
        self._label.setText(view.label)
        self._label.setAccessibleDescription(view.label)
        self._statistics.show_view(view)
        shown = view.kept is Kept.KEPT and view.value is not None
        some = shown and view.value is not None and view.value.size > 1
        self._show_side_row(view, shown)
        self._readout.setVisible(some)
        if not some:  # else they are shown as what they belong to is: a widget that comes and goes lays the panel out twice
            for widget in (self.range_bar, self._bad, self._peaks):
                widget.setVisible(False)
        self._part.setVisible(shown and view.value is not None and np.iscomplexobj(view.value))
        if not shown:
            self.slices.show_shape(())
            self._say_why(view)
            return
        assert view.value is not None
        if not view.value.size:
            self.slices.show_shape(())
            self._pages.show_notice(self.tr("This tensor has no elements."))
            return
        self._pages.show_content()
        self.slices.show_shape(view.value.shape)
        self._find_bad(view.value)
        self._show_plane()

    @Slot(object, object)
    def show_value(self, val: object, value: Array) -> None:
        """The paused program gave a value that was asked for by ``value_wanted``; ignored when another one is shown now."""
        view = self._view
        if view.val == val and view.kept is not Kept.KEPT:
            self.show_tensor(
                TensorView(
                    view.label, Kept.KEPT, view.val, view.meta, view.stats or statistics(value, view.val), value, view.before,
                    view.before_label, view.role, view.level,
                )
            )  # fmt: skip

    @Slot(bool)
    def set_live(self, live: bool) -> None:
        """Whether a paused program can be asked for values."""
        self._live = live
        if self._view.kept is Kept.NOT_KEPT:
            self._say_why(self._view)

    def restyle(self) -> None:
        self.histogram.restyle()

    # --------------------------------------------------------------------------------------------------------- states

    def _show_side_row(self, view: TensorView, shown: bool) -> None:
        can = shown and view.before is not None
        for button in self._sides.buttons():
            button.setVisible(can)
        same = can and view.before is not None and view.value is not None and view.before.shape == view.value.shape
        self._sides.button(int(Side.CHANGE)).setEnabled(same)
        if not can or (self._side is Side.CHANGE and not same):
            self._side = Side.AFTER
        self._sides.button(int(self._side)).setChecked(True)
        self._before.setText(view.before_label if can else "")
        self._before.setVisible(can)

    def _say_why(self, view: TensorView) -> None:
        if view.kept is Kept.UNDEFINED:
            self._pages.show_notice(self.tr("No gradient arrived here: it is undefined (None), which counts as zero and takes no memory."))
            return
        level = self.tr(" (capture level: %1)").replace("%1", view.level) if view.level else ""
        exact_too = self.tr(" Statistics are exact.") if view.stats is not None else ""
        text = self.tr("Values of this tensor were not kept%1.").replace("%1", level) + exact_too
        answers = [(self.tr("Capture it from now on"), self.capture_wished.emit), (self.tr("Rerun with values"), self.rerun_wished.emit)]
        if self._live and view.val is not None:
            answers.insert(0, (self.tr("Ask the program"), self._ask_value))
        self._pages.show_notice(text, answers)

    def _ask_value(self) -> None:
        self.value_wanted.emit(self._view.val)

    # --------------------------------------------------------------------------------------------------------- values

    def _choose_side(self, side: int) -> None:
        self._side = Side(side)
        self._show_plane()

    @property
    def side(self) -> Side:
        """What is shown now: also while B is held."""
        return Side.BEFORE if self._held and self._view.before is not None else self._side

    def _whole(self) -> Array | None:
        view = self._view
        if view.value is None:
            return None
        if self.side is Side.BEFORE and view.before is not None:
            return view.before
        if self.side is Side.CHANGE and view.before is not None and view.before.shape == view.value.shape:
            return change(view.value, view.before)
        return view.value

    @Slot()
    def _show_plane(self) -> None:
        whole = self._whole()
        if whole is None:
            return
        if whole.size == 1:  # a picture of one number says less than the number
            self._pages.show_notice(exact(whole.reshape(-1)[0]))
            self._pages.notice.show_large(True)
            return
        at = tuple(min(i, max(size - 1, 0)) for i, size in zip(self.slices.at, whole.shape, strict=False))
        if len(at) == whole.ndim:
            self._plane = plane(whole, self.slices.rows, self.slices.columns, at)
        else:
            self._plane = plane(whole, max(whole.ndim - 2, 0), max(whole.ndim - 1, 1), (0,) * whole.ndim)
        if self._fixed is None:
            self._low, self._high = robust_range(self._numbers())
        self._show_range()
        self._fill()

    def _numbers(self) -> Array:
        return real_part(self._plane, str(self._part.currentData()))

    def _fill(self) -> None:
        """Give the page in view what it shows; the others get it when they are turned to."""
        if self._pages.is_empty:
            self.range_bar.setVisible(False)
            self._peaks.setVisible(False)
            return
        page = self._tabs.currentWidget()
        self.range_bar.setVisible(page is not self.histogram and self._view.kept is Kept.KEPT)
        self._peaks.setVisible(page is self.heat_map and self._view.kept is Kept.KEPT)
        if page is self.heat_map:
            numbers = self._numbers()
            # one long column is a hair line: a vector is shown lying down
            self.heat_map.show_plane(numbers.T if self._view.value is not None and self._view.value.ndim < 2 else numbers)
        elif page is self.grid:
            self.grid.show_array(self._plane)
        elif (whole := self._whole()) is not None:
            self.histogram.show_values(real_part(whole, str(self._part.currentData())))

    # ---------------------------------------------------------------------------------------------------------- range

    @Slot()
    def fit_range(self) -> None:
        """Let the range follow the 0.5th and the 99.5th percentile of the finite numbers."""
        self._fixed = None
        self._low, self._high = robust_range(self._numbers())
        self._show_range()

    @Slot()
    def _reset_range(self) -> None:
        self._choose_range(*robust_range(self._numbers(), 0.0, 100.0))

    def _choose_range(self, low: float, high: float) -> None:
        self._fixed = self._low, self._high = low, high
        self._show_range()

    def _show_range(self) -> None:
        least, most = robust_range(self._numbers(), 0.0, 100.0)
        self.range_bar.show_range(self._low, self._high, least, most)
        self.heat_map.set_range(self._low, self._high)
        self.grid.set_range(self._low, self._high)

    # ----------------------------------------------------------------------------------------------------------- cells

    def index_of(self, row: int, column: int) -> tuple[int, ...]:
        """The element's index in the tensor."""
        value = self._view.value
        if value is None or value.ndim == 0:
            return ()
        if value.ndim == 1:
            return (row,)
        index = list(self.slices.at)
        index[self.slices.rows], index[self.slices.columns] = row, column
        return tuple(index)

    def _cell(self, row: int, column: int) -> None:
        if self.sender() is self.heat_map and self._view.value is not None and self._view.value.ndim < 2:
            row, column = column, row
        if not (0 <= row < self._plane.shape[0] and 0 <= column < self._plane.shape[1]):
            self._readout.setText("")
            return
        index = self.index_of(row, column)
        self._readout.setText(f"[{', '.join(str(i) for i in index)}]  {exact(self._plane[row, column])}")
        self._readout.setToolTip(self._readout.text())
        self.cell_picked.emit(index)

    def _find_bad(self, value: Array) -> None:
        self._nonfinite = []
        if np.issubdtype(value.dtype, np.inexact):
            places = np.argwhere(~np.isfinite(value))[:10_000]
            self._nonfinite = [tuple(int(i) for i in place) for place in places]
        self._bad.setVisible(bool(self._nonfinite))
        self._bad.setText(self.tr("Next NaN/Inf (%1)").replace("%1", str(len(self._nonfinite))))

    @Slot()
    def go_to_next_bad(self) -> None:
        """Go to the next NaN or infinity after the current element; after the last one to the first."""
        if self._nonfinite:
            here = self.index_of(*self.grid.current)
            self.go_to(next((place for place in self._nonfinite if place > here), self._nonfinite[0]))

    def go_to(self, index: tuple[int, ...]) -> None:
        """Show the element with this index."""
        value = self._view.value
        if value is None or len(index) != value.ndim:
            return
        if value.ndim > 2:
            self.slices.go_to(index)
        row, column = (index[self.slices.rows], index[self.slices.columns]) if value.ndim > 1 else (index[0] if index else 0, 0)
        self.grid.show_array(self._plane)
        self.grid.go_to(row, column)
        self.heat_map.go_to(*((row, column) if value.ndim > 1 else (column, row)))

    @Slot()
    def _ask_index(self) -> None:
        if self._view.kept is Kept.KEPT:
            self._tabs.setCurrentWidget(self.grid)
            self.grid.ask_index()

    # ------------------------------------------------------------------------------------------------------------ keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_B and not event.isAutoRepeat() and self._view.before is not None:
            self._held = True
            self._show_plane()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_B and not event.isAutoRepeat() and self._held:
            self._held = False
            self._show_plane()
        else:
            super().keyReleaseEvent(event)

    def description(self) -> str:
        """The value in words, for messages."""
        return f"{self._view.label} {shape_text(self._view.shape)}"
