from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor

from gradstep.gui.canvas.reading import Chip, Legend


def settled(canvas):
    return lambda: not canvas.is_moving


def panes(canvas):
    return canvas._hud.panes(canvas.size())


def test_the_legends_cover_nothing_of_a_graph_that_is_fitted(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp(8).backward(), width=620, height=420)
    chips = tuple(Chip(place, f"layers.{place}", 3) for place in range(6))
    canvas.reading.colour_by(Legend("Module", chips), [QColor("teal")] * 6, dict.fromkeys(canvas.graph, 0))
    canvas.grab()
    canvas.fit()
    canvas.grab()
    assert len(panes(canvas)) == 2
    covered = [key for key in canvas.graph for pane in panes(canvas) if pane.intersects(canvas.rect_of(key))]
    assert covered == []
    assert all(canvas.rect().contains(canvas.rect_of(key)) for key in canvas.graph)


def test_a_node_behind_a_legend_or_the_mini_map_is_brought_out(make_canvas, graphs, qtbot):
    canvas = make_canvas(graphs.transformer(2).backward(), width=900, height=640)
    key = canvas.central_key
    legend, mini_map = panes(canvas)
    for pane in (legend, mini_map):
        way = canvas.rect_of(key).center() - pane.topLeft() - (QPoint(-36, 20) if pane == mini_map else QPoint(90, 5))
        canvas.pan(way.x(), way.y())
        assert pane.intersects(canvas.rect_of(key))
        canvas.select(key)
        qtbot.waitUntil(settled(canvas))
        canvas.grab()
        assert canvas.rect().contains(canvas.rect_of(key))
        assert not any(pane.intersects(canvas.rect_of(key)) for pane in panes(canvas))
