"""By how much two values of the same shape differ, and where most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from gradstep.engine.tape.overview import Index, pieces

from .passes import SMALL, Pass
from .sources import Answer, Array, Missing, Part, Source


@dataclass(frozen=True, slots=True)
class Compared:
    """What was found. NaN beside NaN and an infinity beside the same one are equal; where only one side is finite the elements differ,
    and that counts in ``broken`` and in no maximum. ``relative`` is |a - b| / max(|a|, |b|)."""

    count: int = 0
    differing: int = 0
    broken: int = 0
    largest: float = 0.0
    largest_at: tuple[int, ...] | None = None
    relative: float = 0.0
    relative_at: tuple[int, ...] | None = None
    broken_at: tuple[int, ...] | None = None

    def with_piece(self, start: int, shape: tuple[int, ...], a: Array, b: Array) -> Compared:
        """With the elements that lie from ``start`` on, in C order, in values of this shape."""
        wide = np.complex128 if "c" in a.dtype.kind + b.dtype.kind else np.float64
        left, right = a.reshape(-1).astype(wide), b.reshape(-1).astype(wide)
        equal = (left == right) | (np.isnan(left) & np.isnan(right))
        if equal.all():
            return Compared(
                self.count + left.size, self.differing, self.broken, self.largest, self.largest_at, self.relative, self.relative_at,
                self.broken_at,
            )  # fmt: skip

        def at(place: int) -> tuple[int, ...]:
            return tuple(int(i) for i in np.unravel_index(start + place, shape))

        finite = np.isfinite(left) & np.isfinite(right)
        with np.errstate(all="ignore"):
            away = np.where(finite & ~equal, np.abs(left - right), 0.0)
            size = np.maximum(np.abs(left), np.abs(right))
            share = np.where(finite & (size > 0), away / np.where(size > 0, size, 1.0), 0.0)
        most, worst = int(away.argmax()), int(share.argmax())
        broken = ~finite & ~equal
        larger, more = away[most] > self.largest, share[worst] > self.relative
        return Compared(
            self.count + left.size, self.differing + int(np.count_nonzero(~equal)), self.broken + int(np.count_nonzero(broken)),
            float(away[most]) if larger else self.largest, at(most) if larger else self.largest_at,
            float(share[worst]) if more else self.relative, at(worst) if more else self.relative_at,
            self.broken_at if self.broken_at is not None or not broken.any() else at(int(broken.argmax())),
        )  # fmt: skip


class Comparison(QObject):
    """Goes through two values side by side."""

    changed = Signal(object, float)  # Compared, of this share of the values

    def __init__(self, a: Source, b: Source, parent: QObject | None = None) -> None:
        super().__init__(parent)
        assert a.shape == b.shape
        self.compared = Compared()
        self._a, self._b = a, b
        self._pass = Pass(a, pieces(a.shape, SMALL), Part, self._first, "compare", self)
        self._cancelled = False

    def start(self) -> Comparison:
        """Begin."""
        self._pass.start()
        return self

    def cancel(self) -> None:
        """End without a word."""
        self._cancelled = True
        self._pass.cancel()
        self._b.forget("compare")

    def _first(self, index: Index, found: Array) -> bool:
        self._b.ask(Part(index), lambda other: self._second(index, found, other), "compare", 5)
        return True

    def _second(self, index: Index, a: Array, b: Answer) -> None:
        if self._cancelled or isinstance(b, Missing):
            return
        corner = [entry if isinstance(entry, int) else entry.start or 0 for entry in index]
        corner += [0] * (len(self._a.shape) - len(corner))
        start = int(np.ravel_multi_index(corner, self._a.shape)) if corner else 0
        self.compared = self.compared.with_piece(start, self._a.shape, a, b)
        self.changed.emit(self.compared, self.compared.count / max(self._a.size, 1))
