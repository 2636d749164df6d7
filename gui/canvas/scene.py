"""A graph as arrays for the painter: boxes with places and styles, edges cut into segments, groups.

``arrange`` goes the whole way: it measures, docks the leaves (``plan.py``), asks a layout for places, and builds the arrays
(``routes.py`` cuts the edges). All of it is pure data in, pure data out, so that it may run in a worker process.
"""

from __future__ import annotations

import gc
import inspect
from array import array
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Protocol

import networkx as nx
import numpy as np
import numpy.typing as npt

from . import routes as paths
from .index import BoxIndex
from .plan import CHIP_GAP, CHIP_HEIGHT, DOCK_GAP, Measure, Plan, Room, Style, plan
from .routes import ARROW, Flags, Floats, Ints, Segments

Key = Hashable
Rect = tuple[float, float, float, float]  # left, top, width, height
Memory = Mapping[Key, Mapping[Key, float]]

BACKWARD = "node"  # the kind of keys of backward nodes
GRADIENT, DATA, LINK = range(3)  # kinds of edges
_KINDS = {"gradient": GRADIENT, "data": DATA, "link": LINK}
_GROUP_SIDE, _GROUP_TOP, _GROUP_BOTTOM = 16.0, 32.0, 16.0


class LayoutFunction(Protocol):
    """What ``gradstep.plugins.layouts`` offers: the arguments are those of ``Plan``, of which a layout may leave ``groups`` and
    ``docked`` out; the answer is a mapping of centres, or an
    object with ``positions``, ``groups`` (rectangles) and ``edges`` (corners, between which an edge may be drawn as a curve)."""

    def __call__(
        self,
        graph: nx.DiGraph,
        sizes: Mapping[Key, tuple[float, float]],
        /,
        *,
        groups: Mapping[Key, tuple[Key, ...]],
        docked: Mapping[Key, Key],
    ) -> Any: ...


@dataclass(frozen=True, slots=True)
class Layout:
    """What a layout answered. ``groups`` is None where it knows nothing of groups; then they are drawn around what they hold."""

    positions: Mapping[Key, tuple[float, float]]
    groups: Mapping[Key, Rect] | None = None
    edges: Mapping[tuple[Key, Key], Sequence[tuple[float, float]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Groups:
    """Boxes of module calls, outer ones first. ``rows`` are left, top, width, height."""

    calls: tuple[Key, ...]
    rows: Floats
    depth: Ints
    titles: tuple[str, ...]
    counts: Ints


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that the painter needs, in world px (scale 1), y down. A node may have several boxes (a shared leaf)."""

    keys: tuple[Key, ...]
    number: dict[Key, int]  # key -> node
    styles: tuple[Style, ...]
    x: Floats  # centres of boxes
    y: Floats
    width: Floats
    height: Floats
    node: Ints  # box -> node
    style: Ints  # box -> style
    hooks: Ints  # node -> number of hooks
    forward: Flags  # node: an op, a parameter or an input of the forward pass
    folded: Flags  # node: a folded group
    source: Ints  # edge -> node
    target: Ints
    kind: npt.NDArray[np.uint8]  # edge -> GRADIENT, DATA, LINK
    docked: Flags  # edge: the short line to a chip
    edge_number: dict[tuple[Key, Key], int]
    fine: Segments
    coarse: Segments
    upright: Flags  # edge: one straight line from top to bottom
    arrows: Floats  # edge -> x, y of the tip of its arrow head (NaN where there is none), and 1 down or -1 up
    groups: Groups
    bounds: Rect
    shown: Ints  # by id of a backward node, the node that shows it, -1 for none
    flipped: bool = False
    inside: dict[str, Ints] = field(default_factory=dict)  # kind of key -> by id, the node that shows it, -1 for none
    memory: Memory = field(default_factory=dict)  # what the layout wants to be told when the graph has grown

    def node_of(self, key: Key) -> int:
        """The node that shows a key: itself, or the folded group that holds it; -1 where the graph has neither."""
        found = self.number.get(key)
        if found is None and self.inside and isinstance(key, tuple) and len(key) == 2:
            table = self.inside.get(key[0])
            found = int(table[key[1]]) if table is not None and isinstance(key[1], int) and 0 <= key[1] < len(table) else None
        return -1 if found is None else found

    def nodes_of(self, keys: Iterable[Key]) -> Ints:
        """The nodes that show these keys, each once; a hundred thousand keys that are folded away take some milliseconds."""
        found: list[int] = []
        ids: dict[str, list[int]] = {}
        for key in keys:
            node = self.number.get(key)
            if node is not None:
                found.append(node)
            elif isinstance(key, tuple) and len(key) == 2 and key[0] in self.inside and isinstance(key[1], int):
                ids.setdefault(key[0], []).append(key[1])
        nodes = [np.array(found, np.int64)]
        for kind, numbers in ids.items():
            table, wanted = self.inside[kind], np.array(numbers, np.int64)
            shown = table[wanted[(wanted >= 0) & (wanted < len(table))]]
            nodes.append(shown[shown >= 0])
        return np.unique(np.concatenate(nodes))

    def place_of(self, key: Key | None) -> tuple[float, float]:
        """The middle of the first box that shows a key. Raises KeyError where none does."""
        node = -1 if key is None else self.node_of(key)
        if node < 0:
            raise KeyError(key)
        box = int(np.argmax(self.node == node))
        return float(self.x[box]), float(self.y[box])

    def turned(self) -> Scene:
        """The same scene upside down: what was at the top is at the bottom."""

        def mirrored(segments: Segments) -> Segments:
            return Segments(segments.rows * np.array([1.0, -1.0, 1.0, -1.0]), segments.edge)

        rows = self.groups.rows.copy()
        rows[:, 1] = -(rows[:, 1] + rows[:, 3])
        left, top, width, height = self.bounds
        return replace(
            self,
            y=-self.y,
            fine=mirrored(self.fine),
            coarse=mirrored(self.coarse),
            arrows=self.arrows * np.array([1.0, -1.0, -1.0]),
            groups=replace(self.groups, rows=rows),
            bounds=(left, -(top + height), width, height),
            flipped=not self.flipped,
        )


def folded_name(key: Key | None) -> Key | None:
    """The name of the folded group that a key stands for, None for every other node."""
    return key[1] if isinstance(key, tuple) and len(key) == 2 and key[0] == "group" else None


def arrange(graph: nx.DiGraph, measure: Measure, layout: LayoutFunction, before: Memory | None = None) -> Scene:
    """From a graph to a scene. ``before``: the ``memory`` of a scene of the same graph when it was smaller, or unfolded otherwise, for
    a layout that keeps the order of what is drawn; an empty one to begin with. Raises ValueError where a layout left nodes out, and what
    the layout raises."""
    collecting = gc.isenabled()
    gc.disable()  # the collector would walk the whole graph again and again, for a third of the time, and find nothing
    try:
        planned = plan(graph, measure)
        answer = _asked(planned, layout, before)
        if isinstance(answer, Mapping) and (missing := [key for key in planned.boxes if key not in answer]):
            raise ValueError(f"it gave no place for {len(missing):,} of {len(planned.boxes):,} nodes, the first of them {missing[0]}")
        memory = getattr(answer, "memory", {})
        builder = _Builder(graph, replace(planned, graph=nx.DiGraph()), as_layout(answer))
        del answer, planned  # the builder gives up what it has read: a copy of the graph, a list for each edge
        return replace(builder.scene(), memory=memory)
    finally:
        if collecting:
            gc.enable()


def _asked(planned: Plan, layout: LayoutFunction, before: Memory | None) -> Any:
    """The layout's answer. A layout that knows nothing of docked boxes gets boxes wide enough for their chips on both sides."""
    known = inspect.signature(layout).parameters
    everything = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in known.values())
    options: dict[str, Any] = {"groups": planned.groups, "docked": planned.docked}
    if planned.folded:
        options |= {"folded": planned.folded, "closed": planned.closed, "columns": True}
    if before is not None:
        options["before"] = before
    options = {name: value for name, value in options.items() if everything or name in known}
    if "docked" in options:
        return layout(planned.graph, planned.sizes, **options)
    sizes = {}
    for key in planned.boxes:
        (width, height), (room, tall) = planned.sizes[key], planned.sizes.get(Room(key), (-DOCK_GAP, 0.0))
        sizes[key] = (width + 2 * (DOCK_GAP + room), max(height, tall))
    return layout(planned.graph.subgraph(sizes), sizes, **options)


def as_layout(answer: Any) -> Layout:
    """A layout's answer, whatever its form, as a Layout."""
    if isinstance(answer, Layout):
        return answer
    if isinstance(answer, Mapping):
        return Layout(answer)
    return Layout(answer.positions, answer.groups, answer.edges)


def as_scene(graph: nx.DiGraph, layout: Any, measure: Measure) -> Scene:
    """A scene from whatever lays a graph out: a function, centres, an answer of a layout, or a scene that was made already."""
    if isinstance(layout, Scene):
        return layout
    return arrange(graph, measure, layout) if callable(layout) else build(graph, plan(graph, measure), as_layout(layout))


def build(graph: nx.DiGraph, planned: Plan, layout: Layout) -> Scene:
    """The arrays. Raises KeyError for a node of the plan without a position."""
    builder = _Builder(graph, planned, layout)
    return builder.scene()


class _Builder:
    """Holds what the steps of building one scene share."""

    def __init__(self, graph: nx.DiGraph, planned: Plan, layout: Layout) -> None:
        self.graph, self.plan, self.layout = graph, planned, layout
        self.keys: tuple[Key, ...] = tuple(graph)
        self.number = {key: number for number, key in enumerate(self.keys)}
        self.styles: dict[Style, int] = {}
        self.rows: list[tuple[float, float, float, float, int, int]] = []  # x, y, width, height, node, style
        self.first_box: dict[Key, int] = {}
        self.chip_box: dict[tuple[Key, Key], tuple[int, Key | None]] = {}  # (host, chip) -> box, what precedes it
        self.hosts: dict[Key, list[Key]] = {}  # chip -> hosts
        for key, style in planned.boxes.items():
            x, y = layout.positions[key]
            self._add(key, style, x, y)
        for host, chips in planned.chips.items():
            x, y = layout.positions[host]
            for chip in chips:
                self.chip_box[host, chip.key] = len(self.rows), chip.before
                self.hosts.setdefault(chip.key, []).append(host)
                self._add(chip.key, chip.style, x + chip.dx, y + chip.dy)

    def _add(self, key: Key, style: Style, x: float, y: float) -> None:
        self.first_box.setdefault(key, len(self.rows))
        self.rows.append((x, y, style.width, style.height, self.number[key], self.styles.setdefault(style, len(self.styles))))

    def scene(self) -> Scene:
        table = np.array(self.rows, np.float64).reshape(-1, 6)
        x, y, width, height = (np.ascontiguousarray(table[:, column]) for column in range(4))
        self.boxes = (x, y, width, height)
        groups = self._groups()
        edges = list(self.graph.edges)
        source = np.array([self.number[a] for a, _ in edges], np.int64)
        target = np.array([self.number[b] for _, b in edges], np.int64)
        kind = np.array([_KINDS.get(str(k), GRADIENT) for _, _, k in self.graph.edges(data="kind")], np.uint8)
        fine, coarse, docked, arrows = self._paths(edges, kind)
        span = np.bincount(fine.edge, minlength=len(edges))
        upright = np.zeros(len(edges), np.bool_)
        upright[fine.edge] = (span[fine.edge] == 1) & (np.abs(fine.rows[:, 0] - fine.rows[:, 2]) < 0.75)
        return Scene(
            self.keys, self.number, tuple(self.styles), x, y, width, height, table[:, 4].astype(np.int64), table[:, 5].astype(np.int64),
            np.array([int(data.get("hooks") or 0) for _, data in self.graph.nodes(data=True)], np.int64),
            np.array([self._is_forward(key, data) for key, data in self.graph.nodes(data=True)], np.bool_),
            np.array([folded_name(key) is not None for key in self.keys], np.bool_),
            source, target, kind, docked, dict(zip(edges, range(len(edges)), strict=True)),
            fine, coarse, upright, arrows, groups, self._bounds(groups, fine), self._shown(), False, self.graph.graph.get("inside", {}),
        )  # fmt: skip

    def _shown(self) -> Ints:
        inside = self.graph.graph.get("inside", {}).get(BACKWARD, np.zeros(0, np.int64))
        own = [(key[1], number) for number, key in enumerate(self.keys) if isinstance(key, tuple) and key[0] == BACKWARD]
        ids, numbers = np.array(own, np.int64).reshape(-1, 2).T
        shown = np.full(max(len(inside), int(ids.max(initial=0)) + 1), -1, np.int64)
        shown[: len(inside)] = inside
        shown[ids] = numbers
        return shown

    def _is_forward(self, key: Key, data: Mapping[str, Any]) -> bool:
        """Whether it ran in the forward pass: of a folded group, whether nothing in it is of the backward pass."""
        if data.get("kind") != "group":
            return data.get("kind") in ("op", "leaf", "input")
        backward = self.graph.graph.get("inside", {}).get(BACKWARD)
        return backward is None or not (backward == self.number[key]).any()

    def _bounds(self, groups: Groups, segments: Segments) -> Rect:
        x, y, width, height = self.boxes
        if not len(x):
            return (0.0, 0.0, 1.0, 1.0)
        r, s = groups.rows, segments.rows
        left = min([float((x - width / 2).min()), *r[:, 0].tolist(), *([float(s[:, [0, 2]].min())] if len(s) else [])])
        right = max([float((x + width / 2).max()), *(r[:, 0] + r[:, 2]).tolist(), *([float(s[:, [0, 2]].max())] if len(s) else [])])
        top = min([float((y - height / 2).min()), *r[:, 1].tolist(), *([float(s[:, [1, 3]].min())] if len(s) else [])])
        bottom = max([float((y + height / 2).max()), *(r[:, 1] + r[:, 3]).tolist(), *([float(s[:, [1, 3]].max())] if len(s) else [])])
        return (left, top, right - left, bottom - top)

    # ------------------------------------------------------------------------------------------------------------- edges

    def _paths(self, pairs: list[tuple[Key, Key]], kind: npt.NDArray[np.uint8]) -> tuple[Segments, Segments, Flags, Floats]:
        docked = np.zeros(len(pairs), np.bool_)
        arrows = np.full((len(pairs), 3), np.nan)
        stubs: list[list[tuple[float, float]]] = []
        stub_edges: list[int] = []
        routed = array("d")
        routed_edges: list[int] = []
        free: list[int] = []
        links: list[int] = []
        for number, (a, b) in enumerate(pairs):
            turned = self.plan.backwards and kind[number] == GRADIENT
            way = self.layout.edges.get((b, a) if turned else (a, b))
            if kind[number] == LINK:
                links.append(number)
            elif lines := self._dock_lines(a, b):
                docked[number] = True
                stubs += lines
                stub_edges += [number] * len(lines)
            elif way is not None and a in self.plan.boxes and b in self.plan.boxes:
                way_out = [*way[:-1], (way[-1][0], way[-1][1] - ARROW)] if not turned else [(way[0][0], way[0][1] + ARROW), *way[1:]]
                arrows[number] = (*way[0], -1.0) if turned else (*way[-1], 1.0)
                if any((q[1] - p[1] < 0.5 and abs(q[0] - p[0]) > 0.75) or q[1] < p[1] for p, q in pairwise(way)):  # along a lane, or up
                    stubs.append(list(way_out))
                    stub_edges.append(number)
                    continue
                for p, q in pairwise(way_out):
                    routed.extend((*p, *q))
                routed_edges += [number] * (len(way_out) - 1)
            elif a != b:
                free.append(number)
        self.layout = replace(self.layout, edges={})  # as much as all else that is held here
        hops, owner = self._free_hops(pairs, np.array(free, np.int64), arrows, kind)
        hops = np.concatenate([hops, np.array(routed, np.float64).reshape(-1, 4)])
        owner = np.concatenate([owner, np.array(routed_edges, np.int64)])
        straight, straight_edges = self._link_hops(pairs, links)
        points = np.array([point for line in stubs for point in line], np.float64).reshape(-1, 2)
        line_of = np.repeat(np.arange(len(stubs)), [len(line) for line in stubs])
        names = np.array(stub_edges, np.int64)

        def stub_segments(radius: float, pieces: int) -> Segments:
            cut = paths.corners(points, line_of, radius, pieces)
            return Segments(cut.rows, names[cut.edge])

        fine = paths.joined([paths.curves(hops, owner, 12), stub_segments(5.0, 4), paths.dots(straight, straight_edges)])
        coarse = paths.joined([paths.curves(hops, owner, 3), stub_segments(0.0, 0), Segments(straight, straight_edges)])
        return fine, coarse, docked, arrows

    def _free_hops(self, pairs: list[tuple[Key, Key]], free: Ints, arrows: Floats, kind: npt.NDArray[np.uint8]) -> tuple[Floats, Ints]:
        """Ways of our own for edges that the layout gave none for."""
        if not len(free):
            return np.zeros((0, 4)), free
        x, y, width, height = self.boxes
        up = self.plan.backwards & (kind[free] == GRADIENT)
        a = np.array([self.first_box[pairs[number][0]] for number in free.tolist()], np.int64)
        b = np.array([self.first_box[pairs[number][1]] for number in free.tolist()], np.int64)
        a, b = np.where(up, b, a), np.where(up, a, b)  # now a is the upper one
        x1 = paths.ports(x[a], width[a] / 2, x[b])
        x2 = paths.ports(x[b], width[b] / 2, x1)
        x1 = paths.ports(x[a], width[a] / 2, x2)
        top, bottom = y[a] + height[a] / 2, y[b] - height[b] / 2
        arrows[free] = np.stack([np.where(up, x1, x2), np.where(up, top, bottom), np.where(up, -1.0, 1.0)], axis=1)
        hops = np.stack([x1, top + np.where(up, ARROW, 0.0), x2, bottom - np.where(up, 0.0, ARROW)], axis=1)
        hops, owner = paths.lanes(hops, a, BoxIndex(x - width / 2, y - height / 2, x + width / 2, y + height / 2))
        return hops, free[owner]

    def _link_hops(self, pairs: list[tuple[Key, Key]], links: list[int]) -> tuple[Floats, Ints]:
        x, y, width, height = self.boxes
        a = np.array([self.first_box[pairs[number][0]] for number in links], np.int64)
        b = np.array([self.first_box[pairs[number][1]] for number in links], np.int64)
        if not len(a):
            return np.zeros((0, 4)), a
        side = np.sign(x[b] - x[a])
        beside = np.abs(x[b] - x[a]) > (width[a] + width[b]) / 2
        down = np.sign(y[b] - y[a])
        hops = np.stack(
            [
                x[a] + np.where(beside, side * width[a] / 2, 0.0),
                y[a] + np.where(beside, 0.0, down * height[a] / 2),
                x[b] - np.where(beside, side * width[b] / 2, 0.0),
                y[b] - np.where(beside, 0.0, down * height[b] / 2),
            ],
            axis=1,
        )
        ends = np.stack([y[a] - height[a] / 2, y[a] + height[a] / 2, y[b] - height[b] / 2, y[b] + height[b] / 2], axis=1)
        around, owner = paths.brackets(hops, ends, BoxIndex(x - width / 2, y - height / 2, x + width / 2, y + height / 2))
        return around, np.array(links, np.int64)[owner]

    def _dock_lines(self, a: Key, b: Key) -> list[list[tuple[float, float]]]:
        """The lines between a host and a chip of it, or between two chips of one host; none for every other pair."""
        lines: list[list[tuple[float, float]]] = []
        for chip, other in ((b, a), (a, b)):
            for host in self.hosts.get(chip, ()):
                box, before = self.chip_box[host, chip]
                if (before if before is not None else host) != other:
                    continue
                x, y, width, _, _, _ = self.rows[box]
                left = x - width / 2
                if before is not None:
                    bx, by, bw, _, _, _ = self.rows[self.chip_box[host, before][0]]
                    lines.append([(bx + bw / 2, by), (left, y)])
                    continue
                hx, hy, hw, _, _, _ = self.rows[self.first_box[host]]
                turn = hx + hw / 2 + 7
                line = [(hx + hw / 2, hy), (turn, hy)]
                if left > turn + 16:  # a further column: along the gap below the row, then up before the chip
                    line += [(turn, y + (CHIP_HEIGHT + CHIP_GAP) / 2), (left - 6, y + (CHIP_HEIGHT + CHIP_GAP) / 2), (left - 6, y)]
                else:
                    line += [(turn, y)]
                lines.append([*line, (left, y)])
            if lines:
                break
        return lines

    # ------------------------------------------------------------------------------------------------------------ groups

    def _groups(self) -> Groups:
        """The layout's rectangles, or ones around what the calls hold. Outer groups first."""
        depth: dict[Key, int] = {}
        members: dict[Key, list[Key]] = {}
        for key, calls in self.plan.groups.items():
            for level, call in enumerate(calls):
                depth.setdefault(call, level)
                members.setdefault(call, []).append(key)
        rects: dict[Key, Rect] = dict(self.layout.groups) if self.layout.groups is not None else {}
        if self.layout.groups is None:
            for call in sorted(depth, key=lambda call: -depth[call]):
                rects[call] = self._around(members[call], call, rects)
        calls = tuple(sorted((call for call in depth if call in rects), key=depth.__getitem__))
        return Groups(
            calls,
            np.array([rects[call] for call in calls], np.float64).reshape(-1, 4),
            np.array([depth[call] for call in calls], np.int64),
            tuple(self.plan.titles[call] for call in calls),
            np.array([self.plan.counts[call] for call in calls], np.int64),
        )

    def _around(self, members: list[Key], call: Key, rects: Mapping[Key, Rect]) -> Rect:
        edges: list[tuple[float, float, float, float]] = []
        for key in members:
            calls = self.plan.groups[key]
            if call != calls[-1]:
                left, top, wide, tall = rects[calls[calls.index(call) + 1]]
                edges.append((left, top, left + wide, top + tall))
                continue
            x, y = self.layout.positions[key]
            (width, height), (room, tall) = self.plan.sizes[key], self.plan.sizes.get(Room(key), (-DOCK_GAP, 0.0))
            tall = max(tall, height)
            edges.append((x - width / 2, y - tall / 2, x + width / 2 + DOCK_GAP + room, y + tall / 2))
        table = np.array(edges)
        left, top = float(table[:, 0].min()) - _GROUP_SIDE, float(table[:, 1].min()) - _GROUP_TOP
        return (left, top, float(table[:, 2].max()) + _GROUP_SIDE - left, float(table[:, 3].max()) + _GROUP_BOTTOM - top)
