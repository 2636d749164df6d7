"""SparseAdam, for scripts that name it: gradients here are dense, and PyTorch's refuses those."""

from __future__ import annotations

from typing import Any

from .optimizer import Optimizer, one_number


class SparseAdam(Optimizer):
    """Adam for sparse gradients, of which there are none: a step raises RuntimeError, as PyTorch's does for dense ones."""

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, maximize: bool = False
    ) -> None:
        one_number(lr)
        for name, value, valid in (
            ("learning rate", lr, lr > 0.0),
            ("epsilon value", eps, eps > 0.0),
            ("beta parameter at index 0", betas[0], 0.0 <= betas[0] < 1.0),
            ("beta parameter at index 1", betas[1], 0.0 <= betas[1] < 1.0),
        ):
            if not valid:
                raise ValueError(f"Invalid {name}: {value}")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})
        wrong = [[i, j] for i, group in enumerate(self.param_groups) for j, p in enumerate(group["params"]) if p.is_complex()]
        if wrong:
            raise ValueError(f"Complex params at indices {wrong}: SparseAdam does not support complex parameters")

    def _update(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")
