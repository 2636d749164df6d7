"""The row above the graph: the same choice of colours as in the menu, a filter that says what is wrong, room for little."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from gradstep.gui.actions import Actions
from gradstep.gui.graph.bar import GraphBar
from gradstep.gui.models.node_facts import Fact


@pytest.fixture
def bar(qtbot: QtBot) -> GraphBar:
    owner = QObject()
    made = GraphBar(Actions(owner))
    qtbot.addWidget(made)
    owner.setParent(made)
    made.resize(700, made.sizeHint().height())
    made.show()
    return made


def test_every_fact_can_be_picked_and_says_what_it_means(qtbot: QtBot, bar: GraphBar) -> None:
    assert bar.colours.count() == len(Fact)
    for place, fact in enumerate(Fact):
        with qtbot.waitSignal(bar.fact_picked) as picked:
            bar.colours.activated.emit(place)
        assert picked.args == [fact]
        bar.show_fact(fact)
        assert bar.colours.toolTip().endswith(tuple("abcdefghijklmnopqrstuvwxyz"))


def test_the_number_of_matches_is_shown_and_said(bar: GraphBar) -> None:
    bar.show_matches(3, 1200)
    assert bar.count.text() == "3 of 1,200"
    assert bar.filter.accessibleDescription() == "3 of 1,200"
    bar.show_matches(-1, 0)
    assert bar.count.text() == ""


def test_a_filter_that_cannot_be_read_says_why(bar: GraphBar) -> None:
    bar.show_error("a ')' is missing")
    assert bar.filter.toolTip() == "a ')' is missing"
    assert bar.count.text() == "cannot be read"
    bar.show_error("")
    assert bar.filter.toolTip() == ""


def test_it_gets_as_narrow_as_the_graph(qtbot: QtBot, bar: GraphBar) -> None:
    bar.resize(250, bar.height())
    qtbot.waitUntil(lambda: bar.width() <= 250)
    assert not bar._label.isVisible()
    bar.resize(900, bar.height())
    qtbot.waitUntil(lambda: bar._label.isVisible())
