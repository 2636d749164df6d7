"""The model follows a tape that grows, keeps the moment that is looked at, and says what changed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

import gradstep.engine as torch
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Level, Recorder, recording
from gradstep.engine.tape.sinks import ListSink
from gradstep.gui.models import debug_model
from gradstep.gui.models.debug_model import DebugModel, Selection

from ..tapes import SmallNetwork


@pytest.fixture
def model(qtbot: QtBot) -> DebugModel:
    return DebugModel()


def shown(model: DebugModel, maker: SmallNetwork) -> DebugModel:
    model.show_tape(maker.tape())
    model.catch_up()
    return model


def test_a_live_cursor_follows_a_file_that_grows(qtbot: QtBot, model: DebugModel, tmp_path: Path) -> None:
    maker = SmallNetwork()
    path = tmp_path / "run.gst"
    writer = Writer(path)
    half = len(maker.records) // 2
    for record in maker.records[:half]:
        writer.write(record)
    writer.flush()
    model.open(path)
    first = model.last
    with qtbot.waitSignal(model.grown):
        for record in maker.records[half:]:
            writer.write(record)
        writer.close()
    qtbot.waitUntil(lambda: model.last == maker.i - 1)
    assert first < model.last
    assert model.position == model.last
    assert model.history.steps == 7
    model.close()


def test_a_large_file_is_taken_in_piece_by_piece(qtbot: QtBot, model: DebugModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maker = SmallNetwork()
    path = tmp_path / "run.gst"
    writer = Writer(path)
    for record in maker.records:
        writer.write(record)
        writer.flush()
    writer.close()
    monkeypatch.setattr("gradstep.gui.models.debug_model.RECORDED_PIECE", 500)
    sizes: list[int] = []
    model.grown.connect(lambda: sizes.append(model.last))
    with qtbot.waitSignal(model.caught_up):
        model.open(path)
        assert model.last < maker.i - 1
    assert model.last == maker.i - 1
    assert model.history.steps == 7
    assert sizes == sorted(sizes)
    model.open(path)
    with qtbot.waitSignal(model.caught_up):
        model.catch_up()
    assert model.last == maker.i - 1


def test_what_was_read_is_told_in_another_turn_than_more_is_read(
    model: DebugModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debug_model, "BUDGET", 60.0)  # all that is there in one turn, however busy the machine
    maker, path = SmallNetwork(), tmp_path / "run.gst"
    writer = Writer(path)
    third = len(maker.records) // 3
    pieces = maker.records[:third], maker.records[third : 2 * third], maker.records[2 * third :]

    def write(records: list[Any]) -> None:
        for record in records:
            writer.write(record)
        writer.flush()

    write(pieces[0])
    model.open(path)
    told: list[int] = []
    model.grown.connect(lambda: told.append(model.last))
    model._next_news = math.inf
    write(pieces[1])
    model.drain()
    read = model.last
    assert not told
    write(pieces[2])
    model._next_news = 0.0
    model.drain()
    assert (told, model.last) == ([read], read)
    model.drain()
    assert model.last == maker.i - 1
    writer.close()
    model.close()


def test_a_cursor_in_the_past_stays_there_until_it_is_live_again(model: DebugModel) -> None:
    maker = SmallNetwork()
    shown(model, maker)
    live: list[bool] = []
    moved: list[int] = []
    model.live_changed.connect(live.append)
    model.cursor_moved.connect(moved.append)
    model.move_to(maker.enters[2])
    model.catch_up()
    assert model.position == maker.enters[2]
    model.go_live()
    assert live == [False, True]
    assert moved == [maker.enters[2], maker.i - 1]


def test_steps_through_the_past_stop_at_each_node(model: DebugModel) -> None:
    maker = SmallNetwork()
    shown(model, maker)
    back = []
    while model.step_back():
        back.append(model.current_node)
    assert back == [maker.a1, maker.n1, maker.n2, maker.a2, maker.n3, maker.n4, maker.n5]
    forth = [model.current_node]
    while model.step_forward():
        forth.append(model.current_node)
    assert forth == back[::-1]
    assert model.is_live


def test_it_counts_the_nodes_that_have_run_at_the_moment_that_is_looked_at(model: DebugModel) -> None:
    maker = SmallNetwork()
    shown(model, maker)
    counts = [model.done]
    while model.step_back():
        counts.append(model.done)
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1] == 0
    model.close()
    assert model.done == 0


def test_steps_that_were_undone_are_not_stepped_back_to(model: DebugModel) -> None:
    maker = SmallNetwork(steps=4)
    maker.rewind(maker.enters[2] - 1)
    shown(model, maker)
    assert model.step_back()
    assert model.position == maker.enters[1]


def test_the_value_of_a_selected_node_follows_the_cursor_until_another_is_chosen(model: DebugModel) -> None:
    maker = SmallNetwork()
    shown(model, maker)
    model.move_to(maker.enters[0])
    model.select(("node", maker.n3))
    assert model.selection.value is None
    model.move_to(maker.enters[2])
    assert model.selection.value is not None
    assert model.selection.value.label == "gradient into MmBackward0"
    view = model.step_view(maker.n3)
    assert view is not None
    part = view.arrived[0].parts[0].value
    model.select_value(part)
    model.move_to(maker.enters[4])
    assert model.selection == Selection(("node", maker.n3), part)


def test_the_gradient_of_a_leaf_is_its_value_as_soon_as_it_is_stored(model: DebugModel) -> None:
    maker = SmallNetwork()
    shown(model, maker)
    model.move_to(maker.enters[0])
    model.select(("leaf", maker.w2.tensor))
    assert model.selection.value is not None
    assert model.selection.value.label == "fc2.weight"
    model.go_live()
    assert model.selection.value.label == "fc2.weight.grad"
    assert model.tensor_view(model.selection.value).value is not None


def test_the_current_line_is_that_of_the_current_node(model: DebugModel) -> None:
    maker = SmallNetwork()
    shown(model, maker)
    model.move_to(maker.enters[2])
    assert model.current_line()[1] == 14
    model.select(("node", maker.n1))
    assert model.current_line()[1] == 12


def test_another_tape_takes_the_place_of_the_first(model: DebugModel) -> None:
    shown(model, SmallNetwork())
    model.select(("node", 1))
    maker = SmallNetwork(steps=2)
    shown(model, maker)
    assert model.history.steps == 2
    assert model.selection == Selection()
    model.close()
    assert model.tape is None
    assert model.position == -1
    assert model.timeline().lengths == ()


def test_the_node_before_which_the_program_is_paused_is_the_current_one(model: DebugModel) -> None:
    maker = SmallNetwork(steps=3)
    shown(model, maker)
    assert model.current_node == maker.a2
    model.set_live_node(maker.n2)
    assert model.current_node == maker.n2
    model.move_to(maker.enters[0])
    assert model.current_node == maker.n5


def test_a_large_finished_tape_moves_the_panels_only_when_all_of_it_is_here(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in (("LARGE", 0), ("RECORDED_PIECE", 200), ("BUDGET", 0.0), ("OPENING", 0.0)):
        monkeypatch.setattr(debug_model, name, value)
    writer = Writer(tmp_path / "run.gst")
    for record in SmallNetwork().records:
        writer.write(record)
    writer.close()
    model = DebugModel()
    moves: list[int] = []
    pieces: list[int] = []
    model.cursor_moved.connect(moves.append)
    model.grown.connect(lambda: pieces.append(model.position))
    model.open(tmp_path / "run.gst")
    qtbot.waitUntil(lambda: model.is_all_here)
    assert moves == [-1, model.last]
    assert model.position == model.last
    assert len(pieces) > 1
    model.close()


def test_hooks_are_looked_through_again_only_when_there_is_more_of_the_tape(qtbot: QtBot, model: DebugModel, tmp_path: Path) -> None:
    maker = SmallNetwork()
    writer = Writer(tmp_path / "run.gst")
    for record in maker.records[:-1]:
        writer.write(record)
    writer.flush()
    model.open(tmp_path / "run.gst")
    model.catch_up()
    view = model.hooks_view()
    assert view.groups
    model.move_to(maker.enters[2])
    assert model.hooks_view() is view
    model.forget_texts()
    again = model.hooks_view()
    assert again is not view
    assert again == view
    writer.write(maker.records[-1])
    writer.close()
    model.catch_up()
    assert model.hooks_view() is not again
    model.close()


def test_a_large_finished_tape_is_read_and_taken_in_when_nothing_is_more_urgent(
    qtbot: QtBot, model: DebugModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debug_model, "LARGE", 0)
    maker = SmallNetwork()
    writer = Writer(tmp_path / "run.gst")
    for record in maker.records:
        writer.write(record)
    writer.close()
    urgent = True
    model.give_way_to(lambda: urgent)
    with qtbot.waitSignal(model.tape_read):
        model.open(tmp_path / "run.gst")
    for _ in range(3):
        model.drain()
    assert model.tape is not None
    assert not model.tape.unread
    assert model.last == -1
    assert not model.is_all_here
    with qtbot.waitSignal(model.caught_up):
        urgent = False
    assert model.last == len(model.tape.events) - 1
    model.close()


def test_nodes_of_a_pass_inside_of_another_are_not_counted_to_the_outer_one(model: DebugModel) -> None:
    class Inner(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            with torch.enable_grad():
                w = torch.ones(2, requires_grad=True)
                torch.autograd.grad((w.exp() * w.sin() * w).sum(), w)
            return g * 2

    sink = ListSink()
    with recording(Recorder(sink, Level.VALUES)):
        x = torch.ones(2, requires_grad=True)
        Inner.apply(x).sum().backward()
    tape = Tape.of(sink.records)
    model.show_tape(tape)
    model.catch_up()
    outer, inner = tape.runs.values()
    assert len(inner.needed) > len(outer.needed)
    for position in range(len(tape.events)):
        model.move_to(position)
        assert model.done <= len(tape.runs[model.run].needed if model.run in tape.runs else ())
    model.go_live()
    assert model.done == len(tape.runs[model.run].needed)
