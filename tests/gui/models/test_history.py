"""The history is the order of what happened, also after stepping back, however it was read."""

from __future__ import annotations

import cProfile
from dataclasses import replace

from gradstep.engine.tape.schema import Op
from gradstep.gui.models.history import History
from gradstep.gui.models.row_table import Row, RowKind
from gradstep.gui.models.rows import RowReader

from ..tapes import SmallNetwork, TapeMaker, chain


def read(maker: TapeMaker) -> tuple[History, RowReader]:
    history, tape = History(), maker.tape()
    assert history.read(tape)
    return history, RowReader(tape, history)


def outline(reader: RowReader, rows: list[Row], depth: int = 0) -> list[str]:
    return [line for row in rows for line in ["  " * depth + reader.facts(row).name, *outline(reader, row.children, depth + 1)]]


def test_forward_ops_stand_under_their_module_calls_and_steps_under_their_run() -> None:
    history, reader = read(SmallNetwork())
    assert outline(reader, history.top) == [
        "Forward 0",
        "  Net",
        "    fc1  Linear",
        "      mm",
        "    relu",
        "    fc2  Linear",
        "      mm",
        "  mul",
        "  mean",
        "Backward 0",
        "  MeanBackward0",
        "  MulBackward0",
        "  MmBackward0",
        "  fc2.weight  AccumulateGrad",
        "    fc2.weight.grad stored",
        "  ReluBackward0",
        "    double  tensor hook",
        "  MmBackward0",
        "  fc1.weight  AccumulateGrad",
        "    fc1.weight.grad stored",
    ]


def test_a_forward_is_without_gradient_only_where_none_of_its_ops_builds_a_graph() -> None:
    maker = SmallNetwork()
    ops = [place for place, record in enumerate(maker.records) if isinstance(record, Op)]
    for without, name in ((ops[:2], "Forward 0"), (ops, "Without gradient 0")):
        for place in without:
            record = maker.records[place]
            assert isinstance(record, Op)
            maker.records[place] = replace(record, grad_mode=False)
        history, reader = read(maker)
        assert reader.facts(history.top[0]).name == name


def test_reading_in_pieces_gives_the_same_rows() -> None:
    maker = SmallNetwork()
    history, tape = History(), maker.tape()
    rounds = 0
    while not history.read(tape, lambda: False):
        rounds += 1
    whole, reader = read(maker)
    assert outline(RowReader(tape, history), history.top) == outline(reader, whole.top)


def test_a_step_that_was_undone_is_future_until_the_walk_goes_on() -> None:
    maker = SmallNetwork(steps=3)
    back = maker.rewind(maker.enters[1] - 1)
    history, _ = read(maker)
    run = history.top[-1]
    assert [row.is_past(back) for row in run.children] == [True, False, False]
    assert [row.is_past(back - 1) for row in run.children] == [True, True, True]
    assert history.row_at(back) is run.children[0]

    maker.sent = [maker.seed]
    maker.step(maker.n4, [maker.seed], [])
    tape = maker.tape()
    history.read(tape)
    assert outline(RowReader(tape, history), run.children) == ["MeanBackward0", "MulBackward0"]
    assert run.steps is not None
    assert list(run.steps.nodes) == [maker.n5, maker.n4]
    assert history.steps == 2


def test_facts_of_a_step_tell_its_norm_its_module_and_its_line() -> None:
    maker = SmallNetwork()
    history, reader = read(maker)
    row = history.step_of(maker.run, maker.n3)
    assert row is not None
    facts = reader.facts(row)
    assert facts.module == "fc2"
    assert facts.op == "Mm"
    assert facts.norm > 0
    assert facts.number == f"#{maker.enters[2]}"
    frame = reader.frame(row)
    assert frame is not None
    assert frame.line == 14


def test_a_poisoned_weight_shows_in_every_step_that_it_reaches() -> None:
    history, reader = read(SmallNetwork(poison=True))
    bad = [reader.facts(row).name for row in history.top[-1].children if reader.facts(row).bad]
    assert "MmBackward0" in bad
    assert "fc1.weight  AccumulateGrad" in bad


def test_a_long_tape_is_read_in_linear_time() -> None:
    calls = []
    for maker in (chain(500), chain(4_000)):
        tape, profile = maker.tape(), cProfile.Profile()
        profile.runcall(History().read, tape)
        calls.append(sum(entry.callcount for entry in profile.getstats()))
    assert calls[1] < 10 * calls[0]


def test_every_row_of_a_run_knows_its_run() -> None:
    maker = SmallNetwork()
    history, _ = read(maker)
    assert {row.run for row in history.table.standing() if row.kind is RowKind.STORED} == {maker.run}
    assert history.top[0].run == 0
