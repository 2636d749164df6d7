"""Adam and its family. Each ``_update`` is PyTorch's single-tensor formula, operation by operation."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from .optimizer import Optimizer, advance, check, check_fused, counter, descent, one_number, zeros_like


def _numbers(betas: Any, foreach: bool | None, capturable: bool) -> tuple[float, float]:
    """Adam's betas, of which both may be tensors, as numbers. Raises ValueError where PyTorch takes none."""
    if isinstance(betas[0], Tensor) != isinstance(betas[1], Tensor) or not isinstance(betas[0], (float, Tensor)):
        raise ValueError("betas must be either both floats or both Tensors")
    for i, beta in enumerate(betas):
        if isinstance(beta, Tensor):
            if foreach and not capturable:
                raise ValueError(f"betas[{i}] as a Tensor is not supported for capturable=False and foreach=True")
            if beta.numel() != 1:
                raise ValueError(f"Tensor betas[{i}] must be 1-element")
    return float(betas[0]), float(betas[1])


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2014), also as AMSGrad (Reddi et al., 2018)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        one_number(lr, foreach, capturable)
        check(
            [
                ("learning rate", lr, one_number(lr) >= 0.0), ("epsilon value", eps, eps >= 0.0),
                ("beta parameter at index 0", betas[0], 0.0 <= betas[0] < 1.0),
                ("beta parameter at index 1", betas[1], 0.0 <= betas[1] < 1.0),
                ("weight_decay value", weight_decay, weight_decay >= 0.0),
            ]
        )  # fmt: skip
        betas = _numbers(betas, foreach, capturable)
        check_fused(fused, foreach, differentiable)
        super().__init__(
            params,
            {
                "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad, "maximize": maximize,
                "foreach": foreach, "capturable": capturable, "differentiable": differentiable, "fused": fused,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )  # fmt: skip

    def _update(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        grad = descent(group, grad)
        if not state:
            state["step"] = counter()
            state["exp_avg"], state["exp_avg_sq"] = zeros_like(p), zeros_like(p)
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = zeros_like(p)
        step = advance(state["step"])
        lr, (beta1, beta2) = group["lr"], group["betas"]
        if group["weight_decay"] != 0:
            if group["decoupled_weight_decay"]:
                p.mul_(1 - lr * group["weight_decay"])
            else:
                grad = grad.add(p, alpha=group["weight_decay"])
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        bias1, bias2 = 1 - beta1**step, 1 - beta2**step
        root = bias2**0.5
        if group["amsgrad"]:
            largest = state["max_exp_avg_sq"]
            largest.copy_(largest.maximum(square))
            square = largest
        denominator = (square.sqrt() / root).add_(group["eps"])
        p.addcdiv_(mean, denominator, value=-(lr / bias1))


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2017)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable,
            differentiable=differentiable, fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip


class Adamax(Optimizer):
    """Adamax: Adam with the infinity norm (Kingma and Ba, 2014, section 7)."""

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check(
            [
                ("learning rate", lr, one_number(lr) >= 0.0),
                ("epsilon value", eps, eps >= 0.0),
                ("beta parameter at index 0", betas[0], 0.0 <= betas[0] < 1.0),
                ("beta parameter at index 1", betas[1], 0.0 <= betas[1] < 1.0),
                ("weight_decay value", weight_decay, weight_decay >= 0.0),
            ]
        )
        super().__init__(
            params,
            {
                "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach, "maximize": maximize,
                "differentiable": differentiable, "capturable": capturable,
            },
        )  # fmt: skip

    def _update(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        grad = descent(group, grad)
        if not state:
            state["step"] = counter()
            state["exp_avg"], state["exp_inf"] = zeros_like(p), zeros_like(p)
        step = advance(state["step"])
        if group["weight_decay"] != 0:
            grad = grad.add(p, alpha=group["weight_decay"])
        beta1, beta2 = group["betas"]
        state["exp_avg"].lerp_(grad, 1 - beta1)
        largest = state["exp_inf"]
        largest.copy_((largest * beta2).maximum(grad.abs().add_(group["eps"])))
        p.addcdiv_(state["exp_avg"], largest, value=-group["lr"] / (1 - beta1**step))


class NAdam(Optimizer):
    """Adam with Nesterov's momentum (Dozat, 2016)."""

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(
            [
                ("learning rate", lr, one_number(lr) >= 0.0),
                ("epsilon value", eps, eps >= 0.0),
                ("beta parameter at index 0", betas[0], 0.0 <= betas[0] < 1.0),
                ("beta parameter at index 1", betas[1], 0.0 <= betas[1] < 1.0),
                ("weight_decay value", weight_decay, weight_decay >= 0.0),
                ("momentum_decay value", momentum_decay, momentum_decay >= 0.0),
            ]
        )
        super().__init__(
            params,
            {
                "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
                "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize, "foreach": foreach, "capturable": capturable,
                "differentiable": differentiable,
            },
        )  # fmt: skip

    def _update(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        grad = descent(group, grad)
        if not state:
            state["step"], state["mu_product"] = counter(), counter(1.0)
            state["exp_avg"], state["exp_avg_sq"] = zeros_like(p), zeros_like(p)
        step = advance(state["step"])
        lr, (beta1, beta2) = group["lr"], group["betas"]
        if group["weight_decay"] != 0:
            if group["decoupled_weight_decay"]:
                p.mul_(1 - lr * group["weight_decay"])
            else:
                grad = grad.add(p, alpha=group["weight_decay"])
        mu = beta1 * (1.0 - 0.5 * 0.96 ** (step * group["momentum_decay"]))
        following = beta1 * (1.0 - 0.5 * 0.96 ** ((step + 1) * group["momentum_decay"]))
        product = advance(state["mu_product"], times=mu)
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        denominator = square.div(1 - beta2**step).sqrt_().add_(group["eps"])
        p.addcdiv_(grad, denominator, value=-lr * (1.0 - mu) / (1.0 - product))
        p.addcdiv_(mean, denominator, value=(-lr * following) / (1.0 - product * following))


class RAdam(Optimizer):
    """Rectified Adam (Liu et al., 2019)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(
            [
                ("learning rate", lr, one_number(lr) >= 0.0),
                ("epsilon value", eps, eps >= 0.0),
                ("beta parameter at index 0", betas[0], 0.0 <= betas[0] < 1.0),
                ("beta parameter at index 1", betas[1], 0.0 <= betas[1] < 1.0),
                ("weight_decay value", weight_decay, weight_decay >= 0.0),
            ]
        )
        super().__init__(
            params,
            {
                "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize, "foreach": foreach,
                "capturable": capturable, "decoupled_weight_decay": decoupled_weight_decay, "differentiable": differentiable,
            },
        )  # fmt: skip

    def _update(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        grad = descent(group, grad)
        if not state:
            state["step"] = counter()
            state["exp_avg"], state["exp_avg_sq"] = zeros_like(p), zeros_like(p)
        step = advance(state["step"])
        lr, (beta1, beta2) = group["lr"], group["betas"]
        if group["weight_decay"] != 0:
            if group["decoupled_weight_decay"]:
                p.mul_(1 - lr * group["weight_decay"])
            else:
                grad = grad.add(p, alpha=group["weight_decay"])
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        bias1, bias2 = 1 - beta1**step, 1 - beta2**step
        corrected = mean / bias1
        limit = 2 / (1 - beta2) - 1
        length = limit - 2 * step * beta2**step / bias2
        if length > 5.0:
            rectified = ((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)) ** 0.5
            adaptive = bias2**0.5 / square.sqrt().add_(group["eps"])
            p.add_(corrected * lr * adaptive * rectified, alpha=-1.0)
        else:
            p.add_(corrected * lr, alpha=-1.0)
