"""The window looks as it did when it was looked at: pictures made by scripts/screenshots.py, compared with small references."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtGui import QImage, QPainter

REFERENCES = Path(__file__).parent / "references"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_welcome_page_looks_as_it_did(script: Callable[[str], ModuleType], theme: str, tmp_path: Path) -> None:
    screenshots = script("screenshots")
    image = screenshots.picture("welcome", theme, (1366, 768), tmp_path)
    reference = QImage(str(REFERENCES / f"welcome_{theme}_1366x768.png"))
    assert screenshots.difference(screenshots.small(image), reference) <= screenshots.TOLERANCE


def test_a_missing_part_and_another_theme_are_noticed(script: Callable[[str], ModuleType]) -> None:
    screenshots = script("screenshots")
    light, dark = (QImage(str(REFERENCES / f"welcome_{theme}_1366x768.png")) for theme in ("light", "dark"))
    assert screenshots.difference(light, light) == 0
    assert screenshots.difference(light, dark) > 10 * screenshots.TOLERANCE
    cut = light.convertToFormat(QImage.Format.Format_RGB888)
    painter = QPainter(cut)
    painter.fillRect(330, 90, 60, 24, light.pixelColor(310, 200))
    painter.end()
    assert screenshots.difference(light, cut) > screenshots.TOLERANCE
    assert screenshots.difference(light, light.scaledToWidth(240)) == float("inf")
