"""Numbers as a picture, pixel by pixel: colours by size, and patterns that tell apart what colours must not tell alone."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from gradstep.engine.tape.overview import BELOW, EMPTY, NAN, NEGATIVE, POSITIVE, Level

from .. import theme
from ..tensors.levels import Placed

HATCH_FROM = 5.0  # pixels that a block must be wide for a hatch to be seen in it
SHADES = 256

Pixels = NDArray[np.uint32]
Bytes = NDArray[np.uint8]
AnyNumber = TypeVar("AnyNumber", bound=np.generic)


class Overlay(IntFlag):
    """What is marked over the colours."""

    NAN = 1
    POSITIVE = 2  # infinity
    NEGATIVE = 4  # infinity
    MINUS = 8  # a finite number below zero
    LOW = 16  # below the range of the colours
    HIGH = 32  # above it


FIRST = Overlay.NAN | Overlay.POSITIVE | Overlay.NEGATIVE  # what is marked unless the user says otherwise
_BAD = int(FIRST)


@dataclass(frozen=True, slots=True)
class View:
    """The part of a plane that a picture shows: elements, from edge to edge; it may reach beyond the plane."""

    top: float
    left: float
    height: float
    width: float


@dataclass(frozen=True, slots=True)
class Scale:
    """How numbers become colours."""

    low: float = 0.0
    high: float = 1.0
    peaks: bool = False  # of a block the number farthest from zero, else the mean
    overlays: Overlay = FIRST


def shades(low: float, high: float) -> tuple[float, float, list[QColor]]:
    """The colours of a range and the values at which they end: blue to orange around zero where the range has both signs,
    else from pale to strong."""
    look = theme.current()
    if low < 0 < high:
        end = max(-low, high)
        return -end, end, [*look.negative[::-1], *look.positive[1:]]
    if high <= 0 and low < 0:
        return low, high, list(look.negative[::-1])
    return low, high, list(look.positive)


def picture(placed: Sequence[Placed], view: View, size: tuple[int, int], scale: Scale, ratio: float = 1.0) -> QImage:
    """The picture of ``size`` (height and width in pixels of the device, of which ``ratio`` are one of Qt's)."""
    look = theme.current()
    height, width = size
    pixels = np.full((height, width), look.field.rgb(), np.uint32)
    marks = np.zeros((height, width), np.uint8)
    cell = math.inf
    for part in parts_of(placed, view, size):
        codes = _codes(part.level, scale)
        pixels[part.where] = part.of(_coloured(part.level, scale, codes))
        marks[part.where] = part.of(codes) if codes.any() else 0
        cell = min(cell, part.cell)
    if marks.any():
        _mark(pixels, marks, cell >= HATCH_FROM * ratio, max(round(ratio), 1))
    image = QImage(pixels.tobytes(), width, height, width * 4, QImage.Format.Format_RGB32).copy()
    image.setDevicePixelRatio(ratio)
    return image


class Part(NamedTuple):
    """What of a picture shows one level."""

    level: Level
    where: tuple[slice, slice]  # its pixels
    down: NDArray[np.intp]  # by row and column of pixels, that of the level which is shown there
    across: NDArray[np.intp]
    cell: float  # pixels that a block takes, in the direction in which it takes fewer

    def of(self, blocks: NDArray[AnyNumber]) -> NDArray[AnyNumber]:
        """What the pixels show of something said of each block of the level."""
        return blocks[self.down][:, self.across]


def parts_of(placed: Sequence[Placed], view: View, size: tuple[int, int]) -> Iterator[Part]:
    """Those of a picture of ``size`` (height and width), what lies on top last."""
    height, width = size
    ys = view.top + (np.arange(height) + 0.5) * (view.height / max(height, 1))
    xs = view.left + (np.arange(width) + 0.5) * (view.width / max(width, 1))
    for one in placed:
        level = one.level
        if not level.flags.size:
            continue
        rows, down = pixels_on((ys - one.top) / level.down, level.flags.shape[0])
        columns, across = pixels_on((xs - one.left) / level.across, level.flags.shape[1])
        if down.size and across.size:
            cell = min(level.down * height / view.height, level.across * width / view.width)
            yield Part(level, (rows, columns), down, across, cell)


def pixels_on(places: NDArray[np.float64], count: int) -> tuple[slice, NDArray[np.intp]]:
    """Which pixels lie on the blocks, and on which one each."""
    found = np.floor(places).astype(np.intp)
    first, last = np.searchsorted(found, [0, count])
    return slice(int(first), int(last)), found[first:last]


def _codes(level: Level, scale: Scale) -> Bytes:
    """What is to be marked in each block."""
    overlays = scale.overlays
    flags = level.flags
    codes = np.zeros(flags.shape, np.uint8)
    for flag, overlay in ((NAN, Overlay.NAN), (POSITIVE, Overlay.POSITIVE), (NEGATIVE, Overlay.NEGATIVE), (BELOW, Overlay.MINUS)):
        if overlay in overlays:
            codes |= (flags & flag != 0).astype(np.uint8) * np.uint8(overlay)
    if overlays & (Overlay.LOW | Overlay.HIGH):
        values, some = level.peak if scale.peaks else level.mean, flags & EMPTY == 0
        for overlay, beyond in ((Overlay.LOW, values < scale.low), (Overlay.HIGH, values > scale.high)):
            if overlay in overlays:
                codes |= (beyond & some).astype(np.uint8) * np.uint8(overlay)
    return codes


def _coloured(level: Level, scale: Scale, codes: Bytes) -> Pixels:
    look = theme.current()
    values = level.peak if scale.peaks else level.mean
    start, end, stops = shades(scale.low, scale.high)
    table = _table(tuple(stop.rgb() for stop in stops))
    if end > start:
        with np.errstate(all="ignore"):
            place = (values.astype(np.float64) - start) * ((SHADES - 1) / (end - start))
        coloured = table[np.clip(np.nan_to_num(place), 0, SHADES - 1).astype(np.uint8)]
    else:
        coloured = np.full(values.shape, table[SHADES // 2], np.uint32)
    if level.flags.any():
        coloured[level.flags & EMPTY != 0] = look.raised.rgb()
    return coloured


def _mark(pixels: Pixels, marks: Bytes, wide: bool, ratio: int) -> None:
    """Paint the patterns. A small block with something not finite becomes a dot of three pixels: one would be overlooked."""
    look = theme.current()
    down, across = (
        np.arange(marks.shape[0])[:, None],
        np.arange(marks.shape[1])[None, :],
    )  # in pixels of the screen: slanted lines are smooth
    y, x = down // ratio, across // ratio
    for overlay, colour, lines in (
        (Overlay.MINUS, look.ready, y % 4 == 0),
        (Overlay.LOW, look.text, (y % 3 == 0) & (x % 3 == 0)),
        (Overlay.HIGH, look.text, x % 4 == 0),
    ):
        there = marks & np.uint8(overlay) != 0
        if there.any():
            pixels[there & lines] = colour.rgb()
    bad = marks & np.uint8(_BAD)
    if not bad.any():
        return
    rising, falling = ((across + down) % (6 * ratio) < 2 * ratio), ((across - down) % (6 * ratio) < 2 * ratio)
    for overlay, colour, lines in (
        (Overlay.POSITIVE, look.good, falling),
        (Overlay.NEGATIVE, look.good, falling | rising),
        (Overlay.NAN, look.bad, rising),
    ):
        there = bad & np.uint8(overlay) != 0
        if not there.any():
            continue
        if wide:
            pixels[there] = theme.mix(look.field, colour, 0.3).rgb()
            pixels[there & lines] = colour.rgb()
        else:
            pixels[grown(there, ratio)] = colour.rgb()
            inside = ~grown(~there, 3 * ratio)  # of a larger area: the hatch shows there
            pixels[inside & ~lines] = theme.mix(look.field, colour, 0.3).rgb()


def grown(there: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """With the neighbours of each pixel."""
    grown = there.copy()
    for _ in range(by):
        wider = grown.copy()
        wider[1:] |= grown[:-1]
        wider[:-1] |= grown[1:]
        grown = wider.copy()
        grown[:, 1:] |= wider[:, :-1]
        grown[:, :-1] |= wider[:, 1:]
    return grown


@functools.lru_cache(maxsize=32)
def _table(stops: tuple[int, ...]) -> Pixels:
    """The colours of all shades between the stops."""
    colours = [QColor.fromRgb(stop) for stop in stops]
    places = np.linspace(0, len(colours) - 1, SHADES)
    firsts = np.minimum(places.astype(int), len(colours) - 2)
    mixed = (
        theme.mix(colours[first], colours[first + 1], place - first) for first, place in zip(firsts.tolist(), places.tolist(), strict=True)
    )
    return np.array([colour.rgb() for colour in mixed], np.uint32)
