"""The process that arranges large graphs for the window: ``python -m gradstep.gui.graph.drawing_process``."""

from __future__ import annotations

import gc
import pickle
import sys
import traceback
from dataclasses import replace
from typing import BinaryIO

import networkx as nx

from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.visible import shown

from ..canvas.scene import arrange
from .picture import LENGTH, FoldedGraphs, Growth, Stage, resolved

# what a layout may raise, which may be anybody's
_OF_LAYOUTS = (ValueError, LookupError, ImportError, ArithmeticError, TypeError, AttributeError, nx.NetworkXException)


def serve(wishes: BinaryIO, answers: BinaryIO) -> None:
    """Draws one picture after another until nobody asks any more; None in place of a wish: another tape is looked at. What a layout
    cannot do is answered in a sentence."""

    def tell(message: object) -> None:
        packed = pickle.dumps(message)
        answers.write(LENGTH.pack(len(packed)) + packed)
        answers.flush()

    tape: Tape | None = None
    graphs, growth = FoldedGraphs(), Growth()
    while head := wishes.read(LENGTH.size):
        wish = pickle.loads(wishes.read(LENGTH.unpack(head)[0]))
        if wish is None:
            if tape is not None:
                tape.close()
            tape, graphs, growth = None, FoldedGraphs(), Growth()
            continue
        picture, measure, layout = wish
        if tape is None or tape.path != picture.tape:
            tell(Stage.READING)
            tape = Tape.open(picture.tape, written=shown)
        while tape.poll():
            pass
        picture = resolved(tape, picture)
        tell(Stage.GROUPING)
        graph = graphs.graph(tape, picture)
        tell(Stage.ARRANGING)
        try:
            scene = arrange(graph, measure, layout, growth.before(tape, picture)) if len(graph) else None
            if scene is not None:
                growth.keep(scene)
                scene = replace(scene, memory={})  # it stays here
            tell((picture, graph, scene))
        except _OF_LAYOUTS as error:
            traceback.print_exc()  # for who writes the layout
            tell((picture, str(error) or type(error).__name__, None))


if __name__ == "__main__":
    gc.disable()  # what it makes stays, and the collector would look through all of it again and again
    serve(sys.stdin.buffer, sys.stdout.buffer)
