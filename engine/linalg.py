"""``torch.linalg``: products, norms, solutions and factorisations of matrices."""

from __future__ import annotations

from typing import Any

from .ops import eliminations, factors, linalg, matrix_functions, rearrange, reduce, reflections, solutions

_NAMES: dict[str, Any] = {
    **solutions.LINALG,
    **factors.LINALG,
    **eliminations.LINALG,
    **reflections.LINALG,
    **matrix_functions.LINALG,
    "diagonal": lambda A, *, offset=0, dim1=-2, dim2=-1: rearrange.diagonal(A, offset, dim1, dim2),
    "matmul": linalg.matmul,
    "multi_dot": linalg.multi_dot,
    "vector_norm": reduce.vector_norm,
}
globals().update(_NAMES)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'torch.linalg' has no attribute {name!r}: gradstep's engine does not have it.")


def __dir__() -> list[str]:
    return sorted(_NAMES)
