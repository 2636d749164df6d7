"""Gradient descent with momentum, averaged, and by signs. Each ``_update`` is PyTorch's single-tensor formula, operation by operation."""

from __future__ import annotations

from typing import Any

from .optimizer import Optimizer, advance, check, check_fused, counter, descent, one_number, zeros_like


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum (Sutskever et al., 2013), Nesterov's and weight decay."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check(
            [
                ("learning rate", lr, one_number(lr) >= 0.0),
                ("momentum value", momentum, momentum >= 0.0),
                ("weight_decay value", weight_decay, weight_decay >= 0.0),
            ]
        )
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        check_fused(fused, foreach, differentiable)
        super().__init__(
            params,
            {
                "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
                "maximize": maximize, "foreach": foreach, "differentiable": differentiable, "fused": fused,
            },
        )  # fmt: skip

    def _update(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        grad = descent(group, grad)
        if group["weight_decay"] != 0:
            grad = grad.add(p, alpha=group["weight_decay"])
        momentum = group["momentum"]
        if momentum != 0:
            buffer = state.get("momentum_buffer")
            if buffer is None:
                buffer = state["momentum_buffer"] = grad.detach().clone()
            else:
                buffer.mul_(momentum).add_(grad, alpha=1 - group["dampening"])
            grad = grad.add(buffer, alpha=momentum) if group["nesterov"] else buffer
        p.add_(grad, alpha=-group["lr"])


class ASGD(Optimizer):
    """Averaged stochastic gradient descent (Polyak and Juditsky, 1992)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check([("learning rate", lr, one_number(lr) >= 0.0), ("weight_decay value", weight_decay, weight_decay >= 0.0)])
        super().__init__(
            params,
            {
                "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach,
                "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
            },
        )  # fmt: skip

    def _update(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        grad = descent(group, grad)
        lr, lambd = group["lr"], group["lambd"]
        if not state:
            state["step"], state["eta"], state["mu"] = counter(), counter(lr), counter(1.0)
            state["ax"] = zeros_like(p)
        step = advance(state["step"])
        if group["weight_decay"] != 0:
            grad = grad.add(p, alpha=group["weight_decay"])
        eta, mu, average = state["eta"].item(), state["mu"].item(), state["ax"]
        p.mul_(1 - lambd * eta)
        p.add_(grad, alpha=-eta)
        if mu != 1:
            average.add_((p - average).mul_(mu))
        else:
            average.copy_(p)
        state["eta"] = counter(lr / ((1 + lambd * lr * step) ** group["alpha"]))
        state["mu"] = counter(1 / max(1, step - group["t0"]))


class Rprop(Optimizer):
    """Resilient backpropagation (Riedmiller and Braun, 1993): a step size for each element, which its sign's changes steer."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check([("learning rate", lr, one_number(lr) >= 0.0)])
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(
            params,
            {
                "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize,
                "differentiable": differentiable, "capturable": capturable,
            },
        )  # fmt: skip

    def _update(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        grad = descent(group, grad)
        (down, up), (least, most) = group["etas"], group["step_sizes"]
        if not state:
            state["step"], state["prev"] = counter(), zeros_like(p)
            state["step_size"] = zeros_like(p).add_(group["lr"])
        advance(state["step"])
        agree = grad * state["prev"]
        size = state["step_size"]
        factor = zeros_like(size).masked_fill_(agree > 0, up).masked_fill_(agree < 0, down).masked_fill_(agree == 0, 1.0)
        size.mul_(factor).clamp_(least, most)
        grad = grad.masked_fill(agree < 0, 0)  # where the sign changed, the next step begins anew
        p.addcmul_(grad.sign(), size, value=-1)
        state["prev"].copy_(grad)
