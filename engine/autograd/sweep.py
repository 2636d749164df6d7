"""The short way through a backward pass that nobody watches: no tape, no steps back, no graph of the pass itself.

The order is the walk's, and so are hooks, errors and sums; what differs is what they cost. A node whose op has rules on arrays
(``nodes.py``) is run without making a tensor, and in a chain the next node follows at once, without heap or dictionary. All
others, and every node that a hook waits for, are run by the walk (``Walk.outs``), in the caller's context: only the loop over
arrays, ``_glide``, is inside the one in which numpy gives no floating-point warnings.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import call
from sys import getrefcount
from typing import Any, cast

from .. import shortage
from ..devices import CPU, is_array
from ..ops.shape import sum_to
from ..tape import recorder
from ..tensor import Tensor, wrap
from . import anomaly
from .grad_mode import mode
from .node import AccumulateGrad, Node, active

_LARGE = 8192  # elements from which on writing into memory that is there saves more than it costs

INSIDE = (call, False)  # mode.quick for ops inside _glide, which is where floating-point warnings are off
# Gradients that wait at a node: how many more are to come, and the gradient for each slot. A gradient is an array or a tensor.
Waiting = dict[Node, list[Any]]


def is_unwatched(walk: Any) -> bool:
    """Whether nothing is on that wants to see, or to undo, the steps of ``walk``."""
    return not (
        recorder.current is not None or walk.rewindable or walk._walks_outside or anomaly.enabled or mode.special or walk.taken or walk.run
    )


def sweep(walk: Any) -> None:
    """Take all steps of ``walk``.

    Raises what a rule or a hook raises; the walk is over then.
    """
    waiting: Waiting = {}
    left = walk._dependencies
    for node, buffer in walk._buffers.items():
        waiting[node] = [left[node], *buffer]
        left[node] += 1
    walk._buffers.clear()
    walks = active.walks
    walks.append(walk)
    found = mode.enabled, mode.inference
    mode.switch(False)
    assert mode.quick is not None
    try:
        if walk.create_graph:
            mode.switch(True)
            _trace(walk, waiting)
        else:
            _run(walk, waiting, mode.quick[0])
    except MemoryError as error:
        named = shortage.named(error)
        walk.end(named)
        raise named from error
    except BaseException as error:
        walk.end(error)
        raise
    finally:
        mode.switch(*found)
        walk.current = None
        walks.pop()


def _run(walk: Any, waiting: Waiting, quietly: Callable[..., Any]) -> None:
    """A pass without a graph of its own: ``_glide`` from one node that needs the walk to the next."""
    node: Any = None
    grad: Any = None
    while True:
        mode.switch(False, quick=INSIDE)
        node = quietly(_glide, walk, waiting, node, grad)
        grad = None
        if node is None:
            return
        mode.switch(False)
        hooks = node.hooks
        if hooks is None or hooks.pre or hooks.post or not node.on_arrays or node.shape is None or walk._wanted or waiting[node][1] is None:
            _one(walk, waiting, node)
            node = None
        else:  # only hooks of its tensor
            grad = waiting.pop(node)[1]
            walk.current = node
            (grad,) = walk.tensor_hooks(node, (grad if isinstance(grad, Tensor) else _tensor(grad),), None)
            walk.current = None
            if grad._requires_grad:  # what a hook gave; here it is a number like any other
                grad = wrap(grad._data)


def _trace(walk: Any, waiting: Waiting) -> None:
    """A pass that makes a graph of its own."""
    known, heap, keep, wanted = walk._dependencies, walk._heap, walk.keep_graph, walk._wanted
    some = known if walk.has_inputs else None
    while heap.items:
        node = heap.pop()
        grad = waiting[node][1]
        if not node.on_arrays or node.shape is None or node.hooks is not None or (wanted and id(node) in wanted) or grad is None:
            _one(walk, waiting, node)
            if not mode.enabled or mode.inference:
                mode.switch(True)
            continue
        del waiting[node]
        for (target, slot), out in node.trace(grad if isinstance(grad, Tensor) else _tensor(grad), some, keep):
            if target in known:
                if out is not None and (out._data.shape != target.shape or out._data.dtype is not node.element):
                    out = walk.fitted(node, node.next_edges.index((target, slot)), (target, slot), out)
                if _arrive(walk, waiting, target, slot, out):
                    heap.push(target)


def _one(walk: Any, waiting: Waiting, node: Node) -> None:
    """Run a node as the walk does, with tensors."""
    entry = waiting.pop(node)
    grads = tuple([g if g is None or isinstance(g, Tensor) else _tensor(g) for g in entry[1:]])
    del entry
    walk.current = node
    outs = walk.outs(node, grads, None)
    walk.current = None
    known = walk._dependencies
    for edge, out in zip(node.next_edges, outs, strict=False):
        if edge is not None and edge[0] in known and _arrive(walk, waiting, edge[0], edge[1], out):
            walk._heap.push(edge[0])


def _tensor(array: Any) -> Tensor:
    return wrap(array if type(array) is CPU.ndarray or is_array(array) else CPU.asarray(array))


def _arrive(walk: Any, waiting: Waiting, node: Node, slot: int, grad: Any) -> bool:
    """Add ``grad`` to what waits at a slot; whether that was the last that the node waits for."""
    entry = waiting.get(node)
    if entry is None:
        count = 1 if node.shape is not None else len(node.slots)
        waiting[node] = entry = [walk._dependencies[node], *(None,) * count]
    entry[0] -= 1
    if grad is not None:
        there = entry[slot + 1]
        if there is None:
            entry[slot + 1] = grad
        else:
            entry[slot + 1] = None
            entry[slot + 1] = _sum([there], grad)
    return not entry[0]


def _sum(held: list[Any], grad: Any) -> Any:
    """The sum of the gradient in ``held`` and another; into the memory of the first, where nobody else has it."""
    there = held.pop()
    arrays: Any = CPU.ndarray
    if type(there) is not arrays or type(grad) is not arrays:
        if isinstance(there, Tensor) or isinstance(grad, Tensor):
            there = there if isinstance(there, Tensor) else _tensor(there)
            return there + (grad if isinstance(grad, Tensor) else _tensor(grad))
        return CPU.add(there, grad)
    if there.size < _LARGE or getrefcount(there) > 3 or there.base is not None or not there.flags.writeable:
        return CPU.add(there, grad)
    return CPU.add(there, grad, there)


def _fitted(walk: Any, node: Any, target: Node, slot: int, grad: Any) -> Any:
    """The gradient brought to the shape that arrives at ``target``, as ``Walk.fitted`` does it."""
    shape = target.shape
    if shape is not None and type(grad) is CPU.ndarray and shape == grad.shape[grad.ndim - len(shape) :]:  # a bias
        return sum_to.op.forward(CPU, grad, shape)  # type: ignore[attr-defined]
    if shape is None or len(shape) > grad.ndim or any(n not in (1, m) for n, m in zip(shape[::-1], grad.shape[::-1], strict=False)):
        number = node.next_edges.index((target, slot))
        return walk.fitted(node, number, (target, slot), _tensor(grad))
    return sum_to.op.forward(CPU, CPU.asarray(grad), shape)  # type: ignore[attr-defined]


def _glide(walk: Any, waiting: Waiting, node: Any, grad: Any) -> Node | None:
    """Run nodes as long as all goes by arrays; gives the node that has to be run otherwise, None at the end.

    It begins with ``node``, whose hooks were called and gave ``grad``, where that is given; else with the first of the heap.
    """
    known, heap, keep, wanted = walk._dependencies, walk._heap, walk.keep_graph, walk._wanted
    some = known if walk.has_inputs else None
    items, add, ndarray = heap.items, CPU.add, CPU.ndarray
    entry: Any
    there: Any
    hooked = node  # from here on ``node`` is the next where it need not go through the heap, and ``grad`` the gradient for it
    while True:
        entry = None
        if node is None:
            if not items:
                return None
            node = heap.pop()
            entry = waiting.pop(node)
            grad = entry[1]
        pairs = None if wanted else node.run(grad, some, keep, node is hooked)
        if pairs is None:
            if entry is None:
                entry = [0, grad]
            grad = None
            if type(node) is AccumulateGrad and not wanted and _stored(walk, node, entry):
                node = None
                continue
            waiting[node] = entry
            return node  # type: ignore[no-any-return]
        entry = None
        current, node, grad, hooked = node, None, None, None
        for target, out in pairs:
            if target is None:
                continue
            if type(target) is tuple:
                target, slot = target
            else:
                slot = 0
            count = known.get(target)
            if count is None:
                continue
            if count > 1:
                entry = waiting.get(target)
                there = None if entry is None or slot else entry[1]
                if type(there) is type(out) is ndarray and there.dtype is out.dtype and there.shape == out.shape and out.size < _LARGE:
                    entry[1] = add(there, out)
                    entry[0] -= 1
                    if entry[0]:
                        continue
                    count = 0
            if count:
                shape = target.shape
                if out is not None and out.shape != shape:
                    out = _fitted(walk, current, target, slot, out)
                if count > 1 or out is None or shape is None:
                    if not _arrive(walk, waiting, target, slot, out):
                        continue
                elif node is None and not items:
                    node, grad = target, out
                    continue
                else:
                    waiting[target] = [0, out]
            if node is not None:  # two are ready: the heap says which is the next
                waiting[node] = [0, grad]
                heap.push(node)
                node = grad = None
            heap.push(target)
        pairs = out = target = entry = there = None


def _stored(walk: Any, node: Any, entry: list[Any]) -> bool:
    """Add the gradient in ``entry`` to the leaf's ``.grad``; False where that is more than an addition."""
    leaf, grad = node._variable, entry[1]
    arrays: Any = CPU.ndarray
    if isinstance(grad, Tensor):
        if grad._edge is not None or grad._requires_grad or getrefcount(grad) > 3:
            grad = grad._data if grad._edge is None and not grad._requires_grad else None
        else:
            entry[1] = grad = grad._data
    if (
        not walk.accumulate
        or node.hooks is not None
        or leaf._backward_hooks
        or leaf._post_accumulate_grad_hooks
        or leaf._edge is not None
        or not leaf._requires_grad
        or type(grad) is not arrays
        or grad.dtype is not leaf._data.dtype
        or node not in walk.needed
    ):
        return False
    before = leaf._grad
    if before is None:
        del entry[1]
        leaf._grad = wrap(grad if is_free(grad, 3) else grad.copy())
        return True
    data = before._data
    if type(before) is not Tensor or before._requires_grad or before._base is not None or data.dtype is not grad.dtype:
        return False
    if data.shape != grad.shape or not data.flags.writeable or before._inference:
        return False
    CPU.add(data, grad, data)
    before._bump()
    return True


def is_free(array: Any, holders: int, of_base: int = 3) -> bool:
    """Whether nobody but ``holders`` references that the caller knows of holds ``array``, which lies in memory as a new one would;
    ``of_base``: as many hold the array that it is a view of."""
    if getrefcount(array) > holders or not array.flags.c_contiguous or not array.flags.writeable:
        return False
    base, arrays = array.base, cast(Any, CPU.ndarray)
    if base is None:
        return True
    return type(base) is arrays and base.base is None and getrefcount(base) == of_base and base.size == array.size
