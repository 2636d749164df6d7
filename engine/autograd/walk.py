"""The backward pass as an object: ``step()`` runs one node, ``step_back()`` undoes one exactly, ``backward()`` is a walk run to its end.

Order and bookkeeping are PyTorch's engine's: a node is ready when a gradient (or an undefined one) has come along each of
its incoming edges that take part; of the ready nodes the one with the highest sequence number runs, AccumulateGrad first of
all; ties are broken as its heap breaks them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .. import devices, random, shortage
from ..ops.assign import copy
from ..ops.shape import sum_to
from ..tape import recorder
from ..tape.schema import HookKind, NodeKind
from ..tensor import Tensor
from . import anomaly
from .fitting import all_fitting, fitting, tensors_of
from .grad_mode import _ModeGuard, mode
from .node import AccumulateGrad, Edge, Node, active
from .order import Heap, plan
from .recorded import go_on, is_recorded
from .saved import SavedTensor
from .sweep import is_unwatched, sweep

driver: Callable[[Walk], None] | None = None  # the debugger runs walks instead of run_to_end where it is set

UNDO_BYTES = 256 << 20  # that what steps back need may take of memory
_ENTRY = 320  # bytes of an entry of the journal beside the arrays that it keeps alive

_Undo = tuple[Callable[..., None], tuple[Any, ...]]


class _GradMode(_ModeGuard):
    def __init__(self, enabled: bool) -> None:
        super().__init__()
        self._enabled = enabled

    def _wanted(self) -> tuple[bool, bool]:
        return self._enabled, False


class _Quiet:
    """Keeps the engine's own ops off the tape."""

    __slots__ = ("_found", "_on")

    def __init__(self, on: bool) -> None:
        self._on = on

    def __enter__(self) -> None:
        self._found = mode.quiet
        mode.quiet = self._on

    def __exit__(self, *_: object) -> None:
        mode.quiet = self._found


class Walk:
    """A backward pass under way.

    roots: the slots that it begins at; seeds: the gradient for each. keep_graph: saved values survive. create_graph: the
    pass itself is recorded. inputs: the slots whose gradients are wanted; None for all leaves. accumulate: gradients are
    added to the leaves' ``.grad``; else those of ``inputs`` are captured.
    """

    def __init__(
        self,
        roots: Sequence[Edge],
        seeds: Sequence[Tensor | None],
        *,
        keep_graph: bool = False,
        create_graph: bool = False,
        inputs: Sequence[Edge] | None = None,
        accumulate: bool = True,
    ) -> None:
        self.roots = tuple(roots)
        self.keep_graph = keep_graph
        self.create_graph = create_graph
        self.accumulate = accumulate
        self.rewindable = False
        self.taken = 0
        self.error: BaseException | None = None
        self.current: Node | None = None  # the node that runs now
        self.ended = False
        self._capture: dict[tuple[int, int], Tensor | None] = {}
        self._wanted: dict[int, list[int]] = {}  # id(node) -> slots to capture
        self.needed, self._dependencies = plan([e[0] for e in roots], inputs, accumulate)
        self._buffers: dict[Node, list[Tensor | None]] = {}
        self._heap = Heap()
        self._undo: list[_Undo] = []
        self._callbacks: list[Callable[[], None]] = []
        # per step that can be undone: how many entries there were before it, the tape's position, and the bytes that it holds
        self._marks: list[tuple[int, int, int]] = []
        self._forgotten = 0  # entries that are no longer there, the oldest
        self._holding = 0  # bytes that what the journal has keeps alive
        self._added = 0  # of these, by the step under way
        self._held = 0  # who asked that nothing be forgotten
        self.undo_bytes = UNDO_BYTES
        self._walks_outside = [w for w in active.walks if w.rewindable]
        self._outer = active.walks[-1] if active.walks else None
        if inputs is not None and not accumulate:
            for node, slot in inputs:
                self._wanted.setdefault(id(node), []).append(slot)
        self.has_inputs = inputs is not None  # only some gradients are asked for
        self.run = 0
        tape = recorder.current
        if tape is not None:
            self.run = tape.run_begin(self.roots, tuple(seeds), tuple(self.needed), keep_graph, create_graph, accumulate)
        if len(self.roots) == 1:  # PyTorch begins at a lone root in any case, at several only where something is needed of them
            ((root, slot),) = self.roots
            self._dependencies[root] = self._dependencies.get(root, 0) + 1
            self._arrive(None, root, slot, seeds[0])
            return
        begin = [root for root in zip(self.roots, seeds, strict=True) if root[0][0] in self._dependencies]
        for (node, _), _ in begin:
            self._dependencies[node] = self._dependencies.get(node, 0) + 1
        for (node, slot), seed in begin:
            self._arrive(None, node, slot, seed)

    # ------------------------------------------------------------------------------------ what can be seen

    @property
    def done(self) -> bool:
        """Whether no node is left to run."""
        return not self._heap.items

    @property
    def ready(self) -> list[Node]:
        """The nodes that could run, first the one that will."""
        return self._heap.order()

    @property
    def next_node(self) -> Node | None:
        """The node that ``step`` will run."""
        return self._heap.items[0] if self._heap.items else None

    def when_done(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` after the last node, before the pass ends."""
        self._callbacks.append(callback)
        self._journal(self._callbacks.remove, callback)

    def will_run(self, node: Node) -> bool:
        """Whether this pass runs ``node``, or takes its gradient, at some time."""
        return node in self._dependencies

    def pending(self, node: Node) -> tuple[Tensor | None, ...]:
        """The gradients that wait at the slots of ``node``."""
        return tuple(self._buffers.get(node, [None] * len(node.slots)))

    def set_pending(self, node: Node, slot: int, grad: Tensor | None) -> None:
        """Replace a gradient that waits at ``node``.

        Raises ValueError where nothing waits there or the shape differs.
        """
        buffer = self._buffers.get(node)
        if buffer is None:
            raise ValueError(f"no gradient waits at {node.name()}")
        described = node.slots[slot]
        if grad is not None and described is not None and tuple(grad.shape) != tuple(described[0]):
            raise ValueError(f"{node.name()} slot {slot} takes shape {tuple(described[0])}, not {tuple(grad.shape)}")
        old = buffer[slot]
        self._journal(buffer.__setitem__, slot, old)
        buffer[slot] = grad
        if recorder.current is not None and self.run:
            recorder.current.edited(self.run, node, slot, old, grad)

    def set_saved(self, node: Node, name: str, value: Tensor) -> None:
        """Replace what ``node`` keeps for its backward under ``name``.

        Raises ValueError where it keeps nothing of that name (any more), or the shape or type differs.
        """
        kept = next((tensor for known, tensor in node.saved_entries() if known == name), None)
        if kept is None or not hasattr(node, f"kept_{name}"):
            raise ValueError(f"{node.name()} keeps no single tensor {name}")
        if kept.shape != value.shape or kept.dtype is not value.dtype:
            raise ValueError(f"{name} of {node.name()} is {kept.dtype} {list(kept.shape)}, not {value.dtype} {list(value.shape)}")
        old = getattr(node, f"kept_{name}")
        if type(old) is tuple:
            raise ValueError(f"{node.name()} keeps several tensors as {name}")
        self._journal(setattr, node, f"kept_{name}", old)
        setattr(node, f"kept_{name}", SavedTensor(value.detach()))

    def captured(self, node: Node, slot: int) -> Tensor | None:
        """The gradient captured at a slot of ``inputs``; None where none arrived."""
        return self._capture.get((id(node), slot))

    # ------------------------------------------------------------------------------------ going on

    def step(self) -> bool:
        """Run the next node; False when there is none left.

        Raises what the rule or a hook raises; the walk is over then.
        """
        if not self._heap.items:
            return False
        tape = recorder.current
        if self.rewindable:
            entries, self._added = self._forgotten + len(self._undo), 0
            position = tape.position if tape is not None else 0
            self._marks.append((entries, position, 0))
            self._journal(random.restore, random.snapshot())
            self._journal(self._heap.restore, len(self._heap.items), self._heap.before_pop())
        node = self._heap.pop()
        walks = active.walks
        walks.append(self)
        self.current = node
        found = mode.enabled, mode.inference
        wanted = self.create_graph, False
        if found != wanted:
            mode.enabled, mode.inference = wanted
        try:
            self._run(node, tape if self.run else None)
        except MemoryError as error:
            named = shortage.named(error)
            self.end(named)
            raise named from error
        except BaseException as error:
            if anomaly.enabled and isinstance(error, Exception):
                anomaly.report(node)
            self.end(error)
            raise
        finally:
            if (mode.enabled, mode.inference) != found:
                mode.enabled, mode.inference = found
            self.current = None
            walks.pop()
        self.taken += 1
        if self.rewindable and self._marks:
            self._settle(entries, position)
        return True

    def _settle(self, entries: int, position: int) -> None:
        """Count what the step just taken keeps alive, and forget the oldest steps where that is too much in all."""
        added = self._added + _ENTRY * (self._forgotten + len(self._undo) - entries)
        self._marks[-1] = (entries, position, added)
        self._holding += added
        if self._holding <= self.undo_bytes or self._held:
            return
        count = 0
        while self._holding > self.undo_bytes * 3 // 4 and count < len(self._marks) - 1:
            self._holding -= self._marks[count][2]
            count += 1
        del self._marks[:count]
        gone = self._marks[0][0] - self._forgotten
        del self._undo[:gone]
        self._forgotten += gone

    @property
    def undoable(self) -> int:
        """How many steps can be taken back."""
        return len(self._marks)

    @property
    def forgets(self) -> bool:
        """Whether steps were forgotten because what they held was too much."""
        return self._forgotten > 0

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """Inside it no step is forgotten, however much memory that takes: for whoever will go back to a mark."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

    def step_back(self) -> bool:
        """Undo the last step exactly: heap, buffers, ``.grad``, saved values, captured gradients, random state. False at the start, and
        where the step before was forgotten (``undoable``): what steps back need may take ``undo_bytes`` of memory, the newest stay.

        What Python code in hooks did beside that (printing, changing other objects) is not undone.
        """
        if not self._marks:
            return False
        length, position, _ = self._marks[-1]
        self.rewind_to((length, position, self.taken - 1))
        return True

    def mark(self) -> tuple[int, int, int]:
        """This moment, between two steps of a rewindable walk, for ``rewind_to``."""
        return self._forgotten + len(self._undo), recorder.current.position if recorder.current is not None else 0, self.taken

    def rewind_to(self, mark: tuple[int, int, int]) -> None:
        """Back to an earlier moment exactly: steps and edits (``set_pending``) since then are undone.

        Raises RuntimeError where steps since then were forgotten (``remembering`` prevents that).
        """
        length, position, taken = mark
        if length < self._forgotten:
            raise RuntimeError(f"step {taken} is too far back: of {self.taken} steps the last {self.undoable} can be undone")
        while self._forgotten + len(self._undo) > length:
            function, args = self._undo.pop()
            function(*args)
        gone = self._marks[len(self._marks) - (self.taken - taken) :]
        del self._marks[len(self._marks) - (self.taken - taken) :]
        self._holding -= sum(held for *_, held in gone)
        self.taken = taken
        if recorder.current is not None and self.run:
            recorder.current.rewound(self.run, position)

    def run_to_end(self) -> None:
        """Take all steps that are left and end the walk."""
        if is_unwatched(self):
            sweep(self)
        else:
            with _GradMode(self.create_graph):  # once: each change of the mode costs as much as a small step
                while self._heap.items:
                    if not (is_recorded(self) and go_on(self)):
                        self.step()
        self.finish()

    def finish(self) -> None:
        """After the last node: call what asked to be called then, and end the walk."""
        if not self._callbacks:
            self.end(None)
            return
        active.walks.append(self)
        try:
            with _GradMode(self.create_graph):
                for callback in self._callbacks:  # may grow
                    callback()
        except BaseException as error:
            self.end(error)
            raise
        finally:
            active.walks.pop()
        self.end(None)

    def end(self, error: BaseException | None) -> None:
        """Close the walk; nothing can be stepped afterwards."""
        if self.ended:
            return
        self.ended = True
        self.error = error
        self._heap.items.clear()
        self._buffers.clear()
        self._undo.clear()
        self._marks.clear()
        self._holding = 0
        if recorder.current is not None and self.run:
            recorder.current.run_end(self.run, "" if error is None else f"{type(error).__name__}: {error}")

    # ------------------------------------------------------------------------------------ one node

    def _journal(self, function: Callable[..., None], *args: Any) -> None:
        if self.rewindable:
            self._undo.append((function, args))
        for outside in self._walks_outside:
            if outside.current is not None:
                outside._undo.append((function, args))

    @property
    def _journals(self) -> bool:
        return self.rewindable or bool(self._walks_outside)

    def _run(self, node: Node, tape: Any) -> None:
        buffer = self._buffers.pop(node)
        if self._journals:
            self._journal(self._buffers.__setitem__, node, buffer)
            for grad in buffer:
                if grad is not None:
                    self._added += int(grad._data.nbytes)
        for i, (edge, out) in enumerate(zip(node.next_edges, self.outs(node, tuple(buffer), tape), strict=False)):
            if edge is not None and (edge[0] in self._dependencies):
                self._arrive((node, i), edge[0], edge[1], out)

    def outs(self, node: Node, grads: tuple[Any, ...], tape: Any) -> Sequence[Any]:
        """Run ``node`` with its hooks when ``grads`` have arrived: the gradients for its edges."""
        needed = node in self.needed
        if needed and self._wanted:  # PyTorch captures before the hooks of a node that runs, after those of one that does not
            self._keep_wanted(node, grads)
        if node.hooks is not None or node.kind == NodeKind.ACCUMULATE:
            grads = self.tensor_hooks(node, grads, tape)
        if not needed:
            self._keep_wanted(node, grads)
            return ()
        if node.hooks is not None and node.hooks.pre:
            grads = self._node_hooks(node, HookKind.NODE_PRE, node.hooks.pre, grads, grads, tape)
        if tape is not None:
            tape.node_enter(self.run, node, grads)
        if node.kind == NodeKind.ACCUMULATE:
            if self.accumulate:
                self._store(node, grads[0], tape)
            outs: Sequence[Any] = ()
        else:
            if recorder.current is None:
                outs = self._checked(node, node.apply(grads, self._edges(node)))
            else:
                with _Quiet(not self.create_graph and node.kind != NodeKind.CUSTOM):
                    outs = self._checked(node, node.apply(grads, self._edges(node)))
        if node.hooks is not None and node.hooks.post:
            outs = self._node_hooks(node, HookKind.NODE_POST, node.hooks.post, outs, grads, tape)
        released = None
        if not self.keep_graph:
            released = node.release()
            if released is not None:
                self._journal(node.restore, released)
                if self.rewindable:
                    self._added += _bytes_of(released)
        if tape is not None:
            tape.node_exit(self.run, node, outs, bool(released))
        if anomaly.enabled and anomaly.check_nan:
            anomaly.find_nan(node, outs)
        return outs

    def _edges(self, node: Node) -> tuple[Edge | None, ...] | None:
        """The edges along which this pass goes on; None for all."""
        if not self.has_inputs:
            return None
        return tuple(e if e is not None and e[0] in self._dependencies else None for e in node.next_edges)

    def _keep_wanted(self, node: Node, grads: tuple[Any, ...]) -> None:
        """Keep the gradients of this node that ``grad`` was asked for."""
        for slot in self._wanted.get(id(node), ()):
            self._journal(_put_back, self._capture, (id(node), slot), self._capture.get((id(node), slot), self))
            self._capture[id(node), slot] = grads[slot]

    def _arrive(self, source: tuple[Node, int] | None, node: Node, slot: int, grad: Tensor | None) -> None:
        buffer = self._buffers.get(node)
        journals = self.rewindable or self._walks_outside
        if buffer is None:
            buffer = self._buffers[node] = [None] * len(node.slots)
            if journals:
                self._journal(_remove, self._buffers, node)
        added = grad
        if grad is not None:
            there = buffer[slot]
            if journals:
                self._journal(buffer.__setitem__, slot, there)
            if there is not None:
                grad = self._sum(there, grad)
            buffer[slot] = grad
        left = self._dependencies[node] - 1
        if journals:
            self._journal(self._dependencies.__setitem__, node, left + 1)
        self._dependencies[node] = left
        tape = recorder.current if self.run else None
        if left == 0:
            if journals:
                self._journal(self._heap.restore, len(self._heap.items), self._heap.before_push())
            self._heap.push(node)
        if tape is not None:
            tape.grad_added(self.run, source, (node, slot), added, left == 0)

    def _sum(self, there: Tensor, grad: Tensor) -> Any:
        if recorder.current is None:
            return there + grad
        with _Quiet(not self.create_graph):
            return there + grad

    def _checked(self, node: Node, outs: Sequence[Any]) -> tuple[Any, ...]:
        """The gradients brought to shape and type of the slots that they go to, as PyTorch's ``validate_outputs``."""
        edges = node.next_edges
        if len(outs) != len(edges):
            raise RuntimeError(f"Function {node.name()} returned an incorrect number of gradients (expected {len(edges)}, got {len(outs)})")
        result: list[Any] = []
        for i, (edge, out) in enumerate(zip(edges, outs, strict=True)):
            if edge is None:
                result.append(None)
                continue
            result.append(None if out is None else self.fitted(node, i, edge, out))
        return tuple(result)

    def fitted(self, node: Node, number: int, edge: Edge, out: Tensor) -> Any:
        """The gradient that ``node`` gives its ``number``-th edge, brought to the shape and the type that arrive there.

        Raises RuntimeError where it does not fit.
        """
        shape, kind, place = edge[0].slots[edge[1]]  # type: ignore[misc]
        array = out._data
        if array.shape != shape:
            if not _expandable(shape, array.shape):
                raise RuntimeError(
                    f"Function {node.name()} returned an invalid gradient at index {number} - got {list(array.shape)} "
                    f"but expected shape compatible with {list(shape)}"
                )
            out = sum_to(out, shape)
        if array.dtype is not kind.numpy and array.dtype != kind.numpy:
            if not kind.is_complex and out.is_complex():
                out = out.real
            out = out.to(kind)
        if devices.device_of(array) is not place and out.device != place:  # two objects may name one device
            raise RuntimeError(
                f"Function {node.name()} returned an invalid gradient at index {number} - expected device {place} but got {out.device}"
            )
        return out

    # ------------------------------------------------------------------------------------ hooks

    def tensor_hooks(self, node: Node, grads: tuple[Any, ...], tape: Any) -> tuple[Any, ...]:
        """The hooks of the tensors that this node's op made (or of the leaf), then retained gradients."""
        result = list(grads)
        hooks = node.hooks
        by_slot: dict[int, Any] = hooks.tensor if hooks is not None else {}
        leaf = node.variable if node.kind == NodeKind.ACCUMULATE else None
        if leaf is not None and leaf._backward_hooks:
            by_slot = {0: leaf._backward_hooks}
        for slot, registered in list(by_slot.items()):
            for key, hook in list(registered.items()):
                before = result[slot]
                told = tape is not None and not getattr(hook, "off_tape", False)
                if told and not tape.about_to_call(hook, (before,), node):
                    continue  # switched off by the debugger
                owner = {"tensor": leaf} if leaf is not None else {"index": slot}
                after = None
                try:
                    after = hook(before)
                    if after is not None:
                        result[slot] = fitting(hook, before, after)
                except BaseException:
                    if told:
                        tape.hook_called(self.run, HookKind.TENSOR, key, hook, (before,), tensors_of(after), node=node, **owner)
                    raise
                if told:
                    tape.hook_called(self.run, HookKind.TENSOR, key, hook, (before,), (result[slot],), node=node, **owner)
        if hooks is not None:
            for slot, reference in list(hooks.retain.items()):
                tensor = reference()
                if tensor is not None and result[slot] is not None:
                    previous = tensor._grad
                    self._journal(tensor.__setattr__, "_grad", previous)
                    with _Quiet(not self.create_graph):
                        tensor._grad = result[slot] if previous is None else previous + result[slot]
                    if tape is not None:
                        tape.hook_called(
                            self.run,
                            HookKind.RETAIN,
                            -node.id or 0,
                            Tensor.retain_grad,
                            (result[slot],),
                            (result[slot],),
                            node=node,
                            index=slot,
                        )
                        tape.grad_stored(self.run, tensor, previous, tensor._grad)
        return tuple(result)

    def _node_hooks(self, node: Node, kind: int, hooks: Any, values: Sequence[Any], grads: tuple[Any, ...], tape: Any) -> tuple[Any, ...]:
        """Pre-hooks are called with the gradients that arrived, post-hooks with what goes out and what arrived."""
        current = tuple(values)
        for key, hook in list(hooks.items()):
            if tape is not None and not getattr(hook, "off_tape", False) and not tape.about_to_call(hook, current, node):
                continue
            before, after = current, None
            try:
                after = hook(current) if kind == HookKind.NODE_PRE else hook(current, grads)
                if after is not None:
                    current = all_fitting(hook, current, after)
            except BaseException:
                if tape is not None and not getattr(hook, "off_tape", False):
                    tape.hook_called(self.run, kind, key, hook, before, tensors_of(after), node=node)
                raise
            if tape is not None and not getattr(hook, "off_tape", False):  # those around modules report the user's hooks themselves
                tape.hook_called(self.run, kind, key, hook, before, current, node=node)
        return current

    def _store(self, node: Node, grad: Tensor | None, tape: Any) -> None:
        """What AccumulateGrad does: add to ``.grad``, in place unless the pass is recorded, and call who waits for that."""
        leaf = node.variable
        if grad is not None and leaf._edge is not None:
            raise RuntimeError("leaf variable has been moved into the graph interior")
        if grad is not None and leaf._requires_grad:
            self._add(leaf, grad, tape)
        if leaf._post_accumulate_grad_hooks:
            self._after_accumulation(node, leaf, tape)

    def _after_accumulation(self, node: Node, leaf: Any, tape: Any) -> None:
        """Hooks behind the accumulation, which return nothing: what one returns is handed to the next and refused in the end."""
        given, replaced = leaf, False
        for key, hook in list(leaf._post_accumulate_grad_hooks.items()):
            before, returned = leaf._grad, None
            if tape is not None and not tape.about_to_call(hook, (before,), node):
                continue
            try:
                returned = hook(given)
                if returned is not None and returned is not given:
                    given, replaced = fitting(hook, given, returned), True
            except BaseException:
                if tape is not None:
                    tape.hook_called(self.run, HookKind.POST_ACCUMULATE, key, hook, (before,), tensors_of(returned), node=node, tensor=leaf)
                raise
            if tape is not None:
                tape.hook_called(self.run, HookKind.POST_ACCUMULATE, key, hook, (before,), (leaf._grad,), node=node, tensor=leaf)
        if replaced:
            raise RuntimeError("Tensor post accumulate grad hooks should return None.")

    def _add(self, leaf: Any, grad: Tensor, tape: Any) -> None:
        previous = leaf._grad
        self._journal(leaf.__setattr__, "_grad", previous)
        if mode.enabled:
            leaf._grad = copy(_owned(grad), grad) if previous is None else previous + grad
        elif previous is None:
            leaf._grad = _owned(grad)
        else:
            if tape is not None:
                tape.val(previous)
            with _Quiet(True):
                previous += grad
            leaf._grad = previous
        if tape is not None:
            tape.grad_stored(self.run, leaf, previous, leaf._grad)


def _owned(grad: Tensor) -> Tensor:
    """A copy of ``grad``: what arrived may be an alias of another gradient."""
    from_pass = grad.detach()
    from_pass._data = devices.copied(from_pass._data)
    from_pass._cell = None
    return from_pass


def _bytes_of(kept: Any) -> int:
    """How much memory the arrays take that a node had kept."""
    if isinstance(kept, dict):
        return sum(map(_bytes_of, kept.values()))
    if isinstance(kept, (tuple, list)):
        return sum(map(_bytes_of, kept))
    if isinstance(kept, SavedTensor):
        kept = kept._data if kept._tensor is None else kept._tensor
    data = getattr(kept, "_data", kept)
    return int(data.nbytes) if devices.is_array(data) else 0


def _remove(mapping: dict[Any, Any], key: Any) -> None:
    mapping.pop(key, None)


def _put_back(mapping: dict[Any, Any], key: Any, value: Any) -> None:
    if isinstance(value, Walk):  # stood for "was not there"
        mapping.pop(key, None)
    else:
        mapping[key] = value


def _expandable(shape: tuple[int, ...], wider: tuple[int, ...]) -> bool:
    if len(shape) > len(wider):
        return False
    return all(n == w or n == 1 for n, w in zip(reversed(shape), reversed(wider), strict=False))


def run(walk: Walk) -> None:
    """Take a new walk to its end: under the debugger where there is one."""
    if driver is not None:
        try:
            driver(walk)
        except BaseException as error:
            walk.end(error)
            raise
        if not walk.ended:
            walk.run_to_end()
    else:
        walk.run_to_end()


def warn_create_graph() -> None:
    """PyTorch's warning for backward(create_graph=True)."""
    warnings.warn(
        "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient which can "
        "cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you have to use this "
        "function, make sure to reset the .grad fields of your parameters to None after use to break the cycle and avoid the leak.",
        UserWarning,
        stacklevel=4,
    )


__all__ = ["AccumulateGrad", "Walk", "active", "driver", "run"]
