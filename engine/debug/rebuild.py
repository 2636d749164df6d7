"""Backward nodes made anew from what a tape says of them: no script, no closure, only facts and the ops that this engine declares.

An op of a tape is looked up by its name in the table of declared ops, and its rule is given what the tape kept. What cannot be made so
(a user's own Function, values that were not kept, an op that this engine does not know) comes back with the reason in words.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from .. import devices, dtypes
from ..autograd.node import Edge, Node
from ..inplace import AsStridedBackward0, CopySlices
from ..names import NAMES
from ..nn import functional
from ..nodes import OpNode, make_node
from ..op import OPS, Op, _keep
from ..tape import schema
from ..tape.reader import Tape
from ..tape.schema import Meta, NodeKind, Val
from ..tensor import Tensor, wrap
from .literals import Unreadable, literal

LARGEST = 1 << 31  # bytes of one value or gradient
SPREAD = 8  # how many times its own size a value may take in memory where it lay with gaps
WRONG = (ArithmeticError, AssertionError, AttributeError, BufferError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)
_SIZES = {"shape", "size", "input_sizes", "normalized_shape", "output_size"}  # parameters that are the shape of something
_LOADED = (NAMES, functional)  # importing them declared every op
_TYPES = {kind.name: kind for kind in dtypes.ALL}
_SOMEWHERE: Edge = (Node((), ()), 0)  # where an edge of a rule's own node leads: it only matters that it leads somewhere


class NotMade(Exception):
    """Something cannot be made from the tape; the reason in words."""


class Passing(Node):
    """The node that carries a module's hooks: it passes on what arrives, zeros where nothing is defined."""

    def apply(self, grads: tuple[Any, ...], edges: Sequence[Edge | None] | None = None) -> Sequence[Any]:
        return [_zeros(slot) if grad is None else grad for grad, slot in zip(grads, self.slots, strict=True)]


def _zeros(slot: Any) -> Any:
    return None if slot is None else wrap(np.zeros(slot[0], slot[1].numpy))


class Rebuilder:
    """Makes tensors and rules from one tape."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape

    # ---------------------------------------------------------------------------------------------------------- values

    def has(self, val: Val | None) -> bool:
        """Whether the data of ``val`` are on the tape; no value at all is."""
        return val is None or self.tape.has_value(val)

    def tensor(self, val: Val | None) -> Tensor | None:
        """A value of the tape as a tensor, as it lay in memory. Raises NotMade where it was not kept."""
        if val is None:
            return None
        meta = self.tape.tensors[val.tensor].meta
        kind = described(meta)[1]
        found = self.tape.value(val)
        if found is None:
            raise NotMade("a value was not kept")
        if tuple(found.shape) != tuple(meta.shape):
            raise NotMade(f"a value has shape {list(found.shape)} where its tensor has {list(meta.shape)}")
        return wrap(_laid_out(found.astype(kind.numpy, copy=True, order="C"), self.tape.layout(val)))

    def shadow(self, val: Val) -> Tensor:
        """A tensor of the shape, type and order in memory of a value, without its data. Raises NotMade."""
        shape, kind, _ = described(self.tape.tensors[val.tensor].meta)
        strides = self.tape.layout(val)
        size = kind.numpy.itemsize
        if len(strides) == len(shape) and strides:
            steps = tuple(step * size for step in strides)
        else:
            steps = tuple(size * math.prod(shape[i + 1 :]) for i in range(len(shape)))
        empty = np.lib.stride_tricks.as_strided(np.zeros(1, kind.numpy), shape, (0,) * len(shape))
        return wrap(_Shape.of(empty, steps))

    def slots(self, node: schema.Node) -> list[Any]:
        """What arrives at a node, slot by slot. Raises NotMade where it is too large."""
        return [None if meta is None else described(meta) for meta in node.ins]

    # ----------------------------------------------------------------------------------------------------------- rules

    def rule(self, node: schema.Node) -> Node:
        """A node that computes what the one on the tape did. Raises NotMade, with the reason in words."""
        for meta in node.ins:
            if meta is not None and meta.device != "cpu":
                raise NotMade(f"it ran on {meta.device}")
        if node.kind is NodeKind.CUSTOM:
            raise NotMade("a Function of the user's own")
        if node.kind is NodeKind.OPAQUE:
            raise NotMade("a node that cannot be looked into")
        if node.kind is NodeKind.BOUNDARY:
            if len(node.ins) != len(node.next):
                raise NotMade("a module's node with as many gradients in as out was expected")
            return Passing((), self.slots(node))
        where = next((saved.val for saved in node.saved if saved.name == "where"), None)
        if where is not None and node.kind is NodeKind.REBASE:
            return self._rebase(node, where)
        if where is not None and node.name == "AsStridedBackward0":
            made = object.__new__(AsStridedBackward0)
            made._where, made.next_edges = self.tensor(where), ()  # the edges it gets are those of its place
            return made
        return self._op_node(node)

    def _rebase(self, node: schema.Node, where: Val) -> Node:
        """The node of a base of which a view was changed: the rule of the op that changed it, and where the view lies."""
        fact = None if node.op is None else self.tape.ops.get(node.op)
        inner = None if fact is None or not fact.grads or fact.grads[0] is None else fact.grads[0].node
        if inner is None or inner == node.id or self.tape.nodes[inner].kind is not NodeKind.FUNCTION:
            raise NotMade("a change of a view by a Function of the user's own")
        made = object.__new__(CopySlices)
        made._inner = self._op_node(self.tape.nodes[inner])
        made._where = self.tensor(where)
        made.next_edges = tuple(None if slot is None else _SOMEWHERE for slot in node.next)
        if len(made.next_edges) != len(made._inner.next_edges):
            raise NotMade("the edges of a changed view do not fit its op")
        return made

    def _op_node(self, node: schema.Node) -> OpNode:
        fact = None if node.op is None else self.tape.ops.get(node.op)
        if fact is None:
            raise NotMade(f"{node.name}, which no op made")
        op = OPS.get(fact.name)
        if op is None:
            raise NotMade(f"op {fact.name} is not one of this engine's")
        if any(saved.val is None for saved in node.saved):
            raise NotMade("hooks on saved tensors packed what it kept")
        return _Call(self, op, fact, node).node()


class _Call:
    """One call of an op as the tape has it, and the node that it made."""

    def __init__(self, made_by: Rebuilder, op: Op, fact: schema.Op, node: schema.Node) -> None:
        self.rebuilder, self.op, self.fact, self.fact_node = made_by, op, fact, node

    def node(self) -> OpNode:
        """The backward node. Raises NotMade."""
        op, fact_node = self.op, self.fact_node
        shadows = [self._number(i) if val is None else self.rebuilder.shadow(val) for i, val in enumerate(self.fact.ins)]
        self._check_counts(shadows)
        names = op.edge_inputs(shadows) if op._scalars else op.differentiable_inputs
        uneven = op.variadic or op.tail
        edges: list[Edge | None] = []
        wanted: list[bool] = []
        for i in range(len(shadows)):
            edge = None
            if (op.input_name(i) if uneven else op.inputs[i]) in names:
                if len(edges) == len(fact_node.next):
                    raise NotMade(f"{fact_node.name} has {len(fact_node.next)} edges, op {op.name} makes more")
                edge = None if fact_node.next[len(edges)] is None else _SOMEWHERE
                edges.append(edge)
            wanted.append(edge is not None)
        if len(edges) != len(fact_node.next):
            raise NotMade(f"{fact_node.name} has {len(fact_node.next)} edges, op {op.name} makes {len(edges)}")
        node: OpNode = make_node(op.node_class(op.name, names), edges, self._params(), tuple(self.rebuilder.slots(fact_node)))
        for name in op.plan(tuple(wanted)):
            setattr(node, f"kept_{name}", self._kept(name, shadows))
        return node

    def _check_counts(self, args: Sequence[Any]) -> None:
        op, count = self.op, len(args)
        fits = count >= 1 if op.variadic else count >= len(op.inputs) - 1 if op.tail else count == len(op.inputs)
        if not fits:
            raise NotMade(f"op {op.name} takes {len(op.inputs)} tensors, the tape has {count}")
        if not op.variadic_outputs and len(self.fact.outs) != len(op.outputs):
            raise NotMade(f"op {op.name} gives {len(op.outputs)} results, the tape has {len(self.fact.outs)}")
        slots = (
            1 if op.gradient_outputs == (0,) and not op.variadic_outputs else len(self.fact.outs)
        )  # others than the first have no place where they carry none
        if len(self.fact_node.ins) not in (slots, len(self.fact.outs)):
            raise NotMade(f"{self.fact_node.name} takes {len(self.fact_node.ins)} gradients, its op gave {len(self.fact.outs)} results")

    def _kept(self, name: str, shadows: Sequence[Any]) -> Any:
        """What stands in for ``name``: with data where the rule will look at them."""
        op, rebuilder = self.op, self.rebuilder
        outs: list[Any] = []
        args: Sequence[Any] = shadows
        if name == "out" or name in op.outputs:
            outs = [rebuilder.tensor(val) if op.variadic_outputs or self._is(name, i) else None for i, val in enumerate(self.fact.outs)]
        elif name in op.inputs:
            args = [
                rebuilder.tensor(val) if val is not None and op.input_name(i) == name else shadows[i] for i, val in enumerate(self.fact.ins)
            ]
        elif name.endswith("_strides"):
            position = op.inputs.index(name.removesuffix("_strides"))
            val = self.fact.ins[position]
            if val is not None and not rebuilder.has(val):
                raise NotMade("how an input lay in memory was not kept")
        if name.endswith("_dtype") and not op.variadic and name.removesuffix("_dtype") in op.inputs:
            t = args[op.inputs.index(name.removesuffix("_dtype"))]
            return t.dtype if isinstance(t, Tensor) else dtypes.of_number(t)
        return _keep(op, name, tuple(args), outs)

    def _is(self, name: str, output: int) -> bool:
        return output == (0 if name == "out" else self.op.outputs.index(name))

    @cached_property
    def _texts(self) -> dict[str, str]:
        return dict(self.fact.params)

    def _number(self, place: int) -> Any:
        """An input that is a number, or None."""
        text = self._texts.get(f"input {place}")
        return None if text is None else self._read(text)

    def _read(self, text: str, is_size: bool = False) -> Any:
        try:
            return bounded(literal(text), is_size)
        except Unreadable as error:
            raise NotMade(f"a parameter of {self.op.name} cannot be read: {error}") from None

    def _params(self) -> tuple[Any, ...]:
        """The values of the op's parameters; None for those that no rule asks for."""
        asked = {name for names in self.op.needs.values() for name in names}
        values: list[Any] = []
        for name in self.op.params:
            if name not in asked:
                values.append(None)
            elif name in self._texts:
                values.append(self._read(self._texts[name], name in _SIZES))
            else:
                raise NotMade(f"parameter {name} of {self.op.name} is not on the tape")
        return tuple(values)


class _Shape(np.ndarray[Any, Any]):
    """An array without data that answers for its strides what another had."""

    said: tuple[int, ...] = ()

    @classmethod
    def of(cls, empty: Any, strides: tuple[int, ...]) -> Any:
        made = empty.view(cls)
        made.said = strides
        return made

    @property  # type: ignore[misc]
    def strides(self) -> tuple[int, ...]:
        return self.said


def described(meta: Meta) -> tuple[tuple[int, ...], Any, Any]:
    """Shape, type and device of what arrives. Raises NotMade where it is larger than LARGEST or of no type of this engine's."""
    kind = _TYPES.get(meta.dtype)
    if kind is None:
        raise NotMade(f"no type is called {meta.dtype[:40]}")
    shape = tuple(meta.shape)
    if len(shape) > 32 or math.prod(shape) * kind.numpy.itemsize > LARGEST:
        raise NotMade(f"a value of shape {list(shape[:8])} is larger than {LARGEST} bytes")
    return shape, kind, devices.CPU_DEVICE


def bounded(value: Any, is_size: bool = False) -> Any:
    """A parameter, unless numbers in it could ask for more memory than LARGEST. Raises NotMade."""
    if isinstance(value, (tuple, list)):
        if is_size and math.prod(abs(item) for item in value if type(item) is int and item) > LARGEST:
            raise NotMade("a parameter asks for more memory than there may be")
        for item in value:
            bounded(item)
    elif type(value) is int and abs(value) > LARGEST and value != sys.maxsize:
        raise NotMade("a parameter asks for more memory than there may be")
    return value


def _laid_out(array: Any, strides: tuple[int, ...]) -> Any:
    """The same elements with these strides, which were another array's. C order where they make no sense."""
    if not strides or len(strides) != array.ndim or not array.size:
        return array
    extent = 1 + sum((n - 1) * step for n, step in zip(array.shape, strides, strict=True))
    if extent > SPREAD * array.size + 4096:
        return array
    memory = np.zeros(extent, array.dtype)
    made = np.lib.stride_tricks.as_strided(memory, array.shape, tuple(step * array.itemsize for step in strides))
    made[...] = array
    return made if made.tobytes() == array.tobytes() else array
