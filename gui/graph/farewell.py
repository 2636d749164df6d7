"""Gives large pictures up a few objects at a time: to free one of 97,000 boxes takes as long as to join it."""

from __future__ import annotations

import networkx as nx
from PySide6.QtCore import QObject, QTimer, Slot

from ..canvas.scene import Scene

SMALL = 10_000  # nodes of a graph that is freed within a few milliseconds
AT_ONCE = 20_000  # objects that are given up in one turn of the event loop


class Farewell(QObject):
    """Holds what a picture is made of, and nothing but that: whoever still has its graph notices nothing."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._held: list[object] = []
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._let_go)

    @property
    def is_over(self) -> bool:
        """Whether nothing is held any more."""
        return not self._held

    def take(self, graph: nx.DiGraph, scene: Scene | None) -> None:
        """What is shown no longer: call it while somebody still holds it."""
        if len(graph) < SMALL:
            return
        self._held += (facts for _, facts in graph.nodes(data=True))
        self._held += (ends for _, ends in graph.adjacency())
        if scene is not None:
            self._held += scene.edge_number
        self._next.start()

    @Slot()
    def _let_go(self) -> None:
        del self._held[-AT_ONCE:]
        if self._held:
            self._next.start()
