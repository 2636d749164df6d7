"""An outline says what the graph of networkx says, without making a record."""

import pytest

import gradstep.engine as torch
from gradstep.engine.tape.graph import attributes_of, backward_graph, combined_graph, forward_graph, slots_between
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.outline import EDGES, backward_outline, outline_of
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder, recording


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
        self.scale = torch.nn.Parameter(torch.ones(2, 3, 1))

    def forward(self, x):
        for _ in range(3):
            y = self.layers(x)
        y.register_hook(lambda grad: grad)
        return (y * self.scale).sum()


@pytest.fixture
def tape(tmp_path):
    recorder = Recorder(writer := Writer(tmp_path / "run.gst"))
    with recording(recorder):
        net = Net()
        for _ in range(2):
            net(torch.ones(3, 4)).backward()
    recorder.close()
    writer.close()
    tape = Tape.open(tmp_path / "run.gst")
    yield tape
    tape.close()


@pytest.mark.parametrize("pass_", [None, 0, 1])
def test_nodes_edges_and_attributes_are_those_of_the_graph(tape, pass_):
    run = None if pass_ is None else list(tape.runs)[pass_]
    graph, outline = backward_graph(tape, run), backward_outline(tape, run)
    keys = [outline.key(number) for number in range(len(outline))]
    assert keys == list(graph)
    assert {(keys[a], keys[b]) for a, b in zip(outline.source.tolist(), outline.target.tolist(), strict=True)} == set(graph.edges)
    for number, (_, data) in enumerate(graph.nodes(data=True)):
        assert outline.labels[int(outline.what[number])] == data["label"]
        assert bool(outline.leaf[number]) == (data["kind"] == "accumulate")
        assert int(outline.hooks[number]) == data["hooks"]
        if not outline.leaf[number]:
            assert int(outline.call[number]) == (data["calls"] or (0,))[-1]
    assert len({int(what) for what in outline.what}) == len({(data["label"], data["detail"]) for _, data in graph.nodes(data=True)})


def test_parameters_are_counted_by_element(tape):
    outline = backward_outline(tape, next(iter(tape.runs)))
    assert sorted(outline.elements[outline.leaf].tolist()) == [2, 4, 6, 8, 16]
    assert not outline.elements[~outline.leaf].any()


@pytest.mark.parametrize("graph_of", [backward_graph, forward_graph, combined_graph])
def test_any_graph_has_an_outline(tape, graph_of):
    graph = graph_of(tape)
    outline = outline_of(graph)
    keys = [outline.key(number) for number in range(len(outline))]
    assert keys == list(graph)
    edges = zip(outline.source.tolist(), outline.target.tolist(), outline.edge_kind.tolist(), strict=True)
    assert {(keys[a], keys[b], EDGES[kind]) for a, b, kind in edges} == set(graph.edges(data="kind"))


def test_the_order_is_that_of_the_ops_so_that_a_call_is_an_interval(tape):
    for outline in (backward_outline(tape), outline_of(combined_graph(tape))):
        for call in outline.calls:
            mine = outline.order[(outline.call == call) & ~outline.leaf & (outline.order > 0)]
            if len(mine):
                others = outline.order[(outline.call != call) & ~outline.leaf]
                inner = [other for other in others.tolist() if mine.min() < other < mine.max()]
                nested = {id for id, (parent, _, _) in outline.calls.items() if parent == call}
                if not nested:
                    assert not inner


def test_one_node_can_be_looked_at_alone(tape):
    graph, attributes = backward_graph(tape), attributes_of(tape)
    for key, data in graph.nodes(data=True):
        alone = attributes(key)
        assert {name: value for name, value in alone.items() if name not in ("calls", "path")} == {
            name: value for name, value in data.items() if name not in ("calls", "path")
        }
    for source, target, slots in graph.edges(data="slots"):
        assert slots_between(tape, source, target) == slots
