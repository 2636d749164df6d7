"""The two typefaces of the window, bundled so that text looks and measures the same on every machine.

Inter (regular, medium, semibold, bold) is for words, JetBrains Mono (regular, bold) for code, shapes and numbers. Both
are under the SIL Open Font License, whose texts lie beside the files.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase

UI_FAMILY = "Inter"
UI_SIZE = 13  # pixels of the window's letters at a scale of 1
MONO_FAMILY = "JetBrains Mono"

_loaded: list[str] = []
_scale: list[float] = [1.0]


def load_fonts() -> tuple[str, ...]:
    """Give the bundled files to Qt, once a process, and return the names of the files that Qt took.

    Needs a QGuiApplication. Qt falls back silently for a family that it does not know, so a missing file shows as
    another typeface and never as an error; a test compares the result with the folder.
    """
    if not _loaded:
        for file in sorted(Path(__file__).parent.glob("*.ttf")):
            if QFontDatabase.addApplicationFont(str(file)) >= 0:
                _loaded.append(file.name)
    return tuple(_loaded)


def set_scale(scale: float) -> None:
    """Fonts are made ``scale`` times as large from now on; ``style.apply`` calls it and changes those that are in use."""
    _scale[:] = [scale]


def scale() -> float:
    """How many times larger than designed fonts are."""
    return _scale[0]


def scaled(pixels: float) -> int:
    """A length that holds text, at the size that fonts have."""
    return max(1, round(pixels * _scale[0]))


def ui_font(pixels: float = UI_SIZE, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Inter at a height in pixels (device-independent ones, unless the painter works in device pixels), times the scale."""
    return _font(UI_FAMILY, pixels * _scale[0], weight)


def mono_font(pixels: float = 12, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """JetBrains Mono at a height in pixels, times the scale."""
    return _font(MONO_FAMILY, pixels * _scale[0], weight)


def drawn_ui_font(pixels: float, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Inter for drawings that are zoomed by themselves: the scale does not count."""
    return _font(UI_FAMILY, pixels, weight)


def drawn_mono_font(pixels: float, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """JetBrains Mono for drawings that are zoomed by themselves: the scale does not count."""
    return _font(MONO_FAMILY, pixels, weight)


def _font(family: str, pixels: float, weight: QFont.Weight) -> QFont:
    return QFont(_made(family, max(1, round(pixels)), weight))  # a copy: whoever gets it may change it


@lru_cache(maxsize=128)
def _made(family: str, pixels: int, weight: QFont.Weight) -> QFont:
    font = QFont(family)
    font.setPixelSize(pixels)
    font.setWeight(weight)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)  # the same widths whatever the desktop hints
    return font
