"""The process that arranges large graphs for the window: ``python -m gradstep.gui.drawing_process``."""

from __future__ import annotations

import pickle
import sys
from typing import BinaryIO

from gradstep.engine.tape.reader import Tape

from .canvas.scene import Scene, arrange
from .drawing import LENGTH, FoldedGraphs


def serve(wishes: BinaryIO, answers: BinaryIO) -> None:
    """Draws one picture after another until nobody asks any more."""
    tape: Tape | None = None
    graphs = FoldedGraphs()
    while head := wishes.read(LENGTH.size):
        picture, measure, layout = pickle.loads(wishes.read(LENGTH.unpack(head)[0]))
        if tape is None or tape.path != picture.tape:
            tape = Tape.open(picture.tape)
        while tape.poll():
            pass
        graph = graphs.graph(tape, picture)
        scene: Scene | None = arrange(graph, measure, layout) if len(graph) else None
        answer = pickle.dumps((graph, scene))
        answers.write(LENGTH.pack(len(answer)) + answer)
        answers.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
