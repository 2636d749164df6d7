from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QPlainTextEdit, QPushButton, QSpinBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from gradstep.gui.files.settings import throwaway
from gradstep.gui.preferences.schema import BY_NAME, Page
from gradstep.gui.preferences.store import Preferences
from gradstep.gui.preferences.window import PreferencesWindow

from .test_store import other


class Held:
    def __init__(self, qtbot: QtBot) -> None:
        self.settings: QSettings = throwaway()
        self.preferences = Preferences(self.settings)
        self.parent = QWidget()
        qtbot.addWidget(self.parent)
        self.window = PreferencesWindow(self.preferences, self.parent)
        self.window.bring()
        qtbot.waitExposed(self.window)

    def control(self, name: str) -> QWidget:
        return self.window._rows[name].control

    def enter(self, name: str) -> None:
        """What a person does to give a preference another value."""
        value, control = other(name), self.control(name)
        match control:
            case QCheckBox():
                control.click()
            case QComboBox():
                control.setCurrentIndex(control.findData(value))
            case QSpinBox():
                control.setValue(int(value))
            case QDoubleSpinBox():
                control.setValue(float(value))
            case QLineEdit():
                control.setText(str(value))
                control.textEdited.emit(str(value))
            case QPlainTextEdit():
                control.setPlainText(str(value))

    def shown(self) -> set[str]:
        return {name for name, row in self.window._rows.items() if row.isVisible()}

    def reset(self, name: str) -> QToolButton:
        return next(button for button in self.window._rows[name].findChildren(QToolButton) if "Reset" in button.accessibleName())


@pytest.fixture
def held(qtbot: QtBot) -> Iterator[Held]:
    held = Held(qtbot)
    yield held
    held.window.close()


@pytest.mark.parametrize("name", BY_NAME)
def test_every_preference_is_set_at_once_and_reset_again(held: Held, name: str) -> None:
    held.preferences.show_script("/a.py")
    held.window.show_script()
    assert not held.reset(name).isEnabled()
    held.enter(name)
    assert held.preferences[name] == other(name)
    assert held.reset(name).isEnabled()
    assert "default" in held.reset(name).toolTip()
    held.reset(name).click()
    assert held.preferences.is_default(name)
    assert not held.reset(name).isEnabled()
    held.enter(name)
    assert held.preferences[name] == other(name), "the control shows what is in effect, so that it can be changed again"


def test_a_change_from_elsewhere_is_shown(held: Held) -> None:
    held.preferences.set("appearance/theme", "dark")
    control = held.control("appearance/theme")
    assert isinstance(control, QComboBox)
    assert control.currentData() == "dark"


def test_the_search_goes_over_all_pages(held: Held) -> None:
    assert held.shown() == {name for name in BY_NAME if name.startswith("appearance/")}
    held.window.field.setText("limit frozen")
    assert held.shown() == {"running/memory", "running/disk", "running/processes"}
    held.window.field.setText("colour-blind nonsense")
    assert held.shown() == set()
    assert held.window._none.isVisible()
    held.window.field.setText("capture")
    assert {"capture/level", "capture/budget"} <= held.shown(), "the name of a page finds all of it"
    held.window.field.clear()
    assert held.shown() == {name for name in BY_NAME if name.startswith("appearance/")}


@pytest.mark.parametrize("page", Page)
def test_every_page_can_be_turned_to_and_has_something_on_it(held: Held, page: Page) -> None:
    held.window.bring(page)
    section = held.window._sections[page]
    assert section.isVisible()
    assert section.rows or section.extra or section.about.text() or page is Page.KEYS


def test_what_cannot_be_is_said_beside_it_and_not_taken(held: Held) -> None:
    held.preferences.show_script("/a.py")
    held.window.bring(Page.SCRIPT)
    field = held.control("script/arguments")
    assert isinstance(field, QLineEdit)
    field.setText('--name "open')
    field.textEdited.emit(field.text())
    row = held.window._rows["script/arguments"]
    assert row._error.isVisible()
    assert "not closed" in field.accessibleDescription()
    assert held.preferences.is_default("script/arguments")
    field.setText('--name "closed"')
    field.textEdited.emit(field.text())
    assert not row._error.isVisible()
    assert held.preferences["script/arguments"] == '--name "closed"'


def test_what_belongs_to_a_script_waits_for_one(held: Held) -> None:
    held.window.bring(Page.SCRIPT)
    assert not held.control("script/arguments").isEnabled()
    assert "Open a script first" in held.window._sections[Page.SCRIPT].about.text()
    held.preferences.show_script("/home/me/train.py")
    held.window.show_script()
    assert held.control("script/arguments").isEnabled()
    assert "/home/me/train.py" in held.window._sections[Page.SCRIPT].about.text()


def test_all_of_them_are_reset_by_one_button(held: Held) -> None:
    for name in ("numbers/digits", "alerts/zero"):
        held.enter(name)
    button = next(button for button in held.window.findChildren(QPushButton) if button.text() == "Reset All Preferences")
    button.click()
    assert all(held.preferences.is_default(name) for name in BY_NAME)


def test_it_blocks_nothing_and_every_control_can_be_reached_by_tab(held: Held, qtbot: QtBot) -> None:
    assert not held.window.isModal()
    for name, row in held.window._rows.items():
        assert row.control.accessibleName(), name
        assert row.control.focusPolicy() & Qt.FocusPolicy.TabFocus, name


def test_half_typed_numbers_are_no_wish(held: Held, qtbot: QtBot) -> None:
    spin = held.control("appearance/percent")
    assert isinstance(spin, QSpinBox)
    seen: list[str] = []
    held.preferences.changed.connect(seen.append)
    spin.selectAll()
    qtbot.keyClicks(spin, "15")
    assert seen == []
    qtbot.keyClicks(spin, "0")
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert held.preferences["appearance/percent"] == 150


def test_return_in_the_search_opens_no_dialog_for_a_file(held: Held) -> None:
    held.window.bring(Page.RUNNING)
    assert not [button.text() for button in held.window.findChildren(QPushButton) if button.isDefault() or button.autoDefault()]


def test_numbers_have_no_more_decimals_than_they_need(held: Held) -> None:
    spin = held.control("running/silence")
    assert isinstance(spin, QDoubleSpinBox)
    assert spin.text() == "5 s"
    spin.setValue(2.5)
    assert spin.text() == "2.5 s"


def test_all_controls_of_a_page_stand_below_each_other_and_are_as_wide(held: Held) -> None:
    held.window.bring(Page.SCRIPT)
    rows = [row for row in held.window._rows.values() if row.isVisible()]
    lefts = {row.control.mapTo(held.window, QPoint()).x() for row in rows}
    ends = {
        row.control.mapTo(held.window, QPoint(row.control.width(), 0)).x()
        for row in rows
        if row.preference.form.value in ("plain", "lines")
    }
    assert len(rows) == 5
    assert len(lefts) == len(ends) == 1
