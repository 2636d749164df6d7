"""The array module of large arrays on the host: numpy's functions, in several threads where that pays, and the kernels that
numba compiles, where it is installed.

An op is given this module where its first array is large (``engine/devices.py``). What a kernel has no compiled form for (other
types, arrays that do not lie in one piece) it computes as it does for small arrays.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import warnings
from collections.abc import Callable
from typing import Any

import numpy

from . import preparing, threads, wide_windows
from .host import HOST
from .plain import KERNELS

Array = Any

_HEAVY, _LIGHT = 1 << 16, 1 << 18  # elements that are worth a thread: of exponentials, of sums and products

_compiled: Any = None  # the module of compiled kernels, once it is loaded
_enabled = os.environ.get("GRADSTEP_FAST", "1") != "0"


@functools.cache
def available() -> bool:
    """Whether numba is installed."""
    return importlib.util.find_spec("numba") is not None


def enabled() -> bool:
    """Whether compiled kernels are used: they are wanted, and numba is installed."""
    return _enabled and available()


def enable(mode: bool) -> None:
    """Use compiled kernels from now on, or do not."""
    global _enabled
    _enabled = mode


def _kernels() -> Any:
    """The compiled kernels; None where they are not wanted or cannot be had."""
    global _compiled
    if not _enabled:
        return None
    if _compiled is None and available():
        preparing.begin()
        try:
            from . import compiled
        except ImportError as error:  # numba says which numpy it wants
            enable(False)
            warnings.warn(f"numba is installed but cannot be used, so that large arrays are computed by numpy alone: {error}", stacklevel=2)
            return None
        finally:
            preparing.end()
        _compiled = compiled
    return _compiled


def _windows() -> Any:
    """The compiled kernels of windows; None where there are none."""
    if _kernels() is None:
        return None
    return _load_windows()


@functools.cache
def _load_windows() -> Any:
    preparing.begin()
    try:
        from . import compiled_windows
    finally:
        preparing.end()
    return compiled_windows


def _single(*arrays: Array) -> bool:
    """Whether all are float32, of one shape, and in one piece."""
    first = arrays[0]
    return all(type(a) is numpy.ndarray and a.dtype.char == "f" and a.shape == first.shape and a.flags.c_contiguous for a in arrays)


def _mapped(name: str, inputs: int, plain: Callable[..., Any], grain: int) -> Callable[..., Any]:
    """A kernel that works element by element on ``inputs`` arrays; numbers follow them."""

    def call(*args: Any, **kwargs: Any) -> Array:
        kernels = _kernels()
        arrays = args[:inputs]
        if kernels is None or kwargs or not _single(*arrays):
            return plain(*args, **kwargs)
        kernel, numbers = getattr(kernels, name), [numpy.float32(n) for n in args[inputs:]]
        made = numpy.empty_like(arrays[0])
        flat = [a.reshape(-1) for a in (*arrays, made)]
        threads.share(lambda begin, end: kernel(*(a[begin:end] for a in flat), *numbers), made.size, grain)
        return made

    return call


def _softened(name: str, inputs: int, plain: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel along the last dimension; along others, plain."""

    def call(*args: Any) -> Array:
        arrays, axis = args[:inputs], args[inputs]
        kernels = _kernels()
        if kernels is None or axis not in (-1, arrays[0].ndim - 1) or not _single(*arrays):
            return plain(*args)
        kernel, width = getattr(kernels, name), arrays[0].shape[-1]
        made = numpy.empty_like(arrays[0])
        rows = [a.reshape(-1, width) for a in arrays]
        if inputs == 1:
            rows.append(rows[0].view(numpy.int32))
        rows.append(made.reshape(-1, width))
        threads.share(lambda begin, end: kernel(*(a[begin:end] for a in rows)), len(rows[0]), max(1, _HEAVY // width))
        return made

    return call


def _columns_of(count: int, of: int = 1) -> list[Array]:
    return [numpy.empty((count, 1), numpy.float32) for _ in range(of)]


def _each(kernel: Any, matrices: tuple[Array, ...], columns: tuple[Array, ...], outs: list[Array]) -> None:
    """A kernel of rows, with one number a row in ``columns``."""
    rows, width = matrices[0].shape
    every = (*matrices, *columns, *outs)
    threads.share(lambda begin, end: kernel(*(a[begin:end] for a in every)), rows, max(1, _LIGHT // max(width, 1)))


def _long(*matrices: Array) -> bool:
    """Whether matrices have rows that are worth a loop of their own."""
    return matrices[0].shape[1] >= 16 and _single(*matrices)


def _column(a: Array, rows: int) -> Array:
    return numpy.ascontiguousarray(numpy.broadcast_to(a, (rows, 1)), numpy.float32)


def _row_kernels(plain: dict[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """The kernels of matrices, each with what stands in for it."""

    def row_spreads(x: Array, mean: Array) -> Array:
        kernels = _kernels()
        if kernels is None or not _long(x):
            return plain["row_spreads"](x, mean)
        outs = _columns_of(len(x))
        _each(kernels.row_spreads, (x,), (_column(mean, len(x)),), outs)
        return outs[0]

    def row_scaled(x: Array, mean: Array, factor: Array, shift: Array | None) -> Array:
        kernels = _kernels()
        if kernels is None or not _long(x):
            return plain["row_scaled"](x, mean, factor, shift)
        made = numpy.empty_like(x)
        columns = (mean, factor, numpy.float32(0) if shift is None else shift)
        _each(kernels.row_scaled, (x,), tuple(_column(c, len(x)) for c in columns), [made])
        return made

    def row_moments(g: Array, x: Array, mean: Array) -> tuple[Array, Array]:
        kernels = _kernels()
        if kernels is None or not _long(g, x):
            return plain["row_moments"](g, x, mean)  # type: ignore[no-any-return]
        outs = _columns_of(len(x), 2)
        _each(kernels.row_moments, (g, x), (_column(mean, len(x)),), outs)
        return outs[0], outs[1]

    def row_gradient(g: Array, x: Array, mean: Array, factor: Array, by: Array, less: Array) -> Array:
        kernels = _kernels()
        if kernels is None or not _long(g, x):
            return plain["row_gradient"](g, x, mean, factor, by, less)
        made = numpy.empty_like(x)
        _each(kernels.row_gradient, (g, x), tuple(_column(c, len(x)) for c in (mean, factor, by, less)), [made])
        return made

    def layer_norm(x: Array, weight: Array | None, bias: Array | None, eps: float) -> tuple[Array, Array, Array]:
        kernels = _kernels()
        given = [a for a in (weight, bias) if a is not None]
        if kernels is None or not _long(x) or (given and not _single(*given)):
            return plain["layer_norm"](x, weight, bias, eps)  # type: ignore[no-any-return]
        rows, width = x.shape
        weight = numpy.ones(width, x.dtype) if weight is None else weight.reshape(-1)
        bias = numpy.zeros(width, x.dtype) if bias is None else bias.reshape(-1)
        made, (mean, rstd), small = numpy.empty_like(x), _columns_of(rows, 2), numpy.float32(eps)

        def work(begin: int, end: int) -> None:
            kernels.layer_norm(x[begin:end], weight, bias, small, made[begin:end], mean[begin:end], rstd[begin:end])

        threads.share(work, rows, max(1, _LIGHT // width))
        return made, mean, rstd

    def layer_norm_backward(
        g: Array, x: Array, mean: Array, rstd: Array, weight: Array | None, affine: bool
    ) -> tuple[Array, Array | None, Array | None]:
        kernels = _kernels()
        if kernels is None or not _long(g, x) or not _single(mean, rstd):
            return plain["layer_norm_backward"](g, x, mean, rstd, weight, affine)  # type: ignore[no-any-return]
        rows, width = x.shape
        weight = numpy.ones(width, x.dtype) if weight is None else numpy.ascontiguousarray(weight)
        made, sums = numpy.empty_like(x), []

        def work(begin: int, end: int) -> None:
            own = numpy.zeros((2, width), x.dtype)
            piece = slice(begin, end)
            kernels.layer_norm_backward(g[piece], x[piece], mean[piece], rstd[piece], weight, made[piece], own[0], own[1])
            sums.append((begin, own))

        threads.share(work, rows, max(1, _LIGHT // width))
        first, *others = (own for _, own in sorted(sums, key=lambda pair: pair[0]))  # in order: the same sum in every run
        for own in others:
            first += own
        return made, first[0] if affine else None, first[1] if affine else None

    return {f.__name__: f for f in (row_spreads, row_scaled, row_moments, row_gradient, layer_norm, layer_norm_backward)}


_UFUNCS = (
    "add", "subtract", "multiply", "divide", "negative", "sqrt", "square", "absolute", "reciprocal", "log", "log1p",
    "expm1", "sin", "cos",
)  # fmt: skip


def _shared(ufunc: Any) -> Callable[..., Any]:
    """numpy's ``ufunc``, in several threads for arrays of one kind of float that lie in one piece, and numbers."""

    @functools.wraps(ufunc)
    def call(*args: Any, **kwargs: Any) -> Any:
        first = args[0]
        if threads.count() < 2 or kwargs or type(first) is not numpy.ndarray or first.size < 2 * _LIGHT or first.dtype.char not in "fd":
            return ufunc(*args, **kwargs)
        if not first.flags.c_contiguous or len(args) > ufunc.nin:
            return ufunc(*args, **kwargs)
        for other in args[1:]:
            if type(other) is not numpy.ndarray or other.dtype != first.dtype:
                return ufunc(*args, **kwargs)
            if other.ndim and (other.shape != first.shape or not other.flags.c_contiguous):
                return ufunc(*args, **kwargs)
        made = numpy.empty_like(first)
        flat = [a.reshape(-1) if a.ndim else a for a in args]
        out = made.reshape(-1)

        def work(begin: int, end: int) -> None:
            ufunc(*(a[begin:end] if a.ndim else a for a in flat), out=out[begin:end])

        threads.share(work, out.size, _LIGHT)
        return made

    return call


_WORDS: dict[str, Any] = {"f": numpy.int32, "i": numpy.int32, "d": numpy.int64, "l": numpy.int64, "q": numpy.int64}


def _where(mask: Any, *choices: Any) -> Any:
    """As ``numpy.where``; of numbers of one kind by their bits, which takes a tenth of the time where nobody can predict the mask."""
    if len(choices) != 2 or type(mask) is not numpy.ndarray or mask.dtype.char != "?" or not mask.flags.c_contiguous:
        return numpy.where(mask, *choices)
    kind = numpy.result_type(*choices)
    if kind.char not in _WORDS:
        return numpy.where(mask, *choices)
    word = _WORDS[kind.char]
    bits: list[Any] = []
    for choice in choices:
        array = numpy.asarray(choice, kind)
        if array.ndim and (array.shape != mask.shape or not array.flags.c_contiguous):
            return numpy.where(mask, *choices)
        bits.append(array.view(word))
    made = numpy.empty(mask.shape, word)
    flat = [a.reshape(-1) if a.ndim else a for a in bits]
    seen, out = mask.reshape(-1).view(numpy.int8), made.reshape(-1)

    def work(begin: int, end: int) -> None:
        for low in range(begin, end, _BLOCK):
            piece = slice(low, min(low + _BLOCK, end))
            yes, no = (a[piece] if a.ndim else a for a in flat)
            _chosen(seen[piece], yes, no, out[piece])

    threads.share(work, out.size, _LIGHT)
    return made.view(kind)


_BLOCK = 1 << 15  # elements: what a step reads and writes stays in the cache of a core


def _chosen(mask: Array, yes: Array, no: Array, out: Array) -> None:
    """The bits of ``yes`` where ``mask`` is 1, of ``no`` where it is 0."""
    if not no.ndim and not no:
        numpy.negative(mask, out=out, dtype=out.dtype)  # all ones where it holds
        numpy.bitwise_and(out, yes, out=out)
    elif not yes.ndim and not yes:
        numpy.subtract(mask, 1, out=out, dtype=out.dtype)  # all ones where it does not
        numpy.bitwise_and(out, no, out=out)
    else:
        numpy.negative(mask, out=out, dtype=out.dtype)
        numpy.bitwise_and(out, numpy.bitwise_xor(yes, no), out=out)
        numpy.bitwise_xor(out, no, out=out)


def _bounded(name: str) -> Callable[..., Any]:
    """``maximum`` or ``minimum``: with a number by ``clip``, which takes a third of the time."""
    shared = _shared(getattr(numpy, name))

    def call(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 2 and not kwargs:
            a, bound = args
            kind = getattr(a, "dtype", None)
            if (
                type(a) is numpy.ndarray
                and a.dtype.char in "fd"
                and not getattr(bound, "ndim", 0)
                and getattr(bound, "dtype", kind) == kind
            ):
                return numpy.clip(a, bound, a.dtype.type("inf")) if name == "maximum" else numpy.clip(a, a.dtype.type("-inf"), bound)
        return shared(*args, **kwargs)

    return call


def functions(module: Any) -> dict[str, Callable[..., Any]]:
    """What ``module``, that of large arrays, has before numpy's functions."""
    plain = {name: HOST[name] if name in HOST else functools.partial(kernel, module) for name, kernel in KERNELS.items()}
    made: dict[str, Callable[..., Any]] = {name: _shared(getattr(numpy, name)) for name in _UFUNCS}
    made |= {"where": _where, "maximum": _bounded("maximum"), "minimum": _bounded("minimum")}
    for name in ("sigmoid", "silu", "gelu", "gelu_tanh"):
        made[name] = _mapped(name, 1, plain[name], _HEAVY)
    for name in ("silu_backward", "gelu_backward", "gelu_tanh_backward"):
        made[name] = _mapped(name, 2, plain[name], _HEAVY)
    for name in ("sigmoid_backward", "tanh_backward", "threshold_backward"):
        made[name] = _mapped(name, 2, plain[name], _LIGHT)
    for name in ("exp", "tanh"):
        made[name] = _mapped(name, 1, getattr(numpy, name), _HEAVY)
    for name in ("softmax", "log_softmax"):
        made[name] = _softened(name, 1, plain[name])
    for name in ("softmax_backward", "log_softmax_backward"):
        made[name] = _softened(name, 2, plain[name])
    return made | _row_kernels(plain) | wide_windows.functions(plain, _windows)
