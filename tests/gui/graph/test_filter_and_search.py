"""What the filter lets through and what a search finds stands out in the graph."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

import gradstep.engine as gs
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.engine.tape.sinks import ListSink
from gradstep.gui.canvas.trails import Goal
from gradstep.gui.graph.colouring import Colouring
from gradstep.gui.graph.emphasis import Emphasis
from gradstep.gui.graph.filter import GraphFilter
from gradstep.gui.graph.find_bar import FindBar
from gradstep.gui.graph.finder import GraphFinder
from gradstep.gui.graph.picture import Shown
from gradstep.gui.graph.ways import Ways
from gradstep.gui.models.graph_search import Result, Results, Sort

from ..looked import Looked, looked_at, network


@pytest.fixture
def looked(qtbot: QtBot) -> Looked:
    return looked_at(qtbot, network())


def bright(looked: Looked) -> set[tuple[str, int]]:
    """The nodes that are not dimmed."""
    dress = looked.canvas.reading.dress
    assert dress is not None
    assert looked.canvas.scene is not None
    return {key for key, dim in zip(looked.canvas.scene.keys, dress.dim.tolist(), strict=True) if not dim}  # type: ignore[misc]


# ------------------------------------------------------------------------------------------------------------------- filter


def a_filter(looked: Looked) -> GraphFilter:
    made = GraphFilter(looked.canvas, Colouring(looked.canvas, looked.model, looked.graphs), Emphasis(looked.canvas), looked.graphs)
    looked.graphs.marked.connect(made.mark)
    return made


def test_the_events_language_filters_the_graph(qtbot: QtBot, looked: Looked) -> None:
    made = a_filter(looked)
    with qtbot.waitSignal(made.matched) as counted:
        made.show("$op(Addmm)")
    assert counted.args == [2, len(looked.canvas.graph)]
    assert bright(looked) == {looked.node("AddmmBackward"), looked.node("AddmmBackward", 1)}
    made.show("$op(Addmm) -$module(=2)")
    made.show("+addmm -$module(=2)")
    assert bright(looked) == {looked.node("AddmmBackward", 1)}
    made.show("")
    assert bright(looked) == set(looked.canvas.graph)


def test_a_filter_by_norm_follows_the_moment(looked: Looked) -> None:
    made = a_filter(looked)
    tanh = looked.node("TanhBackward")
    made.show("$norm(>0)")
    assert tanh in bright(looked)
    looked.look_at(looked.entered(tanh) - 1)
    assert tanh not in bright(looked)
    looked.look_at(looked.entered(tanh))
    assert tanh in bright(looked)


def test_a_filter_that_cannot_be_read_says_why_and_changes_nothing(qtbot: QtBot, looked: Looked) -> None:
    made = a_filter(looked)
    made.show("tanh")
    before = bright(looked)
    with qtbot.waitSignal(made.refused) as said:
        made.show("$nrom(>1)")
    assert "there is no $nrom()" in said.args[0]
    assert bright(looked) == before


def test_a_large_graph_is_filtered_in_pieces(qtbot: QtBot, looked: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradstep.gui.graph.filter.BUDGET", 0.0)
    made = a_filter(looked)
    made.show("tanh")
    qtbot.waitUntil(lambda: not made.is_busy)
    assert bright(looked) == {looked.node("TanhBackward")}


# ------------------------------------------------------------------------------------------------------------------- search


@pytest.fixture
def bar(qtbot: QtBot, looked: Looked) -> FindBar:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(400, 400)
    window.show()
    made = FindBar(window)
    made.parents = window  # type: ignore[attr-defined]  # lives as long as the bar
    made.finder = GraphFinder(made, looked.canvas, looked.model, Emphasis(looked.canvas), looked.graphs)  # type: ignore[attr-defined]
    made.finder.open()  # type: ignore[attr-defined]
    return made


def test_typing_marks_the_hits_and_enter_goes_through_them(looked: Looked, bar: FindBar) -> None:
    QTest.keyClicks(bar.field, "addmm")
    hits = {looked.node("AddmmBackward"), looked.node("AddmmBackward", 1)}
    assert bright(looked) == hits
    assert bar.count.text() == "2 found"
    QTest.keyClick(bar.field, Qt.Key.Key_Return)
    first = looked.model.selection.key
    assert bar.count.text() == "1 of 2"
    QTest.keyClick(bar.field, Qt.Key.Key_Return)
    second = looked.model.selection.key
    assert {first, second} == hits
    QTest.keyClick(bar.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert looked.model.selection.key == first


def test_results_are_listed_by_kind_with_counts(looked: Looked, bar: FindBar) -> None:
    bar.field.setText("a")
    heads = [bar.list.topLevelItem(place).text(0) for place in range(bar.list.topLevelItemCount())]  # type: ignore[union-attr]
    assert heads[0].startswith(f"{Sort.NODE.value}  ")
    assert heads[-1].startswith(f"{Sort.OP.value}  ")


def test_a_module_of_the_list_goes_through_its_nodes(looked: Looked, bar: FindBar) -> None:
    bar.field.setText("weight")
    heads = {bar.list.topLevelItem(place).text(0).split()[0]: bar.list.topLevelItem(place) for place in range(bar.list.topLevelItemCount())}  # type: ignore[union-attr]
    item = heads["Parameters"].child(0)  # type: ignore[union-attr]
    bar.list.itemClicked.emit(item, 0)
    assert looked.model.selection.key in bright(looked)
    assert len(bright(looked)) == 1


def test_escape_closes_and_brightens_everything(looked: Looked, bar: FindBar) -> None:
    bar.field.setText("tanh")
    QTest.keyClick(bar, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert bright(looked) == set(looked.canvas.graph)
    assert not looked.canvas.reading.lights.hits.any()


def test_a_hit_in_a_folded_group_is_found_and_its_group_opens(qtbot: QtBot, looked: Looked, bar: FindBar) -> None:
    sink = ListSink()
    recorder = Recorder(sink)
    with recording(recorder):
        block = gs.nn.Sequential(gs.nn.Linear(3, 3), gs.nn.Tanh(), gs.nn.Sigmoid())
        gs.nn.Sequential(block, gs.nn.Linear(3, 1))(gs.randn(2, 3)).sum().backward()
    recorder.close()
    looked.model.show_tape(Tape.of(list(sink.records)))
    looked.model.catch_up()
    looked.graphs.show(Shown.BACKWARD)
    looked.graphs.foldings.fold_all()
    folded = len(looked.canvas.graph)
    bar.field.setText("sigmoid")
    assert bar.count.text() == "1 found"
    bar.next_wished.emit()
    qtbot.waitUntil(lambda: len(looked.canvas.graph) > folded)
    assert looked.model.selection.key in looked.canvas.graph
    assert bar.count.text() == "1 of 1"


def test_nothing_found_is_said(looked: Looked, bar: FindBar) -> None:
    bar.field.setText("no such node")
    assert bar.count.text() == "nothing found"
    assert bright(looked) == set(looked.canvas.graph)


# --------------------------------------------------------------------------------------------------------------------- ways


def test_the_path_to_the_loss_stands_out_until_another_node_is_selected(qtbot: QtBot, looked: Looked) -> None:
    ways = Ways(looked.canvas, looked.model, Emphasis(looked.canvas), looked.graphs)
    tanh = looked.node("TanhBackward")
    looked.model.select(tanh)
    with qtbot.waitSignal(ways.said) as said:
        ways.show(Goal.LOSS)
    assert "path to the loss: 3 steps" in said.args[0]
    assert bright(looked) == {tanh, looked.node("AddmmBackward"), looked.node("PowBackward"), looked.node("MeanBackward")}
    assert len(looked.canvas.reading.lights.way) == 3
    looked.model.select(looked.node("MeanBackward"))
    assert bright(looked) == set(looked.canvas.graph)
    assert not len(looked.canvas.reading.lights.way)


def test_a_path_that_is_asked_for_twice_goes_again(looked: Looked) -> None:
    ways = Ways(looked.canvas, looked.model, Emphasis(looked.canvas), looked.graphs)
    looked.model.select(looked.node("TanhBackward"))
    ways.show(Goal.PARAMETERS)
    assert ways.goal is Goal.PARAMETERS
    ways.show(Goal.PARAMETERS)
    assert ways.goal is None


def test_the_loss_has_no_path_and_says_so(qtbot: QtBot, looked: Looked) -> None:
    ways = Ways(looked.canvas, looked.model, Emphasis(looked.canvas), looked.graphs)
    looked.model.select(looked.node("MeanBackward"))
    with qtbot.waitSignal(ways.said) as said:
        ways.show(Goal.LOSS)
    assert said.args[0].startswith("This node is the loss")


def test_a_search_has_precedence_over_the_filter(looked: Looked, bar: FindBar) -> None:
    made = GraphFilter(looked.canvas, Colouring(looked.canvas, looked.model, looked.graphs), bar.finder._emphasis, looked.graphs)  # type: ignore[attr-defined]
    made.show("addmm")
    bar.field.setText("tanh")
    assert bright(looked) == {looked.node("TanhBackward")}
    bar.closed.emit()
    assert bright(looked) == {looked.node("AddmmBackward"), looked.node("AddmmBackward", 1)}


def test_filtering_a_large_graph_says_how_far_it_is_and_can_be_given_up(
    qtbot: QtBot, looked: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradstep.gui.graph.filter.BUDGET", 0.0)
    looked.graphs.show(Shown.BOTH)
    made = a_filter(looked)
    told: list[tuple[int, int]] = []
    made.working.connect(lambda done, of: told.append((done, of)))
    made.show("$op(Addmm)")
    assert told == [(16, len(looked.canvas.reading.all_keys()))]
    made.show("")
    assert told[-1] == (0, 0)
    assert not made.is_busy
    assert bright(looked) == set(looked.canvas.graph)


def test_reading_a_large_graph_to_search_it_says_how_far_it_is_and_can_be_given_up_and_taken_up_again(
    qtbot: QtBot, looked: Looked, monkeypatch: pytest.MonkeyPatch, bar: FindBar
) -> None:
    monkeypatch.setattr("gradstep.gui.graph.finder.BUDGET", 0.0)
    told: list[tuple[int, int]] = []
    finder: GraphFinder = bar.finder  # type: ignore[attr-defined]
    finder.working.connect(lambda done, of: told.append((done, of)))
    looked.graphs.show(Shown.BOTH)
    nodes = len(looked.canvas.reading.all_keys())
    bar.field.setText("addm")
    assert told == [(16, nodes)]
    assert finder.is_busy
    finder.cancel()
    assert told[-1] == (0, 0)
    assert not finder.is_busy
    assert bar.count.text() == f"16 of {nodes} nodes searched"
    bar.field.setText("addmm")
    qtbot.waitUntil(lambda: not finder.is_busy)
    assert told[-1] == (0, 0)
    assert {looked.node("AddmmBackward"), looked.node("AddmmBackward", 1)} <= set(finder._results.keys)


def test_short_names_leave_their_room_to_what_tells_them_apart(bar: FindBar) -> None:
    bar.resize(400, 300)
    bar.field.setText("addmm")
    assert bar.list.columnWidth(0) < bar.width() / 2
    assert bar.list.columnWidth(0) >= bar.list.sizeHintForColumn(0)


def test_in_a_low_page_the_list_of_matches_ends_within_it(qtbot: QtBot) -> None:
    page, bar = QWidget(), FindBar()
    qtbot.addWidget(page)
    bar.setParent(page)
    found = tuple(Result(Sort.NODE, f"node {place}", "", (("node", place),)) for place in range(30))
    results = Results("node", {Sort.NODE: found}, tuple(("node", place) for place in range(30)))
    page.resize(500, 700)
    bar.move(80, 50)
    page.show()
    bar.show()
    bar.show_results(results)
    high = bar.height()
    page.resize(500, 220)
    bar.fit()
    assert high > 220
    assert bar.geometry().bottom() < page.height()
    assert bar.list.height() >= 2 * bar.list.sizeHintForRow(0)
