import gc
import math
import subprocess
import sys
import textwrap
from functools import partial

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QAccessible, QAccessibleActionInterface
from PySide6.QtWidgets import QWidget

from gradstep.gui.canvas import GraphCanvas, Look
from gradstep.gui.canvas import telling as told
from gradstep.plugins.layouts import layered_layout

NAME, DESCRIPTION = QAccessible.Text.Name, QAccessible.Text.Description


def node(graph, op):
    return next(key for key, data in graph.nodes(data=True) if data["op"] == op)


def shown(canvas):
    """The canvas as a screen reader gets it."""
    return QAccessible.queryAccessibleInterface(canvas)


def children(of):
    return [of.child(number) for number in range(of.childCount())]


def everything(of):
    """All that is below, as a reader walks through it."""
    for child in children(of):
        yield child
        yield from everything(child)


def item(canvas, key):
    return canvas.telling.items.item(key)


@pytest.fixture
def heard(monkeypatch):
    """The events that are sent: (which, the name of what it is about), while a reader listens."""
    events = []

    def hear(event):
        events.append((event.type(), event.accessibleInterface().text(NAME)))

    monkeypatch.setattr(told, "_send", hear)
    QAccessible.setActive(True)
    yield events
    QAccessible.setActive(False)


def test_every_node_and_every_open_group_is_an_object_of_its_own(make_canvas, graphs):
    canvas = make_canvas(graphs.transformer().backward())
    graph = shown(canvas)
    assert (graph.role(), graph.text(NAME)) == (QAccessible.Role.List, "Graph")
    found = list(everything(graph))
    groups = [("group", call) for call in canvas.scene.groups.calls]
    assert groups
    assert {one.key for one in found} == {*canvas.graph, *groups}
    assert len(found) == len(canvas.graph) + len(groups)
    assert {one.role() for one in found} == {QAccessible.Role.ListItem}
    for parent in (graph, *found):
        for place, child in enumerate(children(parent)):
            assert child.parent() is parent
            assert parent.indexOfChild(child) == place


def test_children_come_in_the_order_in_which_they_are_read(make_canvas, graphs):
    canvas = make_canvas(graphs.transformer().backward())
    for parent in (shown(canvas), *everything(shown(canvas))):
        tops = [child.rect().top() for child in children(parent)]
        assert tops == sorted(tops)
    first = shown(canvas).child(0).key
    canvas.turn()
    assert shown(canvas).child(0).key != first


def test_a_node_says_its_name_number_state_norm_and_marks(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp().backward())
    key = node(canvas.graph, "relu")
    before = next(iter(canvas.graph.predecessors(key)))
    relu = item(canvas, key)
    assert relu.text(NAME) == f"ReluBackward0, node {key[1]}, pending"
    canvas.set_status(before, Look.DONE)
    canvas.set_edge_norms({(before, key): 0.3125})
    canvas.set_status(key, Look.DONE)
    canvas.set_current(key)
    assert relu.text(NAME) == f"ReluBackward0, node {key[1]}, done, gradient norm 0.312, current"
    canvas.set_edge_norms({(before, key): math.inf})
    canvas.set_alerts([key])
    canvas.set_breakpoints([key])
    canvas.set_current(None)
    assert relu.text(NAME) == f"ReluBackward0, node {key[1]}, done, gradient norm not finite, NaN, Inf or an error, breakpoint"
    assert "model.py:" in relu.text(DESCRIPTION)


def test_a_node_is_where_it_is_drawn_and_found_there(make_canvas, graphs):
    canvas = make_canvas(graphs.transformer().backward())
    canvas.fit()
    graph = shown(canvas)
    for key in canvas.graph:
        rect = item(canvas, key).rect()
        assert rect == canvas.rect_of(key).translated(canvas.mapToGlobal(QPoint(0, 0)))
        assert graph.childAt(rect.center().x(), rect.center().y()).key == key
    group = max(map(partial(item, canvas), canvas.telling.items.contents.frames), key=lambda group: group.rect().height())
    assert all(group.rect().contains(child.rect()) for child in children(group))
    inside = group.rect().bottomLeft() + QPoint(3, -3)
    assert graph.childAt(inside.x(), inside.y()).key == group.key
    assert graph.childAt(canvas.mapToGlobal(QPoint(-5, -5)).x(), 0) is None


def test_what_is_selected_is_a_state_and_the_focus_goes_with_the_keys(make_canvas, graphs, qtbot, heard):
    canvas = make_canvas(graphs.mlp().backward())
    with qtbot.waitActive(canvas):
        canvas.activateWindow()
    canvas.setFocus()
    first = node(canvas.graph, "nll_loss")
    canvas.go_to(canvas.scene.node_of(first))
    focus = QAccessible.Event.Focus
    qtbot.waitUntil(lambda: (focus, item(canvas, first).text(NAME)) in heard)
    qtbot.keyClick(canvas, "o")
    second = canvas.selected_key
    assert second != first
    qtbot.waitUntil(lambda: (focus, item(canvas, second).text(NAME)) in heard)
    assert (QAccessible.Event.SelectionRemove, item(canvas, first).text(NAME)) in heard
    assert item(canvas, second).state().selected
    assert item(canvas, second).state().focused
    assert not item(canvas, first).state().selected
    assert shown(canvas).focusChild() is item(canvas, second)
    assert shown(canvas).selectionInterface().selectedItems() == [item(canvas, second)]


def test_who_comes_to_the_graph_by_tab_hears_the_selected_node(make_canvas, graphs, qtbot, heard):
    canvas = make_canvas(graphs.mlp().backward())
    key = node(canvas.graph, "relu")
    with qtbot.waitActive(canvas):
        canvas.activateWindow()
    canvas.clearFocus()
    canvas.select(key)
    event = (QAccessible.Event.Focus, item(canvas, key).text(NAME))
    qtbot.waitUntil(lambda: (QAccessible.Event.Selection, event[1]) in heard)
    assert event not in heard  # the keys go elsewhere
    with qtbot.waitActive(canvas):
        canvas.activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(lambda: event in heard)


def test_a_name_that_changed_is_told(make_canvas, graphs, qtbot, heard):
    canvas = make_canvas(graphs.mlp().backward())
    key = node(canvas.graph, "relu")
    relu = item(canvas, key)
    canvas.set_status(key, Look.RUNNING)
    qtbot.waitUntil(lambda: key in canvas.telling._names)
    assert relu.state().busy
    canvas.set_status(key, Look.DONE)
    qtbot.waitUntil(lambda: (QAccessible.Event.NameChanged, relu.text(NAME)) in heard)


def test_nothing_is_made_where_nobody_listens(make_canvas, graphs, qtbot):
    canvas = make_canvas(graphs.mlp().backward())
    canvas.setFocus()
    canvas.go_to(3)
    canvas.set_current(canvas.scene.keys[5])
    assert not canvas.telling.items.any
    assert "_parents" not in canvas.telling.items.contents.__dict__


def test_one_child_of_very_many_is_made_alone(make_canvas, graphs):
    graph = graphs.mlp(2_000).backward()
    canvas = make_canvas(graph)
    tree = shown(canvas)
    assert len(list(canvas.graph)) > 5_000
    assert tree.childCount() > 0
    last = tree.child(tree.childCount() - 1)
    assert last.parent() is tree
    assert list(canvas.telling.items.made) == [last.key]


def test_edges_are_relations(make_canvas, graphs):
    canvas = make_canvas(graphs.mlp().backward())
    key = node(canvas.graph, "relu")
    flows = QAccessible.RelationFlag
    found = item(canvas, key).relations(flows.FlowsTo)
    assert {(other.key, flag) for other, flag in found} == {(after, flows.FlowsTo) for after in canvas.graph.successors(key)}
    both = item(canvas, key).relations(flows.FlowsTo | flows.FlowsFrom)
    assert {other.key for other, flag in both if flag == flows.FlowsFrom} == set(canvas.graph.predecessors(key))


def test_actions_do_what_the_mouse_does_when_the_call_is_over(make_canvas, graphs, qtbot):
    canvas = make_canvas(graphs.transformer().backward())
    key = node(canvas.graph, "gelu")
    actions = item(canvas, key).actionInterface()
    press, focus, menu = actions.actionNames()
    with qtbot.waitSignal(canvas.node_activated) as activated:
        actions.doAction(press)
    assert activated.args == [key]
    with qtbot.waitSignal(canvas.node_picked):
        actions.doAction(focus)
        assert canvas.selected_key is None  # not while it is asked
    assert canvas.selected_key == key
    with qtbot.waitSignal(canvas.menu_wanted) as asked:
        actions.doAction(menu)
    assert asked.args[0] == key
    call = canvas.scene.groups.calls[0]
    with qtbot.waitSignal(canvas.fold_wished) as folded:
        item(canvas, ("group", call)).actionInterface().doAction(QAccessibleActionInterface.pressAction())
    assert folded.args == [call, False]


def test_a_reader_selects_and_deselects(make_canvas, graphs):
    canvas = make_canvas(graphs.transformer().backward())
    selection, relu = shown(canvas).selectionInterface(), item(canvas, node(canvas.graph, "gelu"))
    assert selection.selectedItemCount() == 0
    assert selection.select(relu)
    assert canvas.selected_key == relu.key
    assert selection.isSelected(relu)
    assert selection.unselect(relu)
    assert canvas.selected_key is None
    assert not selection.select(item(canvas, ("group", canvas.scene.groups.calls[0])))


def test_what_is_not_drawn_any_more_is_invalid_and_then_deleted(make_canvas, graphs, qtbot):
    canvas = make_canvas(graphs.mlp(4).backward())
    stays, goes = item(canvas, ("node", 1)), item(canvas, next(reversed(list(canvas.graph))))
    canvas.show_graph(graphs.mlp(1).backward(), layered_layout)
    assert not goes.isValid()
    assert goes.state().invalid
    assert goes.text(NAME) == ""
    assert goes.relations() == []
    qtbot.waitUntil(lambda: goes.key not in canvas.telling.items.made)
    assert item(canvas, ("node", 1)) is stays
    canvas.clear()
    qtbot.waitUntil(lambda: not canvas.telling.items.made)
    assert shown(canvas).childCount() == 0


def test_the_objects_go_with_the_widget(make_canvas, graphs, qtbot):
    window = QWidget()
    canvas = GraphCanvas(window)
    canvas.show_graph(graphs.mlp().backward(), layered_layout)
    items = canvas.telling.items
    assert list(everything(shown(canvas)))
    with qtbot.waitSignal(window.destroyed):
        window.deleteLater()
    gc.collect()
    assert not items.made
    assert not items.alive


_HARD = """
    import gc, random, runpy, sys
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QAccessible, QAccessibleEvent
    from PySide6.QtWidgets import QApplication, QWidget
    from gradstep.gui.canvas import GraphCanvas, arrange, measure
    from gradstep.plugins.layouts import layered_layout
    from gradstep.gui.theme import LIGHT, apply

    app = QApplication([])
    apply(app, LIGHT)
    QAccessible.setActive(True)
    models = runpy.run_path(sys.argv[1])
    graphs = [models["mlp"](size).backward() for size in (1, 2, 3)]
    shown = [(graph, arrange(graph, measure(), layered_layout)) for graph in graphs]
    chance = random.Random(7)

    def ask(tree):
        for _ in range(6):
            if not tree.childCount():
                return
            one = tree.child(chance.randrange(tree.childCount()))
            one.text(QAccessible.Text.Name), one.state().selected, one.rect(), one.window(), one.parent().childCount()
            one.relations(), one.actionInterface().actionNames(), one.valueInterface(), one.textInterface()
            tree.selectionInterface().select(one), tree.actionInterface().actionNames(), tree.focusChild()
            QAccessible.updateAccessibility(QAccessibleEvent(one, QAccessible.Event.Focus))

    for window in range(8):
        top = QWidget()
        canvas = GraphCanvas(top)
        canvas.resize(400, 300)
        top.show()
        tree = QAccessible.queryAccessibleInterface(canvas)
        for change in range(125):
            canvas.show_graph(*chance.choice(shown)) if chance.random() < 0.9 else canvas.clear()
            ask(tree)
            canvas.set_current(("node", chance.randrange(1, 9)))
            if change % 3 == 0:
                app.processEvents()
            if change % 60 == 0:
                gc.collect()
        if window % 3 == 0:
            canvas.kept = [canvas, tree, top]  # left to the collector
        if window % 2:
            top.close()
            top.deleteLater()
            app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        del top, canvas
        gc.collect()
        app.processEvents()
    left = GraphCanvas()
    left.show_graph(*shown[0])
    ask(QAccessible.queryAccessibleInterface(left))
    print("whole")
"""


def test_a_thousand_graphs_eight_windows_and_the_collector_leave_the_process_whole(graphs):
    run = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(_HARD), graphs.__file__], capture_output=True, text=True, timeout=300
    )
    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, "whole", "")
