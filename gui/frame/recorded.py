"""Of a tape that is looked at without a program: whether its recording goes on, and where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from gradstep.engine.tape.visible import shown

from ..files.attaching import Attaching
from ..models.debug_model import DebugModel


class Told(NamedTuple):
    """The state in a sentence, and in a few words for the title."""

    sentence: str
    words: str


class Recorded(QObject):
    """Asked where there is no program; says when there may be another answer."""

    changed = Signal()

    def __init__(self, model: DebugModel, attaching: Attaching, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model, self._attaching = model, attaching
        model.over.connect(self.changed)
        attaching.changed.connect(self.changed)

    def told(self) -> Told | None:
        """What is said of a tape that grows; None of one that does not."""
        tape = self._model.tape
        if tape is None or not tape.path or not tape.growing:
            return None
        name = shown(Path(tape.path).name)
        place = self._attaching.place_of(tape.path)
        if place is None:
            words = self.tr("{0} is still being recorded, and followed as it grows; its program is not run from here.")
            return Told(words.format(name), self.tr("still recording"))
        there = shown(place.path)
        if self._attaching.is_connected:
            words = self.tr("Connected to {0}: {1} is still being recorded, and followed as it grows.")
            return Told(words.format(shown(place.host), there), self.tr("still recording on {0}").format(shown(place.host)))
        words = self.tr("The connection to {0} was lost, and is tried again: {1} is shown as far as it came.")
        return Told(words.format(shown(place.host), there), self.tr("connection to {0} lost").format(shown(place.host)))
