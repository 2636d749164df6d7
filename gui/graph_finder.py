"""The search in the graph: what is typed, what was found, and the way from hit to hit."""

from __future__ import annotations

import networkx as nx
from PySide6.QtCore import QObject, Slot

from gradstep.engine.tape.graph import Key

from .canvas import GraphCanvas
from .emphasis import Emphasis, Reason
from .find_bar import FindBar
from .models.debug_model import DebugModel
from .models.graph_search import NOTHING, GraphSearch, Result, Results


class GraphFinder(QObject):
    """Owns what was found last. The model is told which hit is looked at."""

    def __init__(self, bar: FindBar, canvas: GraphCanvas, model: DebugModel, emphasis: Emphasis, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bar, self._canvas, self._model, self._emphasis = bar, canvas, model, emphasis
        self._search: GraphSearch | None = None
        self._graph: nx.DiGraph | None = None  # the one that can be searched
        self._results: Results = NOTHING
        self._keys: tuple[Key, ...] = ()  # the hits to go through: all, or those of one line of the results
        self._place = -1
        bar.query_changed.connect(self.find)
        bar.result_picked.connect(self.show_result)
        bar.next_wished.connect(self.go_on)
        bar.previous_wished.connect(self.go_back)
        bar.closed.connect(self.close)

    @Slot()
    def open(self) -> None:
        """Ask for something to find; what was found last is there again."""
        self._bar.open()
        self.find(self._bar.field.text())

    @Slot()
    def close(self) -> None:
        """Put the search away: nothing is marked any more."""
        self._bar.hide()
        self._mark(())
        self._canvas.setFocus()

    @Slot(str)
    def find(self, query: str) -> None:
        """Show what a query finds."""
        if self._graph is not self._canvas.graph or self._search is None:
            self._graph = self._canvas.graph
            self._search = GraphSearch(self._graph)
        self._results = self._search.find(query)
        self._bar.show_results(self._results)
        self._mark(self._results.keys)

    def search_again(self) -> None:
        """Another graph is drawn, or the same one grown: the same query finds other nodes."""
        if self._bar.isVisible():
            self.find(self._bar.field.text())

    @Slot(object)
    def show_result(self, result: Result) -> None:
        """Go to what a line of the results stands for."""
        self._mark(result.keys)
        self._go(0)

    @Slot()
    def go_on(self) -> None:
        """To the next hit; after the last one comes the first."""
        self._step(1)

    @Slot()
    def go_back(self) -> None:
        """To the hit before."""
        self._step(-1)

    def _step(self, step: int) -> None:
        if not self._bar.isVisible() and self._bar.field.text():
            self._bar.show()
            self.find(self._bar.field.text())
        if not self._keys:
            return
        if self._place < 0:
            here = self._model.selection.key
            if here in self._keys:  # from the hit that is selected already
                self._place = self._keys.index(here)
            elif step < 0:
                self._place = 0
        self._go((self._place + step) % len(self._keys))

    def _go(self, place: int) -> None:
        if not self._keys:
            return
        self._place = place
        key = self._keys[place]
        self._canvas.reading.set_hits(self._keys, key)
        self._bar.show_place(place + 1, len(self._keys))
        self._model.select(key)
        self._canvas.select(key)

    def _mark(self, keys: tuple[Key, ...]) -> None:
        self._keys, self._place = keys, -1
        self._canvas.reading.set_hits(keys)
        self._emphasis.set(Reason.FOUND, keys or None)
