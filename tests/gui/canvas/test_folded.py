"""Folded groups on the canvas: they sum up what they hold, and open where the user wants."""

import math

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from gradstep.engine.tape.outline import outline_of
from gradstep.gui.canvas import Look, arrange, measure
from gradstep.gui.canvas.marks import Looks, Marks, Passed
from gradstep.gui.canvas.morph import Change, Morph
from gradstep.gui.canvas.overview import raster
from gradstep.gui.canvas.plan import Shape
from gradstep.gui.folding import Folds, fold, grouped
from gradstep.plugins.layouts import layered_layout


def folded(graph, folds):
    return fold(grouped(outline_of(graph)), folds, graph.nodes.__getitem__)


@pytest.fixture
def graph(graphs):
    return graphs.transformer(4).backward()


@pytest.fixture
def scene(graph):
    return arrange(folded(graph, Folds(0)), measure(), layered_layout)


@pytest.fixture
def canvas(make_canvas, graph):
    canvas = make_canvas(folded(graph, Folds(0)))
    canvas._facts = graph.nodes.__getitem__
    return canvas


def loop(scene) -> int:
    """The folded blocks, which hold most of the model."""
    return next(node for node, key in enumerate(scene.keys) if key[0] == "group" and scene.inside["node"].tolist().count(node) > 100)


def held(scene, group):
    return [("node", id) for id, node in enumerate(scene.inside["node"].tolist()) if node == group]


# ------------------------------------------------------------------------------------------------------------------- marks


def test_a_group_is_as_far_as_what_it_holds(qapp, scene):
    marks, group = Marks(scene), loop(scene)
    first, second, *rest = held(scene, group)
    assert marks.look[group] == Look.PENDING
    assert marks.set_status(first, Look.READY) == {group}
    assert marks.look[group] == Look.READY
    marks.set_status(first, Look.RUNNING)
    assert marks.look[group] == Look.RUNNING
    marks.set_status(first, Look.DONE)
    assert marks.look[group] == Look.PENDING
    assert marks.inner.share(group) == pytest.approx(1 / (len(rest) + 2))
    assert marks.set_status(first, Look.DONE) == frozenset()
    marks.set_statuses(dict.fromkeys([first, second, *rest], Look.DONE))
    assert marks.look[group] == Look.DONE
    assert marks.inner.share(group) == 1.0
    marks.set_statuses({})
    assert marks.look[group] == Look.PENDING


def test_jumping_and_stepping_come_to_the_same(qapp, scene):
    inside = held(scene, loop(scene))
    stepped, jumped = Marks(scene), Marks(scene)
    for number, key in enumerate(inside):
        stepped.set_status(key, Look.DONE if number % 3 else Look.READY)
    jumped.set_statuses({key: Look.DONE if number % 3 else Look.READY for number, key in enumerate(inside)})
    assert (stepped.inner.counts == jumped.inner.counts).all()
    assert (stepped.look == jumped.look).all()


def test_an_alert_and_a_breakpoint_inside_are_the_groups(qapp, scene):
    marks, group = Marks(scene), loop(scene)
    one, other = held(scene, group)[:2]
    assert marks.set_alert(one, True) == {group}
    assert marks.set_alert(other, True) == frozenset()
    assert marks.set_alert(one, False) == frozenset()  # the other one still is
    assert marks.set_alert(other, False) == {group}
    assert marks.set_breakpoints([one, other]) == {group}


def test_what_passes_from_the_inside_colours_the_edge_of_the_group(qapp, graph, scene):
    marks, group = Marks(scene), loop(scene)
    (edge,) = [e for e, (a, b) in enumerate(zip(scene.source.tolist(), scene.target.tolist(), strict=True)) if a == group]
    inside = set(held(scene, group))
    out = [(a, b) for a, b in graph.edges if a in inside and b == scene.keys[scene.target[edge]]]
    marks.set_norms(dict.fromkeys(out, 3.0))
    assert not marks.flowed(scene.source * 0 + edge).any()  # known, but not yet passed at this moment
    marks.set_statuses({a: Look.DONE for a, _ in out})
    assert marks.flowed(scene.source * 0 + edge).all()
    assert marks.norms[edge] == pytest.approx(3.0 * math.sqrt(len(out)))
    marks.set_statuses({})
    assert not marks.flowed(scene.source * 0 + edge).any()


def test_columns_say_what_mappings_say(qapp, graph, scene):
    nodes = [key for key in graph if key[0] == "node"]
    looks = {key: list(Look)[number % 4] for number, key in enumerate(nodes)}
    norms = {edge: 10.0 ** -(number % 5) for number, edge in enumerate(graph.edges)}
    norms[next(iter(norms))] = math.nan
    named, in_columns = Marks(scene), Marks(scene)
    named.set_statuses(looks)
    in_columns.set_statuses(Looks(np.array([id for _, id in looks]), np.array(list(looks.values()), np.uint8)))
    assert named.look.tolist() == in_columns.look.tolist()
    assert (named.inner.counts == in_columns.inner.counts).all()
    named.set_norms(norms)
    ends = np.array([(a[1], b[1]) for a, b in norms])
    in_columns.set_norms(Passed(ends[:, 0], ends[:, 1], np.array(list(norms.values()))))
    edges = np.arange(len(scene.source))
    assert named.flowed(edges).tolist() == in_columns.flowed(edges).tolist()
    np.testing.assert_array_equal(named.norms, in_columns.norms)
    again = in_columns.set_norms(Passed(ends[:, 0], ends[:, 1], np.full(len(ends), 0.5)))
    assert again  # the same pairs have other norms now, and are not added to
    named.set_norms(dict.fromkeys(norms, 0.5))
    named.flowed(edges), in_columns.flowed(edges)
    np.testing.assert_array_equal(named.norms, in_columns.norms)


def test_norms_that_come_together_add_up_as_those_that_come_one_by_one(qapp, graph, scene):
    passed = [edge for edge in graph.edges if edge[0][0] == "node"]
    ends = np.array([(a[1], b[1]) for a, b in [*passed, *passed[:9]]])  # some twice: the last counts
    norms = np.linspace(0.1, 9.0, len(ends))
    at_once, in_turn, edges = Marks(scene), Marks(scene), np.arange(len(scene.source))
    at_once.set_norms(Passed(ends[:, 0], ends[:, 1], norms))
    for place in range(len(ends)):
        in_turn.set_norms(Passed(ends[place : place + 1, 0], ends[place : place + 1, 1], norms[place : place + 1]))
    for marks in (at_once, in_turn):
        marks.set_statuses(dict.fromkeys(graph, Look.DONE))
    assert at_once.flowed(edges).tolist() == in_turn.flowed(edges).tolist()
    np.testing.assert_allclose(at_once.norms, in_turn.norms)
    (one, other) = passed[0]
    at_once.set_norms(Passed(np.array([one[1]]), np.array([other[1]]), np.array([7.0])))
    in_turn.set_norms(Passed(np.array([one[1]]), np.array([other[1]]), np.array([7.0])))
    at_once.flowed(edges), in_turn.flowed(edges)
    np.testing.assert_allclose(at_once.norms, in_turn.norms)


# ------------------------------------------------------------------------------------------------------------------ canvas


def test_the_current_node_is_marked_on_the_group_that_holds_it(canvas, graph):
    scene = canvas.scene
    key = held(scene, loop(scene))[40]
    canvas.set_current(key, "step 3 of 9")
    assert canvas.current_key == key
    assert canvas.holder_of(key) == scene.keys[loop(scene)]
    assert not canvas.rect_of(key).isEmpty()
    assert graph.nodes[key]["label"] in canvas.accessibleDescription()


def test_a_hidden_node_can_be_selected(canvas):
    scene = canvas.scene
    one, other = held(scene, loop(scene))[:2]
    canvas.select(one)
    assert canvas.selected_key == one
    canvas.select(other)
    assert canvas.selected_key == other


def test_double_click_opens_a_group(qtbot, canvas):
    group = canvas.scene.keys[loop(canvas.scene)]
    with qtbot.waitSignal(canvas.fold_wished) as wished:
        QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect_of(group).center())
    assert wished.args == [group[1], True]


def test_a_click_on_the_chevron_opens_it_too(qtbot, canvas):
    group = canvas.scene.keys[loop(canvas.scene)]
    rect = canvas.rect_of(group)
    with qtbot.waitSignal(canvas.fold_wished) as wished:
        QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(rect.left() + 8, rect.center().y()))
    assert wished.args == [group[1], True]


def test_a_click_elsewhere_on_it_selects_it_and_no_node(qtbot, canvas):
    group = canvas.scene.keys[loop(canvas.scene)]
    with qtbot.waitSignal(canvas.node_picked) as picked, qtbot.assertNotEmitted(canvas.fold_wished):
        QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect_of(group).center())
    assert picked.args == [None]
    assert canvas.selected_key == group


def test_enter_goes_in_and_backspace_goes_out(qtbot, make_canvas, graph):
    canvas = make_canvas(folded(graph, Folds(1)))
    group = next(key for key, data in canvas.graph.nodes(data=True) if data["kind"] == "group" and data["calls"])
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect_of(group).center())
    with qtbot.waitSignal(canvas.fold_wished) as wished:
        QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert wished.args == [group[1], True]
    with qtbot.waitSignal(canvas.fold_wished) as wished:
        QTest.keyClick(canvas, Qt.Key.Key_Backspace)
    assert wished.args == [canvas.graph.nodes[group]["calls"][-1], False]


def test_a_click_on_the_title_of_an_open_group_folds_it(qtbot, make_canvas, graph):
    canvas = make_canvas(folded(graph, Folds(1)))
    name = canvas.scene.groups.calls[0]
    left, top, _, _ = canvas.scene.groups.rows[0].tolist()
    unit, corner = canvas._camera.unit, canvas._camera.corner
    with qtbot.waitSignal(canvas.fold_wished) as wished:
        QTest.mouseClick(
            canvas, Qt.MouseButton.LeftButton, pos=QPoint(round((left + 16) * unit) - corner.x(), round((top + 14) * unit) - corner.y())
        )
    assert wished.args == [name, False]


@pytest.mark.parametrize("calm", [True, False])
def test_what_is_looked_at_stands_still_when_a_group_opens(qtbot, monkeypatch, canvas, graph, calm):
    monkeypatch.setattr("gradstep.gui.canvas.morph.is_calm", lambda: calm)
    group = canvas.scene.keys[loop(canvas.scene)]
    above = next(iter(canvas.graph.predecessors(group)))
    before, top = canvas.rect_of(above), canvas.rect_of(group).top()
    seen = folded(graph, Folds(1))
    canvas.show_graph(seen, arrange(seen, measure(), layered_layout), graph.nodes.__getitem__, group)
    qtbot.waitUntil(lambda: not canvas._change.under_way)
    number = canvas.scene.groups.calls.index(group[1])
    assert abs(canvas.scene.groups.rows[number, 1] * canvas._camera.unit - canvas._camera.corner.y() - top) <= 2
    assert abs(canvas.rect_of(above).center().x() - before.center().x()) <= 2


def test_a_change_begins_at_the_old_places_and_ends_at_the_new_ones(qapp, graph, scene):
    new = arrange(folded(graph, Folds(1)), measure(), layered_layout)
    morph = Morph(scene, new, (5.0, 7.0))
    begun = morph.at(0.0)
    for key in new.keys:
        shown = scene.node_of(key)
        if shown >= 0 and (new.node == new.number[key]).sum() == 1:
            x, y = scene.place_of(scene.keys[shown])
            assert begun.place_of(key) == pytest.approx((x + 5, y + 7))
    assert morph.at(1.0) is new


def test_what_is_folded_comes_out_of_the_middle_of_what_it_holds(qapp, graph, scene):
    opened = arrange(folded(graph, Folds(99)), measure(), layered_layout)
    begun, group = Morph(opened, scene, (5.0, 7.0)).at(0.0), loop(scene)
    places = [opened.place_of(key) for kind, table in scene.inside.items() for key in opened.keys
              if key[0] == kind and key[1] < len(table) and table[key[1]] == group]  # fmt: skip
    assert len(places) > 1
    x, y = np.mean(places, axis=0)
    assert begun.place_of(scene.keys[group]) == pytest.approx((x + 5, y + 7))


def test_edges_come_out_of_the_box_that_held_them(qapp, graph, scene):
    new = arrange(folded(graph, Folds(99)), measure(), layered_layout)
    begun, group = Morph(scene, new, (5.0, 7.0)).at(0.0), loop(scene)
    held_by = [(scene.node_of(new.keys[a]), scene.node_of(new.keys[b])) for a, b in zip(new.source, new.target, strict=True)]
    inner = [edge for edge, ends in enumerate(held_by) if ends == (group, group) and not new.docked[edge]]
    rows = begun.fine.rows[np.isin(begun.fine.edge, inner)]
    x, y = scene.place_of(scene.keys[group])
    assert len(rows)
    assert np.abs(rows - [x + 5, y + 7, x + 5, y + 7]).max() < 1.0


def test_while_many_boxes_come_out_of_one_those_beyond_the_first_have_no_words(monkeypatch, canvas):
    monkeypatch.setattr("gradstep.gui.canvas.canvas.MANY_STYLES", 3)
    monkeypatch.setattr("gradstep.gui.canvas.painter.WORDED", 0)
    ways = iter((True, False))
    monkeypatch.setattr(Change, "on_the_way", property(lambda _: next(ways)))
    groups = [number for number, style in enumerate(canvas.scene.styles) if style.shape is Shape.GROUP]
    alike = [style for style in groups if canvas.scene.styles[style][4:6] == canvas.scene.styles[groups[0]][4:6]]
    worded = canvas._painter.picture(groups[0], Look.DONE).toImage()
    canvas._painter._pictures.clear()  # none was seen before
    canvas._set_scene(canvas.scene)
    assert len({id(canvas._painter.picture(style, Look.DONE)) for style in alike}) == 1
    assert canvas._painter.picture(groups[0], Look.DONE).toImage() != worded
    canvas._set_scene(canvas.scene)  # there
    assert canvas._painter.picture(groups[0], Look.DONE).toImage() == worded


def test_a_change_is_on_the_way_until_it_gives_the_new_scene(qapp, canvas, scene):
    change, given = Change(canvas), []
    change.moved.connect(lambda now: given.append((now is scene, change.on_the_way)))
    change._morph = Morph(scene, scene, (0.0, 0.0))
    for share in (0.0, 0.5, 1.0):
        change._step(share)
    assert given == [(False, True), (False, True), (True, False)]


def test_the_mini_map_is_made_anew_where_boxes_have_arrived_and_not_on_their_way(monkeypatch, make_canvas, graph):
    canvas, made = make_canvas(folded(graph, Folds(2)), 900, 700), []
    canvas.zoom_to_actual_size()
    monkeypatch.setattr("gradstep.gui.canvas.hud.raster", lambda *args: made.append(args[0]) or raster(*args))
    monkeypatch.setattr("gradstep.gui.canvas.morph.is_calm", lambda: False)
    old = canvas.scene
    morph = canvas._change._morph = Morph(old, old, (40.0, 0.0))
    for share in (0.0, 0.3, 0.6):
        canvas._change._step(share)
        canvas.grab()
    assert len(made) <= 1
    canvas._change._step(1.0)
    canvas.grab()
    assert made[-1] is morph.at(1.0)


def test_turning_a_graph_on_its_way_turns_where_it_goes(canvas, graph, monkeypatch, qtbot):
    monkeypatch.setattr("gradstep.gui.canvas.morph.is_calm", lambda: False)
    seen = folded(graph, Folds(1))
    canvas.show_graph(seen, arrange(seen, measure(), layered_layout), graph.nodes.__getitem__, canvas.scene.keys[loop(canvas.scene)])
    canvas.turn()
    qtbot.waitUntil(lambda: not canvas._change.under_way)
    assert canvas.is_turned
    assert canvas.scene.flipped


def test_no_motion_where_none_is_wanted(qtbot, monkeypatch, canvas, scene):
    monkeypatch.setattr("gradstep.gui.canvas.morph.is_calm", lambda: True)
    change = Change(canvas)
    with qtbot.assertNotEmitted(change.moved):
        assert not change.play(scene, scene, lambda: Morph(scene, scene, (0.0, 0.0)))
