"""Adafactor: adaptive steps whose second moments of matrices are kept as a row and a column."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..ops.reduce import vector_norm
from .optimizer import Optimizer, advance, counter, one_number


class Adafactor(Optimizer):
    """Adafactor (Shazeer and Stern, 2018) without momentum. ``lr`` is the most that a step may be, relative to the parameter.

    Raises ValueError for options outside of their ranges, RuntimeError in a step for complex parameters.
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        one_number(lr)
        for words, value, valid in (
            ("Learning rate should be >= 0", lr, lr >= 0.0),
            ("beta2_decay should be <= 0", beta2_decay, beta2_decay <= 0.0),
            ("epsilon1 should be >= 0", eps[0], eps[0] is None or eps[0] >= 0.0),
            ("epsilon2 should be >= 0", eps[1], eps[1] >= 0.0),
            ("Clipping threshold d should be >= 1", d, d >= 1.0),
            ("weight_decay should be >= 0", weight_decay, weight_decay >= 0.0),
        ):
            if not valid:
                raise ValueError(f"{words} but is: {value}")
        super().__init__(
            params,
            {
                "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay, "foreach": foreach,
                "maximize": maximize,
            },
        )  # fmt: skip

    def _update(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        if p.is_complex():
            raise RuntimeError("Adafactor does not support complex parameters")
        if not state:
            state["step"] = counter()
            if grad.dim() > 1:
                state["row_var"] = grad.new_zeros((*grad.shape[:-1], 1))
                state["col_var"] = grad.new_zeros((*grad.shape[:-2], 1, grad.shape[-1]))
            else:
                state["variance"] = grad.new_zeros(grad.shape)
        grad = -grad if group["maximize"] else grad
        step = advance(state["step"])
        lr, (eps1, eps2) = group["lr"], group["eps"]
        eps1 = dtypes.finfo(p.dtype).eps if eps1 is None else eps1
        share = step ** group["beta2_decay"]
        size = max(eps2, vector_norm(p, 2).item() / p.numel() ** 0.5) * min(lr, 1 / step**0.5)
        if group["weight_decay"] != 0:
            p.mul_(1 - lr * group["weight_decay"])
        if grad.dim() > 1:
            row, column = state["row_var"], state["col_var"]
            row.lerp_(vector_norm(grad, 2, -1, True).square_().div_(grad.size(-1)), share)
            column.lerp_(vector_norm(grad, 2, -2, True).square_().div_(grad.size(-2)), share)
            variance = (row @ column).div_(row.mean(dim=-2, keepdim=True).clamp_(min=eps1))
        else:
            variance = state["variance"].lerp_(grad * grad, share).clone()
        update = variance.clamp_(min=eps1 * eps1).rsqrt_().mul_(grad)
        scale = max(1.0, vector_norm(update, 2).item() / (update.numel() ** 0.5 * group["d"]))
        p.add_(update, alpha=-size / scale)
