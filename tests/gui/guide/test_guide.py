"""The task of an example stands in a bar until it is put away, and comes back when asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from gradstep.gui.files.settings import throwaway
from gradstep.gui.frame.docks import Docks
from gradstep.gui.frame.message_bar import MessageBar
from gradstep.gui.guide.examples import FOLDER, task
from gradstep.gui.guide.guide import Guide
from gradstep.gui.models.debug_model import DebugModel
from gradstep.gui.panels.panel_set import PanelSet

from ..tapes import SmallNetwork


class Opened(QObject):
    """A stand-in for what opens files."""

    changed = Signal()
    script = name = ""

    def open(self, file: str) -> None:
        self.script = self.name = file
        self.changed.emit()


@pytest.fixture
def guide(qtbot: QtBot) -> Guide:
    window = QMainWindow()
    qtbot.addWidget(window)
    panels = PanelSet()
    docks, canvas = Docks(window, panels.places()), QWidget()
    window.setCentralWidget(canvas)
    bar = MessageBar(window)
    window.show()
    return Guide(bar, Opened(window), DebugModel(window), docks, panels, canvas, QWidget, throwaway(), window)  # type: ignore[arg-type]


def test_an_examples_task_is_shown_and_no_other_scripts(guide: Guide, tmp_path: Path) -> None:
    opened = guide._opening
    opened.open(str(FOLDER / "nan.py"))  # type: ignore[attr-defined]
    assert guide.in_example
    assert guide.task_bar.text == task(str(FOLDER / "nan.py"))
    assert guide.task_bar.accessibleName() == "What to find"
    opened.open(str(tmp_path / "mine.py"))  # type: ignore[attr-defined]
    assert not guide.in_example
    assert guide.task_bar.text == ""


def test_a_task_that_was_put_away_comes_back_when_asked_for(guide: Guide) -> None:
    guide._opening.open(str(FOLDER / "hook.py"))  # type: ignore[attr-defined]
    guide.task_bar.clear()
    assert guide.task_bar.text == ""
    guide.slots()["what_to_find"]()
    assert "Hooks" in guide.task_bar.text


def test_the_tour_comes_with_an_examples_first_stop_and_goes_when_it_is_closed(guide: Guide, tmp_path: Path) -> None:
    guide._opening.open(str(tmp_path / "mine.py"))  # type: ignore[attr-defined]
    guide.stopped()
    assert not guide.tour.is_shown, "not over the user's own work"
    guide._opening.open(str(FOLDER / "nan.py"))  # type: ignore[attr-defined]
    guide.stopped()
    assert guide.tour.is_shown
    assert len(guide.tour._stops) == 5
    guide._opening.open("")  # type: ignore[attr-defined]
    assert not guide.tour.is_shown


def test_a_nodes_op_has_its_page_and_what_is_no_op_says_so(guide: Guide, qtbot: QtBot) -> None:
    network = SmallNetwork()
    guide._model.show_tape(network.tape())
    guide._model.catch_up()
    guide._model.select(("node", network.n2))
    guide.show_selected_op()
    assert guide.pages is not None
    assert "threshold_backward(g, out, 0)" in guide.pages.text.toPlainText()
    guide._model.select(("node", network.a1))
    with qtbot.waitSignal(guide.said) as said:
        guide.show_selected_op()
    assert "AccumulateGrad" in said.args[0]
    guide.pages.close()
