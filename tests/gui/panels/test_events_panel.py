"""The events panel shows what is there, says what is not, and asks by signals."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication
from pytestqt.qtbot import QtBot

from gradstep.engine.debug.states import ENDED, State
from gradstep.engine.tape.reader import Tape
from gradstep.gui.models.event_tree import Column
from gradstep.gui.models.history import History
from gradstep.gui.models.row_table import Row, RowKind
from gradstep.gui.models.rows import RowReader
from gradstep.gui.panels.event_delegate import ARROW
from gradstep.gui.panels.events_panel import NAME, EventsPanel
from gradstep.gui.theme import mono_font

from ..tapes import SmallNetwork, TapeMaker, chain


def panel_of(qtbot: QtBot, maker: TapeMaker) -> tuple[EventsPanel, History]:
    history, tape = History(), maker.tape()
    history.read(tape)
    panel = EventsPanel()
    qtbot.addWidget(panel)
    panel.resize(600, 500)
    panel.show_history(RowReader(tape, history))
    panel.show()
    return panel, history


def step(history: History, place: int) -> Row:
    return history.top[-1].children[place]


def test_an_empty_panel_says_what_to_do(qtbot: QtBot) -> None:
    panel = EventsPanel()
    qtbot.addWidget(panel)
    panel.show_script("mnist.py")
    assert panel._stage.notice.text() == "Nothing recorded yet. F5 runs mnist.py."
    with qtbot.waitSignal(panel.run_wished):
        panel._stage.notice.buttons()[0].click()


def test_an_empty_panel_says_that_the_program_runs_or_recorded_nothing(qtbot: QtBot) -> None:
    panel = EventsPanel()
    qtbot.addWidget(panel)
    panel.show_script("mnist.py")
    for state, words in ((State.STARTING, "is starting"), (State.RUNNING_FORWARD, "is running"), (State.UNRESPONSIVE, "is running")):
        panel.show_program(state)
        assert panel._stage.notice.text() == f"mnist.py {words}. What it records appears here."
        assert not panel._stage.notice.buttons()
    panel.show_program(State.FINISHED)
    assert panel._stage.notice.text() == "mnist.py recorded nothing. F5 runs it again."
    assert panel._stage.notice.buttons()
    panel.show_program(State.FAILED)
    assert panel._stage.notice.text() == "Nothing recorded yet. F5 runs mnist.py.", "nothing of it was run"


def test_a_node_is_next_only_where_the_program_can_go_on(qtbot: QtBot) -> None:
    panel, _ = panel_of(qtbot, SmallNetwork())
    panel.show_next("MulBackward0")
    said = {}
    for state in State:
        panel.show_program(state)
        said[state] = panel._next.text() if panel._next.isVisible() else ""
    assert said[State.PAUSED] == "Next: MulBackward0"
    assert said[State.RUNNING_BACKWARD] == said[State.UNRESPONSIVE] == "Running: MulBackward0"
    assert {said[state] for state in ENDED | {State.TRACE}} == {""}


def test_the_numbers_of_a_run_of_millions_are_not_cut(qtbot: QtBot) -> None:
    panel, history = panel_of(qtbot, SmallNetwork())
    before = panel.tree.horizontalHeader().sectionSize(Column.NUMBER)
    history.ops = 12_345_678
    panel.show_growth()
    room = panel.tree.horizontalHeader().sectionSize(Column.NUMBER)
    assert room > before
    assert room > QFontMetrics(mono_font(11)).horizontalAdvance("#12345678")


def test_where_all_columns_have_room_nothing_is_left_to_scroll_to(qtbot: QtBot) -> None:
    panel, _ = panel_of(qtbot, SmallNetwork())
    header = panel.tree.horizontalHeader()
    for width in range(600, 800, 10):
        panel.resize(width, 500)
        wide = [header.sectionSize(column) for column in Column]
        if sum(wide[:-1]) + 40 < panel.tree.viewport().width():  # the last one is in sight
            assert header.length() == panel.tree.viewport().width(), (width, wide)
    assert sum(wide[:-1]) + 40 < panel.tree.viewport().width()


def test_a_filter_that_hides_everything_offers_to_clear_it(qtbot: QtBot) -> None:
    panel, _ = panel_of(qtbot, SmallNetwork())
    panel.show_filter("+$nan()")
    assert panel._stage.is_empty
    assert panel._stage.notice.text() == "No event matches \u201c+$nan()\u201d. 15 are hidden."
    panel._stage.notice.buttons()[0].click()
    assert panel.field.text() == ""
    assert not panel._stage.is_empty


def test_a_filter_that_cannot_be_read_keeps_the_rows_and_names_the_place(qtbot: QtBot) -> None:
    panel, _ = panel_of(qtbot, SmallNetwork())
    panel.show_filter("(relu")
    assert panel._error.isVisible()
    assert panel._error.text() == "a ')' is missing (character 6)"
    assert not panel._stage.is_empty


def test_a_click_picks_the_node_and_a_double_click_asks_to_go_there(qtbot: QtBot) -> None:
    maker = SmallNetwork()
    panel, history = panel_of(qtbot, maker)
    index = panel.model.index_of(step(history, 1)).siblingAtColumn(Column.NAME)
    place = panel.tree.visualRect(index).center()
    with qtbot.waitSignal(panel.node_picked) as picked:
        qtbot.mouseClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert picked.args == [("node", maker.n4)]
    with qtbot.waitSignal(panel.event_picked) as went:
        qtbot.mouseDClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert went.args == [maker.enters[1]]


def test_copied_rows_are_lines_with_tabs_in_the_order_of_the_tree(qtbot: QtBot) -> None:
    panel, history = panel_of(qtbot, SmallNetwork())
    selection = panel.tree.selectionModel()
    for place in (2, 0):
        index = panel.model.index_of(step(history, place))
        selection.select(index, selection.SelectionFlag.Select | selection.SelectionFlag.Rows)
    panel.copy()
    head, first, second = QGuiApplication.clipboard().text().splitlines()
    assert head.split("\t") == ["#", "Name", "|g|", "NaN", "Time", "Module"]
    assert first.split("\t")[1] == "MeanBackward0"
    assert second.split("\t")[1] == "MmBackward0"


def test_selecting_from_outside_moves_the_selection_and_asks_for_nothing(qtbot: QtBot) -> None:
    maker = SmallNetwork()
    panel, history = panel_of(qtbot, maker)
    asked: list[object] = []
    panel.node_picked.connect(asked.append)
    panel.select(("node", maker.n2))
    assert panel.model.row(panel.tree.currentIndex()) is step(history, 4)
    panel.select(("op", 10**6))
    assert not panel.tree.selectionModel().selectedRows()
    assert asked == []


def test_the_current_row_is_scrolled_to_in_a_long_run(qtbot: QtBot) -> None:
    maker = chain(3000)
    panel, history = panel_of(qtbot, maker)
    row = step(history, 2500)
    panel.show_position(row.first)
    rect = panel.tree.visualRect(panel.model.index_of(row))
    assert panel.tree.viewport().rect().intersects(rect)


def test_rows_that_arrive_are_shown_without_losing_the_selection(qtbot: QtBot) -> None:
    whole, part = SmallNetwork(), SmallNetwork(steps=3)
    tape, history = part.tape(), History()
    history.read(tape)
    panel = EventsPanel()
    qtbot.addWidget(panel)
    panel.show_history(RowReader(tape, history))
    panel.select(("node", part.n4))
    grown = whole.tape()
    tape.__dict__.update(grown.__dict__)
    history.read(tape)
    panel.show_growth()
    qtbot.waitUntil(lambda: len(panel.model.below(history.top[-1])) == 7)
    row = panel.model.row(panel.tree.currentIndex())
    assert row is not None
    assert row.key == part.n4


def test_right_opens_a_row_and_goes_in_left_goes_out_and_closes_it(qtbot: QtBot) -> None:
    panel, history = panel_of(qtbot, SmallNetwork())
    run, model, tree = history.top[-1], panel.model, panel.tree
    tree.setCurrentIndex(model.index_of(run))
    tree.setFocus()
    qtbot.keyClick(tree, Qt.Key.Key_Left)
    assert not model.is_open(run)
    qtbot.keyClick(tree, Qt.Key.Key_Right)
    assert model.is_open(run)
    assert model.row(tree.currentIndex()) is run
    qtbot.keyClick(tree, Qt.Key.Key_Right)
    assert model.row(tree.currentIndex()) is run.children[0]
    qtbot.keyClick(tree, Qt.Key.Key_Left)
    assert model.row(tree.currentIndex()) is run


def test_a_click_on_the_arrow_opens_and_closes_and_picks_nothing(qtbot: QtBot) -> None:
    panel, history = panel_of(qtbot, SmallNetwork())
    run = history.top[-1]
    picked: list[object] = []
    panel.node_picked.connect(picked.append)
    place = panel.tree.visualRect(panel.model.index_of(run).siblingAtColumn(Column.NAME))
    arrow = QPoint(place.left() + ARROW // 2, place.center().y())
    qtbot.mouseClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=arrow)
    assert not panel.model.is_open(run)
    qtbot.mouseClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=arrow)
    assert panel.model.is_open(run)
    assert picked == []


def test_rows_that_become_past_are_painted_again_and_no_others(qtbot: QtBot) -> None:
    panel, history = panel_of(qtbot, SmallNetwork())
    run = history.top[-1]
    panel.show_position(run.children[1].first)
    told: list[tuple[int, int]] = []
    panel.model.dataChanged.connect(lambda first, last: told.append((first.row(), last.row())))
    panel.show_position(run.children[3].first)
    rows = {place for first, last in told for place in range(first, last + 1)}
    places = [panel.model.known_index(row).row() for row in run.children]
    assert rows >= set(places[1:4])
    assert not rows & set(places[4:])


def in_sight(panel: EventsPanel, row: Row) -> bool:
    return panel.tree.viewport().rect().contains(panel.tree.visualRect(panel.model.known_index(row)))


def selected(panel: EventsPanel) -> list[Row | None]:
    return [panel.model.row(index) for index in panel.tree.selectionModel().selectedRows()]


def grow(panel: EventsPanel, history: History, before: Tape, after: Tape) -> None:
    before.__dict__.update(after.__dict__)
    history.read(before)
    panel._sync()  # at once, however long the rows before these took


def test_a_step_that_is_selected_before_its_row_was_read_is_selected_when_it_comes(qtbot: QtBot) -> None:
    whole, part = SmallNetwork(), SmallNetwork(steps=2)
    tape, history = part.tape(), History()
    history.read(tape)
    panel = EventsPanel()
    qtbot.addWidget(panel)
    panel.show_history(RowReader(tape, history))
    panel.select(("node", part.n4))
    panel.select(("node", part.n1))
    assert selected(panel) == []
    grow(panel, history, tape, whole.tape())
    assert [row.key for row in selected(panel) if row is not None] == [part.n1]


def test_the_row_that_was_current_when_nothing_was_selected_is_selected_again(qtbot: QtBot) -> None:
    maker = SmallNetwork()
    panel, history = panel_of(qtbot, maker)
    panel.select(("node", maker.n2))
    panel.select(None)
    assert selected(panel) == []
    panel.select(("node", maker.n2))
    assert selected(panel) == [step(history, 4)]


def test_a_filter_that_comes_and_goes_leaves_the_selection(qtbot: QtBot) -> None:
    maker = SmallNetwork()
    panel, history = panel_of(qtbot, maker)
    picked: list[object] = []
    panel.node_picked.connect(picked.append)
    panel.select(("node", maker.n2))
    panel.show_filter("Mean")
    assert selected(panel) == []
    panel.show_filter("")
    assert selected(panel) == [step(history, 4)]
    assert picked == []


def test_a_selected_row_that_is_undone_picks_no_other(qtbot: QtBot) -> None:
    maker, again = SmallNetwork(steps=3), SmallNetwork(steps=3)
    again.rewind(again.enters[2] - 1)
    again.step(again.n3, again.sent[:1], [])
    tape, history = maker.tape(), History()
    history.read(tape)
    panel = EventsPanel()
    qtbot.addWidget(panel)
    panel.show_history(RowReader(tape, history))
    picked: list[object] = []
    panel.node_picked.connect(picked.append)
    undone = step(history, 2)
    panel.select(("node", maker.n3))
    assert selected(panel) == [undone]
    grow(panel, history, tape, again.tape())
    assert undone.gone
    assert picked == []
    assert selected(panel) == [step(history, 2)]


def test_a_parent_that_is_closed_takes_the_place_of_what_is_in_it_and_picks_nothing(qtbot: QtBot) -> None:
    maker = SmallNetwork()
    panel, history = panel_of(qtbot, maker)
    forward = history.top[0]
    op = next(row for row in history.table.standing() if row.kind is RowKind.OP)
    panel.select(("op", op.key))
    assert selected(panel) == [op]
    picked: list[object] = []
    panel.node_picked.connect(picked.append)
    panel.tree.toggle(panel.model.known_index(forward))
    assert panel.model.row(panel.tree.currentIndex()) is forward
    panel._sync()
    assert not panel.model.is_open(forward)
    assert picked == []


def test_a_moment_that_was_shown_is_not_scrolled_back_to_when_more_is_read(qtbot: QtBot) -> None:
    panel, history = panel_of(qtbot, chain(3000))
    panel.show_position(step(history, 2500).first)
    assert in_sight(panel, step(history, 2500))
    panel.tree.scrollToTop()
    panel._sync()
    assert panel.tree.verticalScrollBar().value() == 0


def test_a_moment_whose_row_comes_late_is_in_sight_beside_what_was_selected_meanwhile(qtbot: QtBot) -> None:
    records = chain(3000).records
    tape, history = Tape.of(records[:-15]), History()
    history.read(tape)
    panel = EventsPanel()
    qtbot.addWidget(panel)
    panel.resize(600, 500)
    panel.show_history(RowReader(tape, history))
    panel.show()
    there = step(history, -2)
    tape.__dict__.update(Tape.of(records).__dict__)
    history.read(tape)  # and the panel takes it over later
    last = step(history, -1)
    assert not panel.model.known_index(last).isValid()
    panel.show_position(last.first)
    panel.select(("node", there.key))
    assert in_sight(panel, there)
    panel._sync()
    assert in_sight(panel, there)
    assert in_sight(panel, last)


def test_the_current_row_stays_in_sight_when_the_panel_becomes_lower(qtbot: QtBot) -> None:
    panel, history = panel_of(qtbot, chain(3000))
    row = step(history, 1200)
    panel.show_position(row.first)
    panel.select(("node", row.key))
    assert in_sight(panel, row)
    panel.resize(600, 300)
    qtbot.waitUntil(lambda: panel.tree.viewport().height() < 250)
    assert in_sight(panel, row)


@pytest.mark.parametrize("pieces", [1, 2, 3, 7])
def test_what_is_open_in_the_end_does_not_depend_on_how_much_was_read_at_once(qtbot: QtBot, pieces: int) -> None:
    records = SmallNetwork().records
    whole, read = panel_of(qtbot, SmallNetwork())
    tape, history = Tape.of(records[:1]), History()
    panel = EventsPanel()
    qtbot.addWidget(panel)
    panel.show_history(RowReader(tape, history))
    for place in range(1, len(records) + pieces, pieces):
        grow(panel, history, tape, Tape.of(records[:place]))

    def seen(of: EventsPanel) -> list[tuple[object, int, bool]]:
        rows = [of.model.row(of.model.index(place, 0)) for place in range(of.model.rowCount())]
        return [(row.kind, row.key, of.model.is_open(row)) for row in rows if row is not None]

    assert seen(panel) == seen(whole)
    assert [row.kind for row in read.top[0].children] == [RowKind.CALL, RowKind.OP, RowKind.OP]
    assert not panel.model.is_open(history.top[0].children[0])


def test_a_row_that_was_aimed_at_while_the_panel_was_hidden_is_in_sight_when_it_is_shown(qtbot: QtBot) -> None:
    maker = chain(3000)
    tape, history = maker.tape(), History()
    history.read(tape)
    panel = EventsPanel()
    qtbot.addWidget(panel)
    panel.resize(600, 30)
    panel.show_history(RowReader(tape, history))
    panel.show_position(step(history, 1200).first)
    panel.show()
    panel.resize(600, 500)
    qtbot.waitUntil(lambda: panel.tree.viewport().height() > 300)
    assert in_sight(panel, step(history, 1200))


@pytest.mark.parametrize("width", [300, 341, 400, 430, 500, 560, 590, 640, 900])
def test_a_column_is_seen_whole_or_not_at_all(qtbot: QtBot, width: int) -> None:
    panel, _ = panel_of(qtbot, SmallNetwork())
    panel.resize(width, 500)
    header, right = panel.tree.horizontalHeader(), panel.tree.viewport().width()
    for column in (Column.NORM, Column.BAD, Column.TIME):
        left = header.sectionViewportPosition(column)
        assert left >= right or left + header.sectionSize(column) <= right, (column, left, right)


def test_a_wide_panel_shows_all_columns_without_a_scroll_bar(qtbot: QtBot) -> None:
    panel, _ = panel_of(qtbot, SmallNetwork())
    for wide in (600, 640, 700, 1000):
        panel.resize(wide, 500)
        qtbot.waitUntil(lambda wide=wide: panel.width() == wide)
        assert panel.tree.horizontalScrollBar().maximum() == 0
        assert panel.tree.columnWidth(Column.NAME) >= NAME
