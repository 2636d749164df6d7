"""Gradients against central differences, first and second order: ``gradcheck`` and ``gradgradcheck``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import devices
from ..tensor import Tensor, wrap
from .gradients import grad


class GradcheckError(RuntimeError):
    """An analytical gradient differs from the numerical one."""


def _outputs(result: Any) -> list[Tensor]:
    found = list(result) if isinstance(result, (tuple, list)) else [result]
    return [o for o in found if isinstance(o, Tensor) and o.dtype.category >= 2]


def _moved(inputs: Sequence[Any], directions: dict[int, Any], step: float) -> list[Any]:
    moved: list[Any] = []
    for i, x in enumerate(inputs):
        if i in directions:
            x = wrap(x._xp.asarray(x._data + directions[i] * step)).requires_grad_(x.requires_grad)  # 0-d sums are no arrays
        elif isinstance(x, Tensor):
            x = x.detach()
        moved.append(x)
    return moved


def _inner(a: Any, b: Any) -> float:
    """The real part of the inner product, which is the derivative of a real loss along a complex direction."""
    return float((a.conj() * b).real.sum())


def directional(
    function: Callable[..., Any], inputs: Sequence[Any], *, eps: float = 1e-6, seed: int = 0, create_graph: bool = False
) -> list[tuple[float, float]]:
    """Analytical and numerical derivative of ``function`` at ``inputs`` along random directions, weighted by a random
    covector: one pair for each input that requires grad, then one for all of them together."""
    random = devices.CPU.random.default_rng(seed)
    outs = _outputs(function(*inputs))

    def normal(like: Tensor) -> Any:
        array = random.standard_normal(like._data.shape)
        if like.dtype.is_complex:
            array = array + 1j * random.standard_normal(like._data.shape)
        return like._xp.from_host(devices.CPU.asarray(array)).astype(like._data.dtype)

    covectors = [normal(o) for o in outs]
    live = [(o, c) for o, c in zip(outs, covectors, strict=True) if o.requires_grad]
    if live:  # what a function gives beside, without a gradient (statistics, indices), is not looked at
        covectors = [c if o.requires_grad else c * 0 for o, c in zip(outs, covectors, strict=True)]
    places = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    gradients: tuple[Any, ...] = (None,) * len(places)
    if live and places:
        gradients = grad(
            [o for o, _ in live], [inputs[i] for i in places], [wrap(c) for _, c in live], create_graph=create_graph, allow_unused=True
        )
    directions = {i: normal(inputs[i]) for i in places}
    pairs: list[tuple[float, float]] = []
    groups = [[i] for i in places] + ([places] if len(places) > 1 else [])
    for group in groups:
        chosen = {i: directions[i] for i in group}
        analytical = sum(_inner(g._data, directions[i]) for i, g in zip(places, gradients, strict=True) if i in chosen and g is not None)
        ahead = _outputs(function(*_moved(inputs, chosen, eps)))
        behind = _outputs(function(*_moved(inputs, chosen, -eps)))
        numerical = sum(_inner(c, a._data - b._data) / (2 * eps) for c, a, b in zip(covectors, ahead, behind, strict=True))
        pairs.append((analytical, numerical))
    return pairs


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    fast_mode: bool = False,
    **_: Any,
) -> bool:
    """Whether the gradients of ``func`` at ``inputs`` (double precision, requires_grad) equal central differences.

    fast_mode compares along random directions; else each element of each input is moved on its own.

    Raises GradcheckError with input, place and both numbers, or returns False with ``raise_exception=False``.
    """
    given = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    if not any(isinstance(x, Tensor) and x.requires_grad for x in given):
        raise ValueError("gradcheck expects at least one input tensor to require gradient, but none of the them have requires_grad=True.")
    try:
        if fast_mode:
            for seed in range(3):
                for number, (a, n) in enumerate(directional(func, given, eps=eps, seed=seed)):
                    if not abs(a - n) <= atol + rtol * abs(n):
                        raise GradcheckError(f"Jacobian mismatch along a random direction of input {number}: numerical {n}, analytical {a}")
        else:
            _full(func, given, eps, atol, rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _full(func: Callable[..., Any], inputs: list[Any], eps: float, atol: float, rtol: float) -> None:
    outs = _outputs(func(*inputs))
    places = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    for number, out in enumerate(outs):
        xp = out._xp
        rows: list[tuple[Any, ...]] = []
        units = [1.0, 1j] if out.dtype.is_complex else [1.0]
        for j in range(out._data.size):
            for unit in units:
                seed = xp.zeros(out._data.size, out._data.dtype)
                seed[j] = unit
                rows.append(
                    grad(out, [inputs[i] for i in places], wrap(seed.reshape(out._data.shape)), retain_graph=True, allow_unused=True)
                    if out.requires_grad
                    else (None,) * len(places)
                )
        for column, i in enumerate(places):
            x = inputs[i]
            steps = [1.0, 1j] if x.dtype.is_complex else [1.0]
            for k in range(x._data.size):
                for step in steps:
                    direction = xp.zeros(x._data.size, x._data.dtype)
                    direction[k] = step
                    moved = {i: direction.reshape(x._data.shape)}
                    ahead = _outputs(func(*_moved(inputs, moved, eps)))[number]._data.reshape(-1)
                    behind = _outputs(func(*_moved(inputs, moved, -eps)))[number]._data.reshape(-1)
                    slope = (ahead - behind) / (2 * eps)
                    for j in range(out._data.size):
                        for part, unit in enumerate(units):
                            n = _inner(xp.asarray(unit, out._data.dtype), slope[j])
                            row = rows[j * len(units) + part][column]
                            a = 0.0 if row is None else _inner(row._data.reshape(-1)[k], xp.asarray(step, x._data.dtype))
                            if not abs(a - n) <= atol + rtol * abs(n):
                                raise GradcheckError(
                                    f"Jacobian mismatch for output {number} with respect to input {i}, "
                                    f"at element {k} of the input and {j} of the output: numerical {n}, analytical {a}"
                                )


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    fast_mode: bool = False,
    **_: Any,
) -> bool:
    """Whether the gradients of the gradients of ``func`` equal central differences; as ``gradcheck``."""
    given = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    outs = [o for o in _outputs(func(*given)) if o.requires_grad]
    if grad_outputs is None:
        random = devices.CPU.random.default_rng(7)
        covectors = []
        for o in outs:
            array = random.standard_normal(o._data.shape)
            if o.dtype.is_complex:
                array = array + 1j * random.standard_normal(o._data.shape)
            covectors.append(wrap(o._xp.from_host(devices.CPU.asarray(array)).astype(o._data.dtype)).requires_grad_())
    else:
        covectors = [grad_outputs] if isinstance(grad_outputs, Tensor) else list(grad_outputs)
    count = len(given)

    def first(*arguments: Any) -> tuple[Any, ...]:
        xs = list(arguments[:count])
        for i, x in enumerate(given):
            if isinstance(x, Tensor) and x.requires_grad and not xs[i].requires_grad:
                xs[i] = xs[i].detach().requires_grad_()
        live = [o for o in _outputs(func(*xs)) if o.requires_grad]
        wanted = [x for x in xs if isinstance(x, Tensor) and x.requires_grad]
        found = grad(live, wanted, list(arguments[count:]), create_graph=True, allow_unused=True)
        return tuple(f for f in found if f is not None)

    return gradcheck(first, [*given, *covectors], eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception, fast_mode=fast_mode)
