"""One value: as a heat map, as numbers, as a line, as a histogram, as a picture, alone or beside another one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QImage, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from gradstep.engine.tape.overview import Plane, first_plane, real_part

from .. import theme
from ..models.tensors import Kept, TensorView
from ..tensors.cells import Pages
from ..tensors.comparison import Comparison
from ..tensors.levels import Levels
from ..tensors.passes import Counting, Search
from ..tensors.sides import Side, Sides
from ..tensors.sources import Counted, Source, TapeSource
from ..widgets.copying import copy_picture
from ..widgets.formats import exact
from ..widgets.grid import NumberGrid
from ..widgets.holder import Holder
from ..widgets.own_keys import OwnKeys
from ..widgets.plain import tip
from ..widgets.whole_tabs import TabPages
from .buttons import worded
from .colour_range import ColourRange
from .comparison_bar import ComparisonBar
from .heat_map import HeatMap
from .heat_picture import Overlay
from .histogram_view import HistogramView
from .image_view import ImageView, channel_dimension
from .index_field import IndexField
from .line_view import LineView
from .notice import Stage
from .overlay_bar import OverlayBar
from .plugin_page import PluginPage
from .range_bar import RangeBar
from .readout import Readout
from .slice_bar import SliceBar
from .statistics_view import StatisticsView
from .value_finding import ValueFinding

LOW, LOWEST, TIGHT = 470, 330, 290  # pixels: of a viewer that is lower not all statistics are shown; nor a number a dimension; nor any
PAGE = 95  # pixels that a page has at least, with its tab: where there is less room the panel is scrolled
PATIENCE = 150  # milliseconds that the program is waited for before it is said that a value is not here


class TensorViewer(QWidget):
    """Shows a TensorView. Works for every dtype, every number of dimensions and every size: only what is seen is read."""

    value_wanted = Signal(object)  # Val: the value is not on the tape, and the paused program may have it
    capture_wished = Signal()  # the user wants values to be kept from now on
    rerun_wished = Signal()  # the user wants a run that keeps values
    cell_picked = Signal(object)  # tuple of int: the index of the element that the user looks at
    shown = Signal()  # another value, or another part of it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = TensorView()
        self._side = Side.AFTER
        self._held = self._low = False  # B is held down; there is little room
        self._live, self.has_program = False, True  # without one nothing can be run again
        self._left = False  # the program that had what is shown is another one now
        self.sides = Sides(self)
        self._plane = Plane()
        self._levels: Levels | None = None
        self._pages: Pages | None = None
        self._counted = Counted()
        self._counted_share = 0.0
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE)
        self._patience.timeout.connect(self._say_why)
        self._damage = ""  # what is wrong with the data
        self._passes: dict[str, Counting | Comparison | Search] = {}
        self._fitted = False  # the range goes by what is shown
        self._picked = (0, 0)
        self._hovered: tuple[int, int] | None = None
        self._filled: dict[QWidget, object] = {}  # what each page shows

        self._label = QLabel(self, textFormat=Qt.TextFormat.PlainText)
        self._label.setProperty("role", "title")
        self._label.setWordWrap(True)
        self._statistics = StatisticsView(self, lead=True)
        self.slices = SliceBar(self)
        self.slices.slice_changed.connect(self._show_plane)
        self.comparison = ComparisonBar(self)
        self.comparison.side_chosen.connect(self._choose_side)
        self.comparison.unpin_wished.connect(lambda: self.pin("", None))
        self.comparison.place_picked.connect(self._go_to_place)
        self.heat_map, self.grid, self.line = HeatMap(self), NumberGrid(self), LineView(self)
        self.histogram, self.image = HistogramView(self), ImageView(self)
        self.overlays = OverlayBar(self)
        self.overlays.overlays_changed.connect(self._choose_overlays)
        self.range_bar = RangeBar(self)
        self.range = ColourRange(self.range_bar, self)
        self.range.changed.connect(self._range_changed)
        self.heat_map.cell_picked.connect(self._pick)
        self.heat_map.hovered.connect(self._hover)
        self.grid.cell_picked.connect(self._pick)
        self.grid.route_index(self.ask_index)
        self.line.element_picked.connect(self._pick)
        self._tabs = TabPages(self)
        self.pages: dict[str, QWidget] = {
            "heat map": self.heat_map, "table": self.grid, "line": self.line, "histogram": self.histogram, "picture": self.image,
        }  # fmt: skip
        names = (self.tr("Heat map"), self.tr("Table"), self.tr("Line"), self.tr("Histogram"), self.tr("Picture"))
        for page, name in zip(self.pages.values(), names, strict=True):
            self._tabs.addTab(page, name)
        self._tabs.currentChanged.connect(lambda _: self._fill())
        self._tabs.currentChanged.connect(lambda _: self._look())
        self._readout = Readout(self)
        self._progress = QLabel(self, textFormat=Qt.TextFormat.PlainText)
        self._progress.setProperty("role", "dim")
        self._bad = self._button(self.tr("Next NaN"), self.tr("Go to the next element that is not finite"))
        self._bad.clicked.connect(self.go_to_next_bad)
        self._peaks = self._button(
            self.tr("Peaks"), self.tr("Where a pixel stands for many elements, show the one farthest from zero instead of their mean")
        )
        self._peaks.setCheckable(True)
        self._peaks.toggled.connect(self.heat_map.set_peaks)
        self._square = self._button(self.tr("1:1"), self.tr("Elements as wide as high, else the plane fills the room"))
        self._square.setCheckable(True)
        self._square.toggled.connect(self.heat_map.set_square)
        self._part = QComboBox(self)
        for name, part in ((self.tr("|z|"), "abs"), (self.tr("real"), "real"), (self.tr("imag"), "imag"), (self.tr("angle"), "angle")):
            self._part.addItem(name, part)
        self._part.setMinimumWidth(72)
        self._part.setAccessibleName(self.tr("Part of the complex numbers"))
        self._part.activated.connect(lambda _: self._show_plane())
        self._index = IndexField(lambda: self.sides.this.shape if self.sides.this is not None else (), self)
        self._index.typed.connect(self.go_to)
        self._index.wrong.connect(self._progress.setText)
        self._index.left.connect(self._leave_index)
        self.finding = ValueFinding(self._here, self.heat_map, self.grid, self.image, self)
        self.finding.element_wished.connect(self.go_to)
        self.finding.left.connect(lambda: self._tabs.currentWidget().setFocus())
        self.shown.connect(self._look)
        self._lay_out()
        OwnKeys(self, {"Ctrl+G": self.ask_index})
        self.show_tensor(None)

    def _button(self, text: str, about: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(about)
        worded(button)
        return button

    def _lay_out(self) -> None:
        body = QWidget(self)
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 8, 12, 6)
        column.setSpacing(4)
        self.head = QHBoxLayout()  # who holds the viewer may put buttons of his own behind the name
        self.head.setSpacing(2)
        self.head.addWidget(self._label, 1)
        column.addLayout(self.head)
        column.addWidget(Holder(self._statistics))
        column.addWidget(self.slices)
        column.addWidget(self.comparison)
        self._pages_stage = Stage(self._tabs, body)
        column.addWidget(self._pages_stage, 1)
        self.overlays.add(self._part, self._square, self._peaks)
        column.addWidget(self.overlays)
        column.addWidget(self.range_bar)
        column.addWidget(self.finding.bar)
        foot = QHBoxLayout()
        foot.setSpacing(6)
        for below, stretch in ((self._readout, 1), (self._index, 1), (self._progress, 0), (self._bad, 0)):
            foot.addWidget(below, stretch)
        column.addLayout(foot)
        self.stage = Stage(body, self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.stage)

    # -------------------------------------------------------------------------------------------------------- showing

    @property
    def view(self) -> TensorView:
        """What is shown."""
        return self._view

    @Slot(object)
    def show_tensor(self, view: TensorView | None) -> None:
        """Show a value; None or ``Kept.NOTHING`` for none."""
        self._view = view = view or TensorView()
        self._let_go()
        self._patience.stop()
        self.sides.take(view)
        if view.kept is Kept.NOTHING:
            self.stage.show_notice(self.tr("Nothing is selected. Pick a node or a tensor to see its values."))
            self.shown.emit()
            return
        self.stage.show_content()
        self._label.setText(view.label)
        self._label.setAccessibleDescription(view.label)
        self._statistics.take(view)
        self._counted_share = 0.0
        if self.sides.this is not None:
            self._show_sources()  # of a small value all is counted at once
        if self._counted_share < 1:
            self._statistics.show_view(view)
        if self.sides.this is not None:
            return
        if self._live and view.kept is Kept.NOT_KEPT and view.val is not None:
            self._patience.start()  # most answers come before anybody could read that there is none yet
            self.value_wanted.emit(view.val)
        else:
            self._say_why()

    def show_source(self, val: object, source: Source) -> None:
        """The paused program has the value that was asked for by ``value_wanted``; closed when another one is shown now."""
        if self._view.val != val or self.sides.this is not None:
            source.close()
            return
        self._patience.stop()
        self.sides.take_source(source)
        self._show_sources()

    @Slot(object, str)
    def show_failure(self, val: object, why: str) -> None:
        """The paused program does not have it, and why."""
        if self._view.val == val and self.sides.this is None:
            self._say_why(why)

    @Slot(bool)
    def set_live(self, live: bool) -> None:
        """Whether a paused program can be asked for values."""
        self._live = live and not self._left
        if self._view.kept is Kept.NOT_KEPT and self._live and self.sides.this is None and self._view.val is not None:
            self.value_wanted.emit(self._view.val)

    def pin(self, label: str, source: Source | None) -> None:
        """Compare all that is shown with a value, None: with what stood there before. The viewer closes the source."""
        self._stop("compare")
        self.sides.pin(label, source)
        self._side = Side.AFTER
        if self.sides.this is not None:
            self._show_sources()

    def source(self) -> Source | None:
        """Where what is shown comes from: the value, the other one, or the difference."""
        return self.sides.source(self.side)

    @property
    def share(self) -> float:
        """How much of what is shown has been read and counted, from 0 to 1."""
        return min(self._levels.share if self._levels is not None else 0.0, self._counted_share)

    @property
    def plane(self) -> Plane:
        """The plane that is shown."""
        return self._plane

    def leave_program(self, *, locked: bool) -> None:
        """Ask the program for nothing more: another one takes its place. ``locked``: what is shown stays what it is."""
        self._left = self._left or locked
        self.sides.leave_program()

    def show_page(self, name: str) -> None:
        """Bring one of ``pages`` to the front."""
        self._tabs.setCurrentWidget(self.pages[name])

    def show_plugin_pages(self, pages: Sequence[PluginPage]) -> None:
        """These pages of plug-ins behind our own, and no others."""
        for name, page in [(name, page) for name, page in self.pages.items() if isinstance(page, PluginPage)]:
            del self.pages[name]
            self._tabs.removeTab(self._tabs.indexOf(page))
            page.deleteLater()
        for page in pages:
            self.pages[page.name] = page
            self._tabs.addTab(page, page.title)

    def restyle(self) -> None:
        """The theme is another one."""
        self.histogram.restyle()
        self.line.restyle()
        self.heat_map.show_more()

    # --------------------------------------------------------------------------------------------------------- states

    def _stop(self, *names: str) -> None:
        """What goes through a value is ended."""
        for name in names or tuple(self._passes):
            running = self._passes.pop(name, None)
            if running is not None:
                running.cancel()
                running.deleteLater()

    def _let_go(self) -> None:
        """What was shown is asked for no more."""
        self._stop()
        self.finding.forget()
        self.histogram.stop()
        self._close_plane()
        self._filled.clear()

    def _close_plane(self) -> None:
        if self._levels is not None:
            self._levels.close()
        if self._pages is not None:
            self._pages.close()
        self._levels = self._pages = None

    def close_sources(self) -> None:
        """The viewer is not needed any more."""
        self._let_go()
        self.sides.close()

    def _hide_controls(self) -> None:
        self.slices.show_shape(())
        self.comparison.show_nothing()
        for widget in (self.range_bar, self.overlays, self._readout, self._bad, self._peaks, self._square, self._part, self._progress):
            widget.setVisible(False)

    def _say_why(self, why: str = "") -> None:
        self._patience.stop()
        if self.sides.this is not None and not why:
            return
        self._hide_controls()
        view = self._view
        if view.kept is Kept.UNDEFINED:
            self._pages_stage.show_notice(
                self.tr("No gradient arrived here: it is undefined (None), which counts as zero and takes no memory.")
            )
            return
        level = self.tr(" (capture level: {0})").format(view.level) if view.level else ""
        about = self.tr(" Statistics are exact.") if view.stats is not None and not view.stats.sampled else ""
        text = self.tr("Values of this tensor were not kept{0}.").format(level) + about
        text += f"\n{why}" if why else ""
        answers = [(self.tr("Capture it from now on"), self.capture_wished.emit), (self.tr("Rerun with values"), self.rerun_wished.emit)]
        answers = answers if self.has_program else []
        if self._live and view.val is not None:
            answers.insert(0, (self.tr("Ask the program"), self._ask_value))
        self._pages_stage.show_notice(text, answers)

    def _ask_value(self) -> None:
        self.value_wanted.emit(self._view.val)

    def _show_sources(self) -> None:
        source, other, pinned = self.sides.this, self.sides.other, self.sides.pinned
        assert source is not None
        if other is None:
            self._side = Side.AFTER
            self.comparison.show_nothing()
        else:
            alike = other.shape == source.shape
            if not alike and self._side is not Side.AFTER:
                self._side = Side.AFTER
            self.comparison.show_other(pinned[0] if pinned is not None else self._view.before_label, pinned is not None, alike, self._side)
        if not source.size:
            self._hide_controls()
            self._pages_stage.show_notice(self.tr("This tensor has no elements."))
            self.shown.emit()
            return
        self.slices.show_shape(source.shape)
        picture = channel_dimension(source.shape) is not None
        self._tabs.setTabVisible(self._tabs.indexOf(self.image), picture)
        self._counted, self._counted_share, self._damage = Counted(), 0.0, ""
        self._show_plane()  # what is seen is asked for before what is counted
        self._count()

    # ----------------------------------------------------------------------------------------------------------- sides

    def _choose_side(self, side: int) -> None:
        self._side = Side(side)
        self.comparison.show_side(self._side)
        self._show_plane()

    @property
    def side(self) -> Side:
        """What is shown now: also while B is held."""
        return Side.BEFORE if self._held and self.sides.other is not None else self._side

    def _compare(self) -> None:
        pair = self.sides.pair()
        if (
            pair is not None
            and "compare" not in self._passes
            and (self._side in (Side.CHANGE, Side.RATIO) or self.sides.pinned is not None)
        ):
            comparison = self._passes["compare"] = Comparison(*pair, self)
            comparison.changed.connect(self.comparison.show_compared)
            comparison.start()

    # ---------------------------------------------------------------------------------------------------------- planes

    @Slot()
    def _show_plane(self) -> None:
        source = self.source()
        if source is None or not source.size:
            return
        self._close_plane()
        self._filled.clear()
        if source.size == 1 and source.near is not None:  # a picture of one number says less than the number
            self._hide_controls()
            if self.sides.other is not None:
                self.comparison.show()
            self._pages_stage.show_notice(exact(source.near.reshape(-1)[0]))
            self._pages_stage.notice.show_large(True)
            self.shown.emit()
            return
        self._pages_stage.show_content()
        plane = self.slices.plane
        self._plane = plane if plane.fits(source.shape) else first_plane(source.shape)
        self._part.setVisible(source.is_complex)
        part = self._part_name()
        self._levels = Levels(source, self._plane, part, self._more_levels)
        self._pages = Pages(source, self._plane, self._more_cells)
        rows, columns = self._levels.shape
        self._picked = (min(self._picked[0], max(rows - 1, 0)), min(self._picked[1], max(columns - 1, 0)))
        for widget in (self._readout, self._progress):
            widget.setVisible(True)
        self._bad.setVisible(self._has_bad())
        self._fitted = self._levels.sample is not None
        self._show_numbers()
        self._fill()
        self._compare()
        self._show_readout()
        self.shown.emit()

    def _part_name(self) -> str:
        return str(self._part.currentData())

    def _more_levels(self) -> None:
        levels = self._levels
        if levels is None:
            return
        if levels.failed and levels.sample is None:
            self._say_why(levels.failed)
            return
        if not self._fitted:
            self._fitted = levels.sample is not None
            self._show_numbers()
        self._show_progress()
        self.heat_map.show_more()

    def _show_progress(self) -> None:
        failed = self._damage or (self._levels.failed if self._levels is not None else "")
        self._progress.setText(failed or ("" if self.share >= 1 else self.tr("reading {0:.0%}").format(self.share)))
        self._progress.setToolTip(tip(failed))

    def _more_cells(self) -> None:
        if self._tabs.currentWidget() is self.grid:
            self.grid.show_more()
        self.heat_map.update()
        self._show_readout()

    def _fill(self) -> None:
        """Give the page in view what it shows; the others get it when they are turned to."""
        source, levels, pages = self.source(), self._levels, self._pages
        page = self._tabs.currentWidget()
        empty = self._pages_stage.is_empty or source is None or levels is None or pages is None
        pictures = not empty and page in (self.heat_map, self.grid, self.image)
        self.range_bar.show_for(pictures, grey=page is self.image)
        self.overlays.setVisible(not empty and page is self.heat_map)
        for widget in (self._peaks, self._square):
            widget.setVisible(not empty and page is self.heat_map and not self._low)
        if empty or self._filled.get(page) is levels:
            return
        assert source is not None
        assert levels is not None
        assert pages is not None
        self._filled[page] = levels
        if page is self.heat_map:
            self.heat_map.show_levels(levels, pages.block)
            self.heat_map.go_to(*self._picked)
        elif page is self.grid:
            picked = self._picked
            self.grid.show_cells(pages)
            self.grid.go_to(*picked)
        elif page is self.line:
            other = self.sides.alike if self._side is Side.AFTER else None
            self.line.show_source(source, other, self._plane, self._part_name(), self._picked)
        elif page is self.histogram:
            self._spread()
        elif isinstance(page, PluginPage):
            page.show_source(source, self._plane)
        else:
            self.image.show_source(source, self._plane, self.range.low, self.range.high)

    # --------------------------------------------------------------------------------------------------------- numbers

    def _count(self) -> None:
        """Exact figures of the value that is selected."""
        assert self.sides.this is not None
        counting = self._passes["figures"] = Counting(self.sides.this, -math.inf, math.inf, "figures", self)
        counting.changed.connect(self._count_more)
        counting.start()
        if isinstance(self.sides.this, TapeSource):
            self.sides.this.check(self._checked)

    def _checked(self, intact: bool) -> None:
        """The data of a value on a tape were held against their checksum."""
        if not intact:
            self._damage = self.tr("The data of this value fail their checksum: what is shown may be wrong.")
            self._show_progress()

    def _count_more(self, counted: Counted, share: float) -> None:
        self._counted, self._counted_share = counted, share
        self.overlays.show_figures(counted.figures, share >= 1)
        self._bad.setVisible(self._has_bad() and not self._pages_stage.is_empty)
        if share >= 1:
            self._statistics.show_figures(counted.figures)
            if self._tabs.currentWidget() is self.histogram and self._levels is not None:
                self._spread()
        if self._levels is not None:
            self._show_progress()

    def _has_bad(self) -> bool:
        figures = self._counted.figures
        return bool(figures.nans or figures.posinfs or figures.neginfs)

    def _spread(self) -> None:
        """The histogram of what is shown, between its smallest and its largest number."""
        source = self.source()
        if source is None:
            return
        share, ends = 1.0, self.range.ends  # of what is too large to be gone through twice: those of its sample
        if source.near is None and source is self.sides.this and not source.is_complex:
            share, ends = self._counted_share, (self._counted.figures.low, self._counted.figures.high)
        self.histogram.show_source(source, self._part_name(), ends, share)

    # ----------------------------------------------------------------------------------------------------------- range

    def _show_numbers(self) -> None:
        """What the range of the colours goes by."""
        sample = self._levels.sample if self._levels is not None else None
        self.range.show_numbers(real_part(sample, self._part_name()) if sample is not None else None)

    def _range_changed(self) -> None:
        self.heat_map.set_range(self.range.low, self.range.high)
        self.grid.set_range(self.range.low, self.range.high)
        source = self.source()
        if self._tabs.currentWidget() is self.image and self._levels is not None and source is not None:
            self.image.show_source(source, self._plane, self.range.low, self.range.high)
        self._count_outside()

    def _choose_overlays(self, overlays: Overlay) -> None:
        self.heat_map.set_overlays(overlays)
        self._count_outside()

    def _count_outside(self) -> None:
        """How many elements are beyond the range, where somebody wants to know."""
        self._stop("outside")
        source = self.source()
        if source is None or self._levels is None or not self.overlays.overlays & (Overlay.LOW | Overlay.HIGH):
            return
        counting = self._passes["outside"] = Counting(source, self.range.low, self.range.high, "outside", self)
        counting.changed.connect(lambda found, share: self.overlays.show_outside(found.below, found.above, share >= 1))
        counting.start()

    # ----------------------------------------------------------------------------------------------------------- cells

    def _hover(self, row: int, column: int) -> None:
        self._hovered = (row, column) if row >= 0 else None
        self._show_readout()

    def _pick(self, row: int, column: int) -> None:
        if self._levels is None:
            return
        self._picked = (row, column)
        page = self._tabs.currentWidget()
        if page is self.line:
            self.line.go_to(row, column)
        self._show_readout()
        self.cell_picked.emit(self._plane.element(row, column))

    def _show_readout(self) -> None:
        """The exact value under the pointer, else that of the picked element, and what the other value has there."""
        pages, levels = self._pages, self._levels
        if pages is None or levels is None:
            return
        row, column = self._hovered or self._picked
        if not (0 <= row < pages.shape[0] and 0 <= column < pages.shape[1]):
            self._readout.setText("")
            return
        value = pages.element(row, column)
        text = f"[{', '.join(str(one) for one in self._plane.element(row, column))}]  "
        text += exact(value) if value is not None else "\u2026"
        other = self.sides.other
        if other is not None and other.near is not None and self.side is Side.AFTER and self._plane.fits(other.shape):
            index = self._plane.element(row, column)
            if all(one < size for one, size in zip(index, other.shape, strict=True)):
                text += f"  ({self.tr('A') if self.sides.pinned else self.tr('before')} {exact(other.near[index])})"
        self._readout.setText(text)
        self._readout.setToolTip(tip(text))

    @Slot()
    def go_to_next_bad(self) -> None:
        """Go to the next NaN or infinity after the picked element; after the last one to the first."""
        if self.sides.this is None or self._levels is None:
            return
        here = self._plane.element(*self._picked)
        start = int(np.ravel_multi_index(here, self.sides.this.shape)) + 1
        self._stop("search")
        search = self._passes["search"] = Search(self.sides.this, start, self)
        search.found.connect(lambda index: self.go_to(index) if index is not None else None)
        search.begin()

    def _go_to_place(self, index: object) -> None:
        if isinstance(index, tuple):
            self.go_to(index)

    def go_to(self, index: tuple[int, ...]) -> None:
        """Show the element with this index."""
        source = self.sides.this
        if source is None or self._levels is None or len(index) != len(source.shape):
            return
        self.slices.go_to(index)
        if not self.slices.plane.fits(source.shape):
            return
        self._plane = self.slices.plane
        place = self._plane.place(index)
        self._hovered = None
        self._pick(*place)
        self.heat_map.go_to(*place)
        if self._tabs.currentWidget() is self.grid:
            self.grid.go_to(*place)
        self.image.go_to(*place)

    @Slot()
    def ask_index(self) -> None:
        """Open the field in which an index is typed."""
        if self._levels is not None:
            self._readout.hide()
            self._index.ask()

    def _leave_index(self) -> None:
        self._readout.show()
        self._show_progress()
        self._tabs.currentWidget().setFocus()

    def _here(self) -> tuple[int, ...] | None:
        return self._plane.element(*self._picked) if self._levels is not None else None

    def _look(self) -> None:
        source = self.source()
        alike = source is not None and self.sides.this is not None and source.shape == self.sides.this.shape
        self.finding.look(source if alike else self.sides.this, self._plane, self._tabs.currentWidget())

    # ------------------------------------------------------------------------------------------------------------ keys

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        low = self.height() < theme.scaled(LOW)
        self.slices.set_knobs_shown(self.height() >= theme.scaled(LOWEST))
        self._statistics.set_tight(self.height() < theme.scaled(TIGHT))
        self._pages_stage.setMinimumHeight(theme.scaled(PAGE))
        if low != self._low:
            self._low = low
            for part in (self._statistics, self.slices, self.comparison, self.overlays):
                part.set_compact(low)
            self._fill()

    def copy(self) -> None:
        """Copy what the page in view shows: a picture, or the selected numbers; the number itself where it is one."""
        if self._view.value is not None and self._view.value.size == 1:
            QGuiApplication.clipboard().setText(exact(self._view.value.reshape(-1)[0]))
        elif self._tabs.currentWidget() is self.grid:
            self.grid.copy_text()
        elif not self._pages_stage.is_empty:
            self.copy_picture()

    def copy_picture(self) -> None:
        """Copy the page in view as a picture, with the picked element in words."""
        copy_picture(self.picture(), self._readout.text())

    def selection(self) -> tuple[int, int, int, int] | None:
        """What is selected in the table, where that is in front and more than one element is: top, bottom, left, right; else None."""
        top, bottom, left, right = self.grid.selection()
        several = self._tabs.currentWidget() is self.grid and (bottom - top) * (right - left) > 1
        return (top, bottom, left, right) if several else None

    def picture(self) -> QImage:
        """What the page in view shows as a QImage."""
        page = self._tabs.currentWidget()
        if page is self.heat_map:
            return self.heat_map.image()
        return self.image.image() if page is self.image else page.grab().toImage()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_B and not event.isAutoRepeat() and self.sides.other is not None:
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
