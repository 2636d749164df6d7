"""Panels are told of the model when somebody sees them, when all of a large tape is here, and while they are linked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from gradstep.gui.frame.docks import Docks
from gradstep.gui.models.debug_model import DebugModel
from gradstep.gui.panels.panel_presenter import PanelPresenter
from gradstep.gui.panels.panel_set import PanelSet

from ..tapes import SmallNetwork

NOTHING_YET = "No hook has fired and no gradient was stored up to here."


class Told:
    """The panels of a window, their docks, a model, and what tells them of it."""

    def __init__(self, qtbot: QtBot) -> None:
        window = QMainWindow()
        qtbot.addWidget(window)
        self.panels, self.model, self.window = PanelSet(), DebugModel(window), window
        self.docks = Docks(window, self.panels.places())
        self.presenter = PanelPresenter(self.panels, self.model, self.docks, window)
        window.resize(1366, 768)
        window.show()
        self.docks.arrange()
        self.docks.bring(self.panels.hooks)
        qtbot.waitUntil(lambda: self.docks.in_sight(self.panels.hooks))

    def record(self, maker: SmallNetwork) -> None:
        self.model.show_tape(maker.tape())
        self.model.catch_up()
        self.presenter.show_now()

    def hooks(self) -> list[str]:
        return [] if self.panels.hooks._stage.is_empty else [line.partition("\t")[0] for line in self.panels.hooks._tree.texts()]


@pytest.fixture
def told(qtbot: QtBot) -> Iterator[Told]:
    made = Told(qtbot)
    yield made
    made.model.close()


def test_while_nothing_has_happened_the_hooks_say_so(told: Told) -> None:
    assert told.panels.hooks._stage.notice.text() == NOTHING_YET
    told.record(SmallNetwork(steps=1))  # a step without hooks
    assert told.panels.hooks._stage.notice.text() == NOTHING_YET
    told.record(SmallNetwork())
    assert "double  (tensor hook)" in told.hooks()


def test_hooks_that_nobody_sees_are_filled_when_their_panel_comes_to_the_front(told: Told, qtbot: QtBot) -> None:
    told.docks.bring(told.panels.alerts)
    qtbot.waitUntil(lambda: not told.docks.in_sight(told.panels.hooks))
    told.record(SmallNetwork())
    assert told.hooks() == []
    told.docks.bring(told.panels.hooks)
    qtbot.waitUntil(lambda: "double  (tensor hook)" in told.hooks())


def test_hooks_of_a_tape_that_takes_time_are_filled_once_all_of_it_is_here(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    filled: list[int] = []
    show = told.panels.hooks.show_moment
    monkeypatch.setattr(told.panels.hooks, "show_moment", lambda *args: (filled.append(args[1]), show(*args)))
    tape = SmallNetwork().tape()
    told.model.show_tape(tape)
    monkeypatch.setattr(DebugModel, "takes_time", True)
    filled.clear()
    for _ in range(3):
        told.model.grown.emit()
    assert filled == []
    told.model.caught_up.emit()
    assert filled == [len(tape.events) - 1]
    told.model.caught_up.emit()
    assert len(filled) == 1
    assert "double  (tensor hook)" in told.hooks()


def test_hooks_that_are_unlinked_keep_what_they_show_until_they_are_linked_again(told: Told) -> None:
    told.record(SmallNetwork())
    told.presenter.set_linked(told.panels.hooks, False)
    told.record(SmallNetwork(steps=1))
    assert "double  (tensor hook)" in told.hooks()
    told.presenter.set_linked(told.panels.hooks, True)
    assert told.panels.hooks._stage.notice.text() == NOTHING_YET


def test_alone_with_the_selected_node_hooks_say_that_it_has_none(told: Told) -> None:
    maker = SmallNetwork()
    told.record(maker)
    told.panels.hooks._only.setChecked(True)
    told.model.select(("node", maker.n4))
    told.presenter.show_now()
    assert told.panels.hooks._stage.notice.text() == "No hook fired around the selected node, and it stored no gradient."
    told.model.select(("node", maker.n2))
    told.presenter.show_now()
    assert "double  (tensor hook)" in told.hooks()
