"""Find everywhere: hits come in pieces, are listed by place with counts, and lead to what they stand for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from gradstep.gui.models.debug_model import DebugModel
from gradstep.gui.models.everywhere import Hit, Place
from gradstep.gui.panels.find_panel import SHOWN, FindPanel
from gradstep.gui.panels.output_panel import OutputPanel
from gradstep.gui.study.everywhere import Everywhere
from gradstep.gui.study.navigator import Navigator

from ..tapes import FILE, SmallNetwork


class Finding:
    def __init__(self, qtbot: QtBot) -> None:
        self.panel, self.output, self.model = FindPanel(), OutputPanel(), DebugModel()
        qtbot.addWidget(self.panel)
        qtbot.addWidget(self.output)
        self.everywhere = Everywhere(self.panel, self.output, self.model, Navigator(self.model), self.model)
        self.model.show_tape(SmallNetwork().tape())
        self.model.catch_up()

    def heads(self) -> list[str]:
        tree = self.panel.tree
        return [tree.topLevelItem(place).text(0) for place in range(tree.topLevelItemCount())]  # type: ignore[union-attr]


@pytest.fixture
def finding(qtbot: QtBot) -> Iterator[Finding]:
    made = Finding(qtbot)
    yield made
    made.model.close()


def test_hits_are_listed_by_place(qtbot: QtBot, finding: Finding) -> None:
    finding.output.show_output("stdout", "relu is dead\n")
    finding.everywhere.find("relu")
    qtbot.waitUntil(lambda: not finding.everywhere.is_busy)
    assert [head.rpartition("  ")[0] for head in finding.heads()] == [place.value for place in Place]


def test_typing_asks_once(qtbot: QtBot, finding: Finding) -> None:
    with qtbot.waitSignal(finding.panel.query_wished) as asked:
        finding.panel.field.setText("re")
        finding.panel.field.setText("relu ")
    assert asked.args == ["relu"]


def test_a_line_leads_to_the_source_and_an_event_to_its_moment(qtbot: QtBot, finding: Finding) -> None:
    with qtbot.waitSignal(finding.everywhere.line_wanted) as line:
        finding.panel.hit_picked.emit(Hit(Place.SOURCE, "x", file=FILE, line=3))
    assert line.args == [FILE, 3]
    finding.panel.hit_picked.emit(Hit(Place.EVENTS, "x", event=5))
    assert finding.model.position == 5
    finding.panel.hit_picked.emit(Hit(Place.NODES, "x", key=("node", 2)))
    assert finding.model.selection.key == ("node", 2)


def test_nothing_found_is_said(qtbot: QtBot, finding: Finding) -> None:
    finding.everywhere.find("no such thing")
    qtbot.waitUntil(lambda: not finding.everywhere.is_busy)
    assert finding.panel.field.accessibleDescription() == "Nothing contains \u201cno such thing\u201d."


def test_many_hits_are_counted_and_the_first_are_listed(finding: Finding) -> None:
    finding.panel.add([Hit(Place.OUTPUT, f"line {number}", line=number) for number in range(SHOWN + 5)])
    head = finding.panel.tree.topLevelItem(0)
    assert head is not None
    assert head.childCount() == SHOWN
    assert head.text(0) == f"Output  {SHOWN + 5}, the first {SHOWN} are listed"


def test_another_tape_ends_the_search(qtbot: QtBot, finding: Finding) -> None:
    finding.everywhere.find("relu")
    finding.model.show_tape(None)
    assert not finding.everywhere.is_busy
    assert finding.heads() == []
