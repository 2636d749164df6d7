"""The element that one looks at, in words under its picture; a screen reader's user hears it while he goes from one to the next."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from .. import theme
from ..widgets.announce import describe
from ..widgets.elided import ElidedLabel
from ..widgets.grid import NumberGrid


class Readout(ElidedLabel):
    """Stands in a viewer; what it says is the description of the page that has the focus there. Its tip has all of a long one."""

    def __init__(self, viewer: QWidget) -> None:
        super().__init__(viewer)
        self._viewer = viewer
        self.setFont(theme.mono_font(12))
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def setText(self, text: str) -> None:
        """Show and say it."""
        super().setText(text)
        focus = QApplication.focusWidget()
        if focus is not None and self._viewer.isAncestorOf(focus) and not isinstance(focus, NumberGrid):  # which says it in its own words
            describe(focus, text)
