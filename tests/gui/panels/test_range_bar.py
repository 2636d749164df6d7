"""The range of colours: its fields show all of a number, in letters of any size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QLineEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from gradstep.gui import theme
from gradstep.gui.panels.range_bar import LONGEST, RangeBar
from gradstep.gui.theme import Appearance
from gradstep.gui.theme.appearance import Look


@pytest.fixture
def appearance(qapp: QApplication) -> Iterator[Appearance]:
    found = Appearance.of(qapp)
    yield found
    found.set_look(Look())


def test_no_sign_and_no_digit_is_cut_whatever_the_size_of_the_letters(qtbot: QtBot, appearance: Appearance) -> None:
    bar = RangeBar()
    qtbot.addWidget(bar)
    bar.resize(500, 40)
    bar.show()
    for percent in (100, 150, 200):
        appearance.set_look(Look(percent=percent))
        QApplication.processEvents()
        for field in bar.findChildren(QLineEdit):
            assert field.width() >= field.fontMetrics().horizontalAdvance(LONGEST) + 14
        for button in bar.findChildren(QToolButton):
            assert button.width() >= button.fontMetrics().horizontalAdvance(button.text()) + 6


def test_in_a_narrow_dock_with_large_letters_no_digit_and_no_button_is_cut(qtbot, qapp):
    theme.apply(qapp, theme.LIGHT, 2.0)
    try:
        dock, bar = QWidget(), RangeBar()
        qtbot.addWidget(dock)
        bar.setParent(dock)
        bar.resize(390, 60)
        with qtbot.waitExposed(dock):
            dock.show()
        buttons = bar.findChildren(QToolButton)
        qtbot.waitUntil(lambda: all(bar.rect().contains(button.geometry()) for button in buttons))
        assert not bar._bar.isVisible()
        bar.resize(700, 60)
        qtbot.waitUntil(bar._bar.isVisible)
    finally:
        theme.apply(qapp, theme.LIGHT)
