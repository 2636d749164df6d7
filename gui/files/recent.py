"""What the user opened last: scripts and tapes, newest first, kept in the settings."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings

LIMIT = 12
_KEY = "recent"


def recent(settings: QSettings) -> list[Path]:
    """The files opened last that still exist."""
    kept = settings.value(_KEY, [])
    names = [kept] if isinstance(kept, str) else [str(name) for name in kept or []]  # type: ignore[attr-defined]
    return [path for path in map(Path, names) if path.exists()]


def remember(settings: QSettings, file: Path) -> None:
    """Put ``file`` first."""
    path = file.resolve()
    names = [str(path), *(str(other) for other in recent(settings) if other != path)]
    settings.setValue(_KEY, names[:LIMIT])


def forget(settings: QSettings) -> None:
    """Put the list away."""
    settings.remove(_KEY)
