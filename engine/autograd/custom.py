"""User-written Functions inside transforms: over batches by their ``vmap`` or by their own ops, forward by their ``jvp``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..tensor import Tensor, wrap
from . import levels as _levels
from . import trees
from .grad_mode import mode
from .levels import Batched, DualLevel, VmapLevel, batched, lifted

_MORE = "For more details, please see https://pytorch.org/docs/main/notes/extending.func.html"

Apply = Callable[[tuple[Any, ...], Callable[..., Any]], tuple[Any, tuple[Any, ...], bool]]  # args, forward -> ctx, outputs, whether several


class VmapInfo(NamedTuple):
    """What a Function's ``vmap`` is told of the batch."""

    batch_size: int
    randomness: str


def check_form(apart: bool) -> None:
    """Raise RuntimeError inside transforms of ``torch.func`` for a Function whose forward takes ``ctx``."""
    if not apart and _levels.in_transform():
        raise RuntimeError(
            "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), it must override the "
            f"setup_context staticmethod. {_MORE}"
        )


def applied(function: Any, args: tuple[Any, ...], plain: Apply, maps: bool) -> Any:
    """``function.apply(*args)`` inside transforms. plain: how it runs outside; maps: whether it has a ``vmap`` of its own.

    Raises RuntimeError where it says how to run over a batch in no way, or in two.
    """
    tensors = [a for a in args if isinstance(a, Tensor)]
    top: Any = max((t._level for t in tensors if type(t) is Batched), key=lambda k: k.number, default=None)
    floor = 0
    forward = function.forward
    if top is not None:
        floor = top.number
        _check_rule(function, maps)
        if maps:
            forward = _mapped_forward(function, top)
        else:
            _check_graphs(function, tensors, top)
        args = tuple(lifted(a, top) if isinstance(a, Tensor) else a for a in args)
    found = mode.ceiling
    mode.ceiling = min(found, floor + 1)  # what forward computes has the tangents that jvp gives
    try:
        ctx, outs, several = plain(args, forward)
    finally:
        mode.ceiling = found
    carried = {k for t in tensors if t._tangents for k in t._tangents}
    for level in sorted((k for k in carried if k.alive and floor < k.number < mode.ceiling), key=lambda k: k.number):
        with _levels.below(level):
            _push(function, ctx, args, outs, level)
    return outs if several else outs[0]


def _check_rule(function: Any, maps: bool) -> None:
    start = f"You tried to vmap over {function.__name__}, but it "
    if maps and function.generate_vmap_rule:
        raise RuntimeError(
            f"{start}has both generate_vmap_rule=True and an overridden vmap staticmethod. Please set generate_vmap_rule=False or delete "
            f"the overridden vmap staticmethod to avoid ambiguity. {_MORE}"
        )
    if not maps and not function.generate_vmap_rule:
        raise RuntimeError(
            f"{start}does not have vmap support. Please override and implement the vmap staticmethod or set generate_vmap_rule=True. "
            f"{_MORE}"
        )


def _check_graphs(function: Any, tensors: Sequence[Tensor], top: VmapLevel) -> None:
    """A generated rule runs forward without a graph, which one outside of the batch would miss."""
    for t in tensors:
        inner = t._value if type(t) is Batched and t._level is top else t
        while inner is not None:
            if inner.requires_grad:
                raise RuntimeError(
                    f"{function.__name__}: generate_vmap_rule=True serves derivatives inside of vmap; here a tensor outside of it requires "
                    "a gradient. Override the vmap staticmethod."
                )
            inner = inner._value if type(inner) is Batched else None  # type: ignore[assignment]


def _mapped_forward(function: Any, level: VmapLevel) -> Callable[..., Any]:
    """``forward`` of a batch: the user's ``vmap`` of the batches."""

    def forward(*args: Any) -> Any:
        values = [a._value if type(a) is Batched else a for a in args]
        dims = tuple(0 if type(a) is Batched and a._mapped else None for a in args)
        found = mode.enabled
        mode.enabled = True
        try:
            with _levels.below(level):
                made, out_dims = function.vmap(VmapInfo(level.size, level.randomness), dims, *values)
        finally:
            mode.enabled = found
        leaves, spec = trees.flatten(made)
        places = trees.spread(out_dims, spec)
        assert places is not None, f"{function.__name__}.vmap: out_dims {out_dims} do not fit its outputs"
        outs = [
            x if not isinstance(x, Tensor) else batched(x if d in (0, None) else x.movedim(d, 0), d is not None, level)
            for x, d in zip(leaves, places, strict=True)
        ]
        return trees.unflatten(outs, spec)

    return forward


def _push(function: Any, ctx: Any, args: tuple[Any, ...], outs: tuple[Any, ...], level: DualLevel) -> None:
    """The tangents of the outputs, from the user's ``jvp``."""
    given: list[Any] = []
    for a in args:
        tangent = a._tangents.get(level) if isinstance(a, Tensor) and a._tangents else None
        if tangent is None and isinstance(a, Tensor) and ctx.materialize_grads and a.dtype.category >= 2:
            tangent = wrap(a._xp.zeros_like(a._data))
        given.append(tangent)
    ctx.in_jvp = True
    try:
        made = function.jvp(ctx, *given)
    finally:
        ctx.in_jvp = False
    tangents = made if isinstance(made, tuple) else (made,)
    if len(tangents) != len(outs):
        raise RuntimeError(f"Function's jvp returned an invalid number of forward gradients (expected {len(outs)} but got {len(tangents)})")
    inputs = {id(a): t for a, t in zip(args, given, strict=True) if isinstance(a, Tensor)}
    for number, (out, tangent) in enumerate(zip(outs, tangents, strict=True)):
        if tangent is None:
            continue
        if not isinstance(tangent, Tensor):
            raise RuntimeError(f"expected Variable or None (got {type(tangent).__name__}) for grad output {number}.")
        if tangent.shape != out.shape:
            raise RuntimeError(
                "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not supported. "
                f"Tensor is of size {list(out.shape)} while the given forward gradient is of size {list(tangent.shape)}."
            )
        if id(out) in inputs and tangent is not inputs[id(out)]:
            raise RuntimeError(
                "An inplace custom Function is not modifying the forward mode gradients inplace. If the forward is modifying an input "
                "inplace, then the jvp function must modify the corresponding gradient inplace."
            )
        if id(out) not in inputs and out._base is not None and tangent._base is None:
            raise RuntimeError("A custom Function's forward is returning a view (or an input as-is) but the jvp is not returning a view.")
        level.attach(out, tangent)
