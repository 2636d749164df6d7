"""Finds the boxes that meet a rectangle: a uniform grid in compressed rows, with long boxes kept apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_NONE: Ints = np.zeros(0, np.int64)


class BoxIndex:
    """Index over boxes given by left, top, right, bottom. A box belongs to the cell of its left top corner and is at most
    one cell long; longer ones are compared one by one."""

    def __init__(self, left: Floats, top: Floats, right: Floats, bottom: Floats, cell: float = 1024.0) -> None:
        self.edges = (left, top, right, bottom)
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
        short = np.flatnonzero(~long)
        place = ((top[short] - self._y) / cell).astype(np.int64) * self._columns + ((left[short] - self._x) / cell).astype(np.int64)
        order = np.argsort(place, kind="stable")
        self._boxes = short[order]
        self._start = np.searchsorted(place[order], np.arange(self._columns * self._rows + 1))

    def query(self, left: float, top: float, right: float, bottom: float) -> Ints:
        """Indices of the boxes that touch the rectangle, ascending."""
        if not self._count:
            return _NONE
        found = self._candidates(left, top, right, bottom)
        lefts, tops, rights, bottoms = self.edges
        if found is None:
            return np.flatnonzero((lefts <= right) & (rights >= left) & (tops <= bottom) & (bottoms >= top))
        inside = (lefts[found] <= right) & (rights[found] >= left) & (tops[found] <= bottom) & (bottoms[found] >= top)
        found = found[inside]
        found.sort()
        return found

    def _candidates(self, left: float, top: float, right: float, bottom: float) -> Ints | None:
        first_column = max(0, int((left - self._x) // self._cell) - 1)
        last_column = min(self._columns - 1, int((right - self._x) // self._cell))
        first_row = max(0, int((top - self._y) // self._cell) - 1)
        last_row = min(self._rows - 1, int((bottom - self._y) // self._cell))
        if first_column > last_column or first_row > last_row:
            return self._long.copy()
        rows = last_row - first_row + 1
        if rows > 64 or rows * (last_column - first_column + 1) > 0.3 * self._columns * self._rows > 8:
            return None  # so much of the drawing that comparing every box is quicker
        parts = [
            self._boxes[self._start[row * self._columns + first_column] : self._start[row * self._columns + last_column + 1]]
            for row in range(first_row, last_row + 1)
        ]
        return np.concatenate([*parts, self._long])
