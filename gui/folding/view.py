"""The graph that is seen when some groups are folded: each is one node, and the edges of its inside end at it.

The key of a folded group is ``("group", name)``. The order of the nodes does not depend on what is folded, so that a layout
that heeds it draws the rest as before.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import networkx as nx
import numpy as np

from gradstep.engine.tape.outline import EDGES, KINDS, Ints

from .folds import Folds
from .groups import Groups

Key = Hashable
Facts = Callable[[Any], Mapping[str, Any]]  # the attributes of a node by its key
Slots = Callable[[Any, Any], list[tuple[int, int]]]  # of the edge between two keys
GROUP = "group"


def fold(groups: Groups, folds: Folds, facts: Facts, slots: Slots | None = None) -> nx.DiGraph:
    """The graph with these folds. Groups that would make a cycle are left open.

    ``graph.graph["groups"]`` has the facts of what is open and folded, by name; ``graph.graph["inside"]`` for each kind of key,
    by id, the number of the node of the graph that shows it, -1 for none.
    """
    outline = groups.outline
    while True:
        shut = groups.shut(folds)
        shown, source, target, kind = _contracted(groups, shut)
        tangled = _tangled(groups, shown, source, target, kind)
        if not tangled:
            break
        folds = folds.open(groups.names[group] for group in tangled)
    count, nodes = len(outline), len(outline)
    own = np.flatnonzero(shown[:count] == np.arange(count))
    folded = np.unique(shown[shown >= nodes]) - nodes
    rank = np.r_[own, groups.first[folded]]
    # a group's box stands where its first node would; at one place the group comes first
    order = np.lexsort((np.r_[np.ones(len(own)), np.zeros(len(folded))], rank))
    visible = np.r_[own, folded + nodes][order]
    number = np.full(nodes + len(groups), -1, np.int64)
    number[visible] = np.arange(len(visible))
    graph = nx.DiGraph(groups={}, depth=groups.depth_of(folds), deepest=groups.deepest, boxes=groups.seen(groups.deepest))
    keys: list[Any] = []
    paths: dict[int, tuple[Hashable, ...]] = {}
    for item in visible.tolist():
        if item < nodes:
            key: Any = outline.key(item)
            group = int(groups.owner[item])
            data = dict(facts(key))
        else:
            key = (GROUP, groups.names[item - nodes])
            group = int(groups.parent[item - nodes])
            data = _group_data(groups, item - nodes)
        if group not in paths:
            paths[group] = tuple(groups.names[k] for k in groups.path(group))
        data["calls"] = paths[group]
        graph.add_node(key, **data)
        keys.append(key)
    for group in {step for around in paths for step in groups.path(around)} | set(folded.tolist()):
        graph.graph["groups"][groups.names[group]] = _group_data(groups, group)
    for a, b, what in zip(number[source].tolist(), number[target].tolist(), kind.tolist(), strict=True):
        plain = slots is not None and keys[a][0] != GROUP and keys[b][0] != GROUP
        graph.add_edge(keys[a], keys[b], slots=slots(keys[a], keys[b]) if plain and slots is not None else [], kind=EDGES[what])
    graph.graph["inside"] = _inside(groups, number[shown])
    return graph


def _contracted(groups: Groups, shut: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """For each node what shows it (nodes, then groups), and the edges between what is shown."""
    outline, count = groups.outline, len(groups.outline)
    around = shut[groups.owner]
    shown = np.where(around >= 0, around + count, np.arange(count))
    hidden, loose = around >= 0, np.zeros(count, np.bool_)
    parameter = outline.leaf & (outline.elements > 0)
    for leaf_end, user_end in ((outline.target, outline.source), (outline.source, outline.target)):
        mine = np.flatnonzero(parameter[leaf_end] & ~outline.leaf[user_end])
        leaves, users = leaf_end[mine], user_end[mine]
        seen = np.zeros(count, np.bool_)
        seen[leaves[~hidden[users]]] = True
        lonely = ~seen[leaves] & ~hidden[leaves]  # all who use it are folded: it is shown by the one that ran first
        leaves, users = leaves[lonely], users[lonely]
        order = np.lexsort((-users, leaves))
        shown[leaves[order]] = shown[users[order]]
        loose[leaves] = True
        loose |= parameter & ~hidden & seen
    source, target = shown[outline.source], shown[outline.target]
    keep = source != target
    # the edges between a parameter and folded groups say nothing: it is a part of them
    for leaf_end, user_end in ((outline.target, outline.source), (outline.source, outline.target)):
        keep &= ~(loose[leaf_end] & hidden[user_end])
    size = count + len(groups)
    keys = np.unique((source[keep] * size + target[keep]) * len(EDGES) + outline.edge_kind[keep])
    pairs, kind = keys // len(EDGES), keys % len(EDGES)
    once = np.r_[True, pairs[1:] != pairs[:-1]] if len(pairs) else np.zeros(0, np.bool_)
    return shown, pairs[once] // size, pairs[once] % size, kind[once]


def _tangled(groups: Groups, shown: Ints, source: Ints, target: Ints, kind: Ints) -> list[int]:
    """Folded groups that depend on themselves through what is outside; gradients count against the forward pass."""
    count, size = len(groups.outline), len(groups.outline) + len(groups)
    both = (kind == EDGES.index("data")).any()
    real = kind != EDGES.index("link")
    back = (kind == EDGES.index("gradient")) & both
    a, b = np.where(back, target, source)[real], np.where(back, source, target)[real]
    from scipy.sparse import coo_matrix  # here: 19 MiB of memory, and a window that looks at a large tape folds nothing itself
    from scipy.sparse.csgraph import connected_components

    _, part = connected_components(coo_matrix((np.ones(len(a), np.int8), (a, b)), shape=(size, size)), directed=True, connection="strong")
    crowd = np.bincount(part)[part] > 1
    found: list[int] = (np.flatnonzero(crowd[count:])).tolist()
    return found


def _group_data(groups: Groups, group: int) -> dict[str, Any]:
    name = groups.names[group]
    path = groups.outline.calls[name][1] if isinstance(name, int) and name in groups.outline.calls else ""
    return {
        "label": groups.titles[group], "detail": "", "kind": GROUP, "op": "", "sequence": 0, "path": path,
        "hooks": int(groups.hooks[group]), "shape": None, "line": None, "name": "", "group": name, "type": groups.types[group],
        "nodes": int(groups.nodes[group]), "elements": int(groups.elements[group]), "repeats": groups.repeats[group],
    }  # fmt: skip


def _inside(groups: Groups, number: Ints) -> dict[str, Ints]:
    outline = groups.outline
    result = {}
    for code, name in enumerate(KINDS):
        mine = outline.kind == code
        if mine.any():
            table = np.full(int(outline.id[mine].max()) + 1, -1, np.int64)
            table[outline.id[mine]] = number[mine]
            result[name] = table
    return result
