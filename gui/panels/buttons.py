"""The small buttons below and above the lists of the panels."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QToolButton, QWidget


def button(text: str, pressed: Callable[[], object], parent: QWidget, tip: str = "") -> QToolButton:
    """A button with words that does this."""
    made = QToolButton(parent)
    made.setText(text)
    made.setToolTip(tip)
    made.clicked.connect(lambda: pressed())
    return made
