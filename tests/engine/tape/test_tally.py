"""What ops cost, summed up by op, module and device."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

import gradstep.engine as gs
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.engine.tape.schema import (
    ACCUMULATE_SEQUENCE,
    Call,
    Meta,
    Node,
    NodeEnter,
    NodeExit,
    NodeKind,
    Op,
    Record,
    Rewound,
    Role,
    Run,
    RunBegin,
    Saved,
    Slot,
    Tensor,
    Val,
)
from gradstep.engine.tape.tally import By, Tally, Total, as_csv, as_facts, as_text

CPU, GPU = Meta("float32", (10,), "cpu"), Meta("float64", (3,), "cuda:0")


def handmade() -> list[Record]:
    """w -> mul -> view -> add_ (in place); the second mul ran on a GPU while the node of the first one ran."""
    return [
        Tensor(1, CPU, 1, role=Role.LEAF, name="fc.weight"),
        Tensor(2, CPU, 2),
        Tensor(3, CPU, 2, base=2),
        Tensor(4, GPU, 4),
        Call(1, "", "Net"),
        Call(2, "fc", "Linear", parent=1),
        Node(1, NodeKind.ACCUMULATE, "AccumulateGrad", ACCUMULATE_SEQUENCE, (CPU,), (), variable=1),
        Node(2, NodeKind.FUNCTION, "MulBackward0", 1, (CPU,), (Slot(1, 0),), op=1, saved=(Saved("a", Val(1, 0)), Saved("b", None))),
        Op(1, "mul", (Val(1, 0),), (Val(2, 0),), (Slot(2, 0),), (), call=2, time=1.0, duration=0.25),
        Op(2, "view", (Val(2, 0),), (Val(3, 0),), (None,), (), call=1, time=1.1, duration=0.05),
        Op(3, "add_", (Val(2, 0),), (Val(2, 1),), (None,), (), time=1.2, duration=0.1),
        Run(1, (Slot(2, 0),), (None,), frozenset({1, 2}), False, False, True),
        Run(2, (Slot(1, 0),), (None,), frozenset({1}), False, False, True, parent=1, node=2),
        RunBegin(0, 1, 0, 2.0),
        NodeEnter(1, 1, 0, 2.0, 2, (None,)),
        Op(4, "mul", (Val(2, 1),), (Val(4, 0),), (None,), (), node=2, time=2.2, duration=0.125),
        NodeEnter(2, 2, 0, 2.25, 1, (None,)),
        NodeExit(3, 2, 0, 2.5, 1, ()),
        NodeExit(4, 1, 0, 3.0, 2, (None,)),
        NodeEnter(5, 1, 0, 3.0, 1, (None,)),
        NodeExit(6, 1, 0, 7.0, 1, ()),
        Rewound(7, 1, 0, 7.0, 4),
        NodeEnter(8, 1, 0, 8.0, 1, (None,)),
        NodeExit(9, 1, 0, 8.5, 1, ()),
    ]


def lines(tape: Tape, by: By) -> dict[str, Total]:
    return {total.name: total for total in Tally(tape).totals(by)}


def test_ops_and_the_steps_of_their_nodes_are_one_line() -> None:
    found = lines(Tape.of(handmade()), By.OP)
    mul = found["mul"]
    assert (mul.ops, mul.steps, mul.op_ids.tolist(), mul.node_ids.tolist()) == (2, 1, [1, 4], [2])
    assert mul.forward == pytest.approx(0.375)
    assert set(found) == {"mul", "view", "add_", "AccumulateGrad"}


def test_read_in_pieces_it_says_the_same() -> None:
    tape = Tape.of(handmade())
    *before, last = Tally.in_pieces(tape)
    assert len(before) > 1
    assert before == [None] * len(before)
    assert last is not None
    for by in By:
        assert as_csv(last.totals(by), by) == as_csv(Tally(tape).totals(by), by)


def test_a_step_counts_without_what_ran_inside_of_it() -> None:
    found = lines(Tape.of(handmade()), By.OP)
    assert found["mul"].backward == pytest.approx(1.0 - 0.25 - 0.125)  # another pass, and an op of it


def test_a_step_that_was_taken_back_counts_no_more() -> None:
    leaf = lines(Tape.of(handmade()), By.OP)["AccumulateGrad"]
    assert (leaf.steps, leaf.ops) == (2, 0)
    assert leaf.backward == pytest.approx(0.25 + 0.5)


def test_shares_add_up_to_one_and_the_costliest_line_comes_first() -> None:
    totals = Tally(Tape.of(handmade())).totals(By.OP)
    assert sum(total.share for total in totals) == pytest.approx(1.0)
    assert [total.seconds for total in totals] == sorted((total.seconds for total in totals), reverse=True)


def test_views_make_no_bytes_and_a_change_in_place_none_again() -> None:
    found = lines(Tape.of(handmade()), By.OP)
    assert (found["mul"].results, found["view"].results, found["add_"].results) == (40 + 24, 0, 0)
    assert found["mul"].kept == 40


def test_modules_are_those_of_the_innermost_call_and_a_leaf_belongs_to_its_owner() -> None:
    found = lines(Tape.of(handmade()), By.MODULE)
    assert {name: (total.ops, total.steps) for name, total in found.items()} == {"fc": (1, 3), "Net": (1, 0), "": (2, 0)}


def test_devices_are_those_of_the_results_and_of_the_gradients() -> None:
    found = lines(Tape.of(handmade()), By.DEVICE)
    assert {name: (total.ops, total.steps) for name, total in found.items()} == {"cpu": (3, 3), "cuda:0": (1, 0)}


def test_a_line_knows_how_its_ops_and_nodes_are_called() -> None:
    tally = Tally(Tape.of(handmade()))
    mul = next(total for total in tally.totals(By.OP) if total.name == "mul")
    assert tally.names(mul) == ["MulBackward0", "mul"]


@pytest.mark.parametrize("by", list(By))
def test_a_tape_without_anything_has_no_lines(by: By) -> None:
    assert Tally(Tape.of([])).totals(by) == []


@pytest.mark.parametrize("by", list(By))
def test_every_op_and_every_node_is_in_one_line(by: By, tmp_path: Any) -> None:
    recorder = Recorder(Writer(tmp_path / "a.gst"))
    with recording(recorder):
        net = gs.nn.Sequential(gs.nn.Linear(4, 4), gs.nn.ReLU(), gs.nn.Linear(4, 2))
        net(gs.randn(3, 4)).sum().backward()
    recorder.close()
    tape = Tape.open(tmp_path / "a.gst")
    totals = Tally(tape).totals(by)
    assert sorted(id for total in totals for id in total.op_ids.tolist()) == sorted(tape.ops)
    assert sorted(id for total in totals for id in total.node_ids.tolist()) == sorted(tape.nodes)
    assert sum(total.steps for total in totals) == len(list(tape.events.of_kind(NodeEnter)))
    assert all(total.forward >= 0 and total.backward >= 0 for total in totals)
    assert sum(total.forward for total in totals) == pytest.approx(sum(op.duration for op in tape.ops.values()))


def test_the_lines_as_values_and_as_a_table() -> None:
    totals = Tally(Tape.of(handmade())).totals(By.MODULE)
    rows = list(csv.DictReader(io.StringIO(as_csv(totals, By.MODULE))))
    assert [row["module"] for row in rows] == [total.name for total in totals]
    assert float(rows[0]["forward_s"]) + float(rows[0]["backward_s"]) == pytest.approx(totals[0].seconds)
    assert json.loads(json.dumps(as_facts(totals, By.MODULE)))["lines"][0]["name"] == totals[0].name
    said = as_text(totals, By.MODULE).splitlines()
    assert said[0].split()[0] == "module"
    assert any(line.startswith("(none)") for line in said)


def test_a_name_that_a_table_program_would_run_is_written_as_text() -> None:
    tape = Tape.of([Tensor(1, CPU, 1), Op(1, "=1+1", (), (Val(1, 0),), (None,), ())])
    assert "'=1+1" in as_csv(Tally(tape).totals(By.OP), By.OP)


@pytest.mark.parametrize("growths", [1, 3, 50])
def test_a_tape_that_grows_between_two_pieces_is_summed_up_as_it_is_in_the_end(tmp_path: Any, growths: int) -> None:
    writer = Writer(str(tmp_path / "run.gst"))
    recorder = Recorder(writer)
    weight = gs.ones(4, requires_grad=True)

    def grow() -> None:
        with recording(recorder):
            (weight * weight).exp().sum().backward()
        recorder.flush()

    grow()
    tape = Tape.open(str(tmp_path / "run.gst"))
    pieces, found = Tally.in_pieces(tape), None
    while found is None:
        found = next(pieces)
        if growths and found is None:
            growths -= 1
            weight = gs.ones(growths + 5, requires_grad=True)  # of another shape
            grow()
            tape.poll()
    for by in By:
        assert as_facts(found.totals(by), by) == as_facts(Tally(tape).totals(by), by)
    tape.close()
    recorder.close()
