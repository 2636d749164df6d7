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

    def six(a: Array, apart: bool) -> Array:
        """Windows of lines as windows of planes of one row."""
        if a.ndim == 6:
            return a
        first, second, third, fourth = a.shape
        return a.reshape((first, second, 1, third, 1, fourth) if apart else (first, 1, second, third, 1, fourth))

    def unfolded(x: Array, kernel: Sizes, stride: Sizes, dilation: Sizes, sizes: Sizes, apart: bool) -> Array:
        compiled = kernels()
        if compiled is None or not planes(x):
            return plain["unfolded"](x, kernel, stride, dilation, sizes, apart)
        count, channels = x.shape[:2]
        made = numpy.empty((count, channels, *kernel, *sizes) if apart else (channels, *kernel, count, *sizes), x.dtype)
        run = compiled.unfold_apart if apart else compiled.unfold
        seen, source, by = six(made, apart), x if x.ndim == 4 else plane(x, 2), steps(stride, dilation)
        grain = max(1, _GRAIN // max(1, made[:1].size))
        threads.share(lambda begin, end: run(source, *by, seen, begin, end), len(made), grain)
        return made

    def folded(columns: Array, made: Array, stride: Sizes, dilation: Sizes, apart: bool) -> None:
        compiled = kernels()
        if compiled is None or not planes(made) or not planes(made, columns):
            plain["folded"](columns, made, stride, dilation, apart)
            return
        run = compiled.fold_apart if apart else compiled.fold
        seen, target, by = six(columns, apart), made if made.ndim == 4 else plane(made, 2), steps(stride, dilation)
        grain = max(1, _GRAIN // max(1, columns[:1].size))
        threads.share(lambda begin, end: run(seen, *by, target, begin, end), len(columns), grain)

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
