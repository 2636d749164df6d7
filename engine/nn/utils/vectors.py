"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...ops.pieces import cat
from ...tensor import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Any:
    """All elements of all parameters, one after the other.

    Raises TypeError for parameters on several devices.
    """
    listed: list[Any] = list(parameters)
    _on_one_device(listed)
    return cat([p.reshape(-1) for p in listed])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Put the elements of a vector into the parameters' data.

    Raises TypeError for what is no tensor and for parameters on several devices.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    listed = list(parameters)
    _on_one_device(listed)
    start = 0
    for p in listed:
        p.data = vec[start : start + p.numel()].view(p.shape).data
        start += p.numel()


def _on_one_device(parameters: list[Any]) -> None:
    if len({str(p.device) for p in parameters}) > 1:
        raise TypeError("Found two parameters on different devices, this is currently not supported.")
