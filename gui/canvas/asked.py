"""Which rectangles of the widget are to be painted again: few, since a painter with a plain clip copies and draws several times as
fast as one with a region of many pieces."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QRegion
from PySide6.QtWidgets import QWidget

SPARE = 40_000  # px that one rectangle may cover more than the two it stands for: to copy them takes as long as to begin another
MOST = 8  # rectangles; more become one

Sides = tuple[int, int, int, int]  # left, top, right, bottom; the last two are not in it


class Asked:
    """What a widget was asked for and has not painted yet, in its logical px."""

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget
        self._all: list[Sides] = []

    def add(self, rect: QRect) -> None:
        """Asks the widget for a rectangle as far as it is in it, and for what is near and will be painted with it."""
        left, top = max(rect.left(), 0), max(rect.top(), 0)
        right, bottom = min(rect.right() + 1, self._widget.width()), min(rect.bottom() + 1, self._widget.height())
        if left >= right or top >= bottom:
            return
        for a, b, c, d in self._all:
            if a <= left and b <= top and c >= right and d >= bottom:
                return
        grown = _take_in(self._all, (left, top, right, bottom), SPARE)
        if len(self._all) > MOST:
            lefts, tops, rights, bottoms = zip(*self._all, strict=True)
            grown = min(lefts), min(tops), max(rights), max(bottoms)
            self._all = [grown]
        self._widget.update(_rect(grown))

    def take(self, region: QRegion) -> list[QRect]:
        """The rectangles to paint one by one so that all of a region is painted; nothing is asked for afterwards."""
        rects, self._all = [_rect(sides) for sides in self._all], []
        rest = QRegion(region)
        for rect in rects:
            rest -= rect
        return rects if rest.isEmpty() else [region.boundingRect()]


def merged(rects: list[QRect], spare: int) -> list[QRect]:
    """Fewer rectangles that cover the same: two become one where that covers hardly more than both, or ``spare`` px more."""
    found: list[Sides] = []
    for rect in rects:
        _take_in(found, _sides(rect), spare)
    return [_rect(sides) for sides in found]


def _take_in(known: list[Sides], sides: Sides, spare: int) -> Sides:
    """Adds a rectangle, as one with those that it is near to. Returns what became of it."""
    left, top, right, bottom = sides
    area = (right - left) * (bottom - top)
    place = 0
    while place < len(known):
        a, b, c, d = known[place]
        apart = area + (c - a) * (d - b)
        a, b = a if a < left else left, b if b < top else top
        c, d = c if c > right else right, d if d > bottom else bottom
        if (c - a) * (d - b) <= 1.3 * apart + spare:
            del known[place]
            left, top, right, bottom, area, place = a, b, c, d, (c - a) * (d - b), 0
        else:
            place += 1
    known.append((left, top, right, bottom))
    return known[-1]


def _sides(rect: QRect) -> Sides:
    return rect.left(), rect.top(), rect.right() + 1, rect.bottom() + 1


def _rect(sides: Sides) -> QRect:
    left, top, right, bottom = sides
    return QRect(left, top, right - left, bottom - top)
