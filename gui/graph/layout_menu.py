"""The menu in which the user chooses how graphs are laid out."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from gradstep.engine.extensions.catalogue import Feature
from gradstep.engine.extensions.guard import Guard

from . import layouts


class LayoutMenu(QMenu):
    """One entry for each layout that is switched on; one of them is in use. Looked up anew whenever the menu opens."""

    chosen = Signal(str)  # the name of a layout

    def __init__(self, guard: Guard | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._guard = guard
        self._chosen = layouts.DEFAULT
        self.setTitle(self.tr("&Graph Layout"))
        self._group = QActionGroup(self)
        self._group.triggered.connect(lambda action: self.chosen.emit(action.data()))
        self.aboutToShow.connect(self.fill)
        self.fill()

    @Slot()
    def fill(self) -> None:
        """Offer what is switched on now."""
        found = layouts.choices(self._guard)
        if [feature.name for feature in found] == [action.data() for action in self._group.actions()]:
            return
        self.clear()
        for feature in found:
            action = self.addAction(self._label(feature.name))
            action.setCheckable(True)
            action.setData(feature.name)
            action.setStatusTip(self._tip(feature))
            self._group.addAction(action)
        self.show_chosen(self._chosen)

    @Slot(str)
    def show_chosen(self, name: str) -> None:
        """Tick the layout that is in use."""
        self._chosen = name
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

    def _tip(self, feature: Feature) -> str:
        name = feature.name
        if not feature.is_ours:
            return self.tr("Of the plug-in {0}").format(feature.package)
        if name == layouts.DEFAULT:
            return self.tr("Nested, steady when groups open, quick for any size")
        if name == "dot":
            return self.tr("Few crossings; best up to about 1,000 boxes; needs the extra gradstep[dot]")
        return self.tr("Knows nothing of module calls; what is slow can be cancelled")
