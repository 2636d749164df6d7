"""Brings what ops cost to the statistics, and their nodes to the graph when a line is chosen."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gradstep.engine.tape.graph import Key
from gradstep.engine.tape.tally import By, Tally, Total

from ..frame.docks import Docks
from ..graph.emphasis import Emphasis, Reason
from ..models.debug_model import DebugModel, Selection
from ..panel import Panel
from ..panels.events_panel import EventsPanel
from ..panels.statistics_panel import StatisticsPanel
from ..translation import translate
from ..widgets.formats import short_name

GROWTH = 400  # milliseconds between two looks at a tape that grows, at least
REST = 20  # times as long as the last look took


class Tallying(QObject):
    """Works only while the panel is in sight. What a line holds stands out in the graph until another node is selected."""

    said = Signal(str)  # what stands out now

    def __init__(
        self,
        model: DebugModel,
        panel: StatisticsPanel,
        events: EventsPanel,
        docks: Docks,
        emphasis: Emphasis,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._model, self._panel, self._events, self._docks, self._emphasis = model, panel, events, docks, emphasis
        self._by = By.OP
        self._tally: Tally | None = None
        self._reading: Iterator[Tally | None] | None = None  # the pieces that are left
        self._due = True
        self._took = 0.0  # seconds, of the reading that goes on
        self._keys: list[Key] = []  # of the lines that are chosen, in the order in which they are gone through
        self._among: frozenset[Key] = frozenset()
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._read_on)
        docks.came_in_sight.connect(self._came_in_sight)
        model.tape_changed.connect(self._tape_changed)
        model.grown.connect(self._ask)
        model.selection_changed.connect(self._selected)
        panel.by_wished.connect(self.show_by)
        panel.lines_picked.connect(self.show_nodes)
        panel.next_wished.connect(self.go_on)
        panel.filter_wished.connect(self.filter_events)

    @Slot()
    def _tape_changed(self) -> None:
        self._stand_out(())
        self._tally = self._reading = None
        self._later.setInterval(0)
        self._panel.show_totals((), self._by)
        self._ask()

    @Slot()
    def _ask(self) -> None:
        self._due = True
        if self._docks.in_sight(self._panel) and not self._later.isActive():
            self._later.start()

    @Slot(object)
    def _came_in_sight(self, panel: Panel) -> None:
        if panel is self._panel and self._due:
            self._later.start()

    @Slot()
    def show_now(self) -> None:
        """Read the tape as far as it is, and show the figures."""
        self._reading = None
        self._read_on()
        while self._reading is not None:
            self._read_on()

    @Slot()
    def _read_on(self) -> None:
        """One piece of it; when all is read, the figures."""
        tape, began = self._model.tape, time.perf_counter()
        if tape is None:
            self._due = False
            return
        if self._reading is None:
            self._due, self._took, self._reading = False, 0.0, Tally.in_pieces(tape)
        tally = next(self._reading)
        if tally is None:
            self._took += time.perf_counter() - began
            self._later.start(0)
            return
        self._tally, self._reading = tally, None
        self._panel.show_totals(tally.totals(self._by), self._by)
        self._stand_out(self._panel.chosen())
        self._took += time.perf_counter() - began
        self._later.stop()
        self._later.setInterval(max(GROWTH, round(1000 * REST * self._took)))
        if self._due:  # more came meanwhile
            self._later.start()

    @Slot(object)
    def show_by(self, by: By) -> None:
        """Sum up by something else."""
        self._by = by
        self._stand_out(())
        self._panel.show_totals(self._tally.totals(by) if self._tally is not None else (), by)

    # ------------------------------------------------------------------------------------------------ lines to nodes

    @Slot(object)
    def show_nodes(self, totals: Sequence[Total]) -> None:
        """Make the nodes of these lines stand out, and select the first of them."""
        self._stand_out(totals)
        if not self._keys:
            return
        if self._model.selection.key not in self._among:
            self._model.select(self._keys[0])
        ops, steps = sum(len(total.op_ids) for total in totals), sum(len(total.node_ids) for total in totals)
        words = self.tr("{0} and {1} of backward stand out in the graph. Enter goes to the next one, Esc shows all again.")
        self.said.emit(words.format(translate("Tallying", "%n op(s)", ops), translate("Tallying", "%n node(s)", steps)))

    @Slot(object)
    def go_on(self, totals: Sequence[Total]) -> None:
        """Select the next node of these lines; after the last comes the first."""
        key = self._model.selection.key
        if key not in self._among:
            self._stand_out(totals)
        if self._keys:
            place = self._keys.index(key) + 1 if key in self._among and key in self._keys else 0
            self._model.select(self._keys[place % len(self._keys)])

    @Slot(object)
    def filter_events(self, totals: Sequence[Total]) -> None:
        """Let the events show those of these lines alone."""
        if self._by is By.MODULE:
            terms = [f"$module(={total.name})" for total in totals if total.name]
        else:
            names = sorted({short_name(name) for total in totals for name in (self._tally.names(total) if self._tally is not None else ())})
            terms = [f"$op(={name})" for name in names]
        self._events.field.setText(" ".join(terms))
        self._docks.bring(self._events)

    def _stand_out(self, totals: Sequence[Total]) -> None:
        """What stands out from now on; nothing in particular without lines."""
        if not totals and not self._keys:
            return
        nodes = [("node", id) for total in totals for id in total.node_ids.tolist()]
        ops = [("op", id) for total in totals for id in total.op_ids.tolist()]
        leaves = [("leaf", id) for total in totals for id in (self._tally.leaves(total) if self._tally is not None else [])]
        self._keys = nodes if any(total.steps for total in totals) else ops
        self._among = frozenset((*nodes, *ops, *leaves))
        self._emphasis.set(Reason.CHOSEN, self._among or None)

    @Slot(object)
    def _selected(self, selection: Selection) -> None:
        if self._keys and selection.key not in self._among:
            self._stand_out(())
            self._panel.forget_choice()
