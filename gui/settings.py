"""Where the window keeps what it remembers."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PySide6.QtCore import QSettings


def kept() -> QSettings:
    """The user's settings."""
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "gradstep", "gradstep")


def throwaway() -> QSettings:
    """Settings of a window that nobody sees: nothing of the user's is read or changed."""
    return QSettings(str(Path(tempfile.mkdtemp(prefix="gradstep-")) / "settings.ini"), QSettings.Format.IniFormat)
