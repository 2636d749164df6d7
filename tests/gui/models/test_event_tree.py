"""The events model keeps Qt's contract while a tape grows, is stepped back and is filtered."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Record
from gradstep.gui.models.event_tree import Column, EventRole, EventTree
from gradstep.gui.models.history import History
from gradstep.gui.models.rows import RowReader

from ..tapes import SmallNetwork, TapeMaker, chain

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


def shown(model: EventTree, parent: QModelIndex | None = None) -> list[str]:
    """Every row of the tree, opened to its leaves."""
    parent = parent or QModelIndex()
    if model.canFetchMore(parent):
        model.fetchMore(parent)
    rows = [model.index(place, 0, parent) for place in range(model.rowCount(parent))]
    return [line for index in rows for line in [str(index.siblingAtColumn(Column.NAME).data()), *shown(model, index)]]


def fresh(records: list[Record]) -> list[str]:
    history, tape = History(), Tape.of(records)
    history.read(tape)
    model = EventTree()
    model.show(RowReader(tape, history))
    return shown(model)


def test_the_model_keeps_its_contract_while_the_tape_grows_and_is_stepped_back(qtbot: QtBot) -> None:
    maker = SmallNetwork(steps=5)
    length = len(maker.records)
    maker.rewind(maker.enters[3] - 1)
    maker.store(maker.a2, maker.w2, maker.seed)
    history, model = History(), EventTree()
    tester = QAbstractItemModelTester(model, FATAL)
    stops = [length // 3, length // 2, length - 6, length, len(maker.records)]
    model.show(RowReader(Tape.of(maker.records[: stops[0]]), history))
    for stop in stops:
        tape = Tape.of(maker.records[:stop])
        model.show(reader) if (reader := RowReader(tape, history)) and stop == stops[0] else None
        history.read(tape)
        model._reader = reader
        model.sync()
        shown(model)
    model.set_position(history.position, history.row_at(history.position))
    assert shown(model) == fresh(maker.records)
    assert tester is not None


def test_children_are_made_when_a_row_is_opened(qtbot: QtBot) -> None:
    maker = chain(100)
    history, tape = History(), maker.tape()
    history.read(tape)
    model = EventTree()
    model.show(RowReader(tape, history))
    backward = model.index(1, 0)
    assert model.rowCount(backward) == 0
    assert model.hasChildren(backward)
    model.fetchMore(backward)
    assert model.rowCount(backward) == 100


def filtered(maker: TapeMaker, keep: object) -> EventTree:
    history, tape = History(), maker.tape()
    history.read(tape)
    model = EventTree()
    QAbstractItemModelTester(model, FATAL, model)
    model.show(RowReader(tape, history))
    model.set_filter(keep)  # type: ignore[arg-type]
    return model


def test_a_filter_keeps_what_matches_and_what_it_stands_under(qtbot: QtBot) -> None:
    model = filtered(SmallNetwork(), lambda facts: facts.op == "relu" or facts.hook == "double")
    assert shown(model) == ["Forward 0", "Net", "relu", "Backward 0", "ReluBackward0", "double  tensor hook"]
    assert model.matching == 2
    assert model.hidden == 13


def test_a_filter_without_a_match_shows_nothing(qtbot: QtBot) -> None:
    model = filtered(SmallNetwork(), lambda facts: False)
    assert model.rowCount() == 0
    assert not model.hasChildren()


def test_rows_after_the_cursor_are_future_and_one_row_is_current(qtbot: QtBot) -> None:
    maker = SmallNetwork()
    history, tape = History(), maker.tape()
    history.read(tape)
    model = EventTree()
    model.show(RowReader(tape, history))
    run = history.top[-1]
    model.index_of(run.children[0])
    position = maker.enters[2]
    model.set_position(position, history.row_at(position))
    rows = [model.index_of(row) for row in run.children]
    assert [bool(index.data(EventRole.PAST)) for index in rows] == [True, True, True, False, False, False, False]
    assert [bool(index.data(EventRole.CURRENT)) for index in rows] == [False, False, True, False, False, False, False]


def test_a_reader_hears_the_whole_row(qtbot: QtBot) -> None:
    maker = SmallNetwork(poison=True)
    history, tape = History(), maker.tape()
    history.read(tape)
    model = EventTree()
    model.show(RowReader(tape, history))
    row = history.step_of(maker.run, maker.a1)
    assert row is not None
    said = str(model.index_of(row).data(Qt.ItemDataRole.AccessibleTextRole))
    assert said.startswith("fc1.weight  AccumulateGrad, not yet run")
    assert "48 nan" in said
