"""The optimizers. Each ``_update`` is PyTorch's single-tensor formula, operation by operation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..autograd.grad_mode import enable_grad, no_grad
from ..tensor import Tensor
from .optimizer import Optimizer, check


def _zeros(p: Tensor) -> Any:
    return p.detach().clone().zero_()


def _descent(group: dict[str, Any], grad: Any) -> Any:
    return -grad if group["maximize"] else grad


def _valid_rate(lr: Any) -> bool:
    return bool(lr >= 0.0)


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
                ("learning rate", lr, _valid_rate(lr)),
                ("momentum value", momentum, momentum >= 0.0),
                ("weight_decay value", weight_decay, weight_decay >= 0.0),
            ]
        )
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(
            params,
            {
                "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
                "maximize": maximize, "foreach": foreach, "differentiable": differentiable, "fused": fused,
            },
        )  # fmt: skip

    def _update(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        grad = _descent(group, grad)
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


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2014), also as AMSGrad (Reddi et al., 2018)."""

    _decoupled = False

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
        check(
            [
                ("learning rate", lr, _valid_rate(lr)), ("epsilon value", eps, eps >= 0.0),
                ("beta parameter at index 0", betas[0], 0.0 <= betas[0] < 1.0),
                ("beta parameter at index 1", betas[1], 0.0 <= betas[1] < 1.0),
                ("weight_decay value", weight_decay, weight_decay >= 0.0),
            ]
        )  # fmt: skip
        super().__init__(
            params,
            {
                "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad, "maximize": maximize,
                "foreach": foreach, "capturable": capturable, "differentiable": differentiable, "fused": fused,
                "decoupled_weight_decay": decoupled_weight_decay or self._decoupled,
            },
        )  # fmt: skip

    def _update(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        grad = _descent(group, grad)
        if not state:
            state["step"] = 0
            state["exp_avg"], state["exp_avg_sq"] = _zeros(p), _zeros(p)
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = _zeros(p)
        state["step"] += 1
        step, lr, (beta1, beta2) = state["step"], group["lr"], group["betas"]
        if group["weight_decay"] != 0:
            if group["decoupled_weight_decay"]:
                p.mul_(1 - lr * group["weight_decay"])
            else:
                grad = grad.add(p, alpha=group["weight_decay"])
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        bias1, bias2 = 1 - beta1**step, 1 - beta2**step
        root = math.sqrt(bias2)
        if group["amsgrad"]:
            largest = state["max_exp_avg_sq"]
            largest.copy_(largest.maximum(square))
            square = largest
        denominator = (square.sqrt() / root).add_(group["eps"])
        p.addcdiv_(mean, denominator, value=-(lr / bias1))


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2017)."""

    _decoupled = True

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, **options)


class RMSprop(Optimizer):
    """RMSprop (Hinton's lecture 6e), plain or centred (Graves, 2013), with momentum."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(
            [
                ("learning rate", lr, _valid_rate(lr)), ("epsilon value", eps, eps >= 0.0), ("momentum value", momentum, momentum >= 0.0),
                ("weight_decay value", weight_decay, weight_decay >= 0.0), ("alpha value", alpha, alpha >= 0.0),
            ]
        )  # fmt: skip
        super().__init__(
            params,
            {
                "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered, "weight_decay": weight_decay,
                "capturable": capturable, "foreach": foreach, "maximize": maximize, "differentiable": differentiable,
            },
        )  # fmt: skip

    def _update(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        grad = _descent(group, grad)
        if not state:
            state["step"] = 0
            state["square_avg"] = _zeros(p)
            if group["momentum"] > 0:
                state["momentum_buffer"] = _zeros(p)
            if group["centered"]:
                state["grad_avg"] = _zeros(p)
        state["step"] += 1
        if group["weight_decay"] != 0:
            grad = grad.add(p, alpha=group["weight_decay"])
        alpha, square = group["alpha"], state["square_avg"]
        square.mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
        if group["centered"]:
            mean = state["grad_avg"]
            mean.lerp_(grad, 1 - alpha)
            average = square.addcmul(mean, mean, value=-1).sqrt_()
        else:
            average = square.sqrt()
        average = average.add_(group["eps"])
        if group["momentum"] > 0:
            buffer = state["momentum_buffer"]
            buffer.mul_(group["momentum"]).addcdiv_(grad, average)
            p.add_(buffer, alpha=-group["lr"])
        else:
            p.addcdiv_(grad, average, value=-group["lr"])


class Adagrad(Optimizer):
    """Adagrad (Duchi et al., 2011)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check(
            [
                ("learning rate", lr, _valid_rate(lr)), ("lr_decay value", lr_decay, lr_decay >= 0.0),
                ("weight_decay value", weight_decay, weight_decay >= 0.0),
                ("initial_accumulator_value value", initial_accumulator_value, initial_accumulator_value >= 0.0),
                ("epsilon value", eps, eps >= 0.0),
            ]
        )  # fmt: skip
        super().__init__(
            params,
            {
                "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize,
                "differentiable": differentiable, "fused": fused,
            },
        )  # fmt: skip

    def _update(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        grad = _descent(group, grad)
        if not state:
            state["step"] = 0
            state["sum"] = _zeros(p).add_(group["initial_accumulator_value"])
        state["step"] += 1
        if group["weight_decay"] != 0:
            grad = grad.add(p, alpha=group["weight_decay"])
        rate = group["lr"] / (1 + (state["step"] - 1) * group["lr_decay"])
        state["sum"].addcmul_(grad, grad, value=1)
        p.addcdiv_(grad, state["sum"].sqrt().add_(group["eps"]), value=-rate)


class Adadelta(Optimizer):
    """Adadelta (Zeiler, 2012)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(
            [
                ("learning rate", lr, _valid_rate(lr)),
                ("rho value", rho, 0.0 <= rho <= 1.0),
                ("epsilon value", eps, eps >= 0.0),
                ("weight_decay value", weight_decay, weight_decay >= 0.0),
            ]
        )
        super().__init__(
            params,
            {
                "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize, "capturable": capturable,
                "foreach": foreach, "differentiable": differentiable,
            },
        )  # fmt: skip

    def _update(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        grad = _descent(group, grad)
        if not state:
            state["step"] = 0
            state["square_avg"], state["acc_delta"] = _zeros(p), _zeros(p)
        state["step"] += 1
        if group["weight_decay"] != 0:
            grad = grad.add(p, alpha=group["weight_decay"])
        rho, eps = group["rho"], group["eps"]
        square, moved = state["square_avg"], state["acc_delta"]
        square.mul_(rho).addcmul_(grad, grad, value=1 - rho)
        delta = moved.add(eps).sqrt_().div_(square.add(eps).sqrt_()).mul_(grad)
        moved.mul_(rho).addcmul_(delta, delta, value=1 - rho)
        p.add_(delta, alpha=-group["lr"])


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
                ("learning rate", lr, _valid_rate(lr)),
                ("epsilon value", eps, eps >= 0.0),
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
        grad = _descent(group, grad)
        if not state:
            state["step"] = 0
            state["exp_avg"], state["exp_inf"] = _zeros(p), _zeros(p)
        state["step"] += 1
        if group["weight_decay"] != 0:
            grad = grad.add(p, alpha=group["weight_decay"])
        beta1, beta2 = group["betas"]
        state["exp_avg"].lerp_(grad, 1 - beta1)
        largest = state["exp_inf"]
        largest.copy_((largest * beta2).maximum(grad.abs().add_(group["eps"])))
        p.addcdiv_(state["exp_avg"], largest, value=-group["lr"] / (1 - beta1 ** state["step"]))


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
                ("learning rate", lr, _valid_rate(lr)),
                ("epsilon value", eps, eps >= 0.0),
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
        grad = _descent(group, grad)
        if not state:
            state["step"], state["mu_product"] = 0, 1.0
            state["exp_avg"], state["exp_avg_sq"] = _zeros(p), _zeros(p)
        state["step"] += 1
        step, lr, (beta1, beta2) = state["step"], group["lr"], group["betas"]
        if group["weight_decay"] != 0:
            if group["decoupled_weight_decay"]:
                p.mul_(1 - lr * group["weight_decay"])
            else:
                grad = grad.add(p, alpha=group["weight_decay"])
        mu = beta1 * (1.0 - 0.5 * 0.96 ** (step * group["momentum_decay"]))
        following = beta1 * (1.0 - 0.5 * 0.96 ** ((step + 1) * group["momentum_decay"]))
        state["mu_product"] *= mu
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        denominator = square.div(1 - beta2**step).sqrt_().add_(group["eps"])
        p.addcdiv_(grad, denominator, value=-lr * (1.0 - mu) / (1.0 - state["mu_product"]))
        p.addcdiv_(mean, denominator, value=(-lr * following) / (1.0 - state["mu_product"] * following))


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
                ("learning rate", lr, _valid_rate(lr)),
                ("epsilon value", eps, eps >= 0.0),
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
        grad = _descent(group, grad)
        if not state:
            state["step"] = 0
            state["exp_avg"], state["exp_avg_sq"] = _zeros(p), _zeros(p)
        state["step"] += 1
        step, lr, (beta1, beta2) = state["step"], group["lr"], group["betas"]
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


class LBFGS(Optimizer):
    """Limited-memory BFGS (Liu and Nocedal, 1989) without line search; ``step`` needs a closure."""

    def __init__(
        self,
        params: Any,
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        if line_search_fn is not None:
            raise RuntimeError(f"LBFGS: line search {line_search_fn!r} is not available in gradstep's engine; use None")
        super().__init__(
            params,
            {
                "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
                "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )  # fmt: skip
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    def _flat(self) -> Any:
        parts = [(p.detach() * 0 if p._grad is None else p._grad).reshape(-1) for p in self.param_groups[0]["params"]]
        return parts[0].cat(parts, 0)

    def _move(self, amount: float, direction: Any) -> None:
        start = 0
        for p in self.param_groups[0]["params"]:
            count = p.numel()
            p.add_(direction[start : start + count].reshape(p.shape), alpha=amount)
            start += count

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Up to ``max_iter`` iterations; ``closure`` clears the gradients, computes the loss, calls backward and returns it."""
        if closure is None:
            raise TypeError("LBFGS.step() missing 1 required positional argument: 'closure'")
        group = self.param_groups[0]
        state = self.state[group["params"][0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        with no_grad():
            with enable_grad():
                first = closure()
            loss, evaluations = float(first), 1
            state["func_evals"] += 1
            grad = self._flat()
            if float(grad.abs().max()) <= group["tolerance_grad"]:
                return first
            direction, t = state.get("d"), state.get("t", group["lr"])
            steps, changes, scale = state.setdefault("old_stps", []), state.setdefault("old_dirs", []), state.get("H_diag", 1.0)
            before, before_loss = state.get("prev_flat_grad"), state.get("prev_loss", loss)
            for iteration in range(1, group["max_iter"] + 1):
                state["n_iter"] += 1
                if state["n_iter"] == 1:
                    direction, scale = -grad, 1.0
                else:
                    y, s = grad - before, direction * t
                    ys = float((y * s).sum())
                    if ys > 1e-10:
                        if len(changes) == group["history_size"]:
                            changes.pop(0)
                            steps.pop(0)
                        changes.append(y)
                        steps.append(s)
                        scale = ys / float((y * y).sum())
                    q = -grad
                    weights = []
                    for y_, s_ in zip(reversed(changes), reversed(steps), strict=True):
                        rho = 1.0 / float((y_ * s_).sum())
                        a = float((s_ * q).sum()) * rho
                        weights.append((a, rho))
                        q = q.add(y_, alpha=-a)
                    direction = q * scale
                    for (a, rho), y_, s_ in zip(reversed(weights), changes, steps, strict=True):
                        direction = direction.add(s_, alpha=a - float((y_ * direction).sum()) * rho)
                before, before_loss = grad.clone(), loss
                t = min(1.0, 1.0 / float(grad.abs().sum())) * group["lr"] if state["n_iter"] == 1 else group["lr"]
                slope = float((grad * direction).sum())
                if slope > -group["tolerance_change"]:
                    break
                self._move(t, direction)
                if iteration != group["max_iter"]:
                    with enable_grad():
                        loss = float(closure())
                    grad = self._flat()
                    evaluations += 1
                    state["func_evals"] += 1
                    if float(grad.abs().max()) <= group["tolerance_grad"]:
                        break
                if iteration == group["max_iter"] or evaluations >= group["max_eval"]:
                    break
                if float((direction * t).abs().max()) <= group["tolerance_change"] or abs(loss - before_loss) < group["tolerance_change"]:
                    break
            state.update(d=direction, t=t, H_diag=scale, prev_flat_grad=before, prev_loss=before_loss)
        return first
