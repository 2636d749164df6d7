"""Finds the boxes that meet a rectangle: a uniform grid in compressed rows, with long boxes in a coarser one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_FEW = 64  # long boxes: so many are compared one by one
_LARGER = 8  # times as large are the cells for long boxes
_NONE: Ints = np.zeros(0, np.int64)


class BoxIndex:
    """Index over boxes given by left, top, right, bottom. A box belongs to the cell of its left top corner and is at most
    one cell long; longer ones have an index of larger cells, or are compared one by one where they are few."""

    def __init__(self, left: Floats, top: Floats, right: Floats, bottom: Floats, cell: float = 1024.0) -> None:
        self._sides = np.stack([left, top, -right, -bottom])  # each is at most something where a box is found
        self._count = len(left)
        if not self._count:
            return
        self._x, self._y = float(left.min()), float(top.min())
        width, height = float(right.max()) - self._x, float(bottom.max()) - self._y
        while (width / cell + 1) * (height / cell + 1) > max(4096, 4 * self._count):
            cell *= 2
        self._cell = cell
        self._columns, self._rows = int(width / cell) + 1, int(height / cell) + 1
        long = (right - left > cell) | (bottom - top > cell)
        self._long = np.flatnonzero(long)
        many = len(self._long) > _FEW
        self._longer = BoxIndex(left[long], top[long], right[long], bottom[long], cell * _LARGER) if many else None
        short = np.flatnonzero(~long)
        place = ((top[short] - self._y) / cell).astype(np.int64) * self._columns + ((left[short] - self._x) / cell).astype(np.int64)
        order = np.argsort(place, kind="stable")
        self._boxes = short[order]
        self._start = np.searchsorted(place[order], np.arange(self._columns * self._rows + 1))

    def span(self, found: Ints) -> tuple[float, float]:
        """From where to where these boxes reach, from left to right."""
        return float(self._sides[0, found].min()), -float(self._sides[2, found].min())

    def query(self, left: float, top: float, right: float, bottom: float) -> Ints:
        """Indices of the boxes that touch the rectangle, ascending."""
        if not self._count:
            return _NONE
        found = self._candidates(left, top, right, bottom)
        most = np.array([[right], [bottom], [-left], [-top]])
        if found is None:
            return np.flatnonzero((self._sides <= most).all(axis=0))
        found = found[np.logical_and.reduce(self._sides.take(found, axis=1) <= most)]
        found.sort()
        return found

    def _candidates(self, left: float, top: float, right: float, bottom: float) -> Ints | None:
        first_column = max(0, int((left - self._x) // self._cell) - 1)
        last_column = min(self._columns - 1, int((right - self._x) // self._cell))
        first_row = max(0, int((top - self._y) // self._cell) - 1)
        last_row = min(self._rows - 1, int((bottom - self._y) // self._cell))
        if first_column > last_column or first_row > last_row:
            return self._long_ones(left, top, right, bottom)
        rows = last_row - first_row + 1
        if rows > 64 or rows * (last_column - first_column + 1) > 0.3 * self._columns * self._rows > 8:
            return None  # so much of the drawing that comparing every box is quicker
        start, parts = self._start.item, []
        for row in range(first_row * self._columns, (last_row + 1) * self._columns, self._columns):
            begin, end = start(row + first_column), start(row + last_column + 1)
            if begin < end:
                parts.append(self._boxes[begin:end])
        if len(self._long):
            parts.append(self._long_ones(left, top, right, bottom))
        return parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else _NONE

    def _long_ones(self, left: float, top: float, right: float, bottom: float) -> Ints:
        return self._long if self._longer is None else self._long[self._longer.query(left, top, right, bottom)]
