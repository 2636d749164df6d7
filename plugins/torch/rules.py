"""Tries the rules of the script's own ``torch.autograd.Function``s, once for each class at the inputs of a call (``debug/trial.py``).

PyTorch's engine does not run in a forked child once it has run in the parent, so the node is called by itself.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data._utils import signal_handling

from gradstep.engine.debug.trial import LARGEST, Facts, compared, in_child, named, unforkable
from gradstep.engine.tape.stacks import is_library, is_own

_base = torch.autograd.Function


def examined(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Facts | None:
    """What is to be told of a Function after a call; see ``engine/debug/rules.py``. None where this call is too large to be tried."""
    rule = getattr(function, "backward", None)
    if rule is None or rule is _base.backward:
        rule = function.vjp
    file = getattr(getattr(inspect.unwrap(rule), "__code__", None), "co_filename", "")
    if is_own(file) or is_library(file):
        return {"class": function.__name__, "verdict": "unchecked", "why": "it is not the user's"}
    if sum(one.numel() for one in args if isinstance(one, torch.Tensor)) > LARGEST:
        return None
    about = named(function, rule, function.setup_context is not _base.setup_context)
    why = unforkable(_is_of_loaders)
    if why:
        return about | {"verdict": "unchecked", "why": why}
    here = [_on_cpu(one) for one in args], {name: _on_cpu(one) for name, one in kwargs.items()}

    def tried() -> Facts:
        torch.set_num_threads(1)  # threads of the parent's are not in the child
        return compared(_Trial(function, *here))

    return about | in_child(tried)


def _is_of_loaders(handler: Any) -> bool:
    """Whether it is what the DataLoader of PyTorch has set to watch its own workers, and nobody's else behind it. (SIG_IGN was replaced by
    nothing: children that were not waited for end as before.)"""
    code = getattr(handler, "__code__", None)
    if code is None or code.co_filename != signal_handling.__file__:
        return False
    return inspect.getclosurevars(handler).nonlocals.get("previous_handler", handler) is None


def _on_cpu(value: Any) -> Any:
    """A tensor as one of the CPU with the same elements, without a history; everything else as it is."""
    if not isinstance(value, torch.Tensor):
        return value
    return value.detach().cpu().clone().requires_grad_(value.requires_grad)


class _Trial:
    """A Function at the inputs of one call, in double precision."""

    def __init__(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs
        self.values = {i: _plain(a) for i, a in enumerate(args) if isinstance(a, torch.Tensor)}
        self.moved = [i for i, a in enumerate(args) if isinstance(a, torch.Tensor) and a.requires_grad and self.values[i].dtype.kind == "f"]
        self.state = torch.get_rng_state(), np.random.get_state(), random.getstate()

    def _call(self, inputs: Mapping[int, Any]) -> list[Any]:
        """The outputs of floating point; the same random numbers every time."""
        torch.set_rng_state(self.state[0])
        np.random.set_state(self.state[1])
        random.setstate(self.state[2])
        given = self.function.apply(*(inputs.get(i, a) for i, a in enumerate(self.args)), **self.kwargs)
        outs = given if isinstance(given, (tuple, list)) else (given,)
        return [out for out in outs if isinstance(out, torch.Tensor) and out.is_floating_point()]

    def gradients(self, covectors: Sequence[Any]) -> list[Any]:
        """See Trial."""
        inputs = {i: _tensor(value) for i, value in self.values.items()}
        with torch.enable_grad():
            for i in self.moved:
                inputs[i] = inputs[i].requires_grad_().clone()  # a Function may change its inputs in place
            outs = self._call(inputs)
        node = next((out.grad_fn for out in outs if out.requires_grad), None)
        if node is None:
            return [None for _ in self.moved]
        arriving: list[Any] = [None] * len(node._input_metadata)
        for out, covector in zip(outs, covectors):  # noqa: B905  # Python 3.9 has no strict
            if out.requires_grad and out.grad_fn is node:
                arriving[out.output_nr] = torch.from_numpy(np.array(covector)).to(out.dtype).reshape(out.shape)
        for place, meta in enumerate(node._input_metadata):
            if arriving[place] is None and getattr(node, "materialize_grads", True):
                arriving[place] = torch.zeros(tuple(meta.shape), dtype=meta.dtype)
        with torch.no_grad():
            given = node.apply(*arriving)
        given = given if isinstance(given, tuple) else (given,)
        return [None if i >= len(given) or given[i] is None else _plain(given[i]) for i in self.moved]

    def outputs(self, place: int = -1, index: tuple[int, ...] = (), by: float = 0.0) -> list[Any]:
        """See Trial."""
        inputs = {i: value.copy() for i, value in self.values.items()}
        if place >= 0:
            inputs[place][index] += by
        return self.outputs_of(inputs)

    def outputs_of(self, values: Mapping[int, Any]) -> list[Any]:
        """See Trial."""
        with torch.no_grad():
            return [_plain(out) for out in self._call({i: _tensor(value) for i, value in values.items()})]


def _plain(tensor: Any) -> Any:
    """The elements, those of floating point in double precision."""
    data = tensor.detach()
    return (data.double() if data.is_floating_point() else data).numpy().copy()


def _tensor(value: Any) -> Any:
    return torch.from_numpy(value.copy())
