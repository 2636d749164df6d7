"""The exact elements of a plane of a value of any size, page by page: what a table and the value under the pointer are read from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import numpy as np

from gradstep.engine.tape.overview import Plane

from .sources import Answer, Array, Missing, Part, Source

PAGE = 4096  # elements
KEPT = 512  # pages that are kept, the ones last seen


class Pages:
    """The cells of a NumberGrid. ``block`` gives None for what is not here yet and asks for it; ``arrived`` is called when more is
    here. Pages that are not in view any more are not waited for."""

    def __init__(self, source: Source, plane: Plane, arrived: Callable[[], None], group: str = "cells") -> None:
        self._source, self._plane, self._arrived, self._group = source, plane, arrived, group
        self._rows, self._columns = plane.size(source.shape)
        self._across = min(self._columns, max(64, PAGE // max(min(self._rows, 64), 1))) or 1
        self._down = max(PAGE // self._across, 1)
        self._pages: OrderedDict[tuple[int, int], Array] = OrderedDict()
        self._asked: set[tuple[int, int]] = set()
        self._whole: Array | None = None
        self.failed = ""
        if source.near is not None:
            self._whole = plane.oriented(source.near[plane.index(source.shape, (0, self._rows, 0, self._columns))])

    @property
    def shape(self) -> tuple[int, int]:
        return self._rows, self._columns

    def block(self, top: int, bottom: int, left: int, right: int) -> Array | None:
        """The elements of a region, or None."""
        if self._whole is not None:
            return self._whole[top:bottom, left:right]
        rows = range(top // self._down, -(-bottom // self._down))
        columns = range(left // self._across, -(-right // self._across))
        wanted = [(row, column) for row in rows for column in columns]
        missing = [page for page in wanted if page not in self._pages]
        if missing:
            self._fetch(missing)
            missing = [page for page in wanted if page not in self._pages]  # a source may answer at once
        if missing or not wanted:
            return None
        for page in wanted:
            self._pages.move_to_end(page)
        whole = np.block([[self._pages[row, column] for column in columns] for row in rows])
        first_row, first_column = rows[0] * self._down, columns[0] * self._across
        return whole[top - first_row : bottom - first_row, left - first_column : right - first_column]

    def element(self, row: int, column: int) -> object | None:
        """One element, or None while it is not here."""
        block = self.block(row, row + 1, column, column + 1)
        return None if block is None or not block.size else block[0, 0]

    def close(self) -> None:
        """Nothing more is wanted."""
        self._source.forget(self._group)

    def _fetch(self, pages: list[tuple[int, int]]) -> None:
        new = [page for page in pages if page not in self._asked]
        if not new or self.failed:
            return
        self._source.forget(self._group)
        self._asked = set(pages)
        for row, column in pages:
            top, left = row * self._down, column * self._across
            region = (top, min(top + self._down, self._rows), left, min(left + self._across, self._columns))
            index = self._plane.index(self._source.shape, region)
            self._source.ask(Part(index), partial(self._take, (row, column)), self._group, 1)

    def _take(self, page: tuple[int, int], found: Answer) -> None:
        self._asked.discard(page)
        if isinstance(found, Missing):
            self.failed = found.why
        else:
            self._pages[page] = self._plane.oriented(found)
            while len(self._pages) > KEPT:
                self._pages.popitem(last=False)
        self._arrived()
