"""What a screen reader is told at once, without being asked."""

from __future__ import annotations

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QComboBox, QWidget


def announce(widget: QWidget, text: str) -> None:
    """Have a sentence about a widget read out. A changed name or description alone is read when somebody comes to the widget, not while
    he is there. Nothing happens where no screen reader listens."""
    if text and QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))


def describe(widget: QWidget, text: str) -> None:
    """Give a widget a description, and have a new one read out while the widget has the focus."""
    if text != widget.accessibleDescription():
        widget.setAccessibleDescription(text)
        if widget.hasFocus():
            announce(widget, text)


def name_choices(window: QWidget) -> None:
    """Of a choice Qt tells a reader on Linux only what is chosen, and not its name: that goes into its description where it has none."""
    for choice in window.findChildren(QComboBox):
        if not choice.accessibleDescription():
            choice.setAccessibleDescription(choice.accessibleName())
