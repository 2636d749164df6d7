"""Binds the families of ops to the methods and operators of Tensor, and gathers the names of ``torch``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from . import copying, creation, ops, printing, storage
from .autocasting import ruled
from .autograd.gradients import tensor_backward
from .inplace import in_place, turned
from .out import accepting
from .tensor import Tensor

TORCH: dict[str, Any] = dict(printing.TORCH)
FUNCTIONAL: dict[str, Any] = {}

# the methods that PyTorch also has as functions
_IN_PLACE = """
abs_ acos_ acosh_ addmv_ arccos_ arccosh_ arcsin_ arcsinh_ arctan_ arctanh_ as_strided_ asin_ asinh_ atan_ atanh_ ceil_ clamp_ clamp_max_
clamp_min_ clip_ conj_physical_ cos_ cosh_ deg2rad_ detach_ erf_ erfc_ exp2_ exp_ expm1_ fill_ fix_ floor_ frac_ gcd_ i0_ index_put_ lcm_
ldexp_ log10_ log1p_ log2_ log_ logit_ nan_to_num_ neg_ negative_ rad2deg_ reciprocal_ relu_ resize_as_ round_ rsqrt_ sigmoid_ sin_ sinc_
sinh_ sqrt_ square_ tan_ tanh_ trunc_ xlogy_ zero_
"""


def bind(family: Any) -> None:
    """Give the names in a family's tables to Tensor, ``TORCH`` and ``FUNCTIONAL``."""
    TORCH.update({n: accepting(n, ruled(n, function)) for n, function in getattr(family, "TORCH", {}).items()})
    FUNCTIONAL.update({n: ruled(n, function) for n, function in getattr(family, "FUNCTIONAL", {}).items()})
    for method, function in getattr(family, "TENSOR", {}).items():
        setattr(Tensor, method, ruled(method, function))
    for method, function in getattr(family, "IN_PLACE", {}).items():
        setattr(Tensor, method, in_place(function))
    for method, function in getattr(family, "TURNED", {}).items():
        setattr(Tensor, method, turned(function))


def _bind() -> None:
    setattr(Tensor, "backward", tensor_backward)  # noqa: B010
    for method, function in {**creation.TENSOR, **copying.TENSOR, **printing.TENSOR, **storage.TENSOR}.items():
        setattr(Tensor, method, function)
    for name in ops.FAMILIES:
        bind(import_module(f"{ops.__name__}.{name}"))
    for method in _IN_PLACE.split():
        TORCH[method] = getattr(Tensor, method)
    Tensor.__hash__ = lambda self: id(self)  # type: ignore[method-assign]  # __eq__ compares elements


_bind()
