"""Gradients against central differences, first and second order: ``gradcheck`` and ``gradgradcheck``."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .. import devices
from ..ops.pieces import stack
from ..tensor import Tensor, wrap
from . import levels as _levels
from .forward_ad import dual, parts
from .gradients import grad
from .levels import DualLevel
from .vmap import vmap
from .walk import Walk, run


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

    covectors = [_normal(random, o) for o in outs]
    live = [(o, c) for o, c in zip(outs, covectors, strict=True) if o.requires_grad]
    if live:  # what a function gives beside, without a gradient (statistics, indices), is not looked at
        covectors = [c if o.requires_grad else c * 0 for o, c in zip(outs, covectors, strict=True)]
    places = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    gradients: tuple[Any, ...] = (None,) * len(places)
    if live and places:
        gradients = grad(
            [o for o, _ in live], [inputs[i] for i in places], [wrap(c) for _, c in live], create_graph=create_graph, allow_unused=True
        )
    directions = {i: _normal(random, inputs[i]) for i in places}
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
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the gradients of ``func`` at ``inputs`` (double precision, requires_grad) equal central differences.

    fast_mode compares along random directions; else each element of each input is moved on its own. check_forward_ad,
    check_batched_grad, check_batched_forward_grad: tangents, and both over a batch of vectors, too. check_undefined_grad: that
    no gradient gives no gradient. nondet_tol: by how much two backward passes may differ.

    Raises GradcheckError with the Jacobians that differ, or returns False with ``raise_exception=False``.
    """
    del masked
    assert check_forward_ad or check_backward_ad, "Expected at least one of check_forward_ad or check_backward_ad to be True"
    assert not (check_batched_grad and not check_backward_ad), "Setting check_batched_grad=True requires check_backward_ad to be True"
    assert not (check_batched_forward_grad and not check_forward_ad), (
        "Setting check_batched_forward_grad=True requires check_forward_ad to be True"
    )
    given = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    places = _places(given)
    for i in places:
        if given[i].dtype.name not in ("float64", "complex128"):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or complex. This check will likely fail if all "
                "the inputs are not of double precision floating point or complex. ",
                UserWarning,
                stacklevel=2,
            )
    try:
        if fast_mode:
            _fast(func, given, places, eps, atol, rtol, check_forward_ad, check_backward_ad)
        else:
            _full(func, given, places, eps, atol, rtol, check_forward_ad, check_backward_ad)
        if check_backward_ad:
            _repeated(func, given, places, nondet_tol, check_grad_dtypes)
            if check_undefined_grad:
                _undefined(func, given, places)
        if check_batched_grad:
            _batched_backward(func, given, places)
        if check_batched_forward_grad:
            _batched_forward(func, given, places)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _places(inputs: Sequence[Any]) -> list[int]:
    places = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    if not places:
        raise ValueError("gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True.")
    return places


def _fast(
    func: Callable[..., Any], given: list[Any], places: list[int], eps: float, atol: float, rtol: float, forward: bool, backward: bool
) -> None:
    for seed in range(3):
        if backward:
            for number, (a, n) in enumerate(directional(func, given, eps=eps, seed=seed)):
                if not abs(a - n) <= atol + rtol * abs(n):
                    raise GradcheckError(f"Jacobian mismatch along a random direction of input {number}:\nnumerical:{n}\nanalytical:{a}\n")
        if forward:
            random = devices.CPU.random.default_rng(seed)
            for i in places:
                direction = _normal(random, given[i])
                found = _tangents(func, given, {i: wrap(direction)})
                ahead, behind = (_outputs(func(*_moved(given, {i: direction}, step))) for step in (eps, -eps))
                for number, (up, down, tangent) in enumerate(zip(ahead, behind, found, strict=True)):
                    slope = (up._data - down._data) / (2 * eps)
                    _compare(slope, tangent, up._xp, atol, rtol, "Jacobian computed with forward mode", number, i)


def _normal(random: Any, like: Tensor) -> Any:
    array = random.standard_normal(like._data.shape)
    if like.dtype.is_complex:
        array = array + 1j * random.standard_normal(like._data.shape)
    return like._xp.from_host(devices.CPU.asarray(array)).astype(like._data.dtype)


def _tangents(func: Callable[..., Any], inputs: list[Any], directions: dict[int, Tensor]) -> list[Any]:
    """The tangents of the outputs when the inputs move in those directions; zeros where there is none."""
    level = DualLevel()
    with _levels.inside(level):
        moved = [dual(x.detach(), directions[i], level) if i in directions else x for i, x in enumerate(inputs)]
        pairs = [parts(o, level) for o in _outputs(func(*moved))]
    return [wrap(p._xp.zeros_like(p._data)) if t is None else t.detach() for p, t in pairs]


def _compare(numerical: Any, analytical: Any, xp: Any, atol: float, rtol: float, what: str, output: int, input: int) -> None:
    found = analytical._data if isinstance(analytical, Tensor) else analytical
    if not bool((abs(found - numerical) <= atol + rtol * abs(numerical)).all()):
        raise GradcheckError(
            f"{what} mismatch for output {output} with respect to input {input},\nnumerical:{wrap(xp.asarray(numerical))}\n"
            f"analytical:{wrap(xp.asarray(found))}\n"
        )


def _directions(x: Tensor) -> Iterator[tuple[int, Any]]:
    """Unit vectors along each element of ``x``, real and, where it is complex, imaginary; with their numbers."""
    number = 0
    for k in range(x._data.size):
        for step in (1.0, 1j) if x.dtype.is_complex else (1.0,):
            direction = x._xp.zeros(x._data.size, x._data.dtype)
            direction[k] = step
            yield number, direction.reshape(x._data.shape)
            number += 1


def _real(array: Any, xp: Any) -> Any:
    """The elements in a row; of complex ones real and imaginary parts, one after the other."""
    flat = array.reshape(-1)
    return xp.stack([flat.real, flat.imag], 1).reshape(-1) if flat.dtype.kind == "c" else flat


def _full(
    func: Callable[..., Any], given: list[Any], places: list[int], eps: float, atol: float, rtol: float, forward: bool, backward: bool
) -> None:
    outs = _outputs(func(*given))
    numerical: dict[tuple[int, int], list[Any]] = {}
    pushed: dict[tuple[int, int], list[Any]] = {}
    for i in places:
        for _, direction in _directions(given[i]):
            ahead, behind = (_outputs(func(*_moved(given, {i: direction}, step))) for step in (eps, -eps))
            tangents = _tangents(func, given, {i: wrap(direction)}) if forward else []
            for number, (a, b) in enumerate(zip(ahead, behind, strict=True)):
                numerical.setdefault((number, i), []).append(_real((a._data - b._data) / (2 * eps), a._xp))
                if forward:
                    pushed.setdefault((number, i), []).append(_real(tangents[number]._data, a._xp))
    for (number, i), rows in numerical.items():
        xp = given[i]._xp
        wanted = xp.stack(rows)
        if backward:
            out = outs[number]
            columns = []
            for _, seed in _directions(out):
                (g,) = grad(out, [given[i]], wrap(seed), retain_graph=True, allow_unused=True) if out.requires_grad else (None,)
                columns.append(_real(xp.zeros_like(given[i]._data) if g is None else g._data, xp))
            if not out.requires_grad:
                if not bool((abs(wanted) <= atol).all()) and not any(o.requires_grad for o in outs):
                    raise GradcheckError("Numerical gradient for function expected to be zero")
            elif columns:
                _compare(wanted, xp.stack(columns, 1), xp, atol, rtol, "Jacobian", number, i)
        if forward:
            _compare(wanted, xp.stack(pushed[number, i]), xp, atol, rtol, "Jacobian computed with forward mode", number, i)


def _live(func: Callable[..., Any], given: list[Any]) -> list[Tensor]:
    return [o for o in _outputs(func(*given)) if o.requires_grad]


def _repeated(func: Callable[..., Any], given: list[Any], places: list[int], tolerance: float, types: bool) -> None:
    """Backward twice with one vector: the same gradients, of the inputs' types where ``types``."""
    random = devices.CPU.random.default_rng(0)
    outs = _live(func, given)
    if not outs:
        return
    seeds = [wrap(_normal(random, o)) for o in outs]
    wanted = [given[i] for i in places]
    first, second = (grad(outs, wanted, seeds, retain_graph=True, allow_unused=True) for _ in range(2))
    for x, a, b in zip(wanted, first, second, strict=True):
        if a is not None and b is not None and not bool((abs(a._data - b._data) <= tolerance).all()):
            raise GradcheckError(
                "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives different values, "
                f"although analytical gradient matches numerical gradient.The tolerance for nondeterminism was {tolerance}."
            )
        if types and a is not None and a.dtype is not x.dtype:
            raise GradcheckError("grad is not of the same type as the input")


def _undefined(func: Callable[..., Any], given: list[Any], places: list[int]) -> None:
    """Where no output has a gradient, no input may get one that is not zero."""
    outs = _live(func, given)
    notes = 'Please look at "Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'
    edges = [o._gradient_edge() for o in outs]
    wanted = [given[i]._gradient_edge() for i in places]
    if not edges:
        return
    walk = Walk([e for e in edges if e is not None], [None] * len(edges), inputs=wanted, accumulate=False)
    try:
        run(walk)
    except RuntimeError as error:
        _warn_of_undefined()
        raise GradcheckError(f"Expected backward function to handle undefined output grads. {notes}") from error
    for edge in wanted:
        found = walk.captured(*edge)
        if found is not None and bool((found._data != 0).any()):
            _warn_of_undefined()
            raise GradcheckError(f"Expected all input grads to be undefined or zero when all output grads are undefined or zero. {notes}")


def _warn_of_undefined() -> None:
    warnings.warn(
        "Backwards compatibility: New undefined gradient support checking feature is enabled by default, but it may break existing "
        'callers of this function. If this is true for you, you can call this function with "check_undefined_grad=False" to disable the '
        "feature",
        UserWarning,
        stacklevel=4,
    )


_BATCHED = (
    "gradcheck or gradgradcheck failed while testing batched gradient computation.\nThis could have been invoked in a number of ways (via "
    "a test that calls\ngradcheck/gradgradcheck directly or via an autogenerated test)."
)


def _batched_backward(func: Callable[..., Any], given: list[Any], places: list[int]) -> None:
    random = devices.CPU.random.default_rng(0)
    wanted = [given[i] for i in places]
    for number, out in enumerate(_live(func, given)):
        rows = [wrap(_normal(random, out)) for _ in range(2)]
        single = [grad(out, wanted, row, retain_graph=True, allow_unused=True) for row in rows]
        try:
            together = grad(out, wanted, stack(rows), retain_graph=True, allow_unused=True, is_grads_batched=True)
        except RuntimeError as error:
            raise GradcheckError(f"While computing batched gradients, got: {error}\n\n{_BATCHED}") from error
        for i, found, parts_ in zip(places, together, zip(*single, strict=True), strict=True):
            for row, part in enumerate(parts_):
                _close(None if found is None else found[row], part, number, i)


def _batched_forward(func: Callable[..., Any], given: list[Any], places: list[int]) -> None:
    random = devices.CPU.random.default_rng(0)
    for i in places:
        rows = [wrap(_normal(random, given[i])) for _ in range(2)]
        single = [_tangents(func, given, {i: row}) for row in rows]
        try:
            together = vmap(lambda row, i=i: tuple(_tangents(func, given, {i: row})))(stack(rows))
        except RuntimeError as error:
            raise GradcheckError(f"While computing batched gradients, got: {error}\n\n{_BATCHED}") from error
        for number, found in enumerate(together):
            for row in range(2):
                _close(found[row], single[row][number], number, i)


def _close(found: Any, wanted: Any, output: int, input: int) -> None:
    if wanted is None or found is None:
        return
    if not bool((abs(found._data - wanted._data) <= 1e-8 + 1e-5 * abs(wanted._data)).all()):
        raise GradcheckError(f"For output {output} and input {input}:\n\n{_BATCHED}\n\nGot:\n{found}\n\nExpected:\n{wanted}\n")


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Whether the gradients of the gradients of ``func`` equal central differences; as ``gradcheck``.

    check_fwd_over_rev: by tangents of the gradients; check_rev_over_rev: by gradients of the gradients.
    """
    del gen_non_contig_grad_outputs
    assert check_fwd_over_rev or check_rev_over_rev, "Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True"
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
                xs[i] = xs[i]._shadow()  # with its tangents
                xs[i]._requires_grad = True
        live = [o for o in _outputs(func(*xs)) if o.requires_grad]
        wanted = [x for x in xs if isinstance(x, Tensor) and x.requires_grad]
        found = grad(live, wanted, list(arguments[count:]), create_graph=True, allow_unused=True)
        return tuple(f for f in found if f is not None)

    return gradcheck(
        first,
        [*given, *covectors],
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
        masked=masked,
    )
