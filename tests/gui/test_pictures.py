"""The window looks as it did when it was looked at: its main states, made by scripts/screenshots.py, compared with references.

`scripts/screenshots.py --renew` makes the references anew, after a change of the looks that was meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtGui import QColor, QImage, QPainter

REFERENCES = Path(__file__).parent / "references"
SCENES = {
    "the first page, the palette": ("welcome", "palette"),
    "a script that computes nothing": ("empty",),
}


@pytest.mark.parametrize("names", SCENES.values(), ids=list(SCENES))
def test_the_window_looks_as_it_did(
    script: Callable[[str], ModuleType], names: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    screenshots = script("screenshots")
    seen = []
    for name, theme, image in screenshots.pictures(names, screenshots.KEPT_THEMES, screenshots.KEPT_SIZE, tmp_path):
        reference = QImage(str(REFERENCES / f"{name}_{theme}.png"))
        off = screenshots.difference(screenshots.small(image), screenshots.small(reference))
        image.save(str(tmp_path / f"{name}_{theme}.png"))
        assert off <= screenshots.TOLERANCE, f"{name} in {theme}: a part differs by {off:.1f} of 255, see {tmp_path}"
        seen.append(name)
    assert seen == [name for name in names for _ in screenshots.KEPT_THEMES]


def test_every_reference_is_compared_and_they_are_small(script: Callable[[str], ModuleType]) -> None:
    screenshots = script("screenshots")
    kept = {f"{name}_{theme}.png" for name in screenshots.KEPT for theme in screenshots.KEPT_THEMES}
    assert {file.name for file in REFERENCES.glob("*")} == kept
    assert {name for names in SCENES.values() for name in names} == set(screenshots.KEPT)
    assert sum(file.stat().st_size for file in REFERENCES.glob("*.png")) < 2_000_000


def test_a_missing_part_and_another_theme_are_noticed(script: Callable[[str], ModuleType]) -> None:
    screenshots = script("screenshots")
    image = QImage(str(REFERENCES / "welcome_light.png"))
    light, dark = (screenshots.small(QImage(str(REFERENCES / f"welcome_{theme}.png"))) for theme in ("light", "dark"))
    assert screenshots.difference(light, light) == 0
    assert screenshots.difference(light, dark) > 10 * screenshots.TOLERANCE
    cut = image.convertToFormat(QImage.Format.Format_RGB888)
    painter = QPainter(cut)
    painter.fillRect(490, 110, 130, 40, image.pixelColor(200, 700))  # a part of the heading
    painter.end()
    assert screenshots.difference(light, screenshots.small(cut)) > screenshots.TOLERANCE
    assert screenshots.difference(light, light.scaledToWidth(240)) == float("inf")


def test_few_colours_keep_what_is_frequent(script: Callable[[str], ModuleType]) -> None:
    screenshots = script("screenshots")
    image = QImage(64, 64, QImage.Format.Format_RGB32)
    image.fill(QColor("#123456"))
    for x in range(64):
        for y in range(16):
            image.setPixelColor(x, y, QColor(x * 4, y * 16, 77))
    few = screenshots.few_colours(image)
    assert few.colorCount() == screenshots.COLOURS
    assert few.pixelColor(5, 40) == QColor("#123456")
    assert screenshots.difference(image, few) < 6
