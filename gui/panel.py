"""The base of every dock panel, and of those that plug-ins give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QEvent, Signal
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from gradstep.engine.tape.reader import Tape


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


class PluginPanel(Panel):
    """A dock's content that a plug-in gives (entry-point group ``gradstep.panels``). The window calls the ``show_...`` methods,
    each timed and guarded; the panel overrides those that it needs, keeps what it was given, and asks by the signals.

    What it is given is to be read, never changed. A tape that grows is the same object with more in it.
    """

    node_picked = Signal(object)  # the user wants to see this node: ("op", id), ("node", id) or ("leaf", tensor id)
    event_picked = Signal(int)  # the user wants to look at the moment after this event
    line_picked = Signal(str, int)  # the user wants to see this line of this file

    def show_tape(self, tape: Tape | None) -> None:
        """Another tape is looked at, or none."""

    def show_growth(self) -> None:
        """The tape has more in it than at the last call."""

    def show_moment(self, position: int) -> None:
        """The moment that is shown is the one after this event; -1 is before the first."""

    def show_selection(self, key: tuple[str, int] | None) -> None:
        """Another node is selected, or none."""


class PluginView(QWidget):
    """A way to look at a value that a plug-in gives (entry-point group ``gradstep.tensor_views``): a page of the tensor panel."""

    title = ""

    def show_plane(self, values: NDArray[Any], step: int) -> None:
        """Show the two-dimensional plane that the user chose; ``values`` are every ``step``-th of its rows and columns, of the
        value's own type."""
