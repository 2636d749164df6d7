"""Half precision: an op is given 16-bit floats as float32 arrays, and its results are rounded once, as PyTorch computes on the CPU.

No op needs to know: what is declared computes in float32 and float64. Ops that only move memory, and those that refuse
16-bit floats or treat their bits, are declared with ``halves="own"`` and get the arrays as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .dtypes import HALVES, as_dtype, bfloat16, float16, float32

Compute = Callable[[Any, Sequence[Any], Sequence[Any]], Any]


def in_single(compute: Compute, promotes: bool, dtype_at: int | None) -> Compute:
    """``compute`` of an op, for arrays of 16-bit floats too.

    promotes: whether the inputs have been brought to one type; where they have not, and are of different floating-point
    types, the op gets them as they are: it allows that, or says that it does not. dtype_at: the number of the parameter in
    which the caller may choose the type of the result.
    """

    def wide(xp: Any, arrays: Sequence[Any], params: Sequence[Any]) -> Any:
        half = None
        other = False
        for array in arrays:
            if array is None:
                continue
            kind = array.dtype
            if kind in HALVES:
                other = other or (half is not None and kind != half)
                half = kind
            elif kind.kind in "fc":
                other = True
        if dtype_at is not None and params[dtype_at] is not None:
            half, params = _chosen(params, dtype_at)
        elif half is None or (other and not promotes):
            return compute(xp, arrays, params)
        made = compute(xp, [a.astype("float32") if a is not None and a.dtype in HALVES else a for a in arrays], params)
        if half is None:
            return made
        if type(made) is tuple or type(made) is list:
            return type(made)(m.astype(half) if m.dtype == "float32" else m for m in made)
        return made.astype(half) if made.dtype == "float32" else made

    return wide


def _chosen(params: Sequence[Any], at: int) -> tuple[Any, Sequence[Any]]:
    """The 16-bit type that the caller chose for the result, and the parameters with float32 in its place."""
    kind = as_dtype(params[at])
    if kind not in (float16, bfloat16):
        return None, params
    return kind.numpy, (*params[:at], float32, *params[at + 1 :])
