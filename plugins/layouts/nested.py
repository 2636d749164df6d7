"""Drawings inside drawings: every group is laid out by itself, and equal groups only once.

A group is opened (its boxes get layers and an order), then the groups in it are drawn in the direction of flow, each told
in which order the links around it stand, so that its ports need not cross; when all are drawn, their sizes are known and
the group is closed (its boxes get positions). An explicit stack takes the place of recursion.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .arrays import Flags, Floats, Ints, connected, ints
from .flat import Boxes, Drawing, Sketch, place, reorder, sketch
from .heights import Point
from .layers import Links
from .memory import Key, Memory, Places, kept
from .newspaper import LONG, LONG_ROW, ROW
from .packing import Part, pack
from .tree import ROOT, Cuts, Tree, by_group

PORT_GAP = 10.0  # px between ports
FAR_RIGHT = 1e9  # where links that are led around a drawing reach a box


@dataclass(frozen=True, slots=True)
class Spacing:
    """Distances in px: between layers, between boxes in a layer, and from a group's border to what is in it (where the flow
    enters, where it leaves, to the left and to the right of it)."""

    layer: float
    node: float
    enter: float
    leave: float
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Inside:
    """A drawn group, relative to its axis (x) and its upper edge (y): extents, ports, centres of its nodes, axes and upper
    edges of the groups in it, and the corners of its links."""

    left: float
    right: float
    height: float
    port_x: Floats
    node_x: Floats
    node_y: Floats
    child_x: Floats
    child_y: Floats
    children: tuple[Inside, ...]
    routes: list[list[Point]]


@dataclass(slots=True)
class _Content:
    """What a group holds, in numbers of its own: nodes, then groups, then ports (in, then out); and the links between them, four rows:
    boxes and ports at their tails, boxes and ports at their heads. ``places``: where they leave and arrive, in numbers of the whole."""

    nodes: Ints
    groups: Ints
    ports_in: int
    ports_out: int
    links: Ints
    places: Ints

    @property
    def tail(self) -> Ints:
        row: Ints = self.links[0]
        return row

    @property
    def tail_port(self) -> Ints:
        row: Ints = self.links[1]
        return row

    @property
    def head(self) -> Ints:
        row: Ints = self.links[2]
        return row

    @property
    def head_port(self) -> Ints:
        row: Ints = self.links[3]
        return row

    @property
    def boxes(self) -> int:
        return len(self.nodes) + len(self.groups) + self.ports_in + self.ports_out


@dataclass(frozen=True, slots=True)
class _Ways:
    """What of an order is asked for link by link, as lists."""

    index: list[int]
    around: list[bool]
    first_bend: list[int]
    last_bend: list[int]

    @classmethod
    def of(cls, order: Sketch) -> _Ways:
        layering = order.layering
        return cls(order.index.tolist(), layering.around.tolist(), layering.first_bend.tolist(), layering.last_bend.tolist())


@dataclass(frozen=True, slots=True)
class _Ends:
    """What of the links is asked for link by link, as lists: part and number in it of each box, number in its part, ends and ports of
    each link, and the links that arrive at each group and that leave it."""

    part_of: list[int]
    number: list[int]
    link_number: list[int]
    tail: list[int]
    tail_port: list[int]
    head: list[int]
    head_port: list[int]
    arriving: dict[int, list[int]]
    leaving: dict[int, list[int]]

    @classmethod
    def of(cls, content: _Content, part_of: Ints, number: Ints, link_number: Ints) -> _Ends:
        first = len(content.nodes)
        groups = range(first, first + len(content.groups))
        tail, head = content.tail.tolist(), content.head.tolist()
        arriving: dict[int, list[int]] = {}
        leaving: dict[int, list[int]] = {}
        for ends, links in ((tail, leaving), (head, arriving)):
            for link, box in enumerate(ends):
                if box in groups:
                    links.setdefault(box - first, []).append(link)
        own = part_of.tolist(), number.tolist(), link_number.tolist()
        return cls(*own, tail, content.tail_port.tolist(), head, content.head_port.tolist(), arriving, leaving)


@dataclass(slots=True)
class _Open:
    """A group whose order is known and whose positions are not."""

    content: _Content
    key: object
    parts: list[tuple[Ints, Ints, Sketch | None]]  # boxes, links and order of each connected part
    waiting: list[int]  # groups in it (its own numbers) still to be drawn, the next one last
    children: list[Inside | None]
    group: int
    ends: _Ends | None = None  # where there are groups
    ways: list[_Ways | None] = field(default_factory=list)  # of each part, where there are groups


class Nest:
    """Draws a tree of groups. ``left``, ``right``: extents of each node from its axis; ``height``: its height.

    ``folded``: width and height of each group when it is folded, for a steady drawing: every group is laid out as if all groups
    in it were folded, and makes room for those that are not. ``closed``: which groups are, and hold one node that stands
    for them. ``columns``: long sequences are cut into columns. ``before``: where things stood in each group, by the ``names`` of
    nodes and groups; ``memory`` has it of this drawing then."""

    def __init__(
        self,
        tree: Tree,
        cuts: Cuts,
        left: Floats,
        right: Floats,
        height: Floats,
        spacing: Spacing,
        folded: Floats | None = None,
        closed: Flags | None = None,
        columns: bool = False,
        names: tuple[list[Key], list[Key]] | None = None,
        before: Memory | None = None,
    ) -> None:
        self._names, self._before = names, before
        self.memory: dict[Key, Places] = {}
        self._places: dict[int, list[tuple[Ints, Sketch | None, Floats]]] = {}  # of groups that were drawn: boxes, order and x of each part
        self._like: dict[int, int] = {}  # for each that was not: which of them it looks like
        self._columns = columns
        self._folded = folded
        self._closed: Flags = np.zeros(len(tree), dtype=np.bool_) if closed is None else closed
        self._left, self._right, self._height = left, right, height
        self._spacing = spacing
        self._contents = _contents(tree, cuts)
        self._kind = self._kinds()

    def _kinds(self) -> list[int]:
        """A number for each group, equal for groups that have the same inside and had it before."""
        known: dict[object, int] = {}
        kinds = [0] * len(self._contents)
        extents = np.stack([self._left, self._right, self._height], axis=1)
        for group in range(len(self._contents) - 1, -1, -1):  # groups inside have higher numbers
            part = self._contents[group]
            sizes = extents[part.nodes].tobytes()
            inner = tuple([kinds[child] for child in part.groups.tolist()])
            own = b"" if self._folded is None else self._folded[group].tobytes()
            stood = self._stood(group)
            key = (sizes, inner, part.ports_in, part.ports_out, part.links.tobytes(), group == ROOT, own, bool(self._closed[group]), stood)
            kinds[group] = known.setdefault(key, len(known))
        return kinds

    def draw(self) -> Inside:
        """The root, drawn with all that is in it."""
        drawn: dict[object, tuple[Inside, int]] = {}  # and of which group that is
        root = self._contents[ROOT]
        stack = [self._open(root, ints([0] * root.boxes), None)]
        while True:
            top = stack[-1]
            if top.waiting:
                child = top.waiting[-1]
                group = int(top.content.groups[child])
                inner = self._contents[group]
                ranks = self._port_ranks(top, child, inner)
                key = (self._kind[group], tuple(ranks))
                if self._closed[group]:
                    top.children[child] = self._shut(inner)
                    top.waiting.pop()
                elif key in drawn:
                    top.children[child], like = drawn[key]
                    self._keep_like(group, like)
                    top.waiting.pop()
                else:
                    rank = np.zeros(inner.boxes, dtype=np.int64)
                    rank[inner.boxes - len(ranks) :] = ranks
                    stack.append(self._open(inner, rank, key, group))
                continue
            result = self._close(top)
            stack.pop()
            if not stack:
                return result
            drawn[top.key] = result, top.group

    def _shut(self, content: _Content) -> Inside:
        """A folded group: the node that stands for it, all links at its middle."""
        node = int(content.nodes[0])
        left, right, height = float(self._left[node]), float(self._right[node]), float(self._height[node])
        ports = content.ports_in + content.ports_out
        routes = [[(0.0, height)] if head >= len(content.nodes) else [(0.0, 0.0)] for head in content.head.tolist()]
        none = np.zeros(0)
        return Inside(left, right, height, np.zeros(ports), np.zeros(1), np.full(1, height / 2), none, none, (), routes)

    # -------------------------------------------------------------------------------------------------------- open
    def _open(self, content: _Content, rank: Ints, key: object, group: int = ROOT) -> _Open:
        names = self._box_names(content)
        before = None if self._before is None or self._names is None else self._before.get(self._names[1][group], {})
        count = content.boxes
        parts, part_of = connected(count, content.tail, content.head)
        box_start, box_order = by_group(parts, part_of)
        link_start, link_order = by_group(parts, part_of[content.tail])
        number, link_number = np.zeros(count, dtype=np.int64), np.zeros(len(content.tail), dtype=np.int64)
        first_port = len(content.nodes) + len(content.groups)
        pieces: list[tuple[Ints, Ints, Sketch | None]] = []
        for part in range(parts):
            boxes, links = box_order[box_start[part] : box_start[part + 1]], link_order[link_start[part] : link_start[part + 1]]
            number[boxes] = np.arange(len(boxes))
            link_number[links] = np.arange(len(links))
            if len(boxes) == 1:
                pieces.append((boxes, links, None))
                continue
            _, places = np.unique(content.places[:, links], return_inverse=True)
            ours = Links(number[content.tail[links]], number[content.head[links]], *ints(places).reshape(2, -1))
            entering = (boxes >= first_port) & (boxes < first_port + content.ports_in)
            leaving = boxes >= first_port + content.ports_in
            mine = None if names is None else [names[box] for box in boxes.tolist()]
            order = sketch(len(boxes), ours, np.flatnonzero(entering), np.flatnonzero(leaving), rank[boxes], mine, before)
            pieces.append((boxes, links, order))
        opened = _Open(content, key, pieces, [], [None] * len(content.groups), group)
        nodes = len(content.nodes)
        if len(content.groups):
            opened.ends = _Ends.of(content, part_of, number, link_number)
            orders = [order for _, _, order in pieces]
            layers = [[0] if order is None else order.layering.layer.tolist() for order in orders]
            within = slice(nodes, first_port)
            of_each = zip(part_of[within].tolist(), number[within].tolist(), range(len(content.groups)), strict=True)
            flow = sorted(((part, layers[part][own], child) for part, own, child in of_each), reverse=True)
            opened.waiting = [child for _, _, child in flow]
            opened.ways = [None if order is None else _Ways.of(order) for order in orders]
        return opened

    def _port_ranks(self, opened: _Open, child: int, inner: _Content) -> list[int]:
        """The order in which the links around a child reach its ports: a rank for each port in, then for each port out."""
        ports = inner.ports_in + inner.ports_out
        ends, content = opened.ends, opened.content
        if (inner.ports_in < 2 and inner.ports_out < 2) or ends is None:
            return [0] * ports
        ways = opened.ways[ends.part_of[len(content.nodes) + child]]
        if ways is None:
            return [0] * ports
        sums, counts = [0.0] * ports, [0] * ports
        for links, port_of, far_box, far_port, bend_of in (
            (ends.arriving.get(child, ()), ends.head_port, ends.tail, ends.tail_port, ways.last_bend),
            (ends.leaving.get(child, ()), ends.tail_port, ends.head, ends.head_port, ways.first_bend),
        ):
            for link in links:
                own, box = ends.link_number[link], far_box[link]
                if ways.around[own]:
                    where = FAR_RIGHT
                elif ways.last_bend[own] >= ways.first_bend[own]:
                    where = float(ways.index[bend_of[own]])
                else:
                    where = float(ways.index[ends.number[box]]) + self._shift(opened, box, far_port[link])
                sums[port_of[link]] += where
                counts[port_of[link]] += 1
        wanted = [round(1e6 * total / max(count, 1)) for total, count in zip(sums, counts, strict=True)]
        ranks: list[int] = []
        for half in (wanted[: inner.ports_in], wanted[inner.ports_in :]):
            rank = {place: number for number, place in enumerate(sorted(set(half)))}
            ranks += [rank[place] for place in half]
        return ranks

    def _shift(self, opened: _Open, box: int, port: int) -> float:
        """Where on its box a link begins or ends: -0.5 at the left edge, 0.5 at the right one; 0 while that is not known."""
        child = box - len(opened.content.nodes)
        inside = opened.children[child] if 0 <= child < len(opened.children) else None
        if inside is None or port < 0 or self._folded is not None:  # a steady drawing heeds no open group
            return 0.0
        return (float(inside.port_x[port]) + inside.left) / (inside.left + inside.right) - 0.5

    # ------------------------------------------------------------------------------------------------------- close
    def _close(self, opened: _Open) -> Inside:
        content, spacing, root = opened.content, self._spacing, opened.key is None
        children = tuple(child for child in opened.children if child is not None)
        nodes, groups, ports = len(content.nodes), len(content.groups), content.ports_in + content.ports_out
        first_port = nodes + groups
        enter, leave = (0.0, 0.0) if root else (spacing.enter, spacing.leave)
        none = np.zeros(ports)
        boxes = Boxes(
            np.r_[self._left[content.nodes], [child.left for child in children], none],
            np.r_[self._right[content.nodes], [child.right for child in children], none],
            np.r_[
                self._height[content.nodes],
                [child.height for child in children],
                np.full(content.ports_in, enter),
                np.full(content.ports_out, leave),
            ],
            np.r_[np.full(nodes, spacing.node), np.full(groups, 1.5 * spacing.node), np.full(ports, PORT_GAP)],
        )
        small = self._as_folded(content, boxes)
        tail_offset = self._offsets(children, nodes, content.tail, content.tail_port)
        head_offset = self._offsets(children, nodes, content.head, content.head_port)
        x, top = np.zeros(content.boxes), np.zeros(content.boxes)
        routes: list[list[Point]] = [[] for _ in range(len(content.tail))]
        parts, begun_parts, drawings = [], [], []
        for members, links, order in opened.parts:
            size = Boxes(*(values[members] for values in (boxes.left, boxes.right, boxes.height, boxes.gap)))
            begun = None if small is None else Boxes(*(values[members] for values in (small.left, small.right, small.height, small.gap)))
            offsets = tail_offset[links], head_offset[links]
            row = int(((members >= nodes) & (members < first_port)).sum())
            long = (LONG_ROW if row >= ROW and 2 * row >= len(members) else LONG) if self._columns else 0.0
            drawing = _draw_part(order, size, *offsets, content, links, nodes, groups, spacing.layer, begun, long, len(self._contents) == 1)
            has_in = bool(((members >= first_port) & (members < first_port + content.ports_in)).any())
            has_out = bool((members >= first_port + content.ports_in).any())
            left, upper, right, lower = drawing.bounds
            upper, lower = upper - (0.0 if has_in else enter), lower + (0.0 if has_out else leave)
            parts.append(Part(left, upper, right, lower, has_in or has_out))
            begun_parts.append(Part(0.0, 0.0, drawing.begun[0], drawing.begun[1], has_in or has_out))
            drawings.append(drawing)
        shifts, width, height = pack(parts, 1.5 * spacing.node, spacing.layer, None if small is None else begun_parts)
        self._keep(opened, drawings, [dx for dx, _ in shifts])
        for (members, _, _), drawing, (dx, dy) in zip(opened.parts, drawings, shifts, strict=True):
            x[members], top[members] = drawing.x + dx, drawing.top + dy
        axis = float(x[first_port]) if ports else width / 2
        x -= axis
        for (_, links, _), drawing, (dx, dy) in zip(opened.parts, drawings, shifts, strict=True):
            aside = dx - axis
            for link, points in zip(links.tolist(), drawing.routes, strict=True):
                routes[link] = [(px + aside, py + dy) for px, py in points]
        for link in np.flatnonzero(content.tail >= first_port).tolist():
            routes[link].insert(0, (routes[link][0][0], 0.0))
        for link in np.flatnonzero(content.head >= first_port).tolist():
            routes[link].append((routes[link][-1][0], height))
        side_left, side_right = (0.0, 0.0) if root else (spacing.left, spacing.right)
        return Inside(
            left=axis + side_left,
            right=width - axis + side_right,
            height=height,
            port_x=x[first_port:],
            node_x=x[:nodes],
            node_y=top[:nodes] + boxes.height[:nodes] / 2,
            child_x=x[nodes:first_port],
            child_y=top[nodes:first_port],
            children=children,
            routes=routes,
        )

    def _box_names(self, content: _Content) -> list[Key] | None:
        """A name for each box, the same whatever else there is: a port has that of what it leads to inside."""
        if self._names is None or self._before is None:
            return None
        nodes, groups = self._names
        names: list[Key] = [("node", nodes[node]) for node in content.nodes.tolist()]
        names += [("group", groups[group]) for group in content.groups.tolist()]
        first = len(names)
        inside: dict[int, set[Key]] = {}
        for tail, head in zip(content.tail.tolist(), content.head.tolist(), strict=True):
            if tail >= first and head < first:
                inside.setdefault(tail, set()).add(names[head])
            if head >= first and tail < first:
                inside.setdefault(head, set()).add(names[tail])
        times: dict[Key, int] = {}
        for port in range(first, content.boxes):
            side = ("in" if port < first + content.ports_in else "out", frozenset(inside.get(port, ())))
            times[side] = times.get(side, 0) + 1
            names.append((*side, times[side]))
        return names

    def _keep(self, opened: _Open, drawings: list[Drawing], shifts: list[float]) -> None:
        """Remember where everything stands in a group, in one measure for all its parts."""
        if self._names is None:
            return
        self._places[opened.group] = [
            (members, order, drawing.begun_x + shift if order is not None else np.array([shift]))
            for (members, _, order), drawing, shift in zip(opened.parts, drawings, shifts, strict=True)
        ]
        self._name_places(opened.group, opened.group)

    def _keep_like(self, group: int, like: int) -> None:
        """Remember it of a group, and of all in it, that is drawn like another one."""
        waiting = [(group, like)] if self._names is not None else []
        while waiting:
            group, like = waiting.pop()
            like = self._like.setdefault(group, self._like.get(like, like))
            if like in self._places:  # not a folded one
                self._name_places(group, like)
                waiting += zip(self._contents[group].groups.tolist(), self._contents[like].groups.tolist(), strict=True)

    def _name_places(self, group: int, like: int) -> None:
        names = self._box_names(self._contents[group])
        assert names is not None
        assert self._names is not None
        found: Places = {}
        for members, order, x in self._places[like]:
            mine = [names[box] for box in members.tolist()]
            found |= {mine[0]: float(x[0])} if order is None else kept(order.layering, order.links, mine, x)
        self.memory[self._names[1][group]] = found

    def _stood(self, group: int) -> frozenset[tuple[object, float]] | None:
        """Where the boxes and bends of a group stood before, in numbers of its own; None where it is new."""
        before = None if self._before is None or self._names is None else self._before.get(self._names[1][group])
        if before is None:
            return None
        number = {name: box for box, name in enumerate(self._box_names(self._contents[group]) or ())}
        found: set[tuple[object, float]] = set()
        for name, x in before.items():
            if name in number:
                found.add((number[name], x))
            elif isinstance(name, tuple) and len(name) == 3 and name[0] in number and name[1] in number:  # a bend of a link
                found.add(((number[name[0]], number[name[1]], name[2]), x))
        return frozenset(found)

    def _as_folded(self, content: _Content, boxes: Boxes) -> Boxes | None:
        """The boxes of a steady drawing before its groups open; a group that is less wide open keeps its room."""
        if self._folded is None:
            return None
        mine = slice(len(content.nodes), len(content.nodes) + len(content.groups))
        left, right, height = boxes.left.copy(), boxes.right.copy(), boxes.height.copy()
        size = self._folded[content.groups]
        boxes.left[mine], boxes.right[mine] = np.maximum(left[mine], size[:, 0] / 2), np.maximum(right[mine], size[:, 0] / 2)
        left[mine], right[mine], height[mine] = size[:, 0] / 2, size[:, 0] / 2, size[:, 1]
        return Boxes(left, right, height, boxes.gap)

    @staticmethod
    def _offsets(children: tuple[Inside, ...], nodes: int, box: Ints, port: Ints) -> Floats:
        offset = np.zeros(len(box))
        for link in np.flatnonzero(port >= 0).tolist():
            offset[link] = children[int(box[link]) - nodes].port_x[port[link]]
        return offset


def _draw_part(
    order: Sketch | None,
    size: Boxes,
    leave: Floats,
    arrive: Floats,
    content: _Content,
    links: Ints,
    nodes: int,
    groups: int,
    gap: float,
    begun: Boxes | None,
    long: float,
    alone: bool,
) -> Drawing:
    """One connected part. Where links reach groups at different places, the order is improved for these places first."""
    if order is None:
        bounds = (-float(size.left[0]), 0.0, float(size.right[0]), float(size.height[0]))
        begun_size = (0.0, 0.0) if begun is None else (float(begun.left[0] + begun.right[0]), float(begun.height[0]))
        return Drawing(np.zeros(1), np.zeros(1), [], bounds, begun_size)
    if begun is None and (leave.any() or arrive.any()):
        shifts = []
        for box, offset in ((order.links.tail, leave), (order.links.head, arrive)):
            width = size.left[box] + size.right[box]
            shifts.append(np.where(width > 0, (offset + size.left[box]) / np.maximum(width, 1e-9) - 0.5, 0.0))
        at_group = [(ends[links] >= nodes) & (ends[links] < nodes + groups) for ends in (content.tail, content.head)]
        order = reorder(order, np.where(at_group[0], shifts[0], 0.0), np.where(at_group[1], shifts[1], 0.0))
    return place(order, size, leave, arrive, gap, begun, long, alone)


def _contents(tree: Tree, cuts: Cuts) -> list[_Content]:
    """What each group holds."""
    count, nodes = len(tree), len(tree.owner)
    node_start, node_order = by_group(count, tree.owner)
    child_start, child_order = by_group(count, tree.parent[1:])
    port_start, _ = by_group(count, cuts.port_group)
    link_start = np.searchsorted(cuts.inside, np.arange(count + 1)).tolist()
    first_port = nodes + count
    local = np.zeros(first_port + len(cuts.port_group), dtype=np.int64)
    own_nodes, own_groups = np.diff(node_start), np.diff(child_start)
    local[node_order] = np.arange(nodes) - np.repeat(node_start[:-1], own_nodes)
    in_group = tree.parent[1:][child_order]
    local[nodes + 1 + child_order] = np.arange(count - 1) - np.repeat(child_start[:-1], own_groups) + own_nodes[in_group]
    port_number = np.arange(len(cuts.port_group)) - np.asarray(port_start)[cuts.port_group]
    local[first_port:] = port_number + (own_nodes + own_groups)[cuts.port_group]
    outs = np.bincount(cuts.port_group, cuts.port_out, count).astype(np.int64)
    tail, head = local[cuts.tail], local[cuts.head]
    port_number = np.r_[port_number, -1]  # so that -1 (no port) stays -1
    tail_port, head_port = port_number[cuts.tail_port], port_number[cuts.head_port]
    tail_place, head_place = (
        np.where(port >= 0, first_port + port, box) for box, port in ((cuts.tail, cuts.tail_port), (cuts.head, cuts.head_port))
    )
    links, places = np.stack([tail, tail_port, head, head_port]), np.stack([tail_place, head_place])
    return [
        _Content(
            node_order[node_start[group] : node_start[group + 1]],
            child_order[child_start[group] : child_start[group + 1]] + 1,
            port_start[group + 1] - port_start[group] - out,
            out,
            links[:, link_start[group] : link_start[group + 1]],
            places[:, link_start[group] : link_start[group + 1]],
        )
        for group, out in enumerate(outs.tolist())
    ]
