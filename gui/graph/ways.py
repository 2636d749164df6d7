"""Paths on demand: from the selected node to the loss, and to the parameters that its gradient reaches."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from ..canvas import GraphCanvas
from ..canvas.trails import Goal, way
from ..models.debug_model import DebugModel, Selection
from ..translation import translate
from .emphasis import Emphasis, Reason


class Ways(QObject):
    """Shows one path at a time; it goes when another node is selected, and with Esc."""

    said = Signal(str)  # how long the path is, or that there is none

    def __init__(self, canvas: GraphCanvas, model: DebugModel, emphasis: Emphasis, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._canvas, self._model, self._emphasis = canvas, model, emphasis
        self._goal: Goal | None = None
        self._key: object = None  # the node that it leads from
        model.selection_changed.connect(self._selected)

    @property
    def goal(self) -> Goal | None:
        """Where the path that is shown leads to; None while none is shown."""
        return self._goal

    def show(self, goal: Goal) -> None:
        """Show the path from the selected node; asked for twice, it goes again."""
        key = self._canvas.selected_key
        if key is None or self._goal is goal:
            self.clear()
            return
        if key not in self._canvas.graph:  # another graph was drawn meanwhile
            self.clear()
            self.said.emit(self.tr("What is selected is not in the graph that is shown."))
            return
        found = way(self._canvas.graph, key, goal, self._canvas.scene)
        if found is None:
            self.clear()
            self.said.emit(
                self.tr("This node is the loss, or nothing leads from it to one.")
                if goal is Goal.LOSS
                else self.tr("No parameter is reached from this node.")
            )
            return
        self._goal, self._key = goal, self._model.selection.key
        self._canvas.reading.set_way(found.edges)
        self._emphasis.set(Reason.WAY, found.nodes)
        steps = translate("Ways", "%n step(s)", found.steps)
        if goal is Goal.LOSS:
            self.said.emit(self.tr("The shortest path to the loss: {0}. Esc puts it away.").format(steps))
        else:
            ends = translate("Ways", "%n parameter(s)", len(found.ends))
            self.said.emit(self.tr("The shortest paths to {0}, the nearest {1} away. Esc puts them away.").format(ends, steps))

    @Slot()
    def clear(self) -> None:
        """Show no path."""
        if self._goal is not None:
            self._goal = None
            self._canvas.reading.set_way(())
            self._emphasis.set(Reason.WAY, None)

    @Slot(object)
    def _selected(self, selection: Selection) -> None:
        if selection.key != self._key:
            self.clear()
