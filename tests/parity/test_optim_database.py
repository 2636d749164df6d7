"""PyTorch's own database of optimizers: the same ten steps with each of its options, the same refusals."""

from __future__ import annotations

import warnings
from typing import Any

import numpy
import pytest
import torch

import gradstep.engine as gs

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_optimizers import OptimizerErrorEnum, optim_db

INFOS = {info.optim_cls.__name__: info for info in optim_db}
STEPS = 10
random = numpy.random.default_rng(5)
SHAPES = [(3, 4), (5, 2), (4,), ()]
VALUES = [random.standard_normal(shape) for shape in SHAPES]
GRADS = [[random.standard_normal(shape) for shape in SHAPES] for _ in range(STEPS)]


def ours(value: Any) -> Any:
    """An option, or parameters, of PyTorch's as ours; a parameter that stands in two places stays one."""
    made: dict[int, Any] = {}

    def turn(v: Any) -> Any:
        if isinstance(v, torch.Tensor):
            if id(v) not in made:
                made[id(v)] = gs.from_numpy(v.detach().numpy().copy()).requires_grad_(v.requires_grad)
                made[id(v)].grad = None if v.grad is None else gs.from_numpy(v.grad.numpy().copy())
            return made[id(v)]
        if isinstance(v, (list, tuple)):
            return type(v)(turn(x) for x in v)
        return {k: turn(x) for k, x in v.items()} if isinstance(v, dict) else v

    return turn(value)


def trained(engine: Any, name: str, options: dict[str, Any]) -> tuple[list[Any], Any]:
    """Parameters after ten steps, and the optimizer."""
    matrices = name == "Muon"
    params = [engine.nn.Parameter(engine.tensor(v)) for v in VALUES if v.ndim == 2 or not matrices]
    optimizer = getattr(engine.optim, name)(params, **options)
    for grads in GRADS:

        def closure(grads: Any = grads) -> Any:
            optimizer.zero_grad()
            loss = sum(((p * engine.tensor(g)) ** 2).sum() + (p**4).sum() for p, g in zip(params, grads, strict=False))
            loss.backward()
            return loss

        if name != "LBFGS":
            for p, g in zip(params, [g for g in grads if g.ndim == 2 or not matrices], strict=True):
                p.grad = engine.tensor(g)
            optimizer.step()
        else:
            optimizer.step(closure)
    return params, optimizer


def cases() -> list[Any]:
    return [
        pytest.param(name, given.kwargs, id=f"{name}-{given.desc}")
        for name, info in INFOS.items()
        if name != "SparseAdam"
        for given in info.optim_inputs_func("cpu")
    ]


@pytest.mark.parametrize(("name", "options"), cases())
def test_ten_steps_lead_where_pytorchs_do(name: str, options: dict[str, Any]) -> None:
    mine, my_optimizer = trained(gs, name, ours(options))
    theirs, their_optimizer = trained(torch, name, options)
    tolerance = 2e-3 if name == "Muon" else 1e-12  # Muon rounds to bfloat16 in between
    for a, b in zip(mine, theirs, strict=True):
        numpy.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), tolerance, tolerance)
    found, expected = my_optimizer.state_dict(), their_optimizer.state_dict()
    assert {k: sorted(v) for k, v in found["state"].items()} == {k: sorted(v) for k, v in expected["state"].items()}
    assert [sorted(g) for g in found["param_groups"]] == [sorted(g) for g in expected["param_groups"]]


def test_sparse_adam_refuses_dense_gradients_as_pytorchs_does() -> None:
    for engine in (gs, torch):
        p = engine.nn.Parameter(engine.ones(2))
        p.grad = engine.ones(2)
        with pytest.raises(RuntimeError, match="SparseAdam does not support dense gradients, please consider Adam instead"):
            engine.optim.SparseAdam([p]).step()


def refused(engine: Any, name: str, wrong: Any, on_step: bool) -> tuple[str, str]:
    """The type and the first words of the error, or of the warning, that construction or a step ends in."""
    given = wrong if engine is torch else ours(wrong)
    params = [engine.nn.Parameter(engine.ones(2, 2))] if given[0] is None else given[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            optimizer = getattr(engine.optim, name)(params, **given[1])
            if on_step:
                optimizer.step()
        except Exception as error:
            return type(error).__name__, str(error)[:60]
    return "", ""


def mistakes() -> list[Any]:
    return [
        pytest.param(name, number, id=f"{name}-{wrong.optimizer_error_input.desc}")
        for name, info in INFOS.items()
        for number, wrong in enumerate(info.optim_error_inputs_func("cpu", torch.float64))
        if "dense params" not in wrong.optimizer_error_input.desc  # sparse tensors
    ]


@pytest.mark.parametrize(("name", "number"), mistakes())
def test_mistakes_of_the_database_are_refused_in_pytorchs_words(name: str, number: int) -> None:
    wrong = INFOS[name].optim_error_inputs_func("cpu", torch.float64)[number]
    given = (wrong.optimizer_error_input.params, wrong.optimizer_error_input.kwargs)
    on_step = wrong.error_on is OptimizerErrorEnum.STEP_ERROR
    expected = refused(torch, name, given, on_step)
    assert expected != ("", "")
    assert refused(gs, name, given, on_step) == expected
