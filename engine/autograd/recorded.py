"""The short way through a pass that is recorded: the nodes whose rules are the engine's own run as in ``sweep.py``, and the tape
is told of each by two calls.

What waits stays where ``Walk`` has it, as tensors, so that a walk can go on by steps wherever this stops: before a node that a
hook waits for or that has no rule on arrays, and wherever a debugger wants to. A value that the tape has is never changed.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import getrefcount
from typing import Any

from ..devices import CPU
from ..tape import recorder
from ..tensor import Tensor, ViewOf, wrap
from . import anomaly
from .grad_mode import mode
from .node import AccumulateGrad, Node, active
from .sweep import INSIDE, is_free

Before = Callable[[Node], bool]


def is_recorded(walk: Any) -> bool:
    """Whether a recorder, and nothing else, wants to see the steps of ``walk``."""
    return not (
        recorder.current is None
        or not walk.run
        or walk.create_graph
        or walk.rewindable
        or walk._walks_outside
        or anomaly.enabled
        or mode.special
    )


def go_on(walk: Any, before: Before | None = None) -> bool:
    """Take steps of ``walk`` as long as they are plain; False where the first one is not.

    before: called with each node before it runs; where it gives False, the walk stands there.
    Raises what a rule raises; the walk is over then.
    """
    tape = recorder.current
    steps = None if tape is None else tape.steps(walk.run)
    if steps is None or not walk._heap.items or not _is_plain(walk, walk._heap.items[0]):
        return False
    taken, walks = walk.taken, active.walks
    walks.append(walk)
    found = mode.enabled, mode.inference
    quiet = mode.quiet
    mode.switch(False)
    assert mode.quick is not None
    run = mode.quick[0]
    mode.switch(False, quick=INSIDE)
    mode.quiet = True
    try:
        run(_glide, walk, steps, before)
    except BaseException as error:
        walk.end(error)
        raise
    finally:
        mode.quiet = quiet
        mode.switch(*found)
        walk.current = None
        walks.pop()
    return bool(walk.taken > taken)


def _is_plain(walk: Any, node: Any) -> bool:
    """Whether a node that is ready runs nothing but a rule on arrays, or adds to the ``.grad`` of a leaf and no more."""
    grad = walk._buffers[node][0]
    if type(grad) is not Tensor or grad._requires_grad or node.hooks is not None or (walk._wanted and id(node) in walk._wanted):
        return False
    data = grad._data
    if type(data) is not CPU.ndarray:
        return False
    if type(node) is not AccumulateGrad:
        return bool(node.on_arrays) and node.shape is not None and data.dtype is node.element
    leaf = node._variable
    if (
        not walk.accumulate
        or leaf._backward_hooks
        or leaf._post_accumulate_grad_hooks
        or leaf._edge is not None
        or not leaf._requires_grad
        or data.dtype is not leaf._data.dtype
        or node not in walk.needed
    ):
        return False
    before = leaf._grad
    if before is None:
        return True
    there = before._data
    if type(before) is not Tensor or before._requires_grad or before._base is not None or before._inference:
        return False
    return there.dtype is data.dtype and there.shape == data.shape and bool(there.flags.writeable)


def _glide(walk: Any, steps: Any, before: Before | None) -> None:
    """Run nodes as long as they are plain and ``before`` allows."""
    heap, buffers, left, keep = walk._heap, walk._buffers, walk._dependencies, walk.keep_graph
    some = left if walk.has_inputs else None
    items, add, ndarray = heap.items, CPU.add, CPU.ndarray
    made: Any
    total: Any
    while items:
        node = items[0]
        if not _is_plain(walk, node) or (before is not None and not before(node)):
            return
        heap.pop()
        grad = buffers.pop(node)[0]
        walk.current = node
        steps.enter(node, grad)
        if type(node) is AccumulateGrad:
            _store(node, grad, steps)
            walk.taken += 1
            continue
        data = grad._data
        freed = not keep and node.keeps
        pairs = node.run(data, some, keep, False)
        grads: list[Any] = []
        sent = []
        out = made = None
        for index, (edge, out) in enumerate(pairs):
            if edge is None:
                grads.append(None)
                continue
            target, slot = edge if type(edge) is tuple else (edge, 0)
            made = None
            if out is not None:
                shape = target.shape
                if out is data:
                    made = grad
                elif index and out is pairs[0][1]:
                    made = grads[0]
                elif type(out) is not ndarray:
                    made = wrap(CPU.asarray(out))
                else:
                    made = wrap(out)
                    base = out.base
                    if base is not None and (base is data or base is data.base):
                        _as_view(made, grad)
                if out.shape != shape:
                    made = walk.fitted(node, index, (target, slot), made)
            grads.append(made)
            count = left.get(target)
            if count is None:
                continue
            left[target] = count = count - 1
            waiting = buffers.get(target)
            if waiting is None:
                waiting = buffers[target] = [None] if target.shape is not None else [None] * len(target.slots)
            if made is not None:
                there = waiting[slot]
                if there is None:
                    waiting[slot] = made
                elif type(there) is Tensor and type(there._data) is ndarray and there._data.dtype is made._data.dtype:
                    total = add(there._data, made._data)
                    waiting[slot] = wrap(total if type(total) is ndarray else CPU.asarray(total))  # numpy's sum of two numbers is none
                else:
                    waiting[slot] = there + made
            if not count:
                heap.push(target)
            sent.append((target, slot, index, made, not count))
        steps.passed(node, grads, freed, sent)
        walk.taken += 1
        # whoever holds a gradient keeps it from being taken over by a leaf
        del node, grad, data, pairs, out, made, grads, sent
        there = base = waiting = total = None


def _as_view(made: Tensor, source: Tensor) -> None:
    """``made`` shows memory of ``source``."""
    made._cell = source._storage
    made._base = source if source._base is None else source._base
    made._view = ViewOf("view", made._cell.version, False, True)


def _store(node: Any, grad: Tensor, steps: Any) -> None:
    """Add to the leaf's ``.grad``; into new memory where there is none, which is the gradient's where nobody else has it."""
    leaf = node._variable
    before, data = leaf._grad, grad._data
    if before is None:
        base = grad._base
        alone = getrefcount(grad) == 3 and (grad._cell is None if base is None else getrefcount(base) == 3)
        free = alone and is_free(data, 4, 3 if base is None else 4)
        leaf._grad = stored = wrap(data if free else data.copy())
    else:
        steps.keep(before)
        CPU.add(before._data, data, before._data)
        before._bump()
        stored = before
    steps.stored(node, leaf, before, stored, grad)
