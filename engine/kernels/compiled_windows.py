"""The compiled kernels of windows in planes: unfolding and folding, and convolutions of single channels; float32, contiguous.

Lines are cut out before the innermost loops: an index that is a sum might be negative, and a loop that has to ask is not made
into vectors.
"""

from __future__ import annotations

from typing import Any

import numpy

from .compiled import inline, kernel, summing

Array = Any
F = numpy.float32


@inline  # type: ignore[untyped-decorator]
def _copied(source: Any, first: Any, step: Any, out: Any) -> None:
    if step == 1:
        line = source[first : first + out.size]
        for z in range(out.size):
            out[z] = line[z]
    else:
        line = source[first:]
        for z in range(out.size):
            out[z] = line[z * step]


@inline  # type: ignore[untyped-decorator]
def _added(source: Any, out: Any, first: Any, step: Any) -> None:
    if step == 1:
        line = out[first : first + source.size]
        for z in range(source.size):
            line[z] += source[z]
    else:
        line = out[first:]
        for z in range(source.size):
            line[z * step] += source[z]


@kernel
def unfold(x: Array, down: int, right: int, below: int, beside: int, n: int, out: Array, begin: int, end: int) -> None:
    """Windows of ``x`` (C, H, W * N) into ``out`` (C, kH, kW, h, w * N), for channels from ``begin`` to ``end``; stride (down, right),
    dilation (below, beside)."""
    for c in range(begin, end):
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                for y in range(out.shape[3]):
                    source, line = x[c, y * down + i * below], out[c, i, j, y]
                    if right == 1:
                        _copied(source, j * beside * n, 1, line)
                    else:
                        for z in range(line.size // n):
                            _copied(source, (j * beside + z * right) * n, 1, line[z * n : z * n + n])


@kernel
def unfold_apart(x: Array, down: int, right: int, below: int, beside: int, out: Array, begin: int, end: int) -> None:
    """Windows of ``x`` (N, C, H, W) into ``out`` (N, C, kH, kW, h, w), for samples from ``begin`` to ``end``."""
    for n in range(begin, end):
        for c in range(out.shape[1]):
            for i in range(out.shape[2]):
                for j in range(out.shape[3]):
                    for y in range(out.shape[4]):
                        _copied(x[n, c, y * down + i * below], j * beside, right, out[n, c, i, j, y])


@kernel
def fold(columns: Array, down: int, right: int, below: int, beside: int, n: int, out: Array, begin: int, end: int) -> None:
    """Windows (C, kH, kW, h, w * N) added into ``out`` (C, H, W * N), for channels from ``begin`` to ``end``."""
    for c in range(begin, end):
        for i in range(columns.shape[1]):
            for j in range(columns.shape[2]):
                for y in range(columns.shape[3]):
                    line, target = columns[c, i, j, y], out[c, y * down + i * below]
                    if right == 1:
                        _added(line, target, j * beside * n, 1)
                    else:
                        for z in range(line.size // n):
                            _added(line[z * n : z * n + n], target, (j * beside + z * right) * n, 1)


@kernel
def fold_apart(columns: Array, down: int, right: int, below: int, beside: int, out: Array, begin: int, end: int) -> None:
    """Windows (N, C, kH, kW, h, w) added into ``out`` (N, C, H, W), for samples from ``begin`` to ``end``."""
    for n in range(begin, end):
        for c in range(columns.shape[1]):
            for i in range(columns.shape[2]):
                for j in range(columns.shape[3]):
                    for y in range(columns.shape[4]):
                        _added(columns[n, c, i, j, y], out[n, c, y * down + i * below], j * beside, right)


@kernel
def each(x: Array, weight: Array, down: int, right: int, below: int, beside: int, out: Array, begin: int, end: int) -> None:
    """Each channel correlated with its own kernel, added into ``out``, for samples from ``begin`` to ``end``."""
    for n in range(begin, end):
        for c in range(out.shape[1]):
            for y in range(out.shape[2]):
                made = out[n, c, y]
                for i in range(weight.shape[1]):
                    source = x[n, c, y * down + i * below]
                    for j in range(weight.shape[2]):
                        by = weight[c, i, j]
                        if right == 1:
                            line = source[j * beside : j * beside + made.size]
                            for z in range(made.size):
                                made[z] += by * line[z]
                        else:
                            line = source[j * beside :]
                            for z in range(made.size):
                                made[z] += by * line[z * right]


@kernel
def each_back(grad: Array, weight: Array, down: int, right: int, below: int, beside: int, out: Array, begin: int, end: int) -> None:
    """The transpose of ``each`` with respect to its input."""
    for n in range(begin, end):
        for c in range(grad.shape[1]):
            for y in range(grad.shape[2]):
                source = grad[n, c, y]
                for i in range(weight.shape[1]):
                    made = out[n, c, y * down + i * below]
                    for j in range(weight.shape[2]):
                        by = weight[c, i, j]
                        if right == 1:
                            line = made[j * beside : j * beside + source.size]
                            for z in range(source.size):
                                line[z] += by * source[z]
                        else:
                            line = made[j * beside :]
                            for z in range(source.size):
                                line[z * right] += by * source[z]


@summing
def each_across(x: Array, grad: Array, down: int, right: int, below: int, beside: int, out: Array, begin: int, end: int) -> None:
    """The derivative of ``each`` with respect to its weight, for channels from ``begin`` to ``end``."""
    for c in range(begin, end):
        for n in range(grad.shape[0]):
            for y in range(grad.shape[2]):
                given = grad[n, c, y]
                for i in range(out.shape[1]):
                    source = x[n, c, y * down + i * below]
                    for j in range(out.shape[2]):
                        total = F(0.0)
                        if right == 1:
                            line = source[j * beside : j * beside + given.size]
                            for z in range(given.size):
                                total += given[z] * line[z]
                        else:
                            line = source[j * beside :]
                            for z in range(given.size):
                                total += given[z] * line[z * right]
                        out[c, i, j] += total
