"""Where the numbers of a value come from: memory, the file of a tape, or the paused program; and two values, compared.

A source is asked for what is in view, and answers later. One question is under way at a time. Questions stand in groups; of a group
that is asked again, what has not been put yet is forgotten: the newest wish wins.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal

from gradstep.engine.debug.protocol import RAW_CAP, Response
from gradstep.engine.tape.extent import CHUNK, Extent
from gradstep.engine.tape.overview import Figures, Index, Level, Plane, figures, histogram, outside, real_part, reduced
from gradstep.engine.tape.sought import Number, Sought, ends

from ..program.values import array_of

Array = NDArray[Any]
Region = tuple[int, int, int, int]  # top, bottom, left, right; bottom and right are not in it
CHECKED = 4  # pieces of a file whose checksum is looked at at once
MOST = 1 << 22  # elements of a question: a worker needs some ten milliseconds for so many


@dataclass(frozen=True, slots=True)
class Part:
    """The elements at an index; the answer is an array."""

    index: Index


@dataclass(frozen=True, slots=True)
class Smaller:
    """A region of a plane, reduced by ``down`` and ``across``; the answer is a Level."""

    plane: Plane
    region: Region
    down: int
    across: int
    part: str = "abs"


@dataclass(frozen=True, slots=True)
class Count:
    """The figures of the elements at an index, and how many are below and above a range; the answer is a Counted."""

    index: Index
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True, slots=True)
class Spread:
    """How many finite elements at an index lie in each of ``bins`` bins of equal width from ``low`` to ``high``; the answer is an
    array of int64."""

    index: Index
    part: str
    low: float
    high: float
    bins: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What a Count found. Both add up over parts."""

    figures: Figures = field(default_factory=Figures)
    below: int = 0
    above: int = 0

    def __add__(self, other: Counted) -> Counted:
        return Counted(self.figures + other.figures, self.below + other.below, self.above + other.above)


@dataclass(frozen=True, slots=True)
class Intact:
    """Whether the next pieces of the data have the checksum that the tape says."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The smallest and the largest finite number of the elements at an index, exactly, of complex ones of their ``part``; the answer is
    a pair, or None where there is no such number."""

    index: Index
    part: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many elements at an index are what is looked for; the answer is an int."""

    index: Index
    sought: Sought
    at: Number | None = None  # the largest or smallest number, where that is looked for

    def hits(self, found: Array) -> NDArray[np.bool_]:
        """Which elements that were read are."""
        return (self.sought if self.at is None else self.sought.at((self.at, self.at))).hits(found)


@dataclass(frozen=True, slots=True)
class Hits:
    """What another question asks, about a value that is true where the elements are what is looked for, else false."""

    of: Part | Smaller
    tally: Tally  # its index is not looked at


@dataclass(frozen=True, slots=True)
class Missing:
    """The answer where there is none, and why."""

    why: str


Question = Part | Smaller | Count | Spread | Ends | Tally | Hits | Intact
Answer = Any  # Array, Level, Counted or Missing
Answered = Callable[[Answer], None]


def answer(read: Callable[[Index], Array], shape: tuple[int, ...], question: Question) -> Answer:
    """The answer to a question about a value of which parts can be read."""
    match question:
        case Part(index):
            return read(index)
        case Smaller(plane, region, down, across, part):
            cut = plane.oriented(read(plane.index(shape, region)))
            return reduced(real_part(cut, part), down, across)
        case Count(index, low, high):
            found = read(index)
            return Counted(figures(found), *(outside(found, low, high) if low > -math.inf or high < math.inf else (0, 0)))
        case Spread(index, part, low, high, bins):
            return histogram(real_part(read(index), part), low, high, bins)
        case Ends(index, part):
            return ends(read(index), part)
        case Tally(index):
            return int(np.count_nonzero(question.hits(read(index))))
        case Hits(of, tally):
            return answer(lambda index: tally.hits(read(index)), shape, of)
        case Intact():
            return True  # what is in memory was looked at when it came


def index_of(question: Question, shape: tuple[int, ...]) -> Index:
    """Which elements of a value of this shape a question is about."""
    match question:
        case Hits(of, _):
            return index_of(of, shape)
        case Smaller(plane, region):
            return plane.index(shape, region)
        case Intact():
            raise AssertionError("it is about bytes")
        case _:
            return question.index


class Source(QObject):
    """A value whose numbers are asked for. ``most``: elements that one question may go through; ``near``: the whole array, where
    it is in memory, and then every answer comes at once."""

    most = MOST
    near: Array | None = None

    def __init__(self, shape: tuple[int, ...], dtype: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.shape, self.dtype = shape, dtype
        self._waiting: list[tuple[int, str, Question, Answered]] = []
        self._busy = False
        self._closed = False

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def is_complex(self) -> bool:
        return self.dtype.startswith("complex")

    def ask(self, question: Question, then: Answered, group: str = "", rank: int = 0) -> None:
        """Ask, and be called with the answer; a question of lower ``rank`` is put before those of a higher one."""
        if not self._closed:
            self._waiting.append((rank, group, question, then))
            self._next()

    def forget(self, group: str) -> None:
        """No question of this group is to be put any more; the answer to one that is under way still comes."""
        self._waiting = [one for one in self._waiting if one[1] != group]

    def close(self) -> None:
        """No answer is wanted any more."""
        self._closed = True
        self._waiting.clear()

    def again(self, parent: QObject | None = None) -> Source:
        """The same value, asked on its own."""
        raise NotImplementedError

    def _next(self) -> None:
        if self._busy or not self._waiting:
            return
        place = min(range(len(self._waiting)), key=lambda at: self._waiting[at][0])
        _, _, question, then = self._waiting.pop(place)
        self._busy = True
        self._put(question, lambda found: self._answered(then, found))

    def _answered(self, then: Answered, found: Answer) -> None:
        self._busy = False
        if not self._closed:
            then(found)
            self._next()

    def _put(self, question: Question, done: Answered) -> None:
        raise NotImplementedError


class ArraySource(Source):
    """An array in memory."""

    most = 1 << 62

    def __init__(self, array: Array, dtype: str = "", parent: QObject | None = None) -> None:
        super().__init__(array.shape, dtype or array.dtype.name, parent)
        self.near = array

    def again(self, parent: QObject | None = None) -> Source:
        assert self.near is not None
        return ArraySource(self.near, self.dtype, parent)

    def _put(self, question: Question, done: Answered) -> None:
        array = self.near
        assert array is not None
        done(answer(lambda index: array[index], self.shape, question))


class _Reading(QRunnable):
    """One question, put to a file in another thread."""

    def __init__(self, find: Callable[[], Answer], say: Callable[[Answer], None]) -> None:
        super().__init__()
        self._find, self._say = find, say

    def run(self) -> None:
        try:
            found = self._find()
        except (OSError, ValueError, MemoryError) as error:
            found = Missing(str(error))
        self._say(found)


class TapeSource(Source):
    """A value in the file of a tape. Read by a thread, so that a slow disk does not hold up the window."""

    _read = Signal(object)

    def __init__(self, extent: Extent, parent: QObject | None = None) -> None:
        super().__init__(extent.shape, extent.dtype, parent)
        self.extent = extent
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._done: Answered | None = None
        self._checking = extent.intact()
        self._checked = 0  # looks at the checksum so far
        self._read.connect(self._arrived, Qt.ConnectionType.QueuedConnection)

    def again(self, parent: QObject | None = None) -> Source:
        return TapeSource(self.extent, parent)

    def _put(self, question: Question, done: Answered) -> None:
        self._done = done
        extent = self.extent

        def find() -> Answer:
            if isinstance(question, Intact):
                return all(islice(self._checking, CHECKED))
            return answer(extent.part, extent.shape, question)

        self._pool.start(_Reading(find, self._read.emit))

    def check(self, then: Callable[[bool], None]) -> None:
        """Look at the checksum of the data, a piece at a time behind everything else that is asked; ``then`` is told what came of it."""

        def arrived(found: Answer) -> None:
            left = -(-self.extent.record[1] // (CHUNK * CHECKED)) + 1
            self._checked += 1
            if isinstance(found, Missing) or not found:
                then(False)
            elif self._checked >= left:
                then(True)
            else:
                self.ask(Intact(), arrived, "intact", 9)

        self.ask(Intact(), arrived, "intact", 9)

    def _arrived(self, found: Answer) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(found)

    def close(self) -> None:
        super().close()
        self._pool.clear()
        self._pool.waitForDone()


Request = Callable[..., bool]  # DebugSession.request


class LiveSource(Source):
    """A value that the paused program holds: ``name`` is what it is asked by (tensor and version, or an expression)."""

    def __init__(
        self, request: Request, name: dict[str, Any], shape: tuple[int, ...], dtype: str, itemsize: int, reduces: bool = True,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        """``reduces``: the program can answer more than parts; else the window makes of parts what it needs."""
        super().__init__(shape, dtype, parent)
        self._request, self._name, self._itemsize, self._reduces = request, name, itemsize, reduces
        if not reduces:
            self.most = self.page

    def again(self, parent: QObject | None = None) -> Source:
        return LiveSource(self._request, self._name, self.shape, self.dtype, self._itemsize, self._reduces, parent)

    @property
    def page(self) -> int:
        """Elements that one answer may hold."""
        return RAW_CAP // self._itemsize

    def _put(self, question: Question, done: Answered) -> None:
        if not self._reduces and not isinstance(question, Part | Intact):

            def made(found: Answer) -> None:
                done(found if isinstance(found, Missing) else answer(lambda _: found, self.shape, question))

            self._put(Part(index_of(question, self.shape)), made)
            return
        kind, arguments = self._worded(question)

        def arrived(response: Response) -> None:
            done(self._understood(question, response) if response.success else Missing(response.message))

        if not self._request(kind, arrived, **self._name, **arguments):
            done(Missing(self.tr("The program is not paused: it cannot be asked for a value.")))

    @classmethod
    def _worded(cls, question: Question) -> tuple[str, dict[str, Any]]:
        match question:
            case Part(index):
                return "value", {"index": _listed(index)}
            case Smaller(plane, region, down, across, part):
                where = {"rows": plane.rows, "columns": plane.columns, "at": list(plane.at), "region": list(region)}
                return "reduce", {**where, "down": down, "across": across, "part": part}
            case Count(index, low, high):
                ends = {"low": low, "high": high} if low > -math.inf or high < math.inf else {}
                return "figures", {"index": _listed(index), **ends}
            case Ends(index, part):
                return "figures", {"index": _listed(index), "ends": part}
            case Tally(index, sought, at):
                return "figures", {"index": _listed(index), "find": sought.text, **({} if at is None else {"extreme": at})}
            case Hits(of, tally):
                (kind, arguments), (_, wanted) = cls._worded(of), cls._worded(tally)
                return kind, {**wanted, **arguments}
            case Intact():
                raise AssertionError("a program's memory has no checksum")
            case Spread(index, part, low, high, bins):
                return "spread", {"index": _listed(index), "part": part, "low": low, "high": high, "bins": bins}

    @classmethod
    def _understood(cls, question: Question, response: Response) -> Answer:
        match question:
            case Part():
                return array_of(response)
            case Smaller(_, _, down, across, _):
                rows, columns = response.body["blocks"]
                count = rows * columns
                mean = np.frombuffer(response.raw, "<f4", count).reshape(rows, columns)
                peak = np.frombuffer(response.raw, "<f4", count, 4 * count).reshape(rows, columns)
                return Level(down, across, mean, peak, np.frombuffer(response.raw, np.uint8, count, 8 * count).reshape(rows, columns))
            case Count():
                body = response.body["figures"]
                found = {one.name: _number(body[one.name], isinstance(one.default, int)) for one in fields(Figures)}
                return Counted(Figures(**found), int(body.get("below", 0)), int(body.get("above", 0)))
            case Spread():
                return np.frombuffer(response.raw, "<i8")
            case Ends():
                return None if response.body["ends"] is None else tuple(response.body["ends"])
            case Tally():
                return int(response.body["hits"])
            case Hits(of, _):
                return cls._understood(of, response)
            case Intact():
                return True


def _listed(index: Index) -> list[int | list[int | None] | None]:
    """An index as JSON has it."""
    return [
        entry if isinstance(entry, int) else None if entry == slice(None) else [entry.start, entry.stop, entry.step or 1] for entry in index
    ]


def _number(told: Any, whole: bool) -> Any:
    if told is None:
        return math.nan
    return int(told) if whole else float(told)


class Pair(Source):
    """Two values of the same shape, element by element: ``difference`` (A - B) or ``ratio`` (A / B)."""

    def __init__(self, a: Source, b: Source, how: str, parent: QObject | None = None) -> None:
        assert a.shape == b.shape
        super().__init__(a.shape, _pair_dtype(a.dtype, b.dtype), parent)
        self._a, self._b, self._how = a, b, how
        self.most = min(a.most, b.most, *(one.page for one in (a, b) if isinstance(one, LiveSource)))
        if a.near is not None and b.near is not None:
            self.near = paired(a.near, b.near, how)
            self.most = ArraySource.most

    def again(self, parent: QObject | None = None) -> Source:
        pair = Pair(self._a.again(), self._b.again(), self._how, parent)
        pair._a.setParent(pair)
        pair._b.setParent(pair)
        return pair

    def _put(self, question: Question, done: Answered) -> None:
        near = self.near
        if near is not None:
            done(answer(lambda index: near[index], self.shape, question))
            return
        index = index_of(question, self.shape)

        def first(a: Answer) -> None:
            if isinstance(a, Missing):
                done(a)
            else:
                self._b.ask(Part(index), lambda b: second(a, b), "pair")

        def second(a: Array, b: Answer) -> None:
            found = b if isinstance(b, Missing) else paired(a, b, self._how)
            done(found if isinstance(found, Missing) else answer(lambda _: found, self.shape, question))

        self._a.ask(Part(index), first, "pair")


def _pair_dtype(a: str, b: str) -> str:
    if "complex128" in (a, b):
        return "complex128"
    return "complex64" if "complex" in a + b else "float64"


def paired(a: Array, b: Array, how: str) -> Array:
    """A - B or A / B, in float64 (complex128) so that nothing is lost in the subtraction; truth values count as 0 and 1.

    Equal infinities differ by 0, and their ratio is 1: nothing changed there."""
    wide = np.complex128 if "c" in a.dtype.kind + b.dtype.kind else np.float64
    left, right = a.astype(wide), b.astype(wide)
    with np.errstate(all="ignore"):
        found: Array = np.asarray((operator.truediv if how == "ratio" else operator.sub)(left, right))
    same = left == right
    found[same & ~np.isfinite(found)] = 1.0 if how == "ratio" else 0.0
    return found
