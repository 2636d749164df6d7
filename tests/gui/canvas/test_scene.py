import pickle

import networkx as nx
import numpy as np
import pytest
from PySide6.QtGui import QFontMetricsF

from gradstep.gui.canvas.index import BoxIndex
from gradstep.gui.canvas.plan import TextRole, plan
from gradstep.gui.canvas.routes import ARROW, brackets, corners, curves
from gradstep.gui.canvas.scene import GRADIENT, LINK, Layout, arrange, build
from gradstep.gui.canvas.sprites import font_of
from gradstep.gui.canvas.sprites import measure as text_widths
from gradstep.gui.theme import load_fonts
from gradstep.plugins.layouts import layered, layered_layout, multipartite


def measure(text: str, role: TextRole) -> float:
    return (7.6, 6.3, 6.4, 5.7)[role] * len(text)


def overlaps(scene) -> int:
    left, top = scene.x - scene.width / 2, scene.y - scene.height / 2
    right, bottom = scene.x + scene.width / 2, scene.y + scene.height / 2
    meet = (left[:, None] < right) & (right[:, None] > left) & (top[:, None] < bottom) & (bottom[:, None] > top)
    return int((meet.sum() - len(left)) // 2)


def crossed(scene) -> int:
    """Segments of gradient and data edges that pass a box that they neither leave nor enter."""
    count = 0
    for box in range(len(scene.x)):
        left, right = scene.x[box] - scene.width[box] / 2 + 1, scene.x[box] + scene.width[box] / 2 - 1
        top, bottom = scene.y[box] - scene.height[box] / 2 + 1, scene.y[box] + scene.height[box] / 2 - 1
        rows, edge = scene.fine.rows, scene.fine.edge
        own = (scene.source[edge] == scene.node[box]) | (scene.target[edge] == scene.node[box])
        steps = np.linspace(0, 1, 9)[:, None]
        x = rows[:, 0] + (rows[:, 2] - rows[:, 0]) * steps
        y = rows[:, 1] + (rows[:, 3] - rows[:, 1]) * steps
        inside = ((x > left) & (x < right) & (y > top) & (y < bottom)).any(axis=0)
        count += int((inside & ~own & (scene.kind[edge] != LINK)).sum())
    return count


@pytest.mark.parametrize("kind", ["backward", "forward", "combined"])
@pytest.mark.parametrize("layout", [layered_layout, layered], ids=["with routes", "positions only"])
def test_nothing_overlaps_in_a_small_transformer(graphs, kind: str, layout):
    scene = arrange(getattr(graphs.transformer(2), kind)(), measure, layout)
    assert overlaps(scene) == 0
    if layout is layered_layout:
        assert crossed(scene) == 0


def test_edges_with_ways_of_our_own_pass_hardly_any_box(graphs):
    scene = arrange(graphs.transformer(2).backward(), measure, layered)
    assert crossed(scene) <= 2


def test_every_node_has_a_box_and_every_edge_a_way(graphs):
    for model in (graphs.mlp(), graphs.transformer(), graphs.recurrent(), graphs.zoo()):
        for graph in (model.backward(), model.forward(), model.combined()):
            scene = arrange(graph, measure, layered_layout)
            assert set(scene.node.tolist()) == set(range(len(graph)))
            assert set(scene.fine.edge.tolist()) == set(range(graph.number_of_edges()))
            assert set(scene.coarse.edge.tolist()) == set(range(graph.number_of_edges()))


def test_an_arrow_head_touches_its_target_from_above(graphs):
    graph = graphs.mlp().backward()
    scene = arrange(graph, measure, layered_layout)
    edges = np.flatnonzero(~np.isnan(scene.arrows[:, 0]))
    assert len(edges) == len(graph.edges) - int(scene.docked.sum())
    for edge in edges:
        box = int(np.argmax(scene.node == scene.target[edge]))
        x, y, down = scene.arrows[edge]
        assert down == 1
        assert y == pytest.approx(scene.y[box] - scene.height[box] / 2)
        assert abs(x - scene.x[box]) <= scene.width[box] / 2
        assert scene.fine.rows[scene.fine.edge == edge][-1, 3] == pytest.approx(y - ARROW)


def test_gradients_flow_up_beside_the_forward_pass(graphs):
    scene = arrange(graphs.mlp().combined(), measure, layered_layout)
    free = (scene.kind == GRADIENT) & ~scene.docked
    assert (scene.arrows[free, 2] == -1).all()
    ops = {key[1]: float(scene.y[scene.node == number][0]) for key, number in scene.number.items() if key[0] == "op"}
    nodes = {key[1]: float(scene.y[scene.node == number][0]) for key, number in scene.number.items() if key[0] == "node"}
    shared = sorted(set(ops) & set(nodes))
    assert [sorted(shared, key=ops.get)[0], sorted(shared, key=ops.get)[-1]] == [
        sorted(shared, key=nodes.get)[0],
        sorted(shared, key=nodes.get)[-1],
    ], "op and node of the same number stand at the same end"


def test_a_turned_scene_is_its_mirror_and_turning_twice_gives_it_back(graphs):
    scene = arrange(graphs.transformer().backward(), measure, layered_layout)
    turned = scene.turned()
    assert turned.flipped
    assert (turned.y == -scene.y).all()
    back = turned.turned()
    assert (back.groups.rows == scene.groups.rows).all()
    assert (back.fine.rows == scene.fine.rows).all()
    assert back.bounds == scene.bounds


def test_groups_hold_their_boxes_and_inner_groups(graphs):
    graph = graphs.transformer().backward()
    for layout in (layered_layout, layered):
        scene = arrange(graph, measure, layout)
        rect = dict(zip(scene.groups.calls, scene.groups.rows.tolist(), strict=True))
        assert "attn" in scene.groups.titles
        for box, number in enumerate(scene.node.tolist()):
            data = graph.nodes[scene.keys[number]]
            if data["kind"] == "accumulate":
                continue
            for call in data["calls"]:
                if call in rect:
                    left, top, width, height = rect[call]
                    assert left <= scene.x[box] - scene.width[box] / 2
                    assert scene.x[box] + scene.width[box] / 2 <= left + width
                    assert top <= scene.y[box] - scene.height[box] / 2
                    assert scene.y[box] + scene.height[box] / 2 <= top + height


def test_a_layout_that_knows_nothing_of_chips_leaves_room_for_them(graphs):
    asked = []

    def column(graph, sizes):
        asked.append(dict(sizes))
        y, places = 0.0, {}
        for key in graph:
            y += sizes[key][1]
            places[key] = (0.0, y)
            y += sizes[key][1]
        return places

    scene = arrange(graphs.mlp(2).backward(), measure, column)
    assert overlaps(scene) == 0
    (sizes,) = asked
    assert (scene.x + scene.width / 2).max() <= max(width for width, _ in sizes.values()) / 2 + 1e-6


@pytest.mark.parametrize("nodes", [0, 1])
def test_the_smallest_graphs_have_a_scene(nodes: int):
    graph = nx.DiGraph()
    graph.add_nodes_from((("node", k), {"label": "Mul", "kind": "function", "op": "mul"}) for k in range(nodes))
    for layout in (layered_layout, layered, multipartite):
        scene = arrange(graph, measure, layout)
        assert len(scene.x) == nodes
        assert scene.bounds[2] > 0
        assert scene.bounds[3] > 0


def test_a_scene_can_be_made_in_another_process(graphs, qapp):
    """What goes there and what comes back can be pickled, and letters add up to nearly what Qt measures."""
    load_fonts()
    graph = graphs.mlp().backward()
    graph.graph.clear()
    sent = pickle.loads(pickle.dumps((graph, text_widths())))
    scene = arrange(*sent, layered_layout)
    copy = pickle.loads(pickle.dumps(scene))
    assert copy.keys == scene.keys
    assert (copy.fine.rows == scene.fine.rows).all()


@pytest.mark.parametrize("text", ["ConvolutionBackward0", "AVATAR To", "2\N{MULTIPLICATION SIGN}2\N{MULTIPLICATION SIGN}6"])
@pytest.mark.parametrize("role", list(TextRole))
def test_letters_add_up_to_nearly_what_qt_measures(qapp, text: str, role: TextRole):
    load_fonts()
    exact = QFontMetricsF(font_of(role, 8.0)).horizontalAdvance(text) / 8.0
    assert exact - 0.5 <= text_widths()(text, role) <= 1.1 * exact
    assert text_widths()(text + "\N{CJK UNIFIED IDEOGRAPH-68AF}", role) > text_widths()(text, role)


def test_curves_start_and_end_where_they_should_and_stay_between():
    hops = np.array([[0.0, 0.0, 100.0, 50.0], [10.0, 0.0, 10.0, 30.0], [0.0, 0.0, 300.0, 8.0]])
    cut = curves(hops, np.arange(3), 12)
    for edge, hop in enumerate(hops):
        rows = cut.rows[cut.edge == edge]
        assert rows[0, :2].tolist() == pytest.approx(hop[:2])
        assert rows[-1, 2:].tolist() == pytest.approx(hop[2:])
        assert rows[:, [1, 3]].min() >= -1e-9
        assert rows[:, [1, 3]].max() <= hop[3] + 1e-9
    assert (cut.edge == 1).sum() == 1, "an upright one stays one line"


def test_rounded_corners_keep_the_ends_and_stay_near_the_corner():
    points = np.array([[0.0, 0.0], [50.0, 0.0], [50.0, 80.0], [7.0, 7.0], [9.0, 9.0]])
    cut = corners(points, np.array([0, 0, 0, 1, 1]), 10.0, 4)
    first = cut.rows[cut.edge == 0]
    assert first[0, :2].tolist() == [0, 0]
    assert first[-1, 2:].tolist() == [50, 80]
    assert np.hypot(first[:, 2] - 50, first[:, 3]).min() < 6
    assert cut.rows[cut.edge == 1].tolist() == [[7, 7, 9, 9]]


def test_an_edge_that_goes_up_to_the_next_column_is_drawn_along_its_corners():
    graph = nx.DiGraph()
    for place in (1, 2):
        graph.add_node(("node", place), label="Mul", detail="", kind="function", op="mul", sequence=place, calls=(), name="", hooks=0)
    graph.add_edge(("node", 1), ("node", 2), slots=[], kind="gradient")
    way = [(50.0, 100.0), (50.0, 120.0), (150.0, 120.0), (150.0, 10.0), (250.0, 10.0), (250.0, 20.0)]
    layout = Layout({("node", 1): (50.0, 80.0), ("node", 2): (250.0, 40.0)}, {}, {(("node", 1), ("node", 2)): way})
    scene = build(graph, plan(graph, lambda text, role: 7.0 * len(text)), layout)
    rows = scene.fine.rows
    assert rows[:, [0, 2]].min() == 50.0
    assert rows[:, [0, 2]].max() == 250.0
    assert rows[:, [1, 3]].min() == pytest.approx(10.0)
    assert rows[:, [1, 3]].max() == pytest.approx(120.0)  # no curve swings out beyond the corners


def _row(*middles: float) -> tuple[BoxIndex, list[list[float]]]:
    """Boxes of 50 x 30 beside each other at height 0, and their edges."""
    boxes = [[x - 25.0, -15.0, x + 25.0, 15.0] for x in middles]
    left, top, right, bottom = (np.array(side) for side in zip(*boxes, strict=True))
    return BoxIndex(left, top, right, bottom), boxes


def test_a_link_between_neighbours_is_straight():
    index, _ = _row(0, 100)
    hops, owner = brackets(np.array([[25.0, 0, 75, 0]]), np.array([[-15.0, 15, -15, 15]]), index)
    assert hops.tolist() == [[25, 0, 75, 0]]
    assert owner.tolist() == [0]


def test_links_go_around_the_boxes_between_their_ends_and_not_along_each_other():
    index, boxes = _row(0, 100, 200, 300)
    straight = np.array([[25.0, 0, 175, 0], [125.0, 0, 275, 0]])
    hops, owner = brackets(straight, np.array([[-15.0, 15, -15, 15]] * 2), index)
    assert owner.tolist() == [0, 0, 0, 1, 1, 1]
    along = hops[[1, 4]]
    assert along[0, 1] != along[1, 1], "each has a lane of its own"
    for x1, y1, x2, y2 in along.tolist():
        assert y1 == y2
        assert not any(left <= max(x1, x2) and min(x1, x2) <= right and top <= y1 <= bottom for left, top, right, bottom in boxes)
    for first, lane, last in (hops[:3], hops[3:]):
        assert first[2:].tolist() == lane[:2].tolist()
        assert lane[2:].tolist() == last[:2].tolist()
        assert abs(first[1]) == abs(last[3]) == 15, "it begins and ends at its boxes"


def test_a_link_that_finds_no_lane_is_straight():
    index = BoxIndex(np.array([-25.0, 75, 175, -25]), np.array([-15.0, -15, -15, 16]), np.array([25.0, 125, 225, 225]), np.full(4, 60.0))
    hops, _ = brackets(np.array([[25.0, 0, 175, 0]]), np.array([[-60.0, 60, -60, 60]]), index)
    assert len(hops) == 3, "above them there is room"
    index = BoxIndex(*(np.array(side) for side in ([-25.0, 75, 175, -25, -25], [-15.0, -15, -15, 16, -60], [25.0, 125, 225, 225, 225],
                                                   [15.0, 15, 15, 60, -16])))  # fmt: skip
    hops, _ = brackets(np.array([[25.0, 0, 175, 0]]), np.array([[-15.0, 15, -15, 15]]), index)
    assert hops.tolist() == [[25, 0, 175, 0]]


def test_a_layout_that_leaves_nodes_out_is_told_which(graphs):
    def half(graph, sizes, *, groups=None):
        return dict.fromkeys(list(sizes)[1:], (0.0, 0.0))

    with pytest.raises(ValueError, match=r"it gave no place for 1 of \d+ nodes, the first of them \('node', \d+\)"):
        arrange(graphs.mlp().backward(), measure, half)
