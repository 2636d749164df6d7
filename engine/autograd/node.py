"""Nodes of the backward graph: edges, saved values and hooks. A node knows no Tensor class, only what it was given."""

from __future__ import annotations

import itertools
import re
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..tape.schema import ACCUMULATE_SEQUENCE, NodeKind
from . import hooks as _hooks
from .hooks import HookDict, NodeHooks, RemovableHandle

Edge = tuple["Node", int]
next_sequence: Callable[[], int] = itertools.count().__next__
remember: Callable[[Node], None] | None = None  # set by anomaly detection: called with each node that is made


class _Active(threading.local):
    """The walks that run a node in this thread, outermost first."""

    def __init__(self) -> None:
        self.walks: list[Any] = []


active = _Active()


class Node:
    """One step of the backward pass: takes a gradient a slot, gives a gradient an edge.

    ``next_edges`` has an entry an input of the forward op, None where that input takes no gradient; ``slots`` an entry an
    output of the forward op: (shape, dtype, device) of the gradient that may arrive there.
    """

    __slots__ = ("__weakref__", "_metadata", "hooks", "id", "next_edges", "sequence", "slots")

    kind: int = NodeKind.FUNCTION
    hooks: NodeHooks | None
    direct: int = 0  # how many edges are in slots of their own, and how many gradients ``run`` gives: see nodes.py
    on_arrays: int = 0
    shape: Any = None  # of the gradient that arrives at the only slot, where that is all there is to check
    _metadata: dict[Any, Any]  # once somebody has asked for it

    def __init__(self, next_edges: Sequence[Edge | None], slots: Sequence[tuple[Any, Any, Any] | None]) -> None:
        self.next_edges = tuple(next_edges)
        self.slots = tuple(slots)
        self.sequence = next_sequence()
        self.hooks = None
        self.id = 0
        if remember is not None:
            remember(self)

    def apply(self, grads: tuple[Any, ...], edges: Sequence[Edge | None] | None = None) -> Sequence[Any]:
        """The gradients for ``next_edges`` when ``grads`` arrived; None is an undefined gradient, in and out.

        edges: ``next_edges`` with None in the places whose gradients nobody waits for; they need not be computed.
        """
        raise NotImplementedError

    def __call__(self, *grads: Any) -> Any:
        """Run the node's rule by hand: one gradient a slot; gives one gradient an edge, alone where there is one edge."""
        outs = tuple(self.apply(grads))
        return outs[0] if len(outs) == 1 else outs

    def release(self) -> Any:
        """Forget what was saved for backward; gives what ``restore`` needs to undo it."""
        return None

    def restore(self, released: Any) -> None:
        """Undo ``release``."""

    def kept(self) -> Sequence[tuple[str, Any, Any]] | None:
        """Of what the node keeps the name and the tensor, or of an output the array, both None where a user's hook packed it.
        None where only ``saved_entries`` can say."""
        return None

    def run(self, g: Any, some: Any, keep: bool, hooked: bool) -> Any:
        """Edges and gradients for them as arrays; None where only ``apply`` gives them."""
        return None

    def adopt(self, tensor: Any, cell: Any) -> Any:
        """The Storage that ``tensor``, which this node's op made, is to have: ``cell``, unless the node has it already."""
        return cell

    def written(self, out: Any, tensor: Any) -> None:
        """The op's output ``out`` was written into ``tensor`` in place: keep that, if the output is kept."""

    def saved_entries(self) -> Iterable[tuple[str, Any]]:
        """Name and tensor of what the node keeps; the tensor is None where a user's hook packed it."""
        return ()

    # ------------------------------------------------------------------------------------ PyTorch's names

    def name(self) -> str:
        """The node's name, as PyTorch's: ``MulBackward0``."""
        return type(self).__name__

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """For each input of the forward op the node that its gradient goes to and the number of the slot there."""
        return tuple((None, 0) if edge is None else edge for edge in self.next_edges)

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dictionary for whoever wants to remember something about this node."""
        try:
            return self._metadata
        except AttributeError:
            self._metadata = {}
            return self._metadata

    def _sequence_nr(self) -> int:
        return self.sequence

    @property
    def _input_metadata(self) -> list[Any]:
        return [slot for slot in self.slots if slot is not None]

    @property
    def metas(self) -> tuple[tuple[str, tuple[int, ...], str] | None, ...]:
        """Dtype, shape and device of the gradient that each slot takes, in words."""
        return tuple(None if s is None else (s[1].name, tuple(s[0]), str(s[2])) for s in self.slots)

    @property
    def variable(self) -> Any:
        """The leaf that an AccumulateGrad adds to; other nodes have none."""
        return None

    def register_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(grad_inputs, grad_outputs)`` after each run of this node; what it returns replaces grad_inputs."""
        return _hooks.register(self.own_hooks().post, hook)

    def register_prehook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(grad_outputs)`` before each run of this node; what it returns replaces grad_outputs."""
        return _hooks.register(self.own_hooks().pre, hook)

    # ------------------------------------------------------------------------------------ for the engine

    def own_hooks(self) -> NodeHooks:
        """The node's hooks, made when first asked for."""
        if self.hooks is None:
            self.hooks = NodeHooks()
        return self.hooks

    def tensor_hooks(self, slot: int) -> HookDict:
        """The hooks of the tensor that left the forward op at ``slot``."""
        return self.own_hooks().tensor.setdefault(slot, HookDict())

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class AccumulateGrad(Node):
    """Adds what arrives to the ``.grad`` of a leaf. The leaf holds it weakly, the graph strongly."""

    __slots__ = ("_variable",)

    kind = NodeKind.ACCUMULATE

    def __init__(self, variable: Any) -> None:
        self.next_edges = ()
        self.sequence = ACCUMULATE_SEQUENCE
        self.hooks = None
        self.id = 0
        self._variable = variable
        if remember is not None:
            remember(self)

    @property
    def variable(self) -> Any:
        return self._variable

    @property
    def shape(self) -> Any:
        return self._variable._data.shape

    @property
    def slots(self) -> Any:
        return (self._variable._slot(),)  # the leaf's data may have been replaced by another shape

    @slots.setter
    def slots(self, _: Any) -> None:
        pass

    def apply(self, grads: tuple[Any, ...], edges: Sequence[Edge | None] | None = None) -> Sequence[Any]:
        (grad,) = grads
        if grad is not None:
            self._variable._accumulate(grad)
        return ()


def op_name(node: Node) -> str:
    """The op that a node is the backward of, as PyTorch's messages have it: ``Mul`` for ``MulBackward0``, ``Sum1`` for ``SumBackward1``."""
    if node.kind == NodeKind.REBASE:
        return f"torch::autograd::{node.name()}"
    return re.sub(r"Backward(0$|(?=\d*$))", "", node.name())


def accumulate_node(leaf: Any) -> AccumulateGrad:
    """The AccumulateGrad of ``leaf``: the one that lives, else a new one."""
    reference = leaf._accumulator
    node = reference() if reference is not None else None
    if node is None:
        node = AccumulateGrad(leaf)
        leaf._accumulator = weakref.ref(node)
    return node
