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

    def pair(sizes: Sizes) -> tuple[int, ...]:
        """The sizes of a line as those of a plane of one row."""
        return (1, *sizes) if len(sizes) == 1 else tuple(sizes)

    def unfolded(x: Array, kernel: Sizes, stride: Sizes, dilation: Sizes, sizes: Sizes, apart: bool) -> Array:
        compiled = kernels()
        if compiled is None or not planes(x):
            return plain["unfolded"](x, kernel, stride, dilation, sizes, apart)
        (count, channels), by, (high, across), (rows, columns) = x.shape[:2], steps(stride, dilation), pair(sizes), pair(x.shape[2:])
        made = numpy.empty((count, channels, *kernel, *sizes) if apart else (channels, *kernel, *sizes, count), x.dtype)
        grain = max(1, _GRAIN // max(1, made[:1].size))
        if apart:
            seen, source = made.reshape(count, channels, *pair(kernel), high, across), x.reshape(count, channels, rows, columns)
            threads.share(lambda begin, end: compiled.unfold_apart(source, *by, seen, begin, end), count, grain)
        else:
            seen = made.reshape(channels, *pair(kernel), high, across * count)
            source = numpy.ascontiguousarray(numpy.moveaxis(x, 0, -1)).reshape(channels, rows, columns * count)
            threads.share(lambda begin, end: compiled.unfold(source, *by, count, seen, begin, end), channels, grain)
        return made

    def folded(columns: Array, made: Array, stride: Sizes, dilation: Sizes, apart: bool) -> None:
        compiled = kernels()
        if compiled is None or not planes(made) or columns.dtype != made.dtype or not columns.flags.c_contiguous:
            plain["folded"](columns, made, stride, dilation, apart)
            return
        (count, channels), by, (rows, width) = made.shape[:2], steps(stride, dilation), pair(made.shape[2:])
        first = 2 if apart else 1
        dims = made.ndim - 2
        kernel, (high, across) = pair(columns.shape[first : first + dims]), pair(columns.shape[first + dims : first + 2 * dims])
        grain = max(1, _GRAIN // max(1, columns[:1].size))
        if apart:
            seen, target = columns.reshape(count, channels, *kernel, high, across), made.reshape(count, channels, rows, width)
            threads.share(lambda begin, end: compiled.fold_apart(seen, *by, target, begin, end), count, grain)
        else:
            seen, target = (
                columns.reshape(channels, *kernel, high, across * count),
                numpy.zeros((channels, rows, width * count), made.dtype),
            )
            threads.share(lambda begin, end: compiled.fold(seen, *by, count, target, begin, end), channels, grain)
            made[...] = numpy.moveaxis(target.reshape(*made.shape[1:], count), -1, 0)

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
