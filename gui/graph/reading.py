"""Brings together what helps to read the graph: colours, filter, search, paths, packets, cards, and forward beside backward."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSettings, Signal, Slot
from PySide6.QtWidgets import QApplication

from ..actions import Actions
from ..canvas.trails import Goal
from ..models.debug_model import DebugModel
from ..models.node_facts import Fact
from ..widgets.find_strip import in_focus
from .colouring import Colouring
from .emphasis import Emphasis
from .filter import GraphFilter
from .finder import GraphFinder
from .node_card import card
from .packets import Packets
from .page import GraphPage
from .picture import Shown
from .presenter import GraphPresenter
from .side_by_side import SideBySide
from .ways import Ways

_COLOUR, _FLOW = "graph/colour", "graph/flow"  # in the settings


class GraphReading(QObject):
    """Connects the parts to the page, the presenter and the actions."""

    said = Signal(str)  # a sentence for the status bar
    working = Signal(str, int, int)  # nodes of a large graph are looked at: what for, how many of how many
    worked = Signal()  # and are so no more

    def __init__(
        self, page: GraphPage, model: DebugModel, graphs: GraphPresenter, actions: Actions, settings: QSettings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._page, self._model, self._graphs, self._actions, self._settings = page, model, graphs, actions, settings
        canvas = page.canvas
        self.emphasis = Emphasis(canvas)
        self.colouring = Colouring(canvas, model, self)
        self.filter = GraphFilter(canvas, self.colouring, self.emphasis, self)
        self.finder = GraphFinder(page.search, canvas, model, self.emphasis, graphs)
        self.ways = Ways(canvas, model, self.emphasis, self)
        self.packets = Packets(canvas, model, self)
        self.sides = SideBySide(canvas, page.beside, graphs, model, graphs.layout, self)
        self.ways.said.connect(self.said)
        page.bar.fact_picked.connect(self.colour_by)
        page.bar.filter_changed.connect(self.filter.show)
        self.filter.matched.connect(page.bar.show_matches)
        self.filter.refused.connect(page.bar.show_error)
        self._at: object = None  # of colouring and filter, which one says how far it is
        self.colouring.working.connect(partial(self._working, self.colouring, self.tr("Colouring the nodes")))
        self.filter.working.connect(partial(self._working, self.filter, self.tr("Filtering the nodes")))
        self.finder.working.connect(partial(self._working, self.finder, self.tr("Reading the nodes to search them")))
        graphs.drawn.connect(self._drawn)
        graphs.marked.connect(self._marked)
        canvas.card = self._card
        page.beside.card = self._card
        page.installEventFilter(self)
        self._restore()

    def slots(self) -> dict[str, Callable[[], Any]]:
        """What the commands of the table do."""
        canvas, foldings = self._page.canvas, self._graphs.foldings
        return {
            "fit": canvas.fit, "zoom_in": canvas.zoom_in, "zoom_out": canvas.zoom_out, "follow": self._set_follow,
            "fold_all": foldings.fold_all, "unfold_all": foldings.unfold_all,
            "fold_level": foldings.fold_level, "unfold_level": foldings.unfold_level, "tidy": self._graphs.tidy,
            **{shown.value: partial(self.show_graph, shown) for shown in Shown},
            "find": self.find, "find_next": lambda: self._in_focus("find_next", self.finder.go_on),
            "find_previous": lambda: self._in_focus("find_previous", self.finder.go_back),
            "way_to_loss": lambda: self.ways.show(Goal.LOSS), "way_to_parameters": lambda: self.ways.show(Goal.PARAMETERS),
            "flow_on_edges": self._set_flow,
            **{fact.value: partial(self.colour_by, fact) for fact in Fact},
        }  # fmt: skip

    # ------------------------------------------------------------------------------------ what was asked for

    @Slot(object)
    def colour_by(self, fact: Fact) -> None:
        """Colour the nodes by a fact, here and in the menu."""
        for other in Fact:
            self._actions[other.value].setChecked(other is fact)
        self._page.bar.show_fact(fact)
        self.colouring.choose(fact)
        self._settings.setValue(_COLOUR, fact.value)

    @Slot(object)
    def show_graph(self, shown: Shown) -> None:
        """Show one graph, or the forward one at the side of the other; here and in the menu."""
        for other in Shown:
            self._actions[other.value].setChecked(other is shown)
        beside = shown is Shown.BESIDE
        self._page.show_beside(beside)
        self.sides.show(beside)
        self._graphs.show(Shown.BACKWARD if beside else shown)

    @Slot(bool)
    def set_paused(self, paused: bool) -> None:
        """Whether the program rests: a graph that still grows is drawn at a pace."""
        self._graphs.set_paused(paused)
        self.sides.set_paused(paused)

    @Slot()
    def find(self) -> None:
        """Find in the panel that has the focus, else in the graph."""
        self._in_focus("start_search", self.finder.open)

    def _in_focus(self, name: str, otherwise: Callable[[], Any]) -> None:
        """Call what the panel with the focus calls by that name, or what does it for its list or text."""
        does = in_focus(QApplication.focusWidget(), name) or otherwise
        does()

    def _set_follow(self) -> None:
        self._page.canvas.set_follow(self._actions["follow"].isChecked())

    def _set_flow(self) -> None:
        wanted = self._actions["flow_on_edges"].isChecked()
        self._page.canvas.reading.flowing.wanted = wanted
        self._settings.setValue(_FLOW, wanted)

    def _restore(self) -> None:
        self._actions["follow"].setChecked(True)
        self._actions["flow_on_edges"].setChecked(bool(self._settings.value(_FLOW, True, bool)))
        self._set_flow()
        kept = str(self._settings.value(_COLOUR, Fact.KIND.value))
        self.colour_by(next((fact for fact in Fact if fact.value == kept), Fact.KIND))

    @Slot()
    def cancel(self) -> None:
        """Give up what is being worked out: the nodes have the colours of their kinds again, or no filter; the search goes through what
        it has read."""
        if self.colouring.is_busy:
            self.colour_by(Fact.KIND)
        if self.filter.is_busy:
            self._page.bar.filter.clear()
        if self.finder.is_busy:
            self.finder.cancel()

    # ------------------------------------------------------------------------------------ what happened

    def _working(self, who: object, text: str, done: int, of: int) -> None:
        if of:
            self._at = who
            self.working.emit(text, done, of)
        elif self._at is who:
            self._at = None
            self.worked.emit()

    @Slot()
    def _drawn(self) -> None:
        """Another graph is on the canvas: it knows nothing of what was asked for."""
        self.ways.clear()
        self.emphasis.apply()
        self.filter.show_all()
        self.finder.search_again()

    @Slot(object)
    def _marked(self, keys: Any) -> None:
        self.colouring.mark(keys)
        self.filter.mark(keys)
        self.packets.move()

    def _card(self, key: Any) -> str:
        board = self.colouring.board()
        return card(self._model, board, key) if board is not None else ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Colours are made anew for another theme."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.colouring.restyle()
        return super().eventFilter(watched, event)

    def close(self) -> None:
        """End what runs beside the window."""
        self.sides.close()
