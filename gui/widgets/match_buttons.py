"""The three buttons at the end of a row in which one looks for something: back, on, and away."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from .. import theme
from ..theme import icon


def match_buttons(
    row: QHBoxLayout, parent: QWidget, back: Callable[[], object], on: Callable[[], object], leave: Callable[[], object]
) -> list[QToolButton]:
    """They stand at the end of ``row`` now. All of them have keys: where it is narrow they can be hidden."""
    made = []
    for picture, text, does in (
        ("arrow_up", QCoreApplication.translate("MatchButtons", "Previous match (Shift+F3)"), back),
        ("arrow_down", QCoreApplication.translate("MatchButtons", "Next match (F3)"), on),
        ("close", QCoreApplication.translate("MatchButtons", "Close (Esc)"), leave),
    ):
        button = QToolButton(parent)
        button.setIcon(icon(picture))
        theme.size_icon(button, 15)
        button.setToolTip(text)
        button.setAccessibleName(text)
        button.clicked.connect(does)
        row.addWidget(button)
        made.append(button)
    return made
