"""What the user opened last: scripts and tapes, newest first, kept in the settings."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings

from .errand import Errand

LIMIT = 12
_KEY = "recent"


def _kept(settings: QSettings) -> list[str]:
    kept = settings.value(_KEY, [])
    return [kept] if isinstance(kept, str) else [str(name) for name in kept or []]  # type: ignore[attr-defined]


def entries(settings: QSettings) -> list[Path | Errand]:
    """The files opened last that still exist, and the scripts on other machines."""
    found: list[Path | Errand] = []
    for word in _kept(settings):
        errand = Errand.of(word) if word.startswith("{") else None
        if errand is not None:
            found.append(errand)
        elif Path(word).exists():
            found.append(Path(word))
    return found


def recent(settings: QSettings) -> list[Path]:
    """The files opened last that still exist."""
    return [entry for entry in entries(settings) if isinstance(entry, Path)]


def errands(settings: QSettings) -> list[Errand]:
    """The scripts that were run on other machines last."""
    return [entry for entry in entries(settings) if isinstance(entry, Errand)]


def remember(settings: QSettings, entry: Path | Errand) -> None:
    """Put a file, or a script on another machine, first."""
    first = entry.resolve() if isinstance(entry, Path) else entry
    others = [other for other in entries(settings) if _same(other) != _same(first)]
    words = [str(one) if isinstance(one, Path) else one.text() for one in (first, *others)]
    settings.setValue(_KEY, words[:LIMIT])


def _same(entry: Path | Errand) -> str:
    return str(entry) if isinstance(entry, Path) else entry.place


def forget(settings: QSettings) -> None:
    """Put the list away."""
    settings.remove(_KEY)
