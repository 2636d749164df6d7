"""One program, written for ``T``, run by our engine and by PyTorch: the same values, types, graph and gradients, or the same error."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy
import torch

import gradstep.engine as gs
from gradstep.engine.methods import FUNCTIONAL

Program = Callable[..., Any]


def functional(T: Any) -> Any:
    """``torch.nn.functional``, or what our ops give it."""
    return torch.nn.functional if T is torch else SimpleNamespace(**FUNCTIONAL)


def inputs(T: Any, *arrays: Any) -> list[Any]:
    """The arrays as leaves; those of floats require grad."""
    made = []
    for array in arrays:
        leaf = T.from_numpy(numpy.array(array))
        made.append(leaf.requires_grad_() if array.dtype.kind in "fc" else leaf)
    return made


def tensors(value: Any, cls: type) -> list[Any]:
    """All tensors in a result, in order."""
    if isinstance(value, cls):
        return [value]
    return [t for v in value for t in tensors(v, cls)] if isinstance(value, (tuple, list)) else []


def graph(node: Any) -> Iterator[str]:
    """The names of a backward graph's nodes, depth first, with their nesting: every path once."""
    stack: list[tuple[Any, int]] = [(node, 0)]
    seen: dict[int, int] = {}
    while stack:
        current, depth = stack.pop()
        if current is None:
            yield " " * depth + "None"
            continue
        known = id(current) in seen
        number = seen.setdefault(id(current), len(seen))
        yield " " * depth + current.name().rpartition("::")[2] + f" {number}"
        if not known:
            stack.extend((edge[0], depth + 1) for edge in reversed(current.next_functions))


def describe(t: Any) -> tuple[Any, ...]:
    """What must be equal beside the numbers."""
    return tuple(t.shape), str(t.dtype), t.requires_grad, t.is_leaf, t._is_view()


def agree(program: Program, *arrays: Any, graphs: bool = True, rtol: float = 1e-12, strides: bool = False) -> None:
    """Run the program with both and compare results, graphs and the gradients of all float inputs."""
    mine_in, other_in = inputs(gs, *arrays), inputs(torch, *arrays)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mine, other = tensors(program(gs, *mine_in), gs.Tensor), tensors(program(torch, *other_in), torch.Tensor)
    assert len(mine) == len(other)
    for a, b in zip(mine, other, strict=True):
        assert describe(a) == describe(b)
        if strides and b.numel():
            assert tuple(a.stride()) == tuple(b.stride())
        numpy.testing.assert_allclose(a.detach().numpy(), b.detach().resolve_conj().numpy(), rtol=rtol, atol=rtol)
        if graphs and b.grad_fn is not None:
            assert list(graph(a.grad_fn)) == list(graph(b.grad_fn))
    live = [(a, b) for a, b in zip(mine, other, strict=True) if b.requires_grad]
    if not live:
        return
    random = numpy.random.default_rng(0)
    seeds = [random.standard_normal(tuple(b.shape)).astype(b.detach().numpy().dtype) for _, b in live]
    leaves = [(x, y) for x, y in zip(mine_in, other_in, strict=True) if y.requires_grad and y.is_leaf]
    found = gs.autograd.grad(
        [a for a, _ in live], [x for x, _ in leaves], [gs.from_numpy(numpy.asarray(s)) for s in seeds], allow_unused=True
    )
    wanted = torch.autograd.grad(
        [b for _, b in live], [y for _, y in leaves], [torch.from_numpy(numpy.asarray(s)) for s in seeds], allow_unused=True
    )
    for g, h in zip(found, wanted, strict=True):
        assert (g is None) == (h is None)
        if g is not None:
            assert describe(g)[:2] == describe(h)[:2]
            numpy.testing.assert_allclose(g.numpy(), h.resolve_conj().numpy(force=True), rtol=max(rtol, 1e-10), atol=max(rtol, 1e-12))


def fails(program: Program, T: Any, arrays: Any) -> tuple[str, str] | None:
    """The type and first line of the error that a program ends in."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            program(T, *inputs(T, *arrays))
        except Exception as error:
            return type(error).__name__, str(error).splitlines()[0]
    return None


def fail_alike(program: Program, *arrays: Any, words: int = 40) -> None:
    """Both raise the same type of error, and the messages begin with the same words."""
    mine, other = fails(program, gs, arrays), fails(program, torch, arrays)
    assert other is not None, "PyTorch does not refuse this"
    assert mine is not None, f"PyTorch refuses this: {other}"
    assert mine[0] == other[0], (mine, other)
    assert mine[1].startswith(other[1][:words])
