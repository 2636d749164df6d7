"""Looking for elements in a value of any size: how many there are, the way from one to the next, and where to mark them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from gradstep.engine.tape.overview import Index, pieces
from gradstep.engine.tape.sought import Number, Sought, ends

from .passes import Pass
from .sources import Answered, Array, Ends, Hits, Part, Question, Smaller, Source, Tally

PIECE = 1 << 20  # elements that are counted together, and of which the places of hits are looked at
RANKS = {"walk": 3, "ends": 4, "count": 4}  # behind what is in view, before what is only counted for the statistics
HELD = 4  # pieces of which the places of all hits are held


class Found(Source):
    """A value that is true where another one is what is looked for. It is asked through the other one's door, behind what is in view."""

    def __init__(self, source: Source, tally: Tally, parent: QObject | None = None) -> None:
        super().__init__(source.shape, "bool", parent)
        self._source, self._tally = source, tally
        self.most = source.most
        self.near = None if source.near is None else tally.hits(source.near)

    def ask(self, question: Question, then: Answered, group: str = "", rank: int = 0) -> None:
        """Ask for a Part or for something Smaller."""
        assert isinstance(question, Part | Smaller)
        self._source.ask(Hits(question, self._tally), self._heard(then), f"found {group}", rank + 1)

    def _heard(self, then: Answered) -> Answered:
        return lambda found: None if self._closed else then(found)

    def forget(self, group: str) -> None:
        self._source.forget(f"found {group}")

    def close(self) -> None:
        """Nothing more is marked; the other one stays open."""
        self._closed = True
        for group in ("sample", "detail", "whole", "picture"):
            self.forget(group)


class Hunt(QObject):
    """One wish in one value. The elements are counted in pieces, in C order; a way to the next hit does not wait for that."""

    changed = Signal()  # more is counted
    ready = Signal()  # what can be marked is known: ``tally`` is there
    arrived = Signal(object)  # the index of the hit that was gone to, None where there is none
    failed = Signal(str)  # it cannot be read, and why

    def __init__(self, source: Source, sought: Sought, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.source, self.sought = source, sought
        self.tally: Tally | None = None
        self.share = 0.0  # of the value, that is counted
        self.stopped = False  # before all was counted
        self._pieces: list[Index] = list(pieces(source.shape, min(source.most, PIECE)))
        self._starts = np.array([self._flat(index) for index in self._pieces], np.int64)
        self._counts = np.full(len(self._pieces), -1, np.int64)
        self._places: OrderedDict[int, NDArray[np.int64]] = OrderedDict()
        self._at: tuple[int, int] | None = None  # piece and rank in it of the hit that was gone to
        self._passes: dict[str, Pass] = {}
        self._wish: Callable[[], None] | None = None  # a way that waits for the largest or smallest number

    def begin(self) -> Hunt:
        """Count."""
        extreme = self.sought.extreme
        if extreme is None:
            self._know(None)
        elif self.source.near is not None:
            self._measured(ends(self.source.near, extreme.part), extreme.kind)
        else:
            self._measure(extreme.part, extreme.kind)
        return self

    def stop(self) -> None:
        """Count no further; what was counted stays."""
        self.stopped = self.stopped or not self.is_over
        for running in self._passes.values():
            running.cancel()
        self.changed.emit()

    def close(self) -> None:
        """No answer is wanted any more."""
        self.blockSignals(True)
        for running in self._passes.values():
            running.cancel()

    @property
    def is_over(self) -> bool:
        """Whether all is counted."""
        return self.share >= 1

    @property
    def count(self) -> int:
        """Hits so far."""
        return int(np.maximum(self._counts, 0).sum())

    @property
    def place(self) -> int | None:
        """Which hit was gone to, from 1 on; None while that is not known."""
        if self._at is None:
            return None
        piece, rank = self._at
        before = self._counts[:piece]
        return int(before.sum()) + rank + 1 if (before >= 0).all() else None

    def go(self, start: int, *, forward: bool, here: bool = False) -> None:
        """Go from an element (its number in C order) to the next hit, or the one before it, round the end; ``here``: it may be the
        element itself."""
        if self.tally is None:
            self._wish = lambda: self.go(start, forward=forward, here=here)
            return
        self._end("walk")
        order = self._around(int(np.searchsorted(self._starts, start, "right")) - 1, forward=forward)
        wanted = iter(order)
        seen = [-1]  # pieces so far; the first comes last once more, for what is on the other side of the start
        found: list[int] = []

        def ahead() -> Iterator[Index]:
            for piece in wanted:
                seen[0] += 1
                if self._counts[piece] == 0:
                    continue
                if piece in self._places:
                    if choose(piece, seen[0]):
                        return
                    continue
                asked[0] = piece
                yield self._pieces[piece]

        def choose(piece: int, turn: int) -> bool:
            places = self._places[piece]
            ahead_of = places
            if turn == 0 and forward:
                ahead_of = places[places >= start] if here else places[places > start]
            elif turn == 0:
                ahead_of = places[places < start]
            if not ahead_of.size:
                return False
            chosen = int(ahead_of[0] if forward else ahead_of[-1])
            self._at = piece, int(np.searchsorted(places, chosen))
            found.append(chosen)
            return True

        asked = [0]

        def take(index: Index, hits: Array) -> bool:
            piece = asked[0]
            self._hold(piece, np.flatnonzero(np.asarray(hits).reshape(-1)) + self._starts[piece])
            return not choose(piece, seen[0])

        def over() -> None:
            if not found:
                self._at = None
            self.arrived.emit(tuple(int(one) for one in np.unravel_index(found[0], self.source.shape)) if found else None)
            self.changed.emit()

        self._pass("walk", ahead(), lambda index: self._hits(index), take, over)

    # --------------------------------------------------------------------------------------------------------- inside

    def _hits(self, index: Index) -> Question:
        assert self.tally is not None
        return Hits(Part(index), self.tally)

    def _around(self, first: int, *, forward: bool) -> list[int]:
        """The pieces in the order in which they are looked through."""
        if not self._pieces:
            return []
        count, step = len(self._pieces), 1 if forward else -1
        return [(first + step * turn) % count for turn in range(count + 1)]

    def _hold(self, piece: int, places: NDArray[np.int64]) -> None:
        self._places[piece] = places
        while len(self._places) > HELD:
            self._places.popitem(last=False)
        self._counts[piece] = len(places)

    def _measure(self, part: str, kind: str) -> None:
        """Look for the largest or smallest number first."""
        known: list[tuple[Number, Number]] = []

        def take(_: Index, found: tuple[Number, Number] | None) -> bool:
            if found is not None:
                low, high = known[0] if known else found
                known[:] = [(min(low, found[0]), max(high, found[1]))]
            return True

        running = self._pass(
            "ends", iter(pieces(self.source.shape, min(self.source.most, PIECE))), lambda index: Ends(index, part), take,
            lambda: self._measured(known[0] if known else None, kind),
        )  # fmt: skip
        running.progressed.connect(lambda share: self._counted(share / 2))

    def _measured(self, found: tuple[Number, Number] | None, kind: str) -> None:
        if found is None:  # there is no finite number
            self.sought = self.sought.at(None)
        self._know(None if found is None else found[1] if kind == "max" else found[0])

    def _know(self, at: Number | None) -> None:
        """Everything is known to tell whether an element is what is looked for."""
        tally = self.tally = Tally((), self.sought, at)
        done = self.share  # half of the work, where something was measured first
        self.ready.emit()
        counting = iter(range(len(self._pieces)))

        def take(_: Index, found: int) -> bool:
            piece = next(counting)
            self._counts[piece] = found
            return True

        def asked(index: Index) -> Question:
            return Tally(index, tally.sought, tally.at)

        running = self._pass("count", iter(self._pieces), asked, take, lambda: None, start=False)
        running.progressed.connect(lambda share: self._counted(done + (1 - done) * share))
        wish, self._wish = self._wish, None
        if wish is not None:
            wish()
        running.start()

    def _counted(self, share: float) -> None:
        self.share = share
        self.changed.emit()

    def _pass(
        self, name: str, indices: Iterator[Index], question: Callable[[Index], Question], take: Callable[[Index, Any], bool],
        over: Callable[[], None], *, start: bool = True,
    ) -> Pass:  # fmt: skip
        running = self._passes[name] = Pass(self.source, indices, question, take, f"find {name}", self, rank=RANKS[name])
        running.ended.connect(over)
        running.failed.connect(self._fail)
        return running.start() if start else running

    def _end(self, name: str) -> None:
        running = self._passes.pop(name, None)
        if running is not None:
            running.cancel()
            running.deleteLater()

    def _fail(self, why: str) -> None:
        self.close()
        self.blockSignals(False)
        self.failed.emit(why)

    def _flat(self, index: Index) -> int:
        corner = [entry if isinstance(entry, int) else entry.start or 0 for entry in index]
        corner += [0] * (len(self.source.shape) - len(corner))
        return flat_of(tuple(corner), self.source.shape)


def flat_of(index: tuple[int, ...], shape: tuple[int, ...]) -> int:
    """The number of an element in C order."""
    return int(np.ravel_multi_index(index, shape)) if index else 0
