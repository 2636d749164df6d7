"""The pictures in gui/README.md are there, and are pictures of the window."""

from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from gradstep.gui.files.report import SIZE


@pytest.mark.parametrize(("name", "dark"), [("window.png", False), ("window_dark.png", True)])
def test_the_pictures_of_the_window_are_there(root: Path, name: str, dark: bool) -> None:
    image = QImage(str(root / "gui" / "screenshots" / name))
    assert (image.width(), image.height()) == SIZE
    assert (image.pixelColor(SIZE[0] // 2, 3).lightness() < 128) is dark
    assert f"screenshots/{name}" in (root / "gui" / "README.md").read_text(encoding="utf-8")
