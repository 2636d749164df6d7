"""The desktop's wish for no motion is heeded, and the user's own goes before it."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from gradstep.gui import theme
from gradstep.gui.theme import Appearance, Look, appearance, desktop_motion


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A platform that has a desktop."""
    monkeypatch.setattr(QGuiApplication, "platformName", staticmethod(lambda: "xcb"))
    return monkeypatch


@pytest.mark.parametrize(
    ("answers", "calm"),
    [
        ({}, False),
        ({"reduced-motion": 1}, True),
        ({"reduced-motion": 0, "enable-animations": False}, False),  # who knows the new key means it
        ({"enable-animations": False}, True),
        ({"enable-animations": True}, False),
    ],
)
def test_the_portal_is_asked_for_the_new_key_and_then_for_gnomes(
    desktop: pytest.MonkeyPatch, answers: dict[str, object], calm: bool
) -> None:
    desktop.setattr(sys, "platform", "linux")
    desktop.setattr(desktop_motion, "_portal", lambda group, key: answers.get(key))
    assert desktop_motion.wants_calm() is calm


@pytest.mark.parametrize("shown", [0, 1])
def test_windows_says_whether_it_shows_animations(desktop: pytest.MonkeyPatch, shown: int) -> None:
    def answer(what: int, _: int, place: Any, __: int) -> int:
        assert what == 0x1042
        place._obj.value = shown
        return 1

    desktop.setattr(sys, "platform", "win32")
    desktop.setattr(ctypes, "windll", SimpleNamespace(user32=SimpleNamespace(SystemParametersInfoW=answer)), raising=False)
    assert desktop_motion.wants_calm() is (not shown)


def test_the_mac_keeps_it_among_the_choices_of_universal_access(desktop: pytest.MonkeyPatch, tmp_path: Any) -> None:
    desktop.setattr(sys, "platform", "darwin")
    desktop.setenv("HOME", str(tmp_path))
    assert not desktop_motion.wants_calm()
    file = tmp_path / "Library/Preferences/com.apple.universalaccess.plist"
    file.parent.mkdir(parents=True)
    kept = QSettings(str(file), QSettings.Format.NativeFormat)
    kept.setValue("reduceMotion", True)
    kept.sync()
    assert desktop_motion.wants_calm()


def test_without_a_desktop_nobody_is_asked(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop_motion, "_portal", lambda *_: pytest.fail("asked"))
    assert not desktop_motion.wants_calm()


@pytest.fixture
def wish(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bool]]:
    """What the desktop wants, which can change."""
    wanted = {"calm": True}
    monkeypatch.setattr(appearance, "wants_calm", lambda: wanted["calm"])
    yield wanted
    theme.motion.set_calm(False)


def test_the_desktops_wish_holds_until_the_user_chooses(qapp: QApplication, wish: dict[str, bool]) -> None:
    dressed = Appearance(qapp)
    assert theme.is_calm()
    assert not qapp.isEffectEnabled(Qt.UIEffect.UI_General)
    dressed.set_look(Look(calm=False))
    assert not theme.is_calm()
    dressed.set_look(Look())
    assert theme.is_calm()
    wish["calm"] = False
    qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
    assert not theme.is_calm()
    dressed.set_look(Look(calm=True))
    assert theme.is_calm()
    dressed.set_look(Look())
    dressed.deleteLater()
