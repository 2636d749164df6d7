from collections import Counter
from itertools import product

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenuBar

from gradstep.engine.debug.states import ALLOWED, State
from gradstep.gui.actions import COMMANDS, MENUS, REASONS, Actions, Needs, key_of

ALL = dict.fromkeys(Needs, True)


@pytest.fixture
def actions(qapp):
    owner = QObject()
    yield Actions(owner)
    owner.deleteLater()


@pytest.mark.parametrize("state", State)
def test_a_command_is_enabled_exactly_when_the_state_allows_it_and_what_it_needs_is_there(actions, state):
    for there in (ALL, {}):
        actions.show_state(state, there)
        for command in COMMANDS:
            wanted = command.asks is None or command.asks in ALLOWED[state]
            wanted = wanted and (command.needs is None or bool(there))
            assert actions[command.name].isEnabled() is wanted, command.name


@pytest.mark.parametrize("state", State)
def test_what_is_disabled_says_why(actions, state):
    for there in (ALL, {}):
        actions.show_state(state, there)
        for action in actions.all():
            assert ("Disabled: " in action.toolTip()) is not action.isEnabled()
            assert not action.toolTip().rstrip().endswith("Disabled:")


def test_the_missing_thing_is_named(actions):
    for state, (needs, reason) in product((State.PAUSED, State.FINISHED), REASONS.items()):
        actions.show_state(state, ALL | {needs: False})
        for command in COMMANDS:
            if command.needs is needs and (command.asks is None or command.asks in ALLOWED[state]):
                assert reason in actions[command.name].toolTip()


@pytest.mark.parametrize("state", State)
def test_no_key_means_two_things_at_once(actions, state):
    actions.show_state(state, ALL)
    keys = Counter(key.toString() for action in actions.all() if action.isEnabled() and action.isVisible() for key in action.shortcuts())
    assert [key for key, count in keys.items() if count > 1] == []


def test_only_f5_is_shared_by_two_commands_and_they_take_turns(actions):
    keys = Counter(key for command in COMMANDS for key in command.keys)
    assert [key for key, count in keys.items() if count > 1] == ["F5"]
    for state in set(State) - {State.TRACE}:
        actions.show_state(state, ALL)
        assert actions["start"].isVisible() is not actions["continue"].isVisible()


def test_a_tape_without_a_program_shows_no_commands_to_one(actions):
    actions.show_state(State.TRACE, ALL)
    shown = {command.name for command in COMMANDS if command.asks is not None and actions[command.name].isVisible()}
    assert shown == {"close"}
    actions.show_state(State.FINISHED, ALL)
    assert actions["start"].isVisible()
    assert actions["step"].isVisible()


def test_every_command_has_a_menu_a_tip_and_a_name_of_its_own(actions):
    assert {command.menu.partition("/")[0] for command in COMMANDS} == set(MENUS)
    assert all(command.tip and not command.tip.endswith(".") for command in COMMANDS)
    names = Counter(actions.name(command.name) for command in COMMANDS)
    assert [name for name, count in names.items() if count > 1] == []


def test_the_menus_hold_every_command_once(actions, qtbot):
    bar = QMenuBar()
    qtbot.addWidget(bar)
    menus = actions.fill_menus(bar)
    found = [action.objectName() for menu in menus.values() for action in menu.actions() if not action.isSeparator() and not action.menu()]
    assert sorted(found) == sorted(command.name for command in COMMANDS)
    for menu in menus.values():
        keys = [text[text.index("&") + 1].lower() for text in (a.text() for a in menu.actions()) if "&" in text]
        assert [key for key, count in Counter(keys).items() if count > 1] == [], menu.title()


def test_sentences_name_the_key_that_a_command_has_now(actions):
    assert key_of("step") == "F10"
    assert key_of("zoom_in") == "Ctrl++"
    actions.set_keys("step", ["F8", "F10"])
    assert key_of("step") == "F8"
    actions.set_keys("step", [])
    assert key_of("step") == "Next Node"
    actions.set_keys("step", ["F10"])


def test_what_can_be_ticked_shows_its_tick_in_the_menu_and_no_icon_in_its_place(actions):
    ticked = [actions[command.name] for command in COMMANDS if command.checkable]
    assert any(not action.icon().isNull() for action in ticked)
    assert [action.objectName() for action in ticked if action.isIconVisibleInMenu()] == []
