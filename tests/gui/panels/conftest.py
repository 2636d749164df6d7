"""Every panel is tested in the light theme unless the test says otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from gradstep.gui import theme


def dress(qapp: QApplication, look: theme.Theme) -> None:
    """Apply a theme unless it is in effect: styling everything anew takes longer than most tests."""
    try:
        if theme.current() is look:
            return
    except RuntimeError:  # the first test of all
        pass
    theme.apply(qapp, look)


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> Iterator[None]:
    """A theme is in effect, as the application would have it; the test's widgets are gone before the next one."""
    dress(qapp, theme.LIGHT)
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
