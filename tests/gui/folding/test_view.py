"""Folding is a contraction: nothing is lost, nothing is in two places, and no cycle comes of it."""

import random

import networkx as nx
import pytest

from gradstep.engine.tape.outline import outline_of
from gradstep.gui.folding import Folds, fold, grouped

MODELS = ["mlp", "transformer", "rnn"]


def folded(graph, folds):
    return fold(grouped(outline_of(graph)), folds, graph.nodes.__getitem__, lambda a, b: graph.edges[a, b]["slots"])


def some_folds(graph, seed) -> Folds:
    """Groups opened and folded at random."""
    rand = random.Random(seed)
    groups = grouped(outline_of(graph))
    names = groups.names[1:]
    folds = Folds(rand.randrange(groups.deepest + 1))
    return folds.open(rand.sample(names, len(names) // 3)).close(rand.sample(names, len(names) // 4))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("view", ["backward", "forward", "combined"])
def test_unfolded_it_is_the_graph_itself(graphs, model, view):
    graph = getattr(getattr(graphs, model)(6), view)()
    whole = folded(graph, Folds(99))
    assert set(whole) == set(graph)
    assert {(a, b): data["kind"] for a, b, data in whole.edges(data=True)} == {
        (a, b): data["kind"] for a, b, data in graph.edges(data=True)
    }
    for key, data in whole.nodes(data=True):
        assert data["label"] == graph.nodes[key]["label"]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("view", ["backward", "forward"])
@pytest.mark.parametrize("model", MODELS)
def test_a_folded_graph_has_no_cycle_and_each_node_one_place(graphs, model, view, seed):
    graph = getattr(getattr(graphs, model)(8), view)()
    seen = folded(graph, some_folds(graph, seed))
    assert nx.is_directed_acyclic_graph(seen)
    keys, inside = list(seen), seen.graph["inside"]
    nodes = {key: data["nodes"] for key, data in seen.nodes(data=True) if data["kind"] == "group"}
    held = dict.fromkeys(nodes, 0)
    for key in graph:
        if isinstance(key[1], int):
            shown = keys[inside[key[0]][key[1]]]
            assert shown == key or shown in nodes
            if shown in held:
                held[shown] += 1
    for key, number in held.items():
        assert number >= 1, key


def test_edges_of_the_inside_end_at_the_group(graphs):
    graph = graphs.transformer(6).backward()
    seen = folded(graph, Folds(0))
    loop = next(key for key, data in seen.nodes(data=True) if data["kind"] == "group" and data["repeats"] == 6)
    (before,), (after,) = seen.predecessors(loop), seen.successors(loop)
    assert seen.nodes[before]["label"] == "NativeLayerNorm" or graph.nodes[before]["op"] == "layer_norm"
    assert graph.nodes[after]["op"] == "add"
    assert seen.edges[before, loop]["kind"] == "gradient"


def test_a_parameter_of_folded_groups_alone_is_not_drawn(graphs):
    graph = graphs.rnn(30).backward()
    seen = folded(graph, Folds(1))
    assert all(data["kind"] != "accumulate" or seen.in_degree(key) for key, data in seen.nodes(data=True))
    assert not [1 for key, data in seen.nodes(data=True) if data["kind"] == "accumulate" and any(k[0] == "group" for k in seen.pred[key])]


def test_the_order_of_what_is_seen_does_not_depend_on_what_is_folded(graphs):
    graph = graphs.transformer(6).backward()
    whole = {key: place for place, key in enumerate(folded(graph, Folds(99)))}
    for seed in range(6):
        places = [whole[key] for key in folded(graph, some_folds(graph, seed)) if key in whole and graph.nodes[key]["kind"] != "accumulate"]
        assert places == sorted(places)


def test_a_group_that_would_make_a_cycle_stays_open(graphs):
    graph = graphs.mlp(4).backward()
    # a module whose two calls were noted as one: what runs between them would be before and after it
    inner = [key for key, data in graph.nodes(data=True) if data["op"] in ("relu", "addmm")]
    path = graph.graph["calls"]
    first = next(iter(path))
    for key in inner[::2]:
        graph.nodes[key]["calls"] = (99,)
    graph.graph["calls"] = {**path, 99: type(path[first])(id=99, path="again", type="Again", parent=None)}
    seen = folded(graph, Folds(0))
    assert nx.is_directed_acyclic_graph(seen)
    assert ("group", 99) not in seen
