"""Every panel is tested in the light theme unless the test says otherwise."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from gradstep.gui import theme


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> None:
    """A theme is in effect, as the application would have it."""
    theme.apply(qapp, theme.LIGHT)
