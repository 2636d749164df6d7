"""What can be folded: module calls, loops, parts."""

import networkx as nx
import numpy as np
import pytest

from gradstep.engine.tape.outline import outline_of
from gradstep.gui.folding import Folds, grouped, way_to
from gradstep.gui.folding.groups import CROWD, FITS, MOST


def titles(groups, depth: int) -> list[str]:
    return [title for title, deep in zip(groups.titles, groups.depth.tolist(), strict=True) if deep == depth]


def chain(labels: list[str], calls=()) -> nx.DiGraph:
    """Backward nodes one after the other; the first is the loss, as in a tape."""
    graph = nx.DiGraph(calls=dict(calls))
    for place, label in enumerate(labels):
        graph.add_node(
            ("node", len(labels) - place), label=label, detail="", kind="function", op=label, sequence=len(labels) - place, calls=(),
            path="", hooks=0, shape=(2,), line=None, name="",
        )  # fmt: skip
        if place:
            graph.add_edge(("node", len(labels) - place + 1), ("node", len(labels) - place), slots=[], kind="gradient")
    return graph


def test_repeated_blocks_are_a_loop_with_a_name_and_a_number(graphs):
    groups = grouped(outline_of(graphs.transformer(12).backward()))
    assert sorted(titles(groups, 1)) == ["blocks", "lm_head"]
    loop = groups.titles.index("blocks")
    assert groups.repeats[loop] == 12
    assert groups.types[loop] == "Block"
    assert sorted(titles(groups, 2)) == sorted(f"blocks.{k}" for k in range(12))


def test_an_unrolled_loop_without_modules_is_found_by_its_ops():
    groups = grouped(outline_of(chain(["Sum"] + ["Tanh", "Add", "Mul"] * 10 + ["Exp"])))
    (loop,) = np.flatnonzero(groups.depth == 1).tolist()
    assert groups.repeats[loop] == 10
    assert set(groups.titles[loop].split(", ")) == {"Mul", "Add", "Tanh"}
    assert groups.nodes[loop] == 30
    assert (groups.depth == 2).sum() == 10  # one group a turn


@pytest.mark.parametrize("count", [2 * CROWD, 5_000])
def test_a_graph_that_is_crowded_is_put_into_parts(count):
    random = np.random.default_rng(0)
    groups = grouped(outline_of(chain([f"Op{k}" for k in random.permutation(count)])))
    assert any(title.startswith("part 1 to ") for title in titles(groups, 1))
    for depth in range(groups.deepest + 1):
        own = np.bincount(groups.owner, minlength=len(groups)) + np.bincount(groups.parent[1:], minlength=len(groups))
        assert own[groups.depth == depth].max() <= CROWD
    assert groups.nodes[np.flatnonzero(groups.depth == 1)].sum() == count


def test_a_parameter_belongs_where_all_who_use_it_are(graphs):
    graph = graphs.rnn(30).backward()
    outline = outline_of(graph)
    groups = grouped(outline)
    shared = [key for key, data in graph.nodes(data=True) if data["kind"] == "accumulate" and graph.in_degree(key) > 3]
    assert shared
    for key in shared:
        (around,) = [way_to(groups, key)]
        assert [name[0] for name in around if isinstance(name, tuple)] == ["loop"]


def test_graphs_open_folded_to_a_depth_that_fits(graphs):
    small, large = (grouped(outline_of(graphs.transformer(blocks).backward())) for blocks in (2, 60))
    assert small.fitting() == small.deepest
    assert large.seen(large.deepest) > FITS
    assert large.seen(large.fitting()) <= FITS
    assert large.seen(large.fitting() + 1) > FITS


def test_everything_is_opened_only_as_far_as_it_can_be_drawn(monkeypatch, graphs):
    groups = grouped(outline_of(graphs.transformer(12).backward()))
    assert groups.depth_of(Folds(1_000_000)) == groups.deepest
    monkeypatch.setattr("gradstep.gui.folding.groups.MOST", 100)
    assert groups.seen(groups.depth_of(Folds(1_000_000))) <= 100
    assert MOST > 100


@pytest.mark.parametrize("folds", [Folds(0), Folds(2), Folds(1).open([2]), Folds(9).close([2])], ids=str)
def test_what_is_shut_lies_in_nothing_that_is_shut(graphs, folds):
    groups = grouped(outline_of(graphs.transformer(4).backward()))
    shut = groups.shut(folds)
    for group in range(1, len(groups)):
        outermost = int(shut[group])
        if outermost >= 0:
            assert outermost in groups.path(group)
            assert shut[groups.parent[outermost]] == -1


def test_the_way_to_a_node_is_open_but_for_what_the_user_folded(graphs):
    graph = graphs.transformer(4).backward()
    groups = grouped(outline_of(graph))
    deep = next(key for key, data in graph.nodes(data=True) if len(data["calls"]) == 4)
    way = way_to(groups, deep)
    assert (groups.shut(Folds(0).around(deep))[[groups.number[name] for name in way]] == -1).all()
    folded = Folds(0).close([way[-1]]).around(deep)
    assert groups.shut(folded)[groups.number[way[-1]]] == groups.number[way[-1]]
