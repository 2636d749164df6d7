"""``torch.special``: functions of mathematics, element by element."""

from __future__ import annotations

from typing import Any

from .ops import choose, functions, orthogonal, reduce, softmax, specials

_NAMES: dict[str, Any] = {
    **specials.SPECIAL,
    **orthogonal.SPECIAL,
    "exp2": functions.exp2,
    "expit": functions.sigmoid,
    "expm1": functions.expm1,
    "log1p": functions.log1p,
    "log_softmax": softmax.TORCH["log_softmax"],
    "logit": functions.logit,
    "logsumexp": reduce.TORCH["logsumexp"],
    "round": functions.round_,
    "sinc": functions.sinc,
    "softmax": softmax.TORCH["softmax"],
    "xlogy": choose.xlogy,
}
globals().update(_NAMES)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'torch.special' has no attribute {name!r}: gradstep's engine does not have it.")


def __dir__() -> list[str]:
    return sorted(_NAMES)
