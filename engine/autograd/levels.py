"""Levels: inside ``vmap``, ``jvp``, ``grad`` and ``dual_level`` a tensor may stand for a batch of tensors or carry tangents.

Each such transform enters a Level; the highest is the innermost. A Batched tensor stands for one tensor of each of a
level's batch: an op on it runs as its rule (``batching.py``) on the batches. A tensor with tangents carries one a dual
level: an op on it gives, beside its result, the result's tangent (``tangents.py``). While a level is entered
``mode.transforms`` sends every call of an op here; without one nobody pays.
"""

from __future__ import annotations

import functools
import itertools
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .. import devices
from .. import op as _op
from ..op import Op
from ..ops.pieces import stack
from ..tape import recorder
from ..tensor import Size, Tensor, view_of, wrap
from .grad_mode import mode

_next: Callable[[], int] = itertools.count(1).__next__


class Level:
    """One transform that runs: ``number`` grows inwards."""

    def __init__(self) -> None:
        self.number = _next()
        self.alive = False


class VmapLevel(Level):
    """A map over a batch of ``size``; ``randomness`` says what draws do inside."""

    def __init__(self, size: int, randomness: str = "error") -> None:
        super().__init__()
        self.size = size
        self.randomness = randomness


class DualLevel(Level):
    """A forward derivative that is being taken; remembers who carries a tangent of it, to take them away at its end."""

    def __init__(self) -> None:
        super().__init__()
        self.carriers: list[weakref.ref[Tensor]] = []

    def attach(self, tensor: Tensor, tangent: Tensor) -> None:
        """Have ``tensor`` carry ``tangent``."""
        if tensor._tangents is None:
            tensor._tangents = {}
        tensor._tangents[self] = tangent
        self.carriers.append(weakref.ref(tensor))

    def close(self) -> None:
        """Take the tangents away from whoever still carries one."""
        for reference in self.carriers:
            tensor = reference()
            if tensor is not None and tensor._tangents is not None:
                tensor._tangents.pop(self, None)
        self.carriers.clear()


class JvpLevel(DualLevel):
    """A ``jvp`` whose function runs."""


class GradLevel(Level):
    """A ``grad`` or ``vjp`` whose function runs."""


class _Stack(threading.local):
    def __init__(self) -> None:
        self.levels: list[Level] = []


_stack = _Stack()


def levels() -> list[Level]:
    """The levels that this thread is in, outermost first."""
    return _stack.levels


def enter(level: Level) -> None:
    """Be inside ``level`` from now on."""
    level.alive = True
    _stack.levels.append(level)
    mode.transforms += 1
    mode.special += 1


def leave(level: Level) -> None:
    """End ``level``, which must be the innermost."""
    assert _stack.levels[-1] is level
    _stack.levels.pop()
    level.alive = False
    mode.transforms -= 1
    mode.special -= 1
    if isinstance(level, DualLevel):
        level.close()


@contextmanager
def inside(level: Any) -> Iterator[Any]:
    """The block runs inside ``level``."""
    enter(level)
    try:
        yield level
    finally:
        leave(level)


def innermost(kind: type[Level]) -> Any:
    """The innermost level of a kind that this thread is in; None where there is none."""
    return next((level for level in reversed(_stack.levels) if isinstance(level, kind)), None)


def in_transform() -> bool:
    """Whether this thread is inside a transform of ``torch.func``."""
    return any(isinstance(level, (VmapLevel, GradLevel, JvpLevel)) for level in _stack.levels)


def refuse_in_transform(self: Any = None) -> None:
    """Raise RuntimeError, in PyTorch's words, where a tensor is to become a leaf inside a transform."""
    if in_transform():
        raise RuntimeError(
            "You are attempting to call Tensor.requires_grad_() (or perhaps using torch.autograd.functional.* APIs) inside of a function "
            "being transformed by a functorch transform. This is unsupported, please attempt to use the functorch transforms (e.g. grad, "
            "vjp, jacrev, jacfwd, hessian) or call requires_grad_() outside of a function being transformed instead."
        )


# ------------------------------------------------------------------------------------------------------------ batches


_NOTHING = float("nan")  # on a tape it would pass for a mistake: there it is 0


@functools.lru_cache(maxsize=1024)
def _stand_in(xp: Any, shape: tuple[int, ...], kind: Any, number: float) -> Any:
    """What ``_data`` of a Batched tensor is: shape, type and device are right, the numbers are not to be read."""
    return xp.broadcast_to(xp.asarray(number if kind.kind in "fc" else 0, kind), shape)


_ITEM = (
    "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a Tensor, please try to "
    "rewrite what you're doing with other operations. If error is occurring somewhere inside PyTorch internals, please file a bug report."
)
_CONTROL = (
    "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. We don't support that yet, please file "
    "an issue at https://github.com/pytorch/pytorch/issues ."
)


_ESCAPED = (
    "Either your tensor may have escaped from inside a function being vmapped and this is a user error (see "
    "https://pytorch.org/functorch/stable/ux_limitations.html), or there is an internal functorch error in `gen_vmap_plumbing` Please "
    "file an issue if it looks like the latter"
)


class Batched(Tensor):
    """A tensor inside ``vmap``: one of each of a batch. ``_value`` holds the batch along its first dimension, or, where not
    ``_mapped``, what is the same for all."""

    __slots__ = ("_array", "_level", "_mapped", "_value")

    _value: Tensor
    _level: VmapLevel
    _mapped: bool
    _array: Any

    @property
    def _data(self) -> Any:
        if not self._level.alive:
            raise RuntimeError(_ESCAPED)
        return self._array

    @property
    def shape(self) -> Size:
        """The sizes of the dimensions of a sample."""
        return Size(self._array.shape)

    def item(self) -> Any:
        """Raises RuntimeError: there is no one number."""
        raise RuntimeError(_ITEM)

    __float__ = __int__ = __complex__ = __index__ = item

    def __bool__(self) -> bool:
        raise RuntimeError(_CONTROL)

    def tolist(self) -> Any:
        """Raises RuntimeError: there is no one tensor."""
        raise RuntimeError("Cannot access data pointer of Tensor that doesn't have storage")

    def numpy(self, *, force: bool = False) -> Any:
        """Raises RuntimeError: there is no one tensor."""
        return self.tolist()

    def detach(self) -> Any:
        """The same batch, not part of the graph."""
        return batched(self._value.detach(), self._mapped, self._level)

    @property  # type: ignore[misc]
    def data(self) -> Any:
        """The same batch as a tensor that autograd does not know."""
        return batched(self._value.data, self._mapped, self._level)

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        place = 0 if self._mapped else None
        return f"BatchedTensor(lvl={_stack.levels.index(self._level) + 1 if self._level.alive else -1}, bdim={place}, value={self._value})"

    def _sample(self) -> Any:
        array = self._value._sample()
        return array[0, ...] if self._mapped else array

    def _shadow(self, copied: bool = False) -> Any:
        made = batched(self._value._copied() if copied else self._value, self._mapped, self._level)
        if self._tangents is None:
            self._tangents = {}
        made._tangents = self._tangents
        return made


def batched(value: Tensor, mapped: bool, level: VmapLevel) -> Batched:
    """``value`` as a tensor of ``level``: its first dimension is the batch, or it is the same for all where not ``mapped``."""
    made: Batched = object.__new__(Batched)
    array = value._data
    shape = array.shape[1:] if mapped else array.shape
    made._array = _stand_in(value._xp, shape, array.dtype, _NOTHING if recorder.current is None else 0.0)
    made._edge = None
    made._output = 0
    made._requires_grad = False
    made._base = None
    made._cell = None
    made._id = 0
    made._value, made._mapped, made._level = value, mapped, level
    return made


def lifted(tensor: Any, level: VmapLevel) -> Batched:
    """A tensor as one of ``level``."""
    if type(tensor) is Batched and tensor._level is level:
        return tensor
    made = batched(tensor, False, level)
    if tensor._tangents:  # those further in are the wrapper's
        made._tangents = {k: t for k, t in tensor._tangents.items() if k.number > level.number}
    return made


def full(tensor: Any, level: VmapLevel) -> Any:
    """The whole batch along the first dimension, also of what is the same for all."""
    made = lifted(tensor, level)
    if made._mapped:
        return made._value
    return made._value.expand((level.size, *made._value._data.shape))


# ------------------------------------------------------------------------------------------------------------ calls

rule_of: Callable[[Op], Callable[..., Any]] = _op._outside  # set by batching.py: how an op runs on a batch
tangents_of: Callable[..., Sequence[Any]] = _op._outside  # set by tangents.py: the tangents of a call's results


def _call(op: Op, args: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
    """A call of an op where some operand may be batched or carry tangents."""
    top: Any = None
    dual = False
    for t in args:
        if isinstance(t, Tensor):
            if type(t) is Batched and (top is None or t._level.number > top.number):
                top = t._level
            if t._tangents:
                dual = True
    for t in _in_params(params):
        if type(t) is Batched and (top is None or t._level.number > top.number):
            top = t._level
    if top is None:
        made = _op.run(op, args, params)
        floor = 0
    else:
        made = _on_batch(op, args, params, top)
        floor = top.number
    if dual:
        found = {k for t in args if isinstance(t, Tensor) and t._tangents for k in t._tangents}
        for level in sorted((k for k in found if k.alive and floor < k.number < mode.ceiling), key=lambda k: k.number):
            outs = made if isinstance(made, tuple) else (made,)
            with below(level):
                tangents = tangents_of(op, args, params, outs, [_tangent(t, level) for t in args])
            for out, tangent in zip(outs, tangents, strict=True):
                if tangent is not None:
                    level.attach(out, tangent if op.view else _own(tangent, args, level))
    return made


def _in_params(params: tuple[Any, ...]) -> list[Any]:
    """The tensors among the parameters of a call, of which a few ops have some."""
    found: list[Any] = []
    for p in params:
        if isinstance(p, Tensor):
            found.append(p)
        elif type(p) in (tuple, list):
            found += [t for t in p if isinstance(t, Tensor)]
    return found


def _params_of_sample(params: tuple[Any, ...], level: VmapLevel, number: int) -> tuple[Any, ...]:
    """The parameters with the ``number``-th sample of those that are batches."""

    def sample(p: Any) -> Any:
        if type(p) is Batched and p._level is level:
            return p._value.select(0, number) if p._mapped else p._value
        return type(p)(sample(t) for t in p) if type(p) in (tuple, list) else p

    return tuple(map(sample, params))


def _each_with_params(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], level: VmapLevel) -> Any:
    """The op once a sample, where parameters are batches too."""
    rows = [
        _op.call(op, tuple(v.select(0, i) if m else v for v, m in zip(values, mapped, strict=True)), _params_of_sample(params, level, i))
        for i in range(level.size)
    ]
    several = isinstance(rows[0], tuple)
    columns = zip(*(row if several else (row,) for row in rows), strict=True)
    made = tuple(stack(column) for column in columns)
    return made if several else made[0]


def _tangent(t: Any, level: DualLevel) -> Any:
    return t._tangents.get(level) if isinstance(t, Tensor) and t._tangents else None


def _own(tangent: Any, args: Sequence[Any], level: DualLevel) -> Any:
    """The tangent of a result that shares no memory with those of the operands, as the result shares none with them."""
    base = tangent if tangent._base is None else tangent._base
    for t in args:
        given = _tangent(t, level)
        if given is not None and (base is given or base is given._base):
            with below(level):
                return tangent.clone()
    return tangent


@contextmanager
def below(level: Level) -> Iterator[None]:
    """Inside the block tangents of ``level`` and those further in are not seen."""
    found = mode.ceiling
    mode.ceiling = min(found, level.number)
    try:
        yield
    finally:
        mode.ceiling = found


def _on_batch(op: Op, args: tuple[Any, ...], params: tuple[Any, ...], level: VmapLevel) -> Any:
    if not level.alive:
        raise RuntimeError(_ESCAPED)
    raised = tuple(lifted(t, level) if isinstance(t, Tensor) else t for t in args)
    for t in raised:
        if isinstance(t, Tensor) and t._view is not None and mode.enabled:
            t._refresh()
    values = [t._value if isinstance(t, Tensor) else t for t in raised]
    mapped = [isinstance(t, Tensor) and t._mapped for t in raised]
    odd = any(type(t) is Batched and t._level is level for t in _in_params(params))
    some = any(mapped) or odd
    with below(level):
        if odd:
            found = _each_with_params(op, values, mapped, params, level)
        else:
            found = rule_of(op)(op, values, mapped, params, level.size) if some else _op.call(op, tuple(values), params)
    several = isinstance(found, (tuple, list))
    outs: list[Tensor] = [batched(value, some, level) for value in (found if several else (found,))]
    first = next(t for t in raised if isinstance(t, Tensor))
    if op.view:
        for out in outs:
            out._base = first._base if first._base is not None else first
            out._cell = first._storage
            out._view = view_of(first, op.name, op.multiple_views)
    if mode.enabled and any(isinstance(t, Tensor) and t._requires_grad for t in raised) and op.differentiable_inputs:
        _op.record(op, raised, params, outs)  # the graph of the levels inside the batch
    return tuple(outs) if several else outs[0]


def _overwrite(self: Tensor, out: Tensor) -> None:
    """Write the value and the tangents of ``out`` into the memory of ``self``."""
    if type(self) is Batched and not (type(out) is Batched and out._level.number > self._level.number):
        level = self._level
        inner = lifted(out, level)
        if inner._mapped and not self._mapped:
            raise _too_small(self, out)
        with below(level):
            self._value.copy_(inner._value)
    elif type(out) is Batched:
        raise _too_small(self, out)
    else:
        devices.write(self._data, out._data)
    mine, theirs = self._tangents or {}, out._tangents or {}
    for level in {*mine, *theirs}:
        if level.alive and level.number < mode.ceiling:
            with below(level):
                _write_tangent(self, level, theirs.get(level))


def _too_small(self: Tensor, out: Any) -> RuntimeError:
    shape = [out._level.size, *out._data.shape]
    return RuntimeError(f"output with shape {list(self._data.shape)} doesn't match the broadcast shape {shape}")


def _write_tangent(self: Tensor, level: DualLevel, tangent: Any) -> None:
    """The tangent of what was written: into the memory of the one that was there, so that views of it see it."""
    own = (self._tangents or {}).get(level)
    if own is None and self._base is not None:
        base = self._base
        spread = wrap(base._xp.zeros_like(base._data))
        level.attach(base, spread)
        own = spread.as_strided(self.shape, self.stride(), self.storage_offset())
        level.attach(self, own)
    if own is None:
        level.attach(self, tangent)
    elif self._base is None and tangent is not None:
        own.copy_(tangent) if _has_views(self) else level.attach(self, tangent)
    elif tangent is None:
        own.zero_()
    else:
        own.copy_(tangent)


def _has_views(tensor: Tensor) -> bool:
    return tensor._cell is not None


_op.special = _call
Tensor._overwrite = _overwrite  # type: ignore[method-assign]
Tensor._may_become_leaf = refuse_in_transform  # type: ignore[method-assign]

__all__ = ["Batched", "DualLevel", "GradLevel", "Level", "VmapLevel"]
