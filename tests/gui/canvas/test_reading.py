"""Colours by a fact, dimmed nodes, hits, ways, choices and packets on the canvas."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF
from PySide6.QtTest import QTest

from gradstep.gui.canvas import Look
from gradstep.gui.canvas.colour_legend import _fitting, _parts
from gradstep.gui.canvas.dress import Dress
from gradstep.gui.canvas.ink import NormScale
from gradstep.gui.canvas.lights import edge_at
from gradstep.gui.canvas.reading import Chip, Legend
from gradstep.gui.theme import DARK, LIGHT, contrast
from gradstep.gui.theme.fonts import mono_font, ui_font
from gradstep.gui.theme.motion import set_calm
from gradstep.gui.theme.scales import qualitative
from gradstep.plugins.layouts import layered_layout

LEGEND = Legend("Module", (Chip(0, "fc1", 3),), plain="in no module")


def node(graph, op, number=0):
    return [key for key, data in graph.nodes(data=True) if data["op"] == op][number]


def inside(canvas, key):
    """The colour of the ground of a node's box."""
    rect = canvas.rect_of(key)
    return canvas.grab().toImage().pixelColor(rect.right() - 6, rect.center().y() + 2).name()


@pytest.fixture
def calm():
    set_calm(True)
    yield
    set_calm(False)


# ------------------------------------------------------------------------------------------------------------------ colours


def test_a_node_that_ran_has_the_colour_of_its_fact(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp(2).backward())
    key = node(canvas.graph, "relu")
    canvas.set_status(key, Look.DONE)
    canvas.reading.colour_by(LEGEND, [QColor("#0072b2")], {key: 0})
    assert inside(canvas, key) == "#0072b2"
    canvas.reading.colour_by(None)
    assert inside(canvas, key) != "#0072b2"


def test_a_node_without_the_fact_is_plain_and_a_waiting_one_has_an_outline_only(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp(2).backward())
    ran, waits = node(canvas.graph, "relu"), node(canvas.graph, "relu", 1)
    canvas.set_status(ran, Look.DONE)
    canvas.reading.colour_by(LEGEND, [QColor("#d55e00")], {waits: 0})
    assert inside(canvas, ran) != "#d55e00"
    assert inside(canvas, waits) != "#d55e00"


def test_one_colour_changes_without_painting_the_rest(make_canvas, graphs):
    canvas = make_canvas(graphs.transformer().backward(), 1400, 900)
    keys = list(canvas.graph)
    canvas.set_statuses(dict.fromkeys(keys, Look.DONE))
    canvas.reading.colour_by(LEGEND, [QColor("#0072b2"), QColor("#e69f00")], dict.fromkeys(keys, 0))
    canvas.grab()
    before = canvas.painted_pixels
    canvas.reading.recolour({keys[0]: 1})
    assert inside(canvas, keys[0]) == "#e69f00"
    assert canvas.painted_pixels - before < 1400 * 900 / 10


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_text_can_be_read_on_every_colour(make_canvas, graphs, theme):
    canvas = make_canvas(graphs.mlp(1).backward())
    dress = Dress(canvas.scene)
    palette = [QColor(name) for name in ("#f0e442", "#0072b2", "#000000", "#ffffff", "#777777")]
    dress.colour(palette, {})
    for code in range(2, 2 + len(palette)):
        ink = dress.ink(theme, "linalg", Look.DONE, code)
        assert contrast(ink.text, ink.fill) >= 4.5


def test_dimmed_nodes_and_their_edges_nearly_vanish(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp(3).backward())
    kept, other = node(canvas.graph, "relu"), node(canvas.graph, "relu", 1)
    canvas.set_statuses(dict.fromkeys(canvas.graph, Look.DONE))
    before = inside(canvas, kept), inside(canvas, other)
    canvas.reading.dim_all_but([kept])
    assert inside(canvas, kept) == before[0]
    faded = QColor(inside(canvas, other))
    assert contrast(faded, LIGHT.canvas) < contrast(QColor(before[1]), LIGHT.canvas)
    canvas.reading.dim_all_but(None)
    assert (inside(canvas, kept), inside(canvas, other)) == before


def test_a_few_nodes_brighten_without_painting_the_rest(make_canvas, graphs):
    canvas = make_canvas(graphs.transformer().backward(), 1400, 900)
    keys = list(canvas.graph)
    canvas.reading.dim_all_but(keys[:3])
    canvas.grab()
    before = canvas.painted_pixels
    assert canvas.reading.dim_changed([keys[4]], [keys[1]])
    stepwise = canvas.grab().toImage()
    assert canvas.painted_pixels - before < 1400 * 900 / 6
    canvas.reading.dim_all_but(None)
    canvas.reading.dim_all_but([keys[0], keys[2], keys[4]])
    assert canvas.grab().toImage() == stepwise


def test_a_dressed_graph_can_be_painted_at_every_scale_and_upside_down(make_canvas, graphs):
    canvas = make_canvas(graphs.zoo().combined())
    keys = list(canvas.graph)
    canvas.set_statuses({key: list(Look)[number % 4] for number, key in enumerate(keys)})
    canvas.set_alerts(keys[::4])
    canvas.reading.colour_by(LEGEND, [QColor("red"), QColor("blue")], {key: number % 2 for number, key in enumerate(keys[::2])})
    canvas.reading.dim_all_but(keys[::3])
    canvas.reading.set_hits(keys[::2], keys[0])
    canvas.reading.set_way(list(canvas.graph.edges)[:5])
    for zoom in (2.0, 0.6, 0.4, 0.2, 0.05):
        canvas.centre_on(keys[-1], zoom)
        canvas.settle()
        assert not canvas.grab().isNull()
    canvas.turn()
    assert not canvas.grab().isNull()


def test_another_graph_knows_no_colours_of_the_one_before(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp(1).backward())
    canvas.reading.colour_by(LEGEND, [QColor("red")], {})
    canvas.show_graph(graphs.mlp(2).backward(), layered_layout)
    assert canvas.reading.legend is None
    assert canvas.reading.dress.palette == ()


def test_colours_and_dimming_are_said_to_those_who_see_neither(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp(1).backward())
    key = node(canvas.graph, "relu")
    canvas.reading.colour_by(LEGEND, [QColor("red")], {key: 0})
    canvas.reading.dim_all_but([key])
    assert "coloured by Module: fc1 (3)" in canvas.accessibleDescription()
    assert "1 node stands out" in canvas.accessibleDescription()
    canvas.reading.dim_all_but(None)
    assert "stands out" not in canvas.accessibleDescription()


def test_the_legend_is_painted_above_the_states(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp(1).backward())
    canvas.reading.colour_by(
        Legend("Gradient norm", ticks=("0.01", "1"), bar=(1, 3), zero="0", plain="no gradient yet"),
        [QColor("grey"), QColor("blue"), QColor("red")],
        {},
    )
    canvas.grab()
    rect = canvas._hud.colours.rect
    assert rect.bottom() < canvas.height() - 40
    assert rect.width() > 200


def test_states_are_explained_where_there_are_some_and_a_scale_once(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp(1).backward())
    canvas.grab()
    both = canvas._hud.legend._pane.size.width()
    bar = Legend("Gradient norm", ticks=("0.01", "1"), bar=(1, 3), norms=NormScale(-2, 0))
    canvas.reading.colour_by(bar, [QColor("grey"), QColor("blue"), QColor("red")], {})
    canvas.grab()
    assert canvas._hud.legend._pane.size.width() < both
    canvas = make_canvas(graphs.mlp(1).forward())
    canvas.reading.colour_by(bar, [QColor("grey"), QColor("blue"), QColor("red")], {})
    canvas.grab()
    assert canvas._hud.legend._pane.size.isEmpty(), "no op of the forward pass waits"
    assert canvas._hud.colours.rect.bottom() > canvas.height() - 20


# ------------------------------------------------------------------------------------------------------------------- edges


def middle_of(canvas, edge):
    """A place of the widget on an edge."""
    painter = canvas._painter_at_scale()
    rows = painter.edge_rows(canvas.scene.edge_number[edge])
    row = rows[len(rows) // 2]
    spot = (row[:2] + row[2:]) / 2 - [canvas._camera.corner.x(), canvas._camera.corner.y()]
    return QPoint(round(spot[0] / canvas._camera.ratio), round(spot[1] / canvas._camera.ratio))


def test_what_is_lit_goes_beneath_the_titles_of_groups(make_canvas, graphs):
    canvas = make_canvas(graphs.transformer().backward(), 900, 900)
    scene = canvas._painter
    everywhere = np.array([[-1e6, -1e6, 1e6, 1e6]])  # a line that crosses all

    def seen():
        image, ratio = canvas.grab().toImage(), canvas.devicePixelRatioF()
        corner = canvas._camera.corner
        found = scene._ground.titles_on(everywhere, scene.unit, scene.ratio, {})
        titles = [place.translated(-corner.x(), -corner.y()) for place, _ in found]
        whole = [place for place in titles if canvas.rect().contains(place.toRect())]
        return [image.copy(QRectF(p.x() * ratio, p.y() * ratio, p.width() * ratio, p.height() * ratio).toRect()) for p in whole]

    before = seen()
    assert before
    canvas.reading.set_way(list(canvas.graph.edges))
    colour = LIGHT.ready
    lit = canvas.grab().toImage()
    assert any(lit.pixelColor(x, y) == colour for x in range(lit.width()) for y in range(0, lit.height(), 7))
    for title in seen():
        assert not any(title.pixelColor(x, y) == colour for x in range(title.width()) for y in range(title.height()))


def test_the_pointer_on_an_edge_lights_the_whole_way_of_its_data(make_canvas, graphs, qtbot):
    canvas = make_canvas(graphs.mlp(2).backward())
    edge = (node(canvas.graph, "addmm", 1), node(canvas.graph, "relu"))
    edge = edge if canvas.graph.has_edge(*edge) else next(iter(canvas.graph.in_edges(node(canvas.graph, "relu"))))
    with qtbot.waitSignal(canvas.reading.edge_hovered) as seen:
        QTest.mouseMove(canvas, middle_of(canvas, edge))
    assert seen.args == [edge]
    assert canvas.scene.edge_number[edge] in canvas.reading.lights.trail
    with qtbot.waitSignal(canvas.reading.edge_hovered) as gone:
        QTest.mouseMove(canvas, QPoint(3, canvas.height() // 2))
    assert gone.args == [None]
    assert not len(canvas.reading.lights.trail)


def test_an_edge_is_found_within_a_few_pixels_and_not_beyond(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp(2).backward())
    edge = next(iter(canvas.graph.in_edges(node(canvas.graph, "relu"))))
    place = canvas._camera.to_scaled(QPointF(middle_of(canvas, edge)))
    painter = canvas._painter_at_scale()
    assert edge_at(painter, place.x() + 3, place.y()) == canvas.scene.edge_number[edge]
    assert edge_at(painter, place.x() + 40, place.y()) == -1


# ---------------------------------------------------------------------------------------------------------------- choosing


def test_o_goes_to_the_nearest_and_the_arrows_choose_among_several(make_canvas, graphs, qtbot):
    canvas = make_canvas(graphs.transformer().backward(), 1200, 900)
    start = next(key for key in canvas.graph if len(canvas.graph.succ[key]) > 2)
    canvas.select(start)
    QTest.keyClick(canvas, Qt.Key.Key_O)
    choice = canvas.reading.lights.choice
    assert choice is not None
    assert {canvas.scene.keys[number] for number in choice.nodes} == set(canvas.graph.succ[start])
    first = canvas.selected_key
    seen = {first}
    for _ in range(len(choice.nodes) - 1):
        QTest.keyClick(canvas, Qt.Key.Key_Right)
        seen.add(canvas.selected_key)
    assert seen == set(canvas.graph.succ[start])
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.selected_key == first
    QTest.keyClick(canvas, Qt.Key.Key_Up)
    assert canvas.reading.lights.choice is None


def test_i_goes_back_where_there_is_but_one(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp(2).backward())
    relu = node(canvas.graph, "relu")
    (before,) = canvas.graph.pred[relu]
    canvas.select(relu)
    QTest.keyClick(canvas, Qt.Key.Key_I)
    assert canvas.selected_key == before
    assert canvas.reading.lights.choice is None


# -------------------------------------------------------------------------------------------------------------------- path


def test_a_part_of_the_path_shows_its_module(make_canvas, graphs):
    canvas = make_canvas(graphs.transformer(2).backward(), 1000, 800)
    key = node(canvas.graph, "softmax")
    canvas.select(key)
    canvas.grab()
    assert canvas._hud.breadcrumb.parts[:3] == ("model", "blocks", "1")
    left, right, _ = canvas._hud.breadcrumb._spans[2]
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(round((left + right) / 2), 28))
    call = next(call for call in canvas.graph.nodes[key]["calls"] if canvas.graph.graph["calls"][call].path == "blocks.1")
    row = canvas.scene.groups.rows[canvas.scene.groups.calls.index(call)]
    assert abs(canvas.centre.x() - (row[0] + row[2] / 2)) < 8
    assert abs(canvas.centre.y() - (row[1] + row[3] / 2)) < 8
    assert canvas.selected_key == key


# ----------------------------------------------------------------------------------------------------------------- packets


def test_packets_go_from_the_node_to_those_that_received(make_canvas, graphs, qtbot):
    canvas = make_canvas(graphs.mlp(2).backward())
    key = node(canvas.graph, "relu")
    canvas.reading.flow_from(key)
    assert canvas.reading.flowing.under_way
    targets = {canvas.scene.keys[canvas.scene.target[edge]] for edge in canvas.reading.lights.flowing}
    assert targets == set(canvas.graph.succ[key])
    with qtbot.waitSignal(canvas.reading.flowing.moved):
        canvas.grab()
    qtbot.waitUntil(lambda: not canvas.reading.flowing.under_way)
    assert not len(canvas.reading.lights.flowing)


def test_who_wants_no_motion_sees_none(make_canvas, graphs, calm):
    canvas = make_canvas(graphs.mlp(2).backward())
    canvas.reading.flow_from(node(canvas.graph, "relu"))
    assert not canvas.reading.flowing.under_way
    assert not len(canvas.reading.lights.flowing)


def test_the_setting_turns_packets_off(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp(2).backward())
    canvas.reading.flowing.wanted = False
    canvas.reading.flow_from(node(canvas.graph, "relu"))
    assert not canvas.reading.flowing.under_way


def test_quick_steps_show_none_and_end_the_ones_before(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp(2).backward())
    canvas.reading.flow_from(node(canvas.graph, "relu"))
    canvas.reading.flow_from(node(canvas.graph, "relu", 1))
    assert not canvas.reading.flowing.under_way
    assert not len(canvas.reading.lights.flowing)


def test_a_legend_says_how_many_names_it_has_no_room_for(qapp):
    metrics, numbers = QFontMetricsF(ui_font(11)), QFontMetricsF(mono_font(10))
    names = Legend("Module", tuple(Chip(place, f"blocks.{place}", 9) for place in range(6)), plain="in no module")
    parts = _parts(LIGHT, names, [QColor("#0072b2")] * 6, metrics, numbers)
    whole = sum(part.wide for part in parts)
    assert _fitting(parts, whole, metrics) == [parts]
    rows = _fitting(parts, whole * 0.6, metrics)
    assert len(rows) == 2
    assert [*rows[0], *rows[1]] == parts, "all of them, in two rows"
    rows = _fitting(parts, whole * 0.3, metrics)
    assert len(rows) == 2
    assert all(sum(part.wide for part in row) <= whole * 0.3 for row in rows)
    shown = [part.text for row in rows for part in row]
    assert shown[-1] == "in no module"
    assert shown[-2] == f"{6 - (len(shown) - 2)} more"


def test_what_waits_can_be_read_on_the_tint_of_its_name(graphs, make_canvas):
    canvas = make_canvas(graphs.mlp(2).backward())
    dress = Dress(canvas.scene)
    for theme in (LIGHT, DARK):
        for colour in qualitative(theme):
            dress.colour([colour], {})
            ink = dress.ink(theme, "linalg", Look.PENDING, 2)
            assert contrast(ink.text, ink.fill) >= 4.5
            assert contrast(ink.detail, ink.fill) >= 4.5
