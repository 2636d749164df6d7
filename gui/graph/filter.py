"""The events' filter language on the graph: what it lets through stands out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gradstep.engine.tape.graph import Key

from ..canvas import GraphCanvas
from ..panels.event_filter import EventFilter, FilterError, parse
from .colouring import Colouring
from .emphasis import Emphasis, Reason

BUDGET = 0.008  # seconds of work on a large graph before the window gets its turn


class GraphFilter(QObject):
    """Looks at every node of the graph, and again at those that changed."""

    matched = Signal(int, int)  # how many nodes match, of how many; -1 where nothing is filtered
    refused = Signal(str)  # the filter cannot be read, and why
    working = Signal(int, int)  # so many nodes of so many were looked at; 0 of 0: it is done, or given up

    def __init__(self, canvas: GraphCanvas, colouring: Colouring, emphasis: Emphasis, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._canvas, self._colouring, self._emphasis = canvas, colouring, emphasis
        self._filter: EventFilter | None = None
        self._kept: set[Key] = set()
        self._all: list[Key] = []
        self._done = 0  # of these, how many were looked at
        self._work: Iterator[Key] | None = None
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._go_on)

    @property
    def is_busy(self) -> bool:
        """Whether a large graph is being looked at."""
        return self._work is not None

    @Slot(str)
    def show(self, text: str) -> None:
        """Filter by a text; an empty one filters nothing."""
        try:
            read = parse(text)
        except FilterError as wrong:
            self.refused.emit(str(wrong))
            return
        self._filter = read if read else None
        self.refused.emit("")
        self.show_all()

    def show_all(self) -> None:
        """Look at all nodes."""
        self._kept = set()
        self._work = None
        if self._filter is None:
            self.working.emit(0, 0)
            self._emphasis.set(Reason.FILTER, None)
            self.matched.emit(-1, 0)
            return
        self._all, self._done = self._canvas.reading.all_keys(), 0
        self._work = iter(self._all)
        self._go_on()

    @Slot()
    def _go_on(self) -> None:
        board = self._colouring.board()
        if self._work is None or self._filter is None or board is None:
            return
        deadline = time.perf_counter() + BUDGET
        for count, key in enumerate(self._work):
            if self._filter.matches(board.facts(key)):
                self._kept.add(key)
            if count % 16 == 15 and time.perf_counter() > deadline:
                self._done += count + 1
                self.working.emit(self._done, len(self._all))
                self._next.start()
                return
        self._work = None
        self.working.emit(0, 0)
        self._tell()

    def mark(self, keys: Iterable[Key] | None) -> None:
        """These nodes are in another state now; None: any may be."""
        if self._filter is None:
            return
        board = self._colouring.board()
        if keys is None or self._work is not None or board is None:
            self.show_all()
            return
        drawn = [key for key in keys if self._canvas.reading.holder(key) is not None]
        matching = {key for key in drawn if self._filter.matches(board.facts(key))}
        added, removed = matching - self._kept, self._kept.intersection(drawn) - matching
        if added or removed:
            self._kept = (self._kept | added) - removed
            self._emphasis.change(Reason.FILTER, added, removed)
            self.matched.emit(len(self._kept), len(self._all))

    def _tell(self) -> None:
        self._emphasis.set(Reason.FILTER, self._kept)
        self.matched.emit(len(self._kept), len(self._all))
