"""The facts of a node are those of the moment: nothing is known of a node before it ran."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from gradstep.gui.graph.picture import Shown
from gradstep.gui.models.node_facts import Fact, FactBoard

from ..looked import Looked, looked_at, network


@pytest.fixture
def looked(qtbot: QtBot) -> Looked:
    return looked_at(qtbot, network())


def board(looked: Looked, position: int | None = None) -> FactBoard:
    if position is not None:
        looked.model.move_to(position)
    assert looked.model.reader is not None
    made = FactBoard(looked.model.reader)
    made.move_to(looked.model.state, looked.model.run)
    return made


def test_the_norm_of_a_node_is_that_of_the_gradient_that_arrived(looked: Looked) -> None:
    facts = board(looked).facts(looked.node("TanhBackward"))
    row = looked.model.history.step_of(looked.model.run, looked.node("TanhBackward")[1])
    assert row is not None
    assert looked.model.reader is not None
    entered = looked.model.reader.entered(row)
    assert entered is not None
    (val,) = entered.grads
    assert val is not None
    value = looked.tape.value(val)
    assert value is not None
    assert facts.norm == pytest.approx(float(np.linalg.norm(value)))
    assert facts.range == (pytest.approx(float(value.min())), pytest.approx(float(value.max())))
    assert facts.largest == pytest.approx(float(np.abs(value).max()))
    assert facts.bad == 0


def test_nothing_is_known_of_a_node_before_it_ran(looked: Looked) -> None:
    tanh = looked.node("TanhBackward")
    before = board(looked, looked.entered(tanh) - 1).facts(tanh)
    assert [math.isnan(before.number_of(fact)) for fact in (Fact.NORM, Fact.RANGE, Fact.TIME, Fact.NANS)] == [True] * 4
    assert before.device == "cpu"
    after = board(looked, looked.entered(tanh)).facts(tanh)
    assert after.norm > 0
    assert math.isnan(after.duration)  # it is running
    assert board(looked, looked.model.last).facts(tanh).duration > 0


def test_an_op_has_the_norm_of_the_gradient_of_its_result(looked: Looked) -> None:
    facts = board(looked)
    assert facts.facts(looked.op("tanh")).norm == facts.facts(looked.node("TanhBackward")).norm
    assert facts.facts(looked.op("tanh")).largest <= 1.0
    assert facts.facts(looked.op("tanh")).memory == 16 * 8 * 4
    assert facts.facts(looked.op("tanh")).duration > 0


def test_a_view_takes_no_memory(looked: Looked) -> None:
    assert board(looked).facts(looked.op("t")).memory == 0


def test_a_node_keeps_its_bytes_until_they_are_freed(looked: Looked) -> None:
    tanh = looked.node("TanhBackward")
    assert board(looked, looked.entered(tanh)).facts(tanh).memory == 16 * 8 * 4
    assert board(looked, looked.model.last).facts(tanh).memory == 0


def test_a_leaf_has_its_stored_gradient(looked: Looked) -> None:
    name = next(tensor.name for tensor in looked.tape.tensors.values() if tensor.name.endswith("weight"))
    leaf = looked.leaf(name)
    facts = board(looked).facts(leaf)
    assert facts.norm > 0
    assert facts.module == name.rpartition(".")[0]
    assert math.isnan(board(looked, 0).facts(leaf).norm)


def test_nans_are_counted(qtbot: QtBot) -> None:
    looked = looked_at(qtbot, network(poison=True))
    facts = board(looked)
    assert facts.facts(looked.op("tanh")).bad == 16 * 8
    assert facts.facts(looked.node("TanhBackward")).nans == 16 * 8


def test_the_facts_of_a_forward_graph_are_asked_the_same_way(qtbot: QtBot) -> None:
    looked = looked_at(qtbot, network(), Shown.FORWARD)
    facts = board(looked)
    for key in looked.canvas.graph:
        assert facts.facts(key).name
        for fact in Fact:
            facts.facts(key).number_of(fact)
            facts.facts(key).name_of(fact)
