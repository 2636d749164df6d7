"""The compiled kernels of windows in planes: unfolding and folding, and convolutions of single channels; float32, contiguous."""

from __future__ import annotations

from typing import Any

import numpy

from .compiled import kernel, summing

Array = Any
F = numpy.float32


@kernel
def unfold(x: Array, down: int, right: int, below: int, beside: int, out: Array, begin: int, end: int) -> None:
    """Windows of ``x`` (N, C, H, W) into ``out`` (C, kH, kW, N, h, w), for channels from ``begin`` to ``end``; stride (down, right),
    dilation (below, beside)."""
    width = out.shape[5]
    for c in range(begin, end):
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                for n in range(out.shape[3]):
                    for y in range(out.shape[4]):
                        row, first = y * down + i * below, j * beside
                        if right == 1:
                            for z in range(width):
                                out[c, i, j, n, y, z] = x[n, c, row, first + z]
                        else:
                            for z in range(width):
                                out[c, i, j, n, y, z] = x[n, c, row, first + z * right]


@kernel
def fold(columns: Array, down: int, right: int, below: int, beside: int, out: Array, begin: int, end: int) -> None:
    """Windows (C, kH, kW, N, h, w) added into ``out`` (N, C, H, W)."""
    width = columns.shape[5]
    for c in range(begin, end):
        for n in range(columns.shape[3]):
            for i in range(columns.shape[1]):
                for j in range(columns.shape[2]):
                    for y in range(columns.shape[4]):
                        row, first = y * down + i * below, j * beside
                        if right == 1:
                            for z in range(width):
                                out[n, c, row, first + z] += columns[c, i, j, n, y, z]
                        else:
                            for z in range(width):
                                out[n, c, row, first + z * right] += columns[c, i, j, n, y, z]


@kernel
def each(x: Array, weight: Array, down: int, right: int, below: int, beside: int, out: Array, begin: int, end: int) -> None:
    """Each channel correlated with its own kernel, added into ``out``, for samples from ``begin`` to ``end``."""
    width = out.shape[3]
    for n in range(begin, end):
        for c in range(out.shape[1]):
            for y in range(out.shape[2]):
                for i in range(weight.shape[1]):
                    for j in range(weight.shape[2]):
                        by, row, first = weight[c, i, j], y * down + i * below, j * beside
                        if right == 1:
                            for z in range(width):
                                out[n, c, y, z] += by * x[n, c, row, first + z]
                        else:
                            for z in range(width):
                                out[n, c, y, z] += by * x[n, c, row, first + z * right]


@kernel
def each_back(grad: Array, weight: Array, down: int, right: int, below: int, beside: int, out: Array, begin: int, end: int) -> None:
    """The transpose of ``each`` with respect to its input."""
    width = grad.shape[3]
    for n in range(begin, end):
        for c in range(grad.shape[1]):
            for y in range(grad.shape[2]):
                for i in range(weight.shape[1]):
                    for j in range(weight.shape[2]):
                        by, row, first = weight[c, i, j], y * down + i * below, j * beside
                        if right == 1:
                            for z in range(width):
                                out[n, c, row, first + z] += by * grad[n, c, y, z]
                        else:
                            for z in range(width):
                                out[n, c, row, first + z * right] += by * grad[n, c, y, z]


@summing
def each_across(x: Array, grad: Array, down: int, right: int, below: int, beside: int, out: Array, begin: int, end: int) -> None:
    """The derivative of ``each`` with respect to its weight, for channels from ``begin`` to ``end``."""
    width = grad.shape[3]
    for c in range(begin, end):
        for n in range(grad.shape[0]):
            for i in range(out.shape[1]):
                for j in range(out.shape[2]):
                    total = F(0.0)
                    for y in range(grad.shape[2]):
                        row, first = y * down + i * below, j * beside
                        if right == 1:
                            for z in range(width):
                                total += grad[n, c, y, z] * x[n, c, row, first + z]
                        else:
                            for z in range(width):
                                total += grad[n, c, y, z] * x[n, c, row, first + z * right]
                    out[c, i, j] += total
