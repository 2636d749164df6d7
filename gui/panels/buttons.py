"""The small buttons below and above the lists of the panels."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QToolButton, QWidget


def worded(*tools: QToolButton) -> None:
    """Give tool buttons that show words and no picture the edge of a button: else they look like a label."""
    for tool in tools:
        tool.setProperty("words", True)


def button(text: str, pressed: Callable[[], object], parent: QWidget, tip: str = "") -> QToolButton:
    """A button with words that does this."""
    made = QToolButton(parent)
    made.setText(text)
    worded(made)
    made.setToolTip(tip)
    made.clicked.connect(lambda: pressed())
    return made
