"""Going through all of a value of any size, piece by piece, with progress and cancel: figures, histograms, comparisons, exports."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
from PySide6.QtCore import QObject, Signal

from gradstep.engine.tape.overview import Index, pieces

from .sources import Answer, Array, Count, Counted, Missing, Part, Question, Source, Spread

RANK = 5  # what is in view comes first
SMALL = 1 << 18  # elements of a piece that the window's own thread looks at


class Pass(QObject):
    """Puts the questions one after the other; ``take`` gets each answer and says whether to go on. Ends by ``ended`` or ``failed``."""

    progressed = Signal(float)  # the share that is done
    ended = Signal()
    failed = Signal(str)  # and why

    def __init__(
        self, source: Source, indices: Iterable[Index], question: Callable[[Index], Question], take: Callable[[Index, Answer], bool],
        group: str, parent: QObject | None = None, shape: tuple[int, ...] | None = None, rank: int = RANK,
    ) -> None:  # fmt: skip
        """``shape``: of all that is gone through, that of the value unless another is given. A lower ``rank`` comes first."""
        super().__init__(parent)
        self._source, self._question, self._take, self._group, self._rank = source, question, take, group, rank
        self._size = math.prod(source.shape if shape is None else shape)
        self._indices = iter(indices)
        self._done, self._over = 0, False

    def start(self) -> Pass:
        """Put the first question."""
        self._next()
        return self

    def cancel(self) -> None:
        """Put no more; neither signal comes."""
        self._over = True
        self._source.forget(self._group)

    def _next(self) -> None:
        while not self._over:
            index = next(self._indices, None)
            if index is None:
                self._over = True
                self.progressed.emit(1.0)
                self.ended.emit()
                return
            came: list[Answer] = []
            waiting = [False]

            def arrived(found: Answer, index: Index = index, came: list[Answer] = came, waiting: list[bool] = waiting) -> None:
                if not waiting[0]:
                    came.append(found)  # at once: no recursion, however many pieces there are
                elif self._got(index, found):
                    self._next()

            self._source.ask(self._question(index), arrived, self._group, self._rank)
            if not came:
                waiting[0] = True
                return
            if not self._got(index, came[0]):
                return

    def _got(self, index: Index, found: Answer) -> bool:
        """Whether to go on."""
        if self._over:
            return False
        if isinstance(found, Missing):
            self._over = True
            self.failed.emit(found.why)
            return False
        going = self._take(index, found)
        self._done += np.broadcast_to(np.bool_(0), self._source.shape)[index].size
        if not going:
            self._over = True
            self.ended.emit()
            return False
        self.progressed.emit(self._done / max(self._size, 1))
        return True


class Counting(QObject):
    """The exact figures of a value, and how many elements are outside of a range."""

    changed = Signal(object, float)  # Counted, of this share of the value

    def __init__(self, source: Source, low: float, high: float, group: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.counted = Counted()
        self._pass = Pass(
            source, pieces(source.shape, min(source.most, 1 << 22)), lambda index: Count(index, low, high), self._take, group, self
        )
        self._pass.progressed.connect(lambda share: self.changed.emit(self.counted, share))
        self.failed = self._pass.failed

    def start(self) -> Counting:
        """Begin."""
        self._pass.start()
        return self

    def cancel(self) -> None:
        """End without a word."""
        self._pass.cancel()

    def _take(self, _: Index, found: Counted) -> bool:
        self.counted += found
        return True


class Spreading(QObject):
    """How many finite elements lie in each of ``bins`` bins of equal width."""

    changed = Signal(object, float)  # counts, of this share of the value

    def __init__(self, source: Source, part: str, low: float, high: float, bins: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.counts = np.zeros(bins, np.int64)
        self._pass = Pass(
            source, pieces(source.shape, min(source.most, 1 << 22)), lambda index: Spread(index, part, low, high, bins), self._take,
            "spread", self,
        )  # fmt: skip
        self._pass.progressed.connect(lambda share: self.changed.emit(self.counts, share))

    def start(self) -> Spreading:
        """Begin."""
        self._pass.start()
        return self

    def cancel(self) -> None:
        """End without a word."""
        self._pass.cancel()

    def _take(self, _: Index, found: Array) -> bool:
        self.counts = self.counts + found
        return True


class Search(QObject):
    """The first element from ``start`` on (in C order, round the end) that is not finite."""

    found = Signal(object)  # its index, None where there is none

    def __init__(self, source: Source, start: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source, self._start = source, start
        self._pass: Pass | None = None
        self._indices = list(pieces(source.shape, SMALL))
        self._hit: tuple[int, ...] | None = None
        self._seen = 0  # pieces

    def begin(self) -> Search:
        """Begin behind the start."""
        places = [self._flat(index) for index in self._indices]
        first = max((at for at, place in enumerate(places) if place <= self._start), default=0)
        order = [*self._indices[first:], *self._indices[: first + 1]]
        self._pass = Pass(self._source, order, Part, self._take, "search", self)
        self._pass.ended.connect(self._over)
        self._pass.failed.connect(lambda _: self.found.emit(None))
        self._pass.start()
        return self

    def cancel(self) -> None:
        """End without a word."""
        if self._pass is not None:
            self._pass.cancel()

    def _flat(self, index: Index) -> int:
        corner = [entry if isinstance(entry, int) else entry.start or 0 for entry in index]
        corner += [0] * (len(self._source.shape) - len(corner))
        return int(np.ravel_multi_index(corner, self._source.shape)) if corner else 0

    def _take(self, index: Index, found: Array) -> bool:
        flat = np.flatnonzero(~np.isfinite(np.asarray(found).reshape(-1))) + self._flat(index)
        if self._seen == 0:  # in the piece of the start only what is behind it; the rest comes last
            flat = flat[flat >= self._start]
        self._seen += 1
        if flat.size:
            self._hit = tuple(int(i) for i in np.unravel_index(int(flat[0]), self._source.shape))
        return not flat.size

    def _over(self) -> None:
        self.found.emit(self._hit)
