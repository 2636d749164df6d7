"""Ops that change a tensor in place: the memory is written, the version counted, and the graph rebased, also through views.

An in-place op is its out-of-place twin, run on the old value, whose result is then written into the memory. Where the
tensor is a view, the base's history gets a CopySlices node, and the other views are tied to the base anew when next used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .autograd.grad_mode import mode
from .autograd.node import Edge, Node, active, op_name
from .devices import CPU, LARGE, wide, write
from .devices import copied as copy_of
from .nodes import OpNode
from .operands import NUMBERS
from .ops.index import put, take
from .tape import recorder
from .tape.schema import NodeKind
from .tensor import Storage, Tensor, ViewOf, retain, wrap


def in_place(function: Callable[..., Any]) -> Callable[..., Tensor]:
    """The in-place twin of a declared op or of a composite function whose first argument is the tensor to change."""

    def changed(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return assign(self, function, args, kwargs)

    name = function.__name__ + "_"
    changed.__name__ = changed.__qualname__ = name
    changed.__doc__ = f"As ``{function.__name__}``, into this tensor's own memory; gives the tensor."
    return changed


def assign(self: Tensor, function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Tensor:
    """Write ``function(self, *args, **kwargs)`` into ``self``.

    Raises RuntimeError where PyTorch forbids it: on a leaf that requires grad, on certain views, where shape or type of
    the result do not fit.
    """
    _check_allowed(self, args)
    if active.walks:
        _remember(self)
    op = getattr(function, "op", None)
    if op is not None:
        like = _written_at_once(self, op, args, kwargs) if op.ufunc else None
        if like is None:
            like = _replaced(self, op, function, args, kwargs)
        if like is not None:
            self._bump(like)
            return self
    old = _old_value(self, function, args)
    out = function(old, *args, **kwargs)
    if out._data.shape != self._data.shape:
        raise RuntimeError(f"output with shape {list(self._data.shape)} doesn't match the broadcast shape {list(out._data.shape)}")
    if out.dtype.category > self.dtype.category:
        raise RuntimeError(f"result type {out.dtype.legacy} can't be cast to the desired output type {self.dtype.legacy}")
    if (
        (type(self) is Tensor or not mode.transforms)
        and self._data.size
        and 0 in self._data.strides
        and any(n > 1 and s == 0 for n, s in zip(self._data.shape, self._data.strides, strict=True))
    ):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
            "Please clone() the tensor before performing the operation."
        )
    if mode.transforms:
        self._overwrite(out)
    else:
        write(self._data, out._data)
    self._bump()
    node = out._edge
    if node is None:
        return self
    node.written(out, self)
    if self._base is None:
        self._edge, self._output, self._requires_grad = node, out._output, True
    else:
        rebase(self, node)
    if self._retains:  # from now on the gradient of the new value
        retain(self)
    return self


def _remember(tensor: Tensor) -> None:
    """Inside a backward pass that may be stepped back: keep what is about to be overwritten, whoever does it."""
    walk = active.walks[-1]
    if walk._journals and not mode.transforms:
        data = copy_of(tensor._data)
        walk._journal(_put_back, tensor, data, tensor._version, tensor._edge, tensor._output, tensor._requires_grad)
        walk._added += int(data.nbytes)


def _put_back(tensor: Tensor, data: Any, version: int, edge: Any, output: int, requires_grad: bool) -> None:
    write(tensor._data, data)
    tensor._storage.version = version
    tensor._edge, tensor._output, tensor._requires_grad = edge, output, requires_grad


_BLOCK = 16384  # elements that stay in the processor's cache between two operations


def _written_at_once(self: Tensor, op: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> int | None:
    """Compute into the memory itself where nobody follows the change and all operands are of one type; None where that is not so,
    else the id under which a tape has the result, 0 where there is none."""
    data, quick = self._data, mode.quick
    alpha = kwargs.get("alpha", 1)
    if quick is None or (kwargs and (len(kwargs) > 1 or type(alpha) not in (int, float) or not alpha)):
        return None
    run, recording = quick
    if type(data) is not CPU.ndarray or data.dtype not in NUMBERS or 0 in data.strides or (recording and self.requires_grad):
        return None
    if len(args) != len(op.inputs) - 1:
        return None
    others: list[Any] = []
    for other in args:
        if isinstance(other, Tensor):
            if type(other._data) is not CPU.ndarray or other._data.dtype is not data.dtype or (recording and other.requires_grad):
                return None
            if other._data.shape != data.shape and other._data.ndim:
                return None
            others.append(other._data)
        else:
            known = NUMBERS[data.dtype].get(other) if type(other) in (int, float) else None
            if known is None:
                return None
            others.append(known)
    ufunc = getattr(CPU if data.size < LARGE else wide(CPU), op.ufunc)
    tape = recorder.current
    if tape is not None:
        if self._id or not mode.quiet:
            tape.val(self)
        if mode.quiet:
            tape = None
    started = 0.0 if tape is None else tape.clock()
    if alpha == 1:
        run(ufunc, data, *others, data)
        return 0 if tape is None else _told(self, op, args, kwargs, tape, started)
    factor = CPU.asarray(alpha, data.dtype)
    (other,) = others
    if other.ndim and data.flags.c_contiguous and other.flags.c_contiguous and data.size > _BLOCK:
        run(_blocks, ufunc, data.reshape(-1), other.reshape(-1), factor)
    else:
        run(ufunc, data, run(CPU.multiply, other, factor), data)
    return 0 if tape is None else _told(self, op, args, kwargs, tape, started)


def _told(self: Tensor, op: Any, args: Sequence[Any], kwargs: dict[str, Any], tape: Any, started: float) -> int:
    """Tell the tape of the op that gave what now stands in the memory; gives the id of that."""
    out = wrap(self._data)
    params = tuple([kwargs.get(n, op.signature.parameters[n].default) for n in op.params])
    tape.op(op.name, (self, *args), (out,), None, params, started, mode.enabled, op.params)
    return out._id


def _replaced(self: Tensor, op: Any, function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> int | None:
    """Write what the op gives where nothing is recorded and it fits as it is; None, with nothing done, where that is not so,
    else as ``_written_at_once``."""
    data, quick = self._data, mode.quick
    if quick is None or quick[1] or not op.is_plain:
        return None
    if type(data) is not CPU.ndarray or data.dtype not in NUMBERS or 0 in data.strides:
        return None
    if recorder.current is not None and (self._id or not mode.quiet):
        recorder.current.val(self)
    out = function(self, *args, **kwargs)
    if type(out) is not Tensor or out._data.shape != data.shape or out._data.dtype is not data.dtype:
        return None
    data[...] = out._data
    return out._id


def _blocks(ufunc: Any, data: Any, other: Any, factor: Any) -> None:
    """``ufunc(data, other * factor)`` into ``data``, piece by piece through one buffer."""
    buffer = CPU.empty(_BLOCK, data.dtype)
    for start in range(0, data.size, _BLOCK):
        part = data[start : start + _BLOCK]
        ufunc(part, CPU.multiply(other[start : start + _BLOCK], factor, buffer[: part.size]), part)


def turned(function: Callable[..., Any]) -> Callable[..., Tensor]:
    """The in-place twin of an op that gives the same memory another shape: the tensor itself gets it."""

    def changed(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        _check_allowed(self, ())
        edge = self._gradient_edge()
        old = self._shadow() if mode.transforms else wrap(self._data)
        if edge is not None:
            old._edge, old._output, old._requires_grad = edge[0], edge[1], True
        out = function(old, *args, **kwargs)
        self._data = out._data
        self._bump()
        node = out._edge
        if isinstance(node, OpNode):
            kind, _, number = node.name().rpartition("Backward")
            renamed: Any = node.op.node_class(f"{kind}Backward{int(number) + (3 if kind == 'Squeeze' else 1)}", node.edge_inputs)
            node.__class__ = renamed
            self._edge, self._output, self._requires_grad = node, out._output, True
            if self._view is not None:
                self._view.version = self._storage.version
        return self

    name = function.__name__.rstrip("_") + "_"
    changed.__name__ = changed.__qualname__ = name
    changed.__doc__ = f"As ``{function.__name__}``, for this tensor itself; gives the tensor."
    return changed


def _check_allowed(self: Tensor, args: Sequence[Any]) -> None:
    recording = mode.enabled
    if self._inference and not mode.inference:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal tensor before "
            "doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
        )
    if not recording:
        return
    base, view = self._base, self._view
    needs = self.requires_grad or any(isinstance(a, Tensor) and a.requires_grad for a in args)
    if not needs:
        return
    if base is None:
        if self._edge is None and self._requires_grad:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
        return
    if view is not None:
        if view.version != self._storage.version:
            self._refresh()
        _check_view(self, view, "is being modified inplace")
    if base.requires_grad and base.is_leaf:
        raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")


def _check_view(self: Tensor, view: ViewOf, change: str) -> None:
    """Refuse what cannot be followed: changes in views made without grad, and in one of several views made at once."""
    if view.no_grad:
        raise RuntimeError(
            f"A view was created in no_grad mode and {change} with grad mode enabled. Given that this use case is ambiguous and "
            "error-prone, it is forbidden. You can clarify your code by moving both the view and the inplace either both inside the "
            "no_grad block (if you don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked)."
        )
    if view.custom:
        raise RuntimeError(
            f"Output {self._output} of {op_name(self._edge) if self._edge is not None else view.op} is a view and {change}. This view was "
            "created inside a custom Function (or because an input was returned as-is) and the autograd logic to handle view+inplace "
            "would override the custom backward associated with the custom Function, leading to incorrect gradients. This behavior is "
            "forbidden. You can fix this by cloning the output of the custom Function."
        )
    if view.multiple:
        maker = op_name(self._edge) if self._edge is not None else view.op
        raise RuntimeError(
            f"Output {self._output} of {maker} is a view and {change}. This view is the output of a function that returns multiple "
            "views. Such functions do not allow the output views to be modified inplace. You should replace the inplace operation by "
            "an out-of-place one."
        )


def _old_value(self: Tensor, function: Callable[..., Any], args: Sequence[Any]) -> Tensor:
    """What the op reads: the tensor as it is. Where backward will ask for the old value, a copy of it."""
    op = getattr(function, "op", None)
    keeps = True
    if op is not None:
        wanted = [i == 0 and self.requires_grad for i in range(len(op.inputs))]
        for i, a in enumerate(args[: len(op.inputs) - 1]):
            wanted[i + 1] = isinstance(a, Tensor) and a.requires_grad
        keeps = op.inputs[0] in op.plan(tuple(wanted))
    copied = keeps and mode.enabled
    old = self._shadow(copied) if mode.transforms else wrap(copy_of(self._data) if copied else self._data)
    edge = self._gradient_edge()
    if edge is not None:
        old._edge, old._output, old._requires_grad = edge[0], edge[1], True
    old._cell = None if keeps else self._storage
    if recorder.current is not None and (self._id or not mode.quiet):
        recorder.current.val(self)
        if keeps:  # memory of its own, but the same value as far as the tape is concerned
            old._cell = Storage()
            old._cell.id, old._cell.version = self._storage.id, self._storage.version
    old._id = self._id
    return old


# ---------------------------------------------------------------------------------------------------------------- views


class CopySlices(Node):
    """The history of a base after a view of it was changed in place: the gradient of the changed part goes through the
    op that changed it, the rest passes by."""

    __slots__ = ("_inner", "_where")

    kind = NodeKind.REBASE

    def __init__(self, base: Tensor, base_edge: Edge | None, inner: Node, where: Any) -> None:
        super().__init__((base_edge, *inner.next_edges[1:]), (base._slot(),))
        self._inner = inner
        self._where = where  # for each element of the view its number among the base's elements

    def apply(self, grads: tuple[Any, ...], edges: Sequence[Edge | None] | None = None) -> Sequence[Any]:
        (g,) = grads
        if g is None:
            return (None,) * len(self.next_edges)
        wanted = edges or self.next_edges
        part = take(g, self._where)
        first, *rest = self._inner.apply((part,), (self._inner.next_edges[0] if wanted[0] is not None else None, *wanted[1:]))
        if wanted[0] is None:
            return (None, *rest)
        passed = put(g, self._where, wrap(part._xp.zeros_like(part._data)) if first is None else first)
        return (passed, *rest)

    def release(self) -> Any:
        return self._inner.release()

    def restore(self, released: Any) -> None:
        self._inner.restore(released)

    def saved_entries(self) -> Any:
        yield "where", self._where
        yield from self._inner.saved_entries()


class AsStridedBackward0(Node):
    """Ties a view to its base anew after an in-place change of either."""

    __slots__ = ("_where",)

    def __init__(self, base: Tensor, edge: Edge, view: Tensor, where: Any) -> None:
        super().__init__((edge,), (view._slot(),))
        self._where = where

    def apply(self, grads: tuple[Any, ...], edges: Sequence[Edge | None] | None = None) -> Sequence[Any]:
        (g,) = grads
        if g is None:
            return (None,)
        described = self.next_edges[0][0].slots[self.next_edges[0][1]]  # type: ignore[index]
        zeros = wrap(g._xp.zeros(described[0], g._data.dtype))  # type: ignore[index]
        return (put(zeros, self._where, g, accumulate=True),)

    def saved_entries(self) -> Any:
        yield "where", self._where


def elements_of(view: Tensor, base: Tensor) -> Tensor:
    """For each element of a view its number among the base's elements in row-major order, as an int64 tensor."""
    xp = base._xp
    array, part = base._sample(), view._sample()
    size = array.itemsize
    offset = (xp.address(part) - xp.address(array)) // size
    extent = 1 + sum((n - 1) * (s // size) for n, s in zip(array.shape, array.strides, strict=True)) if array.size else 0
    memory = xp.zeros(max(extent, 1), dtype="int64")
    strides = tuple(s // size * 8 for s in array.strides)
    xp.as_strided(memory, array.shape, strides)[...] = xp.arange(array.size, dtype="int64").reshape(array.shape)
    inside = xp.as_strided(memory[offset:], part.shape, tuple(s // size * 8 for s in part.strides))
    return wrap(inside.copy())


def rebase(view: Tensor, inner: Node) -> None:
    """Give the base of ``view`` the history that the in-place op made, and tie the view to it."""
    base = view._base
    assert base is not None
    where = elements_of(view, base)
    node = CopySlices(base, base._gradient_edge(), inner, where)
    if recorder.current is not None and not mode.quiet:
        recorder.current.made(node)
    base._edge, base._output, base._requires_grad = node, 0, True
    if base._view is not None:
        base._view.version = base._storage.version
    _tie(view, base, where)


def _tie(view: Tensor, base: Tensor, where: Any | None = None) -> None:
    edge = base._gradient_edge()
    assert edge is not None
    node = AsStridedBackward0(base, edge, view, elements_of(view, base) if where is None else where)
    if recorder.current is not None and not mode.quiet:
        recorder.current.made(node, like=edge[0])
    view._edge, view._output, view._requires_grad = node, 0, True
    assert view._view is not None
    view._view = ViewOf(view._view.op, view._storage.version, view._view.multiple, view._view.no_grad, view._view.custom)


def _refresh(self: Tensor, strict: bool = True) -> None:
    view, base = self._view, self._base
    if view is None or base is None or not base.requires_grad or self.dtype.category < 2:
        return
    self._requires_grad = True  # also a view that was made before its base required grad, or without grad
    if view.version == self._storage.version:
        return
    if view.no_grad or view.multiple or view.custom:
        if strict:
            _check_view(self, view, "its base or another view of its base has been modified inplace")
        return
    view.version = self._storage.version
    with mode_on():
        _tie(self, base)


class mode_on:
    """Recording on, for the time that a view is tied anew."""

    def __enter__(self) -> None:
        self._found = mode.enabled
        mode.enabled = True

    def __exit__(self, *_: object) -> None:
        mode.enabled = self._found


Tensor._refresh = _refresh  # type: ignore[method-assign]
