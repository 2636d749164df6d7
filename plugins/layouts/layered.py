"""The default layout: layers along the flow, boxes of their true size, groups nested, no edge through a box.

``layered`` is spelled as networkx' own layouts are and returns positions; ``layered_layout`` returns also the rectangles of
the groups and the corners of the edges. Both are pure functions of plain data: the same arguments give the same picture,
also in another process.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

import networkx as nx
import numpy as np

from .arrays import Floats, Ints, links_of
from .docking import Docked, arrange
from .heights import Point
from .layers import find_cycle
from .lines import Lines, to_chips
from .memory import Memory
from .nested import Inside, Nest, Spacing
from .tree import Cuts, Tree, build_tree, cut_links, dissolve_cycles

Direction = Literal["down", "up", "right", "left"]
Key = Hashable
Rect = tuple[float, float, float, float]

LAYER_GAP = 34.0  # px between layers
NODE_GAP = 26.0  # px between boxes in a layer
GROUP_PAD = 18.0  # px between a group's border and what is in it
GROUP_TITLE = 26.0  # px more at a group's upper edge, where its name stands


@dataclass(frozen=True, slots=True)
class Layout:
    """A drawing, in px, y downwards, from (0, 0) to ``size``.

    ``positions``: the centre of each box. ``groups``: (x, y, width, height) of each group that is drawn, x and y the upper
    left corner; outer groups come before inner ones. ``edges``: the corners of each edge from the border of its source to
    the border of its target; between two corners it may be drawn straight, or as a curve that stays in their rectangle,
    without touching a box. Edges from or to a docked box that is not docked at their other end have no corners and are not
    in ``edges``. ``memory`` is what a later drawing needs to keep the order (see ``layered_layout``).
    """

    positions: dict[Key, Point] = field(default_factory=dict)
    groups: dict[Key, Rect] = field(default_factory=dict)
    edges: dict[tuple[Key, Key], list[Point]] = field(default_factory=dict)
    size: tuple[float, float] = (0.0, 0.0)
    memory: Mapping[Key, Mapping[Key, float]] = field(default_factory=dict)


def layered(
    graph: nx.DiGraph,
    sizes: Mapping[Key, tuple[float, float]],
    *,
    groups: Mapping[Key, tuple[Key, ...]] | None = None,
    docked: Mapping[Key, Key] | None = None,
    layer_gap: float = LAYER_GAP,
    node_gap: float = NODE_GAP,
    direction: Direction = "down",
) -> dict[Key, Point]:
    """The centre (x, y) of each box; arguments and errors are those of ``layered_layout``."""
    options = {"groups": groups, "docked": docked, "layer_gap": layer_gap, "node_gap": node_gap}
    return layered_layout(graph, sizes, direction=direction, **options).positions  # type: ignore[arg-type]


def layered_layout(
    graph: nx.DiGraph,
    sizes: Mapping[Key, tuple[float, float]],
    *,
    groups: Mapping[Key, tuple[Key, ...]] | None = None,
    docked: Mapping[Key, Key] | None = None,
    layer_gap: float = LAYER_GAP,
    node_gap: float = NODE_GAP,
    direction: Direction = "down",
    folded: Mapping[Key, tuple[float, float]] | None = None,
    closed: Mapping[Key, Key] | None = None,
    columns: bool = False,
    before: Memory | None = None,
) -> Layout:
    """Lays out an acyclic graph so that every edge points in ``direction``.

    ``sizes``: (width, height) of each box. ``groups``: for each node the ids of the groups around it, outermost first; a
    group that depends on itself through nodes outside of it cannot be drawn as one box and is left out. ``docked``: boxes
    that stand at the side of another one instead of on a layer ({chip: host}, see ``docking.dock``); a chip belongs to
    the groups of its host. ``folded``: (width, height) of each group when it is folded, and ``closed``: the nodes that stand
    for folded groups, {node: group}, each of the size that ``folded`` says. With these the drawing is steady: opening and
    folding a group moves the rest by rigid shifts and changes no order, if the nodes come in the same order. ``columns``: a steady drawing
    cuts long sequences into columns side by side; the edges between them go up again. ``before``: the
    ``memory`` of a drawing of the same graph when it was smaller (an empty one to begin with): what stood side by side in a layer keeps
    its order, as long as it is connected. ``layer_gap`` and
    ``node_gap``: least distances along and across the flow.

    Raises ValueError if the graph has a cycle (and names one), if a size is missing or not a positive number, if a group
    stands inside two different groups, or if boxes dock in a circle.
    """
    if not graph.is_directed():
        raise ValueError("layered: the graph is undirected; a layered layout needs a direction for each edge (networkx.DiGraph)")
    if direction not in ("down", "up", "right", "left"):
        raise ValueError(f"layered: direction is {direction!r}; it can be 'down', 'up', 'right' or 'left'")
    keys: list[Key] = list(graph)
    if not keys:
        return Layout()
    number = {key: k for k, key in enumerate(keys)}
    tail, head = links_of(graph, number)
    _refuse_cycle(keys, tail, head)
    upright = direction in ("down", "up")
    width, height = _measures(keys, sizes, upright)
    host = _hosts(number, docked or {})
    chips = arrange(width, height, host)
    main = np.flatnonzero(host < 0)
    place_of = np.full(len(keys), -1, dtype=np.int64)
    place_of[main] = np.arange(len(main))
    routed = np.flatnonzero((host[tail] < 0) & (host[head] < 0))
    shut = closed or {}
    standing = [keys[k] for k in main.tolist()]
    tree = build_tree(
        [(*(groups or {}).get(key, ()), shut[key]) if key in shut else groups.get(key, ()) if groups else () for key in standing]
    )
    main_tail, main_head = place_of[tail[routed]], place_of[head[routed]]
    tree = dissolve_cycles(tree, main_tail, main_head)
    cuts = cut_links(tree, main_tail, main_head, by_box=folded is not None)
    spacing = _spacing(direction, layer_gap, node_gap)
    half = width[main] / 2
    small = None if folded is None else _folded_sizes(tree, folded, upright)
    flat = set(shut.values())
    is_shut = np.array([name in flat for name in tree.names], dtype=np.bool_)
    names = (standing, tree.names) if before is not None else None
    nest = Nest(tree, cuts, half, half + chips.room[main], chips.height[main], spacing, small, is_shut, columns, names, before)
    drawn = nest.draw()
    frame = _Frame(tree, drawn)
    centre = _centres(frame, main, len(keys), host, chips)
    upper, lower = centre[main, 1] - height[main] / 2, centre[main, 1] + height[main] / 2
    routes = frame.edges(cuts).between(lower[main_tail], upper[main_head])
    docking = np.flatnonzero((host[tail] == head) | (host[head] == tail))
    chip_tail, chip_head = tail[docking], head[docking]
    stubs = to_chips(centre, width, chip_tail, chip_head, host[chip_head] == chip_tail)
    turn = _Turn(direction, drawn.left + drawn.right, drawn.height)
    lines = turn.lines(Lines.all_of((routes, stubs)))
    tails, heads = (map(keys.__getitem__, np.r_[ends[routed], ends[docking]].tolist()) for ends in (tail, head))
    return Layout(
        positions=dict(zip(keys, turn.points(centre), strict=True)),
        groups={name: rect for name, rect in zip(tree.names[1:], turn.rects(frame.rects()[1:]), strict=True) if name not in flat},
        edges=dict(zip(zip(tails, heads, strict=True), lines.points(), strict=True)),
        size=turn.size,
        memory={**(before or {}), **nest.memory},
    )


# ---------------------------------------------------------------------------------------------------------- arguments


def _refuse_cycle(keys: Sequence[Key], tail: Ints, head: Ints) -> None:
    cycle = find_cycle(len(keys), tail, head)
    if cycle:
        shown = [repr(keys[k]) for k in cycle[:8]] + (["..."] if len(cycle) > 8 else []) + [repr(keys[cycle[0]])]
        raise ValueError(f"layered: the graph has a cycle of {len(cycle)} nodes: {' -> '.join(shown)}; only acyclic graphs have layers")


def _measures(keys: Sequence[Key], sizes: Mapping[Key, tuple[float, float]], upright: bool) -> tuple[Floats, Floats]:
    """Extents of the boxes across and along the flow."""
    missing = [key for key in keys if key not in sizes]
    if missing:
        raise ValueError(f"layered: sizes has no entry for {missing[0]!r} and {len(missing) - 1} other nodes")
    table = np.fromiter(chain.from_iterable(map(sizes.__getitem__, keys)), np.float64).reshape(-1, 2)
    wrong = np.flatnonzero(~(np.isfinite(table) & (table > 0)).all(axis=1))
    if len(wrong):
        key = keys[int(wrong[0])]
        raise ValueError(f"layered: the size of {key!r} is {sizes[key]}; width and height must be positive numbers")
    return (table[:, 0], table[:, 1]) if upright else (table[:, 1], table[:, 0])


def _hosts(number: Mapping[Key, int], docked: Mapping[Key, Key]) -> Ints:
    host = np.full(len(number), -1, dtype=np.int64)
    for chip, box in docked.items():
        if chip in number:
            if box not in number:
                raise ValueError(f"docked: {chip!r} docks at {box!r}, which is not in the graph")
            host[number[chip]] = number[box]
    return host


def _folded_sizes(tree: Tree, folded: Mapping[Key, tuple[float, float]], upright: bool) -> Floats:
    missing = [name for name in tree.names[1:] if name not in folded]
    if missing:
        raise ValueError(f"layered: folded has no size for the group {missing[0]!r}")
    table = np.array([(1.0, 1.0), *(folded[name] for name in tree.names[1:])], dtype=np.float64)
    return table if upright else table[:, ::-1]


def _spacing(direction: Direction, layer_gap: float, node_gap: float) -> Spacing:
    """A group's title stands at its upper edge, whichever way the flow goes."""
    title, pad = GROUP_TITLE + GROUP_PAD / 2, GROUP_PAD
    enter = title if direction == "down" else pad
    leave = title if direction == "up" else pad
    left = title if direction in ("right", "left") else pad
    return Spacing(layer_gap, node_gap, enter, leave, left, pad)


# ------------------------------------------------------------------------------------------------------------ results


class _Frame:
    """Where every group stands in the whole drawing, and what follows from that. The flow goes down."""

    def __init__(self, tree: Tree, root: Inside) -> None:
        self._tree = tree
        self.inside = [root] * len(tree)
        self.x, self.y = [root.left] * len(tree), [0.0] * len(tree)
        children: list[list[int]] = [[] for _ in range(len(tree))]
        for group, parent in enumerate(tree.parent.tolist()):
            if group:
                children[parent].append(group)
        for group, inner in enumerate(children):  # parents have smaller numbers: they stand already
            outer = self.inside[group]
            xs, ys = outer.child_x.tolist(), outer.child_y.tolist()
            for k, child in enumerate(inner):
                self.inside[child] = outer.children[k]
                self.x[child], self.y[child] = self.x[group] + xs[k], self.y[group] + ys[k]

    def nodes(self) -> Floats:
        """The axis (x) and the middle (y) of each node."""
        order = np.argsort(self._tree.owner, kind="stable")
        x = np.concatenate([inside.node_x + x for inside, x in zip(self.inside, self.x, strict=True)])
        y = np.concatenate([inside.node_y + y for inside, y in zip(self.inside, self.y, strict=True)])
        result = np.empty((len(order), 2))
        result[order, 0], result[order, 1] = x, y
        return result

    def rects(self) -> list[Rect]:
        return [
            (x - inside.left, y, inside.left + inside.right, inside.height)
            for inside, x, y in zip(self.inside, self.x, self.y, strict=True)
        ]

    def edges(self, cuts: Cuts) -> Lines:
        """The corners of each edge: those of its links, one after the other."""
        kinds: dict[int, int] = {}  # groups that look alike share their drawing
        kind = np.array([kinds.setdefault(id(inside), len(kinds)) for inside in self.inside])
        drawn = list({id(inside): inside for inside in self.inside}.values())
        pieces = Lines.all_of(Lines.of(inside.routes) for inside in drawn).without_idle()
        begin = np.cumsum([0, *(len(inside.routes) for inside in drawn)])
        first = np.searchsorted(cuts.inside, np.arange(len(self._tree)))
        group = cuts.inside[cuts.path_link]
        piece = begin[kind[group]] + cuts.path_link - first[group]
        x, y = np.array(self.x), np.array(self.y)
        return pieces.taken(piece).moved(x[group], y[group]).joined(cuts.path_start).without_idle()


def _centres(frame: _Frame, main: Ints, count: int, host: Ints, chips: Docked) -> Floats:
    """The centre of each box, chips at their hosts."""
    centre = np.zeros((count, 2))
    centre[main] = frame.nodes()
    placed = host < 0
    while not placed.all():  # chips of chips follow their hosts
        ready = np.flatnonzero(~placed & placed[host])
        centre[ready] = centre[host[ready]] + chips.offset[ready]
        placed[ready] = True
    return centre


class _Turn:
    """From a drawing whose flow goes down to one in another direction."""

    def __init__(self, direction: Direction, width: float, height: float) -> None:
        self._direction = direction
        self._height = height
        self.size = (width, height) if direction in ("down", "up") else (height, width)

    def points(self, centre: Floats) -> list[Point]:
        x, y = self._turned(centre[:, 0], centre[:, 1])
        return list(zip(x.tolist(), y.tolist(), strict=True))

    def lines(self, lines: Lines) -> Lines:
        return Lines(*self._turned(lines.x, lines.y), lines.start)

    def rects(self, rects: list[Rect]) -> list[Rect]:
        x, y, width, height = np.array(rects).reshape(-1, 4).T
        (x0, y0), (x1, y1) = self._turned(x, y), self._turned(x + width, y + height)
        sides = np.minimum(x0, x1), np.minimum(y0, y1), np.abs(x1 - x0), np.abs(y1 - y0)
        return list(zip(*(side.tolist() for side in sides), strict=True))

    def _turned(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        if self._direction == "down":
            return x, y
        if self._direction == "up":
            return x, self._height - y
        return (y, x) if self._direction == "right" else (self._height - y, x)
