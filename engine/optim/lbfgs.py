"""Limited-memory BFGS (Liu and Nocedal, 1989), also with a line search for the strong Wolfe conditions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..autograd.grad_mode import enable_grad, no_grad
from ..ops.pieces import cat
from ..tensor import Tensor
from .optimizer import Optimizer, check, one_number


class LBFGS(Optimizer):
    """A quasi-Newton method; ``step`` needs a closure that clears the gradients, computes the loss, calls backward and returns it.

    line_search_fn: None or "strong_wolfe".
    """

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
        check([("learning rate", lr, one_number(lr) >= 0.0)])
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

    @property
    def _params(self) -> list[Tensor]:
        return self.param_groups[0]["params"]  # type: ignore[no-any-return]

    def _flat(self) -> Any:
        return cat([p.new_zeros(p.numel()) if p._grad is None else p._grad.reshape(-1) for p in self._params], 0)

    def _move(self, amount: float, direction: Any) -> None:
        start = 0
        for p in self._params:
            p.add_(direction[start : start + p.numel()].reshape(p.shape), alpha=amount)
            start += p.numel()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Up to ``max_iter`` iterations.

        Raises TypeError without a closure and RuntimeError for an unknown line search.
        """
        if closure is None:
            raise TypeError("LBFGS.step() missing 1 required positional argument: 'closure'")
        group = self.param_groups[0]
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        with no_grad():
            return self._iterate(closure, group, state)

    def _iterate(self, closure: Callable[[], Any], group: dict[str, Any], state: dict[str, Any]) -> Any:
        with enable_grad():
            first = closure()
        loss, evaluations = float(first), 1
        state["func_evals"] += 1
        grad = self._flat()
        if float(grad.abs().max()) <= group["tolerance_grad"]:
            return first
        direction: Any = state.get("d")
        t: Any = state.get("t")
        change = group["tolerance_change"]
        iteration = 0
        while iteration < group["max_iter"]:
            iteration += 1
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                direction = grad.neg()
                state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            else:
                direction = self._direction(grad, direction * t, state, group["history_size"])
            state["prev_flat_grad"], state["prev_loss"] = grad.clone(), loss
            before = loss
            t = min(1.0, 1.0 / float(grad.abs().sum())) * float(group["lr"]) if state["n_iter"] == 1 else float(group["lr"])
            slope = float(grad.dot(direction))
            if slope > -change:
                break
            spent = 0
            if group["line_search_fn"] is not None:
                if group["line_search_fn"] != "strong_wolfe":
                    raise RuntimeError("only 'strong_wolfe' is supported")
                start = [p.clone() for p in self._params]
                search = _Search(partial(self._probe, closure, start, direction), direction)
                found = search.run(_Point(0.0, loss, grad, slope), t, change)
                loss, grad, t, spent = found.loss, found.grad, found.t, search.evaluations
                self._move(t, direction)
            else:
                self._move(t, direction)
                if iteration != group["max_iter"]:
                    with enable_grad():
                        loss = float(closure())
                    grad, spent = self._flat(), 1
            evaluations += spent
            state["func_evals"] += spent
            if (
                iteration == group["max_iter"]
                or evaluations >= group["max_eval"]
                or float(grad.abs().max()) <= group["tolerance_grad"]
                or float((direction * t).abs().max()) <= change
                or abs(loss - before) < change
            ):
                break
        state["d"], state["t"] = direction, t
        return first

    def _probe(self, closure: Callable[[], Any], start: list[Any], direction: Any, t: float) -> tuple[float, Any]:
        """Loss and gradient ``t`` along the direction; the parameters are put back."""
        self._move(t, direction)
        with enable_grad():
            loss = float(closure())
        grad = self._flat()
        for p, value in zip(self._params, start, strict=True):
            p.copy_(value)
        return loss, grad

    def _direction(self, grad: Any, step: Any, state: dict[str, Any], size: int) -> Any:
        """Minus the gradient times the estimate of the inverse Hessian, by the two-loop recursion."""
        change = grad.sub(state["prev_flat_grad"])
        curvature = change.dot(step)
        changes, steps, ro = state["old_dirs"], state["old_stps"], state["ro"]
        if float(curvature) > 1e-10:
            if len(changes) == size:
                for kept in (changes, steps, ro):
                    kept.pop(0)
            changes.append(change)
            steps.append(step)
            ro.append(1.0 / curvature)
            state["H_diag"] = curvature / change.dot(change)
        weights = state.setdefault("al", [None] * size)
        q = grad.neg()
        for i in reversed(range(len(changes))):
            weights[i] = steps[i].dot(q) * ro[i]
            q.add_(changes[i], alpha=-float(weights[i]))
        direction = q.mul(state["H_diag"])
        for i in range(len(changes)):
            back = changes[i].dot(direction) * ro[i]
            direction.add_(steps[i], alpha=float(weights[i] - back))
        return direction


@dataclass(frozen=True, slots=True)
class _Point:
    """Where a line search has been: how far, and the loss, gradient and slope there."""

    t: float
    loss: float
    grad: Any
    slope: float


def _cubic(a: _Point, b: _Point, low: float | None = None, high: float | None = None) -> float:
    """The minimum of the cubic through two points with their slopes, within bounds (those of the points if None)."""
    least = min(a.t, b.t) if low is None else low
    most = max(a.t, b.t) if high is None else high
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1**2 - a.slope * b.slope
    if not square >= 0:
        return (least + most) / 2.0
    d2 = math.sqrt(square)
    near, far = (a, b) if a.t <= b.t else (b, a)
    best = far.t - (far.t - near.t) * ((far.slope + d2 - d1) / (far.slope - near.slope + 2 * d2))
    return min(max(best, least), most)


class _Search:
    """A line search for the strong Wolfe conditions (Nocedal and Wright, algorithms 3.5 and 3.6)."""

    decrease, curvature, limit = 1e-4, 0.9, 25

    def __init__(self, probe: Callable[[float], tuple[float, Any]], direction: Any) -> None:
        self.probe, self.direction = probe, direction
        self.length = float(direction.abs().max())
        self.evaluations = 0

    def _at(self, t: float) -> _Point:
        loss, grad = self.probe(t)
        self.evaluations += 1
        return _Point(t, loss, grad, float(grad.dot(self.direction)))

    def run(self, start: _Point, t: float, tolerance: float) -> _Point:
        """The point to go to, having begun with a step of ``t``."""

        def too_high(point: _Point) -> bool:
            return point.loss > start.loss + self.decrease * point.t * start.slope

        def flat(point: _Point) -> bool:
            return abs(point.slope) <= -self.curvature * start.slope

        before, point = start, self._at(t)
        rounds = 0
        while rounds < self.limit:  # go on until a minimum lies between two points
            if too_high(point) or (rounds > 1 and point.loss >= before.loss):
                break
            if flat(point):
                return point
            if point.slope >= 0:
                break
            following = _cubic(before, point, point.t + 0.01 * (point.t - before.t), point.t * 10)
            before, point = point, self._at(following)
            rounds += 1
        else:
            before = start
        low, high = (before, point) if before.loss <= point.loss else (point, before)
        stuck = False
        while rounds < self.limit and abs(high.t - low.t) * self.length >= tolerance:  # draw the two together
            left, right = min(low.t, high.t), max(low.t, high.t)
            t = _cubic(low, high)
            margin = 0.1 * (right - left)
            if min(right - t, t - left) < margin:
                if stuck or t >= right or t <= left:
                    t = right - margin if abs(t - right) < abs(t - left) else left + margin
                    stuck = False
                else:
                    stuck = True
            else:
                stuck = False
            point = self._at(t)
            rounds += 1
            if too_high(point) or point.loss >= low.loss:
                high = point
                if high.loss < low.loss:
                    low, high = high, low
            else:
                if flat(point):
                    return point
                if point.slope * (high.t - low.t) >= 0:
                    high = low
                low = point
        return low
