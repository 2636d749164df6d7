"""The slice of a tensor of many dimensions is chosen in lines that are never cut, however low the panel is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QSlider, QSpinBox, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gradstep.gui.panels.slice_bar import SliceBar


@pytest.fixture
def bar(qtbot: QtBot) -> Iterator[SliceBar]:
    room = QWidget()
    qtbot.addWidget(room)
    bar = SliceBar(room)
    QVBoxLayout(room).addWidget(bar)
    bar.show_shape((4, 8, 2, 32, 32))
    room.resize(340, 400)
    room.show()
    yield bar
    room.close()


def spins(bar: SliceBar) -> list[QSpinBox]:
    return [spin for spin in bar.findChildren(QSpinBox) if spin.isVisible()]


def activate(bar: SliceBar) -> None:
    layout = bar.window().layout()
    assert layout is not None
    layout.activate()


def test_a_low_panel_has_two_numbers_in_a_line_and_no_sliders(bar: SliceBar, qtbot: QtBot) -> None:
    before = bar.sizeHint().height()
    bar.set_compact(True)
    assert bar.sizeHint().height() < before
    assert not any(slider.isVisible() for slider in bar.findChildren(QSlider))
    first, second, third = spins(bar)
    qtbot.waitUntil(lambda: first.y() == second.y() < third.y())
    bar.set_compact(False)
    assert all(slider.isVisible() for slider in bar.findChildren(QSlider))
    assert bar.sizeHint().height() == before


def test_a_number_that_is_chosen_in_a_low_panel_moves_the_slice(bar: SliceBar, qtbot: QtBot) -> None:
    bar.set_compact(True)
    with qtbot.waitSignal(bar.slice_changed):
        spins(bar)[1].setValue(5)
    assert bar.text() == "[0, 5, 0, :, :]"


def test_no_line_is_lower_than_its_letters(bar: SliceBar) -> None:
    for compact in (False, True):
        bar.set_compact(compact)
        bar.window().resize(340, 60)
        activate(bar)
        assert all(spin.minimumHeight() >= spin.sizeHint().height() for spin in spins(bar))
        assert bar.sizePolicy().verticalPolicy() is bar.sizePolicy().Policy.Fixed


def test_numbers_stand_apart_from_the_edge(bar: SliceBar) -> None:
    assert all(spin.lineEdit().textMargins().left() >= 5 for spin in spins(bar))
