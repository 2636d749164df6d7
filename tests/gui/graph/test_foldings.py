"""Folding in the window: the current node is never lost, and what the user folds stays folded."""

import pytest

import gradstep.engine as torch
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.gui.canvas import GraphCanvas, motion
from gradstep.gui.folding import Folds
from gradstep.gui.graph.layouts import layout
from gradstep.gui.graph.picture import FoldedGraphs, Picture, Shown
from gradstep.gui.graph.presenter import GraphPresenter
from gradstep.gui.models.debug_model import DebugModel


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)

    def forward(self, x):
        return self.linear(x).tanh() * 2 + x


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList(Layer() for _ in range(8))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x.sum()


@pytest.fixture
def tape(tmp_path):
    recorder = Recorder(writer := Writer(tmp_path / "run.gst"))
    with recording(recorder):
        Net()(torch.ones(2, 3)).backward()
    recorder.close()
    writer.close()
    tape = Tape.open(tmp_path / "run.gst")
    yield tape
    tape.close()


@pytest.fixture
def window(qtbot, tape):
    """Canvas and presenter of a tape, at its end."""
    model, canvas = DebugModel(), GraphCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(900, 700)
    presenter = GraphPresenter(canvas, model, layout())
    model.show_tape(tape)
    model.catch_up()
    presenter.set_paused(True)
    canvas.show()
    canvas.grab()
    yield canvas, presenter, model
    presenter.close()
    model.close()


def groups(canvas) -> dict[str, object]:
    return {data["label"]: data["group"] for _, data in canvas.graph.nodes(data=True) if data["kind"] == "group"}


def test_a_small_graph_opens_with_everything_open(window):
    canvas, _, _ = window
    assert not groups(canvas)
    assert canvas.graph.graph["deepest"] == 2


def test_commands_fold_and_unfold_level_by_level(window):
    canvas, presenter, _ = window
    presenter.foldings.fold_all()
    assert list(groups(canvas)) == ["layers"]
    assert len(canvas.graph) == 2
    presenter.foldings.unfold_level()
    assert len(groups(canvas)) == 8
    presenter.foldings.fold_level()
    assert list(groups(canvas)) == ["layers"]
    presenter.foldings.unfold_all()
    assert not groups(canvas)


def test_the_path_of_the_current_node_stays_where_groups_fold_and_open(window):
    canvas, presenter, model = window
    model.move_to(int(model.timeline().enters[12]))
    presenter._mark()
    path = canvas._hud.breadcrumb.parts
    assert path
    presenter.foldings.unfold_all()
    presenter.foldings.fold_level()
    assert canvas._hud.breadcrumb.parts == path
    presenter.foldings.unfold_level()
    assert canvas._hud.breadcrumb.parts == path


def test_a_graph_that_folds_to_a_few_boxes_is_brought_to_the_middle(window, monkeypatch):
    canvas, presenter, _ = window
    monkeypatch.setattr(motion, "duration", lambda widget: 0)
    presenter.foldings.unfold_all()
    canvas.look_at(*canvas.scene.place_of(next(iter(canvas.graph))), 1.0)
    canvas.pan(300, 250)
    presenter.foldings.fold_all()
    left, top, width, height = canvas.scene.bounds
    assert canvas.centre.x() == pytest.approx(left + width / 2, abs=2)
    assert canvas.centre.y() == pytest.approx(top + height / 2, abs=2)


def test_one_group_opens_and_folds(window):
    canvas, presenter, _ = window
    presenter.foldings.fold_all()
    name = groups(canvas)["layers"]
    canvas.fold_wished.emit(name, True)
    inner = groups(canvas)["layers.3"]
    canvas.fold_wished.emit(inner, True)
    assert "layers.3" not in groups(canvas)
    assert len(groups(canvas)) == 7
    canvas.fold_wished.emit(name, False)
    assert list(groups(canvas)) == ["layers"]
    canvas.fold_wished.emit(name, True)
    assert "layers.3" not in groups(canvas)  # what was open inside still is


def test_stepping_into_a_folded_group_opens_its_way(qtbot, window, tape):
    canvas, presenter, model = window
    presenter.foldings.fold_all()
    model.move_to(int(model.timeline().enters[12]))
    presenter._mark()
    hidden = canvas.current_key
    assert hidden is not None
    assert canvas.holder_of(hidden) != hidden  # at once: marked on the group
    qtbot.waitUntil(lambda: canvas.holder_of(hidden) == hidden)  # at rest: seen itself
    assert canvas.current_key == hidden
    assert canvas.rect().intersects(canvas.rect_of(hidden))
    assert len(groups(canvas)) == 7  # the others stay folded


def test_what_the_user_folded_stays_folded_and_is_marked(window):
    canvas, presenter, model = window
    presenter.foldings.fold_all()
    canvas.fold_wished.emit(groups(canvas)["layers"], True)
    canvas.fold_wished.emit(groups(canvas)["layers.0"], True)
    canvas.fold_wished.emit(next(name for name, f in canvas.graph.graph["groups"].items() if f["label"] == "layers"), False)
    model.move_to(int(model.timeline().enters[12]))
    presenter._mark()
    presenter.foldings.show_current()
    assert canvas.holder_of(canvas.current_key) == ("group", groups(canvas)["layers"])


def test_nothing_opens_by_itself_while_the_view_does_not_follow(window):
    canvas, presenter, model = window
    canvas.set_follow(False)
    presenter.foldings.fold_all()
    model.move_to(int(model.timeline().enters[12]))
    presenter._mark()
    presenter.foldings.show_current()
    assert list(groups(canvas)) == ["layers"]


def test_a_node_that_is_hidden_can_be_selected_and_shows_its_group(window, tape):
    canvas, presenter, model = window
    presenter.foldings.fold_all()
    key = ("node", next(id for id, node in tape.nodes.items() if node.name == "TanhBackward0"))
    model.select(key)
    assert canvas.selected_key == key
    assert canvas.holder_of(key) == ("group", groups(canvas)["layers"])


def test_each_graph_of_a_tape_has_its_own_folds_until_another_opens(window, tape):
    canvas, presenter, model = window
    presenter.foldings.fold_all()
    presenter.show(Shown.FORWARD)
    assert not groups(canvas)
    presenter.show(Shown.BACKWARD)
    assert list(groups(canvas)) == ["layers"]
    model.show_tape(Tape.open(tape.path))
    presenter.refresh()
    assert not groups(canvas)


def test_a_graph_without_groups_says_so(qtbot, window, monkeypatch):
    canvas, presenter, _ = window
    canvas.graph.graph["deepest"] = 0
    with qtbot.waitSignal(presenter.foldings.said) as said:
        presenter.foldings.fold_all()
    assert "Nothing here can be folded" in said.args[0]


def test_the_groups_of_a_picture_are_found_once(tape, monkeypatch):
    graphs, made = FoldedGraphs(), []
    monkeypatch.setattr(
        "gradstep.gui.graph.picture.grouped",
        lambda outline, real=FoldedGraphs._take_in.__globals__["grouped"]: made.append(1) or real(outline),
    )
    run = next(iter(tape.runs))
    for folds in (Folds(0), Folds(1), Folds(2)):
        graphs.graph(tape, Picture(tape.path, Shown.BACKWARD, run, 50, folds))
    assert made == [1]


# ------------------------------------------------------------------------------------------------------------------ layouts


def test_another_layout_is_chosen_and_left_again(qtbot, window):
    canvas, presenter, _ = window
    before = canvas.scene
    with qtbot.waitSignal(presenter.layout_changed) as changed, qtbot.waitSignal(presenter.drawn, timeout=30_000):
        presenter.choose_layout("multipartite")
    assert changed.args == ["multipartite"]
    assert canvas.scene is not before
    assert set(canvas.scene.keys) == set(before.keys)
    presenter.choose_layout("layered")
    assert canvas.scene.bounds == before.bounds


def test_a_layout_that_is_not_there_says_so_and_changes_nothing(qtbot, window):
    canvas, presenter, _ = window
    before = canvas.scene
    with qtbot.waitSignal(presenter.refused) as refused:
        presenter.choose_layout("nosuch")
    assert "nosuch" in refused.args[0]
    assert canvas.scene is before


def test_a_layout_that_fails_is_given_up_for_the_default_one(qtbot, window, monkeypatch, capfd):
    _, presenter, _ = window
    monkeypatch.setattr(
        "gradstep.gui.graph.layouts.layout",
        lambda name="layered", guard=None, real=layout: real() if name == "layered" else __import__("networkx").find_cycle,
    )
    with qtbot.waitSignal(presenter.refused, timeout=30_000) as refused:
        presenter.choose_layout("broken")
    assert "broken" in refused.args[0]
    assert presenter._layout_name == "layered"
    capfd.readouterr()


def test_cancelling_keeps_what_is_drawn_and_its_folds(window):
    canvas, presenter, _ = window
    before = canvas.scene
    presenter.choose_layout("multipartite")
    presenter.cancel()
    assert canvas.scene is before
    assert presenter._layout_name == "layered"
    assert presenter._drawing.wished is None
