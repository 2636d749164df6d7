"""Numbers as text to copy: NumPy source that gives the same numbers back, CSV, Markdown."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..tensors.sources import Array
from .formats import exact


def numpy_text(array: Array) -> str:
    """Source text of which the value is an array of the same shape, dtype and elements."""
    if not array.size:
        return f"np.zeros({array.shape}, dtype='{array.dtype.name}')"
    body = "\n".join(_nested(array, 0))
    if not any(word in body for word in ("inf", "nan")):
        return f"np.array({body}, dtype='{array.dtype.name}')"
    return f"from numpy import array, inf, nan\narray({body}, dtype='{array.dtype.name}')"


def _nested(array: Array, depth: int) -> Iterator[str]:
    """The lines of the list, those behind the first one moved to the right."""
    if array.ndim == 0:
        yield element_text(array[()])
        return
    if array.ndim == 1:
        yield "[" + ", ".join(element_text(one) for one in array) + "]"
        return
    for at, part in enumerate(array):
        lines = list(_nested(part, depth + 1))
        lines[0] = ("[" if at == 0 else " ") + lines[0]
        lines[1:] = [" " + line for line in lines[1:]]
        lines[-1] += "]" if at == len(array) - 1 else ","
        yield from lines


def element_text(value: object) -> str:
    """One element as Python reads it: complex ones with parts that are not finite need a call."""
    if isinstance(value, np.complexfloating) and not np.isfinite(value):
        return f"complex({exact(value.real)}, {exact(value.imag)})"
    return exact(value)


def table_text(plane: Array, between: str) -> str:
    """The exact numbers of a plane, a line a row."""
    return "".join(between.join(exact(one) for one in row) + "\n" for row in plane)


def markdown_text(plane: Array) -> str:
    """A plane as a table in Markdown, with the numbers of rows and columns."""
    columns = plane.shape[1]
    head = ["|   | " + " | ".join(str(column) for column in range(columns)) + " |", "|---" * (columns + 1) + "|"]
    rows = [f"| {at} | " + " | ".join(exact(one) for one in row) + " |" for at, row in enumerate(plane)]
    return "\n".join([*head, *rows]) + "\n"
