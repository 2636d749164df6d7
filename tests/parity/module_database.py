"""PyTorch's database of modules (``torch.testing._internal.common_modules``) as an oracle: every module that it lists is made with
the same arguments by both engines, given the same weights and the same inputs, and compared.

``outcome(info, dtype, training)`` gives what differs, or nothing. ``scripts/parity.py --modules`` prints the count.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import torch

import gradstep.engine as gs

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_modules import ModuleErrorEnum, module_db

DATABASE: dict[str, Any] = {info.name: info for info in module_db}
TOLERANCE = {torch.float64: 1e-9, torch.float32: 2e-4}


def fresh(value: Any) -> Any:
    """A value with its tensors as leaves of their own, so that gradients can be looked at; several samples may share one."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad)
    if isinstance(value, (tuple, list)):
        return type(value)(fresh(v) for v in value)
    return {k: fresh(v) for k, v in value.items()} if isinstance(value, dict) else value


def ours(value: Any) -> Any:
    """A value of PyTorch's as one of ours: tensors, types, devices, layers, its functions, and containers of these."""
    if isinstance(value, torch.nn.TransformerEncoderLayer):
        attention, last = value.self_attn, value.linear1
        made = gs.nn.TransformerEncoderLayer(
            attention.embed_dim, attention.num_heads, last.out_features, value.dropout.p, ours(value.activation),
            value.norm1.eps, attention.batch_first, value.norm_first, last.bias is not None, dtype=ours(last.weight.dtype),
        )  # fmt: skip
        made.load_state_dict(ours(dict(value.state_dict())))
        return made
    if isinstance(value, torch.nn.Module):
        return getattr(gs.nn, type(value).__name__)()
    if isinstance(value, torch.Tensor):
        made = gs.from_numpy(value.detach().numpy().copy())
        return made.requires_grad_() if value.requires_grad else made
    if isinstance(value, torch.dtype):
        return getattr(gs, str(value).removeprefix("torch."))
    if isinstance(value, torch.device):
        return gs.device(str(value))
    if isinstance(value, (tuple, list)):
        return type(value)(ours(v) for v in value)
    if isinstance(value, dict):
        return {k: ours(v) for k, v in value.items()}
    if callable(value) and hasattr(gs.nn.functional, getattr(value, "__name__", "")):
        return getattr(gs.nn.functional, value.__name__)
    return value


def tensors(value: Any, kinds: tuple[type, ...]) -> Iterator[Any]:
    """The tensors in a value, in order."""
    if isinstance(value, kinds):
        yield value
    elif isinstance(value, (tuple, list)):
        for v in value:
            yield from tensors(v, kinds)
    elif isinstance(value, dict):
        yield from tensors(list(value.values()), kinds)


def both(function: Callable[[Any], Any]) -> tuple[Any, Any]:
    """What ``function`` gives with our engine and with PyTorch, both from the same seed."""
    results = []
    for engine in (gs, torch):
        engine.manual_seed(7)
        results.append(function(engine))
    return results[0], results[1]


def equal(what: str, mine: Any, other: Any, tolerance: float) -> None:
    """Raise AssertionError unless two results are the same tensors within a tolerance."""
    first, second = list(tensors(mine, (gs.Tensor,))), list(tensors(other, (torch.Tensor,)))
    assert len(first) == len(second), f"{what}: {len(first)} tensors, PyTorch has {len(second)}"
    for a, b in zip(first, second, strict=True):
        assert (tuple(a.shape), str(a.dtype)) == (tuple(b.shape), str(b.dtype)), f"{what}: {a.shape} {a.dtype}, PyTorch {b.shape} {b.dtype}"
        assert a.requires_grad == b.requires_grad, f"{what}: requires_grad is {a.requires_grad}"
        numpy.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), tolerance, tolerance, err_msg=what)


def compare(info: Any, sample: Any, dtype: torch.dtype, training: bool) -> None:
    """Make the module of one sample with both engines and compare everything; raises AssertionError."""
    tolerance = TOLERANCE[dtype]
    takes = inspect.signature(info.module_cls.__init__).parameters
    placed = {"dtype": dtype} if "dtype" in takes or issubclass(info.module_cls, torch.nn.RNNBase) else {}
    made, forward = sample.constructor_input, sample.forward_input

    def construct(engine: Any) -> Any:
        args, kwargs = (made.args, {**made.kwargs, **placed}) if engine is torch else ours((made.args, {**made.kwargs, **placed}))
        module = getattr(engine.nn, info.module_cls.__name__)(*args, **kwargs)
        return module.to(getattr(engine, str(dtype)[6:])).train(training)

    mine, other = both(construct)
    assert repr(mine) == repr(other), f"repr: {mine}, PyTorch: {other}"
    arguments = fresh((forward.args, forward.kwargs))
    given = {torch: arguments, gs: ours(arguments)}
    modules = {gs: mine, torch: other}
    out_mine, out_other = both(lambda engine: modules[engine](*given[engine][0], **given[engine][1]))
    assert repr(mine) == repr(other), f"repr after a forward: {mine}, PyTorch: {other}"
    state_mine, state_other = mine.state_dict(), other.state_dict()
    assert list(state_mine) == list(state_other), f"state dict: {list(state_mine)}, PyTorch {list(state_other)}"
    assert {k: dict(v) for k, v in state_mine._metadata.items()} == {k: dict(v) for k, v in state_other._metadata.items()}
    equal("state dict", state_mine, state_other, tolerance)
    equal("output", out_mine, out_other, tolerance)
    live = [(a, b) for a, b in zip(tensors(out_mine, (gs.Tensor,)), tensors(out_other, (torch.Tensor,)), strict=True) if b.requires_grad]
    if not live:
        return
    random = numpy.random.default_rng(0)
    seeds = [numpy.asarray(random.standard_normal(tuple(b.shape)), b.detach().numpy().dtype) for _, b in live]
    gs.autograd.backward([a for a, _ in live], [gs.from_numpy(s) for s in seeds])
    torch.autograd.backward([b for _, b in live], [torch.from_numpy(s) for s in seeds])
    leaves_mine = [*tensors(given[gs], (gs.Tensor,)), *mine.parameters()]
    leaves_other = [*tensors(given[torch], (torch.Tensor,)), *other.parameters()]
    for number, (x, y) in enumerate(zip(leaves_mine, leaves_other, strict=True)):
        assert (x.grad is None) == (y.grad is None), f"gradient {number}: {x.grad}, PyTorch {y.grad}"
        equal(f"gradient {number}", x.grad, y.grad, tolerance)


def words(error: BaseException) -> str:
    """The first line of a message."""
    return str(error).splitlines()[0] if str(error) else ""


def refuse_alike(info: Any, dtype: torch.dtype, training: bool) -> Iterator[str]:
    """What differs in the errors that the database expects of a module."""
    if info.module_error_inputs_func is None:
        return
    for sample in info.module_error_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training):
        made, forward = sample.module_error_input.constructor_input, sample.module_error_input.forward_input
        found: list[tuple[str, str]] = []
        for engine in (gs, torch):
            turn = ours if engine is gs else (lambda value: value)
            try:
                module = getattr(engine.nn, info.module_cls.__name__)(*turn(made.args), **turn(made.kwargs))
                if sample.error_on is not ModuleErrorEnum.CONSTRUCTION_ERROR:
                    module(*turn(forward.args), **turn(forward.kwargs))
                found.append(("nothing", ""))
            except Exception as error:
                found.append((type(error).__name__, words(error)))
        if found[0][0] != found[1][0] or not found[0][1].startswith(found[1][1][:40]):
            yield f"error: {found[0]}, PyTorch: {found[1]}"


def outcome(name: str) -> list[str]:
    """What differs between our module and PyTorch's of that name: in float64 and float32, in training and evaluation."""
    info = DATABASE[name]
    if not hasattr(gs.nn, info.module_cls.__name__):
        return ["missing"]
    problems = []
    for dtype in TOLERANCE:
        for training in (True, False):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                samples = info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training)
                for number, sample in enumerate(samples):
                    where = f"{str(dtype)[6:]} {'train' if training else 'eval'} {number} {sample.desc}"
                    try:
                        compare(info, sample, dtype, training)
                    except Exception as error:
                        problems.append(f"{where}: {type(error).__name__}: {str(error).strip()[:600]}")
                problems += refuse_alike(info, dtype, training)
    return problems
