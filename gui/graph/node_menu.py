"""What a right click on the graph offers."""

from __future__ import annotations

from collections.abc import Hashable

from PySide6.QtCore import QObject, QPoint, Qt, Slot
from PySide6.QtWidgets import QMenu, QWidget

from ..actions import Actions
from ..models.debug_model import DebugModel
from ..program.breaking import Breaking
from .presenter import GraphPresenter

_OF_A_NODE = ("name", "run_to", "what_if", "explain", "contributions", "go_to_source", "about_op", "way_to_loss", "way_to_parameters")
_OF_THE_GRAPH = ("fit", "backward_graph", "forward_graph", "both_graphs", "export")


class NodeMenu(QObject):
    """Selects the node that was clicked, since its commands work on the selection."""

    def __init__(self, window: QWidget, model: DebugModel, graphs: GraphPresenter, breaking: Breaking, actions: Actions) -> None:
        super().__init__(window)
        self._window, self._model, self._graphs, self._breaking, self._actions = window, model, graphs, breaking, actions

    @Slot(object, QPoint)
    def pop_up(self, key: Hashable | None, place: QPoint) -> None:
        """Offer what can be done with a node, or with the graph where ``key`` is None."""
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if key is not None:
            self._model.select(key)  # type: ignore[arg-type]
            has = key in self._graphs.breakpoints
            menu.addAction(self.tr("Remove Breakpoint") if has else self.tr("Break Here"), self._breaking.toggle_selected)
            menu.addActions([self._actions[name] for name in _OF_A_NODE])
            menu.addSeparator()
        menu.addActions([self._actions[name] for name in _OF_THE_GRAPH])
        menu.popup(place)
