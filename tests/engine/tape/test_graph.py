"""The graphs of a tape: who made what, where gradients flow, and all that a canvas wants to know of a node."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest

from gradstep.engine.tape.graph import EDGE_ATTRIBUTES, NODE_ATTRIBUTES, backward_graph, combined_graph, forward_graph
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder
from gradstep.engine.tape.schema import HookKind, NodeKind
from gradstep.engine.tape.sinks import ListSink

from .handmade import HandNode, HandTensor, Square, leaf_node


def network() -> Tape:
    """``relu(x @ w)`` in modules, then ``mul`` with itself, then two passes."""
    sink = ListSink()
    recorder = Recorder(sink)
    x = HandTensor(np.ones((4, 8), np.float32))
    w = HandTensor(np.ones((8, 2), np.float32), requires_grad=True, name="fc.weight")
    outer = recorder.enter_call("", "Net")
    inner = recorder.enter_call("fc", "Linear")
    h = HandTensor(x._data @ w._data, requires_grad=True, is_leaf=False)
    leaf = leaf_node(w)
    mm = HandNode("MmBackward0", [h], [None, (leaf, 0)])
    recorder.op("mm", [x, w], [h], mm, {}, recorder.clock())
    recorder.leave_call(inner)
    y = HandTensor(h._data * h._data, requires_grad=True, is_leaf=False)
    mul = HandNode("MulBackward0", [y], [(mm, 0), (mm, 0)])
    recorder.op("mul", [h, h], [y], mul, {}, recorder.clock())
    recorder.leave_call(outer)
    run = recorder.run_begin([(mul, 0)], [y], [mul, mm, leaf], False, False, True)
    recorder.grad_added(run, None, (mul, 0), y)
    recorder.hook_called(run, HookKind.TENSOR, 1, print, [y], [y], node=leaf, tensor=w)
    recorder.hook_called(run, HookKind.NODE_PRE, 2, print, [y], [y], node=mm)
    recorder.op("inside", [y], [HandTensor(np.ones(1))], None, {}, 0.0)  # what the walk computes is no forward op
    recorder.run_end(run)
    Square(recorder).backward()
    recorder.flush()
    return Tape.of(sink.records)


def by_label(graph: Any, label: str) -> Any:
    [key] = [key for key, found in graph.nodes(data="label") if found == label]
    return key


def labels(graph: Any) -> set[tuple[str, str]]:
    return {(graph.nodes[a]["label"], graph.nodes[b]["label"]) for a, b in graph.edges}


def test_the_forward_graph_leads_from_inputs_to_results() -> None:
    tape = network()
    graph = forward_graph(tape, next(iter(tape.runs)))
    assert labels(graph) == {("input", "mm"), ("fc.weight", "mm"), ("mm", "mul")}
    assert graph.edges[by_label(graph, "mm"), by_label(graph, "mul")]["slots"] == [(0, 0), (0, 1)]
    assert {kind for *_, kind in graph.edges(data="kind")} == {"data"}
    assert nx.is_directed_acyclic_graph(graph)


def test_without_a_run_it_holds_every_op_but_those_of_the_walk() -> None:
    graph = forward_graph(network())
    assert sorted(label for key, label in graph.nodes(data="label") if key[0] == "op") == ["mm", "mul", "mul"]


def test_an_op_knows_its_module_shape_and_line() -> None:
    graph = forward_graph(network())
    node = graph.nodes[by_label(graph, "mm")]
    assert (node["detail"], node["shape"], node["path"], len(node["calls"])) == ("4x2", (4, 2), "fc", 2)
    assert node["kind"] == "op"
    file, line = node["line"]
    assert file == __file__
    assert line > 0


def test_a_parameter_belongs_to_the_module_that_uses_it() -> None:
    graph = forward_graph(network())
    leaf, data = by_label(graph, "fc.weight"), by_label(graph, "input")
    assert (graph.nodes[leaf]["kind"], graph.nodes[leaf]["name"], graph.nodes[leaf]["path"]) == ("leaf", "fc.weight", "fc")
    assert (graph.nodes[data]["kind"], graph.nodes[data]["calls"]) == ("input", ())
    assert graph.nodes[leaf]["hooks"] == 1


def test_the_backward_graph_leads_along_the_gradients() -> None:
    tape = network()
    graph = backward_graph(tape, next(iter(tape.runs)))
    assert labels(graph) == {("Mul", "Mm"), ("Mm", "AccumulateGrad")}
    edge = graph.edges[by_label(graph, "Mul"), by_label(graph, "Mm")]
    assert (edge["slots"], edge["kind"]) == ([(0, 0), (1, 0)], "gradient")
    leaf = graph.nodes[by_label(graph, "AccumulateGrad")]
    assert (leaf["kind"], leaf["name"], leaf["detail"], leaf["path"], leaf["hooks"]) == ("accumulate", "fc.weight", "8x2", "fc", 1)
    mm = graph.nodes[by_label(graph, "Mm")]
    assert (mm["kind"], mm["op"], mm["hooks"], mm["path"]) == ("function", "mm", 1, "fc")
    assert mm["sequence"] < graph.nodes[by_label(graph, "Mul")]["sequence"]


def test_both_together_are_linked() -> None:
    tape = network()
    graph = combined_graph(tape, next(iter(tape.runs)))
    links = {(graph.nodes[a]["label"], graph.nodes[b]["label"]) for a, b, kind in graph.edges(data="kind") if kind == "link"}
    assert links == {("mm", "Mm"), ("mul", "Mul"), ("fc.weight", "AccumulateGrad")}


@pytest.mark.parametrize("make", [forward_graph, backward_graph, combined_graph])
def test_every_node_and_edge_has_every_attribute(make: Any) -> None:
    graph = make(network())
    assert len(graph) > 0
    assert all(set(data) == set(NODE_ATTRIBUTES) for _, data in graph.nodes(data=True))
    assert all(set(data) == set(EDGE_ATTRIBUTES) for *_, data in graph.edges(data=True))


@pytest.mark.parametrize(("kind", "word"), [(kind, kind.name.lower()) for kind in NodeKind if kind != NodeKind.ACCUMULATE])
def test_kinds_have_words(kind: NodeKind, word: str) -> None:
    sink = ListSink()
    recorder = Recorder(sink)
    out = HandTensor([1.0], requires_grad=True, is_leaf=False)
    recorder.op("Mine", [], [out], HandNode("MineBackward", [out], [], kind=kind), {}, 0.0)
    graph = backward_graph(Tape.of(sink.records))
    assert [data for _, data in graph.nodes(data="kind")] == [word]
    assert [data for _, data in graph.nodes(data="label")] == ["Mine"]


def test_every_graph_brings_the_module_calls_that_its_nodes_name() -> None:
    tape = network()
    for graph in (forward_graph(tape), backward_graph(tape), combined_graph(tape)):
        calls = graph.graph["calls"]
        assert {(call.path, call.type) for call in calls.values()} == {("", "Net"), ("fc", "Linear")}
        assert {call for _, data in graph.nodes(data=True) for call in data["calls"]} <= calls.keys()
