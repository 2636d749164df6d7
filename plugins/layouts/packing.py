"""Unconnected parts of a drawing side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

ASPECT = 1.6  # width to height that rows of loose parts aim at


@dataclass(frozen=True, slots=True)
class Part:
    """The bounds of a part; one with ports reaches from border to border and stands in the first row."""

    left: float
    top: float
    right: float
    bottom: float
    ports: bool


def pack(
    parts: Sequence[Part], gap: float, row_gap: float, grown_from: Sequence[Part] | None = None
) -> tuple[list[tuple[float, float]], float, float]:
    """How far each part must move, and the width and height of all: parts with ports in one row from the left, the others
    in rows beside them, in the order given. ``grown_from``: the rows are those of these smaller parts."""
    moves = [(0.0, 0.0)] * len(parts)
    x = width = height = 0.0
    for number, part in enumerate(parts):
        if part.ports:
            moves[number] = (x - part.left, -part.top)
            width = x + part.right - part.left
            x = width + gap
            height = max(height, part.bottom - part.top)
    loose = [number for number, part in enumerate(parts) if not part.ports]
    area = sum((parts[k].right - parts[k].left + gap) * (parts[k].bottom - parts[k].top + row_gap) for k in loose)
    limit = max([math.sqrt(area * ASPECT), *(parts[k].right - parts[k].left for k in loose)], default=0.0)
    begin, y, row = x, 0.0, 0.0
    breaks = None if grown_from is None else _row_starts(grown_from, gap, row_gap)
    for number in loose:
        part = parts[number]
        full = x > begin and x + part.right - part.left > begin + limit if breaks is None else number in breaks
        if full:
            x, y, row = begin, y + row + row_gap, 0.0
        moves[number] = (x - part.left, y - part.top)
        width = max(width, x + part.right - part.left)
        x += part.right - part.left + gap
        row = max(row, part.bottom - part.top)
        height = max(height, y + row)
    return moves, width, height


def _row_starts(parts: Sequence[Part], gap: float, row_gap: float) -> set[int]:
    """The loose parts with which a row begins, but for the first."""
    moves, _, _ = pack(parts, gap, row_gap)
    loose = [number for number, part in enumerate(parts) if not part.ports]
    tops = [moves[number][1] + parts[number].top for number in loose]
    return {number for number, top, before in zip(loose[1:], tops[1:], tops, strict=False) if top > before}
