"""The tree of what can be folded: module calls, loops found by what repeats, and parts of what is crowded.

Everything is an interval of the order in which the ops ran, so that a graph whose groups are folded never has a cycle: the
same module called again is another group (groups by name would depend on each other).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from gradstep.engine.tape.outline import KINDS, Flags, Ints, Outline

from ..canvas.plan import STEMS, title_of
from .folds import Folds
from .repeats import repeats

Name = Hashable
ROOT = 0
LEAST_LOOP = 24  # boxes in a loop that is worth folding
CROWD = 400  # boxes and groups in one group beyond which they are put into parts
PARTS = ((2_500, 50), (10_000, 100), (250_000, 500))  # up to so many of them, so many a part
FITS = 600  # boxes that a graph may have to open unfolded, and as it opens otherwise
MOST = 120_000  # boxes that are drawn at all


@dataclass(slots=True)
class Groups:
    """Group 0 is all; a parent has a smaller number than its children. ``owner``: the innermost group of each node.
    ``boxes``: how many boxes are in a group, groups in it unfolded; ``nodes`` and ``elements`` (of parameters) likewise."""

    outline: Outline
    owner: Ints
    parent: Ints
    depth: Ints
    names: list[Name]
    titles: list[str]
    types: list[str]
    repeats: list[int]
    boxes: Ints
    nodes: Ints
    elements: Ints
    hooks: Ints
    first: Ints  # the node with which a group begins, for an order that folding does not change
    number: dict[Name, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.parent)

    def path(self, group: int) -> list[int]:
        """The group and those around it, outermost first, the root left out."""
        found = []
        while group != ROOT:
            found.append(group)
            group = int(self.parent[group])
        return found[::-1]

    def shut(self, folds: Folds) -> Ints:
        """For each group the outermost folded group that it is or is in, -1 where all around it is open."""
        open_ = self.depth <= self.depth_of(folds)
        for names, value in ((way_to(self, folds.at), True), (folds.shut, False), (folds.opened, True)):
            open_[[self.number[name] for name in names if name in self.number]] = value
        open_[ROOT] = True
        result = np.full(len(self), -1, np.int64)
        for level in self._levels():
            above = result[self.parent[level]]
            result[level] = np.where(above >= 0, above, np.where(open_[level], -1, level))
        return result

    def depth_of(self, folds: Folds) -> int:
        """Down to which depth all groups are open: what was wished, as far as it can be drawn."""
        if folds.depth is None:
            return self.fitting()
        depth = min(folds.depth, self.deepest)
        return depth if self.seen(depth) <= MOST else self.fitting(MOST)

    def seen(self, depth: int) -> int:
        """How many boxes there are when groups down to ``depth`` are open."""
        own = np.bincount(self.owner[~self._aside], minlength=len(self))
        return int(own[self.depth <= depth].sum() + (self.depth == depth + 1).sum())

    def fitting(self, most: int = FITS) -> int:
        """The greatest depth at which there are at most so many boxes; at least 0, where all groups are folded."""
        deepest = int(self.depth.max(initial=0))
        if self.seen(deepest) <= most:
            return deepest
        return max((depth for depth in range(deepest) if self.seen(depth) <= most), default=0)

    @property
    def deepest(self) -> int:
        return int(self.depth.max(initial=0))

    @property
    def _aside(self) -> Flags:
        return self.outline.leaf

    def _levels(self) -> list[Ints]:
        order = np.argsort(self.depth, kind="stable")
        ends = np.searchsorted(self.depth[order], np.arange(1, int(self.depth.max()) + 2))
        return (
            [order[begin:end] for begin, end in pairwise([int(ends[0]) if len(ends) else 0, *ends[1:].tolist()])] if len(self) > 1 else []
        )


def way_to(groups: Groups, key: Any) -> list[Name]:
    """The names of the groups around a node or a folded group, outermost first; [] for a key that the graph has not."""
    if not isinstance(key, tuple):
        return []
    kind, id = key
    outline = groups.outline
    if kind in KINDS:
        found = np.flatnonzero((outline.kind == KINDS.index(kind)) & (outline.id == id))
        group = int(groups.owner[found[0]]) if len(found) else ROOT
    else:
        group = int(groups.parent[groups.number[id]]) if id in groups.number else ROOT
    return [groups.names[step] for step in groups.path(group)]


class _Tree:
    """The groups while they are found: lists, because loops are added as they are seen."""

    def __init__(self) -> None:
        self.parent = [0]
        self.names: list[Name] = [None]
        self.titles, self.types, self.repeats = [""], [""], [1]

    def add(self, parent: int, name: Name, title: str, type_: str, repeats: int = 1) -> int:
        self.parent.append(parent)
        self.names.append(name)
        self.titles.append(title)
        self.types.append(type_)
        self.repeats.append(repeats)
        return len(self.parent) - 1


def grouped(outline: Outline) -> Groups:
    """The groups of an outline."""
    stem = _stems(outline)
    box = ~outline.leaf & ~stem
    tree, owner = _calls(outline, box)
    owner = _structure(outline, tree, owner, box)
    return _counted(outline, tree, owner, box)


def _stems(outline: Outline) -> Flags:
    """Transposes between a box and a parameter: no boxes of their own."""
    count = len(outline)
    into, out = (np.bincount(ends, minlength=count) for ends in (outline.target, outline.source))
    between = (into == 1) & (out == 1) & ~outline.leaf
    beside = np.zeros(count, np.bool_)
    beside[outline.source[outline.leaf[outline.target]]] = True
    beside[outline.target[outline.leaf[outline.source]]] = True
    found: Flags = between & beside & np.isin(outline.what, list(_stem_looks(outline)))
    return found


def _stem_looks(outline: Outline) -> set[int]:
    return {number for number, label in outline.labels.items() if label.lower().replace("_", "") in STEMS}


def _calls(outline: Outline, box: Flags) -> tuple[_Tree, Ints]:
    """Module calls with a name and at least two boxes, and the innermost of them for each node."""
    ids = np.array(sorted(outline.calls), np.int64)
    place = {id: k for k, id in enumerate(ids.tolist())}
    above = np.array([place.get(outline.calls[id][0], -1) for id in ids.tolist()], np.int64)
    own = np.zeros(len(ids), np.int64)
    where = np.searchsorted(ids, outline.call)
    known = where < len(ids)
    known[known] = ids[where[known]] == outline.call[known]
    np.add.at(own, where[known & box], 1)
    counts, ups = own.tolist(), above.tolist()
    for k in range(len(ups) - 1, -1, -1):
        if ups[k] >= 0:
            counts[ups[k]] += counts[k]
    tree = _Tree()
    group = [ROOT] * (len(ids) + 1)  # the last one stands for no call
    for k, id in enumerate(ids.tolist()):
        _, path, type_ = outline.calls[id]
        up = group[ups[k]] if ups[k] >= 0 else ROOT
        group[k] = tree.add(up, id, title_of(path), type_) if path and counts[k] > 1 else up
    return tree, np.array(group, np.int64)[np.where(known, where, len(ids))]


def _at_home(outline: Outline, parent: Ints, depth: Ints, owner: Ints) -> Ints:
    """Parameters belong to the innermost group that holds all who use them, inputs to the one around that."""
    groups, ups, deep = len(parent), parent.tolist(), depth.tolist()
    owner = owner.copy()
    for leaf_end, user_end in ((outline.target, outline.source), (outline.source, outline.target)):
        mine = np.flatnonzero(outline.leaf[leaf_end] & ~outline.leaf[user_end])
        pairs = np.unique(leaf_end[mine] * groups + owner[user_end[mine]])
        leaves, users = pairs // groups, pairs % groups
        first = np.r_[True, leaves[1:] != leaves[:-1]] if len(leaves) else np.zeros(0, np.bool_)
        owner[leaves[first]] = users[first]
        for leaf, group in zip(leaves[~first].tolist(), users[~first].tolist(), strict=True):
            other = int(owner[leaf])
            while other != group:
                if deep[other] >= deep[group]:
                    other = ups[other]
                else:
                    group = ups[group]
            owner[leaf] = other
    inputs = outline.leaf & (outline.elements == 0)
    owner[inputs] = parent[owner[inputs]]
    return owner


def _structure(outline: Outline, tree: _Tree, owner: Ints, box: Flags) -> Ints:
    """Adds loops and parts. From the inside out: what is in a group is known before it is compared with its neighbours."""
    owner = owner.copy()
    groups = len(tree.parent)
    depth = [0] * groups
    for group in range(1, groups):
        depth[group] = depth[tree.parent[group]] + 1
    solid = np.flatnonzero(~outline.leaf)
    solid = solid[np.lexsort((solid, outline.order[solid], owner[solid]))]
    starts = np.searchsorted(owner[solid], np.arange(groups + 1)).tolist()
    order, what, boxed = outline.order.tolist(), outline.what.tolist(), box.tolist()
    children: list[list[int]] = [[] for _ in range(groups)]
    for group in range(1, groups):
        children[tree.parent[group]].append(group)
    tokens, begins, sizes = [0] * groups, [0] * groups, [0] * groups
    kinds: dict[object, int] = {}
    ops = int(outline.what.max(initial=0)) + 1
    for group in sorted(range(groups), key=lambda group: -depth[group]):
        nodes = solid[starts[group] : starts[group + 1]].tolist()
        inner = children[group]
        items = [(order[node], node, what[node], -1, boxed[node]) for node in nodes]
        if inner:
            items += [(begins[child], -1, ops + tokens[child], child, sizes[child]) for child in inner]
            items.sort(key=lambda item: item[0])
        begins[group] = min((item[0] for item in items), default=0)
        sizes[group] = sum(item[4] for item in items)
        key = (tree.types[group], *[item[2] for item in items])
        tokens[group] = kinds.setdefault(key, len(kinds))
        if len(items) > 2 and sizes[group] >= LEAST_LOOP:
            _arrange(outline, tree, owner, group, items)
    return owner


_Item = tuple[int, int, int, int, int]  # order, node or -1, what it is, group or -1, boxes in it
_Row = tuple[int, int, int]  # what stands in a group: the id with which it begins, node or -1, group or -1


def _arrange(outline: Outline, tree: _Tree, owner: Ints, group: int, items: list[_Item]) -> None:
    """Loops in one group, then parts if it is still crowded."""
    boxes = np.array([item[4] for item in items], np.int64)
    rows: list[_Row] = []
    done = 0
    for begin, period, times in repeats(np.array([item[2] for item in items], np.int64), boxes, LEAST_LOOP):
        rows += [_row(outline, item) for item in items[done:begin]]
        done = begin + period * times
        title, type_ = _loop_title(outline, tree, items[begin : begin + period])
        first = _row(outline, items[begin])[0]
        loop = tree.add(group, ("loop", first), title, type_, times)
        inside: list[_Row] = []
        for number in range(times):
            part = [_row(outline, item) for item in items[begin + number * period : begin + (number + 1) * period]]
            if period > 1:
                turn = tree.add(loop, ("turn", part[0][0]), f"{title} {number + 1}", type_)
                _move(tree, owner, part, turn)
                inside.append((part[0][0], -1, turn))
            else:
                _move(tree, owner, part, loop)
                inside += part
        _split(tree, owner, loop, inside)
        rows.append((first, -1, loop))
    _split(tree, owner, group, rows + [_row(outline, item) for item in items[done:]])


def _row(outline: Outline, item: _Item) -> _Row:
    return (int(outline.id[item[1]]) if item[1] >= 0 else item[0], item[1], item[3])


def _move(tree: _Tree, owner: Ints, rows: list[_Row], group: int) -> None:
    for _, node, inner in rows:
        if inner >= 0:
            tree.parent[inner] = group
        else:
            owner[node] = group


def _split(tree: _Tree, owner: Ints, group: int, rows: list[_Row]) -> None:
    """Puts what is crowded into parts."""
    while len(rows) > CROWD:
        parts: list[_Row] = []
        size = next((size for most, size in PARTS if len(rows) <= most), 1_000)
        title = tree.titles[group] or "part"
        for begin in range(0, len(rows), size):
            chunk = rows[begin : begin + size]
            part = tree.add(group, ("part", size, chunk[0][0]), f"{title} {begin + 1:,} to {begin + len(chunk):,}", "")
            _move(tree, owner, chunk, part)
            parts.append((chunk[0][0], -1, part))
        rows = parts


def _loop_title(outline: Outline, tree: _Tree, turn: list[_Item]) -> tuple[str, str]:
    """What a loop is called: by the modules in it, else by its ops."""
    turn = [item for item in turn if item[4]]
    inner = [item[3] for item in turn if item[3] >= 0]
    if inner:
        titles = [tree.titles[k].rstrip("0123456789").rstrip(".") or tree.titles[k] for k in inner]
        return ", ".join(list(dict.fromkeys(titles))[:3]), ", ".join(list(dict.fromkeys(tree.types[k] for k in inner))[:3])
    names = [outline.labels.get(item[2], "?") for item in turn]
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else ""), "loop"


def _counted(outline: Outline, tree: _Tree, owner: Ints, box: Flags) -> Groups:
    """The tree with parents before children, and what is in each group."""
    count = len(tree.parent)
    parent = np.array(tree.parent, np.int64)
    depth = np.zeros(count, np.int64)
    above = parent.copy()
    while above.any():  # one step up at a time, all groups at once
        depth += above != ROOT
        above = parent[above]
    depth[1:] += 1
    order = np.argsort(depth, kind="stable")
    new = np.empty(count, np.int64)
    new[order] = np.arange(count)
    parent, depth = new[parent[order]], depth[order]
    owner = _at_home(outline, parent, depth, new[owner])
    first = np.full(count, len(outline), np.int64)
    solid = np.flatnonzero(~outline.leaf)
    np.minimum.at(first, owner[solid], solid)
    sums = [np.bincount(owner, weights, count).astype(np.int64) for weights in (box, None, outline.elements, outline.hooks)]
    for group in range(count - 1, 0, -1):
        up = parent[group]
        for values in sums:
            values[up] += values[group]
        first[up] = min(first[up], first[group])
    names = [tree.names[k] for k in order.tolist()]
    titles, types, times = ([values[k] for k in order.tolist()] for values in (tree.titles, tree.types, tree.repeats))
    number = {name: k for k, name in enumerate(names)}
    boxes, nodes, elements, hooks = sums
    return Groups(outline, owner, parent, depth, names, titles, types, times, boxes, nodes, elements, hooks, first, number)
