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
from .parts import Told, parts_of, rest_of
from .picture import HEAD, LENGTH, FoldedGraphs, Growth, Stage, resolved

# what a layout may raise, which may be anybody's
_OF_LAYOUTS = (
    ValueError, LookupError, ImportError, ArithmeticError, TypeError, AttributeError, AssertionError, RuntimeError, OSError,
    nx.NetworkXException,
)  # fmt: skip


def serve(wishes: BinaryIO, answers: BinaryIO) -> None:
    """Draws one picture after another until nobody asks any more; None in place of a wish: another tape is looked at. What a layout
    cannot do is answered in a sentence."""

    def tell(what: Told, message: object) -> None:
        packed = pickle.dumps(message)
        answers.write(HEAD.pack(len(packed), what) + packed)
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
            tell(Told.STAGE, Stage.READING)
            tape = Tape.open(picture.tape, written=shown)
        while tape.poll():
            pass
        picture = resolved(tape, picture)
        tell(Told.STAGE, Stage.GROUPING)
        graph = graphs.graph(tape, picture)
        tell(Told.STAGE, Stage.ARRANGING)
        try:
            scene = arrange(graph, measure, layout, growth.before(tape, picture)) if len(graph) else None
            if scene is not None:
                growth.keep(scene)
                scene = replace(scene, memory={})  # it stays here
            for nodes in parts_of(graph):
                tell(Told.NODES, nodes)
            tell(Told.ANSWER, rest_of(picture, graph, scene))
        except _OF_LAYOUTS as error:
            traceback.print_exc()  # for who writes the layout
            tell(Told.ANSWER, (picture, str(error) or type(error).__name__))


if __name__ == "__main__":
    gc.disable()  # what it makes stays, and the collector would look through all of it again and again
    serve(sys.stdin.buffer, sys.stdout.buffer)
