"""``torch.linalg``: products, norms, solutions and factorisations of matrices."""

from __future__ import annotations

from typing import Any

from .ops import decompositions, linalg, reduce

_NAMES: dict[str, Any] = {
    **decompositions.LINALG,
    "matmul": linalg.matmul,
    "multi_dot": linalg.multi_dot,
    "vector_norm": reduce.vector_norm,
}
globals().update(_NAMES)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'torch.linalg' has no attribute {name!r}: gradstep's engine does not have it.")


def __dir__() -> list[str]:
    return sorted(_NAMES)
