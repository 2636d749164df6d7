"""The slice of a tensor of many dimensions is chosen in lines that are never cut, however low the panel is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QSlider, QSpinBox, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gradstep.gui import theme
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


def test_what_is_wrong_with_a_typed_slice_is_said_below_it_until_another_is_chosen(bar: SliceBar) -> None:
    field = bar.findChild(QLineEdit)
    assert field is not None
    said = [label for label in bar.findChildren(QLabel) if label.property("role") == "bad"]
    field.selectAll()
    QTest.keyClicks(field, "9, 0, 0, :, :")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert said[0].isVisible()
    assert said[0].text() == field.accessibleDescription() == "9 is out of range: dimension 0 has 4"
    assert bar.text() == "[0, 0, 0, :, :]"
    spins(bar)[1].setValue(5)
    assert said[0].isHidden()
    assert field.text() == "[0, 5, 0, :, :]"


def test_in_the_lowest_panel_the_slice_is_written_and_no_number_stands_below_it(bar: SliceBar) -> None:
    before = bar.sizeHint().height()
    bar.set_compact(True)
    bar.set_knobs_shown(False)
    assert spins(bar) == []
    assert bar.sizeHint().height() < before
    bar.set_knobs_shown(True)
    assert len(spins(bar)) == 3


def test_in_a_narrow_dock_with_large_letters_the_choices_stand_below_the_slice(qtbot, qapp):
    theme.apply(qapp, theme.LIGHT, 2.0)
    try:
        bar = SliceBar()
        qtbot.addWidget(bar)
        bar.resize(385, 200)
        bar.show_shape((4, 8, 32, 32))
        with qtbot.waitExposed(bar):
            bar.show()
        text = bar._field.fontMetrics().horizontalAdvance(bar._field.text())
        qtbot.waitUntil(lambda: bar._field.width() > text)
        assert bar._rows.y() > bar._field.y()
        bar.resize(900, 200)
        qtbot.waitUntil(lambda: bar._rows.geometry().center().y() == bar._field.geometry().center().y())
    finally:
        theme.apply(qapp, theme.LIGHT)
