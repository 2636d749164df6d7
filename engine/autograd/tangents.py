"""The forward derivative of every op, from its declaration: the tangents of a call's results from those of its operands.

An op that is linear gives its result on the tangent. The rule of an op that works element by element multiplies what it
is given, so it serves in this direction too. Every other rule is linear in the gradient that it is given, and so its own
derivative in that is the Jacobian: <t, J' u> differentiated by u is J t. That needs no rule of its own and is exact, also
for complex numbers, where both directions use the inner product of real and imaginary parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..op import Op, call
from ..tensor import Tensor, wrap
from .grad_mode import mode
from .gradients import grad
from .levels import Batched, lifted

Many = Sequence[Any]


def tangents_of(op: Op, args: Many, params: Many, outs: Many, tangents: Many) -> list[Any]:
    """The tangent of each of ``outs``, None where it has none, when operand ``i`` has ``tangents[i]`` or None."""
    if not any(out.dtype.category >= 2 for out in outs):
        return [None] * len(outs)
    if op.form == "linear" and _only_linear(op, tangents):
        moved = [_zeros(a) if t is None and isinstance(a, Tensor) and _follows(op, i) else a if t is None else t
                 for i, (a, t) in enumerate(zip(args, tangents, strict=True))]  # fmt: skip
        found = call(op, tuple(moved), tuple(params))
        return list(found) if isinstance(found, tuple) else [found]
    if op.form == "pointwise" and not op.joint and not any(o.dtype.is_complex for o in (*outs, *_tensors(args))):
        return [_pointwise(op, args, params, outs[0], tangents)]
    return _transposed(op, args, params, outs, tangents)


def _tensors(args: Many) -> list[Tensor]:
    return [a for a in args if isinstance(a, Tensor)]


def _follows(op: Op, number: int) -> bool:
    return op.input_name(number) in op.differentiable_inputs


def _requires_grad(t: Any) -> bool:
    return isinstance(t, Tensor) and (t.requires_grad or (type(t) is Batched and _requires_grad(t._value)))


def _only_linear(op: Op, tangents: Many) -> bool:
    """Whether the op is linear in all that carry tangents, taken together."""
    return all(t is None or _follows(op, i) for i, t in enumerate(tangents))


def _zeros(like: Tensor) -> Tensor:
    return wrap(like._xp.zeros_like(like._data))


def _known(op: Op, args: Many, params: Many, outs: Many) -> dict[str, Any]:
    """What rules may ask for, by name."""
    known: dict[str, Any] = dict(zip(op.params, params, strict=True))
    if op.variadic:
        known[op.inputs[0]] = tuple(args)
        known[f"{op.inputs[0]}_shape"] = [t._data.shape for t in args]
        known[f"{op.inputs[0]}_dtype"] = [t.dtype for t in args]
    else:
        for i, name in enumerate(op.inputs):
            a = tuple(args[i:]) if op.tail and i == len(op.inputs) - 1 else args[i]
            known[name] = a
            if isinstance(a, Tensor):
                known[f"{name}_shape"], known[f"{name}_dtype"] = a._data.shape, a.dtype
                known[f"{name}_strides"] = a._data.strides
            elif isinstance(a, (bool, int, float, complex)):
                known[f"{name}_shape"], known[f"{name}_dtype"], known[f"{name}_strides"] = (), dtypes.of_number(a), ()
    if op.variadic_outputs:
        known["out"] = tuple(outs)
    else:
        known |= dict(zip(op.outputs, outs, strict=True))
        known["out"] = outs[0]
    return known


def _pointwise(op: Op, args: Many, params: Many, out: Any, tangents: Many) -> Any:
    known = _known(op, args, params, (out,))
    total: Any = None
    for name, tangent in zip(op.inputs, tangents, strict=True):
        if tangent is None or name not in op.rules:
            continue
        known["g"] = tangent if tangent.dtype is out.dtype else tangent.to(out.dtype)
        part = op.rules[name](*[known[n] for n in op.needs[name]])
        if part is not None:
            total = part if total is None else total + part
    if total is None:
        return None
    if total.dtype is not out.dtype:
        total = total.to(out.dtype)
    return total if total._data.shape == out._data.shape else total.expand(out._data.shape)


def _rules_given(op: Op, known: dict[str, Any], tangents: Many) -> list[Any]:
    """What the rules give to each operand that carries a tangent."""
    if op.variadic:
        name = op.inputs[0]
        return list(op.rules[name](*[known[n] for n in op.needs[name]]))
    found: list[Any] = [None] * len(tangents)
    for i, tangent in enumerate(tangents):
        name = op.input_name(i)
        if tangent is not None and name in op.rules:
            found[i] = op.rules[name](*[known[n] for n in op.needs[name]])
    for joined, rule in op.joint.items():
        numbers = [op.inputs.index(n) for n in joined]
        known["needs"] = needs = tuple(tangents[i] is not None for i in numbers)
        if any(needs):
            for i, need, r in zip(numbers, needs, rule(*[known[n] for n in op.needs[joined]]), strict=True):
                found[i] = r if need else None
    return found


def _transposed(op: Op, args: Many, params: Many, outs: Many, tangents: Many) -> list[Any]:
    carry = range(len(outs)) if op.variadic_outputs else op.gradient_outputs
    places = [i for i in carry if outs[i].dtype.category >= 2]
    result: list[Any] = [None] * len(outs)
    if not places or not any(t is not None and _follows(op, i) for i, t in enumerate(tangents)):
        return result
    top = max((t._level for t in (*args, *outs) if type(t) is Batched), key=lambda k: k.number, default=None)
    found = mode.enabled, mode.inference
    recorded = mode.enabled and any(_requires_grad(t) for t in (*args, *tangents))
    mode.enabled, mode.inference = True, False
    try:
        dual = {}
        for i in places:
            ones = wrap(outs[i]._xp.ones_like(outs[i]._data))  # where rules take logarithms, 0 would not do
            dual[i] = ones if top is None else lifted(ones, top)
            dual[i]._requires_grad = True
        known = _known(op, args, params, outs)
        several = op.variadic_outputs or (len(outs) > 1 and len(op.gradient_outputs) != 1)
        known["g"] = tuple(dual.get(i) for i in range(len(outs))) if several else dual[places[0]]
        products, seeds = [], []
        for a, product, tangent in zip(args, _rules_given(op, known, tangents), tangents, strict=True):
            if tangent is None or product is None or not product.requires_grad:
                continue
            if product._data.shape != a._data.shape:
                product = product.sum_to_size(a._data.shape)
            if product.dtype is not a.dtype:
                product = product.real.to(a.dtype) if product.is_complex() and not a.is_complex() else product.to(a.dtype)
            products.append(product)
            seeds.append(tangent)
    finally:
        mode.enabled, mode.inference = found
    if not products:
        return result
    made = grad(products, [dual[i] for i in places], seeds, retain_graph=True, create_graph=recorded, allow_unused=True)
    for i, tangent in zip(places, made, strict=True):
        result[i] = tangent
    return result
