"""After one step the gradients of the node that ran go along its edges: finds out which node that was."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Slot

from gradstep.engine.tape.schema import NodeExit
from gradstep.engine.tape.wire import EVENT_CODES

from ..canvas import GraphCanvas
from ..models.debug_model import DebugModel

_MANY = 512  # events between two moments: beyond that it was no single step


class Packets(QObject):
    """Looks at what happened between two moments; more than one node's exit is no step, and nothing flows."""

    def __init__(self, canvas: GraphCanvas, model: DebugModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._canvas, self._model = canvas, model
        self._before = -1
        model.tape_changed.connect(self._forget)

    @Slot()
    def _forget(self) -> None:
        self._before = -1
        self._canvas.reading.flowing.stop()

    def move(self) -> None:
        """The canvas shows another moment."""
        before, self._before = self._before, self._model.position
        tape = self._model.tape
        if tape is None or not 0 <= before < self._before or self._before - before > _MANY:
            self._canvas.reading.flowing.stop()
            return
        words = tape.events.words_from(before + 1, self._before + 1)
        left = np.flatnonzero(words[:, 0] & 0xFF == EVENT_CODES[NodeExit])
        if len(left) == 1:
            self._canvas.reading.flow_from(("node", int(words[left[0], 3])))
        elif len(left):
            self._canvas.reading.flowing.stop()
