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


def pack(parts: Sequence[Part], gap: float, row_gap: float) -> tuple[list[tuple[float, float]], float, float]:
    """How far each part must move, and the width and height of all: parts with ports in one row from the left, the others
    in rows beside them, in the order given."""
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
    for number in loose:
        part = parts[number]
        if x > begin and x + part.right - part.left > begin + limit:
            x, y, row = begin, y + row + row_gap, 0.0
        moves[number] = (x - part.left, y - part.top)
        width = max(width, x + part.right - part.left)
        x += part.right - part.left + gap
        row = max(row, part.bottom - part.top)
        height = max(height, y + row)
    return moves, width, height
