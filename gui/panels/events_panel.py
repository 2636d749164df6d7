"""The events tree: what happened in order, forward and backward, with a filter."""

from __future__ import annotations

import time

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QHeaderView, QLabel, QLineEdit, QVBoxLayout, QWidget

from gradstep.engine.debug.states import ALIVE, ENDED, State
from gradstep.engine.tape.schema import HookCalled

from .. import theme
from ..actions import key_of
from ..models.event_tree import Column, EventTree
from ..models.row_table import Row, RowKind
from ..models.rows import RowReader
from ..panel import Panel
from ..widgets.own_keys import OwnKeys
from .event_delegate import EventTreeView
from .event_filter import EventFilter, FilterError, parse
from .notice import Stage

NAME, MODULE = 200, 80  # the least width of the name beside other columns, and of the module
_OVER = ENDED | {State.TRACE}  # nothing runs any more
_COMING = ALIVE - {State.PAUSED, State.FROZEN}
QUICK = 0.004  # seconds: rows that took longer, as with a filter, leave the window ten times as long for other things


class EventsPanel(Panel):
    """Shows a history as a tree. A click picks, a double click or Enter goes there in time."""

    title = "Events"
    about = "What happened, in order: forward ops by module, backward steps with their hooks and stored gradients"

    node_picked = Signal(object)  # the row of a graph node was chosen: its key, ("op", id) or ("node", id)
    event_picked = Signal(int)  # the user wants to look at the moment of this event
    line_picked = Signal(str, int)  # the user wants to see this line of the source
    run_wished = Signal()  # the user wants the script to run

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(220, 140)
        self._reader: RowReader | None = None
        self._script = ""
        self._program = State.IDLE
        self._coming = ""  # the node that is next, or runs
        self._position = -1
        self._digits = 5  # that a number has room for
        self._choosing = False  # the row is chosen from outside
        self._wanted: tuple[str, int] | None = None  # what is selected
        self._found: Row | None = None  # the row that was selected for it; None while it has none in the view
        self._marked: tuple[int, Row] | None = None  # the moment that is shown, and its row
        self._target: Row | None = None  # what is to be in sight: the row that was marked or selected last
        self._late: Row | None = None  # what was to be in sight before, and is not in the view yet
        self._arrived = False  # it was, once
        self._alone: dict[Row, Row] = {}  # forward passes that were one call so far -> that call, which was opened for that
        self._filter: EventFilter | None = None
        self._newest = -1  # the last event whose row is in the view
        self._opened = 0  # rows at the top that were opened
        self._empty: list[Row] = []  # and those of them in which there was nothing yet
        self.model = EventTree(self)
        self.tree = EventTreeView(self.model, self)
        self.tree.setAccessibleName(self.tr("Events"))
        self._set_widths()

        self.field = QLineEdit(self)
        self.field.setPlaceholderText(self.tr("Filter:  relu  +nan  -view  $norm(>1e3)"))
        self.field.setClearButtonEnabled(True)
        self.field.setAccessibleName(self.tr("Filter of the events"))
        self.field.setToolTip(
            self.tr(
                "Words are found in names and modules. +must  -must not  (all of these)\n"
                "$nan() $inf() $bad() $op(Addmm) $module(fc2) $hook(clip) $kind(step)\n"
                "$norm(>1e3) $time(>1e-3) $event(100..200)"
            )
        )
        self._error = QLabel(self)
        self._error.setTextFormat(Qt.TextFormat.PlainText)
        self._error.setProperty("role", "bad")
        self._error.setWordWrap(True)
        self._error.hide()
        self._next = QLabel(self)
        self._next.setProperty("role", "dim")
        self._next.setTextFormat(Qt.TextFormat.PlainText)
        self._next.setContentsMargins(10, 4, 10, 5)
        self._next.hide()
        self._stage = Stage(self.tree, self)

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(4)
        for widget, margin in ((self.field, 8), (self._error, 10)):
            holder = QVBoxLayout()
            holder.setContentsMargins(margin, 0, margin, 0)
            holder.addWidget(widget)
            column.addLayout(holder)
        column.addWidget(self._stage, 1)
        column.addWidget(self._next)

        self._pause = QTimer(self)  # growing rows are taken over at a pace that leaves the window its time
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._sync)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(150)
        self._typing.timeout.connect(self._apply_filter)
        self.field.textChanged.connect(lambda _: self._typing.start())
        self.field.returnPressed.connect(self._apply_filter)
        selection = self.tree.selectionModel()
        selection.currentRowChanged.connect(self._picked)
        self.tree.clicked.connect(self._picked)
        self.tree.activated.connect(self._activated)
        self.tree.doubleClicked.connect(self._activated)
        self.tree.resized.connect(self._stay)
        OwnKeys(self.tree, {QKeySequence.StandardKey.Copy: self.copy})
        self._show_state()

    def start_search(self) -> None:
        """Ask for a filter."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    # -------------------------------------------------------------------------------------------------------- showing

    @Slot(str)
    def show_script(self, name: str) -> None:
        """The script that would run, for the empty state."""
        self._script = name
        self._show_state()

    @Slot(object)
    def show_history(self, reader: RowReader | None) -> None:
        """Show the history of a tape, None for nothing."""
        self._reader = reader
        self._position = self._newest = -1
        self._wanted = self._found = self._marked = self._target = self._late = None
        self.model.show(reader)
        self._widen_numbers()
        self._open_top(anew=True)
        self._show_state()

    @Slot()
    def show_growth(self) -> None:
        """The history was read on."""
        if not self._pause.isActive():
            self._sync()

    @Slot(int)
    def show_position(self, position: int) -> None:
        """The cursor stands at this event."""
        self._position = position
        self._mark()

    @Slot(object)
    def show_program(self, state: State) -> None:
        """What the program does: a node is only next where it stands still and can go on."""
        self._program = state
        self.show_next(self._coming)
        if self._is_empty:
            self._show_state()

    @Slot(str)
    def show_next(self, name: str) -> None:
        """The node that the next step would run, or that runs; "" for none."""
        self._coming = name
        words = self.tr("Next: %1") if self._program not in ALIVE - {State.PAUSED} else self.tr("Running: %1")
        self._next.setText(words.replace("%1", name))
        self._next.setVisible(bool(name) and self._program not in _OVER)

    @property
    def newest(self) -> int:
        """The last event whose row is in the view."""
        return self._newest

    def show_filter(self, text: str) -> None:
        """Set the filter as if it was typed."""
        self.field.setText(text)
        self._apply_filter()

    def restyle(self) -> None:
        self._set_widths()

    # --------------------------------------------------------------------------------------------------------- wishes

    @Slot()
    def copy(self) -> None:
        """Put the selected rows on the clipboard, a line each, columns apart by tabs."""
        rows = sorted(self.tree.selectionModel().selectedRows(), key=lambda index: index.row())
        lines = ["\t".join(str(index.siblingAtColumn(column).data() or "") for column in Column) for index in rows]
        if lines:
            head = "\t".join(str(self.model.headerData(column, Qt.Orientation.Horizontal)) for column in Column)
            QGuiApplication.clipboard().setText("\n".join([head, *lines]) + "\n")

    @Slot()
    def _picked(self, index: QModelIndex) -> None:
        row = self.model.row(index)
        if row is None or self._choosing or self.model.is_removing:  # the row below a removed one becomes current, and nobody chose it
            return
        key = self._key(row)
        if key is not None:
            self._wanted, self._found = key, row
            self.node_picked.emit(key)

    def _key(self, row: Row) -> tuple[str, int] | None:
        match row.kind:
            case RowKind.OP:
                return ("op", row.key)
            case RowKind.STEP | RowKind.EDITED:
                return ("node", row.key)
            case RowKind.STORED:
                return ("node", row.parent.key) if row.parent is not None and row.parent.kind is RowKind.STEP else None
            case RowKind.HOOK if self._reader is not None:
                event = self._reader.tape.events[row.first]
                return ("node", event.node) if isinstance(event, HookCalled) and event.node is not None else None
            case _:
                return None

    def key_to_name(self) -> tuple[str, int] | None:
        """What a name would be given to: the current row's module call, op, node or tensor."""
        row = self.model.row(self.tree.currentIndex())
        kinds = {RowKind.CALL: "group", RowKind.OP: "op", RowKind.STEP: "node", RowKind.EDITED: "node", RowKind.STORED: "leaf"}
        return (kinds[row.kind], row.key) if row is not None and row.kind in kinds else None

    @Slot()
    def _activated(self, index: QModelIndex) -> None:
        row = self.model.row(index)
        if row is None or self._reader is None:
            return
        if row.kind in (RowKind.FORWARD, RowKind.CALL):
            self.tree.toggle(index)
            return
        if row.kind is RowKind.OP:
            frame = self._reader.frame(row)
            if frame is not None:
                self.line_picked.emit(frame.file, frame.line)
        if row.first >= 0:
            entered = self._reader.entered(row) if row.kind is RowKind.STEP else None
            self.event_picked.emit(entered.i if entered is not None else row.first)

    # --------------------------------------------------------------------------------------------------------- inside

    @Slot()
    def _sync(self) -> None:
        began, known, seen = time.perf_counter(), len(self.model.below(None)), self._is_in_sight()
        self.model.sync()
        self._newest = self._reader.history.position if self._reader is not None else -1
        self._widen_numbers()
        if not self.model.filtered and (self._empty or self._alone or len(self.model.below(None)) != known):
            self._open_top()
        elif self.model.filtered:
            self._found = None  # all rows were made anew
        self._mark()
        self._seek()
        if self._late is not None or not self._arrived or (seen and not self._is_in_sight()):  # rows came before it
            self._arrive()
        self._show_state()
        cost = time.perf_counter() - began
        if cost > QUICK:
            self._pause.start(int(10_000 * cost))

    def _open_top(self, *, anew: bool = False) -> None:
        """Open what has come to the top, once there is something in it, and in a forward pass the one call that is all of it. What the
        user closed stays closed, unless all begins ``anew``. How much is read at once makes no difference to what is open in the end."""
        if anew:
            self._opened, self._empty, self._alone = 0, [], {}
        top = self.model.below(None)
        due = [*self._empty, *top[self._opened :]]
        self._opened, self._empty = len(top), []
        for row in due:
            self.model.set_open(row, True)
            count = self.model.count_below(row)
            if not count:
                self._empty.append(row)
            elif row.kind is RowKind.FORWARD and count == 1:
                (self._alone[row],) = self.model.below(row)
                self.model.set_open(self._alone[row], True)
        for row in [row for row in self._alone if len(row.children) > 1]:
            self.model.set_open(self._alone.pop(row), False)

    def _mark(self) -> None:
        row = self._visible(self._position)
        before = self.model.position
        self.model.set_position(self._position, row)
        if before != self._position:
            self._repaint_between(*sorted((before, self._position)))
        if row is not None and (self._marked is None or self._marked[0] != self._position or self._marked[1] is not row):
            self._marked = self._position, row
            self._aim(row)

    def _visible(self, position: int) -> Row | None:
        """The row in which the moment of an event lies; a closed parent stands for what is in it."""
        row = self._reader.history.row_at(position) if self._reader is not None else None
        while row is not None and row.parent is not None and not self._is_open(row):
            row = row.parent
        return row

    def _repaint_between(self, low: int, high: int) -> None:
        """Rows of the future and of the past are painted otherwise."""
        rows = [self._visible(position) for position in (low, high)]
        places = [self.model.known_index(row).row() for row in rows if row is not None]
        undone = self._reader is not None and any(low < event <= high for event, _ in self._reader.history.rewinds)
        if undone or len(places) < 2 or min(places) < 0:
            self.tree.viewport().update()
        else:
            self.model.tell(min(places), max(places))

    def _is_open(self, row: Row) -> bool:
        above = row.parent
        while above is not None:
            if not self.model.is_open(above):
                return False
            above = above.parent
        return True

    @Slot()
    def _apply_filter(self) -> None:
        self._typing.stop()
        try:
            wanted = parse(self.field.text())
        except FilterError as error:
            self._error.setText(self.tr("%1 (character %2)").replace("%2", str(error.at + 1)).replace("%1", str(error)))
            self._error.show()
            return
        self._error.hide()
        self._filter = wanted or None
        self.model.set_filter(wanted.matches if wanted else None)
        if not wanted:
            self._open_top(anew=True)
        self._found = self._marked = None
        self._mark()
        self._seek()
        self._show_state()

    @property
    def _is_empty(self) -> bool:
        return self._reader is None or not self._reader.history.top

    def _show_state(self) -> None:
        if self._is_empty and self._program in _COMING:
            words = self.tr("{0} is starting.") if self._program is State.STARTING else self.tr("{0} is running.")
            self._stage.show_notice(f"{words.format(self._script)} {self.tr('What it records appears here.')}")
        elif self._is_empty and self._script and self._program not in ALIVE:
            again = self.tr("{1} recorded nothing. {0} runs it again.") if self._program in ENDED - {State.FAILED} else ""
            text = again or self.tr("Nothing recorded yet. {0} runs {1}.")
            self._stage.show_notice(text.format(key_of("start"), self._script), [(self.tr("Run"), self.run_wished.emit)])
        elif self._is_empty:
            self._stage.show_notice(self.tr("Nothing recorded yet."))
        elif self._filter is not None and not self.model.matching:
            text = self.tr("No event matches \u201c%1\u201d. %2 are hidden.")
            text = text.replace("%2", str(self.model.hidden)).replace("%1", self._filter.text)
            self._stage.show_notice(text, [(self.tr("Clear filter"), lambda: self.show_filter(""))])
        else:
            self._stage.show_content()

    def _set_widths(self) -> None:
        header = self.tree.horizontalHeader()
        header.setStretchLastSection(True)
        header.setSectionsMovable(True)
        header.setMinimumSectionSize(36)
        mono = QFontMetrics(theme.mono_font(11 * theme.zoom_of(self.tree)))
        for column, sample in (
            (Column.NORM, "-1.23e-12"),
            (Column.BAD, "12 nan, 12 inf"),
            (Column.TIME, "123.4 us"),
        ):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, mono.horizontalAdvance(sample) + 14)
        header.setSectionResizeMode(Column.NUMBER, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(Column.NUMBER, self._number_width())
        header.resizeSection(Column.MODULE, self.tree.large(MODULE))  # and more where there is room: it is the last
        self._fit_name()

    def _number_width(self) -> int:
        return QFontMetrics(theme.mono_font(11 * theme.zoom_of(self.tree))).horizontalAdvance("#" + "0" * self._digits) + 14

    def _widen_numbers(self) -> None:
        """A run of millions of ops and events has longer numbers: none is cut."""
        history = self._reader.history if self._reader is not None else None
        digits = max(len(str(max(history.position, history.ops))), 5) if history is not None else 5
        if digits != self._digits:
            self._digits = digits
            self.tree.horizontalHeader().resizeSection(Column.NUMBER, self._number_width())
            self._fit_name()

    def _fit_name(self) -> None:
        header = self.tree.horizontalHeader()
        rest = self.tree.viewport().width() - header.sectionSize(Column.NUMBER) - header.sectionSize(Column.NORM)
        fits = 0  # columns that are seen whole beside the name: none is seen in part
        for column in (Column.BAD, Column.TIME, Column.MODULE):
            wide = header.sectionSize(column) if column is not Column.MODULE else self.tree.large(MODULE)
            if rest - wide < self.tree.large(NAME):
                break
            rest, fits = rest - wide, fits + 1
        header.resizeSection(Column.NAME, max(96, rest if fits < 3 else min(rest, self.tree.large(260))))

    def select(self, key: tuple[str, int] | None) -> None:
        """Select the row of a graph node, None for no row, without asking for anything. Of a node that has no row yet it is selected
        when it comes."""
        self._wanted, self._found = key, None
        self._seek()

    def _seek(self) -> None:
        """Select the row of what is wanted, unless that was done."""
        if self._found is not None and not self._found.gone:
            return
        self._found = None
        row = self._row_of(self._wanted) if self._wanted is not None else None
        index = self.model.index_of(row) if row is not None else QModelIndex()
        selection = self.tree.selectionModel()
        if row is None or not index.isValid():
            selection.clearSelection()
            return
        self._found = row
        current = self.model.row(self.tree.currentIndex())
        within = current is not None and self._key(current) == self._wanted  # a hook of the step is as good
        if within and selection.hasSelection():
            return
        self._choosing = True
        self.tree.setAutoScroll(False)
        try:
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            selection.setCurrentIndex(index, flags)
        finally:
            self._choosing = False
            self.tree.setAutoScroll(True)
        self._aim(row)

    def _aim(self, row: Row) -> None:
        """Bring a row into sight, now or when it is in the view. Whoever scrolls away from it later meant to. What was aimed at before and
        is not in the view yet is brought first when it comes, so that both are in sight where there is room."""
        if self._target is not row and not self._arrived:
            self._late = self._target
        self._target, self._arrived = row, False
        self._arrive()

    def _arrive(self) -> None:
        """Bring what is aimed at into sight, without moving sideways."""
        bar = self.tree.horizontalScrollBar()
        across = bar.value()
        if self._late is not None:
            self.tree.updateGeometries()  # Qt's view learns later how far it can scroll now
        for row in (self._late, self._target):
            index = self._place_of(row)
            if index.isValid():
                self.tree.scrollTo(index.siblingAtColumn(Column.NAME))
                self._late = None if row is self._late else self._late
        bar.setValue(across)
        self._arrived = self._is_in_sight()

    def _place_of(self, row: Row | None) -> QModelIndex:
        """Invalid where it is not in the view."""
        return self.model.known_index(row) if row is not None and not row.gone else QModelIndex()

    def _is_in_sight(self, high: int = 0) -> bool:
        """Whether what is aimed at is seen; ``high``: how high the part with the rows is, for another height than it has."""
        index = self._place_of(self._target)
        if not index.isValid():
            return False
        top = self.tree.rowViewportPosition(index.row())
        return top >= 0 and top + self.tree.rowHeight(index.row()) <= (high or self.tree.viewport().height())

    @Slot(int)
    def _stay(self, before: int) -> None:
        """The tree was ``before`` pixels high: what is aimed at stays in sight where it was."""
        self._fit_name()
        if not self._arrived or (before > 0 and self._is_in_sight(before) and not self._is_in_sight()):
            self._arrive()

    def _row_of(self, key: tuple[str, int]) -> Row | None:
        if self._reader is None:
            return None
        kind, number = key
        history = self._reader.history
        if kind == "node":
            found = (history.step_of(steps.run, number) for steps in reversed(history.runs))
            return next((row for row in found if row is not None and not row.gone), None)
        return history.op_row(number) if kind == "op" else None
