"""Rectangles of a widget that are to be painted: few, and together all that was asked for."""

import random

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QRegion
from PySide6.QtWidgets import QWidget

from gradstep.gui.canvas.asked import MOST, Asked, merged


class Heard(QWidget):
    """Keeps what it is asked to paint."""

    def __init__(self) -> None:
        super().__init__()
        self.resize(1000, 800)
        self.region = QRegion()

    def update(self, rect: QRect) -> None:
        self.region += rect


@pytest.fixture
def widget(qtbot):
    made = Heard()
    qtbot.addWidget(made)
    return made


def covered(rects: list[QRect]) -> QRegion:
    region = QRegion()
    for rect in rects:
        region += rect
    return region


@pytest.mark.parametrize("seed", range(4))
def test_what_was_asked_for_is_painted_in_few_rectangles(widget: Heard, seed: int):
    rng, asked = random.Random(seed), Asked(widget)
    rects = [QRect(rng.randrange(-50, 1000), rng.randrange(-50, 800), rng.randrange(200), rng.randrange(200)) for _ in range(30)]
    for rect in rects:
        asked.add(rect)
    wanted = covered([rect & widget.rect() for rect in rects])
    assert (wanted - widget.region).isEmpty()
    parts = asked.take(widget.region)
    assert 0 < len(parts) <= MOST
    assert (wanted - covered(parts)).isEmpty()
    assert (covered(parts) - widget.region).isEmpty()  # a clip of many pieces is what they are to spare


def test_a_region_that_others_asked_for_is_painted_as_one_rectangle(widget: Heard):
    asked = Asked(widget)
    asked.add(QRect(10, 10, 20, 20))
    assert asked.take(QRegion(QRect(0, 0, 300, 300))) == [QRect(0, 0, 300, 300)]
    assert asked.take(QRegion(QRect(5, 5, 10, 10))) == [QRect(5, 5, 10, 10)]  # nothing is left of what was asked for


def test_what_is_outside_of_the_widget_or_asked_for_already_asks_for_nothing(widget: Heard):
    asked = Asked(widget)
    asked.add(QRect(1200, 10, 50, 50))
    assert widget.region.isEmpty()
    asked.add(QRect(10, 10, 90, 90))
    widget.region = QRegion()
    asked.add(QRect(20, 20, 30, 30))
    assert widget.region.isEmpty()


def test_rectangles_become_one_only_where_that_covers_little_more():
    near, far = [QRect(0, 0, 100, 50), QRect(0, 60, 100, 50)], [QRect(0, 0, 100, 50), QRect(900, 700, 100, 50)]
    assert merged(near, 2_000) == [QRect(0, 0, 100, 110)]
    assert merged(far, 2_000) == far
