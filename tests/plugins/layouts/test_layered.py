"""What every layered drawing promises, on random graphs and on the cases at the edge."""

from __future__ import annotations

import multiprocessing
import random
from itertools import combinations, pairwise

import networkx as nx
import numpy as np
import pytest

from gradstep.plugins.layouts import Layout, dock, layered, layered_layout

SEEDS = range(40)


def random_graph(seed, nodes=None):
    """A DAG of one or more parts with boxes of many sizes, and nested groups that are intervals of a topological order."""
    rand = random.Random(seed)
    count = nodes or rand.randint(2, 60)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(count))
    for target in range(1, count):
        reach = rand.choice((3, 10, count))
        for _ in range(rand.choice((0, 1, 1, 2, 3))):
            graph.add_edge(rand.randrange(max(0, target - reach), target), target)
    sizes = {key: (rand.choice((20, 64, 80, 150)), rand.choice((24, 42, 42, 90))) for key in graph}
    groups = dict.fromkeys(graph, ())
    spans, call = [(0, count, ())], 0
    while spans:
        begin, end, path = spans.pop()
        while begin < end:
            stop = rand.randint(begin + 1, end)
            if rand.random() < 0.5 and len(path) < 4:
                call += 1
                groups.update(dict.fromkeys(range(begin, stop), (*path, call)))
                spans.append((begin, stop, (*path, call)))
            begin = stop
    return graph, sizes, groups


def box(layout, sizes, key):
    (x, y), (w, h) = layout.positions[key], sizes[key]
    return (x - w / 2, y - h / 2, x + w / 2, y + h / 2)


def overlap(a, b, tolerance=1e-3):
    return min(a[2], b[2]) - max(a[0], b[0]) > tolerance and min(a[3], b[3]) - max(a[1], b[1]) > tolerance


def inside(inner, outer, tolerance=1e-3):
    return all(inner[k] >= outer[k] - tolerance for k in (0, 1)) and all(inner[k] <= outer[k] + tolerance for k in (2, 3))


def corners(rect):
    x, y, w, h = rect
    return (x, y, x + w, y + h)


def pieces(points):
    """The rectangles in which an edge may be drawn, from corner to corner."""
    for (x0, y0), (x1, y1) in pairwise(points):
        yield (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def touches(piece, rect, tolerance=1e-3):
    return (
        piece[0] < rect[2] - tolerance
        and piece[2] > rect[0] + tolerance
        and piece[1] < rect[3] - tolerance
        and piece[3] > rect[1] + tolerance
    )


def assert_sound(layout, graph, sizes, groups, chips=()):
    boxes = {key: box(layout, sizes, key) for key in graph}
    assert set(layout.positions) == set(graph)
    assert all(np.isfinite(rect).all() for rect in boxes.values())
    assert all(inside(rect, (0, 0, *layout.size)) for rect in boxes.values())
    overlapping = [(a, b) for a, b in combinations(graph, 2) if overlap(boxes[a], boxes[b])]
    assert overlapping == []
    for (source, target), points in layout.edges.items():
        if source in chips or target in chips:
            continue
        assert points[0][1] == pytest.approx(boxes[source][3])
        assert points[-1][1] == pytest.approx(boxes[target][1])
        assert boxes[source][0] <= points[0][0] <= boxes[source][2]
        assert boxes[target][0] <= points[-1][0] <= boxes[target][2]
        ys = [y for _, y in points]
        assert all(later >= earlier - 1e-6 for earlier, later in pairwise(ys))
        assert ys[-1] > ys[0]
        through = [key for key, rect in boxes.items() if any(touches(piece, rect) for piece in pieces(points))]
        assert through == []
        strange = [
            call
            for call, rect in layout.groups.items()
            if call not in groups[source] and call not in groups[target] and any(touches(p, corners(rect)) for p in pieces(points))
        ]
        assert strange == []
    for call, rect in layout.groups.items():
        members = {key for key, path in groups.items() if call in path}
        for key in graph:
            assert inside(boxes[key], corners(rect)) if key in members else not overlap(boxes[key], corners(rect))
    paths = set(groups.values())
    for (one, first), (two, second) in combinations(layout.groups.items(), 2):
        nested = any(one in path and two in path for path in paths)
        if nested:
            assert inside(corners(first), corners(second)) or inside(corners(second), corners(first))
        else:
            assert not overlap(corners(first), corners(second))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_nested_drawing_keeps_every_promise(seed):
    graph, sizes, groups = random_graph(seed)
    layout = layered_layout(graph, sizes, groups=groups)
    assert set(layout.edges) == set(graph.edges)
    assert set(layout.groups) == {call for path in groups.values() for call in path}
    assert_sound(layout, graph, sizes, groups)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_flat_drawing_keeps_every_promise(seed):
    graph, sizes, _ = random_graph(seed)
    layout = layered_layout(graph, sizes)
    assert set(layout.edges) == set(graph.edges)
    assert_sound(layout, graph, sizes, dict.fromkeys(graph, ()))


def test_links_too_long_for_bends_are_led_around_the_boxes(monkeypatch):
    monkeypatch.setattr("gradstep.plugins.layouts.flat.bend_budget", lambda boxes: 5)
    graph, sizes, groups = random_graph(7, nodes=50)
    layout = layered_layout(graph, sizes, groups=groups)
    assert set(layout.edges) == set(graph.edges)
    assert_sound(layout, graph, sizes, groups)


@pytest.mark.parametrize("direction", ["up", "right", "left"])
def test_other_directions_are_as_sound_as_down(direction):
    graph, sizes, groups = random_graph(3, nodes=30)
    layout = layered_layout(graph, sizes, groups=groups, direction=direction)
    width, height = layout.size
    turned = {
        "up": lambda x, y: (x, height - y),
        "right": lambda x, y: (y, x),
        "left": lambda x, y: (y, width - x),
    }[direction]

    def turned_rect(rect):
        (x0, y0), (x1, y1) = turned(rect[0], rect[1]), turned(rect[2], rect[3])
        return (min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0))

    back = Layout(
        {key: turned(*point) for key, point in layout.positions.items()},
        {call: turned_rect(corners(rect)) for call, rect in layout.groups.items()},
        {edge: [turned(*point) for point in points] for edge, points in layout.edges.items()},
        layout.size if direction == "up" else (height, width),
    )
    upright = sizes if direction == "up" else {key: (h, w) for key, (w, h) in sizes.items()}
    assert_sound(back, graph, upright, groups)


@pytest.mark.parametrize("seed", range(5))
def test_the_same_graph_gives_the_same_drawing(seed):
    graph, sizes, groups = random_graph(seed)
    assert layered_layout(graph, sizes, groups=groups) == layered_layout(graph.copy(), dict(sizes), groups=dict(groups))


def test_layered_gives_the_positions_of_the_layout():
    graph, sizes, groups = random_graph(11)
    assert layered(graph, sizes, groups=groups) == layered_layout(graph, sizes, groups=groups).positions


def test_an_empty_graph_has_an_empty_drawing():
    assert layered(nx.DiGraph(), {}) == {}
    assert layered_layout(nx.DiGraph(), {}) == Layout()


def test_a_single_box_fills_its_drawing():
    graph = nx.DiGraph()
    graph.add_node("only")
    layout = layered_layout(graph, {"only": (80, 40)})
    assert layout.positions == {"only": (40.0, 20.0)}
    assert layout.size == (80.0, 40.0)


def test_a_single_box_in_two_groups_is_inside_both():
    graph = nx.DiGraph()
    graph.add_node("only")
    groups = {"only": ("outer", "inner")}
    layout = layered_layout(graph, {"only": (80, 40)}, groups=groups)
    assert list(layout.groups) == ["outer", "inner"]
    assert_sound(layout, graph, {"only": (80, 40)}, groups)


def test_unconnected_boxes_fill_rows_instead_of_one_long_line():
    graph = nx.empty_graph(400, create_using=nx.DiGraph)
    sizes = dict.fromkeys(graph, (80, 40))
    layout = layered_layout(graph, sizes)
    assert_sound(layout, graph, sizes, dict.fromkeys(graph, ()))
    width, height = layout.size
    assert 0.5 < width / height < 4


def test_unconnected_parts_stand_side_by_side():
    graph = nx.DiGraph([("a", "b"), ("b", "c"), ("x", "y")])
    layout = layered(graph, dict.fromkeys(graph, (80, 40)))
    assert layout["a"][1] == layout["x"][1]
    assert max(layout[key][0] for key in "abc") < min(layout[key][0] for key in "xy")


def test_a_chain_of_ten_thousand_is_one_straight_line():
    graph = nx.path_graph(10_000, create_using=nx.DiGraph)
    layout = layered_layout(graph, dict.fromkeys(graph, (80, 40)))
    assert len({x for x, _ in layout.positions.values()}) == 1
    assert all(len(points) == 2 for points in layout.edges.values())


def test_a_deep_chain_with_a_skip_around_everything_is_drawn():
    graph = nx.path_graph(3_000, create_using=nx.DiGraph)
    graph.add_edges_from((0, k) for k in range(2, 3_000, 7))
    layout = layered_layout(graph, dict.fromkeys(graph, (80, 40)))
    assert len(layout.edges) == graph.number_of_edges()


def test_groups_that_are_nested_hundreds_deep_need_no_recursion():
    graph = nx.path_graph(300, create_using=nx.DiGraph)
    groups = {key: tuple(range(1, key + 1)) for key in graph}
    layout = layered_layout(graph, dict.fromkeys(graph, (80, 40)), groups=groups)
    assert len(layout.groups) == 299


def test_one_box_with_a_thousand_users_is_drawn_as_one_row():
    graph = nx.DiGraph((0, k) for k in range(1, 1_001))
    layout = layered(graph, dict.fromkeys(graph, (80, 40)))
    assert len({layout[k][1] for k in range(1, 1_001)}) == 1
    assert min(layout[k][0] for k in range(1, 1_001)) < layout[0][0] < max(layout[k][0] for k in range(1, 1_001))


def test_a_parameter_stands_one_layer_above_its_only_user():
    graph = nx.path_graph(8, create_using=nx.DiGraph)
    graph.add_edges_from([("weight", "transposed"), ("transposed", 6)])
    layout = layered(graph, dict.fromkeys(graph, (80, 40)))
    assert layout["transposed"][1] == pytest.approx(layout[5][1])
    assert layout["weight"][1] == pytest.approx(layout[4][1])


def test_in_a_group_a_chain_beside_a_skip_stays_straight():
    graph = nx.path_graph(6, create_using=nx.DiGraph)
    graph.add_edge(0, 5)
    layout = layered(graph, dict.fromkeys(graph, (80, 40)), groups=dict.fromkeys(graph, ("block",)))
    assert len({round(x, 6) for x, _ in layout.values()}) == 1


def test_without_groups_a_skip_is_straight_and_so_is_the_chain_beside_it():
    graph = nx.path_graph(6, create_using=nx.DiGraph)
    graph.add_edge(0, 5)
    layout = layered_layout(graph, dict.fromkeys(graph, (80, 40)))
    places = {key: round(x, 6) for key, (x, _) in layout.positions.items()}
    assert len({x for x, _ in layout.edges[0, 5]}) == 1
    assert len({places[key] for key in (1, 2, 3, 4)}) == 1


def test_equal_groups_are_drawn_alike():
    graph = nx.DiGraph()
    groups = {}
    for block in range(6):
        first = 4 * block
        graph.add_edges_from([(first, first + 1), (first, first + 2), (first + 1, first + 3), (first + 2, first + 3)])
        groups.update(dict.fromkeys(range(first, first + 4), (block + 1,)))
        if block:
            graph.add_edge(first - 1, first)
    layout = layered_layout(graph, dict.fromkeys(graph, (80, 40)), groups=groups)
    shapes = set()
    for block in range(6):
        points = np.array([layout.positions[4 * block + k] for k in range(4)])
        shapes.add(tuple((points - points[0]).round(6).ravel()))
    assert len(shapes) == 1
    assert len({round(layout.positions[4 * block][0], 6) for block in range(6)}) == 1


def test_two_links_between_equal_groups_do_not_cross():
    """Residual blocks: the skip and the main path leave one block and enter the next in the same order."""
    graph, groups = nx.DiGraph(), {}
    for block in range(5):
        a, b, c, d = (4 * block + k for k in range(4))
        graph.add_edges_from([(a, b), (b, c), (c, d)])
        groups.update(dict.fromkeys((a, b, c, d), (block + 1,)))
        if block:
            graph.add_edges_from([(a - 1, a), (a - 4, c)])
    layout = layered_layout(graph, dict.fromkeys(graph, (80, 40)), groups=groups)
    assert crossings(layout) == 0


def crossings(layout):
    """Pairs of edge pieces that cross properly."""

    def side(p, q, r):
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    lines = [line for points in layout.edges.values() for line in pairwise(points)]
    return sum(
        side(*one, two[0]) * side(*one, two[1]) < -1e-6 and side(*two, one[0]) * side(*two, one[1]) < -1e-6
        for one, two in combinations(lines, 2)
    )


def test_a_cycle_is_named():
    graph = nx.DiGraph([("in", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("c", "out")])
    with pytest.raises(ValueError, match=r"cycle of 3 nodes: .*'a' -> 'b'.*only acyclic") as caught:
        layered(graph, dict.fromkeys(graph, (80, 40)))
    assert "'in'" not in str(caught.value)


def test_an_edge_from_a_box_to_itself_is_a_cycle():
    with pytest.raises(ValueError, match=r"cycle of 1 nodes: 'a' -> 'a'"):
        layered(nx.DiGraph([("a", "a")]), {"a": (80, 40)})


def test_an_undirected_graph_is_refused():
    with pytest.raises(ValueError, match="undirected"):
        layered(nx.path_graph(3), dict.fromkeys(range(3), (80, 40)))


def test_a_missing_size_is_named():
    with pytest.raises(ValueError, match="no entry for 'b'"):
        layered(nx.DiGraph([("a", "b")]), {"a": (80, 40)})


@pytest.mark.parametrize("size", [(0, 40), (80, -1), (float("nan"), 40), (80, float("inf"))])
def test_a_size_that_is_no_positive_number_is_refused(size):
    with pytest.raises(ValueError, match="the size of 'a'"):
        layered(nx.DiGraph([("a", "b")]), {"a": size, "b": (80, 40)})


def test_an_unknown_direction_is_refused():
    with pytest.raises(ValueError, match="'sideways'"):
        layered(nx.DiGraph([("a", "b")]), dict.fromkeys("ab", (80, 40)), direction="sideways")


def test_a_group_in_two_places_is_refused():
    with pytest.raises(ValueError, match="'g' is inside"):
        layered(nx.DiGraph([("a", "b")]), dict.fromkeys("ab", (80, 40)), groups={"a": ("x", "g"), "b": ("y", "g")})


def test_a_group_that_depends_on_itself_is_left_out_and_its_inner_groups_stay():
    graph = nx.DiGraph([("a", "b"), ("b", "c"), ("c", "d"), ("d", "e")])
    sizes = dict.fromkeys(graph, (80, 40))
    groups = {"a": ("loop",), "b": (), "c": ("loop", "inner"), "d": ("loop", "inner"), "e": ("loop",)}
    layout = layered_layout(graph, sizes, groups=groups)
    assert set(layout.groups) == {"inner"}
    assert_sound(layout, graph, sizes, {key: tuple(c for c in path if c == "inner") for key, path in groups.items()})


@pytest.mark.parametrize("seed", range(10))
def test_docked_chips_stand_beside_their_hosts(seed):
    graph, sizes, groups = random_graph(seed, nodes=25)
    nx.set_node_attributes(graph, "function", "kind")
    for host in list(graph)[::2]:
        for k in range(host % 3 + 1):
            chip = ("leaf", host, k)
            graph.add_node(chip, kind="accumulate")
            graph.add_edge(host, chip)
            sizes[chip] = (70, 24)
            groups[chip] = groups[host]
    docked = dock(graph)
    layout = layered_layout(graph, sizes, groups=groups, docked=docked)
    chips = {key for key in graph if isinstance(key, tuple)}
    assert chips <= set(docked)
    for chip in sorted(docked, key=lambda key: key in chips):  # hosts before the leaves that dock at them
        groups[chip] = groups[docked[chip]]
    assert_sound(layout, graph, sizes, groups, chips=set(docked))
    for chip, host in docked.items():
        assert box(layout, sizes, chip)[0] > box(layout, sizes, host)[2]
        points = layout.edges[host, chip] if graph.has_edge(host, chip) else layout.edges[chip, host][::-1]
        assert points[0][0] == pytest.approx(box(layout, sizes, host)[2])
        assert points[-1][0] == pytest.approx(box(layout, sizes, chip)[0])


def test_a_shared_parameter_docks_once_and_its_other_uses_are_not_routed():
    graph = nx.DiGraph([("late", "early"), ("late", "weight"), ("early", "weight")])
    layout = layered_layout(graph, dict.fromkeys(graph, (80, 40)), docked={"weight": "early"})
    assert set(layout.edges) == {("late", "early"), ("early", "weight")}


def test_chips_that_dock_in_a_circle_are_refused():
    graph = nx.DiGraph([("a", "b")])
    with pytest.raises(ValueError, match="circle"):
        layered(graph, dict.fromkeys(graph, (80, 40)), docked={"a": "b", "b": "a"})


def test_a_chip_at_a_box_that_is_not_there_is_refused():
    graph = nx.DiGraph([("a", "b")])
    with pytest.raises(ValueError, match="'nowhere', which is not in the graph"):
        layered(graph, dict.fromkeys(graph, (80, 40)), docked={"a": "nowhere"})


def test_the_layout_runs_in_another_process():
    graph, sizes, groups = random_graph(5)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(layered_layout, (graph, sizes), {"groups": groups})
    assert there == layered_layout(graph, sizes, groups=groups)


def test_an_edge_to_a_box_that_is_lower_than_its_chips_keeps_clear_of_them():
    graph = nx.DiGraph([("a", "end"), ("b", "end"), ("c", "end"), *(("end", chip) for chip in "xyz")])
    for key in graph:
        graph.nodes[key]["kind"] = "accumulate" if key in "xyz" else "function"
    sizes = {key: (88.0, 24.0) if key in "xyz" else (64.0, 42.0) for key in graph}
    layout = layered_layout(graph, sizes, docked=dock(graph))
    boxes = {key: box(layout, sizes, key) for key in graph}
    for key in "abc":
        for piece in pieces(layout.edges[key, "end"]):
            assert not [chip for chip in "xyz" if touches(piece, boxes[chip])]
