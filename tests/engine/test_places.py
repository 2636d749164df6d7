"""Where gradstep keeps what is the user's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gradstep.engine.places import PROFILE, Place, choose_profile, place, profile


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (PROFILE, "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, "")


def test_each_kind_has_its_place_below_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert [str(place(of)) for of in Place] == ["/home/me/.config/gradstep", "/home/me/.cache/gradstep", "/home/me/.local/state/gradstep"]


@pytest.mark.parametrize("of", Place)
def test_a_variable_goes_before_the_home_where_it_is_absolute(of: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv(of.value[0], "/elsewhere")
    assert place(of) == Path("/elsewhere/gradstep")
    monkeypatch.setenv(of.value[0], "elsewhere")
    assert str(place(of)).startswith("/home/me/")


def test_without_a_home_there_is_none() -> None:
    assert [place(of) for of in Place] == [None, None, None]


def test_a_profile_has_all_of_it_and_is_its_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert profile() is None
    choose_profile(Path("mine/first"))
    assert [place(of) for of in Place] == [tmp_path / "mine" / "first"] * 3
    assert os.stat("mine/first").st_mode & 0o777 == 0o700
    monkeypatch.chdir("/")
    assert profile() == tmp_path / "mine" / "first"


def test_a_file_is_no_profile(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        choose_profile(tmp_path / "file")
    assert profile() is None
