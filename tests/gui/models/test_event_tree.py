"""The events model keeps Qt's contract while a tape grows, is stepped back and is filtered."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Record, Stats
from gradstep.gui.models.event_tree import Column, EventRole, EventTree
from gradstep.gui.models.history import History
from gradstep.gui.models.rows import RowReader

from ..tapes import SmallNetwork, TapeMaker, chain

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


def open_all(model: EventTree) -> None:
    """Open every row down to the leaves."""
    place = 0
    while place < model.rowCount():
        row = model.row(model.index(place, 0))
        assert row is not None
        model.set_open(row, True)
        place += 1


def names(model: EventTree) -> list[str]:
    """What is in the view."""
    return [str(model.index(place, Column.NAME).data()) for place in range(model.rowCount())]


def shown(model: EventTree) -> list[str]:
    """Every row of the tree, opened to its leaves."""
    open_all(model)
    return names(model)


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


def test_a_row_is_opened_and_closed_with_all_that_is_open_below_it(qtbot: QtBot) -> None:
    history, tape = History(), SmallNetwork().tape()
    history.read(tape)
    model = EventTree()
    tester = QAbstractItemModelTester(model, FATAL)
    model.show(RowReader(tape, history))
    closed = names(model)
    assert closed == ["Forward 0", "Backward 0"]
    whole = shown(model)
    for row in history.top:
        model.set_open(row, False)
    assert names(model) == closed
    run = history.top[-1]
    model.set_open(run, True)
    assert names(model) == [*closed, *(model.text(row, Column.NAME) for row in run.children)]
    assert len(whole) > model.rowCount()
    assert not any(model.is_open(row) for row in run.children)
    assert tester is not None


def test_a_row_says_how_deep_it_stands_and_whether_it_is_open(qtbot: QtBot) -> None:
    history, tape = History(), SmallNetwork().tape()
    history.read(tape)
    model = EventTree()
    model.show(RowReader(tape, history))
    run = history.top[-1]
    model.set_open(run, True)
    index = model.index_of(run.children[0])
    assert (index.data(EventRole.DEPTH), index.data(EventRole.OPEN)) == (1, None)
    assert "level 2" in str(index.data(Qt.ItemDataRole.AccessibleTextRole))
    top = model.index_of(run)
    assert (top.data(EventRole.DEPTH), top.data(EventRole.OPEN)) == (0, True)
    assert "open, level 1" in str(top.data(Qt.ItemDataRole.AccessibleTextRole))
    model.set_open(run, False)
    assert top.data(EventRole.OPEN) is False


def test_a_new_step_asks_nothing_of_the_rows_before_it(qtbot: QtBot) -> None:
    maker = chain(200)
    records, history = maker.records, History()
    reader = RowReader(Tape.of(records[:-8]), history)
    history.read(reader.tape)
    model = EventTree()
    model.show(reader)
    for row in history.top:
        model.set_open(row, True)
    before = model.rowCount()
    inserted: list[tuple[int, int]] = []
    model.rowsInserted.connect(lambda _, first, last: inserted.append((first, last)))
    history.read(Tape.of(records))
    model.sync()
    assert inserted == [(before, model.rowCount() - 1)]
    assert model.rowCount() > before


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


def test_a_norm_that_reaches_the_tape_after_its_step_is_shown_when_it_comes(qtbot: QtBot) -> None:
    maker = SmallNetwork()
    history, model = History(), EventTree()
    early = Tape.of([record for record in maker.records if not isinstance(record, Stats)])
    history.read(early)
    model.show(RowReader(early, history))
    open_all(model)
    norms = [model.index(place, Column.NORM) for place in range(model.rowCount())]
    assert {index.data() or "" for index in norms} == {""}
    told: list[int] = []
    model.dataChanged.connect(lambda first, last: told.extend(range(first.row(), last.row() + 1)))
    late = maker.tape()
    history.read(late)
    model._reader = RowReader(late, history)
    model.sync()
    steps = [place for place, index in enumerate(norms) if index.data()]
    assert len(steps) >= 7
    assert set(steps) <= set(told)
