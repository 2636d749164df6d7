"""A graph that grows keeps the order of what is drawn, and what opens then moves the rest by rigid shifts as ever."""

from __future__ import annotations

import importlib.util
import random
from itertools import combinations, pairwise
from pathlib import Path

import networkx as nx
import pytest

from gradstep.plugins.layouts import layered_layout

_SPEC = importlib.util.spec_from_file_location("layered_promises", Path(__file__).with_name("test_layered.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
promises = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(promises)

SEEDS = range(40)
SIZE = (90.0, 40.0)
SMALL = (160.0, 52.0)


def growth(seed, grouped=False):
    """A graph as backward graphs grow: node by node, each with edges to earlier ones, in nested intervals; and its paths."""
    rand = random.Random(seed)
    edges, paths = [], {0: ()}
    for node in range(1, rand.randint(8, 45)):
        reach = range(max(0, node - rand.choice((3, 8, 40))), node)
        edges += [(node, other) for other in rand.sample(reach, min(len(reach), rand.choice((1, 1, 2, 3))))]
        paths[node] = (f"g{node // 9}", f"h{node // 3}")[: rand.choice((0, 1, 2))] if grouped else ()
    if grouped:  # intervals: a path holds for whole spans
        paths = {node: (f"g{node // 9}", f"h{node // 3}") if node // 9 % 2 else (f"g{node // 9}",) for node in paths}
    return edges, paths, rand


def drawn(edges, paths, upto, before, shut=frozenset()):
    """The graph of the first nodes, newest first as the loss is, with these groups folded."""
    shown, closed = {}, {}
    for node in range(upto):
        cut = next((place for place, name in enumerate(paths[node]) if name in shut), None)
        shown[node] = node if cut is None else ("folded", paths[node][cut])
        if cut is not None:
            closed[shown[node]] = paths[node][cut]
    graph = nx.DiGraph()
    around = {}
    for node in range(upto):
        graph.add_node(shown[node])
        name = closed.get(shown[node])
        around[shown[node]] = paths[node] if name is None else paths[node][: paths[node].index(name)]
    graph.add_edges_from((shown[a], shown[b]) for a, b in edges if a < upto and shown[a] != shown[b])
    sizes = {key: SMALL if key in closed else SIZE for key in graph}
    folded = {name: SMALL for node in range(upto) for name in paths[node]}
    return layered_layout(graph, sizes, groups=around, folded=folded, closed=closed, before=before), graph


def rows(layout, paths, upto):
    """Pairs of boxes of one group that stand beside each other, the left one first."""
    found = set()
    for one, other in combinations([key for key in layout.positions if not isinstance(key, tuple)], 2):
        if paths[one] == paths[other]:
            (x1, y1), (x2, y2) = layout.positions[one], layout.positions[other]
            if abs(y1 - y2) < SIZE[1]:
                found.add((one, other) if x1 < x2 else (other, one))
    return found


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_no_order_inside_a_layer_is_flipped_by_growth(seed, grouped):
    edges, paths, rand = growth(seed, grouped)
    count, memory, seen, upto = len(paths), {}, set(), 2
    while upto < count:
        layout, graph = drawn(edges, paths, upto, memory)
        now = rows(layout, paths, upto)
        assert not {(b, a) for a, b in now} & seen
        seen |= now
        memory = layout.memory
        assert all(layout.positions[a][1] < layout.positions[b][1] for a, b in graph.edges)
        upto += rand.choice((1, 1, 2, 5))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_drawn_moves_by_rigid_shifts(seed):
    edges, paths, rand = growth(seed)
    before, _ = drawn(edges, paths, 2, {})
    for upto in range(3, len(paths), rand.choice((1, 2, 3))):
        after, graph = drawn(edges, paths, upto, before.memory)
        old = sorted(before.positions, key=lambda key: before.positions[key][0])
        moved = {key: tuple(b - a for a, b in zip(before.positions[key], after.positions[key], strict=True)) for key in old}
        for left, right in pairwise(old):  # what is farther right moves as far or farther, what stood above one another alike
            slack = moved[right][0] - moved[left][0]
            assert slack > -0.01
            assert abs(slack) < 0.01 or before.positions[right][0] - before.positions[left][0] > 0.001
        for one, other in combinations(old, 2):
            if abs(before.positions[one][1] - before.positions[other][1]) < 0.01:  # a row stays a row
                assert moved[one][1] == pytest.approx(moved[other][1], abs=0.01)
        promises.assert_sound(after, graph, dict.fromkeys(graph, SIZE), dict.fromkeys(graph, ()))
        before = after


@pytest.mark.parametrize("seed", SEEDS)
def test_what_did_not_grow_is_drawn_as_it_was(seed):
    edges, paths, _ = growth(seed, grouped=True)
    first, _ = drawn(edges, paths, len(paths) // 2, {})
    grown, _ = drawn(edges, paths, len(paths), first.memory)
    again, _ = drawn(edges, paths, len(paths), grown.memory)
    for key, place in grown.positions.items():
        assert again.positions[key] == pytest.approx(place, abs=0.01)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_graph_that_has_grown_opens_and_folds_its_groups_without_flips(seed):
    edges, paths, rand = growth(seed, grouped=True)
    memory = {}
    for upto in sorted({len(paths) // 3, 2 * len(paths) // 3, len(paths)}):
        memory = drawn(edges, paths, max(upto, 2), memory)[0].memory
    names = sorted({name for path in paths.values() for name in path})
    before = None
    for _ in range(4):
        shut = {name for name in names if rand.random() < 0.5}
        layout, _ = drawn(edges, paths, len(paths), memory, shut)
        now = rows(layout, paths, len(paths))
        if before is not None:
            assert not {(b, a) for a, b in now} & before
        before = (before or set()) | now
        memory = layout.memory


def test_a_new_step_stands_straight_above_what_it_continues():
    edges = [(k, k - 1) for k in range(1, 6)]
    paths = dict.fromkeys(range(6), ())
    layout, _ = drawn(edges, paths, 5, {})
    grown, _ = drawn(edges, paths, 6, layout.memory)
    assert len({round(x, 3) for x, _ in grown.positions.values()}) == 1
