import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import networkx as nx
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QPaintEvent, QPixmapCache, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from gradstep.gui.canvas import GraphCanvas, Look, sprites
from gradstep.gui.canvas.camera import MARGIN
from gradstep.gui.canvas.plan import Shape, Style
from gradstep.gui.theme import DARK, LIGHT, apply
from gradstep.plugins.layouts import layered_layout


def node(graph, op: str, number: int = 0):
    return [key for key, data in graph.nodes(data=True) if data["op"] == op][number]


def colours(canvas, rect) -> set[str]:
    image = canvas.grab(rect).toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def one(**attributes) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_node(("node", 1), **{"label": "Mul", "op": "mul", "kind": "function", "detail": "4x8", "sequence": 1} | attributes)
    return graph


@contextmanager
def paintings(widget) -> Iterator[list[QEvent]]:
    """The paint events that a widget gets meanwhile."""

    class Counting(QObject):
        def eventFilter(self, _: QObject, event: QEvent) -> bool:
            if event.type() is QEvent.Type.Paint:
                found.append(QPaintEvent(event.region()))
            return False

    found: list[QEvent] = []
    counting = Counting()
    widget.installEventFilter(counting)
    yield found
    widget.removeEventFilter(counting)


# ------------------------------------------------------------------------------------------------------------------ showing


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_without_a_graph_it_says_what_to_do(qtbot, qapp, theme):
    apply(qapp, theme)
    canvas = GraphCanvas()
    qtbot.addWidget(canvas)
    canvas.set_empty_text("Nothing recorded yet", "F5 runs mnist.py.")
    canvas.resize(500, 400)
    assert canvas.accessibleDescription() == "Nothing recorded yet F5 runs mnist.py."
    found = colours(canvas, canvas.rect())
    assert theme.canvas.name() in found
    assert theme.text.name() in found


def test_another_drawing_of_the_same_nodes_paints_no_picture_of_one_anew(make_canvas, graphs, monkeypatch):
    canvas = make_canvas(graphs.transformer(2).backward())
    canvas.fit()
    canvas.grab()
    painted = []
    monkeypatch.setattr(sprites, "node_sprite", lambda *args, real=sprites.node_sprite: painted.append(args[1]) or real(*args))
    canvas.turn()
    canvas.grab()
    assert not painted


def test_words_for_no_graph_wait_until_there_is_none(make_canvas, graphs, qapp):
    canvas = make_canvas(graphs.mlp().backward())
    canvas.show()
    canvas.grab()
    qapp.processEvents()
    with paintings(canvas) as painted:
        canvas.set_empty_text("Running mnist.py", "The graph appears when backward() is called.")
        qapp.processEvents()
    assert not painted
    canvas.clear()
    assert canvas.accessibleDescription().startswith("Running mnist.py")


def test_boxes_that_differ_in_their_words_alone_look_like_boxes_painted_for_themselves(qapp):
    styles = [Style(Shape.GROUP, "elementwise", label, "200 nodes", 130.0, 44.0, times=3) for label in ("Mul", "Tanh")]
    styles += [Style(Shape.FUNCTION, "elementwise", label, "4x8", 90.0, 40.0) for label in ("Mm", "Addmm")]
    QPixmapCache.clear()
    together = [sprites.node_sprite(LIGHT, style, Look.DONE, 1.0, 2).toImage() for style in styles]
    for style, shared in zip(styles, together, strict=True):
        QPixmapCache.clear()
        assert sprites.node_sprite(LIGHT, style, Look.DONE, 1.0, 2).toImage() == shared
    assert len({bytes(image.constBits()) for image in together}) == len(styles)


def test_a_graph_without_nodes_says_it_too(make_canvas):
    canvas = make_canvas(nx.DiGraph())
    assert "Nothing recorded yet" in canvas.accessibleDescription()


def test_one_node_is_shown_in_the_middle(make_canvas):
    canvas = make_canvas(one())
    assert (canvas.rect_of(("node", 1)).center() - canvas.rect().center()).manhattanLength() <= 3


@pytest.mark.parametrize("size", [(120, 90), (300, 200), (640, 480), (1900, 1000)])
def test_any_size_can_be_painted(make_canvas, graphs, size):
    canvas = make_canvas(graphs.transformer().backward(), *size)
    canvas.set_current(node(canvas.graph, "softmax"), "step 3 of 35, paused")
    assert not canvas.grab().isNull()


def test_every_kind_of_node_and_state_can_be_painted_at_every_level_of_detail(make_canvas, graphs):
    for graph in (graphs.zoo().backward(), graphs.zoo().combined(), graphs.recurrent().backward()):
        canvas = make_canvas(graph)
        keys = list(graph)
        canvas.set_statuses({key: list(Look)[number % 4] for number, key in enumerate(keys)})
        canvas.set_alerts(keys[::3])
        canvas.set_breakpoints(keys[::2])
        canvas.set_edge_norms(dict(zip(graph.edges, [0.0, float("nan"), float("inf"), 1e-30, 5.0] * 99, strict=False)))
        canvas.select(keys[0])
        for zoom in (2.0, 1.0, 0.6, 0.4, 0.2, 0.05):
            canvas.centre_on(keys[-1], zoom)
            canvas.settle()
            assert not canvas.grab().isNull()


def test_a_long_name_is_elided_inside_its_box(make_canvas):
    canvas = make_canvas(one(label="Straight" * 30))
    (style,) = canvas.scene.styles
    assert style.label.endswith("…")
    assert canvas.rect_of(("node", 1)).width() < 320


def test_the_theme_can_change_while_a_graph_is_shown(make_canvas, graphs, qapp):
    canvas = make_canvas(graphs.mlp().backward())
    assert canvas.grab().toImage().pixelColor(5, 350).name() == LIGHT.canvas.name()
    apply(qapp, DARK)
    assert canvas.grab().toImage().pixelColor(5, 350).name() == DARK.canvas.name()


def test_clear_goes_back_to_the_words(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp().backward())
    canvas.clear()
    assert canvas.scene is None
    assert not canvas.grab().isNull()
    canvas.set_status(("node", 1), Look.DONE)
    canvas.fit()


def test_a_graph_too_large_to_be_read_starts_at_its_root(make_canvas, graphs):
    canvas = make_canvas(graphs.transformer(6).backward())
    assert canvas.zoom == pytest.approx(canvas.height() / 760)  # about ten layers, at 0.8 or more
    assert canvas.zoom >= 0.8
    assert canvas.rect().contains(canvas.rect_of(node(canvas.graph, "nll_loss")))


def test_a_graph_whose_beginning_has_nothing_in_the_middle_is_first_seen_where_something_is(make_canvas, qtbot):
    graph = nx.DiGraph()
    for number in range(60):  # two chains far from each other
        graph.add_node(number, **one().nodes["node", 1])
    graph.add_edges_from((number, number + 2) for number in range(58))
    canvas = make_canvas(graph, layout={number: (6000.0 * (number % 2), 90.0 * (number // 2)) for number in graph})
    qtbot.waitUntil(settled(canvas))
    assert any(canvas.rect().contains(canvas.rect_of(number)) for number in graph)


def test_a_graph_is_first_seen_where_the_selected_node_is(make_canvas, graphs, qtbot):
    canvas = make_canvas(graphs.transformer(6).backward())
    far = node(canvas.graph, "embedding")
    canvas._placed = False  # as before it was painted
    canvas.select(far)
    canvas.grab()
    qtbot.waitUntil(settled(canvas))
    assert canvas.rect().contains(canvas.rect_of(far))


# -------------------------------------------------------------------------------------------------------------------- marks


def test_states_look_different(make_canvas):
    canvas = make_canvas(one())
    key, pictures = ("node", 1), []
    for status in Look:
        canvas.set_status(key, status)
        pictures.append(canvas.grab().toImage())
    canvas.set_status(key, Look.DONE)
    canvas.set_alerts([key])
    pictures.append(canvas.grab().toImage())
    assert all(a != b for number, a in enumerate(pictures) for b in pictures[:number])


def test_a_running_node_glows_in_the_accent(make_canvas):
    canvas = make_canvas(one())
    canvas.set_status(("node", 1), "RUNNING")
    inside = canvas.grab(canvas.rect_of(("node", 1))).toImage().pixelColor(5, 30)
    assert abs(inside.hue() - LIGHT.accent.hue()) < 8


def test_a_change_of_state_repaints_only_the_node(make_canvas, graphs, qtbot):
    canvas = make_canvas(graphs.transformer().backward(), 1400, 900)
    key = node(canvas.graph, "nll_loss")
    whole, before = 1400 * 900, canvas.painted_pixels
    canvas.set_status(key, Look.DONE)
    canvas.grab()
    assert 0 < canvas.painted_pixels - before < whole / 40


@pytest.mark.parametrize("zoom", [1.0, 0.47, 0.25, 0.1])
def test_what_steps_paint_is_what_painting_all_anew_gives(make_canvas, graphs, qtbot, zoom):
    canvas = make_canvas(graphs.transformer(3).backward(), 900, 700)
    canvas.set_follow(False)
    keys, rng = list(canvas.graph), random.Random(7)
    canvas.centre_on(keys[len(keys) // 2], zoom)
    canvas.settle()
    QApplication.processEvents()  # focus and all that comes with being shown
    canvas.repaint()
    near = [key for key in keys if canvas.rect().intersects(canvas.rect_of(key))]
    for _ in range(40):
        for key in rng.sample(near, 2):
            rng.choice([canvas.select, canvas.set_current, lambda key: canvas.set_status(key, rng.choice(list(Look)))])(key)
        canvas.hover(QPointF(canvas.rect_of(rng.choice(near)).center()))
        with paintings(canvas) as painted:
            canvas.update(0, 0, 1, 1)  # so that there is something to wait for
            qtbot.waitUntil(lambda painted=painted: bool(painted) and not canvas.is_moving)
        QApplication.processEvents()
        held = canvas.screen().grabWindow(canvas.winId()).toImage()
        canvas.repaint()
        assert canvas.screen().grabWindow(canvas.winId()).toImage() == held


def test_a_step_paints_a_few_plain_rectangles(make_canvas, graphs, qtbot):
    canvas = make_canvas(graphs.transformer(3).backward(), 1400, 900)
    canvas.set_follow(False)
    first, second = list(canvas.graph)[:2]
    canvas.centre_on(first, 1.0)
    QApplication.processEvents()
    canvas.repaint()
    with paintings(canvas) as painted:
        canvas.set_status(first, Look.RUNNING)
        canvas.set_current(first)
        canvas.set_status(second, Look.READY)
        qtbot.waitUntil(lambda: bool(painted))
    assert sum(rect.width() * rect.height() for rect in painted[0].region()) < 1400 * 900 / 8


def test_edges_that_do_not_change_are_not_painted_again(make_canvas, graphs):
    canvas = make_canvas(graphs.transformer().backward(), 1400, 900)
    longest = max(canvas.graph.edges, key=lambda edge: canvas.rect_of(edge[1]).top() - canvas.rect_of(edge[0]).top())
    canvas.centre_on(longest[0], 1.0)
    canvas.grab()
    before = canvas.painted_pixels
    canvas.set_status(longest[0], Look.READY)
    canvas.grab()
    waiting, before = canvas.painted_pixels - before, canvas.painted_pixels
    canvas.set_status(longest[0], Look.DONE)
    canvas.grab()
    assert 0 < waiting < (canvas.painted_pixels - before) / 2


def test_states_that_change_together_look_as_if_they_had_one_by_one(make_canvas, graphs):
    at_once, in_turn = make_canvas(graphs.mlp().backward()), make_canvas(graphs.mlp().backward())
    some = dict.fromkeys(list(at_once.graph)[:5], Look.DONE)
    at_once.change_statuses(some)
    for key, look in some.items():
        in_turn.set_status(key, look)
    assert at_once.grab().toImage() == in_turn.grab().toImage()


def test_a_change_that_is_none_repaints_nothing(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp().backward())
    before = canvas.painted_pixels
    canvas.set_status(node(canvas.graph, "relu"), Look.PENDING)
    canvas.set_status(("node", 10**9), Look.DONE)
    canvas.set_alerts([])
    canvas.grab()
    assert canvas.painted_pixels == before


def test_a_jump_in_time_resets_what_it_does_not_name(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp().backward())
    start = canvas.grab().toImage()
    canvas.set_statuses(dict.fromkeys(canvas.graph, Look.DONE))
    assert canvas.grab().toImage() != start
    canvas.set_statuses({})
    assert canvas.grab().toImage() == start


def test_norms_colour_only_edges_whose_source_is_done(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp(2).backward())
    start = canvas.grab().toImage()
    first, second = node(canvas.graph, "nll_loss"), node(canvas.graph, "log_softmax")
    canvas.set_edge_norms({(first, second): 0.5})
    assert canvas.grab().toImage() == start
    canvas.set_status(first, Look.DONE)
    done = canvas.grab().toImage()
    canvas.set_edge_norms({(first, second): 1e-4})
    assert canvas.grab().toImage() != done
    canvas.set_edge_norms({})
    canvas.set_status(first, Look.PENDING)
    assert canvas.grab().toImage() == start


def test_a_breakpoint_is_drawn_and_taken_away(make_canvas):
    canvas = make_canvas(one())
    start = canvas.grab().toImage()
    canvas.set_breakpoints([("node", 1)])
    assert LIGHT.bad.name() in colours(canvas, canvas.rect_of(("node", 1)).adjusted(-8, -8, 0, 0))
    canvas.set_breakpoints([])
    assert canvas.grab().toImage() == start


def test_all_chips_of_a_shared_leaf_change_together(make_canvas, graphs):
    canvas = make_canvas(graphs.recurrent(3).backward(), 700, 900)
    canvas.fit()
    canvas.settle()
    start = canvas.grab().toImage()
    weight = next(key for key, data in canvas.graph.nodes(data=True) if data["name"] == "cell.weight")
    canvas.set_status(weight, Look.DONE)
    changed = canvas.grab().toImage()
    scene = canvas.scene
    rows = set()
    for y in range(changed.height()):
        if any(changed.pixelColor(x, y) != start.pixelColor(x, y) for x in range(0, 600, 2)):
            rows.add(y)
    chips = scene.y[scene.node == scene.number[weight]]
    assert len(chips) == 3
    gaps = sum(b - a > 30 for a, b in zip(sorted(rows), sorted(rows)[1:], strict=False))
    assert gaps == 2, "three separate places changed"


# ----------------------------------------------------------------------------------------------------------------- pointing


def test_a_click_picks_the_node_under_it(make_canvas, graphs, place_of, qtbot):
    canvas = make_canvas(graphs.mlp().backward())
    key = node(canvas.graph, "relu", 2)
    with qtbot.waitSignal(canvas.node_picked) as picked:
        QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place_of(canvas, key).toPoint())
    assert picked.args == [key]
    assert canvas.selected_key == key


def test_a_click_beside_everything_picks_nothing(make_canvas, graphs, qtbot):
    canvas = make_canvas(graphs.mlp().backward())
    canvas.select(node(canvas.graph, "relu"))
    with qtbot.waitSignal(canvas.node_picked) as picked:
        QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(20, 350))
    assert picked.args == [None]
    assert canvas.selected_key is None


def test_every_node_in_sight_is_found_at_its_place(make_canvas, graphs, place_of):
    canvas = make_canvas(graphs.transformer().backward(), 700, 5200)
    canvas.fit()
    missed = [key for key in canvas.graph if canvas.key_at(place_of(canvas, key)) not in (key, None)]
    assert missed == []
    assert sum(canvas.key_at(place_of(canvas, key)) == key for key in canvas.graph) > 0.9 * len(canvas.graph)


def test_a_double_click_activates(make_canvas, graphs, place_of, qtbot):
    canvas = make_canvas(graphs.mlp().backward())
    key = node(canvas.graph, "relu")
    with qtbot.waitSignal(canvas.node_activated) as activated:
        QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=place_of(canvas, key).toPoint())
    assert activated.args == [key]


def test_dragging_moves_the_graph_with_the_pointer_and_picks_nothing(make_canvas, graphs, place_of):
    canvas = make_canvas(graphs.mlp().backward())
    picked = []
    canvas.node_picked.connect(picked.append)
    key = node(canvas.graph, "relu")
    before = place_of(canvas, key)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 300))
    QTest.mouseMove(canvas, QPoint(230, 320))
    QTest.mouseMove(canvas, QPoint(260, 340))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(260, 340))
    assert (place_of(canvas, key) - before - QPointF(60, 40)).manhattanLength() <= 2
    assert picked == []


def test_the_wheel_zooms_about_the_pointer(make_canvas, graphs, place_of):
    canvas = make_canvas(graphs.mlp().backward())
    key = node(canvas.graph, "relu", 1)
    place, zoom = place_of(canvas, key), canvas.zoom
    wheel = QWheelEvent(
        place, canvas.mapToGlobal(place), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas, wheel)
    assert canvas.zoom > zoom
    assert (place_of(canvas, key) - place).manhattanLength() <= 3


def test_hovering_lights_edges_and_says_so(make_canvas, graphs, place_of, qtbot):
    canvas = make_canvas(graphs.mlp().backward())
    start = canvas.grab().toImage()
    key = node(canvas.graph, "relu", 1)
    with qtbot.waitSignal(canvas.node_hovered) as hovered:
        QTest.mouseMove(canvas, place_of(canvas, key).toPoint())
    assert hovered.args == [key]
    assert canvas.grab().toImage() != start
    QTest.mouseMove(canvas, QPoint(15, 350))
    assert canvas.grab().toImage() == start


def test_dragging_in_the_mini_map_moves_the_view(make_canvas, graphs, place_of):
    canvas = make_canvas(graphs.transformer(2).backward(), 900, 700)
    key = node(canvas.graph, "nll_loss")
    before = place_of(canvas, key)
    spot = QPoint(900 - 40, 700 - 40)
    assert canvas.key_at(QPointF(spot)) is None
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=spot)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=spot)
    assert place_of(canvas, key).y() < before.y() - 300


@pytest.mark.qt_log_ignore("This plugin does not support raise")
def test_the_tip_names_shape_line_and_norm(make_canvas, graphs, place_of):
    canvas = make_canvas(graphs.mlp().backward())
    first, second = node(canvas.graph, "nll_loss"), node(canvas.graph, "log_softmax")
    canvas.set_edge_norms({(first, second): 0.125})
    place = place_of(canvas, second).toPoint()
    QApplication.sendEvent(canvas, QHelpEvent(QEvent.Type.ToolTip, place, canvas.mapToGlobal(place)))
    text = QToolTip.text()
    assert "LogSoftmaxBackward0" in text
    assert "4\N{MULTIPLICATION SIGN}3" in text
    assert "model.py:" in text
    assert "0.125" in text
    QToolTip.hideText()


# ----------------------------------------------------------------------------------------------------------------- keyboard


def test_o_and_i_walk_along_the_edges(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp().backward())
    picked = []
    canvas.node_picked.connect(picked.append)
    canvas.set_current(node(canvas.graph, "nll_loss"))
    QTest.keyClick(canvas, Qt.Key.Key_O)
    QTest.keyClick(canvas, Qt.Key.Key_O)
    QTest.keyClick(canvas, Qt.Key.Key_O)
    QTest.keyClick(canvas, Qt.Key.Key_I)
    assert [canvas.graph.nodes[key]["op"] for key in picked] == ["log_softmax", "addmm", "relu", "addmm"]


def test_arrows_go_to_the_neighbour_and_pan_without_a_selection(make_canvas, graphs, place_of):
    canvas = make_canvas(graphs.mlp().backward())
    relu = node(canvas.graph, "relu")
    before = place_of(canvas, relu)
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert place_of(canvas, relu).y() == before.y() - 80
    canvas.select(relu)
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert canvas.graph.nodes[canvas.selected_key]["op"] == "addmm"
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.graph.nodes[canvas.selected_key]["kind"] == "accumulate" or canvas.graph.nodes[canvas.selected_key]["op"] == "t"
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.selected_key is None


def test_keys_zoom_fit_and_turn(make_canvas, graphs, place_of):
    canvas = make_canvas(graphs.transformer().backward())
    fitted = canvas.zoom
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.zoom > fitted
    QTest.keyClick(canvas, Qt.Key.Key_Minus)
    assert canvas.zoom == pytest.approx(fitted)
    QTest.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.zoom == pytest.approx(1.0)
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    first, last = node(canvas.graph, "nll_loss"), node(canvas.graph, "embedding")
    assert canvas.rect().contains(canvas.rect_of(first))
    assert canvas.rect().contains(canvas.rect_of(last))
    assert place_of(canvas, first).y() < place_of(canvas, last).y()
    QTest.keyClick(canvas, Qt.Key.Key_K)
    assert place_of(canvas, first).y() > place_of(canvas, last).y()
    assert not canvas.grab().isNull()


def test_enter_activates_the_selected_node(make_canvas, graphs, qtbot):
    canvas = make_canvas(graphs.mlp().backward())
    key = node(canvas.graph, "relu")
    canvas.select(key)
    with qtbot.waitSignal(canvas.node_activated) as activated:
        QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert activated.args == [key]


def test_keys_with_ctrl_are_left_to_the_window(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp().backward())
    zoom = canvas.zoom
    QTest.keyClick(canvas, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert canvas.zoom == zoom


# ------------------------------------------------------------------------------------------------------------------ follow


def settled(canvas):
    return lambda: not canvas.is_moving


def test_the_view_follows_the_current_node_and_stays_while_it_is_in_sight(make_canvas, graphs, qtbot, place_of):
    canvas = make_canvas(graphs.transformer(3).backward())
    first, far = node(canvas.graph, "log_softmax"), node(canvas.graph, "embedding")
    before = place_of(canvas, first)
    canvas.set_current(first)
    assert place_of(canvas, first) == before
    canvas.set_current(far)
    qtbot.waitUntil(settled(canvas))
    assert canvas.rect().contains(canvas.rect_of(far))
    canvas.set_follow(False)
    canvas.set_current(first)
    qtbot.waitUntil(settled(canvas))
    assert not canvas.rect().intersects(canvas.rect_of(first))


def test_the_beginning_of_a_graph_is_not_shown_under_half_a_view_of_nothing(make_canvas, graphs, qtbot):
    canvas = make_canvas(graphs.transformer(6).backward())
    scene = canvas.scene
    assert scene is not None
    for key in (node(canvas.graph, "embedding"), node(canvas.graph, "nll_loss")):  # the lower end, and then the upper one
        canvas.set_current(key)
        qtbot.waitUntil(settled(canvas))
        assert canvas.rect().contains(canvas.rect_of(key))
        _, top, _, height = scene.bounds
        _, _, camera, _ = canvas.drawn
        seen_top, seen_bottom = camera.view.top() / camera.unit, camera.view.bottom() / camera.unit
        assert seen_top >= top - 2 * MARGIN
        assert seen_bottom <= top + height + 2 * MARGIN


def test_a_graph_that_is_smaller_than_the_view_stays_in_it_as_a_whole(make_canvas, graphs, qtbot):
    canvas = make_canvas(graphs.mlp(2).backward())
    assert all(canvas.rect().contains(canvas.rect_of(key)) for key in canvas.graph)
    for current in list(canvas.graph):
        canvas.set_current(current)
        qtbot.waitUntil(settled(canvas))
        assert all(canvas.rect().contains(canvas.rect_of(key)) for key in canvas.graph)


def test_a_screen_reader_hears_where_the_program_stands(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp().backward())
    assert canvas.accessibleName()
    key = node(canvas.graph, "relu")
    canvas.set_status(key, Look.RUNNING)
    canvas.set_current(key, "step 12 of 35, paused")
    assert canvas.accessibleDescription().startswith("ReluBackward0, step 12 of 35, paused")
    canvas.select(node(canvas.graph, "nll_loss"))
    assert "selected: NllLossBackward0" in canvas.accessibleDescription()
    canvas.set_current(None)
    assert "ReluBackward0" not in canvas.accessibleDescription()


# ------------------------------------------------------------------------------------------------------------- high density

_TWICE = """
import runpy, sys
from PySide6.QtWidgets import QApplication
app = QApplication([])
from gradstep.gui.canvas import GraphCanvas
from gradstep.gui.theme import LIGHT, apply
from gradstep.plugins.layouts import layered_layout
apply(app, LIGHT)
graphs = runpy.run_path(sys.argv[1])
canvas = GraphCanvas()
canvas.resize(500, 400)
canvas.show_graph(graphs["mlp"](2).backward(), layered_layout)
canvas.show()
picture = canvas.grab()
key = next(iter(canvas.graph))
assert canvas.key_at(canvas.rect_of(key).center().toPointF()) == key
print(canvas.devicePixelRatioF(), picture.width(), picture.height())
"""


@pytest.mark.parametrize("ratio", ["1", "1.25", "2"])
def test_pictures_have_as_many_pixels_as_the_screen(ratio: str):
    graphs = os.path.join(os.path.dirname(__file__), "graphs.py")
    environment = os.environ | {"QT_SCALE_FACTOR": ratio, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", _TWICE, graphs], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    scale = float(ratio)
    assert [float(word) for word in done.stdout.split()] == [scale, 500 * scale, 400 * scale]


def test_a_scene_made_elsewhere_can_be_shown(make_canvas, graphs):
    from gradstep.gui.canvas import arrange, measure

    graph = graphs.mlp().backward()
    canvas = make_canvas(graph, layout=arrange(graph, measure(), layered_layout))
    assert set(canvas.scene.keys) == set(graph)


def test_a_selected_node_that_was_in_sight_stays_in_it_when_the_canvas_gets_smaller(qtbot, make_canvas, graphs):
    canvas = make_canvas(graphs.mlp().backward(), 900, 1400)
    canvas.zoom_to_actual_size()
    top = min(canvas.graph.nodes, key=lambda key: canvas.rect_of(key).top())
    canvas.select(top)
    canvas.centre_on(top)
    canvas.pan(0, canvas.rect_of(top).top() - 10)
    assert canvas.rect().contains(canvas.rect_of(top))
    canvas.resize(900, 500)
    qtbot.waitUntil(lambda: canvas.rect().contains(canvas.rect_of(top)))


@pytest.mark.parametrize("label", ["Add", "Softmax", "Convolution", "LinalgVectorNorm"])
def test_of_boxes_that_are_seen_small_all_have_words_or_none(qapp, label):
    style = Style(Shape.FUNCTION, "elementwise", label, "", 76.0, 40.0)

    def has_words(unit: float) -> bool:
        bare, worded = (sprites.node_sprite(LIGHT, style, Look.DONE, unit, level).toImage() for level in (0, 1))
        return bare != worded

    assert has_words(0.4)
    assert not has_words(0.31)
