"""Find everywhere: goes through the tape piece by piece, so that the window answers meanwhile; the newest query wins."""

from __future__ import annotations

import time
from collections.abc import Iterator

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from ..models.debug_model import DebugModel
from ..models.everywhere import Hit, Place, search
from ..models.values import ValueRef
from ..panels.find_panel import FindPanel
from ..panels.output_panel import OutputPanel
from .navigator import Navigator

BUDGET = 0.008  # seconds of work before the window gets its turn


class Everywhere(QObject):
    """Answers the panel's queries, and shows what is picked."""

    line_wanted = Signal(str, int)  # the user wants to see this line of the source
    output_wanted = Signal()
    value_wanted = Signal(object)  # ValueRef

    def __init__(self, panel: FindPanel, output: OutputPanel, model: DebugModel, navigator: Navigator, parent: QObject) -> None:
        super().__init__(parent)
        self._panel, self._output, self._model, self._navigator = panel, output, model, navigator
        self._query = ""
        self._found: Iterator[Hit | None] | None = None
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._go_on)
        panel.query_wished.connect(self.find)
        panel.hit_picked.connect(self.show)
        model.tape_changed.connect(lambda: self.find(""))

    @property
    def is_busy(self) -> bool:
        """Whether it still searches."""
        return self._found is not None

    @Slot(str)
    def find(self, query: str) -> None:
        """Search for a query from the beginning; what is searched for now is given up."""
        self._panel.show_none()
        self._query, self._found = query, None
        reader = self._model.reader
        if query and reader is not None:
            self._found = search(query, reader, self._output.text().split("\n"))
            self._next.start()

    @Slot()
    def _go_on(self) -> None:
        if self._found is None:
            return
        deadline = time.perf_counter() + BUDGET
        hits: list[Hit] = []
        for count, hit in enumerate(self._found):
            if hit is not None:
                hits.append(hit)
            if count % 32 == 31 and time.perf_counter() > deadline:
                self._next.start()
                break
        else:
            self._found = None
        self._panel.add(hits)
        self._panel.show_progress(self._query, done=self._found is None)

    @Slot(object)
    def show(self, hit: Hit) -> None:
        """Go to what was picked."""
        match hit.place:
            case Place.NODES:
                self._model.select(hit.key)
            case Place.EVENTS:
                self._navigator.look_at(hit.event)
            case Place.TENSORS:
                self.value_wanted.emit(ValueRef(hit.text, hit.value))
            case Place.SOURCE:
                self.line_wanted.emit(hit.file, hit.line)
            case Place.OUTPUT:
                self._output.show_line(hit.line - 1)
                self.output_wanted.emit()
