"""Dropout: elements or whole channels set to zero at random, the rest scaled up. The drawn noise is an input of the op."""

from __future__ import annotations

import math
import warnings
from typing import Any

from ..op import Array, op
from ..random import drawing
from ..tensor import Tensor, wrap
from .draws import bernoulli_


@op(
    vjp={"input": lambda g, noise: g * noise, "noise": lambda g, input: g * input},
    on_arrays={"input": lambda xp, g, noise: xp.multiply(g, noise), "noise": lambda xp, g, input: xp.multiply(g, input)},
    samples=lambda rand: [(rand(3, 4), rand.booleans(3, 4).double() * 2), (rand(2, 3, 4), rand.booleans(2, 3, 1).double() * 2)],
    node="MulBackward0",
)
def dropout_(xp: Any, input: Array, noise: Array) -> Array:
    """``input`` times the noise, which is 0 where an element is dropped."""
    return xp.multiply(input, noise)


def _check(p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _noise(input: Tensor, p: float, feature: bool) -> Tensor:
    """Ones with probability ``1 - p``, zeros otherwise: one a channel, or one an element in the order of memory."""
    if not feature:
        return bernoulli_(wrap(input._xp.empty_like(input._data)), 1 - p)
    if input.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    return bernoulli_(input.new_empty((*input.shape[:2], *(1,) * (input.ndim - 2))), 1 - p)


def _times(input: Tensor, noise: Tensor, inplace: bool) -> Any:
    if not inplace:
        return dropout_(input, noise)
    return input.mul_(noise)


@drawing
def _dropped(input: Tensor, p: float, training: bool, inplace: bool, feature: bool, alpha: bool) -> Any:
    """The algorithm behind all functions; in evaluation it gives the tensor itself."""
    _check(p)
    if p == 0 or not training or input.numel() == 0:
        return input
    if p == 1:
        return _times(input, input.new_zeros(()), inplace)
    noise = _noise(input, p, feature)
    if not alpha:
        return _times(input, noise.div_(1 - p), inplace)
    # keeps mean and variance of inputs of SELU: Klambauer et al. (2017), section "alpha dropout"
    low = 1.7580993408473766
    a = 1.0 / math.sqrt((low * low * p + 1) * (1 - p))
    shift = noise.add(-1).mul_(low * a).add_(low * a * p)
    kept = _times(input, noise.mul_(a), inplace)
    return kept.add_(shift) if inplace else kept + shift


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Elements set to 0 with probability ``p`` and divided by ``1 - p`` otherwise; ``input`` itself where not training.

    Raises ValueError for a ``p`` outside of [0, 1].
    """
    return _dropped(input, p, training, inplace, False, False)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """Dropout that keeps mean and variance of what SELU gives; errors as ``dropout``."""
    return _dropped(input, p, training, inplace, False, True)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """``alpha_dropout`` of whole channels; errors as ``dropout``."""
    return _dropped(input, p, training, inplace, True, True)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Whole channels of (N, C, L) or (C, L) set to 0.

    Raises RuntimeError for other shapes, ValueError for a ``p`` outside of [0, 1].
    """
    _check(p)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. Note that dropout1d exists to provide channel-wise "
            "dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    return _in_batch(input, p, training, inplace, input.ndim == 3)


def _in_batch(input: Tensor, p: float, training: bool, inplace: bool, batched: bool) -> Any:
    if batched:
        return _dropped(input, p, training, inplace, True, False)
    lifted = input.unsqueeze_(0) if inplace else input.unsqueeze(0)
    made = _dropped(lifted, p, training, inplace, True, False)
    return made.squeeze_(0) if inplace else made.squeeze(0)


def _warn_of(name: str, dims: int, spatial: int, sizes: str) -> None:
    warnings.warn(
        f"{name}: Received a {dims}-D input to {name}, which is deprecated and will result in an error in a future release. To retain "
        "the behavior and silence this warning, please use dropout instead. Note that "
        f"{name} exists to provide channel-wise dropout on inputs with {spatial} spatial dimensions, a channel dimension, and an "
        f"optional batch dimension (i.e. {sizes} inputs).",
        UserWarning,
        stacklevel=3,
    )


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Whole channels of (N, C, H, W) set to 0 (Tompson et al., 2015); errors as ``dropout``."""
    _check(p)
    if input.ndim not in (3, 4):
        _warn_of("dropout2d", input.ndim, 2, "3D or 4D")
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - input is "
            "interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a future release to interpret the "
            "input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D channel-wise dropout behavior, please "
            "switch to using dropout1d instead.",
            UserWarning,
            stacklevel=2,
        )
    return _dropped(input, p, training, inplace, True, False)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Whole channels of (N, C, D, H, W) or (C, D, H, W) set to 0; errors as ``dropout``."""
    _check(p)
    if input.ndim not in (4, 5):
        _warn_of("dropout3d", input.ndim, 3, "4D or 5D")
    return _in_batch(input, p, training, inplace, input.ndim == 5)


def _of_torch(function: Any, inplace: bool) -> Any:
    """The function as ``torch`` has it: ``(input, p, train)``."""

    def called(input: Tensor, p: float, train: bool) -> Any:
        return function(input, p, train, inplace)

    called.__name__ = called.__qualname__ = function.__name__ + ("_" if inplace else "")
    called.__doc__ = f"As ``torch.nn.functional.{function.__name__}``; ``train`` says whether to drop."
    return called


def feature_dropout(input: Tensor, p: float, train: bool, inplace: bool = False) -> Any:
    """Whole channels of (N, C, ...) set to 0; errors as ``dropout``."""
    return _dropped(input, p, train, inplace, True, False)


FUNCTIONAL = {
    "alpha_dropout": alpha_dropout, "dropout": dropout, "dropout1d": dropout1d, "dropout2d": dropout2d, "dropout3d": dropout3d,
    "feature_alpha_dropout": feature_alpha_dropout,
}  # fmt: skip
TORCH = {
    name + mark: _of_torch(function, bool(mark))
    for name, function in (
        ("alpha_dropout", alpha_dropout), ("dropout", dropout), ("feature_alpha_dropout", feature_alpha_dropout),
        ("feature_dropout", feature_dropout),
    )
    for mark in ("", "_")
}  # fmt: skip
