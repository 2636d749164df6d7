"""After one step its node's gradients move along the edges; the card on a node says what is known of it."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from gradstep.engine.tape.schema import Note, Op, Record
from gradstep.gui.graph.node_card import card
from gradstep.gui.graph.packets import Packets
from gradstep.gui.graph.picture import Shown
from gradstep.gui.models.node_facts import FactBoard
from gradstep.gui.widgets.formats import seconds

from ..looked import Looked, looked_at, network


@pytest.fixture
def looked(qtbot: QtBot) -> Looked:
    return looked_at(qtbot, network())


def text_of(looked: Looked, key: tuple[str, int]) -> str:
    assert looked.model.reader is not None
    board = FactBoard(looked.model.reader)
    board.move_to(looked.model.state, looked.model.run)
    return card(looked.model, board, key)


# ------------------------------------------------------------------------------------------------------------------ packets


def flowing_from(looked: Looked) -> set[object]:
    scene = looked.canvas.scene
    assert scene is not None
    return {scene.keys[scene.source[edge]] for edge in looked.canvas.reading.lights.flowing.tolist()}


def test_a_step_forward_sends_packets_from_the_node_that_ran(looked: Looked) -> None:
    packets = Packets(looked.canvas, looked.model, looked.graphs)
    tanh, after = looked.node("TanhBackward"), looked.node("AddmmBackward", 1)
    looked.look_at(looked.entered(tanh))
    packets.move()
    looked.look_at(looked.entered(after))
    packets.move()
    assert flowing_from(looked) == {tanh}


def test_a_step_back_and_a_jump_send_none(looked: Looked) -> None:
    packets = Packets(looked.canvas, looked.model, looked.graphs)
    tanh = looked.node("TanhBackward")
    looked.look_at(looked.entered(tanh))
    packets.move()
    looked.look_at(looked.entered(tanh) - 1)
    packets.move()
    assert not flowing_from(looked)
    looked.look_at(looked.model.last)
    packets.move()
    assert not flowing_from(looked)


def test_only_the_edges_are_painted_while_packets_move(qtbot: QtBot, looked: Looked) -> None:
    before = looked.canvas.painted_pixels
    looked.canvas.reading.flow_from(looked.node("TanhBackward"))
    qtbot.waitUntil(lambda: not looked.canvas.reading.flowing.under_way)
    looked.canvas.grab()
    assert looked.canvas.painted_pixels == before  # the retained picture stays


# -------------------------------------------------------------------------------------------------------------------- cards


def test_the_card_of_a_node_says_what_it_was_given_and_keeps(looked: Looked) -> None:
    tanh = looked.node("TanhBackward")
    looked.look_at(looked.entered(tanh))
    text = text_of(looked, tanh)
    assert "TanhBackward0" in text
    assert "16\N{MULTIPLICATION SIGN}8 f32, norm " in text
    assert "16\N{MULTIPLICATION SIGN}8 f32</td>" in text
    assert "looked.py:" in text
    assert "range" in text


def test_the_card_of_a_finished_node_says_that_nothing_is_kept(looked: Looked) -> None:
    assert "(freed)" in text_of(looked, looked.node("TanhBackward"))


def test_the_card_of_an_op_says_what_it_made(qtbot: QtBot) -> None:
    looked = looked_at(qtbot, network(), Shown.FORWARD)
    text = text_of(looked, looked.op("tanh"))
    assert "made" in text
    assert "gradient" in text


def test_a_card_has_no_markup_of_the_program(looked: Looked) -> None:
    assert text_of(looked, ("node", 10**9)) == ""
    assert text_of(looked, ("group", 1)) == ""


def test_the_canvas_shows_the_card(looked: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda _, text, *__: shown.append(text))
    looked.canvas.card = lambda key: f"card of {key[1]}"
    key = looked.node("TanhBackward")
    looked.canvas.centre_on(key)
    place = looked.canvas.rect_of(key).center()
    QApplication.sendEvent(looked.canvas, QHelpEvent(QEvent.Type.ToolTip, place, looked.canvas.mapToGlobal(place)))
    assert shown == [f"card of {key[1]}"]


def with_notes(records: list[Record], *notes: tuple[str, object]) -> list[Record]:
    return [*(Note(kind, json.dumps(facts)) for kind, facts in notes if kind == "begin"), *records,
            *(Note(kind, json.dumps(facts)) for kind, facts in notes if kind != "begin")]  # fmt: skip


def test_the_card_of_an_op_lists_its_kernels_in_order(qtbot: QtBot) -> None:
    records = network()
    op = next(record for record in records if isinstance(record, Op) and record.name == "tanh")
    inside = [["aten::clone", "float32 [16, 8]", 4000], ["aten::tanh_", "float32 [16, 8]", 12000]]
    told = with_notes(records, ("begin", {"kernels": True}), ("kernels", [{"op": op.id, "node": 0, "run": 0, "kernels": inside}]))
    text = text_of(looked_at(qtbot, told, Shown.FORWARD), ("op", op.id))
    assert "aten::clone" in text
    assert text.index("aten::clone") < text.index("aten::tanh_")
    assert seconds(12e-6) in text


def test_a_card_says_that_kernels_were_not_recorded_where_they_could_have_been(qtbot: QtBot) -> None:
    told = with_notes(network(), ("begin", {"kernels": False}))
    looked = looked_at(qtbot, told, Shown.FORWARD)
    assert "start with --kernels" in text_of(looked, looked.op("tanh"))
    looked = looked_at(qtbot, network(), Shown.FORWARD)
    assert "kernels" not in text_of(looked, looked.op("tanh"))
