"""A backward pass of PyTorch's while it runs: its nodes wait at hooks of ours, before and after each."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch

from gradstep.engine.tape.schema import ACCUMULATE_SEQUENCE, HookKind, NodeKind

from .hooks import Own, put_on, wrap, wrap_leaf
from .marks import MARK, mark_of, number_of
from .nodes import TorchNode
from .recorder import Sent
from .replay import Done, Leaf, Replay, summed
from .undo import SECOND, Undo, release
from .watch import Watch

_Plain = torch._C.DisableTorchFunction  # inside it, looking at a tensor calls nobody
_task = torch._C._current_graph_task_id
_current_node = torch._C._current_autograd_node
_sequence = torch._C._autograd._get_sequence_nr

_NONE: list[Sent] = []
_UNHOOKED: tuple[Any, Any, Any, Any] = ({}, None, {}, None)
_NOTHING = 0, 0  # number and version where there is no value


class TakenOver(BaseException):
    """Ends PyTorch's own pass: the rest of it is run by us."""


Root = tuple[Any, int]  # a node and the number of a slot


def edge_of(output: Any) -> Root | None:
    """Where the gradient of a tensor, or of a GradientEdge, arrives; None where it takes none."""
    if isinstance(output, tuple):
        return output[0], output[1]
    if output.grad_fn is not None:
        return output.grad_fn, output.output_nr
    if not output.requires_grad:
        return None
    found = torch.autograd.graph.get_gradient_edge(output)
    return found.node, found.output_nr


def plan(roots: Sequence[Any], targets: Sequence[Any] | None, accumulate: bool) -> tuple[dict[int, TorchNode], set[int]]:
    """The nodes that a pass from ``roots`` runs, by number, and the numbers of those at which gradients arrive. ``targets``: the nodes
    whose gradients were asked for; None for all leaves. As ``GraphTask::init_to_execute`` does it."""
    nodes: dict[int, TorchNode] = {}
    waiting = [(node, mark_of(node)) for node in roots]
    while waiting:
        node, mark = waiting.pop()
        if mark.number in nodes:
            continue
        made = nodes[mark.number] = TorchNode(node, mark)
        if made.leaf is not None:
            continue
        edges: list[tuple[int, int] | None] = []
        for one, index in node.next_functions:
            if one is None:
                edges.append(None)
                continue
            behind = one.metadata.get(MARK) or mark_of(one)
            number = behind.number
            edges.append((number, index))
            if number not in nodes:
                waiting.append((one, behind))
        made.edges = edges
    if targets is None:
        return nodes, set(nodes)
    wanted = {number_of(node) for node in targets}
    leads: dict[int, bool] = {}
    for number, node in sorted(nodes.items(), key=lambda item: -1 if item[1].sequence >= ACCUMULATE_SEQUENCE else item[1].sequence):
        leads[number] = any(edge is not None and (leads.get(edge[0], False) or edge[0] in wanted) for edge in node.edges)
    runs = {number: node for number, node in nodes.items() if leads[number] or (accumulate and number in wanted)}
    return runs, set(runs) | (wanted & set(nodes))


def fitted(outs: Sequence[Any], edges: int) -> tuple[Any, ...]:
    """One gradient for each edge."""
    return (*outs, *[None] * (edges - len(outs)))[:edges]


class TorchPass:
    """One call of PyTorch's engine, as ``target.Pass``. Made before it, ``end``ed after it."""

    undo_bytes = 1 << 30

    def __init__(
        self, watch: Watch, roots: Sequence[Root], seeds: Sequence[Any], targets: Sequence[Any] | None,
        keep_graph: bool, create_graph: bool, accumulate: bool, frame: FrameType,
    ) -> None:  # fmt: skip
        tape: Any = watch.recorder
        control: Any = watch.control
        self._watch, self._tape, self._control = watch, tape, control
        self._keep, self._create, self._frame = keep_graph, create_graph, frame
        self.rewindable = False
        self.taken = 0
        self.ended = False
        self.current: TorchNode | None = None
        self.next_node: TorchNode | None = None
        self._nodes, self._arriving = plan([node for node, _ in roots], targets, accumulate)
        self._left: dict[int, int] = dict.fromkeys(self._arriving, 0)
        left = self._left
        for node in self._nodes.values():
            for edge in node.edges:
                if edge is not None and edge[0] in left:
                    left[edge[0]] += 1
        self._done: set[int] = set()
        self._reached: set[int] = set()  # nodes that the control was told of
        self._log: list[Done] = []  # the steps taken, where they can be taken back
        self.undo = Undo(self, self._log)
        self._position = -1  # the last event before the node that was reached
        self._random: Any = None  # the state of the random numbers there
        self._leaf: Leaf | None = None  # the leaf whose node runs, before that
        self.kept = False  # PyTorch was told to keep the graph for us
        self.taken_over: Replay | None = None  # who runs the rest, once a step was taken back
        self.callbacks: list[Any] = []
        self._retaining: dict[int, tuple[Leaf, ...]] = {}  # by node: tensors that will keep its gradients, as they were before the pass
        self.nested: list[Leaf] = []  # leaves that passes changed which the node that runs has begun
        self.told = False  # the control has been told of the end
        self.seeded: dict[int, list[tuple[int, Any]]] = {}  # what the pass began with, by node
        self._sent: dict[int, list[tuple[int, Any]]] = {}  # by node that waits: slots and gradients, where they are held
        self._here: dict[int, Any] | tuple[Any, ...] = {}  # by slot: what is at the node that was reached
        self._edits: dict[int, dict[int, Any]] = {}  # by node and slot
        self._stored: set[int] = set()  # accumulating nodes whose leaf's gradient was told
        self._before: tuple[int, int] = (0, 0)  # what stood in ``.grad`` of the leaf whose node runs
        self._since = 0
        self._task: int | None = None
        marks = [(node, mark_of(node)) for node, _ in roots]
        self._others = {mark.number: TorchNode(node, mark) for node, mark in marks if mark.number not in self._nodes}
        self.run: int = self._tape.run_begin(
            [(self._node(number_of(node)), slot) for node, slot in roots], seeds, list(self._nodes.values()),
            keep_graph, create_graph, accumulate,
        )  # fmt: skip
        self._begin(roots, seeds)

    def _begin(self, roots: Sequence[Root], seeds: Sequence[Any]) -> None:
        lone = len(roots) == 1
        begun = [(number_of(node), slot, seeds[i]) for i, (node, slot) in enumerate(roots) if lone or number_of(node) in self._arriving]
        for number, _, _ in begun:
            self._left[number] = self._left.get(number, 0) + 1
        for number, slot, seed in begun:
            self._begins(number, slot, seed)
        watch, enter, leave = self._watch, self._enter, self._exit
        for node in self._nodes.values():
            before, _, behind, _ = node.hooks = put_on(node.node, Own(enter, node), Own(leave, node))
            if len(before) > 1:
                wrap(watch, before, HookKind.NODE_PRE)
            if len(behind) > 1:
                wrap(watch, behind, HookKind.NODE_POST)
            if node.leaf is not None:
                wrap_leaf(watch, node.leaf)

    def _node(self, number: int) -> Any:
        found = self._nodes.get(number)
        return self._others[number] if found is None else found

    # ------------------------------------------------------------------------------------ what can be seen

    @property
    def ready(self) -> list[TorchNode]:
        """The nodes that could run, first the one that will."""
        if self.taken_over is not None:
            return self.taken_over.ready
        waiting = [node for number, node in self._nodes.items() if not self._left.get(number, 0) and number not in self._done]
        found = [node for node in waiting if node is not self.current]
        return sorted(found, key=lambda node: (node is not self.next_node, -node.sequence))

    def free(self, number: int) -> None:
        """Let go of what a node keeps, as PyTorch would have, where it was kept for steps back alone."""
        node = self._nodes.get(number)
        if node is not None and not self._keep:
            release((node.node,))

    @property
    def needed(self) -> list[TorchNode]:
        """All nodes that run in this pass."""
        return list(self._nodes.values())

    def pending(self, node: TorchNode) -> tuple[Any, ...]:
        """The gradients that wait at the slots of ``node``, summed in the order in which they came."""
        if self.taken_over is not None:
            return self.taken_over.pending(node)
        found = summed(self._sent.get(node.id, ()), node.slots)
        if node is self.next_node or node is self.current:
            for slot, grad in self._here.items() if isinstance(self._here, dict) else enumerate(self._here):
                found[slot] = grad
        for slot, grad in self._edits.get(node.id, {}).items():
            found[slot] = grad
        return tuple(found)

    def set_pending(self, node: TorchNode, slot: int, grad: Any) -> None:
        """Replace a gradient that waits at ``node``, by the rules for what a hook may return. Raises ValueError."""
        if node not in self.ready:
            raise ValueError(f"{node.name()} does not wait with all its gradients: stop before it to edit one")
        old = self.pending(node)[slot]
        if old is None and grad is not None:
            raise ValueError(f"no gradient came to slot {slot} of {node.name()}, and PyTorch's engine takes none in its place")
        if grad is not None and tuple(grad.shape) != tuple(old.shape):
            raise ValueError(f"{node.name()} slot {slot} takes shape {tuple(old.shape)}, not {tuple(grad.shape)}")
        if self.taken_over is not None:
            self.taken_over.replace(node, slot, grad)
        else:
            self._edits.setdefault(node.id, {})[slot] = grad
        self._tape.edited(self.run, node, slot, old, grad)

    def set_saved(self, node: TorchNode, name: str, value: Any) -> None:
        """Replace what ``node`` keeps under ``name``. Raises ValueError where that is not possible."""
        kept = next((tensor for known, tensor in node.saved_entries() if known == name), None)
        raw = getattr(node.node, f"_raw_saved_{name}", None)
        if kept is None or raw is None or not hasattr(raw, "register_hooks"):
            raise ValueError(f"{node.name()} keeps no single tensor {name}")
        if kept.shape != value.shape or kept.dtype is not value.dtype or kept.device != value.device:
            raise ValueError(f"{name} of {node.name()} is {kept.dtype} {list(kept.shape)}, not {value.dtype} {list(value.shape)}")
        other = value.detach()
        try:
            raw.register_hooks(lambda tensor: other, lambda packed: packed)
        except RuntimeError as error:
            raise ValueError(f"{name} of {node.name()} cannot be replaced: {error}") from None

    # ------------------------------------------------------------------------------------ steps back

    @property
    def undoable(self) -> int:
        """See Pass."""
        return len(self._log) - self.undo.gone

    @property
    def forgets(self) -> bool:
        """See Pass."""
        return self.undo.gone > 0

    @property
    def cannot_rewind(self) -> str:
        """Why steps of this pass cannot be taken back; "" where they can."""
        if not self.kept:
            return (
                "the graph of this backward pass is not kept, because it was not stepped from its beginning: what it did can be looked at, "
                "not taken back; stop at the beginning of the next one"
            )
        if self._create:
            return "a pass that makes a graph of its own (create_graph) cannot be taken back: what it made would stay"
        if any(name.startswith("register_multi_grad_hook") for name in self._hook_names()):
            return "a hook for several gradients (register_multi_grad_hook) needs PyTorch's engine: this pass cannot be taken back"
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            return "in a job of several processes a pass cannot be taken back: the others have got its gradients"
        return ""

    def keep(self) -> None:
        """From its beginning on this pass can be taken back."""
        self.kept = True
        for (number, _), tensor in list(self._watch.retained.items()):
            if number in self._nodes:
                self._retaining[number] = (*self._retaining.get(number, ()), Leaf.of(tensor))

    def _hook_names(self) -> Iterator[str]:
        """The names of the functions that wait for gradients of tensors."""
        for node in self._nodes.values():
            if node.kind == NodeKind.ACCUMULATE:
                yield from [str(getattr(hook, "__qualname__", "")) for hook in (node.variable._backward_hooks or {}).values()]
        for (number, _), registered in list(self._watch.hooked.items()):
            if number in self._nodes:
                yield from [str(getattr(hook, "__qualname__", "")) for hook in registered.values()]

    def captured(self, edge: Root | None) -> Any:
        """The gradient that was asked for, where steps were taken back; None where none arrived."""
        if edge is None or self.taken_over is None:
            return None
        return self.taken_over.captured(number_of(edge[0]), edge[1])

    def take_over(self) -> Replay:
        """From here on this pass is run by us; PyTorch's engine is told to stop when the program goes on."""
        if self.taken_over is None:
            node = self.next_node
            assert node is not None
            sent = {number: list(parts) for number, parts in self._sent.items()}
            for slot, grad in self._edits.pop(node.id, {}).items():
                sent[node.id] = [part for part in sent.get(node.id, ()) if part[0] != slot] + [(slot, grad)]
            for leaf in self._retaining.get(node.id, ()):  # PyTorch does that before any hook
                leaf.put_back()
            self.taken_over = Replay(self, self._watch, self._nodes, self._arriving, self._left, sent, self._log, self._done)
        return self.taken_over

    def step(self) -> bool:
        """Run the next node; only where a step was taken back."""
        return self.take_over().step()

    def step_back(self) -> bool:
        """See Pass."""
        return self.undoable > 0 and self.take_over().step_back()

    def mark(self) -> Any:
        """See Pass."""
        return self.take_over().mark()

    def rewind_to(self, mark: Any) -> None:
        """See Pass."""
        self.take_over().rewind_to(mark)

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """See Pass."""
        before, self.undo.bounded = self.undo.bounded, False
        try:
            yield
        finally:
            self.undo.bounded = before
            self.undo.bound()

    # ------------------------------------------------------------------------------------ what PyTorch's engine calls

    def mine(self) -> bool:
        """Whether the engine is in this pass, and not in another over the same nodes."""
        task, watch = _task(), self._watch
        if self._task is None:
            begun = watch.local.passes
            if task in watch.passes or (begun and self not in begun):
                return False  # this one has not come to its first node
            self._task = task
            watch.passes[task] = self
        return bool(self._task == task)

    def _frame_now(self) -> FrameType:
        """Where the user's code is: of a device's own thread, where it called the pass."""
        local = self._watch.local.passes
        return sys._getframe(2) if self in local else self._frame

    def _reach(self, node: TorchNode) -> None:
        """The engine has come to ``node``, for the first time; nothing of it has run, no hook either."""
        self._reached.add(node.id)
        self.current, self.next_node = None, node
        if self.kept:
            self._position, self._random = self._tape.position, torch.random.get_rng_state()
        self._control.at_node(self, node, self._frame_now())
        if self.taken_over is not None:
            raise TakenOver
        self.current, self.next_node = node, None
        if self.nested:
            self.nested = []

    def _enter(self, node: TorchNode, grads: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The last of the hooks before a node."""
        watch = self._watch
        local = watch.local
        if local.quiet or not watch.on or (self._task != _task() and not self.mine()):
            return None
        local.quiet += 1
        try:
            with _Plain():
                if node.id not in self._reached:
                    self._here = grads
                    self._reach(node)
                edits = self._edits.pop(node.id, None) if self._edits else None
                if edits:
                    grads = tuple([edits.get(slot, grad) for slot, grad in enumerate(grads)])
                if watch.retains:
                    self.tell_retained(node, grads)
                if self.kept:
                    self._leaf = Leaf.of(node.leaf) if node.leaf is not None else None
                self.entering(node, grads)
                if self._sent:
                    self._sent.pop(node.id, None)
                self._here = ()
                if watch.kernels:
                    local.kernels = []
                return grads if edits else None
        finally:
            local.quiet -= 1

    def _exit(self, node: TorchNode, outs: Any, grads: Any) -> None:
        """The last of the hooks behind a node."""
        watch = self._watch
        local = watch.local
        if local.quiet or not watch.on or (self._task != _task() and not self.mine()):
            return
        local.quiet += 1
        try:
            with _Plain():
                if len(outs) != len(node.edges):
                    outs = fitted(outs, len(node.edges))
                if watch.kernels:
                    if local.kernels:
                        self._tape.kernels(local.kernels, node=node.id, run=self.run)
                    local.kernels = None
                sent = self.leaving(node, outs)
                if watch.holds:
                    waiting = self._sent
                    for target, slot, index, _ in sent:
                        waiting.setdefault(target, []).append((slot, outs[index]))
                    if self.kept:
                        others = (*self._retaining.get(node.id, ()), *self.nested)
                        parts = tuple([(target, slot, outs[index]) for target, slot, index, _ in sent])
                        self._log.append(Done(node.id, parts, self._position, self._random, self._leaf, others))
                        self.undo.took(node)
                self._done.add(node.id)
                self.taken += 1
                self.current = None
                self._control.ran(self, node)
        finally:
            local.quiet -= 1

    def entering(self, node: TorchNode, grads: tuple[Any, ...]) -> None:
        """The node runs now, on ``grads``. Raises RuntimeError where it has run before and was not to be kept."""
        leaf = node.leaf
        if leaf is not None:
            if len(self._watch.local.passes) > 1:
                for outer in self._watch.local.passes:
                    if outer is not self and outer.kept and outer.current is not None:
                        outer.nested.append(Leaf.of(leaf))
            grad = leaf.grad
            self._before = self._tape.value_of(grad) if grad is not None else _NOTHING
            self._stored.discard(node.id)
        self._tape.node_enter(self.run, node, grads)
        if node.mark.spent:
            raise RuntimeError(SECOND)
        if self._create:
            self._since = _sequence()

    def leaving(self, node: TorchNode, outs: Any) -> list[Sent]:
        """The node has run and gave ``outs``, one an edge. Gives number and slot of what goes on, the edge, and whether nothing else
        is awaited there."""
        edges = node.edges
        leaf = node.leaf
        if leaf is not None:
            grad = None
            if node.id not in self._stored:
                self._stored.add(node.id)
                grad = leaf.grad
            if grad is None:
                self._tape.passed(self.run, node, (), False, _NONE)
            else:
                self._tape.stored(self.run, leaf, self._before, grad, len(self._watch.passes) > 1, node)
            return _NONE
        if self._create:
            made = [out.grad_fn for out in outs if out is not None and out.grad_fn is not None]
            if made:
                self._tape.met(made, self._since)
        left = self._left
        sent: list[Sent] = []
        for index, edge in enumerate(edges):
            if edge is not None and edge[0] in left:
                target = edge[0]
                left[target] = count = left[target] - 1
                sent.append((target, edge[1], index, count == 0))
        self._tape.passed(self.run, node, outs, node.mark.keeps and not self._keep, sent)
        return sent

    def begin_step(self, node: TorchNode) -> None:
        """We run ``node`` ourselves."""
        self.nested = []
        self.current, self.next_node = node, None

    def hooks_of(self, node: TorchNode) -> tuple[list[Any], list[Any]]:
        """The hooks of a node, before and behind it, without ours."""
        found: list[list[Any]] = []
        before, first, behind, last = node.hooks
        for registered, own in ((before, first), (behind, last)):
            found.append([hook for key, hook in registered.items() if key != own])
        return found[0], found[1]

    def _begins(self, number: int, slot: int, seed: Any) -> None:
        """A gradient that the pass begins with arrives."""
        self._left[number] = left = self._left[number] - 1
        self.seeded.setdefault(number, []).append((slot, seed))
        if self._watch.holds:
            self._sent.setdefault(number, []).append((slot, seed))
        self._tape.grad_added(self.run, None, (self._node(number), slot), seed, left == 0)

    def _store(self, node: TorchNode) -> None:
        """``.grad`` of the node's leaf was written: tell it once, before the hooks that wait for it."""
        if node.id not in self._stored:
            self._stored.add(node.id)
            grad = node.leaf.grad
            if grad is not None:
                self._tape.stored(self.run, node.leaf, self._before, grad, len(self._watch.passes) > 1)

    def tell_retained(self, node: TorchNode, grads: Sequence[Any]) -> None:
        """Tensors of the script's own that keep their gradient got it."""
        retained = self._watch.retained
        for slot in range(len(grads)) if self._watch.retains else ():
            tensor = retained.get((node.id, slot))
            if tensor is not None and tensor.grad is not None and grads[slot] is not None:
                self._tape.hook_called(
                    self.run, HookKind.RETAIN, -node.id, torch.Tensor.retain_grad, (grads[slot],), (grads[slot],), node=node, index=slot
                )
                self._tape.stored(self.run, tensor, (0, 0), tensor.grad)

    # ------------------------------------------------------------------------------------ the script's hooks

    def call_hook(self, function: Any, kind: HookKind, key: int, slot: int | None, args: tuple[Any, ...]) -> Any:
        """A hook of the script's is due: stops where it should, calls it, and tells what it gave."""
        tape = self._tape
        node, leaf, edited = None, None, False
        with self._watch.silence(), _Plain():
            raw = _current_node() if self.taken_over is None else None
            node = self._nodes.get(number_of(raw)) if raw is not None else self.current
            if kind == HookKind.TENSOR:
                before: tuple[Any, ...] = (args[0],)
            elif kind == HookKind.POST_ACCUMULATE:
                before = (args[0].grad,)
                leaf = args[0]
            else:
                given = args[1] if kind in (HookKind.MODULE, HookKind.MODULE_PRE) else args[0]
                before = tuple(given) if isinstance(given, (tuple, list)) else (given,)
            if node is not None:
                if kind in (HookKind.TENSOR, HookKind.NODE_PRE) and self.taken_over is None:
                    args, before, edited = self._before_hook(node, kind, slot or 0, args, before)
                if kind == HookKind.POST_ACCUMULATE:
                    self._store(node)
                if kind == HookKind.TENSOR and node.kind == NodeKind.ACCUMULATE:
                    leaf = node.leaf
            called = tape.about_to_call(function, before, node, kind)
        changed = args[0] if edited else None
        if not called:
            return changed
        told: dict[str, Any] = {"node": node, "tensor": leaf}
        if kind == HookKind.TENSOR and leaf is None:
            told["index"] = slot
        try:
            result = function(*args)
        except BaseException:
            self._hook_ran(kind, key, function, before, (), told)
            raise
        after = before
        if kind == HookKind.POST_ACCUMULATE:
            with _Plain():
                after = (args[0].grad,)
        elif result is not None:
            after = tuple(result) if isinstance(result, (tuple, list)) else (result,)
        self._hook_ran(kind, key, function, before, after, told)
        return changed if result is None else result

    def _before_hook(
        self, node: TorchNode, kind: HookKind, slot: int, args: tuple[Any, ...], before: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], tuple[Any, ...], bool]:  # fmt: skip
        """The node of the hook was reached; what was edited meanwhile is what the hook is given."""
        if node.id not in self._reached:
            self._here = {slot: before[0]} if kind == HookKind.TENSOR else dict(enumerate(before))
            self._reach(node)
        edits = self._edits.get(node.id)
        if not edits:
            return args, before, False
        if kind == HookKind.TENSOR:
            if slot not in edits:
                return args, before, False
            grad = edits.pop(slot)
            return (grad, *args[1:]), (grad,), True
        grads = tuple([edits.get(place, grad) for place, grad in enumerate(before)])
        edits.clear()
        return (grads, *args[1:]), grads, True

    def _hook_ran(self, kind: HookKind, key: int, function: Any, before: Any, after: Any, told: dict[str, Any]) -> None:
        with self._watch.silence(), _Plain():
            kept = [tuple([one for one in values if one is None or isinstance(one, torch.Tensor)]) for values in (before, after)]
            self._tape.hook_called(self.run, kind, key, function, *kept, **told)

    # ------------------------------------------------------------------------------------ the end

    def end(self, error: BaseException | None) -> None:
        """The engine has returned, or raised. Nothing of the graph is held any more."""
        if self.ended:
            return
        self.ended = True
        for node in self._nodes.values():
            before, first, behind, last = node.hooks
            before.pop(first, None)
            behind.pop(last, None)
            node.hooks = _UNHOOKED  # a hook of ours holds the node
        if self._task is not None:
            self._watch.passes.pop(self._task, None)
        self._tape.run_end(self.run, "" if error is None else f"{type(error).__name__}: {error}")

    def let_go(self) -> None:
        """Forget the graph."""
        if self.kept and not self._keep:
            for node in self._nodes.values():
                node.mark.spent = node.mark.spent or (node.keeps and node.id in self._done)
        self._nodes, self._others, self.taken_over = {}, {}, None
        self._log, self.seeded, self.callbacks = [], {}, []
        self.undo.let_go()
        self._sent, self._here, self._edits = {}, (), {}
        self.current = self.next_node = None
