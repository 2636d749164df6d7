"""The graphs of a tape for networkx: forward, backward, and both with links between an op and its backward node.

Keys are ``("op", id)``, ``("node", id)`` and ``("leaf", tensor id)``. The attributes of nodes and edges are listed in
``NODE_ATTRIBUTES`` and ``EDGE_ATTRIBUTES``; every node has all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import networkx as nx

from .schema import Bumped, Frame, NodeKind, Op, Role, Run, Slot, Tensor, Val
from .stacks import is_library

if TYPE_CHECKING:
    from .reader import Tape

Key = tuple[str, int]

NODE_ATTRIBUTES = {
    "label": "the op's name, or the node's without Backward0",
    "detail": "the shape: 4x8",
    "kind": "op, leaf, input; function, accumulate, custom, boundary, rebase, opaque",
    "op": "the op's name",
    "sequence": "the node's sequence number, 0 where there is none",
    "calls": "ids of the open module calls, outermost first",
    "path": "the innermost module's path",
    "hooks": "how many hooks were seen",
    "shape": "a tuple, or None",
    "line": "file and line of the user's code, or None",
    "name": "a parameter's name",
}
EDGE_ATTRIBUTES = {
    "slots": "pairs of the number of the output and of the input",
    "kind": "data (forward), gradient (backward), link (op to its backward node)",
}


def forward_graph(tape: Tape, run: int | None = None) -> nx.DiGraph:
    """Ops and what they were given. Ops that ran during a backward walk are left out.

    With a run: only the ops that its roots depend on."""
    return _Forward(tape, run).graph


def backward_graph(tape: Tape, run: int | None = None) -> nx.DiGraph:
    """Backward nodes and the edges along which gradients flow. With a run: the nodes that it needs and captures."""
    graph: nx.DiGraph = nx.DiGraph(calls=dict(tape.calls))
    chosen = set(tape.nodes) if run is None else _nodes_of(tape, tape.runs[run])
    hooks = _hooks(tape)
    for id in sorted(chosen):
        graph.add_node(("node", id), **_node_attributes(tape, id, hooks))
    for id in sorted(chosen):
        for place, slot in enumerate(tape.nodes[id].next):
            if slot is not None and slot.node in chosen:
                _connect(graph, ("node", id), ("node", slot.node), (place, slot.index), "gradient")
                target = graph.nodes["node", slot.node]
                if not target["calls"] and tape.nodes[slot.node].op is None:  # a leaf belongs where it is used
                    target["calls"], target["path"] = graph.nodes["node", id]["calls"], graph.nodes["node", id]["path"]
    return graph


def combined_graph(tape: Tape, run: int | None = None) -> nx.DiGraph:
    """Both graphs; edges of kind ``link`` lead from an op to the node that it made and from a leaf to its AccumulateGrad."""
    graph: nx.DiGraph = nx.compose(forward_graph(tape, run), backward_graph(tape, run))
    for key in list(graph):
        if key[0] == "node":
            node = tape.nodes[key[1]]
            source: Key | None = None
            if node.op is not None:
                source = ("op", node.op)
            elif node.variable is not None:
                source = ("leaf", node.variable)
            if source in graph:
                _connect(graph, source, key, (0, 0), "link")
    return graph


def calls_of(tape: Tape, call: int | None) -> tuple[int, ...]:
    """A module call and those around it, outermost first."""
    chain: dict[int, None] = {}
    while call is not None and call in tape.calls and call not in chain:
        chain[call] = None
        call = tape.calls[call].parent
    return tuple(reversed(chain))


def label_of(name: str) -> str:
    """What a node is called on its box."""
    return re.sub(r"Backward\d*$", "", name) or name


def attributes_of(tape: Tape) -> Callable[[Key], dict[str, Any]]:
    """The attributes of any node by its key, of one that is in no graph too. Raises KeyError where the tape has no such node."""
    hooks = _hooks(tape)

    def attributes(key: Key) -> dict[str, Any]:
        kind, id = key
        if kind == "node":
            return _node_attributes(tape, id, hooks)
        if kind == "op":
            return _op_attributes(tape, tape.ops[id])
        return _leaf_attributes(tape.tensors[id], (), "", hooks)

    return attributes


def slots_between(tape: Tape, source: Key, target: Key) -> list[tuple[int, int]]:
    """The slots of the edge between two backward nodes, as ``backward_graph`` has them."""
    return [(place, slot.index) for place, slot in enumerate(tape.nodes[source[1]].next) if slot is not None and slot.node == target[1]]


def user_line(stack: Iterable[Frame]) -> tuple[str, int] | None:
    """The innermost frame that is not an installed package's, else the innermost."""
    first: tuple[str, int] | None = None
    for frame in stack:
        if not is_library(frame.file):
            return frame.file, frame.line
        first = first or (frame.file, frame.line)
    return first


def shape_text(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) if shape else "scalar"


class _Forward:
    """The forward graph: who made each value."""

    def __init__(self, tape: Tape, run: int | None) -> None:
        self.tape = tape
        self.graph: nx.DiGraph = nx.DiGraph(calls=dict(tape.calls))
        self._makers: dict[Val, Slot] = {}  # value to op and number of the output
        self._storages: dict[int, list[tuple[int, Slot]]] = {}  # storage to version and who wrote it in place
        ops = [op for op in tape.ops.values() if op.node is None and not self._of_walk(op.outs)]
        shown = {op.id for op in ops}
        for op in ops:
            for place, val in enumerate(op.outs):
                self._makers.setdefault(val, Slot(op.id, place))
        for event in tape.events.of_kind(Bumped):
            if event.by in shown:
                self._storages.setdefault(tape.tensors[event.tensor].storage, []).append((event.new, Slot(event.by, 0)))
        chosen = shown if run is None else self._behind(tape.runs[run], shown)
        hooks = _hooks(tape)
        for op in ops:
            if op.id in chosen:
                self._add(op, hooks)

    def _of_walk(self, outs: tuple[Val, ...]) -> bool:
        tensors = self.tape.tensors
        return bool(outs) and all(tensors[val.tensor].role == Role.GRADIENT for val in outs)

    def _maker(self, val: Val) -> Slot | None:
        """The op that made a value: as its output, or by writing into its memory."""
        made = self._makers.get(val)
        written = self._storages.get(self.tape.tensors[val.tensor].storage)
        if written and (made is None or val.version > 0):
            for version, by in reversed(written):
                if version <= val.version and (made is None or by.node > made.node):
                    return by
        return made or self._makers.get(Val(val.tensor, 0))

    def _behind(self, run: Run, shown: set[int]) -> set[int]:
        """The ops that the roots of a run depend on."""
        tape = self.tape
        waiting = [op for op in (tape.nodes[root.node].op for root in run.roots) if op is not None]
        waiting += [op for op in (tape.nodes[node].op for node in run.needed) if op is not None]
        found: set[int] = set()
        while waiting:
            id = waiting.pop()
            if id in found or id not in shown:
                continue
            found.add(id)
            for val in tape.ops[id].ins:
                maker = self._maker(val) if val is not None else None
                if maker is not None and maker.node < id:
                    waiting.append(maker.node)
        return found

    def _add(self, op: Any, hooks: dict[Key, int]) -> None:
        tape, graph, key = self.tape, self.graph, ("op", op.id)
        graph.add_node(key, **_op_attributes(tape, op))
        calls = graph.nodes[key]["calls"]
        for place, val in enumerate(op.ins):
            if val is None:
                continue
            maker = self._maker(val)
            if maker is not None and maker.node < op.id and ("op", maker.node) in graph:
                _connect(graph, ("op", maker.node), key, (maker.index, place), "data")
            else:
                leaf = ("leaf", val.tensor)
                if leaf not in graph:
                    graph.add_node(leaf, **_leaf_attributes(tape.tensors[val.tensor], calls, graph.nodes[key]["path"], hooks))
                _connect(graph, leaf, key, (0, place), "data")


def _op_attributes(tape: Tape, op: Op) -> dict[str, Any]:
    shape = tape.tensors[op.outs[0].tensor].meta.shape if op.outs else None
    calls = calls_of(tape, op.call)
    slot = next((slot for slot in op.grads if slot is not None), None)
    return {
        "label": op.name,
        "detail": "" if shape is None else shape_text(shape),
        "kind": "op",
        "op": op.name,
        "sequence": tape.nodes[slot.node].sequence if slot is not None else 0,
        "calls": calls,
        "path": tape.calls[calls[-1]].path if calls else "",
        "hooks": 0,
        "shape": shape,
        "line": user_line(op.stack),
        "name": "",
    }


def _leaf_attributes(tensor: Tensor, calls: tuple[int, ...], path: str, hooks: dict[Key, int]) -> dict[str, Any]:
    is_leaf = tensor.role == Role.LEAF
    shape = tensor.meta.shape
    return {
        "label": tensor.name or ("leaf" if is_leaf else "input"),
        "detail": shape_text(shape),
        "kind": "leaf" if is_leaf else "input",
        "op": "",
        "sequence": 0,
        "calls": calls if is_leaf and tensor.name else (),
        "path": path if is_leaf and tensor.name else "",
        "hooks": hooks.get(("leaf", tensor.id), 0),
        "shape": shape,
        "line": None,
        "name": tensor.name,
    }


def _node_attributes(tape: Tape, id: int, hooks: dict[Key, int]) -> dict[str, Any]:
    node = tape.nodes[id]
    op = tape.ops[node.op] if node.op is not None and node.op in tape.ops else None
    meta = next((meta for meta in node.ins if meta is not None), None)
    calls = calls_of(tape, op.call) if op is not None else ()
    count = hooks.get(("node", id), 0)
    name = ""
    if node.variable is not None:
        name = tape.tensors[node.variable].name
        count += hooks.get(("leaf", node.variable), 0)
    return {
        "label": label_of(node.name),
        "detail": "" if meta is None else shape_text(meta.shape),
        "kind": NodeKind(node.kind).name.lower(),
        "op": op.name if op is not None else "",
        "sequence": node.sequence,
        "calls": calls,
        "path": tape.calls[calls[-1]].path if calls else "",
        "hooks": count,
        "shape": None if meta is None else meta.shape,
        "line": user_line(op.stack) if op is not None else None,
        "name": name,
    }


def _nodes_of(tape: Tape, run: Run) -> set[int]:
    """The nodes that a run needs, its roots, and those that its gradients reached."""
    return set(run.needed) | {root.node for root in run.roots} | tape.events.reached(run.id)


def _hooks(tape: Tape) -> dict[Key, int]:
    counts: dict[Key, int] = {}
    for hook in tape.hooks.values():
        if hook.tensor is not None:
            key = ("leaf", hook.tensor)
        elif hook.node is not None:
            key = ("node", hook.node)
        else:
            continue
        counts[key] = counts.get(key, 0) + 1
    return counts


def _connect(graph: nx.DiGraph, source: Key | None, target: Key, slots: tuple[int, int], kind: str) -> None:
    if graph.has_edge(source, target):
        graph.edges[source, target]["slots"].append(slots)
    else:
        graph.add_edge(source, target, slots=[slots], kind=kind)
