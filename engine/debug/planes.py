"""Questions about large values that numpy answers: a plane made smaller, the exact figures of a part, what is looked for in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from ..tape import overview, sought
from .protocol import RAW_CAP

PIECE_CAP = 1 << 23  # elements that one question goes through: the program is not held up for long by one that nobody waits for


def reduced(array: Callable[[Any], Any], shape: tuple[int, ...], arguments: Mapping[str, Any]) -> tuple[list[int], bytes]:
    """A region of the plane of dimensions ``rows`` and ``columns`` (null: it has none) at the index ``at``, smaller by ``down`` and
    ``across``: how many blocks, and mean and peak as float32, then flags, of each, as ``overview.reduced`` makes them of the ``part``.
    ``array`` gives the elements at an index; with ``find`` what is made smaller is whether they are what is looked for.

    Raises ValueError where there is no such region, or it is too large."""
    where = overview.Plane(arguments.get("rows"), arguments.get("columns"), tuple(arguments.get("at", ())))
    down, across = int(arguments.get("down", 1)), int(arguments.get("across", 1))
    top, bottom, left, right = (int(edge) for edge in arguments["region"])
    if not where.fits(shape) or min(down, across, top + 1, left + 1) < 1:
        raise ValueError(f"that is no region of a plane of shape {list(shape)}")
    size = (bottom - top) * (right - left)
    if size > PIECE_CAP or -(-(bottom - top) // down) * -(-(right - left) // across) * 9 > RAW_CAP:
        raise ValueError(f"a region of {size} elements is too much at once: ask for at most {PIECE_CAP}, and fewer blocks")
    cut = array(where.index(shape, (top, bottom, left, right)))
    cut = where.oriented(hits(cut, arguments) if "find" in arguments else cut)
    level = overview.reduced(overview.real_part(cut, str(arguments.get("part", "abs"))), down, across)
    raw = b"".join(np.ascontiguousarray(one).tobytes() for one in (level.mean, level.peak, level.flags))
    return list(level.flags.shape), raw


def figures(found: Any) -> dict[str, Any]:
    """Exact figures (``overview.Figures``) of an array."""
    return asdict(overview.figures(found))


def hits(found: Any, arguments: Mapping[str, Any]) -> Any:
    """Which elements of an array are what ``find`` looks for (``sought``), as an array of truth values; ``extreme``: the largest or the
    smallest number, where that is looked for. Raises ValueError, which says what is wrong with ``find``."""
    wanted = sought.parse(str(arguments["find"]))
    if wanted.extreme is not None:
        at = arguments.get("extreme")
        wanted = wanted.at(None if at is None else (at, at))
    return wanted.hits(found)


def ends(found: Any, part: str) -> list[float] | None:
    """The smallest and the largest finite number of an array, exactly."""
    known = sought.ends(found, part)
    return None if known is None else list(known)


def outside(found: Any, low: float, high: float) -> tuple[int, int]:
    """How many elements of an array are below and above."""
    return overview.outside(found, low, high)


def spread(found: Any, part: str, low: float, high: float, bins: int) -> bytes:
    """How many elements of an array lie in each bin, as int64."""
    return overview.histogram(overview.real_part(found, part), low, high, bins).astype("<i8").tobytes()
