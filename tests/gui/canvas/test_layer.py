"""What the retained picture promises: however it came about, it equals painting everything anew, pixel for pixel."""

import math
import random

import pytest
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from gradstep.gui.canvas import painter as painting
from gradstep.gui.canvas.camera import Camera
from gradstep.gui.canvas.dress import Dress
from gradstep.gui.canvas.layer import Layer
from gradstep.gui.canvas.marks import Marks
from gradstep.gui.canvas.painter import REACH, WORDED, ScenePainter
from gradstep.gui.canvas.scene import arrange
from gradstep.gui.canvas.sprites import measure
from gradstep.gui.canvas.status import Look
from gradstep.gui.theme import DARK, LIGHT, load_fonts
from gradstep.plugins.layouts import layered_layout

SIZE = QSize(420, 330)


def picture(layer: Layer, painter: ScenePainter, camera: Camera) -> QImage:
    layer.ensure(painter, camera.view)
    image = QImage(camera.view.size(), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.magenta)
    own = QPainter(image)
    try:
        layer.show(own, camera.view, image.rect())
    finally:
        own.end()
    return image


def differences(a: QImage, b: QImage) -> list[tuple[int, int, str, str]]:
    """The first pixels that differ: x, y and both colours."""
    if a == b:
        return []
    places = ((x, y) for y in range(a.height()) for x in range(a.width()))
    return [(x, y, a.pixelColor(x, y).name(), b.pixelColor(x, y).name()) for x, y in places if a.pixel(x, y) != b.pixel(x, y)][:9]


def camera_on(scene, scale: float, ratio: float) -> Camera:
    camera = Camera()
    camera.size, camera.ratio = SIZE, ratio
    left, top, width, height = scene.bounds
    camera.look_at(left + width / 2, top + height / 2, scale)
    return camera


@pytest.fixture
def painter_of(qapp, graphs):
    def make(theme=LIGHT, scale=1.0, ratio=1.0, graph=None):
        load_fonts()
        graph = graphs.transformer().backward() if graph is None else graph
        for number, key in enumerate(graph):
            graph.nodes[key]["hooks"] = number % 5 == 0
        scene = arrange(graph, measure(), layered_layout)
        marks = Marks(scene)
        painter = ScenePainter(scene, marks, theme, Dress(scene))
        painter.rescale(scale, ratio)
        return scene, marks, painter

    return make


def advance(marks: Marks, scene, rng: random.Random) -> list[int]:
    """Some nodes go on, as in a run, and some edges get norms."""
    touched = []
    for node in rng.sample(range(len(scene.keys)), 6):
        changed = marks.set_status(scene.keys[node], rng.choice(list(Look)))
        changed |= marks.set_alert(scene.keys[node], rng.random() < 0.2)
        touched += list(changed)
    return touched


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("scale", [1.0, 0.83, 0.47, 0.26, 0.08])
def test_a_scrolled_picture_equals_one_painted_anew(painter_of, theme, ratio: float, scale: float):
    scene, marks, painter = painter_of(theme, scale, ratio)
    rng = random.Random(7)
    marks.set_norms({pair: 10 ** rng.uniform(-5, 1) for pair in scene.edge_number})
    advance(marks, scene, rng)
    painter.refresh()
    camera, layer = camera_on(scene, scale, ratio), Layer()
    picture(layer, painter, camera)
    for dx, dy in ((13, -7), (-160, 3), (5, 240), (0, -31), (90, 90), (-77.5, -41.25), (1, 0), (0, 1)):
        camera.pan(dx, dy)
        assert differences(picture(layer, painter, camera), picture(Layer(), painter, camera)) == [], (dx, dy)


@pytest.mark.parametrize("scale", [1.0, 0.47, 0.2])
def test_a_picture_touched_up_equals_one_painted_anew(painter_of, scale: float):
    scene, marks, painter = painter_of(scale=scale)
    rng = random.Random(3)
    camera, layer = camera_on(scene, scale, 1.0), Layer()
    picture(layer, painter, camera)
    for _ in range(12):
        for node in advance(marks, scene, rng):
            for rect in painter.rects_of(node, painter.refresh_node(node)):
                layer.touch(rect)
        camera.pan(rng.randint(-20, 20), rng.randint(-20, 20))
        assert differences(picture(layer, painter, camera), picture(Layer(), painter, camera)) == []


def test_edges_that_are_touched_up_one_by_one_are_drawn_as_all_at_once(painter_of):
    scene, marks, painter = painter_of()
    rng = random.Random(11)
    for _ in range(20):
        marks.set_norms({pair: rng.choice([0.0, math.inf, 1e-3, 10 ** rng.uniform(-9, 3)]) for pair in rng.sample([*scene.edge_number], 9)})
        painter.refresh()
        painter.dress.dim_some(rng.sample(range(len(scene.keys)), 2), rng.sample(range(len(scene.keys)), 2))
        before = painter.edge_ink.copy()
        touched = {node: painter.refresh_node(node) for node in advance(marks, scene, rng)}
        at_once = ScenePainter(scene, marks, painter.theme, painter.dress)
        for node, changed in touched.items():
            edges = painter.out_edges(node).tolist()
            assert painter.edge_ink[edges].tolist() == at_once.edge_ink[edges].tolist()
            assert set(changed) >= {edge for edge in edges if before[edge] != at_once.edge_ink[edge]}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize(("scale", "ratio"), [(1.0, 1.0), (0.83, 1.5), (0.47, 1.0), (0.31, 2.0)])
def test_what_is_painted_one_by_one_equals_what_is_painted_as_arrays(painter_of, monkeypatch, theme, scale: float, ratio: float):
    scene, marks, painter = painter_of(theme, scale, ratio)
    rng = random.Random(5)
    marks.set_norms({pair: 10 ** rng.uniform(-5, 1) for pair in scene.edge_number})
    advance(marks, scene, rng)
    painter.refresh()
    camera = camera_on(scene, scale, ratio)
    pictures = []
    for few in (10_000, 0):
        monkeypatch.setattr(painting, "FEW", few)
        monkeypatch.setattr(painting, "SOME", few)
        pictures.append(picture(Layer(), painter, camera))
    assert differences(*pictures) == []


@pytest.mark.parametrize(("scale", "far"), [(0.003, True), (0.05, False)], ids=["one picture", "specks"])
def test_the_far_view_of_a_large_graph_scrolls_and_is_touched_up_too(painter_of, graphs, scale, far):
    scene, marks, painter = painter_of(scale=scale, graph=graphs.transformer(48).backward())
    assert painter.far is far
    camera, layer = camera_on(scene, scale, 1.0), Layer()
    picture(layer, painter, camera)
    camera.pan(40, -90)
    node = scene.number[next(key for key in scene.keys if scene.styles[scene.style[scene.number[key]]].label == "Bmm")]
    marks.set_status(scene.keys[node], Look.DONE)
    painter.refresh_node(node)
    layer.touch(painter.node_rect(int(painter.boxes_of(node)[0]), REACH))
    assert differences(picture(layer, painter, camera), picture(Layer(), painter, camera)) == []


def test_a_small_pan_paints_nothing_and_a_touch_paints_little(painter_of):
    scene, _, painter = painter_of()
    camera, layer = camera_on(scene, 1.0, 1.0), Layer()
    picture(layer, painter, camera)
    whole = layer.painted
    assert whole == SIZE.width() * SIZE.height()
    camera.pan(0, 10)
    picture(layer, painter, camera)
    strip = layer.painted - whole
    assert strip < whole / 2, "a strip with some room ahead"
    camera.pan(0, 10)
    picture(layer, painter, camera)
    assert layer.painted == whole + strip, "still inside what was painted ahead"
    view = camera.view
    box = painter.pick(view.center().x(), view.center().y())
    box = (
        box
        if box >= 0
        else int(painter.nodes.query(*(edge / painter.unit for edge in (view.left(), view.top(), view.right(), view.bottom())))[0])
    )
    layer.touch(painter.node_rect(box, REACH))
    picture(layer, painter, camera)
    assert layer.painted - whole - strip <= painter.node_rect(box, REACH).width() * painter.node_rect(box, REACH).height()


def test_zooming_keeps_what_is_under_the_pointer_in_place(painter_of):
    scene, _, _ = painter_of()
    camera = camera_on(scene, 1.0, 2.0)
    spot = QPointF(31, 200)
    before = camera.to_scaled(spot) / camera.unit
    for factor in (1.18, 1.18, 0.7, 3.0):
        camera.zoom(factor, spot)
        after = camera.to_scaled(spot) / camera.unit
        assert (after - before).manhattanLength() < 2 / camera.unit


def test_fitting_shows_all_and_does_not_blow_small_graphs_up(painter_of):
    scene, _, _ = painter_of()
    camera = camera_on(scene, 1.0, 1.0)
    camera.fit(scene.bounds, 20)
    left, top, width, height = (value * camera.unit for value in scene.bounds)
    assert camera.view.contains(QRectF(left, top, width, height).toAlignedRect())
    camera.fit((0.0, 0.0, 10.0, 10.0), 20)
    assert camera.scale <= 1.25


def test_on_the_way_what_was_seen_keeps_its_words_and_some_of_the_new_gets_them(painter_of):
    scene, marks, before = painter_of()
    seen, new = range(3), range(3, len(scene.styles))
    assert len(new) > WORDED
    kept = [before.picture(style, 0) for style in seen]
    on_the_way = ScenePainter(scene, marks, LIGHT, Dress(scene), before)
    on_the_way.hurries = True
    assert [on_the_way.picture(style, 0) for style in seen] == kept
    made = [on_the_way.picture(style, 0).cacheKey() for style in new]
    there = ScenePainter(scene, marks, LIGHT, Dress(scene), on_the_way)
    same = [there.picture(style, 0).cacheKey() == key for style, key in zip(new, made, strict=True)]
    assert same == [place < WORDED for place in range(len(new))]
