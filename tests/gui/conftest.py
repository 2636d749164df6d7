"""What the tests of the window's parts share: an application with fonts and theme."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gradstep.gui.app import application

from ..leftovers import nothing_left


@pytest.fixture(autouse=True)
def tidy(qapp: Any) -> Iterator[None]:
    """No test leaves anything that runs."""
    yield from nothing_left()


@pytest.fixture(autouse=True)
def dressed(qapp: Any) -> None:
    """Fonts and theme, as every widget of ours expects them."""
    application()
