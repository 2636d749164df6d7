"""The base of every dock panel; plugins derive from it too."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QWidget


class Panel(QWidget):
    """A dock's content. It shows what its ``show_...`` slots are given and asks by signals; it never fetches.

    ``title`` is the dock's title, ``about`` a sentence on what the panel shows, which screen readers get.
    """

    title = ""
    about = ""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(type(self).__name__)
        self.setAccessibleName(self.heading())
        if self.about:
            self.setAccessibleDescription(QCoreApplication.translate(type(self).__name__, self.about))

    @classmethod
    def heading(cls) -> str:
        """The title in the user's language."""
        return QCoreApplication.translate(cls.__name__, cls.title)

    def restyle(self) -> None:
        """Called when the palette or the fonts have changed: whatever was painted from theme colours is made anew."""

    def changeEvent(self, event: QEvent) -> None:
        """Pass a change of palette, style or font on to ``restyle``."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self.restyle()
