"""What the tests of the window's parts share: an application with fonts and theme."""

from __future__ import annotations

from typing import Any

import pytest

from gradstep.gui.app import application


@pytest.fixture(autouse=True)
def dressed(qapp: Any) -> None:
    """Fonts and theme, as every widget of ours expects them."""
    application()
