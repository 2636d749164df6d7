"""Windows of large arrays of the host: compiled kernels for lines and planes of float32, plain ones for all else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from . import threads

Array = Any
Sizes = Sequence[int]

_GRAIN = 1 << 16  # elements that are worth a thread


def functions(plain: dict[str, Callable[..., Any]], kernels: Callable[[], Any]) -> dict[str, Callable[..., Any]]:
    """The kernels of windows; ``kernels()`` gives the module of compiled ones, or None."""

    def planes(*arrays: Array) -> bool:
        """Whether all are float32 in one piece, over lines or planes."""
        return arrays[0].ndim in (3, 4) and all(a.dtype.char == "f" and a.flags.c_contiguous for a in arrays)

    def plane(a: Array, lead: int) -> Array:
        """A line as a plane of one row: ``lead`` dimensions stand before those of the window."""
        return a.reshape(*a.shape[:lead], 1, *a.shape[lead:])

    def steps(stride: Sizes, dilation: Sizes) -> tuple[int, ...]:
        return (1, *stride, 1, *dilation) if len(stride) == 1 else (*stride, *dilation)

    def unfolded(x: Array, kernel: Sizes, stride: Sizes, dilation: Sizes, sizes: Sizes) -> Array:
        compiled = kernels()
        if compiled is None or not planes(x):
            return plain["unfolded"](x, kernel, stride, dilation, sizes)
        shape = (x.shape[1], *kernel, x.shape[0], *sizes)
        made = numpy.empty(shape, x.dtype)
        seen = made if x.ndim == 4 else made.reshape(shape[0], 1, shape[1], shape[2], 1, shape[3])
        source, by = x if x.ndim == 4 else plane(x, 2), steps(stride, dilation)
        share = max(1, _GRAIN // max(1, made.size // max(1, shape[0])))
        threads.share(lambda begin, end: compiled.unfold(source, *by, seen, begin, end), shape[0], share)
        return made

    def folded(columns: Array, made: Array, stride: Sizes, dilation: Sizes) -> None:
        compiled = kernels()
        if compiled is None or not planes(made, columns):
            plain["folded"](columns, made, stride, dilation)
            return
        c, *rest = columns.shape
        seen = columns if made.ndim == 4 else columns.reshape(c, 1, rest[0], rest[1], 1, rest[2])
        target, by = made if made.ndim == 4 else plane(made, 2), steps(stride, dilation)
        share = max(1, _GRAIN // max(1, columns.size // max(1, c)))
        threads.share(lambda begin, end: compiled.fold(seen, *by, target, begin, end), c, share)

    def each_channel(x: Array, weight: Array, stride: Sizes, dilation: Sizes, sizes: Sizes) -> Array:
        compiled = kernels()
        weight = numpy.ascontiguousarray(weight)
        if compiled is None or not planes(x) or not planes(x, weight):
            return plain["each_channel"](x, weight, stride, dilation, sizes)
        made = numpy.zeros((*x.shape[:2], *sizes), x.dtype)
        arrays = [x, weight, made] if x.ndim == 4 else [plane(x, 2), plane(weight, 1), plane(made, 2)]
        by, grain = steps(stride, dilation), max(1, _GRAIN // max(1, made[:1].size * weight[:1].size))
        threads.share(lambda begin, end: compiled.each(*arrays[:2], *by, arrays[2], begin, end), len(x), grain)
        return made

    def each_channel_back(grad: Array, weight: Array, made: Array, stride: Sizes, dilation: Sizes) -> None:
        compiled = kernels()
        weight, grad = numpy.ascontiguousarray(weight), numpy.ascontiguousarray(grad)
        if compiled is None or not planes(made, weight, grad):
            plain["each_channel_back"](grad, weight, made, stride, dilation)
            return
        arrays = [grad, weight, made] if made.ndim == 4 else [plane(grad, 2), plane(weight, 1), plane(made, 2)]
        by, grain = steps(stride, dilation), max(1, _GRAIN // max(1, grad[:1].size * weight[:1].size))
        threads.share(lambda begin, end: compiled.each_back(*arrays[:2], *by, arrays[2], begin, end), len(grad), grain)

    def each_channel_across(x: Array, grad: Array, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Array:
        compiled = kernels()
        grad = numpy.ascontiguousarray(grad)
        if compiled is None or not planes(x, grad):
            return plain["each_channel_across"](x, grad, kernel, stride, dilation)
        made = numpy.zeros((x.shape[1], *kernel), x.dtype)
        arrays = [x, grad, made] if x.ndim == 4 else [plane(x, 2), plane(grad, 2), plane(made, 1)]
        by, grain = steps(stride, dilation), max(1, _GRAIN // max(1, grad[:, :1].size * made[:1].size))
        threads.share(lambda begin, end: compiled.each_across(*arrays[:2], *by, arrays[2], begin, end), x.shape[1], grain)
        return made

    return {f.__name__: f for f in (unfolded, folded, each_channel, each_channel_back, each_channel_across)}
