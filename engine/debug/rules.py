"""Whether the backward of a user's own Function is the derivative of its forward: tried once for each class, at the inputs of a call.

A rule that is tried runs the user's forward and backward again, so it is done in a forked child, in which nothing can touch the
script: not its tensors, its random numbers, its globals, its output. What the child found comes back through a pipe.

A GPU cannot be used in a forked child, and double precision is slow on many: tensors of any device are copied to the CPU before the
fork, and the rule is tried there. A Function that needs its device (a kernel of its own, a tensor of that device beside its inputs)
comes back as unchecked.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..autograd.gradients import grad
from ..devices import module_of
from ..random import get_rng_state, set_rng_state
from ..tape.stacks import is_own
from ..tensor import Tensor, wrap
from .trial import LARGEST, Facts, compared, in_child, named, unforkable


def examined(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Facts | None:
    """What is to be told of a Function after a call: ``verdict`` (right, wrong, surrogate, identity, unchecked) and what belongs to it.

    None where this call is too large to be tried; a later one may do.
    """
    rule = function.backward if function.backward is not _base(function).backward else function.vjp
    about = named(function, rule, function.setup_context is not _base(function).setup_context)
    why = unforkable()
    if not why and is_own(inspect.unwrap(rule).__code__.co_filename):
        why = "it is not the user's"
    if not why and sum(t.numel() for t in args if isinstance(t, Tensor)) > LARGEST:
        return None
    if why:
        return about | {"verdict": "unchecked", "why": why}
    here = [_on_cpu(a) for a in args], {name: _on_cpu(a) for name, a in kwargs.items()}
    return about | in_child(lambda: compared(_Trial(function, *here)))


def _on_cpu(value: Any) -> Any:
    """A tensor of another device as one of the CPU with the same elements, without a history; everything else as it is."""
    if not isinstance(value, Tensor) or value.device.type == "cpu":
        return value
    data = value._data
    return wrap(module_of(data).to_host(data)).requires_grad_(value.requires_grad)


def _base(function: Any) -> Any:
    return next(kind for kind in reversed(function.__mro__) if "backward" in vars(kind))


class _Trial:
    """A Function at the inputs of one call, in double precision."""

    def __init__(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs
        self.values = {i: _plain(a) for i, a in enumerate(args) if isinstance(a, Tensor)}
        self.moved = [i for i, a in enumerate(args) if isinstance(a, Tensor) and a.requires_grad and self.values[i].dtype.kind == "f"]
        self.state = get_rng_state(), np.random.get_state(), random.getstate()

    def call(self, inputs: Mapping[int, Any]) -> list[Tensor]:
        """The outputs of floating point; the same random numbers every time."""
        set_rng_state(self.state[0])
        np.random.set_state(self.state[1])
        random.setstate(self.state[2])
        given = self.function.apply(*(inputs.get(i, a) for i, a in enumerate(self.args)), **self.kwargs)
        outs = given if isinstance(given, (tuple, list)) else (given,)
        return [out for out in outs if isinstance(out, Tensor) and out._data.dtype.kind == "f"]

    def gradients(self, covectors: Sequence[Any]) -> list[Any]:
        """What backward gives for the inputs that take a gradient; None where it gives none."""
        leaves = {i: wrap(self.values[i].copy()).requires_grad_() for i in self.moved}
        fixed = {i: wrap(value.copy()) for i, value in self.values.items() if i not in leaves}
        outs = self.call(fixed | {i: leaf.clone() for i, leaf in leaves.items()})
        roots = [(out, wrap(c.astype(out._data.dtype))) for out, c in zip(outs, covectors, strict=True) if out.requires_grad]
        got = grad([out for out, _ in roots], list(leaves.values()), [c for _, c in roots], allow_unused=True)
        return [None if g is None else np.asarray(g._data, np.float64) for g in got]

    def outputs(self, place: int = -1, index: tuple[int, ...] = (), by: float = 0.0) -> list[Any]:
        """The outputs where an element of an input is moved."""
        inputs = {i: value.copy() for i, value in self.values.items()}
        if place >= 0:
            inputs[place][index] += by
        return self.outputs_of(inputs)

    def outputs_of(self, values: Mapping[int, Any]) -> list[Any]:
        """The outputs for other inputs."""
        return [np.array(out.detach()._data, np.float64) for out in self.call({i: wrap(value) for i, value in values.items()})]


def _plain(tensor: Tensor) -> Any:
    data = np.array(tensor.detach()._data)
    return data.astype(np.float64) if data.dtype.kind == "f" else data
