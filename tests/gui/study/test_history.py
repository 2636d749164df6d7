"""Back to what was selected, with the moment at which it was looked at, and forward again."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gradstep.gui.models.debug_model import DebugModel
from gradstep.gui.study.history import KEPT, SelectionHistory

from ..tapes import SmallNetwork


@pytest.fixture
def model(qtbot: QtBot) -> DebugModel:
    model = DebugModel()
    model.show_tape(SmallNetwork().tape())
    model.catch_up()
    return model


@pytest.fixture
def history(model: DebugModel) -> SelectionHistory:
    return SelectionHistory(model, model)


def nodes(model: DebugModel) -> list[tuple[str, int]]:
    assert model.tape is not None
    return [("node", number) for number in model.tape.nodes]


def look(model: DebugModel, key: tuple[str, int], moment: int | None = None) -> None:
    """Select a node, at a moment or at the newest one."""
    model.move_to(model.last if moment is None else moment)
    model.select(key)
    QApplication.processEvents()


def test_back_and_forward_lead_through_what_was_selected(model: DebugModel, history: SelectionHistory) -> None:
    a, b, c = nodes(model)[:3]
    for key in (a, b, c):
        look(model, key)
    history.back()
    assert model.selection.key == b
    history.back()
    assert model.selection.key == a
    history.forward()
    assert model.selection.key == b


def test_a_moment_comes_back_with_its_node(model: DebugModel, history: SelectionHistory) -> None:
    a, b = nodes(model)[:2]
    look(model, a, 12)
    look(model, b)
    history.back()
    assert (model.selection.key, model.position, model.is_live) == (a, 12, False)
    history.forward()
    assert (model.selection.key, model.is_live) == (b, True)


def test_moments_of_one_node_are_one_place(model: DebugModel, history: SelectionHistory) -> None:
    a, b = nodes(model)[:2]
    look(model, a)
    for moment in (10, 11, 12):
        look(model, b, moment)
    history.back()
    assert model.selection.key == a


def test_what_is_selected_after_going_back_takes_the_place_of_what_was_ahead(
    model: DebugModel, history: SelectionHistory, qtbot: QtBot
) -> None:
    a, b, c = nodes(model)[:3]
    look(model, a)
    look(model, b)
    history.back()
    look(model, c)
    with qtbot.waitSignal(history.said) as said:
        history.forward()
    assert said.args == ["Nothing was selected after this."]
    history.back()
    assert model.selection.key == a


def test_the_ends_are_said_and_another_tape_begins_anew(model: DebugModel, history: SelectionHistory, qtbot: QtBot) -> None:
    look(model, nodes(model)[0])
    with qtbot.waitSignal(history.said) as said:
        history.back()
    assert said.args == ["Nothing was selected before this."]
    look(model, nodes(model)[1])
    model.show_tape(SmallNetwork().tape())
    with qtbot.waitSignal(history.said):
        history.back()


def test_it_does_not_grow_without_end(model: DebugModel, history: SelectionHistory) -> None:
    a, b = nodes(model)[:2]
    for _ in range(KEPT):
        look(model, a)
        look(model, b)
    steps = 0
    while steps < 3 * KEPT:
        history.back()
        steps += 1
    assert model.selection.key in (a, b)
    assert len(history._places) == KEPT
