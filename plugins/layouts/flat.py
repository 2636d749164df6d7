"""One drawing of boxes and links on layers, in two steps: first the order of everything (``sketch``), then, when the sizes
are known, the positions (``place``). A group's size is known only after its inside is drawn, and its inside wants to know
the order around it: hence two steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from . import memory, newspaper
from .arrays import Floats, Ints
from .columns import Pulls, columns, rows
from .heights import Point, Shape, bands, routes, skyline
from .layers import Layering, Links, assign_layers, insert_bends, layers_from_below
from .making_room import inserted, shifts
from .order import Ordering

THIN = 12.0  # px between bends
# how much it matters that a segment is straight: between boxes, between a box and a bend, between bends
WEIGHTS = np.array([2.0, 1.0, 8.0])
# ... in a drawing without groups: what leads past layers is straight from box to box, and what it passes stands beside it
ALONE = np.array([2.0, 8.0, 8.0])
CHAIN = 6.0  # the same for a segment that is the only one at both of its ends: chains are straight, forks bend
SPINE = 3.0  # the same for where the flow enters and where it leaves a group: a row of groups must not wander sideways


@dataclass(frozen=True, slots=True)
class Sketch:
    """Boxes on their layers and in their order; ``at`` holds the vertices by (layer, place), ``index`` the place of each."""

    links: Links
    layering: Layering
    rank: Ints
    top: Ints
    bottom: Ints
    at: Ints
    index: Ints
    crossings: int
    before: Floats | None = None  # where the vertices stood, NaN for what is new; None for a drawing of its own

    @property
    def spine(self) -> tuple[int, int] | None:
        """The boxes in the middle of the top and the bottom, where the flow enters and leaves; None if it does not do both."""
        if not len(self.top) or not len(self.bottom):
            return None
        ends = [ends[np.argsort(self.index[ends])][(len(ends) - 1) // 2] for ends in (self.top, self.bottom)]
        return int(ends[0]), int(ends[1])


@dataclass(frozen=True, slots=True)
class Boxes:
    """What is drawn: extents to the left and right of each box's x, heights, and the gap that each keeps to its neighbours."""

    left: Floats
    right: Floats
    height: Floats
    gap: Floats


@dataclass(frozen=True, slots=True)
class Drawing:
    """x and upper edge of each box, the corners of each link, and the bounds (left, top, right, bottom). ``begun``: width and
    height before boxes grew; ``begun_x`` the x of all vertices then, bends behind the boxes."""

    x: Floats
    top: Floats
    routes: list[list[Point]]
    bounds: tuple[float, float, float, float]
    begun: tuple[float, float] = (0.0, 0.0)
    begun_x: Floats = field(default_factory=lambda: np.zeros(1))


FIRST_ROUNDS = 2  # are enough for what can be drawn without crossings, as most models can


def _rounds(vertices: int) -> int:
    return 24 if vertices < 1_000 else 12 if vertices < 8_000 else 8 if vertices < 40_000 else 4


def bend_budget(boxes: int) -> int:
    """How many bends a drawing may have; the longest links beyond that are led around it."""
    return 20_000 + 30 * boxes


def sketch(
    count: int,
    links: Links,
    top: Ints,
    bottom: Ints,
    rank: Ints,
    names: list[memory.Key] | None = None,
    before: Mapping[memory.Key, float] | None = None,
) -> Sketch:
    """Layers and order. ``top`` boxes stand alone on the first layer, ``bottom`` boxes on the last; ``rank`` orders the
    boxes of these two layers (equal: as you like). ``before``: where boxes of these ``names``, and bends, stood; they keep their
    order in each layer, and their layers."""
    layered = assign_layers if before is None else layers_from_below
    layer = layered(count, links.tail, links.head, top, bottom)
    layering = insert_bends(count, layer, links, bend_budget(count))
    vertices = len(layering.layer)
    ranks = np.zeros(vertices, dtype=np.int64)
    ranks[:count] = rank
    ordering = Ordering(layering.layer, layering.tail, layering.head, ranks)
    if before and names is not None:
        place = memory.known(layering, links, names, before)
        if not np.isnan(place[:count]).all():
            at = ordering.from_places(memory.settled(layering, place))
            index, crossings = ordering.places(at), ordering.crossings(at)
            return Sketch(links, layering, ranks, top, bottom, ordering.number[at], index, crossings, place)
    starts = [ordering.depth_first(downwards=True)]
    at, crossings = ordering.improve(starts[0], FIRST_ROUNDS)
    if crossings:
        starts.append(ordering.depth_first(downwards=False))
        if vertices > 2_000:
            starts = [min(starts, key=ordering.crossings)]
        at, crossings = min((ordering.improve(start, _rounds(vertices)) for start in starts), key=lambda found: found[1])
    return Sketch(links, layering, ranks, top, bottom, ordering.number[at], ordering.places(at), crossings)


def reorder(drawn: Sketch, tail_shift: Floats, head_shift: Floats) -> Sketch:
    """The same layers, the order improved for links that leave and arrive at known places of their boxes (-0.5 to 0.5)."""
    layering = drawn.layering
    from_tail, from_head = (
        np.where(link >= 0, shift[np.maximum(link, 0)], 0.0)
        for link, shift in ((layering.tail_link, tail_shift), (layering.head_link, head_shift))
    )
    ordering = Ordering(layering.layer, layering.tail, layering.head, drawn.rank, from_tail, from_head)
    at, crossings = ordering.improve(ordering.from_places(drawn.index.astype(np.float64)), _rounds(len(layering.layer)))
    return replace(drawn, at=ordering.number[at], index=ordering.places(at), crossings=crossings)


def place(
    drawn: Sketch,
    boxes: Boxes,
    tail_offset: Floats,
    head_offset: Floats,
    gap: float,
    grown_from: Boxes | None = None,
    long: float = 0.0,
    alone: bool = False,
) -> Drawing:
    """Positions for a sketch. The offsets say where a link leaves its tail and meets its head, in px right of their x;
    ``gap`` is the least distance between layers. ``grown_from``: the drawing is the one of these smaller boxes, which made
    room (``making_room``); and where it is
    higher than ``long`` px (0: never) it is cut into columns (``newspaper``). ``alone``: there are no groups, in it or around it."""
    layering = drawn.layering
    bends = len(layering.layer) - layering.boxes
    nothing = np.zeros(bends)
    shape = Shape(*(np.r_[part, nothing] for part in (boxes.left, boxes.right, boxes.height)))
    leave, arrive = (
        np.where(link >= 0, offset[np.maximum(link, 0)], 0.0)
        for link, offset in ((layering.tail_link, tail_offset), (layering.head_link, head_offset))
    )
    bend = np.r_[np.zeros(layering.boxes, dtype=np.int64), np.ones(bends, dtype=np.int64)]
    weight = (ALONE if alone else WEIGHTS)[bend[layering.tail] + bend[layering.head]]
    single = (np.bincount(layering.tail)[layering.tail] == 1) & (np.bincount(layering.head)[layering.head] == 1)
    weight = np.where(single, np.maximum(weight, CHAIN), weight)
    pulls = Pulls(layering.tail, layering.head, leave - arrive if grown_from is None else np.zeros(len(leave)), weight)
    if drawn.spine is not None:
        pulls = pulls.with_one_more(*drawn.spine, SPINE)
    begun, begun_x = (0.0, 0.0), None
    after = np.zeros(0, dtype=np.int64)
    gaps = np.r_[boxes.gap, np.full(bends, THIN)]
    if grown_from is None:
        x = columns(rows(drawn.at, layering.layer, shape.left, shape.right, gaps), pulls)
        if alone:  # no links between places on boxes: what is straight to 0.0001 px becomes straight to the last digit
            x = np.round(x, 4)
    else:
        left, right = np.r_[grown_from.left, nothing], np.r_[grown_from.right, nothing]
        row = rows(drawn.at, layering.layer, left, right, gaps)
        if drawn.before is None:
            x = columns(row, pulls)
        else:
            x = inserted(row, layering.layer, memory.settled(layering, drawn.before), np.isnan(drawn.before))
        small = Shape(left, right, np.r_[grown_from.height, nothing])
        tops = bands(layering, small, x[layering.tail], x[layering.head], gap).top
        low, begun_x = tops + small.height, x
        begun = (float((x + right).max() - (x - left).min()), float(low.max()))
        if long:
            after = newspaper.cuts(layering, small, tops, begun[0], long)
        x = x + shifts(drawn.at, layering.layer, x, shape.left - left, shape.right - right)
    from_x, to_x = x[layering.tail] + leave, x[layering.head] + arrive
    to_x = np.where(np.abs(from_x - to_x) < 1e-6, from_x, to_x)
    solid = boxes.height[boxes.left + boxes.right > 0]
    uneven = len(solid) > 0 and float(np.ptp(solid)) > gap
    if uneven and grown_from is None and not layering.around.any():
        heights = skyline(layering, drawn.at, shape, x, from_x, to_x, gap, drawn.bottom)
    else:
        heights = bands(layering, shape, from_x, to_x, gap)
    detours: dict[int, list[Point]] = {}
    lowest = 0.0
    if len(after):
        folded = newspaper.fold(layering, shape, x, from_x, to_x, heights, after)
        x, from_x, to_x, heights = folded.x, folded.from_x, folded.to_x, folded.heights
        detours, lowest = folded.detours, folded.lowest
    paths = routes(layering, x, from_x, to_x, shape, heights, detours)
    right = float((x + shape.right).max())
    if layering.around.any():
        right = _lead_around(drawn, paths, right, x, heights.top, shape, tail_offset, head_offset, gap)
    bounds = (float((x - shape.left).min()), 0.0, right, max(lowest, float((heights.top + shape.height).max())))
    return Drawing(x[: layering.boxes], heights.top[: layering.boxes], paths, bounds, begun, x if begun_x is None else begun_x)


def _lead_around(
    drawn: Sketch,
    paths: list[list[Point]],
    right: float,
    x: Floats,
    top: Floats,
    shape: Shape,
    tail_offset: Floats,
    head_offset: Floats,
    gap: float,
) -> float:
    """Fills in the paths of the links that have no bends: out below the tail's band, down a lane at the right, back in above
    the head's band. Links with the same tail place or head place share a lane. Returns the new right border."""
    layering, links = drawn.layering, drawn.links
    around = np.flatnonzero(layering.around)
    below, above = np.full(layering.layers, -np.inf), np.full(layering.layers, np.inf)
    np.maximum.at(below, layering.layer, top + shape.height)
    np.minimum.at(above, layering.layer, top)
    owners = min((links.tail_place[around], links.head_place[around]), key=lambda places: len(np.unique(places)))
    lanes, lane = np.unique(owners, return_inverse=True)
    for link, number in zip(around.tolist(), lane.tolist(), strict=True):
        tail, head = int(links.tail[link]), int(links.head[link])
        start, end = float(x[tail] + tail_offset[link]), float(x[head] + head_offset[link])
        out, back = float(below[layering.layer[tail]]) + gap / 3, float(above[layering.layer[head]]) - gap / 3
        side = right + THIN * (number + 1)
        begin, finish = (start, float(top[tail] + shape.height[tail])), (end, float(top[head]))
        paths[link] = [begin, (start, out), (side, out), (side, back), (end, back), finish]
    return right + THIN * (len(lanes) + 1)
