from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QLockFile, QSettings

from gradstep.engine.places import PROFILE
from gradstep.gui.files.settings import cannot_keep, kept, mend
from gradstep.gui.guard.faults import log_file
from gradstep.gui.preferences.running import arguments, environment
from gradstep.gui.preferences.schema import BY_NAME, PREFERENCES, Page
from gradstep.gui.preferences.store import Preferences


def opened(file: Path) -> QSettings:
    return QSettings(str(file), QSettings.Format.IniFormat)


def other(name: str) -> bool | int | float | str:
    """A value that a preference can have and does not have by itself."""
    preference = BY_NAME[name]
    if isinstance(preference.default, bool):
        return not preference.default
    if preference.choices:
        return next(value for value, _ in preference.choices if value != preference.default)
    if isinstance(preference.default, int | float):
        wanted = preference.default + preference.step
        return wanted if wanted <= preference.most else preference.default - preference.step
    return "NAME=value"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gradstep.ini"


@pytest.mark.parametrize("name", BY_NAME)
def test_a_preference_is_kept_and_comes_back_in_its_type(file: Path, name: str) -> None:
    first = Preferences(opened(file))
    first.show_script("/home/me/train.py")
    first.set(name, other(name))
    second = Preferences(opened(file))
    second.show_script("/home/me/train.py")
    assert second[name] == other(name)
    assert type(second[name]) is type(BY_NAME[name].default)
    assert not second.is_default(name)
    second.reset(name)
    assert second.is_default(name)
    assert Preferences(opened(file))[name] == BY_NAME[name].default


def test_a_change_is_said_once_and_only_where_it_is_one(file: Path) -> None:
    preferences = Preferences(opened(file))
    said: list[str] = []
    preferences.changed.connect(said.append)
    preferences.set("numbers/digits", 6)
    preferences.set("numbers/digits", 6)
    assert said == ["numbers/digits"]
    preferences.reset_all()
    assert said == ["numbers/digits"] * 2


def test_every_script_has_its_own_arguments(file: Path) -> None:
    preferences = Preferences(opened(file))
    preferences.show_script("/a.py")
    preferences.set("script/arguments", "--lr 1e-3")
    preferences.show_script("/b.py")
    assert preferences["script/arguments"] == ""
    preferences.show_script("/a.py")
    assert preferences["script/arguments"] == "--lr 1e-3"


@pytest.mark.parametrize(
    ("name", "held"),
    [("appearance/theme", "pink"), ("appearance/percent", "9000"), ("numbers/digits", "four"), ("running/memory", "-1"),
     ("graph/follow", "perhaps"), ("running/python", ["a", "list"])],
)  # fmt: skip
def test_what_a_file_holds_and_cannot_be_is_as_if_it_were_not_there(file: Path, name: str, held: object) -> None:
    settings = opened(file)
    settings.setValue(f"preferences/{name}", held)
    preferences = Preferences(settings)
    assert preferences.is_default(name)
    assert set(preferences.refused) == {name}


def test_what_cannot_be_is_refused_when_it_is_set(file: Path) -> None:
    preferences = Preferences(opened(file))
    for name, value in (("appearance/percent", 10), ("script/arguments", 'a "b'), ("script/environment", "1X=2")):
        with pytest.raises(ValueError, match=r"cannot be|not closed|Line 1 is not NAME=value"):
            preferences.set(name, value)
        assert preferences.is_default(name)


def test_arguments_and_variables_are_read_as_a_shell_reads_them() -> None:
    assert arguments("--lr 1e-3 'two words' $HOME") == ("--lr", "1e-3", "two words", "$HOME")
    assert environment("A=1\n\n B_2 = x = y \n") == {"A": "1", "B_2": " x = y"}


def test_the_table_is_in_order() -> None:
    assert len(BY_NAME) == len(PREFERENCES)
    for preference in PREFERENCES:
        assert preference.checked(preference.default) == preference.default
        assert preference.text
        assert preference.about
        assert not preference.about.endswith(".")
    pages = [preference.page for preference in PREFERENCES]
    assert pages == sorted(pages, key=list(Page).index)


@pytest.mark.parametrize("damage", [b"", b"   \n", b"\0" * 400, b"[General\nno equals sign here", b"\x89PNG\r\n\x1a\n garbage"])
def test_after_damage_the_last_good_settings_are_back_and_the_damaged_file_is_kept(file: Path, damage: bytes) -> None:
    Preferences(opened(file)).set("numbers/digits", 7)
    assert mend(file) == ""
    file.write_bytes(damage)
    said = mend(file)
    assert "the last good ones are back" in said
    assert str(file.with_name("gradstep.ini.bad")) in said
    assert file.with_name("gradstep.ini.bad").read_bytes() == damage
    assert Preferences(opened(file))["numbers/digits"] == 7
    assert mend(file) == ""


def test_damage_from_the_first_day_on_leaves_the_defaults(file: Path) -> None:
    file.write_bytes(b"\0\0\0")
    assert "starts with its defaults" in mend(file)
    assert not file.exists()
    assert mend(file) == ""


def test_a_profile_has_settings_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = kept().fileName()
    monkeypatch.setenv(PROFILE, str(tmp_path / "mine"))
    Preferences(kept()).set("numbers/digits", 7)
    assert kept().fileName() == str(tmp_path / "mine" / "gradstep.ini") != theirs
    assert cannot_keep(kept()) == ""
    assert Preferences(kept())["numbers/digits"] == 7
    assert log_file().parent == tmp_path / "mine"


def test_a_lock_that_a_killed_window_left_without_an_owner_is_taken_away_and_one_with_an_owner_is_not(file: Path) -> None:
    Preferences(opened(file)).set("numbers/digits", 7)
    lock = file.with_name("gradstep.ini.lock")
    for left in (lock, lock.with_name("gradstep.ini.lock.rmlock")):
        left.touch()
    assert mend(file) == ""
    assert [found.name for found in file.parent.glob("*lock*")] == []
    owner = QLockFile(str(lock))
    assert owner.tryLock(0)
    assert mend(file) == ""
    assert lock.exists()
    owner.unlock()


def test_a_folder_in_the_place_of_the_file_is_said(file: Path) -> None:
    file.mkdir()
    assert "cannot be read" in mend(file)


def test_a_kill_while_settings_are_written_never_leaves_half_a_file(file: Path) -> None:
    code = """
import sys
from PySide6.QtCore import QSettings
from gradstep.gui.preferences.store import Preferences
preferences = Preferences(QSettings(sys.argv[1], QSettings.Format.IniFormat))
preferences.show_script("/a.py")
print("ready", flush=True)
while True:
    for size in (1, 200_000, 5):
        preferences.set("script/environment", "A=" + "x" * size)
        print(size, flush=True)
"""
    for lines in (1, 2, 3, 5, 8):
        process = subprocess.Popen([sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        for _ in range(lines):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.stdout.close()
        process.wait()
        if file.exists():
            assert mend(file) == ""
            preferences = Preferences(opened(file))
            preferences.show_script("/a.py")
            assert len(preferences.text("script/environment")) in (3, 7, 200_002)
