"""The tensor panel: a tab that follows what is selected, and tabs that are locked on a value at a moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QProgressBar, QStackedWidget, QTabBar, QToolButton, QVBoxLayout, QWidget

from gradstep.engine.tape.schema import Meta

from .. import theme
from ..models.tensors import Array, Kept, TensorView
from ..panel import Panel
from ..tensors.sources import Part, Source
from ..theme import icon
from ..widgets.grid import COPY_LIMIT
from ..widgets.number_text import markdown_text, numpy_text, table_text
from ..widgets.whole_tabs import WholeTabs
from .buttons import worded
from .plugin_page import PluginPage
from .tensor_viewer import TensorViewer

NAME, BESIDE = 130, 96  # pixels of the name of a locked tab at least, and of what stands around it
_MIDDLE = Qt.TextElideMode.ElideMiddle
FORMS = ("npy", "safetensors", "csv", "png")


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What is to be written to a file: all of a value (``index`` None) or a part of it; a picture has no source."""

    form: str  # one of FORMS
    name: str
    source: Source
    index: tuple[int | slice, ...] | None
    viewer: TensorViewer


class TensorPanel(Panel):
    """Shows TensorViews in the first tab. Locking it leaves the value in a tab of its own, as it was at that moment."""

    title = "Tensor"
    about = "One value: statistics, heat map, numbers, line and histogram, alone, before the current event, or beside another value"

    value_wanted = Signal(object)  # Val: the value is not on the tape, and the paused program may have it
    capture_wished = Signal()  # the user wants values to be kept from now on
    rerun_wished = Signal()  # the user wants a run that keeps values
    cell_picked = Signal(object)  # tuple of int: the index of the element that the user looks at
    export_wished = Signal(object)  # ExportWish
    cancel_wished = Signal()  # of the export that goes on
    moment_picked = Signal(int)  # the user wants to look at the moment of a locked tab
    said = Signal(str)  # what was done, or could not be

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(240, 200)
        self._live, self._has_program = False, True
        self._viewers: list[TensorViewer] = []
        self._make_pages: Callable[[], list[PluginPage]] = list
        self._tabs = QTabBar(self)
        WholeTabs.of(self._tabs)
        self._tabs.setExpanding(False)
        self._tabs.setDrawBase(False)
        self._tabs.setUsesScrollButtons(True)
        self._tabs.setAccessibleName(self.tr("Values"))
        self._tabs.setTabsClosable(True)
        self._tabs.tabCloseRequested.connect(self.unlock)
        self._stack = QStackedWidget(self)
        self._tabs.currentChanged.connect(self._stack.setCurrentIndex)
        self._export = QWidget(self)
        row = QHBoxLayout(self._export)
        row.setContentsMargins(12, 2, 12, 6)
        self._export_name = QLabel(self)
        self._export_name.setTextFormat(Qt.TextFormat.PlainText)
        self._export_bar = QProgressBar(self)
        self._export_bar.setRange(0, 1000)
        self._export_bar.setTextVisible(False)
        self._export_bar.setMaximumHeight(8)
        self._export_bar.setAccessibleName(self.tr("Exporting"))
        cancel = QToolButton(self)
        cancel.setText(self.tr("Cancel"))
        worded(cancel)
        cancel.clicked.connect(self.cancel_wished)
        row.addWidget(self._export_name)
        row.addWidget(self._export_bar, 1)
        row.addWidget(cancel)
        self._export.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._tabs)
        column.addWidget(self._stack, 1)
        column.addWidget(self._export)
        self._add_follower()

    # -------------------------------------------------------------------------------------------------------- showing

    @property
    def viewer(self) -> TensorViewer:
        """The one that follows what is selected."""
        return self._viewers[0]

    @property
    def current(self) -> TensorViewer:
        """The one in view."""
        return self._viewers[max(self._tabs.currentIndex(), 0)]

    @property
    def locked(self) -> list[str]:
        """What the locked tabs are called."""
        return [str(self._tabs.tabData(at)) for at in range(1, self._tabs.count())]

    @Slot(object)
    def show_tensor(self, view: TensorView | None) -> None:
        """Show a value in the tab that follows; None or ``Kept.NOTHING`` for none."""
        self.viewer.show_tensor(view)

    def start_search(self) -> None:
        """Find in a value: ask for numbers."""
        self.current.finding.start_search()

    def find_next(self) -> None:
        """Go to the next element that was found."""
        self.current.finding.find_next()

    def find_previous(self) -> None:
        """Go to the one before."""
        self.current.finding.find_previous()

    def wants(self, val: object) -> bool:
        """Whether a value that was asked for by ``value_wanted`` is still waited for."""
        return any(viewer.view.val == val and viewer.sides.this is None for viewer in self._viewers)

    def meta_of(self, val: object) -> Meta | None:
        """What is known of a value that is waited for."""
        return next((viewer.view.meta for viewer in self._viewers if viewer.view.val == val and viewer.sides.this is None), None)

    def show_source(self, val: object, source: Source) -> None:
        """The paused program has a value that was asked for."""
        for viewer in self._viewers:
            if viewer.view.val == val and viewer.sides.this is None:
                viewer.show_source(val, source)
                return
        source.close()

    @Slot(object, str)
    def show_failure(self, val: object, why: str) -> None:
        """The paused program does not have a value that was asked for, and why."""
        for viewer in self._viewers:
            viewer.show_failure(val, why)

    @Slot(bool)
    def set_live(self, live: bool) -> None:
        """Whether a paused program can be asked for values."""
        if live != self._live:
            self._live = live
            for viewer in self._viewers:
                viewer.set_live(live)

    @Slot(bool)
    def set_program(self, has_program: bool) -> None:
        """Whether there is a program that can be run again, or a recorded tape alone."""
        self._has_program = has_program
        for viewer in self._viewers:
            viewer.has_program = has_program

    def show_export(self, name: str, share: float) -> None:
        """An export goes on; at 1 it is over."""
        self._export.setVisible(share < 1)
        self._export_name.setText(name)
        self._export_bar.setValue(round(share * 1000))

    def leave_program(self) -> None:
        """The program that was asked so far is another one now: what is shown stays, and is asked for no more."""
        for viewer in self._viewers:
            viewer.leave_program(locked=viewer is not self.viewer)

    def close_sources(self) -> None:
        """The window closes."""
        for viewer in self._viewers:
            viewer.close_sources()

    def restyle(self) -> None:
        for viewer in self._viewers:
            viewer.restyle()

    def show_plugin_pages(self, make: Callable[[], list[PluginPage]]) -> None:
        """Every tab, and those that come, has the pages that ``make`` makes beside our own."""
        self._make_pages = make
        for viewer in self._viewers:
            viewer.show_plugin_pages(make())

    # ------------------------------------------------------------------------------------------------------------ tabs

    def _add_follower(self) -> None:
        viewer = TensorViewer(self)
        viewer.set_live(self._live)
        viewer.has_program = self._has_program
        viewer.value_wanted.connect(self.value_wanted)
        viewer.capture_wished.connect(self.capture_wished)
        viewer.rerun_wished.connect(self.rerun_wished)
        viewer.cell_picked.connect(self.cell_picked)
        viewer.grid.copy_wished.connect(partial(self._copy, viewer))
        lock, more = QToolButton(viewer), QToolButton(viewer)
        lock.setIcon(icon("lock"))
        lock.setToolTip(self.tr("Lock: leave this value, as it is at this moment, in a tab of its own"))
        lock.clicked.connect(lambda: self.lock(viewer))
        more.setIcon(icon("save"))
        more.setToolTip(self.tr("Copy, export, compare"))
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(more)
        menu.aboutToShow.connect(lambda: self._fill_menu(menu, viewer))
        more.setMenu(menu)
        for button in (lock, more):
            button.setAccessibleName(button.toolTip())
            viewer.head.addWidget(button)
        viewer.shown.connect(lambda: lock.setVisible(viewer is self.viewer))
        viewer.show_plugin_pages(self._make_pages())
        self._viewers.insert(0, viewer)
        self._stack.insertWidget(0, viewer)
        self._tabs.insertTab(0, icon("follow"), self.tr("Follows"))
        for side in (QTabBar.ButtonPosition.LeftSide, QTabBar.ButtonPosition.RightSide):
            self._tabs.setTabButton(0, side, None)
        self._tabs.setTabToolTip(0, self.tr("Shows what is selected"))
        self._tabs.setVisible(self._tabs.count() > 1)

    def lock(self, viewer: TensorViewer | None = None) -> None:
        """Leave what the first tab shows in a tab of its own, with what was chosen there; another first tab follows the selection."""
        view = self.viewer.view
        if view.kept is Kept.NOTHING or (viewer is not None and viewer is not self.viewer):
            return
        held = self.viewer
        moment = f" @{view.moment}" if view.moment >= 0 else ""
        self._tabs.setTabData(0, f"{view.label}{moment}")
        self._tabs.setTabIcon(0, icon("lock"))
        self._tabs.setTabToolTip(0, self.tr("{0}, as it was after event {1}").format(view.label, view.moment))
        close = QToolButton(self._tabs)
        close.setIcon(icon("close"))
        close.setAutoRaise(True)
        theme.size_icon(close, 14)
        close.setStyleSheet("QToolButton { padding: 1px; margin: 0; min-width: 0; min-height: 0 }")
        close.setFixedSize(theme.scaled(20), theme.scaled(20))
        close.setToolTip(self.tr("Close this tab"))
        close.setAccessibleName(close.toolTip())
        close.clicked.connect(lambda: self.unlock(self._viewers.index(held)))
        self._tabs.setTabButton(0, QTabBar.ButtonPosition.RightSide, close)
        self._add_follower()
        self._name_tabs()
        self._tabs.setCurrentIndex(1)
        self._stack.setCurrentIndex(1)
        held.shown.emit()
        self.viewer.show_tensor(view)

    @Slot(int)
    def unlock(self, at: int) -> None:
        """Close a locked tab."""
        if 0 < at < len(self._viewers):
            viewer = self._viewers.pop(at)
            self._tabs.removeTab(at)
            self._stack.removeWidget(viewer)
            viewer.close_sources()
            viewer.deleteLater()
            self._tabs.setVisible(self._tabs.count() > 1)
            self._name_tabs()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._name_tabs()

    def _name_tabs(self) -> None:
        """Locked tabs share what width the others leave: in a narrow panel the middle of a long name is left out."""
        locked = range(1, self._tabs.count())
        if locked:
            room = (self.width() - self._tabs.tabRect(0).width()) // len(locked) - theme.scaled(BESIDE)
            for at in locked:
                name = self._tabs.fontMetrics().elidedText(str(self._tabs.tabData(at)), _MIDDLE, max(room, theme.scaled(NAME)))
                self._tabs.setTabText(at, name.replace("&", "&&"))

    # ------------------------------------------------------------------------------------------------------------ menu

    def _fill_menu(self, menu: QMenu, viewer: TensorViewer) -> None:
        menu.clear()
        source = viewer.source()
        ready = source is not None and source.size > 0

        def add(text: str, does: Callable[[], object], possible: bool = True) -> None:
            action = menu.addAction(text)
            action.triggered.connect(lambda: does())
            action.setEnabled(ready and possible)

        menu.addSection(self.tr("Copy"))
        for text, write in (
            (self.tr("As NumPy Source"), numpy_text), (self.tr("As CSV"), lambda plane: table_text(plane, ",")),
            (self.tr("As Markdown Table"), markdown_text),
        ):  # fmt: skip
            add(text, partial(self._copy, viewer, write))
        add(self.tr("As Picture"), viewer.copy_picture)
        menu.addSection(self.tr("Export"))
        several = source is not None and len(source.shape) > 2
        for form, name in (("npy", "NumPy (.npy)"), ("safetensors", "safetensors"), ("csv", "CSV")):
            add(self.tr("Whole Value as {0}...").format(name), partial(self._wish, viewer, form, whole=True))
        for form, name in (("npy", "NumPy (.npy)"), ("safetensors", "safetensors"), ("csv", "CSV")):
            if several:
                add(self.tr("This Slice as {0}...").format(name), partial(self._wish, viewer, form, whole=False))
        add(self.tr("View as Picture (.png)..."), lambda: self._wish(viewer, "png", whole=True))
        menu.addSection(self.tr("Compare"))
        add(self.tr("Pin as A: Compare With What Is Selected Next"), lambda: self.pin(viewer))
        pinned = self.viewer.sides.pinned
        add(self.tr("Unpin {0}").format(pinned[0] if pinned else self.tr("A")), lambda: self.viewer.pin("", None), pinned is not None)
        if viewer is not self.viewer and viewer.view.moment >= 0:
            menu.addSeparator()
            add(self.tr("Go to the Moment of This Tab"), lambda: self.moment_picked.emit(viewer.view.moment))

    def pin(self, viewer: TensorViewer | None = None) -> None:
        """Compare what is selected from now on with the value that a viewer shows."""
        viewer = viewer or self.current
        source, view = viewer.sides.this, viewer.view
        if source is None:
            return
        moment = f" @{view.moment}" if view.moment >= 0 else ""
        label = f"A: {view.label}{moment}"
        self.viewer.pin(label, source.again())
        self.said.emit(self.tr("{0} is pinned: what is selected from now on is compared with it.").format(label))

    def _copy(self, viewer: TensorViewer, write: Callable[[Array], str]) -> None:
        """The selection of the table where that is in front and has more than an element, else the whole plane. It is read by pieces."""
        source = viewer.source()
        if source is None:
            return
        rows, columns = viewer.plane.size(source.shape)
        top, bottom, left, right = viewer.selection() or (0, rows, 0, columns)
        count = (bottom - top) * (right - left)
        if count > COPY_LIMIT:
            limit = f"{COPY_LIMIT:,}"
            self.said.emit(
                self.tr("{0} elements are too many for the clipboard, which takes {1}: export them.").format(f"{count:,}", limit)
            )
            return
        pieces: list[Array] = []
        step = max((1 << 16) // max(right - left, 1), 1)

        def arrived(last: bool, found: object) -> None:
            if isinstance(found, np.ndarray):
                pieces.append(viewer.plane.oriented(found))
            if last and pieces:
                whole = np.concatenate(pieces)
                QGuiApplication.clipboard().setText(write(whole))
                self.said.emit(self.tr("Copied {0} elements").format(f"{whole.size:,}"))

        for first in range(top, bottom, step):
            index = viewer.plane.index(source.shape, (first, min(first + step, bottom), left, right))
            source.ask(Part(index), partial(arrived, first + step >= bottom), "copy", 1)

    def _wish(self, viewer: TensorViewer, form: str, whole: bool) -> None:
        source = viewer.source()
        if source is not None:
            rows, columns = viewer.plane.size(source.shape)
            index = None if whole else viewer.plane.index(source.shape, (0, rows, 0, columns))
            self.export_wished.emit(ExportWish(form, viewer.view.label, source.again(), index, viewer))
