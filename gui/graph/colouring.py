"""Colours the nodes of a graph by a fact: works it out at the model's moment, and keeps the legend and the colours true.

Names get the colours of a set, the most frequent ones first; numbers a place on a logarithmic scale that grows by whole
decades and never shrinks while the same graph is shown, so that a colour means the same after a step as before it.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gradstep.engine.tape.graph import Key

from .. import theme
from ..canvas import GraphCanvas
from ..canvas.ink import NormScale
from ..canvas.reading import Chip, Legend
from ..canvas.trails import GROUP
from ..models.debug_model import DebugModel
from ..models.lasting import lasting
from ..models.node_facts import NAMES, Fact, FactBoard
from ..theme.scales import qualitative, sequential, zero
from ..translation import translate
from ..widgets.formats import byte_size, number, seconds

STEPS = 24  # colours of a scale
ZERO, FIRST, BAD = 0, 1, STEPS + 1  # places in the palette of a scale
BUDGET = 0.008  # seconds of work on a large graph before the window gets its turn
_DEEPEST = 8  # parts of a module's path that are told apart

TITLES = {
    Fact.KIND: "Kind", Fact.MODULE: "Module", Fact.NORM: "Gradient norm", Fact.RANGE: "Value range", Fact.TIME: "Time",
    Fact.MEMORY: "Memory", Fact.DEVICE: "Device", Fact.NANS: "NaN count",
}  # fmt: skip
MEANINGS = {
    Fact.KIND: "The family of each op, as in the events and the timeline",
    Fact.MODULE: "The module that each op ran in",
    Fact.NORM: "The norm of the gradient that arrived at each node; of a forward op, of the gradient of its result",
    Fact.RANGE: "The largest absolute value: of the gradients that arrived at a node, of the results of an op",
    Fact.TIME: "How long each op and each node took",
    Fact.MEMORY: "Bytes of an op's results, and of what a node keeps for backward until it is freed",
    Fact.DEVICE: "The device that each op and each node computed on",
    Fact.NANS: "How many NaNs and infinities stand in the results of an op, in the gradients of a node",
}
_PLAIN = {
    Fact.NORM: "no gradient yet", Fact.RANGE: "not known", Fact.TIME: "has not run", Fact.MEMORY: "not known",
    Fact.NANS: "not known", Fact.MODULE: "in no module", Fact.DEVICE: "not known",
}  # fmt: skip
_ZERO = {Fact.NORM: "0", Fact.RANGE: "0", Fact.TIME: "0", Fact.MEMORY: "nothing kept", Fact.NANS: "none"}


@dataclass(frozen=True, slots=True)
class Scale:
    """A logarithmic scale from ``base ** low`` to ``base ** high``."""

    base: float
    low: int = 0
    high: int = 0  # not above low: nothing is on it yet

    def including(self, values: Iterable[float]) -> Scale:
        """The scale that also holds these numbers; zeros and what is not finite need no room."""
        logs = [math.log(value, self.base) for value in values if value > 0 and math.isfinite(value)]
        if not logs:
            return self
        low, high = math.floor(min(logs) + 1e-9), math.ceil(max(logs) - 1e-9)
        if self.high > self.low:
            low, high = min(low, self.low), max(high, self.high)
        return Scale(self.base, low, max(high, low + 1))

    def place(self, value: float) -> int | None:
        """The place in the palette: ZERO, a colour of the scale, BAD for what is not finite."""
        if value == 0:
            return ZERO
        if not math.isfinite(value):
            return BAD
        share = (math.log(value, self.base) - self.low) / max(1, self.high - self.low)
        return FIRST + min(max(int(share * STEPS), 0), STEPS - 1)

    def ticks(self) -> tuple[float, ...]:
        """The numbers at the ends, and in the middle where that is a whole power."""
        middle = (self.low + self.high) / 2
        powers = [self.low, *([middle] if middle == int(middle) else []), self.high]
        return tuple(self.base**power for power in powers) if self.high > self.low else ()


def scale_for(fact: Fact) -> Scale:
    """The empty scale of a fact."""
    return Scale(4.0 if fact is Fact.MEMORY else 10.0)


def tick_text(fact: Fact, value: float) -> str:
    """A number of the scale, with its unit."""
    match fact:
        case Fact.TIME:
            return seconds(value)
        case Fact.MEMORY:
            return byte_size(round(value)).replace(".0 ", " ")
        case Fact.NANS:
            return f"{value:g}"
        case _:
            return number(value, 2)


def grouped(names: Mapping[Key, str], most: int) -> dict[Key, str]:
    """Names with so many of their last parts cut off that at most ``most`` are left, where cutting helps: ``blocks.0.attn.q``
    becomes ``blocks.0``."""
    for depth in range(_DEEPEST, 0, -1):
        short = {key: ".".join(name.split(".")[:depth]) for key, name in names.items()}
        if len(set(short.values())) <= most:
            return short
    return {key: name.split(".")[0] for key, name in names.items()}


class Colouring(QObject):
    """Listens to the model and to what is drawn; the canvas is told."""

    changed = Signal(object)  # another Fact was chosen
    working = Signal(int, int)  # so many nodes of so many are worked out; 0 of 0: all are, or it was given up

    def __init__(self, canvas: GraphCanvas, model: DebugModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._canvas, self._model = canvas, model
        self._board: FactBoard | None = None
        self._fact = Fact.KIND
        self._scale = scale_for(Fact.KIND)
        self._values: dict[Key, float] = {}  # of each node, also of those that are folded away
        self._known: dict[Key, float] = {}  # those of the moment before another picture was drawn, at ``_stamp``
        self._stamp: object = None  # the fact and the moment at which they are true
        self._shown: dict[Key, float] = {}  # of what is drawn: of a folded group, of all that is in it together
        self._members: dict[Key, list[Key]] = {}  # of the folded groups
        self._devices: dict[Any, set[str]] = {}  # of what is drawn: where the nodes in it computed
        self._waiting: set[Key] = set()  # ran, and their statistics are still to come
        self._work: Iterator[Key] | None = None  # what of a large graph is still to be worked out
        self._done = self._all = 0  # nodes: how many are, and of how many
        self._theme = theme.current()
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._go_on)
        model.tape_changed.connect(self._forget)
        model.grown.connect(self._look_again)

    @property
    def fact(self) -> Fact:
        return self._fact

    @property
    def is_busy(self) -> bool:
        """Whether a large graph is being worked out."""
        return self._work is not None

    @Slot(object)
    def choose(self, fact: Fact) -> None:
        """Colour by another fact."""
        if fact is not self._fact:
            self._fact = fact
            self.show_all()
            self.changed.emit(fact)

    @Slot()
    def _forget(self) -> None:
        self._board = None
        self._values, self._known, self._stamp = {}, {}, None
        self._shown, self._members, self._waiting, self._work = {}, {}, set(), None

    def board(self) -> FactBoard | None:
        """The facts at the model's moment; None where there is no tape."""
        if self._board is None and self._model.reader is not None:
            self._board = FactBoard(self._model.reader)
        if self._board is not None:
            self._board.move_to(self._model.state, self._model.run)
        return self._board

    # ------------------------------------------------------------------------------------ working out

    @Slot()
    def show_all(self) -> None:
        """Work all nodes of the graph out: it is another one, the fact is, or many nodes changed at once."""
        self._work = None
        self._waiting.clear()
        if self._fact is Fact.KIND:
            self.working.emit(0, 0)
            self._canvas.reading.colour_by(None)
            return
        stamp = self._moment()
        self._known = self._known | self._values if stamp == self._stamp else {}  # else it is another picture of the same moment
        self._stamp = stamp
        self._values, self._shown, self._members, self._devices = {}, {}, {}, {}
        self._scale = scale_for(self._fact)
        self._theme = theme.current()
        if self._fact is Fact.MODULE:
            self._show_names()
            return
        keys = self._canvas.reading.all_keys()
        self._work, self._done, self._all = iter(keys), 0, len(keys)
        self._go_on()

    def _moment(self) -> object:
        """Equal while the fact of no node can be another one."""
        model = self._model
        events = len(model.tape.events) if model.tape is not None else 0
        return (self._fact, model.position, model.run, events, len(model.tape.stats.table) if model.tape is not None else 0)

    @Slot()
    def _go_on(self) -> None:
        board = self.board()
        if self._work is None or board is None:
            return
        with lasting():
            ended = self._work_on(self._work, board)
        if not ended:
            self.working.emit(self._done, self._all)
            self._next.start()
            return
        self._work = None
        self.working.emit(0, 0)
        if self._fact is Fact.DEVICE:
            self._show_names()
            return
        self._shown |= {group: self._together(members) for group, members in self._members.items()}
        self._scale = self._scale.including(self._shown.values())
        self._paint()

    def _work_on(self, keys: Iterator[Key], board: FactBoard) -> bool:
        """The facts of more nodes, for as long as BUDGET allows. Whether those were the last."""
        deadline = time.perf_counter() + BUDGET
        holder, fact, known = self._canvas.reading.holder, self._fact, self._known
        for count, key in enumerate(keys):
            if fact is not Fact.DEVICE:
                value = known[key] if key in known else board.facts(key).number_of(fact)
                self._values[key] = value
            shown: Any = holder(key)
            if fact is Fact.DEVICE:
                self._devices.setdefault(shown, set()).add(board.facts(key).device)
            elif shown is not None and shown != key:
                self._members.setdefault(shown, []).append(key)
            elif shown is not None:
                self._shown[key] = value
            if count % 16 == 15 and time.perf_counter() > deadline:
                self._done += count + 1
                return False
        return True

    def _together(self, keys: Iterable[Key]) -> float:
        """The number of a folded group: the largest norm or value in it, the sum of times, bytes and NaNs."""
        values = [value for key in keys if (value := self._values.get(key, math.nan)) == value]
        if not values:
            return math.nan
        return max(values) if self._fact in (Fact.NORM, Fact.RANGE) else math.fsum(values)

    def mark(self, keys: Iterable[Key] | None) -> None:
        """These nodes are in another state now than when they were coloured; None: any may be."""
        if self._fact is Fact.KIND or self._fact in NAMES or self._board is None:
            return
        if keys is None or self._work is not None:
            self.show_all()
            return
        board = self.board()
        assert board is not None
        changed: set[Key] = set()
        for key in keys:
            shown: Any = self._canvas.reading.holder(key)
            if shown is None:
                continue
            self._values[key] = board.facts(key).number_of(self._fact)
            self._waiting.discard(key)
            if math.isnan(self._values[key]):
                self._waiting.add(key)
            changed.add(shown)
        for key in changed:
            self._shown[key] = self._together(self._members.get(key, (key,)))
        scale = self._scale.including(self._shown[key] for key in changed)
        places = {key: self._place(self._shown[key]) for key in changed}
        if scale != self._scale:
            self._scale = scale
            self._paint()
        elif places:
            fresh = {key: place for key, place in places.items() if place is not None}
            self._canvas.reading.recolour(fresh | dict.fromkeys(places.keys() - fresh.keys(), -1))

    @Slot()
    def _look_again(self) -> None:
        """Statistics may be written after the event that they belong to."""
        if self._waiting and self._work is None:
            self.mark(list(self._waiting))

    def restyle(self) -> None:
        """Another theme: the same facts in its colours."""
        if self._fact is not Fact.KIND and self._theme is not theme.current():
            self.show_all()

    # ------------------------------------------------------------------------------------ painting

    def _place(self, value: float) -> int | None:
        """NaN is no number known; a NaN in a tensor is counted, or makes an infinite norm."""
        return None if math.isnan(value) else self._scale.place(value)

    def _paint(self) -> None:
        shown = theme.current()
        palette = (zero(shown), *sequential(shown, STEPS), shown.bad)
        places = {key: place for key, value in self._shown.items() if (place := self._place(value)) is not None}
        found = set(places.values())
        plain = len(places) < len(self._shown)
        legend = Legend(
            translate("Colouring", TITLES[self._fact]),
            chips=(Chip(BAD, translate("Colouring", "not finite")),) if BAD in found else (),
            ticks=tuple(tick_text(self._fact, tick) for tick in self._scale.ticks()),
            bar=(FIRST, BAD) if self._scale.high > self._scale.low else (0, 0),
            zero=translate("Colouring", _ZERO[self._fact]) if ZERO in found else "",
            plain=translate("Colouring", _PLAIN[self._fact]) if plain else "",
            norms=NormScale(self._scale.low, self._scale.high) if self._fact is Fact.NORM and self._scale.high > self._scale.low else None,
        )
        self._canvas.reading.colour_by(legend, palette, places)

    def _name(self, board: FactBoard, key: Key) -> str:
        """The name of a node; of a folded group its module's, or the device of what is in it where that is one."""
        if key[0] != GROUP:
            return board.facts(key).name_of(self._fact)
        if self._fact is Fact.MODULE:
            return str(self._canvas.graph.nodes[key].get("path") or "")
        found = self._devices.get(key, set()) - {""}
        return found.pop() if len(found) == 1 else ", ".join(sorted(found))

    def _show_names(self) -> None:
        board = self.board()
        if board is None:
            return
        palette = qualitative(theme.current())
        others = len(palette) - 1
        names = {key: name for key in self._canvas.graph if (name := self._name(board, key))}
        names = grouped(names, others) if self._fact is Fact.MODULE else names
        counts = Counter(names.values())
        coloured = [name for name, _ in counts.most_common(others)]
        order = {name: place for place, name in enumerate(name for name in counts if name in coloured)}
        chips = [Chip(place, name, counts[name]) for name, place in order.items()]
        rest = sum(count for name, count in counts.items() if name not in order)
        if rest:
            chips.append(Chip(others, translate("Colouring", "other"), rest))
        legend = Legend(
            translate("Colouring", TITLES[self._fact]), tuple(chips),
            plain=translate("Colouring", _PLAIN[self._fact]) if len(names) < len(self._canvas.graph) else "",
        )  # fmt: skip
        self._canvas.reading.colour_by(legend, palette, {key: order.get(name, others) for key, name in names.items()})
