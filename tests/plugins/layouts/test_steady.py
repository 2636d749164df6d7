"""Opening and folding groups moves the rest by rigid shifts and changes no order, on random graphs."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path

import networkx as nx
import pytest

from gradstep.plugins.layouts import layered_layout

_SPEC = importlib.util.spec_from_file_location("layered_promises", Path(__file__).with_name("test_layered.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
promises = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(promises)

SEEDS = range(60)
NEAR = 1e-3


def folded_view(graph, sizes, groups, small, shut):
    """The graph with the groups in ``shut`` folded: sizes, paths and what stands for which group."""
    shown, closed = {}, {}
    for key in graph:
        cut = next((place for place, name in enumerate(groups[key]) if name in shut), None)
        shown[key] = key if cut is None else ("folded", groups[key][cut])
        if cut is not None:
            closed[shown[key]] = groups[key][cut]
    view = nx.DiGraph()
    paths, boxes = {}, {}
    for key in graph:  # a folded group comes where its first node would
        view.add_node(shown[key])
        name = closed.get(shown[key])
        boxes[shown[key]] = sizes[key] if name is None else small[name]
        paths[shown[key]] = groups[key] if name is None else groups[key][: groups[key].index(name)]
    view.add_edges_from((shown[a], shown[b]) for a, b in graph.edges if shown[a] != shown[b])
    return view, boxes, paths, closed


def case(seed):
    graph, sizes, groups = promises.random_graph(seed)
    rand = random.Random(seed)
    names = sorted({name for path in groups.values() for name in path})
    small = {name: (rand.choice((80.0, 120.0, 200.0)), 52.0) for name in names}
    return graph, sizes, groups, small, names, rand


def drawn(graph, sizes, groups, small, shut):
    view, boxes, paths, closed = folded_view(graph, sizes, groups, small, shut)
    return layered_layout(view, boxes, groups=paths, folded=small, closed=closed), view, boxes, paths


def places(layout, boxes, paths, closed_names):
    """For each group (None: all) what stands in it: {what: (left, top, right, bottom)}; a group is itself, folded or open."""
    found = {}
    for key, path in paths.items():
        name = key[1] if isinstance(key, tuple) else None
        what = ("group", name) if name is not None else key
        found.setdefault(path[-1] if path else None, {})[what] = promises.box(layout, boxes, key)
    for path in set(paths.values()):
        for place, name in enumerate(path):
            found.setdefault(path[place - 1] if place else None, {})[("group", name)] = promises.corners(layout.groups[name])
    return found


def middle(rect):
    return ((rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_steady_drawing_keeps_every_promise_whatever_is_folded(seed):
    graph, sizes, groups, small, names, rand = case(seed)
    for _ in range(3):
        shut = {name for name in names if rand.random() < 0.5}
        layout, view, boxes, paths = drawn(graph, sizes, groups, small, shut)
        assert set(layout.edges) == set(view.edges)
        assert set(layout.groups) == {name for path in paths.values() for name in path}
        promises.assert_sound(layout, view, boxes, paths)


@pytest.mark.parametrize("seed", SEEDS)
def test_opening_a_group_moves_the_rest_rigidly_and_flips_nothing(seed):
    graph, sizes, groups, small, names, rand = case(seed)
    if not names:
        pytest.skip("a graph without groups")
    for _ in range(4):
        shut = {name for name in names if rand.random() < 0.6}
        opened = rand.choice(names)
        before_layout, _, before_boxes, before_paths = drawn(graph, sizes, groups, small, shut | {opened})
        after_layout, _, after_boxes, after_paths = drawn(graph, sizes, groups, small, shut - {opened})
        before = places(before_layout, before_boxes, before_paths, shut)
        after = places(after_layout, after_boxes, after_paths, shut)
        around = {name for path in groups.values() if opened in path for name in path[: path.index(opened)]}
        for name in before.keys() & after.keys():
            same = [what for what in before[name] if what in after[name]]
            moved = {
                what: tuple(b - a for a, b in zip(middle(before[name][what]), middle(after[name][what]), strict=True)) for what in same
            }
            if name is not None and name not in around and name != opened:
                # what is neither around the group nor in it moves as one
                assert len({(round(dx, 2), round(dy, 2)) for dx, dy in moved.values()}) <= 1
            still = [what for what in same if what not in {("group", other) for other in (*around, opened)}]
            for one in still:
                for other in still:
                    a, b, c, d = before[name][one], before[name][other], after[name][one], after[name][other]
                    if min(a[3], b[3]) - max(a[1], b[1]) > NEAR and a[2] <= b[0] + NEAR:  # side by side
                        assert c[2] <= d[0] + NEAR, "an order was flipped"
                    if a[3] <= b[1] + NEAR and min(a[2], b[2]) - max(a[0], b[0]) > NEAR:  # one above the other
                        assert c[3] <= d[1] + NEAR or not (min(c[2], d[2]) - max(c[0], d[0]) > NEAR)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_drawing_does_not_depend_on_how_it_came_about(seed):
    graph, sizes, groups, small, names, rand = case(seed)
    shut = {name for name in names if rand.random() < 0.5}
    one, _, _, _ = drawn(graph, sizes, groups, small, shut)
    other, _, _, _ = drawn(graph, sizes, groups, small, shut)
    assert one == other


def test_a_row_of_boxes_makes_room_to_both_sides_of_what_opens():
    graph = nx.DiGraph([("top", k) for k in range(3)] + [(k, "end") for k in range(3)] + [(1, "inner"), ("inner", "end")])
    sizes = dict.fromkeys(graph, (100.0, 40.0))
    groups = {key: ("g",) if key in (1, "inner") else () for key in graph}
    small = {"g": (100.0, 52.0)}
    folded, _, _, _ = drawn(graph, sizes, groups, small, {"g"})
    opened, _, _, _ = drawn(graph, sizes, groups, small, set())
    for layout, box in ((folded, ("folded", "g")), (opened, 1)):
        xs = {0: layout.positions[0][0], 1: layout.positions[box][0], 2: layout.positions[2][0]}
        assert len(set(xs.values())) == 3
    before = sorted([0, 1, 2], key=lambda k: folded.positions[("folded", "g") if k == 1 else k][0])
    assert before == sorted([0, 1, 2], key=lambda k: opened.positions[k][0])


def test_a_group_without_a_folded_size_is_named():
    graph = nx.DiGraph([(1, 2)])
    with pytest.raises(ValueError, match="folded has no size for the group 'g'"):
        layered_layout(graph, dict.fromkeys(graph, (10.0, 10.0)), groups={1: ("g",), 2: ()}, folded={})


# ----------------------------------------------------------------------------------------------------------------- columns


def long_chain(count=60, inner=4):
    """Groups one after the other, each a short chain beside a link that passes it; a parameter chip here and there."""
    graph, groups = nx.DiGraph(), {}
    before = None
    for number in range(count):
        keys = [(number, k) for k in range(inner)]
        nx.add_path(graph, keys)
        groups.update(dict.fromkeys(keys, (f"g{number}",)))
        graph.add_edge(keys[0], keys[-1])
        if before is not None:
            graph.add_edge(before, keys[0])
        before = keys[-1]
    sizes = dict.fromkeys(graph, (90.0, 40.0))
    return graph, sizes, groups, {f"g{number}": (140.0, 52.0) for number in range(count)}


def in_columns(graph, sizes, groups, small, shut):
    view, boxes, paths, closed = folded_view(graph, sizes, groups, small, shut)
    return layered_layout(view, boxes, groups=paths, folded=small, closed=closed, columns=True), view, boxes, paths


@pytest.mark.parametrize("seed", range(6))
def test_a_long_sequence_stands_in_columns_with_nothing_in_the_way(seed):
    graph, sizes, groups, small = long_chain()
    rand = random.Random(seed)
    shut = {name for name in small if seed == 0 or rand.random() < 0.7}
    plain, _, _, _ = drawn(graph, sizes, groups, small, shut)
    layout, view, boxes, paths = in_columns(graph, sizes, groups, small, shut)
    assert layout.size[1] < plain.size[1] / 4
    rects = {key: promises.box(layout, boxes, key) for key in view}
    keys = list(view)
    for place, one in enumerate(keys):
        assert promises.inside(rects[one], (0, 0, *layout.size))
        assert not [other for other in keys[place + 1 :] if promises.overlap(rects[one], rects[other])]
    for (source, target), points in layout.edges.items():
        assert points[0][1] == pytest.approx(rects[source][3])
        assert points[-1][1] == pytest.approx(rects[target][1])
        for piece in promises.pieces(points):
            assert not [key for key in keys if promises.touches(piece, rects[key])]
            strange = [name for name, rect in layout.groups.items() if name not in paths[source] + paths[target]
                       and promises.touches(piece, promises.corners(rect))]  # fmt: skip
            assert strange == []


@pytest.mark.parametrize("opened", ["g0", "g7", "g31", "g59"])
def test_opening_a_group_leaves_the_columns_before_it_and_moves_the_rest_alike(opened):
    graph, sizes, groups, small = long_chain()
    before, _, _, _ = in_columns(graph, sizes, groups, small, set(small))
    after, _, _, _ = in_columns(graph, sizes, groups, small, set(small) - {opened})
    moves = {
        key: tuple(round(b - a, 3) for a, b in zip(before.positions[key], after.positions[key], strict=True))
        for key in before.positions
        if key in after.positions
    }
    assert len(set(moves.values())) <= 4  # before it, below it, in the columns to its right, and the rest of its own column
    columns = {}
    for key, (x, y) in before.positions.items():
        columns.setdefault(round(x), []).append((y, key))
    for column in columns.values():
        order = [key for _, key in sorted(column) if key in after.positions]
        assert order == sorted(order, key=lambda key: after.positions[key][1])


def test_short_drawings_stay_in_one_piece():
    graph, sizes, groups, small = long_chain(6)
    for shut in (set(), set(small)):
        assert in_columns(graph, sizes, groups, small, shut)[0] == drawn(graph, sizes, groups, small, shut)[0]
