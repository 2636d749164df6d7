"""Brings the model to the canvas: which graph is drawn, how far each node is, what flowed along its edges."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import networkx as nx
import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gradstep.engine.extensions.guard import Guard, PluginError
from gradstep.engine.tape.graph import attributes_of
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import NodeEnter, NodeExit, NodeReady, Rewound, RunBegin, RunEnd
from gradstep.engine.tape.state import Status
from gradstep.engine.tape.wire import EVENT_CODES

from ..canvas import GraphCanvas, LayoutFunction, Scene, arrange, measure
from ..canvas.marks import Looks
from ..canvas.scene import folded_name
from ..canvas.status import look_of
from ..folding import FITTING
from ..models.counterparts import counterparts
from ..models.debug_model import DebugModel, Selection
from ..models.named import Given, name_graph, named_facts
from ..widgets.soon import Soon
from . import layouts
from .drawing import Drawing
from .farewell import Farewell
from .flowed import Flowed
from .foldings import Foldings
from .picture import LATEST, FoldedGraphs, Growth, Picture, Shown, Stage, graph_of

Key = Hashable
GROWTH = 400  # milliseconds between two drawings of a graph that grows, at least
REST = 20  # times as long as the last drawing took here
FLOW = 100  # milliseconds between two looks at how far a program that runs is
MOST = 20_000  # nodes that are drawn while the script still adds to them
QUICK = 3_000  # nodes that are drawn within 0.2 s here, sooner than that process could begin
SMALL = 150  # nodes that are drawn here within a frame or two, whatever else goes on
AT_OPENING = 12_000  # of a tape that was just opened, and whose groups are folded: sooner than that process could begin

FEW = 2_000  # events between two moments: beyond that all nodes are looked at
_SWEEPING = [EVENT_CODES[kind] for kind in (RunBegin, RunEnd, Rewound)]  # events that change the status of many nodes
_OF_NODES = [EVENT_CODES[kind] for kind in (NodeReady, NodeEnter, NodeExit)]


def _look(status: Status) -> object:
    """What the canvas shows for a status: what failed is done, and has an alert."""
    return Status.DONE if status is Status.FAILED else status


_LOOKS = np.array([look_of(_look(status)) for status in Status], np.uint8)  # by status


def _with_forward(tape: Tape, nodes: Iterable[int]) -> list[Key]:
    """The keys of backward nodes, of the ops that made them and of the leaves that they add into."""
    found: list[Key] = []
    for number in nodes:
        found.append(("node", number))
        node = tape.nodes.get(number)
        if node is not None and node.op is not None:
            found.append(("op", node.op))
        if node is not None and node.variable is not None:
            found.append(("leaf", node.variable))
    return found


class GraphPresenter(QObject):
    """Listens to the model alone; the canvas is told."""

    drawn = Signal()  # another graph is drawn, which knows no breakpoints yet
    marked = Signal(object)  # the keys of the nodes whose state changed on the canvas, None for any of them
    arranging = Signal(str, int, int)  # a large graph is being arranged: what it is at, which step of how many
    arranged = Signal()  # and is so no more
    refused = Signal(str)  # a layout cannot draw the graph, and why
    layout_changed = Signal(str)  # the name of the layout that is in use

    def __init__(self, canvas: GraphCanvas, model: DebugModel, layout: LayoutFunction, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._farewell = Farewell(self)
        self._drawing = Drawing(self)
        self._drawing.drawn.connect(self._arrived)
        self._drawing.failed.connect(self._process_ended)
        self._drawing.refused.connect(self._refused)
        self._drawing.progressed.connect(self._progressed)
        self._layout_name = layouts.DEFAULT
        self.guard: Guard | None = None  # who loads the layouts of plug-ins; None: ours alone
        self._canvas, self._model, self._layout = canvas, model, layout
        self._graphs, self._growth = FoldedGraphs(), Growth()
        self._tidied = 0
        self.foldings = Foldings(canvas, self)
        self.foldings.changed.connect(self._refold)
        self._anchor: Key | None = None  # what stands still when the picture that was asked for comes
        self._given_up = False  # the user cancelled the first picture
        self._facts: Callable[[Any], Mapping[str, Any]] | None = None
        self._shown = Shown.BACKWARD
        self._drawn: Picture | None = None  # what the canvas shows
        self._flowed = Flowed()
        self._failed: set[Key] = set()
        self._marked = (0, -1)  # the run and the moment whose statuses the canvas shows
        self.breakpoints: frozenset[Key] = frozenset()  # nodes that have one
        self._paused = False
        self._ahead = QTimer(self, singleShot=True, interval=0)  # a large tape: the process begins before all is taken in here
        self._ahead.timeout.connect(self.refresh)
        self._later = QTimer(self, singleShot=True, interval=GROWTH)
        self._later.timeout.connect(self.refresh)
        self._flowing = QTimer(self, singleShot=True, interval=FLOW)
        self._flowing.timeout.connect(self._mark)
        self._due = Soon(self._mark, self)  # a step moves the model several times, and marks the graph once
        model.tape_changed.connect(self._forget)
        model.tape_read.connect(self.refresh)
        model.grown.connect(self._grown)
        model.caught_up.connect(self._caught_up)
        model.cursor_moved.connect(self._moved)
        model.selection_changed.connect(self._selected)
        model.names_changed.connect(self.show_names)

    def close(self) -> None:
        """End the process that arranges large graphs."""
        self._drawing.close()
        if isinstance(self._layout, layouts.OnDemand):
            self._layout.close()

    @property
    def is_drawn(self) -> bool:
        """Whether there is a graph on the canvas."""
        return self._drawn is not None

    @property
    def draws_first(self) -> bool:
        """Whether nothing is drawn yet, and the other process is at it."""
        return self._drawn is None and self._drawing.wished is not None

    @property
    def layout(self) -> LayoutFunction:
        """Who arranges the graphs."""
        return self._layout

    @property
    def shown(self) -> Shown:
        return self._shown

    def whole(self) -> nx.DiGraph:
        """The graph that is shown, with nothing folded; empty where nothing is recorded."""
        tape = self._model.tape
        return name_graph(Given(tape, self._model.names), graph_of(tape, self._wanted(tape))) if tape is not None else nx.DiGraph()

    def show(self, shown: Shown) -> None:
        """Draw another of the three graphs."""
        self._shown, self._given_up = shown, False
        self.foldings.look_at(shown)
        self._drawn = None
        self.refresh()

    @property
    def _rests(self) -> bool:
        """Whether nothing comes that is not here: what is drawn stays."""
        return self._paused and self._model.is_all_here

    @Slot(bool)
    def set_paused(self, paused: bool) -> None:
        """The program stands still (or is over): what is drawn must be complete now."""
        self._paused = paused
        if paused:
            self.refresh()

    def mark_breakpoints(self, keys: Iterable[Key]) -> None:
        """The nodes that have a breakpoint."""
        self.breakpoints = frozenset(keys)
        self._canvas.set_breakpoints(self.breakpoints)

    # ------------------------------------------------------------------------------------ listening

    @Slot()
    def _forget(self) -> None:
        self._drawn = self._facts = None
        self._given_up = False
        self._graphs, self._growth = FoldedGraphs(), Growth()
        self.foldings.forget()
        if self._model.tape is None:
            self._drawing.close()  # it holds what it has read, as long as it lives
        else:
            self._drawing.let_go()
        self._flowed = Flowed()
        self._marked = (0, -1)
        self._canvas.clear()
        if self._model.takes_time:
            self._ahead.start()
        elif self._model.tape is not None and isinstance(self._layout, layouts.OnDemand):
            self._layout.prepare()

    @Slot()
    def _grown(self) -> None:
        self._take_in()
        if self._stale() and not self._later.isActive():
            self._later.start()

    @Slot()
    def _caught_up(self) -> None:
        """All is here; of a program that runs on only until more comes, and its passes are drawn at their pace."""
        if self._paused or self._drawn is None or not self._stale():
            self.refresh()
        elif not self._later.isActive():
            self._later.start()

    @Slot(int)
    def _moved(self, _: int) -> None:
        model = self._model
        if self._drawn is None or self._drawn.run == model.run or self._shown is Shown.FORWARD:
            if self._paused or not model.is_live:
                self._due.start()
            elif not self._flowing.isActive():
                self._flowing.start()
        elif not model.is_live or self._rests:
            self.refresh()
        elif not self._later.isActive():  # passes follow one another more quickly than they can be drawn
            self._later.start()

    @Slot(object)
    def _selected(self, selection: Selection) -> None:
        chosen, key = self._canvas.selected_key, self.shown_as(selection.key)
        if chosen != key and (key is not None or folded_name(chosen) is None):
            self._canvas.select(key)

    def shown_as(self, key: Key | None) -> Key | None:
        """The key under which the canvas shows a node: where only its op is drawn, that; where only its node is, that."""
        tape, holder_of = self._model.tape, self._canvas.holder_of
        if key is None or tape is None or holder_of(key) is not None:
            return key
        return next((other for other in counterparts(tape, key) if holder_of(other) is not None), key)

    # ------------------------------------------------------------------------------------ drawing

    def choose_layout(self, name: str) -> None:
        """Lay graphs out by another layout, a name of ``layouts.names()``."""
        try:
            self._layout = layouts.layout(name, self.guard)
        except (PluginError, LookupError, ImportError) as error:
            self.refused.emit(str(error))
        else:
            self._layout_name = name
        self.layout_changed.emit(self._layout_name)
        self.refresh()

    @Slot()
    def cancel(self) -> None:
        """Give up what is being drawn; what is drawn stays."""
        self._drawing.cancel()
        self._anchor = None
        drawn = self._drawn
        if drawn is None:
            self._given_up = True
            self._canvas.set_empty_text(self.tr("Not arranged"), self.tr("Choose a graph or a layout in the View menu to draw it."))
            return
        self._drawn = drawn = replace(drawn, names=self._model.names)  # new names are seen in the next drawing
        self.foldings.restore(drawn.shown, drawn.folds)
        if drawn.layout != self._layout_name:
            self.choose_layout(drawn.layout)

    @Slot()
    def show_names(self) -> None:
        """The user named something: its box says so, and stays where it is."""
        chosen = self._canvas.selected_key
        self._anchor = chosen if chosen is not None else self._anchor
        self.refresh()

    @Slot()
    def tidy(self) -> None:
        """Draw the graph as if it had never been smaller: fewer crossings, and what was drawn may move anywhere."""
        self._tidied += 1
        self.refresh()

    def _wanted(self, tape: Tape) -> Picture:
        if self._model.takes_time:
            return self._wanted_ahead(tape)
        run = self._model.run
        if not run and tape.runs:
            run = list(tape.runs)[-1]
        folds = self.foldings.of(self._shown)
        size = len(tape.runs[run].needed) if self._shown is Shown.BACKWARD and run else len(tape.ops) + len(tape.nodes)
        return Picture(tape.path, self._shown, run, size, folds, self._layout_name, self._tidied, self._model.names)

    def _wanted_ahead(self, tape: Tape) -> Picture:
        """Of a large tape that is still being taken in here: the process, which reads it at once, knows its last run."""
        folds = self.foldings.of(self._shown)
        wanted = Picture(tape.path, self._shown, LATEST, MOST, folds, self._layout_name, self._tidied, self._model.names)
        drawn = self._drawn
        if drawn is not None and drawn.shown is self._shown and drawn.tape == tape.path:
            return replace(wanted, run=drawn.run, size=drawn.size)
        return wanted

    @Slot(object)
    def _refold(self, anchor: Key | None) -> None:
        self._anchor = anchor
        self.refresh()

    def _stale(self) -> bool:
        tape = self._model.tape
        return tape is not None and self._wanted(tape) != self._drawn

    @Slot()
    def refresh(self) -> None:
        """Draw the graph anew where it is not what the model has."""
        tape = self._model.tape
        if tape is None or (self._model.is_reading and not self._model.takes_time):
            return
        wanted = self._wanted(tape)
        if wanted == self._drawn:
            self._due.start()
            return
        if (wanted.size > MOST and not self._paused) or self._given_up or self._overtaken(wanted):
            return  # drawn when the script stands still, or after what is on its way
        self._take_in()
        if (wanted.size <= self._most_here(wanted) and wanted.layout == layouts.DEFAULT) or not tape.path:
            self._drawing.forget()
            began = time.perf_counter()
            self._draw_here(wanted)
            self._later.setInterval(max(GROWTH, round(1000 * REST * (time.perf_counter() - began))))
            return
        if self._drawn is None or (self._rests and wanted.size > QUICK and wanted.replaces(self._drawn)):
            self._drawn = None
            self._canvas.clear()
            self._canvas.set_empty_text(self.tr("Arranging the graph"), self.tr("Stepping works meanwhile."))
        if self._drawing.draw(wanted, measure(), self._layout):
            self.arranging.emit(self.tr("Arranging the graph"), 0, 0)
        self._mark()

    def _overtaken(self, wanted: Picture) -> bool:
        """Whether a program that runs came further than what is being drawn of it. That is drawn first: else none ever would."""
        wished = self._drawing.wished
        if wished is None or self._rests or not self._model.is_live:
            return False
        return wanted == replace(wished, run=wanted.run, size=wanted.size)

    def _most_here(self, wanted: Picture) -> int:
        """The nodes of the largest graph that is drawn here. The process takes all but the small ones where it runs, or where the program
        does, with which the window has to keep up."""
        if self._drawing.is_ready:
            return SMALL
        if self._model.is_opening:
            return AT_OPENING if wanted.folds == FITTING else QUICK
        return QUICK if self._rests else SMALL

    @Slot(object)
    def _progressed(self, stage: Stage) -> None:
        words = {
            Stage.READING: self.tr("Reading the tape"),
            Stage.GROUPING: self.tr("Finding modules and loops"),
            Stage.ARRANGING: self.tr("Arranging the graph"),
        }
        stages = list(Stage)
        self.arranging.emit(words[stage], stages.index(stage), len(stages))

    @Slot(object)
    def _process_ended(self, wanted: Picture) -> None:
        """The process ended: what is not too large is drawn here."""
        self.arranged.emit()
        if 0 < wanted.size <= MOST and wanted.run != LATEST and wanted.layout == layouts.DEFAULT:
            self._draw_here(wanted)
        else:
            self._refused(wanted, self.tr("the process that arranges graphs ended; View > Backward Graph starts it again"))

    @Slot(object, str)
    def _refused(self, wanted: Picture, reason: str) -> None:
        self.arranged.emit()
        self.refused.emit(self.tr("The graph is not drawn by the layout {0}: {1}").format(wanted.layout, reason))
        if wanted.layout != layouts.DEFAULT:
            layouts.count_failure(wanted.layout, reason, self.guard)
            self.choose_layout(layouts.DEFAULT)
        else:
            self._given_up = True

    @Slot(object)
    def _draw_here(self, wanted: Picture) -> None:
        tape = self._model.tape
        if tape is None:
            return
        graph = self._graphs.graph(tape, wanted)
        scene = arrange(graph, measure(), self._layout, self._growth.before(tape, wanted)) if len(graph) else None
        if scene is not None:
            self._growth.keep(scene)
        self._arrived(wanted, graph, scene)

    @Slot(object, object, object)
    def _arrived(self, drawn: Picture, graph: nx.DiGraph, scene: Scene | None) -> None:
        self.arranged.emit()
        before, self._drawn = self._drawn, drawn
        if scene is None:
            self._canvas.clear()
            return
        anchor, self._anchor = self._anchor, None
        refolded = anchor is None and before is not None and before.folds != drawn.folds  # all of it: nothing was pointed at
        if before is None or drawn.replaces(before):
            anchor = None
        elif anchor is None:
            anchor = self._canvas.current_key or self._canvas.central_key
        tape = self._model.tape
        if tape is not None:
            self._facts = named_facts(Given(tape, drawn.names), attributes_of(tape))
        self._farewell.take(self._canvas.graph, self._canvas.scene)
        self._canvas.show_graph(graph, scene, self._facts, anchor)
        if refolded:
            self._canvas.gather()
        self._marked = (0, -1)
        self._flowed.told = 0
        self._mark()
        self._canvas.select(self.shown_as(self._model.selection.key))
        self.drawn.emit()
        if self._stale() and not self._later.isActive():
            self._later.start()  # it grew, or another run is looked at, since it was asked for
        self.foldings.note_current()

    def _mark(self) -> None:
        """Statuses, the current node, what is not finite, and the norms on the edges."""
        self._due.stop()
        self._flowing.stop()
        model = self._model
        if self._drawn is None or model.tape is None or (model.is_opening and model.is_live):
            return
        state = model.state
        status = state.node_status
        changed = self._changed_since(model.tape)
        if changed is None:
            ids, statuses = np.fromiter(status, np.int64, len(status)), np.frombuffer(bytes(status.values()), np.uint8)
            self._failed = {("node", node) for node in ids[statuses == Status.FAILED].tolist()}
            self._canvas.set_statuses(Looks(ids, _LOOKS[statuses]))
        else:
            self._canvas.change_statuses({("node", node): _look(status.get(node, Status.PENDING)) for node in changed})
        self._marked = (model.run, model.position)
        self._canvas.set_edge_norms(self._flowed.news())
        self._canvas.set_alerts({("node", node) for node in self._flowed.bad if status.get(node) == Status.DONE} | self._failed)
        current = model.current_node
        self._canvas.set_current(self.shown_as(("node", current)) if current is not None else None, self._note(current))
        self.marked.emit(None if changed is None else _with_forward(model.tape, changed))
        self.foldings.note_current()

    def _changed_since(self, tape: Tape) -> set[int] | None:
        """The nodes whose status can be another than when it was marked last; None where that may be all of them."""
        run, position = self._marked
        low, high = sorted((position, self._model.position))
        if run != self._model.run or run == 0 or high - low > FEW:
            return None
        words = tape.events.words_from(low + 1, high + 1)
        codes = words[:, 0] & 0xFF
        if np.isin(codes, _SWEEPING).any():
            return None
        return set(words[np.isin(codes, _OF_NODES), 3].tolist())

    def _note(self, node: int | None) -> str:
        view = self._model.step_view(node) if node is not None else None
        if view is None:
            return ""
        return ", ".join(part for part in (view.place, "" if self._model.is_live else self.tr("looking at the past")) if part)

    def _take_in(self) -> None:
        """The norms of gradients that went along edges, from the events since the last time."""
        tape = self._model.tape
        if tape is not None:
            self._flowed.read(tape)
