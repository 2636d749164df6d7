"""The two typefaces of the window, bundled so that text looks and measures the same on every machine.

Inter (regular, medium, semibold, bold) is for words, JetBrains Mono (regular, bold) for code, shapes and numbers. Both
are under the SIL Open Font License, whose texts lie beside the files.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase

UI_FAMILY = "Inter"
MONO_FAMILY = "JetBrains Mono"

_loaded: list[str] = []


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


def ui_font(pixels: float = 13, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Inter at a height in pixels (device-independent ones, unless the painter works in device pixels)."""
    return _font(UI_FAMILY, pixels, weight)


def mono_font(pixels: float = 12, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """JetBrains Mono at a height in pixels."""
    return _font(MONO_FAMILY, pixels, weight)


def _font(family: str, pixels: float, weight: QFont.Weight) -> QFont:
    font = QFont(family)
    font.setPixelSize(max(1, round(pixels)))
    font.setWeight(weight)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)  # the same widths whatever the desktop hints
    return font
