"""User-written Functions in autocast regions: ``custom_fwd`` and ``custom_bwd``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from .. import autocasting
from ..autocasting import autocast
from ..devices import is_array
from ..dtypes import dtype, float64
from ..tensor import Tensor


def _cast(value: Any, device_type: str, kind: dtype) -> Any:
    """Floating-point tensors of the device type, but for float64, as another type; in containers too."""
    if isinstance(value, Tensor):
        eligible = value.is_floating_point() and value.device.type == device_type and value.dtype is not float64
        return value.to(kind) if eligible else value
    if isinstance(value, Mapping):
        return {_cast(k, device_type, kind): _cast(v, device_type, kind) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_cast(v, device_type, kind) for v in value)
    if isinstance(value, (str, bytes)) or is_array(value) or not hasattr(value, "__iter__"):
        return value
    return (_cast(v, device_type, kind) for v in value)


def custom_fwd(fwd: Callable[..., Any] | None = None, *, device_type: str, cast_inputs: dtype | None = None) -> Any:
    """For the ``forward`` of a Function: remember whether it ran in an autocast region, for ``custom_bwd``.

    With ``cast_inputs`` a forward in a region gets its floating-point tensors in that type, and casts no more. Raises
    ValueError for a device type that is no string.
    """
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def forward(*args: Any, **kwargs: Any) -> Any:
        region = autocasting.is_autocast_enabled(device_type)
        args[0]._dtype = autocasting.get_autocast_dtype(device_type)
        args[0]._fwd_used_autocast = region and cast_inputs is None
        if cast_inputs is None or not region:
            return fwd(*args, **kwargs)
        with autocast(device_type, enabled=False):
            return fwd(*_cast(args, device_type, cast_inputs), **_cast(kwargs, device_type, cast_inputs))

    return forward


def custom_bwd(bwd: Callable[..., Any] | None = None, *, device_type: str) -> Any:
    """For the ``backward`` of a Function: run as its ``custom_fwd`` forward did, in a region or outside.

    Raises ValueError for a device type that is no string.
    """
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def backward(*args: Any, **kwargs: Any) -> Any:
        with autocast(device_type, enabled=args[0]._fwd_used_autocast, dtype=args[0]._dtype):
            return bwd(*args, **kwargs)

    return backward
