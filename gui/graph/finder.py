"""The search in the graph: what is typed, what was found, and the way from hit to hit."""

from __future__ import annotations

import time
from collections.abc import Iterator

import networkx as nx
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gradstep.engine.tape.graph import Key

from ..canvas import GraphCanvas
from ..models.debug_model import DebugModel
from ..models.graph_search import NOTHING, GraphSearch, Result, Results
from ..models.lasting import lasting
from .emphasis import Emphasis, Reason
from .find_bar import FindBar
from .presenter import GraphPresenter

BUDGET = 0.008  # seconds of work on a large graph before the window gets its turn


class GraphFinder(QObject):
    """Owns what was found last. The model is told which hit is looked at."""

    working = Signal(int, int)  # so many nodes of so many can be searched; 0 of 0: all can, or it was given up

    def __init__(self, bar: FindBar, canvas: GraphCanvas, model: DebugModel, emphasis: Emphasis, graphs: GraphPresenter) -> None:
        super().__init__(graphs)
        self._foldings = graphs.foldings
        self._bar, self._canvas, self._model, self._emphasis = bar, canvas, model, emphasis
        self._search = GraphSearch()
        self._graph: nx.DiGraph | None = None  # the one that can be searched
        self._work: Iterator[Key] | None = None  # nodes of it that cannot be searched yet
        self._done = self._all = 0  # nodes
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._go_on_reading)
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
        self._pause()
        self._mark(())
        self._canvas.setFocus()

    @Slot(str)
    def find(self, query: str) -> None:
        """Show what a query finds."""
        if self._graph is not self._canvas.graph:
            self._graph, self._search = self._canvas.graph, GraphSearch()
            keys = self._canvas.reading.all_keys()
            self._work, self._done, self._all = iter(keys), 0, len(keys)
        if self._work is not None and not self._next.isActive():
            self._read()
        self._results = self._search.find(query)
        self._bar.show_results(self._results)
        self._mark(self._results.keys)

    def _read(self) -> None:
        """Make more of a graph searchable, for as long as BUDGET allows."""
        deadline = time.perf_counter() + BUDGET
        with lasting():
            for count, key in enumerate(self._work or ()):
                self._search.add(key, self._canvas.data_of(key))
                self._done += 1
                if count % 16 == 15 and time.perf_counter() > deadline:
                    self._next.start()
                    break
            else:
                self._work = None
        self.working.emit(*((0, 0) if self._work is None else (self._done, self._all)))

    def _pause(self) -> None:
        """Read no further for now; what was read stays."""
        if self._work is not None:
            self._next.stop()
            self.working.emit(0, 0)

    @Slot()
    def cancel(self) -> None:
        """Search what was read until now; the rest is read when something else is searched."""
        self._pause()
        if self._bar.isVisible():
            self._bar.show_partly(self._done, self._all)

    @Slot()
    def _go_on_reading(self) -> None:
        if self._work is None or self._graph is not self._canvas.graph:
            self.working.emit(0, 0)
            return
        self._read()
        if self._work is None and self._bar.isVisible() and self._place < 0:
            self.find(self._bar.field.text())  # all of it can be searched now

    @property
    def is_busy(self) -> bool:
        """Whether a large graph is being read."""
        return self._work is not None and self._next.isActive()

    def search_again(self) -> None:
        """Another graph is drawn, or the same one grown: the same query finds other nodes."""
        if not self._bar.isVisible():
            return
        here = self._keys[self._place] if self._place >= 0 else None
        self.find(self._bar.field.text())
        if here in self._keys:  # the one that is looked at stays it, though the graph was drawn anew to show it
            self._place = self._keys.index(here)
            self._canvas.reading.set_hits(self._keys, here)
            self._bar.show_place(self._place + 1, len(self._keys))

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
        self._bar.show_current(key)
        self._model.select(key)
        self._canvas.select(key)
        self._foldings.show(key)

    def _mark(self, keys: tuple[Key, ...]) -> None:
        self._keys, self._place = keys, -1
        self._canvas.reading.set_hits(keys)
        self._emphasis.set(Reason.FOUND, keys or None)
