"""``make_tensor``: random tensors of any type, with numbers in a range."""

from __future__ import annotations

from typing import Any

from .. import dtypes, names
from ..tensor import Tensor

_torch = names.NAMES


def make_tensor(
    *shape: Any,
    dtype: dtypes.dtype,
    device: Any,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor of numbers from ``low`` up to but not including ``high``: for floats -9 to 9, for integers -9 to 10 (0 to 10
    where they are unsigned), for bools both.

    Raises ValueError for a range without numbers.
    """
    sizes = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else tuple(shape)
    if noncontiguous and sizes:
        sizes = (*sizes[:-1], 2 * sizes[-1])
    if dtype.category < 2:
        bottom = 0 if dtype is dtypes.bool_ or not dtype.is_signed else -9
        first, last = int(bottom if low is None else low), int((2 if dtype is dtypes.bool_ else 10) if high is None else high)
        if first >= last:
            raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
        made = _torch["randint"](first, last, sizes, device=device, dtype=dtype)
    else:
        first_, last_ = -9.0 if low is None else float(low), 9.0 if high is None else float(high)
        if first_ > last_:
            raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
        part = dtype.to_real()
        made = _torch["rand"](sizes, device=device, dtype=part) * (last_ - first_) + first_
        if dtype.is_complex:
            made = _torch["complex"](made, _torch["rand"](sizes, device=device, dtype=part) * (last_ - first_) + first_)
    if exclude_zero:
        made = _torch["where"](made == 0, _torch["ones_like"](made), made)
    if noncontiguous and sizes:
        made = made[..., ::2]
    if memory_format is not None:
        made = made.clone(memory_format=memory_format)
    return made.requires_grad_(requires_grad) if requires_grad else made  # type: ignore[no-any-return]
