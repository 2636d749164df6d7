"""Layouts that know points and no boxes: their pictures are enlarged until no two boxes overlap."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
from scipy.spatial import cKDTree

from .arrays import Floats

Key = Hashable
FIRST = 1.6  # mean distances of boxes to begin with
LARGEST = 60.0  # times; beyond that overlapping boxes are let be


def apart(
    places: Mapping[Key, tuple[float, float]], sizes: Mapping[Key, tuple[float, float]], gap: float
) -> dict[Key, tuple[float, float]]:
    """The places, in px from (0, 0) on, scaled alike in both directions so that boxes keep ``gap`` px where that can be."""
    keys = list(places)
    if not keys:
        return {}
    at = np.array([places[key] for key in keys], np.float64).reshape(-1, 2)
    half = np.array([sizes[key] for key in keys], np.float64).reshape(-1, 2) / 2 + gap / 2
    at = at - at.min(axis=0)
    if len(keys) > 1:
        at = at * _scale(at, half)
    at = at - (at - half).min(axis=0)
    return {key: (x, y) for key, (x, y) in zip(keys, at.tolist(), strict=True)}


def _scale(at: Floats, half: Floats) -> float:
    """The least scale at which near neighbours do not overlap."""
    near = min(24, len(at))
    reach, other = cKDTree(at).query(at, near)
    typical = float(np.median(reach[:, 1])) or float(reach.max()) or 1.0
    scale = FIRST * float(half.max(axis=0).mean()) / typical
    one = np.repeat(np.arange(len(at)), near - 1)
    two = other[:, 1:].ravel()
    between = np.abs(at[one] - at[two])
    need = half[one] + half[two]
    with np.errstate(divide="ignore"):
        wanted = (need / between).min(axis=1)  # to be apart in one direction is enough
    wanted = wanted[np.isfinite(wanted)]
    most = float(wanted.max()) if len(wanted) else scale
    return min(max(scale, most), LARGEST * scale)
