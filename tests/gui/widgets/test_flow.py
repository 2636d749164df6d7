"""Widgets stand beside each other as far as there is room."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gradstep.gui.widgets.flow import Flow


class Box(QWidget):
    def sizeHint(self) -> QSize:
        return QSize(100, 20)


@pytest.mark.parametrize(("width", "places"), [
    (324, [(0, 0), (108, 0), (216, 0)]),
    (315, [(0, 0), (108, 0), (0, 28)]),
    (100, [(0, 0), (0, 28), (0, 56)]),
])  # fmt: skip
def test_what_has_no_room_in_a_line_begins_the_next(qtbot: QtBot, width: int, places: list[tuple[int, int]]) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    flow = Flow()
    parent.setLayout(flow)
    boxes = [Box() for _ in places]
    for box in boxes:
        flow.addWidget(box)
    assert flow.heightForWidth(width) == places[-1][1] + 20
    parent.resize(width, flow.heightForWidth(width))
    parent.show()
    assert [(box.x(), box.y()) for box in boxes] == places
    assert (flow.sizeHint(), flow.minimumSize()) == (QSize(316, 20), QSize(100, 20))


def test_what_is_taken_away_is_gone(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    flow = Flow()
    parent.setLayout(flow)
    flow.addWidget(Box())
    item = flow.takeAt(0)
    assert item is not None
    assert isinstance(item.widget(), Box)
    assert (flow.count(), flow.itemAt(0), flow.takeAt(0)) == (0, None, None)
