"""What the desktop says of motion: Qt knows of contrast and colours, up to 6.11 not of this.

Windows: "Show animations". macOS: "Reduce motion". Elsewhere the settings portal: ``reduced-motion`` of the freedesktop
specification, else GNOME's ``enable-animations``. KDE's choice comes through the style (``SH_Widget_Animation_Duration``)."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings
from PySide6.QtGui import QGuiApplication

WAIT = 200  # milliseconds for an answer of the portal
_CLIENT_AREA_ANIMATION = 0x1042  # SPI_GETCLIENTAREAANIMATION
_PORTAL = ("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Settings")
_BARE = ("offscreen", "minimal")  # platforms without a desktop


def wants_calm() -> bool:
    """Whether the desktop asks programs to move nothing by themselves; False where it does not say."""
    if QGuiApplication.platformName() in _BARE:
        return False
    if sys.platform == "win32":
        return not _windows_animates()
    if sys.platform == "darwin":
        return _mac_reduces()
    reduced = _portal("org.freedesktop.appearance", "reduced-motion")
    if reduced is not None:
        return bool(int(reduced) == 1)
    return _portal("org.gnome.desktop.interface", "enable-animations") is False


def _windows_animates() -> bool:
    shown = ctypes.c_int(1)
    library: Any = getattr(ctypes, "windll", None)
    known = library is not None and library.user32.SystemParametersInfoW(_CLIENT_AREA_ANIMATION, 0, ctypes.byref(shown), 0)
    return not known or bool(shown.value)


def _mac_reduces() -> bool:
    file = Path.home() / "Library/Preferences/com.apple.universalaccess.plist"
    return bool(QSettings(str(file), QSettings.Format.NativeFormat).value("reduceMotion", False, bool))


def _portal(group: str, key: str) -> Any:
    """A setting of the desktop; None where there is no portal, or it does not know the key."""
    from PySide6.QtDBus import QDBus, QDBusConnection, QDBusMessage  # here: no other platform needs its library

    bus = QDBusConnection.sessionBus()
    if not bus.isConnected() or not bus.interface().isServiceRegistered(_PORTAL[0]).value():
        return None
    message = QDBusMessage.createMethodCall(*_PORTAL, "ReadOne")
    message.setArguments([group, key])
    answer = bus.call(message, QDBus.CallMode.Block, WAIT)
    if answer.type() is not QDBusMessage.MessageType.ReplyMessage or not answer.arguments():
        return None
    value = answer.arguments()[0]
    return value.variant() if hasattr(value, "variant") else value
