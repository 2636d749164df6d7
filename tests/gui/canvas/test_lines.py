"""The way of an edge: what lights it goes all along it."""

import numpy as np
import pytest
from PySide6.QtCore import QRect

from gradstep.engine.tape.outline import outline_of
from gradstep.gui.canvas.dress import Dress
from gradstep.gui.canvas.lines import line_through
from gradstep.gui.canvas.marks import Marks
from gradstep.gui.canvas.painter import ScenePainter
from gradstep.gui.canvas.scene import GRADIENT, arrange, as_scene
from gradstep.gui.canvas.sprites import measure
from gradstep.gui.folding import Folds, fold, grouped
from gradstep.gui.theme import LIGHT
from gradstep.plugins.layouts import layered_layout

BENT = np.array([[0.0, 0.0, 0.0, 30.0], [0.0, 30.0, 40.0, 30.0]])


def test_a_point_at_a_share_of_the_length():
    line = line_through(BENT, 2.0, dotted=False)
    assert line.length == pytest.approx(70.0)
    assert [(line.at(share).x(), line.at(share).y()) for share in (0.0, 0.3, 1.0)] == [(0, 0), (0, pytest.approx(21)), (40, 30)]
    assert line.rect.getRect() == (-2, -2, 44, 34)


def test_dots_are_joined_and_another_line_is_left_out():
    apart = np.concatenate([BENT, [[200.0, 0.0, 200.0, 9.0]]])
    assert line_through(apart, 0.0, dotted=False).points == ((0, 0), (0, 30), (40, 30))
    assert line_through(apart, 0.0, dotted=True).points == ((0, 0), (0, 30), (200, 0), (200, 9))
    assert line_through(apart, 0.0, dotted=False).rect.right() == 199  # what is painted of it is there all the same


def test_an_edge_down_a_lane_is_one_line_from_box_to_box(qapp, graphs):
    graph = graphs.transformer().backward()
    scene = as_scene(graph, layered_layout(graph, dict.fromkeys(graph, (90.0, 40.0))).positions, measure())  # places without ways
    painter = ScenePainter(scene, Marks(scene), LIGHT, Dress(scene))
    painter.rescale(1.0, 1.0)
    for edge in np.flatnonzero((scene.kind == GRADIENT) & ~scene.docked).tolist():
        line = painter.line_of(edge)
        assert len(line.points) == len(painter.edge_rows(edge)) + 1, scene.keys[int(scene.source[edge])]


@pytest.mark.parametrize("scale", [0.3, 1.0])
def test_of_a_leaf_with_many_uses_those_are_found_that_are_seen_and_few_others(qapp, graphs, scale):
    graph = graphs.recurrent(120).backward()
    seen = fold(grouped(outline_of(graph)), Folds(9), graph.nodes.__getitem__)
    scene = arrange(seen, measure(), layered_layout)
    painter = ScenePainter(scene, Marks(scene), LIGHT, Dress(scene))
    painter.rescale(scale, 1.0)
    node = max(range(len(scene.keys)), key=lambda node: len(painter.edges_of(node)))
    edges = painter.edges_of(node).tolist()
    assert len(edges) > 100
    left, top, width, height = (round(side * scale) for side in scene.bounds)
    most = 0
    for share in np.linspace(0.0, 1.0, 9):
        area = QRect(left, top + round(share * height) - 300, width, 600)
        near = painter.edges_near(node, area)
        most = max(most, len(near))
        assert set(near) >= {edge for edge in edges if painter.line_of(edge).rect.intersects(area)}
    assert 0 < most < len(edges)
    assert len(painter.edges_near(node, QRect(left, top - 5000, width, 600))) == 0
