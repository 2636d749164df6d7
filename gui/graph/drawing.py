"""Arranges large graphs in a process of its own, so that the window answers meanwhile. The newest wish wins.

The process (``drawing_process.py``) reads the tape itself: a graph of 10,000 nodes takes longer to build than to arrange. The
two talk by pickles over a pipe that nobody else can reach.
"""

from __future__ import annotations

import pickle
import struct
import sys
from dataclasses import dataclass, replace
from enum import Enum

import networkx as nx
from PySide6.QtCore import QByteArray, QElapsedTimer, QObject, QProcess, Signal

from gradstep.engine.tape.graph import attributes_of, backward_graph, combined_graph, forward_graph, slots_between
from gradstep.engine.tape.outline import backward_outline, outline_of
from gradstep.engine.tape.reader import Tape

from ..canvas.plan import Measure
from ..canvas.scene import LayoutFunction, Memory, Scene
from ..folding import FITTING, Folds, Groups, fold, grouped
from .layouts import DEFAULT

LENGTH = struct.Struct("<Q")  # of the pickle that follows
PATIENCE = 1500  # milliseconds that work nobody wants any more may go on before its process is ended
_CLOSING = 5000  # milliseconds that the end of the window waits for the end of the process


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
        asked = replace(picture, folds=FITTING, layout=DEFAULT, tidied=0)
        if self._known is None or self._known[0] is not tape or self._known[1] != asked or self._groups is None:
            self._take_in(tape, picture)
            self._known = tape, asked
        assert self._groups is not None
        whole = self._whole
        if whole is None:
            return fold(self._groups, picture.folds, attributes_of(tape), lambda a, b: slots_between(tape, a, b))
        return fold(self._groups, picture.folds, whole.nodes.__getitem__, lambda a, b: whole.edges[a, b]["slots"])

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


class Drawing(QObject):
    """The window's end. The process is started when it is needed first, and ended when it works long at what nobody wants
    any more."""

    drawn = Signal(object, object, object)  # Picture, graph, Scene (None for an empty graph)
    failed = Signal(object)  # Picture: the process could not do it
    refused = Signal(object, str)  # Picture: the layout cannot draw it, and why
    progressed = Signal(object)  # Stage

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._wished: Picture | None = None
        self._asked = 0  # how many answers will come; only the last one counts
        self._since = QElapsedTimer()
        self._arrived = bytearray()
        self._heard = False  # the process has said something

    @property
    def is_ready(self) -> bool:
        """Whether the process has begun: it answers at once."""
        return self._heard and self._process is not None

    @property
    def wished(self) -> Picture | None:
        """The picture that is being drawn."""
        return self._wished

    def draw(self, picture: Picture, measure: Measure, layout: LayoutFunction) -> bool:
        """Draw a picture. False where the same one, less grown, is drawn already: its answer comes first."""
        wished = self._wished
        if wished is not None and picture == replace(wished, size=picture.size):
            return False
        if self._asked and self._since.elapsed() > PATIENCE:
            self.close()
        process = self._process or self._start()
        if not self._asked:
            self._since.start()
        self._wished = picture
        self._asked += 1
        message = pickle.dumps((picture, measure, layout))
        process.write(QByteArray(LENGTH.pack(len(message)) + message))
        return True

    def forget(self) -> None:
        """Give up what is being drawn."""
        self._wished = None

    def cancel(self) -> None:
        """Give up what is being drawn, and work on it no longer."""
        if self._asked:
            self.close()

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        self._wished, self._asked = None, 0
        self._arrived.clear()
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(_CLOSING)
            process.deleteLater()

    def _start(self) -> QProcess:
        self._heard = False
        process = self._process = QProcess(self)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._could_not_start)
        process.start(sys.executable, ["-P", "-m", "gradstep.gui.graph.drawing_process"])
        return process

    def _read(self) -> None:
        if self._process is None:
            return
        self._heard = True
        self._arrived += self._process.readAllStandardOutput().data()
        while self._process is not None and len(self._arrived) >= LENGTH.size:
            length = LENGTH.unpack_from(self._arrived)[0]
            if len(self._arrived) < LENGTH.size + length:
                return
            message = pickle.loads(bytes(self._arrived[LENGTH.size : LENGTH.size + length]))  # from our own process
            self._arrived = bytearray(self._arrived[LENGTH.size + length :])
            self._take(message)

    def _take(self, message: object) -> None:
        """A Stage, or an answer: the picture, and its graph and scene or why there is none."""
        if isinstance(message, Stage):
            if self._wished is not None and self._asked == 1:
                self.progressed.emit(message)
            return
        assert isinstance(message, tuple)
        self._asked -= 1
        if self._asked or self._wished is None:
            self._since.start()
            return
        self._wished = None
        picture, graph, scene = message
        if isinstance(graph, str):
            self.refused.emit(picture, graph)
        else:
            self.drawn.emit(picture, graph, scene)

    def _ended(self) -> None:
        process, self._process = self._process, None
        self._arrived.clear()
        if process is not None:
            process.deleteLater()
        picture, self._wished, self._asked = self._wished, None, 0
        if picture is not None:
            self.failed.emit(picture)

    def _could_not_start(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._ended()
