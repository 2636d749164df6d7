"""Where things stood before, so that a graph that grows keeps the order of what is drawn already.

What has a place keeps it among what else has one, in every layer; what is new stands where its neighbours want it. Of each group
the places of its boxes, ports and bends are kept, in px along the layers, before anything made room."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np

from .arrays import Floats, Ints
from .layers import Layering, Links

Key = Hashable
Places = dict[Key, float]  # of what stands in one group
Memory = Mapping[Key, Mapping[Key, float]]  # by the name of a group, None for what stands in none
ROUNDS = 12  # in which what is new goes to the mean of its neighbours


def known(layering: Layering, links: Links, names: list[Key], before: Mapping[Key, float]) -> Floats:
    """The place of each vertex, NaN where it had none. ``names`` are those of the boxes."""
    place = np.full(len(layering.layer), np.nan)
    place[: len(names)] = [before.get(name, np.nan) for name in names]
    for link, bend, name in _bends(layering, links, names):
        if np.isnan(place[bend]):
            place[bend] = before.get((*name, bend - int(layering.first_bend[link])), np.nan)
    return place


def kept(layering: Layering, links: Links, names: list[Key], x: Floats) -> Places:
    """The places of all vertices by their names."""
    found: Places = dict(zip(names, x[: len(names)].tolist(), strict=True))
    for link, bend, name in _bends(layering, links, names):
        found[(*name, bend - int(layering.first_bend[link]))] = float(x[bend])
    return found


def _bends(layering: Layering, links: Links, names: list[Key]) -> list[tuple[int, int, tuple[Key, ...]]]:
    """Each bend of each link, with the names of the link's ends."""
    found: list[tuple[int, int, tuple[Key, ...]]] = []
    ends = zip(links.tail.tolist(), links.head.tolist(), layering.first_bend.tolist(), layering.last_bend.tolist(), strict=True)
    for link, (tail, head, first, last) in enumerate(ends):
        if layering.around[link]:
            continue
        found += [(link, bend, (names[tail], names[head])) for bend in range(first, last + 1)]
    return found


def settled(layering: Layering, place: Floats) -> Floats:
    """``place`` with what is unknown at the mean of its neighbours, those that are known staying where they are."""
    fresh = np.isnan(place)
    if not fresh.any():
        return place
    count = len(place)
    result = np.where(fresh, 0.0, place)
    there = (~fresh).astype(np.float64)
    ends: Ints = np.r_[layering.tail, layering.head]
    others: Ints = np.r_[layering.head, layering.tail]
    for _ in range(max(ROUNDS, layering.layers)):
        weight = np.bincount(ends, there[others], count)
        mean = np.bincount(ends, result[others] * there[others], count) / np.maximum(weight, 1.0)
        reached = fresh & (weight > 0)
        result[reached] = mean[reached]
        if there[reached].all() and there.all():
            break
        there[reached] = 1.0
    return np.asarray(result, dtype=np.float64)
