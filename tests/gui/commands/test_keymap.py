from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QSettings

from gradstep.gui.actions import COMMANDS, Actions
from gradstep.gui.commands.keymap import TAKE_TURNS, Keymap, portable
from gradstep.gui.commands.presets import PRESETS
from gradstep.gui.files.settings import throwaway


@pytest.fixture
def settings() -> QSettings:
    return throwaway()


@pytest.fixture
def actions(qapp: object) -> Iterator[Actions]:
    owner = QObject()
    yield Actions(owner)
    owner.deleteLater()


@pytest.fixture
def keymap(actions: Actions, settings: QSettings) -> Keymap:
    return Keymap(actions, settings)


def doubled(keymap: Keymap) -> dict[str, list[str]]:
    users: dict[str, list[str]] = {}
    for command in COMMANDS:
        for key in keymap.keys(command.name):
            users.setdefault(key, []).append(command.name)
    return {key: names for key, names in users.items() if len(names) > 1 and not set(names) <= TAKE_TURNS}


@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_gives_one_key_two_meanings(keymap: Keymap, preset: str) -> None:
    keymap.set_preset(preset)
    assert doubled(keymap) == {}
    for name, keys in PRESETS[preset].items():
        assert keymap.keys(name) == tuple(map(portable, keys)), "a preset speaks of commands that exist, and gets its keys"


def test_the_default_preset_is_the_table(keymap: Keymap, actions: Actions) -> None:
    for command in COMMANDS:
        assert keymap.keys(command.name) == tuple(map(portable, command.keys))
        assert len(actions[command.name].shortcuts()) == len(command.keys)


def test_pycharm_hands_find_their_keys(keymap: Keymap, actions: Actions) -> None:
    keymap.set_preset("pycharm")
    assert actions["step"].shortcut().toString() == "F8"
    assert actions["step_into"].shortcut().toString() == "F7"
    assert actions["next_alert"].shortcut().toString() == "F2"
    assert "(F8)" in actions["step"].toolTip()
    keymap.set_preset("default")
    assert actions["step"].shortcut().toString() == "F10"
    assert "(F10)" in actions["step"].toolTip()


def test_a_key_that_is_taken_over_is_lost_by_who_had_it(keymap: Keymap, actions: Actions) -> None:
    assert keymap.users("F10", "fit") == ["step"]
    keymap.set("fit", ["F10", "Ctrl+0"])
    assert keymap.keys("step") == ()
    assert actions["fit"].shortcuts()[0].toString() == "F10"
    assert doubled(keymap) == {}
    assert keymap.is_own("fit")
    assert keymap.is_own("step")
    keymap.reset("step")
    assert keymap.keys("step") == ("F10",)
    assert keymap.keys("fit") == ("Ctrl+0",)
    assert not keymap.is_own("step")


def test_commands_that_take_turns_share_their_key(keymap: Keymap) -> None:
    assert keymap.users("F5", "start") == []
    keymap.set("start", ["F5", "Ctrl+Alt+Shift+F8"])
    keymap.set("continue", ["Ctrl+Alt+Shift+F8"])
    assert keymap.keys("start") == ("F5", "Ctrl+Alt+Shift+F8")
    assert keymap.users("F5", "fit") == ["start"]


def test_own_keys_are_kept_over_presets_and_starts(keymap: Keymap, settings: QSettings, actions: Actions) -> None:
    keymap.set("fit", ["Ctrl+Shift+Alt+F7", "Home"])
    keymap.set("kill", ["Ctrl+,"])
    keymap.set_preset("spyder")
    again = Keymap(actions, settings)
    assert again.preset == "spyder"
    assert again.keys("fit") == (portable("Ctrl+Alt+Shift+F7"), "Home")
    assert again.keys("kill") == ("Ctrl+,",)
    assert again.keys("step") == ("Ctrl+F10",)
    again.reset_all()
    assert again.keys("kill") == ()
    assert doubled(again) == {}


def test_nonsense_in_the_settings_does_not_matter(actions: Actions, settings: QSettings) -> None:
    settings.setValue("keys/preset", "emacs")
    settings.setValue("keys/own/step", "\x01 Hyper+Nothing")
    settings.setValue("keys/own/no_such_command", "F4")
    keymap = Keymap(actions, settings)
    assert keymap.preset == "default"
    assert doubled(keymap) == {}
    assert Counter(keymap.keys("go_to_source")) == Counter(["F12"])
