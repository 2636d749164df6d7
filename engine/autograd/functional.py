"""Jacobians, Hessians and their products with vectors, under the names of ``torch.autograd.functional``.

``func`` takes tensors and gives a tensor or a tuple of tensors; where ``inputs`` is one tensor the results are not wrapped in
tuples. ``create_graph`` makes the results differentiable; ``strict`` makes it an error that a result does not depend on an
input, which else gives zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..ops.pieces import stack
from ..tensor import Tensor, wrap
from . import levels as _levels
from .bases import units
from .forward_ad import dual, parts
from .grad_mode import enable_grad, mode, set_grad_enabled
from .gradients import grad
from .levels import DualLevel
from .vmap import vmap

Many = tuple[Any, ...]


def _tensors(given: Any, what: str, function: str) -> tuple[bool, Many]:
    """Whether ``given`` was a tuple, and it as a tuple. Raises TypeError for what is no tensor."""
    is_tuple = isinstance(given, tuple)
    values: Many = given if is_tuple else (given,)
    for i, value in enumerate(values):
        if not isinstance(value, Tensor):
            which = f"the value at index {i}" if is_tuple else f"the given {what}"
            raise TypeError(
                f"The {what} given to {function} must be either a Tensor or a tuple of Tensors but {which} has type {type(value)}."
            )
    return is_tuple, values


def _entering(tensors: Many, create_graph: bool, need_graph: bool = True) -> Many:
    """The tensors as places in a graph of our own, tied to the user's only with ``create_graph``."""
    return tuple(
        t.view_as(t) if create_graph and (t.requires_grad or not need_graph) else t.detach().requires_grad_(need_graph) for t in tensors
    )


def _leaving(values: Any, create_graph: bool) -> Any:
    """The results, taken out of the graph unless they are to be differentiated."""
    if isinstance(values, tuple):
        return tuple(_leaving(v, create_graph) for v in values)
    return values if create_graph else values.detach()


def _unwrapped(values: Any, *is_tuple: bool) -> Any:
    """Nested tuples without the levels that the user did not ask for."""
    if len(is_tuple) > 1 and isinstance(values, tuple):
        values = tuple(_unwrapped(v, *is_tuple[1:]) for v in values)
    return values if is_tuple[0] else values[0]


def _check_vector(v: Many, other: Many, is_tuple: bool) -> None:
    if len(other) != 1 or is_tuple:
        if len(v) != len(other):
            raise RuntimeError(f"v is a tuple of invalid length: should be {len(other)} but got {len(v)}.")
    elif len(v) != 1:
        raise RuntimeError("The given v should contain a single Tensor.")
    for i, (a, b) in enumerate(zip(v, other, strict=True)):
        if a.shape != b.shape:
            where = f"Entry {i} in " if len(v) > 1 else ""
            raise RuntimeError(f"{where}v has invalid size: should be {b.shape} but got {a.shape}.")


def _no_vector(tensors: Many, what: str) -> None:
    if len(tensors) != 1 or tensors[0].numel() != 1:
        raise RuntimeError(f"The vector v can only be None if {what} a single Tensor with a single element.")


_STRICT = {
    "outputs": "Output {} of the user-provided function does not require gradients. The outputs must be computed in a differentiable "
    "manner from the input when running in strict mode.",
    "grad_inputs": "The gradient with respect to input {} does not require grad. This is not allowed in strict mode. The outputs of the "
    "user-provided function must be twice differentiable.",
    "jacobian": "While computing the hessian, found that the jacobian of the user-provided function with respect to input {} is "
    "independent of the input. This is not allowed in strict mode. You should ensure that your function is twice differentiable and that "
    "the jacobian depends on the inputs (this would be violated by a linear function for example).",
    "back": "The output of the user-provided function is independent of input {}. This is not allowed in strict mode.",
    "back_trick": "The gradient with respect to the input is independent of entry {} in the grad_outputs when using the double backward "
    "trick to compute forward mode gradients. This is not allowed in strict mode.",
    "double_back": "The jacobian of the user-provided function is independent of input {}. This is not allowed in strict mode.",
    "double_back_trick": "The hessian of the user-provided function is independent of entry {} in the grad_jacobian. This is not allowed "
    "in strict mode as it prevents from using the double backward trick to replace forward mode AD.",
}


def _check_differentiable(tensors: Sequence[Any], what: str, strict: bool) -> None:
    for i, t in enumerate(tensors):
        if strict and (t is None or not t.requires_grad):
            raise RuntimeError(_STRICT[what].format(i))


def _gradients(outputs: Sequence[Any], inputs: Many, v: Sequence[Any] | None = None, create_graph: bool = False) -> Many:
    """``grad`` of those outputs that have one; None for inputs that they do not depend on. The graph is kept."""
    vectors = [None] * len(outputs) if v is None else v
    live = [(o, s) for o, s in zip(outputs, vectors, strict=True) if o is not None and o.requires_grad]
    if not live:
        return (None,) * len(inputs)
    found: Many = grad([o for o, _ in live], inputs, [s for _, s in live], retain_graph=True, create_graph=create_graph, allow_unused=True)
    return found


def _filled(gradients: Many, like: Many, strict: bool, create_graph: bool, stage: str) -> Many:
    """Zeros where there is no gradient."""
    for i, g in enumerate(gradients):
        if strict and g is None:
            raise RuntimeError(_STRICT[stage].format(i))
        if strict and create_graph and not g.requires_grad:
            what = "hessian" if "double" in stage else "jacobian"
            raise RuntimeError(
                f"The {what} of the user-provided function is independent of input {i}. This is not allowed in strict mode when "
                "create_graph=True."
            )
    return tuple(wrap(t._xp.zeros_like(t._data)) if g is None else g for g, t in zip(gradients, like, strict=True))


def _one_number(outputs: Many, is_tuple: bool, function: str) -> None:
    if is_tuple:
        raise RuntimeError(f"The function given to {function} should return a single Tensor")
    if outputs[0].numel() != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {function} should contain a single element")


_RESULTS = "outputs of the user-provided function"


def vjp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """``func(*inputs)`` and the product of ``v`` (of the outputs' shapes; may be left out for one number) with its Jacobian."""
    with enable_grad():
        several, places = _tensors(inputs, "inputs", "vjp")
        places = _entering(places, create_graph)
        several_out, outputs = _tensors(func(*places), _RESULTS, "vjp")
        _check_differentiable(outputs, "outputs", strict)
        vector = None
        if v is None:
            _no_vector(outputs, "the user-provided function returns")
        else:
            vector = _entering(_tensors(v, "v", "vjp")[1], create_graph, False)
            _check_vector(vector, outputs, several_out)
    with set_grad_enabled(create_graph or mode.enabled):
        product = _filled(_gradients(outputs, places, vector, create_graph), places, strict, create_graph, "back")
    return _unwrapped(_leaving(outputs, create_graph), several_out), _unwrapped(_leaving(product, create_graph), several)


def jvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """``func(*inputs)`` and the product of its Jacobian with ``v`` (of the inputs' shapes; may be left out for one number).

    By two backward passes: the product of a vector with the Jacobian is linear in the vector, and its derivative is the Jacobian.
    """
    with enable_grad():
        several, places = _tensors(inputs, "inputs", "jvp")
        places = _entering(places, create_graph)
        if v is None:
            _no_vector(places, "the input to the user-provided function is")
            vector: Many = tuple(wrap(p._xp.ones_like(p._data)) for p in places)
        else:
            vector = _entering(_tensors(v, "v", "jvp")[1], create_graph, False)
            _check_vector(vector, places, several)
        several_out, outputs = _tensors(func(*places), _RESULTS, "jvp")
        _check_differentiable(outputs, "outputs", strict)
        dual = tuple(wrap(o._xp.zeros_like(o._data)).requires_grad_() for o in outputs)
        back = _gradients(outputs, places, dual, True)
        _check_differentiable(back, "grad_inputs", strict)
    with set_grad_enabled(create_graph or mode.enabled):
        product = _filled(_gradients(back, dual, vector, create_graph), outputs, strict, create_graph, "back_trick")
    return _unwrapped(_leaving(outputs, create_graph), several_out), _unwrapped(_leaving(product, create_graph), several_out)


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The derivatives of all elements of ``func(*inputs)`` by all elements of the inputs, of shape output shape + input shape.

    A tuple over inputs inside a tuple over outputs, where there are tuples. vectorize: one pass for a batch of all rows.
    strategy "forward-mode": by tangents, column by column, in one batch.

    Raises NotImplementedError and RuntimeError for combinations that PyTorch does not have.
    """
    if strategy == "forward-mode":
        return _forward(func, inputs, create_graph, strict, vectorize)
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs than inputs, '
            '"forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".'
        )
    if vectorize and strict:
        raise RuntimeError(
            "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together. Please either set "
            "`strict=False` or `vectorize=False`."
        )
    with enable_grad():
        several, places = _tensors(inputs, "inputs", "jacobian")
        places = _entering(places, create_graph)
        several_out, outputs = _tensors(func(*places), _RESULTS, "jacobian")
        _check_differentiable(outputs, "outputs", strict)
        if vectorize:
            rows = _all_rows(outputs, places, create_graph)
        else:
            rows = tuple(_rows(i, out, places, create_graph, strict) for i, out in enumerate(outputs))
    return _unwrapped(_leaving(rows, create_graph), several_out, several)


def _forward(func: Callable[..., Any], inputs: Any, create_graph: bool, strict: bool, vectorize: bool) -> Any:
    start = "torch.autograd.functional.jacobian: "
    if strict:
        raise RuntimeError(
            f'{start}`strict=True` and `strategy="forward-mode"` are not supported together (yet). Please either set `strict=False` or '
            '`strategy="reverse-mode"`.'
        )
    if create_graph:
        raise NotImplementedError(
            f'{start}`create_graph=True` and `strategy="forward-mode"` are not supported together (yet). Please either set '
            '`create_graph=False` or `strategy="reverse-mode"`.'
        )
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly implemented for `vectorize=True`."
        )
    several, places = _tensors(inputs, "inputs", "jacobian")
    found: dict[str, Any] = {}

    def along(*vectors: Any) -> Any:
        level = DualLevel()
        with _levels.inside(level):
            made = func(*(dual(p.detach(), v, level) for p, v in zip(places, vectors, strict=True)))
            found["several"], outputs = _tensors(made, _RESULTS, "jacobian")
            pairs = [parts(o, level) for o in outputs]
        return tuple(wrap(p._xp.zeros_like(p._data)) if t is None else t.detach() for p, t in pairs)

    columns = vmap(along)(*units(places))
    rows = []
    for column in columns:
        before, inner = 0, []
        for p in places:
            part = column.narrow(0, before, p.numel()).movedim(0, -1)
            inner.append(part.reshape((*column.shape[1:], *p.shape)))
            before += p.numel()
        rows.append(tuple(inner))
    return _unwrapped(tuple(rows), found["several"], several)


def _all_rows(outputs: Many, places: Many, create_graph: bool) -> Many:
    """The Jacobians of all outputs by all inputs, in one pass."""
    live = [o for o in outputs if o.requires_grad]
    total = sum(o.numel() for o in live)
    found: Many = (None,) * len(places)
    if live and total:
        found = grad(live, places, units(live), retain_graph=True, create_graph=create_graph, allow_unused=True, is_grads_batched=True)
    rows, before = [], 0
    for o in outputs:
        count = o.numel() if o.requires_grad else 0
        rows.append(
            tuple(
                wrap(p._xp.zeros((*o.shape, *p.shape), p._data.dtype))
                if f is None or not count
                else f.narrow(0, before, count).reshape((*o.shape, *p.shape))
                for f, p in zip(found, places, strict=True)
            )
        )
        before += count
    return tuple(rows)


def _rows(number: int, out: Tensor, places: Many, create_graph: bool, strict: bool) -> Many:
    """The Jacobian of one output by each input."""
    found: list[Many] = []
    for element in out.reshape(-1):
        gradients = _gradients([element], places, None, create_graph)
        for i, g in enumerate(gradients):
            if strict and g is None:
                raise RuntimeError(
                    f"Output {number} of the user-provided function is independent of input {i}. This is not allowed in strict mode."
                )
            if strict and create_graph and not g.requires_grad:
                raise RuntimeError(
                    f"The jacobian of the user-provided function is independent of input {i}. This is not allowed in strict mode when "
                    "create_graph=True."
                )
        found.append(tuple(wrap(p._xp.zeros_like(p._data)) if g is None else g for g, p in zip(gradients, places, strict=True)))
    if not found:
        return tuple(wrap(p._xp.zeros((*out.shape, *p.shape), p._data.dtype)) for p in places)
    return tuple(stack(column).reshape((*out.shape, *p.shape)) for column, p in zip(zip(*found, strict=True), places, strict=True))


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of a function that gives one number: a tuple of tuples over the inputs, where there is a tuple."""
    several, places = _tensors(inputs, "inputs", "hessian")

    def number(*arguments: Any) -> Any:
        out = func(*arguments)
        several_out, outputs = _tensors(out, _RESULTS, "hessian")
        _one_number(outputs, several_out, "hessian")
        return outputs[0].reshape(())

    def first(*arguments: Any) -> Any:
        if outer_jacobian_strategy == "forward-mode":
            for a in arguments:
                a._requires_grad = True  # so that it stays the place that carries the tangent
        derivatives = jacobian(number, arguments, create_graph=True)
        _check_differentiable(derivatives, "jacobian", strict)
        return derivatives

    second = jacobian(first, places, create_graph, strict, vectorize, outer_jacobian_strategy)
    return _unwrapped(second, several, several)


def vhp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """``func(*inputs)``, one number, and the product of ``v`` (of the inputs' shapes) with its Hessian."""
    with enable_grad():
        several, places, outputs, first, vector = _second(func, inputs, v, create_graph, strict, "vhp")
    with set_grad_enabled(create_graph or mode.enabled):
        product = _filled(_gradients(first, places, vector, create_graph), places, strict, create_graph, "double_back")
    return _leaving(outputs[0], create_graph), _unwrapped(_leaving(product, create_graph), several)


def hvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """``func(*inputs)``, one number, and the product of its Hessian with ``v`` (of the inputs' shapes)."""
    with enable_grad():
        several, places, outputs, first, vector = _second(func, inputs, v, create_graph, strict, "hvp")
        dual = tuple(wrap(p._xp.zeros_like(p._data)).requires_grad_() for p in places)
        second = _gradients(first, places, dual, True)
        _check_differentiable(second, "jacobian", strict)
    with set_grad_enabled(create_graph or mode.enabled):
        product = _filled(_gradients(second, dual, vector, create_graph), places, strict, create_graph, "double_back_trick")
    return _leaving(outputs[0], create_graph), _unwrapped(_leaving(product, create_graph), several)


def _second(
    func: Callable[..., Any], inputs: Any, v: Any, create_graph: bool, strict: bool, function: str
) -> tuple[bool, Many, Many, Many, Many | None]:
    """What vhp and hvp begin with: inputs, outputs, first derivatives, and the vector."""
    several, places = _tensors(inputs, "inputs", function)
    places = _entering(places, create_graph)
    vector = None
    if v is None:
        _no_vector(places, "the input to the user-provided function is")
    else:
        vector = _entering(_tensors(v, "v", function)[1], create_graph, False)
        _check_vector(vector, places, several)
    several_out, outputs = _tensors(func(*places), _RESULTS, function)
    _one_number(outputs, several_out, function)
    _check_differentiable(outputs, "outputs", strict)
    first = _gradients(outputs, places, None, True)
    _check_differentiable(first, "jacobian", strict)
    return several, places, outputs, first, vector
