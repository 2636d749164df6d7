"""The tree of groups (module calls), and the links of the graph cut where they pass a group's border.

Boxes of the whole graph are numbered through: nodes, then groups, then ports. A port is where links pass the border of a
group; inside the group it is a box of its own on the border, outside it is a place on the group's box.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from .arrays import Ints, ints

ROOT = 0  # the group that is the whole drawing


@dataclass(frozen=True, slots=True)
class Tree:
    """Groups 0 (the root), 1, ...; a parent has a smaller number than its children. ``owner`` is the innermost group of each
    node, ``names`` the caller's id of each group (the root's is None)."""

    parent: Ints
    depth: Ints
    owner: Ints
    names: list[Hashable]

    def __len__(self) -> int:
        return len(self.parent)


@dataclass(frozen=True, slots=True)
class Cuts:
    """The links of all drawings, each inside one group (``inside``), sorted by it.

    ``tail`` and ``head`` are boxes of that group's drawing; where such a box is a child group, ``tail_port`` and
    ``head_port`` say through which of its ports the link passes, otherwise they are -1. ``path_link`` lists the links of
    edge ``e`` from its source to its target: ``path_link[path_start[e] : path_start[e + 1]]``. Ports are sorted by group, those that lead
    in before those that lead out.
    """

    inside: Ints
    tail: Ints
    tail_port: Ints
    head: Ints
    head_port: Ints
    path_start: Ints
    path_link: Ints
    port_group: Ints
    port_out: Ints


def build_tree(paths: Sequence[tuple[Hashable, ...]]) -> Tree:
    """The tree of the groups that the nodes name, outermost first. Raises ValueError where a group stands in two others."""
    number: dict[Hashable, int] = {}
    parent, depth, names = [0], [0], [None]  # type: tuple[list[int], list[int], list[Hashable]]
    known: dict[tuple[Hashable, ...], int] = {(): ROOT}
    owner = []
    for path in paths:
        group = known.get(path)
        if group is None:
            group = ROOT
            for level, name in enumerate(path):
                below = number.get(name)
                if below is None:
                    below = number[name] = len(parent)
                    parent.append(group)
                    depth.append(level + 1)
                    names.append(name)
                elif parent[below] != group:
                    raise ValueError(
                        f"groups: {name!r} is inside {names[parent[below]]!r} for one node and inside {names[group]!r} for another; "
                        "a group must have one place in the tree"
                    )
                group = below
            known[path] = group
        owner.append(group)
    return Tree(ints(parent), ints(depth), ints(owner), names)


def _lift(tree: Tree, tail: Ints, head: Ints, nodes: int) -> tuple[Ints, Ints, Ints]:
    """For each edge the innermost group that holds both ends, and the boxes in it (node, or child group) that hold them."""
    tail_group, head_group = tree.owner[tail].copy(), tree.owner[head].copy()
    tail_box, head_box = tail.copy(), head.copy()
    while True:
        open_ = np.flatnonzero(tail_group != head_group)
        if not len(open_):
            return tail_group, tail_box, head_box
        deeper = tree.depth[tail_group[open_]] >= tree.depth[head_group[open_]]
        up, down = open_[deeper], open_[~deeper]
        tail_box[up] = nodes + tail_group[up]
        tail_group[up] = tree.parent[tail_group[up]]
        head_box[down] = nodes + head_group[down]
        head_group[down] = tree.parent[head_group[down]]


def dissolve_cycles(tree: Tree, tail: Ints, head: Ints) -> Tree:
    """The tree without groups that depend on themselves through what is outside them: such a group has no place in a drawing
    whose edges all point one way. Their nodes move to the group around. (Contiguous groups never do.)"""
    nodes = len(tree.owner)
    while len(tree) > 1:
        _, tail_box, head_box = _lift(tree, tail, head, nodes)
        count = nodes + len(tree)
        graph = coo_matrix((np.ones(len(tail_box)), (tail_box, head_box)), shape=(count, count))
        parts, part = connected_components(graph, directed=True, connection="strong")
        if parts == count:
            return tree
        tangled = (np.bincount(part)[part] > 1)[nodes:]
        into = tree.parent.copy()
        for group in range(1, len(tree)):  # parents come first, so one look up is enough
            into[group] = into[tree.parent[group]] if tangled[tree.parent[group]] else tree.parent[group]
        keep = ~tangled
        number = np.cumsum(keep) - 1
        new = np.where(tangled, number[into], number)
        depth = np.zeros(len(tree), dtype=np.int64)
        for group in range(1, len(tree)):
            depth[group] = depth[into[group]] + 1
        names = [name for name, kept in zip(tree.names, keep.tolist(), strict=True) if kept]
        tree = Tree(number[into[keep]], depth[keep], new[tree.owner], names)
    return tree


def cut_links(tree: Tree, tail: Ints, head: Ints, *, by_box: bool = False) -> Cuts:
    """The links of every drawing. A border is passed by one port a source or one port a target, whichever gives fewer ports;
    or, ``by_box``, by one port for each box around it that it is linked to, so that the links around a group do not depend on
    what is in it."""
    nodes = len(tree.owner)
    crossing_edge, crossing_group, crossing_out = _crossings(tree, tail, head)
    make = _ports_by_box if by_box else _ports
    port_of, port_group, port_out = make(tree, tail, head, crossing_edge, crossing_group, crossing_out)
    first_port = nodes + len(tree)
    # the borders of each edge in the order of its way: out of the inner groups first, into the inner groups last
    level = np.where(crossing_out == 1, -tree.depth[crossing_group], tree.depth[crossing_group])
    order = np.lexsort((level, 1 - crossing_out, crossing_edge))
    edge, group, out, number = crossing_edge[order], crossing_group[order], crossing_out[order], port_of[order]
    edges = len(tail)
    passes = np.bincount(edge, minlength=edges)
    path_start = np.r_[0, np.cumsum(passes + 1)]
    total = int(path_start[-1])
    # link k of an edge leads from border k-1 (or the source) to border k (or the target)
    inside = np.empty(total, dtype=np.int64)
    from_box, to_box = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.int64)
    from_port, to_port = np.full(total, -1, dtype=np.int64), np.full(total, -1, dtype=np.int64)
    before = np.arange(len(edge)) + edge  # the link that ends at this border; each earlier edge has one more link than borders
    behind = before + 1
    starts, ends = path_start[:-1], path_start[1:] - 1
    from_box[starts], to_box[ends] = tail, head
    leaving, entering = out == 1, out == 0
    for links, side, boxes in ((before, leaving, to_box), (behind, entering, from_box)):
        boxes[links[side]] = first_port + number[side]  # seen from inside: a box on the border
    for links, side, boxes, ports in ((before, entering, to_box, to_port), (behind, leaving, from_box, from_port)):
        boxes[links[side]] = nodes + group[side]  # seen from outside: a place on the group's box
        ports[links[side]] = number[side]
    inside[starts] = tree.owner[tail]
    inside[behind] = np.where(leaving, tree.parent[group], group)
    key = np.stack([inside, from_box, from_port, to_box, to_port])
    order = np.lexsort(key[::-1])
    new = np.zeros(total, dtype=np.bool_)
    if total:
        new[0] = True
        new[1:] = (key[:, order[1:]] != key[:, order[:-1]]).any(axis=0)
    link = np.empty(total, dtype=np.int64)
    link[order] = np.cumsum(new) - 1
    kept = order[new]
    return Cuts(inside[kept], from_box[kept], from_port[kept], to_box[kept], to_port[kept], path_start, link, port_group, port_out)


def _crossings(tree: Tree, tail: Ints, head: Ints) -> tuple[Ints, Ints, Ints]:
    """Every (edge, group whose border it passes, 1 for out and 0 for in)."""
    tail_group, head_group = tree.owner[tail].copy(), tree.owner[head].copy()
    edges, groups, outs = [ints([])], [ints([])], [ints([])]
    while True:
        open_ = np.flatnonzero(tail_group != head_group)
        if not len(open_):
            return np.concatenate(edges), np.concatenate(groups), np.concatenate(outs)
        deeper = tree.depth[tail_group[open_]] >= tree.depth[head_group[open_]]
        for moved, side, out in ((open_[deeper], tail_group, 1), (open_[~deeper], head_group, 0)):
            edges.append(moved)
            groups.append(side[moved])
            outs.append(np.full(len(moved), out, dtype=np.int64))
            side[moved] = tree.parent[side[moved]]


def _ports(tree: Tree, tail: Ints, head: Ints, edge: Ints, group: Ints, out: Ints) -> tuple[Ints, Ints, Ints]:
    """The port of each crossing, and group and direction of each port."""
    border = 2 * group + out
    nodes = max(len(tree.owner), 1)
    by_source, by_target = border * nodes + tail[edge], border * nodes + head[edge]
    fewer = np.bincount(np.unique(by_target) // nodes, minlength=2 * len(tree)) < np.bincount(
        np.unique(by_source) // nodes, minlength=2 * len(tree)
    )
    keys, port = np.unique(np.where(fewer[border], by_target, by_source), return_inverse=True)
    borders = keys // nodes
    return ints(port), borders // 2, borders % 2


def _ports_by_box(tree: Tree, tail: Ints, head: Ints, edge: Ints, group: Ints, out: Ints) -> tuple[Ints, Ints, Ints]:
    """The same, with one port for each box that stands beside the group and is linked to it, and for each port of the group
    around it that leads to it. From the outer groups to the inner ones, because of these."""
    nodes = len(tree.owner)
    common, tail_box, head_box = _lift(tree, tail, head, nodes)
    first_port = nodes + len(tree)
    places = first_port + len(edge) + 1  # boxes, groups and ports
    outer = np.stack([tail_box, head_box])  # by direction, 0 for in: the box at the other side
    last = np.zeros((2, len(tail)), dtype=np.int64)  # the port that an edge passed last, by direction
    port = np.zeros(len(edge), dtype=np.int64)
    count = 0
    for depth in np.unique(tree.depth[group]).tolist():
        mine = np.flatnonzero(tree.depth[group] == depth)
        e, g, o = edge[mine], group[mine], out[mine]
        beside = np.where(tree.parent[g] == common[e], outer[o, e], first_port + last[o, e])
        _, number = np.unique((2 * g + o) * places + beside, return_inverse=True)  # by group, direction and what is beside
        port[mine] = count + ints(number)
        last[o, e] = port[mine]
        count += int(number.max()) + 1
    known = np.unique(port, return_index=True)[1] if len(port) else ints([])
    border = 2 * group[known] + out[known]
    order = np.argsort(border, kind="stable")
    new = np.empty(len(order), dtype=np.int64)
    new[order] = np.arange(len(order))
    return new[port] if len(port) else port, group[known][order], out[known][order]


def by_group(groups: int, owner: Ints) -> tuple[list[int], Ints]:
    """Things sorted by the group that owns them: those of group g are ``order[start[g] : start[g + 1]]``."""
    order = np.argsort(owner, kind="stable")
    return np.searchsorted(owner[order], np.arange(groups + 1)).tolist(), order
