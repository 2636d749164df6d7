"""What is drawn of a tape, and the graph that it is: what the window and the process that arranges large graphs both know.

No Qt: the process begins in half the time without it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from enum import Enum

import networkx as nx

from gradstep.engine.tape.graph import attributes_of, backward_graph, combined_graph, forward_graph, slots_between
from gradstep.engine.tape.outline import backward_outline, outline_of
from gradstep.engine.tape.reader import Tape

from ..canvas.scene import Memory, Scene
from ..folding import FITTING, Folds, Groups, fold, grouped
from ..models.named import Given, Named, name_graph
from .layouts import DEFAULT

LENGTH = struct.Struct("<Q")  # of the pickle that follows: a wish
HEAD = struct.Struct("<QB")  # of what the process says: that, and a ``Told`` of ``parts.py``


class Shown(Enum):
    """Which graph is drawn; the values are the names of the commands."""

    BACKWARD = "backward_graph"
    FORWARD = "forward_graph"
    BOTH = "both_graphs"
    BESIDE = "beside_graphs"  # two pictures: the backward graph, and the ops of its forward pass at its left


@dataclass(frozen=True, slots=True)
class Picture:
    """What shall be drawn of a tape: which graph, of which run (0: no run in particular), and how many nodes that is
    now; which groups of it are folded; and by which layout."""

    tape: str
    shown: Shown
    run: int
    size: int
    folds: Folds = FITTING
    layout: str = DEFAULT
    tidied: int = 0  # how often the user asked for a drawing that heeds none before it
    names: tuple[Named, ...] = ()  # that the user gave

    def replaces(self, other: Picture) -> bool:
        """Whether it is another picture, and not the same one grown."""
        return (self.tape, self.shown, self.run) != (other.tape, other.shown, other.run)


class Growth:
    """What the drawings of a graph that grows remember of each other. A graph that is complete when it is drawn first remembers
    nothing: each drawing is the best there is."""

    def __init__(self) -> None:
        self._of: object = None
        self._memory: Memory | None = None

    def before(self, tape: Tape, picture: Picture) -> Memory | None:
        """What a layout is told for this picture."""
        of = (tape, picture.shown, picture.run, picture.layout, picture.tidied)
        if self._of != of:
            self._of, self._memory = of, {} if tape.growing else None
        return self._memory

    def keep(self, scene: Scene) -> None:
        """The picture that was asked about last was drawn."""
        if self._memory is not None:
            self._memory = scene.memory


class FoldedGraphs:
    """The graphs of pictures as their folds show them. The groups of the last picture are kept: opening one takes no longer
    than what is seen then."""

    def __init__(self) -> None:
        self._known: tuple[Tape, Picture] | None = None
        self._groups: Groups | None = None
        self._whole: nx.DiGraph | None = None

    def graph(self, tape: Tape, picture: Picture) -> nx.DiGraph:
        """The graph of a picture."""
        asked = replace(picture, folds=FITTING, layout=DEFAULT, tidied=0, names=())
        if self._known is None or self._known[0] is not tape or self._known[1] != asked or self._groups is None:
            self._take_in(tape, picture)
            self._known = tape, asked
        assert self._groups is not None
        whole = self._whole
        if whole is None:
            graph = fold(self._groups, picture.folds, attributes_of(tape), lambda a, b: slots_between(tape, a, b))
        else:
            graph = fold(self._groups, picture.folds, whole.nodes.__getitem__, lambda a, b: whole.edges[a, b]["slots"])
        return name_graph(Given(tape, picture.names), graph)

    def _take_in(self, tape: Tape, picture: Picture) -> None:
        self._whole = None
        if picture.shown is Shown.BACKWARD:
            self._groups = grouped(backward_outline(tape, picture.run or None))
        else:
            self._whole = graph_of(tape, picture)
            self._groups = grouped(outline_of(self._whole))


def graph_of(tape: Tape, picture: Picture) -> nx.DiGraph:
    """The graph of a picture with nothing folded."""
    if picture.shown is Shown.FORWARD:
        return forward_graph(tape)
    if picture.shown is Shown.BESIDE:
        return forward_graph(tape, picture.run or None)
    if picture.shown is Shown.BOTH:
        return combined_graph(tape, picture.run or None)
    return backward_graph(tape, picture.run) if picture.run else backward_graph(tape)


LATEST = -1  # of a picture's run: whichever is the last on the tape


def resolved(tape: Tape, picture: Picture) -> Picture:
    """The picture with the run and the size that it has on a tape that was read to its end."""
    if picture.run != LATEST:
        return picture
    run = list(tape.runs)[-1] if tape.runs else 0
    backward = picture.shown is Shown.BACKWARD and run
    return replace(picture, run=run, size=len(tape.runs[run].needed) if backward else len(tape.ops) + len(tape.nodes))


class Stage(Enum):
    """What the process is at."""

    READING = "Reading the tape"
    GROUPING = "Finding modules and loops"
    ARRANGING = "Arranging the graph"
