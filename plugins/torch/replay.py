"""The rest of a backward pass without PyTorch's engine: its nodes are called one by one, in its order, so that steps can be taken back.

A node gives the same bits whoever calls it. What was sent along each edge is known, so a step back forgets what the step sent, puts
back ``.grad`` of its leaf and the state of the random numbers. What the script's hooks did beside that is not undone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import torch

from gradstep.engine.tape.schema import NodeKind

from .fitting import all_fitting, fitting
from .marks import slots_of
from .nodes import TorchNode
from .ready import Ready, after
from .watch import Watch


class Leaf(NamedTuple):
    """``.grad`` of a tensor as it was: the object, and a copy of its elements."""

    tensor: Any
    grad: Any
    elements: Any

    @classmethod
    def of(cls, tensor: Any) -> Leaf:
        """As it is now."""
        grad = tensor.grad
        return cls(tensor, grad, None if grad is None else grad.detach().clone())

    def put_back(self) -> None:
        """Make it so again."""
        if self.grad is not None and not torch.equal(self.grad, self.elements):
            with torch.no_grad():
                self.grad.copy_(self.elements)
        self.tensor.grad = self.grad


class Done(NamedTuple):
    """A step that was taken. ``sent``: number, slot and gradient of each that it sent on; ``position``: the last event before it."""

    node: int
    sent: tuple[tuple[int, int, Any], ...]
    position: int
    random: Any
    leaf: Leaf | None
    others: tuple[Leaf, ...] = ()  # other tensors whose ``.grad`` the step changed


def summed(parts: Iterable[tuple[int, Any]], slots: int) -> list[Any]:
    """The gradients at a node: what arrived at each slot, added in the order in which it came, as PyTorch's input buffer does it."""
    found: list[Any] = [None] * slots
    with torch.no_grad():
        for slot, grad in parts:
            if grad is not None:
                found[slot] = grad if found[slot] is None else found[slot] + grad
    return found


def _pairs(left: Any, right: Any) -> list[tuple[Any, Any]]:
    return [(left[place], right[place]) for place in range(min(len(left), len(right)))]


class Replay:
    """Where a pass stands, and its steps forwards and back."""

    def __init__(
        self, walk: Any, watch: Watch, nodes: dict[int, TorchNode], arriving: set[int], left: dict[int, int],
        waiting: dict[int, list[tuple[int, Any]]], log: list[Done], done: set[int],
    ) -> None:  # fmt: skip
        self._walk, self._watch, self._nodes, self._arriving, self._left = walk, watch, nodes, arriving, left
        self._waiting, self._log, self._done = waiting, log, done
        self._ready = Ready()
        self._gather()

    def _gather(self) -> None:
        """Find out what is ready, and tell the pass."""
        waiting = {number: node for number, node in self._nodes.items() if not self._left.get(number, 0) and number not in self._done}
        ready = after([step.node for step in self._log], self._nodes, self._walk.seeded)
        if ready is None or set(ready.numbers) != waiting.keys():
            last: dict[int, int] = {}  # by node: when its last gradient came
            for tick, step in enumerate(self._log, 1):
                for number, _, _ in step.sent:
                    last[number] = tick
            ready = Ready()
            for node in sorted(waiting.values(), key=lambda node: (-node.sequence, last.get(node.id, 0), node.id)):
                ready.push(node.sequence, node.id)
        self._ready = ready
        self._tell()

    # ---------------------------------------------------------------------------------------------- what can be seen

    @property
    def ready(self) -> list[TorchNode]:
        """The nodes that could run, first the one that will."""
        return [self._nodes[number] for number in self._ready.numbers]

    @property
    def undoable(self) -> int:
        """How many steps can be taken back."""
        count: int = self._walk.undoable
        return count

    def pending(self, node: TorchNode) -> tuple[Any, ...]:
        """What waits at a node."""
        return tuple(summed(self._waiting.get(node.id, ()), node.slots))

    def replace(self, node: TorchNode, slot: int, grad: Any) -> None:
        """Another gradient waits at a slot."""
        parts = self._waiting.get(node.id, [])
        self._waiting[node.id] = [part for part in parts if part[0] != slot] + [(slot, grad)]

    def _tell(self) -> None:
        self._walk.next_node, self._walk.current = (self._nodes[self._ready.first] if self._ready else None), None

    # ---------------------------------------------------------------------------------------------- back

    def mark(self) -> tuple[int, int, int]:
        """This moment: steps that can be undone, the tape's position, steps taken."""
        return len(self._log), self._watch.recorder.position if self._watch.recorder is not None else -1, self._walk.taken

    def step_back(self) -> bool:
        """Undo the last step; False at the beginning."""
        if not self._walk.undoable:
            return False
        position = self._log[-1].position
        self._undo()
        self._rewound(position)
        return True

    def rewind_to(self, mark: tuple[int, int, int]) -> None:
        """Back to an earlier moment: steps since then are undone, and edits of what waits there."""
        length, position, _ = mark
        while len(self._log) > length:
            self._undo()
        for number in self._ready.numbers:
            self._waiting[number] = self._came(number)
        self._rewound(position)

    def _came(self, number: int) -> list[tuple[int, Any]]:
        """What arrived at a node by itself, without edits."""
        sent = [(slot, grad) for step in self._log for target, slot, grad in step.sent if target == number]
        return [*self._walk.seeded.get(number, ()), *sent]

    def _undo(self) -> None:
        step = self._log.pop()
        self._done.discard(step.node)
        for number, _, _ in step.sent:
            self._left[number] += 1
        for number in {number for number, _, _ in step.sent}:
            self._waiting[number] = self._came(number)
        self._waiting[step.node] = self._came(step.node)
        for leaf in reversed((*step.others, *((step.leaf,) if step.leaf is not None else ()))):
            leaf.put_back()
        torch.random.set_rng_state(step.random)
        self._walk.undo.took_back()
        self._walk.taken -= 1

    def _rewound(self, position: int) -> None:
        tape = self._watch.recorder
        if tape is not None:
            tape.rewound(self._walk.run, position)
        self._gather()

    # ---------------------------------------------------------------------------------------------- forwards

    def step(self) -> bool:
        """Run the next node with its hooks; False where none is left. Raises what it raises."""
        walk, local = self._walk, self._watch.local
        node = walk.next_node
        if node is None:
            return False
        before, quiet = local.driven, local.quiet
        local.driven, local.quiet = walk, 0
        walk.begin_step(node)
        self._ready.pop()
        try:
            with torch.no_grad():
                self._run(node)
        finally:
            local.driven, local.quiet = before, quiet
        self._tell()
        return True

    def _run(self, node: TorchNode) -> None:
        walk, watch = self._walk, self._watch
        position, random = watch.recorder.position if watch.recorder is not None else -1, torch.random.get_rng_state()
        grads = summed(self._waiting.pop(node.id, ()), node.slots)
        for slot in range(len(grads)):
            for hook in self._tensor_hooks(node, slot):
                given = hook(grads[slot])
                if given is not None:
                    grads[slot] = fitting(hook, grads[slot], given)
        retained = self._retain(node, grads)
        arrived: Any = tuple(grads)
        pre, post = walk.hooks_of(node)
        for hook in pre:
            given = hook(arrived)
            if given is not None:
                arrived = all_fitting(hook, arrived, given)
        leaf = Leaf.of(node.variable) if node.kind == NodeKind.ACCUMULATE else None
        with watch.silence():
            if retained:
                walk.tell_retained(node, grads)
            walk.entering(node, arrived)
        if leaf is not None:
            node.node(*arrived)
            outs: Any = ()
        else:
            outs = self._custom(node, arrived) if hasattr(node.node, "_forward_cls") else node.node(*arrived)
            outs = self._fitted(node, outs if isinstance(outs, tuple) else (outs,))
        for hook in post:
            given = hook(outs, arrived)
            if given is not None:
                outs = all_fitting(hook, outs, given)
        if len(outs) != len(node.edges):
            outs = (*outs, *[None] * (len(node.edges) - len(outs)))[: len(node.edges)]
        with watch.silence():
            parts = walk.leaving(node, outs)
        sent = tuple([(number, slot, outs[index]) for number, slot, index, _ in parts])
        self._done.add(node.id)
        self._log.append(Done(node.id, sent, position, random, leaf, (*retained, *walk.nested)))
        walk.undo.took(node)
        for number, slot, grad in sent:
            self._waiting.setdefault(number, []).append((slot, grad))
        for number in reversed(dict.fromkeys(number for number, _, _ in reversed(sent))):  # each when the last came
            if not self._left.get(number, 0) and number in self._nodes:
                self._ready.push(self._nodes[number].sequence, number)
        walk.taken += 1

    def captured(self, number: int, slot: int) -> Any:
        """The gradient that arrived at a slot, behind the hooks where the node does not run."""
        parts = self._came(number) if number in self._nodes else self._waiting.get(number, [])
        grad = summed(parts, max(place for place, _ in parts) + 1)[slot] if parts else None
        if number not in self._nodes:
            for hook in (self._watch.hooked.get((number, slot)) or {}).values():
                given = hook(grad)
                grad = grad if given is None else given
        return grad

    @staticmethod
    def _custom(node: TorchNode, grads: tuple[Any, ...]) -> Any:
        """A user's backward, with zeros for what did not arrive unless it said that it wants none."""
        raw = node.node
        if getattr(raw, "materialize_grads", True):
            filled = list(grads)
            for slot, meta in enumerate(slots_of(raw)):
                if filled[slot] is None and meta is not None:
                    filled[slot] = torch.zeros(meta.shape, dtype=meta.dtype, device=meta.device)
            grads = tuple(filled)
        outs = raw.apply(*grads)
        outs = outs if isinstance(outs, tuple) else (outs,)
        # backward gives one gradient an argument; an edge has each argument that is a tensor
        wanted = iter([out for out, needed in _pairs(outs, raw.needs_input_grad) if needed])
        return tuple([None if edge is None else next(wanted, None) for edge in node.edges])

    def _tensor_hooks(self, node: TorchNode, slot: int) -> list[Any]:
        if node.kind == NodeKind.ACCUMULATE:
            return list((node.variable._backward_hooks or {}).values())
        return list((self._watch.hooked.get((node.id, slot)) or {}).values())

    def _retain(self, node: TorchNode, grads: list[Any]) -> tuple[Leaf, ...]:
        """Tensors that keep their gradient get it."""
        found = []
        for slot, grad in enumerate(grads):
            tensor = self._watch.retained.get((node.id, slot)) if self._watch.retains else None
            if tensor is not None and grad is not None:
                found.append(Leaf.of(tensor))
                tensor.grad = grad if tensor.grad is None else tensor.grad + grad
        return tuple(found)

    def _fitted(self, node: TorchNode, outs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Gradients as those who get them take them: ``validate_outputs`` of PyTorch's engine."""
        found = list(outs)
        for index, (one, slot) in enumerate(node.node.next_functions):
            if one is None or index >= len(found) or found[index] is None:
                continue
            metas, grad = slots_of(one), found[index]
            meta = metas[slot] if slot < len(metas) else None
            if meta is None:
                continue
            if grad.shape != tuple(meta.shape):
                grad = grad.sum_to_size(tuple(meta.shape))
            if grad.dtype is not meta.dtype:
                grad = (grad.real if grad.is_complex() and not meta.dtype.is_complex else grad).to(meta.dtype)
            found[index] = grad
        return tuple(found)


__all__ = ["Done", "Leaf", "Replay", "summed"]
