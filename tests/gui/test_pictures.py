"""The window looks as it did when it was looked at: its states, made by scripts/screenshots.py, compared with references.

`scripts/screenshots.py --renew` makes the references anew, after a change of the looks that was meant."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage, QPainter

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = str(ROOT / "scripts")

sys.path.insert(0, SCRIPTS)
try:
    references = importlib.import_module("window_references")
    states = importlib.import_module("window_states")
finally:
    sys.path.remove(SCRIPTS)

KEPT = [tuple(name for name in names if name in references.kept("light")) for names, _ in states.SCENES]
ENOUGH = 16  # states that are worth a process


def parts() -> Iterator[tuple[str, ...]]:
    """The states of which there are references, in groups of whole scenes: each group is pictured by one process."""
    names: list[str] = []
    for scene in KEPT:
        names += scene
        if len(names) >= ENOUGH:
            yield tuple(names)
            names = []
    if names:
        yield tuple(names)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("names", list(parts()), ids=lambda names: names[0])
def test_the_window_looks_as_it_did(names: tuple[str, ...], tmp_path: Path) -> None:
    command = [sys.executable, f"{SCRIPTS}/screenshots.py", str(tmp_path), "--compare", "--only", *names]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    lines = [line for line in ended.stdout.splitlines() if ".png" in line]
    assert ended.returncode == 0, f"see {tmp_path}\n" + "\n".join(line for line in lines if "differs" in line) + ended.stderr[-1000:]
    assert [line.split("_light_")[0] for line in lines if "_light_" in line] == list(names)


def test_every_state_has_a_reference_or_a_reason_and_they_are_small() -> None:
    kept = {references.reference(name, theme).name for theme in ("light", "dark") for name in references.kept(theme)}
    assert {file.name for file in references.REFERENCES.glob("*")} == kept
    assert set(references.UNSTEADY) < set(states.NAMES)
    assert sum(file.stat().st_size for file in references.REFERENCES.glob("*.png")) < 3_000_000


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("welcome", (490, 110, 130, 40)),  # a part of the heading
        ("paused", (410, 540, 100, 20)),  # the title of a panel
        ("paused", (640, 230, 90, 40)),  # a node
        ("panel_alerts", (430, 590, 400, 24)),  # the one line of a table
        ("tensor_heat", (1040, 480, 330, 60)),  # the heat map
    ],
)
def test_a_part_that_is_missing_is_noticed(name: str, part: tuple[int, int, int, int]) -> None:
    image = QImage(str(references.reference(name, "light")))
    assert references.difference(image, image) == 0
    broken = image.convertToFormat(QImage.Format.Format_RGB888)
    painter = QPainter(broken)
    x, y, wide, high = (round(side / references.QUARTER) for side in part)
    painter.fillRect(x, y, wide, high, image.pixelColor(x - 1, y - 1))
    painter.end()
    assert references.difference(image, broken) > references.TOLERANCE


def test_another_theme_and_another_size_are_noticed() -> None:
    light, dark = (QImage(str(references.reference("welcome", theme))) for theme in ("light", "dark"))
    assert references.difference(light, dark) > 5 * references.TOLERANCE
    assert references.difference(light, light.scaledToWidth(240)) == float("inf")


def test_few_colours_keep_what_is_frequent() -> None:
    image = QImage(64, 64, QImage.Format.Format_RGB32)
    image.fill(QColor("#123456"))
    for x in range(64):
        for y in range(16):
            image.setPixelColor(x, y, QColor(x * 4, y * 16, 77))
    few = references.few_colours(image)
    assert few.colorCount() == references.COLOURS
    assert few.pixelColor(5, 40) == QColor("#123456")
    assert references.difference(image, few) < 12
