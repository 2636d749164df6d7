"""``vmap``: a function of one sample as a function of a batch."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .. import random as _random
from ..devices import device
from ..ops.pieces import cat, stack
from ..tensor import Tensor
from . import batching as _batching
from . import levels as _levels
from . import trees
from .levels import Batched, VmapLevel, batched, full

assert _batching.RULES, "the levels know how ops run on a batch"


def vmap(
    func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", *, chunk_size: int | None = None
) -> Callable[..., Any]:
    """``func`` over a batch: it sees tensors without the dimension ``in_dims`` and its results get one at ``out_dims``.

    in_dims: a number, or a nested tuple of the inputs' structure; None for what is the same for all. randomness: what draws
    do inside: "error", "same" for all samples, or "different". chunk_size: how many samples at a time.

    Raises ValueError for dimensions that do not fit the inputs, and RuntimeError for what a batch cannot do: numbers, truth.
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if chunk_size is not None and not chunk_size > 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        leaves, dims, size, spec = _inputs(func, in_dims, args)
        if chunk_size is not None and size > chunk_size:
            return _in_chunks(func, leaves, dims, spec, size, chunk_size, out_dims, randomness, kwargs)
        level = VmapLevel(size, randomness)
        with _levels.inside(level):
            made = func(*trees.unflatten([_entering(x, d, level) for x, d in zip(leaves, dims, strict=True)], spec), **kwargs)
            return _leaving(func, made, out_dims, level)

    return wrapped


def _name(func: Any) -> str:
    return getattr(func, "__name__", repr(func))


def _inputs(func: Any, in_dims: Any, args: tuple[Any, ...]) -> tuple[list[Any], list[int | None], int, trees.Spec]:
    name = _name(func)
    if not isinstance(in_dims, (int, tuple, list)):
        raise ValueError(
            f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): expected `in_dims` to be int or a (potentially nested) tuple matching the "
            f"structure of inputs, got: {type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a function with no "
            "inputs. The latter is unsupported."
        )
    leaves, spec = trees.flatten(args)
    dims = trees.spread(tuple(in_dims) if isinstance(in_dims, list) else in_dims, spec)
    if dims is None:
        raise ValueError(
            f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): in_dims is not compatible with the structure of `inputs`. in_dims has "
            f"structure {trees.flatten(in_dims)[1]} but inputs has structure {spec}."
        )
    sizes: list[int] = []
    for i, (x, dim) in enumerate(zip(leaves, dims, strict=True)):
        start = f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): "
        if dim is None:
            continue
        if not isinstance(dim, int):
            raise ValueError(f"{start}Got in_dim={dim} for an input but in_dim must be either an integer dimension or None.")
        if not isinstance(x, Tensor):
            raise ValueError(
                f"{start}Got in_dim={dim} for an input but the input is of type {type(x)}. We cannot vmap over non-Tensor arguments, "
                "please use None as the respective in_dim"
            )
        if not -x.ndim <= dim < x.ndim:
            raise ValueError(
                f"{start}Got in_dim={dim} for some input, but that input is a Tensor of dimensionality {x.ndim} so expected in_dim to "
                f"satisfy -{x.ndim} <= in_dim < {x.ndim}."
            )
        dims[i] = dim % x.ndim
        sizes.append(x.shape[dim])
    if not sizes:
        raise ValueError("vmap: Expected at least one Tensor to vmap over")
    if len(set(sizes)) > 1:
        raise ValueError(
            f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the mapped dimension"
        )
    return leaves, dims, sizes[0], spec


def _entering(x: Any, dim: int | None, level: VmapLevel) -> Any:
    return x if dim is None else batched(x.movedim(dim, 0) if dim else x, True, level)


def _out_dims(func: Any, made: Any, out_dims: Any) -> tuple[list[Any], list[Any], trees.Spec]:
    leaves, spec = trees.flatten(made)
    dims = [out_dims] if isinstance(out_dims, int) and spec.kind is None else trees.spread(out_dims, spec)
    if isinstance(out_dims, tuple) and len(out_dims) == 1 and spec.kind is None:
        dims = [out_dims[0]]
    if dims is None or not all(d is None or isinstance(d, int) for d in dims):
        raise ValueError(
            f"vmap({_name(func)}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the structure of `outputs`. "
            f"out_dims has structure {trees.flatten(out_dims)[1]} but outputs has structure {spec}."
        )
    return leaves, dims, spec


def _leaving(func: Any, made: Any, out_dims: Any, level: VmapLevel) -> Any:
    leaves, dims, spec = _out_dims(func, made, out_dims)
    return trees.unflatten([_unmapped(func, x, d, level, out_dims) for x, d in zip(leaves, dims, strict=True)], spec)


def _unmapped(func: Any, x: Any, dim: int | None, level: VmapLevel, out_dims: Any) -> Any:
    if not isinstance(x, Tensor):
        if dim is None:
            return x
        raise ValueError(
            f"vmap({_name(func)}, ...): `{_name(func)}` must only return Tensors, got type {type(x)}. Did you mean to set out_dims= to "
            "None for output?"
        )
    if dim is None:
        if type(x) is Batched and x._level is level:
            if x._mapped:
                raise ValueError(f"vmap({_name(func)}, ...): `{_name(func)}` can not return a BatchedTensor when out_dim is None")
            return x._value
        return x
    value = full(x, level)
    return value.movedim(0, dim) if dim else value


def _in_chunks(
    func: Any, leaves: list[Any], dims: list[Any], spec: trees.Spec, size: int, count: int, out_dims: Any, randomness: str, kwargs: Any
) -> Any:
    made: list[list[Any]] = []
    shape: Any = None
    state = _random.default_generator.get_state()
    for start in range(0, size, count):
        if randomness == "same":
            _random.default_generator.set_state(state)
        part = [x if d is None else x.narrow(d, start, min(count, size - start)) for x, d in zip(leaves, dims, strict=True)]
        found = vmap(func, tuple(_nested(dims, spec)), out_dims, randomness)(*trees.unflatten(part, spec), **kwargs)
        flat, shape = trees.flatten(found)
        made.append(flat)
    places = _out_dims(func, trees.unflatten(made[0], shape), out_dims)[1]
    joined = [column[0] if d is None else cat(column, d) for column, d in zip(zip(*made, strict=True), places, strict=True)]
    return trees.unflatten(joined, shape)


def _nested(dims: list[Any], spec: trees.Spec) -> Any:
    return trees.unflatten(dims, spec)


# ------------------------------------------------------------------------------------------------------------ draws


def _before_draw(place: device) -> None:
    level = _levels.innermost(VmapLevel)
    if level is not None and level.randomness == "error":
        raise RuntimeError(
            "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' randomness flags on "
            "vmap or perform the randomness operation out of vmap"
        )


def _per_sample(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """A function that draws, once a sample where samples are to draw differently."""
    level = _levels.innermost(VmapLevel)
    if level is None or level.randomness != "different":
        return function(*args, **kwargs)
    leaves, spec = trees.flatten((args, kwargs))
    rows = []
    level.randomness = "same"
    try:
        for i in range(level.size):
            row_args, row_kwargs = trees.unflatten([_row(x, i, level) for x in leaves], spec)
            rows.append(function(*row_args, **row_kwargs))
    finally:
        level.randomness = "different"
    return batched(stack(rows), True, level)


def _row(x: Any, number: int, level: VmapLevel) -> Any:
    if type(x) is not Batched or x._level is not level:
        return x
    return x._value.select(0, number) if x._mapped else x._value


_random.before_draw, _random.per_sample = _before_draw, _per_sample
