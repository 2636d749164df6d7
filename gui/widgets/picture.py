"""An icon by itself, sharp on whichever screen the window stands, in the colours of the theme in effect."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QLabel, QWidget

from .. import theme

_CHANGES = (QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.DevicePixelRatioChange)


class Picture(QLabel):
    """Shows an icon of so many pixels beside letters of the usual size; it grows with them."""

    def __init__(self, pixels: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels = pixels
        self._shown = ("", "text")

    def show_icon(self, name: str, token: str = "text") -> None:
        """Another icon, in the colour of a token of the theme."""
        self._shown = (name, token)
        self._draw()

    def event(self, event: QEvent) -> bool:
        """Draw it anew where colours, letters or the screen are others; who is first shown on another screen hears of no change."""
        elsewhere = event.type() is QEvent.Type.Show and self.pixmap().devicePixelRatio() != self.devicePixelRatioF()
        if event.type() in _CHANGES or elsewhere:
            self._draw()
        return super().event(event)

    def _draw(self) -> None:
        name, token = self._shown
        if name:
            side = theme.scaled(self._pixels)
            self.setPixmap(theme.icon(name, token).pixmap(QSize(side, side), self.devicePixelRatioF()))
