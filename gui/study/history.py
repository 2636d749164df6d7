"""What was selected, and at which moment, so that one can go back to it and forward again, as in a browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from ..models.debug_model import DebugModel
from ..widgets.soon import Soon

KEPT = 200  # places that are remembered


@dataclass(frozen=True, slots=True)
class Place:
    """A selected node and the event after which the state was looked at; None for the newest moment, whatever that is by then."""

    key: tuple[str, int]
    moment: int | None


class SelectionHistory(QObject):
    """Remembers where the user was. What changes together, a moment and its node, is one place; moments of one node are one place, too."""

    said = Signal(str)  # there is nothing in that direction

    def __init__(self, model: DebugModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._places: list[Place] = []
        self._at = -1
        self._noting = Soon(self._note, self)
        model.selection_changed.connect(lambda _: self._noting.start())
        model.cursor_moved.connect(lambda _: self._noting.start())
        model.tape_changed.connect(self._forget)

    def slots(self) -> dict[str, Callable[[], Any]]:
        """What the commands of the table do."""
        return {"history_back": self.back, "history_forward": self.forward}

    @Slot()
    def back(self) -> None:
        """Go to what was selected before."""
        self._go(-1, self.tr("Nothing was selected before this."))

    @Slot()
    def forward(self) -> None:
        """Go to what was selected after this, before one went back."""
        self._go(1, self.tr("Nothing was selected after this."))

    def _go(self, by: int, otherwise: str) -> None:
        self._note()
        if not 0 <= self._at + by < len(self._places):
            self.said.emit(otherwise)
            return
        self._at += by
        place = self._places[self._at]
        self._model.move_to(self._model.last if place.moment is None else place.moment)
        self._model.select(place.key)

    def _note(self) -> None:
        self._noting.stop()
        key = self._model.selection.key
        if key is None:
            return
        now = Place(key, None if self._model.is_live else self._model.position)
        known = self._places[self._at] if self._at >= 0 else None
        if known == now:
            return
        if known is not None and known.key == now.key:
            self._places[self._at] = now
            return
        self._places = [*self._places[: self._at + 1], now][-KEPT:]
        self._at = len(self._places) - 1

    @Slot()
    def _forget(self) -> None:
        self._noting.stop()
        self._places, self._at = [], -1
