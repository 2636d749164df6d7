"""Activations that draw random numbers: randomised leaky ReLU and the Gumbel softmax."""

from __future__ import annotations

import warnings
from typing import Any

from .. import numbers_drawn
from ..inplace import in_place
from ..op import Array, op
from ..random import Generator, drawing, generator_for
from ..tensor import Tensor, wrap
from .draws import exponential_
from .softmax import softmax


@op(
    vjp={"input": lambda g, noise: g * noise},
    samples=lambda rand: [(rand.away(3, 4), rand.positive(3, 4))],
    node="RreluWithNoiseBackward0",
)
def rrelu_with_noise(xp: Any, input: Array, noise: Array) -> Array:
    """``input`` times the drawn slopes, which are 1 where it is positive."""
    return xp.multiply(input, noise)


_into = in_place(rrelu_with_noise)


@drawing
def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
    generator: Generator | None = None,
) -> Any:
    """Leaky ReLU with slopes drawn between ``lower`` and ``upper``; in evaluation with the slope between them (Xu et al., 2015).

    Raises RuntimeError for bounds that are the wrong way round.
    """
    if lower > upper:
        raise RuntimeError(f"Lower bound should be less than or equal to the upper bound, but got lower={lower:g} > upper={upper:g}")
    xp, array = input._xp, input._data
    flat = array.reshape(-1)
    if training:
        stream = generator_for(input.device, generator).stream
        below = xp.flatnonzero(flat <= 0)
        noise = xp.ones_like(flat)
        noise[below] = numbers_drawn.between(stream, int(below.size), lower, upper).astype(array.dtype)
    else:
        noise = xp.where(flat <= 0, xp.asarray((lower + upper) / 2, array.dtype), xp.ones_like(flat))
    slopes = wrap(noise.reshape(array.shape))
    return _into(input, slopes) if inplace else rrelu_with_noise(input, slopes)


def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Any:
    """As ``rrelu``, into the tensor's own memory."""
    return rrelu(input, lower, upper, training, True)


@drawing
def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Any:
    """Samples of the Gumbel softmax distribution (Jang et al., 2017): chances by ``softmax(logits)``, softened by ``tau``.

    ``hard`` gives ones and zeros, whose gradient is the soft samples'.
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", UserWarning, stacklevel=2)
    gumbels = -exponential_(wrap(logits._xp.empty_like(logits._data))).log()
    soft = softmax((logits + gumbels) / tau, dim)
    if not hard:
        return soft
    chosen = soft.max(dim, keepdim=True)[1]
    return soft.new_zeros(soft.shape).scatter_(dim, chosen, 1.0) - soft.detach() + soft


FUNCTIONAL = {"gumbel_softmax": gumbel_softmax, "rrelu": rrelu, "rrelu_": rrelu_}
TORCH = {"rrelu": rrelu, "rrelu_": rrelu_}
