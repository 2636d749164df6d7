"""The menu in which the user chooses how graphs are laid out."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from . import layouts


class LayoutMenu(QMenu):
    """One entry for each layout that is installed; one of them is in use."""

    chosen = Signal(str)  # the name of a layout

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("Graph La&yout"))
        self._group = QActionGroup(self)
        for name in layouts.names():
            action = self.addAction(self._label(name))
            action.setCheckable(True)
            action.setData(name)
            action.setStatusTip(self._tip(name))
            self._group.addAction(action)
        self._group.triggered.connect(lambda action: self.chosen.emit(action.data()))
        self.show_chosen(layouts.DEFAULT)

    @Slot(str)
    def show_chosen(self, name: str) -> None:
        """Tick the layout that is in use."""
        for action in self._group.actions():
            action.setChecked(action.data() == name)

    def _label(self, name: str) -> str:
        known = {
            "layered": self.tr("Layered (gradstep)"),
            "dot": self.tr("Graphviz dot"),
            "multipartite": self.tr("Generations (networkx)"),
            "bfs": self.tr("Distance from the loss (networkx)"),
            "kamada_kawai": self.tr("Kamada-Kawai (networkx)"),
            "spring": self.tr("Springs (networkx)"),
            "circular": self.tr("Circle (networkx)"),
        }
        return known.get(name, name)

    def _tip(self, name: str) -> str:
        if name == layouts.DEFAULT:
            return self.tr("Nested, steady when groups open, quick for any size")
        if name == "dot":
            return self.tr("Few crossings; best up to about 1,000 boxes; needs the extra gradstep[dot]")
        return self.tr("Knows nothing of module calls; what is slow can be cancelled")
