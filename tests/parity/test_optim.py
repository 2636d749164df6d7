"""Every optimizer and schedule against PyTorch's, over several steps: parameters, states, groups."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy
import pytest
import torch

import gradstep.engine as ours

rand = numpy.random.default_rng(3)
SHAPES = [(3, 4), (5,), ()]
START = [rand.standard_normal(shape) for shape in SHAPES]
GRADS = [[rand.standard_normal(shape) for shape in SHAPES] for _ in range(8)]

OPTIMIZERS = [
    "SGD(p)",
    "SGD(p, lr=0.1, momentum=0.9)",
    "SGD(p, lr=0.1, momentum=0.9, dampening=0.5, weight_decay=0.01)",
    "SGD(p, lr=0.1, momentum=0.9, nesterov=True, maximize=True)",
    "Adam(p)",
    "Adam(p, lr=0.1, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.1)",
    "Adam(p, amsgrad=True, maximize=True)",
    "Adam(p, weight_decay=0.1, decoupled_weight_decay=True)",
    "AdamW(p, lr=0.01)",
    "AdamW(p, amsgrad=True, weight_decay=0.3)",
    "Adamax(p)",
    "Adamax(p, weight_decay=0.1, maximize=True)",
    "Adagrad(p)",
    "Adagrad(p, lr_decay=0.1, weight_decay=0.1, initial_accumulator_value=0.5)",
    "Adadelta(p)",
    "Adadelta(p, rho=0.5, weight_decay=0.1, maximize=True)",
    "RMSprop(p)",
    "RMSprop(p, momentum=0.9, centered=True, weight_decay=0.1)",
    "RMSprop(p, centered=True, alpha=0.5)",
    "NAdam(p)",
    "NAdam(p, weight_decay=0.1, decoupled_weight_decay=True, momentum_decay=0.1)",
    "NAdam(p, weight_decay=0.1, maximize=True)",
    "RAdam(p)",
    "RAdam(p, weight_decay=0.1, decoupled_weight_decay=True, betas=(0.9, 0.9))",
    "RAdam(p, weight_decay=0.1, maximize=True, betas=(0.9, 0.9))",
    "ASGD(p, lr=0.1, t0=2)",
    "ASGD(p, weight_decay=0.1, maximize=True)",
    "Rprop(p)",
    "Rprop(p, etas=(0.4, 1.5), step_sizes=(1e-3, 0.02), maximize=True)",
    "SGD([{'params': p[:1], 'lr': 0.5}, {'params': p[1:]}], momentum=0.5)",
    "Adam([('first', p[0]), ('second', p[1])])",
]


def parameters(module: Any, kind: str = "float32") -> list[Any]:
    return [module.tensor(value, dtype=getattr(module, kind)).requires_grad_() for value in START]


def build(module: Any, text: str, params: list[Any]) -> Any:
    scope = {"p": params, **{n: getattr(module.optim, n) for n in dir(module.optim) if n[0].isupper()}}
    return eval(text, scope)


def run(module: Any, text: str, kind: str = "float32") -> tuple[list[Any], Any]:
    params = parameters(module, kind)
    optimizer = build(module, text, params)
    for step, grads in enumerate(GRADS):
        for number, (p, g) in enumerate(zip(params, grads, strict=True)):
            p.grad = None if (step, number) == (3, 1) else module.tensor(g, dtype=p.dtype)
        optimizer.step()
    return params, optimizer


def near(mine: Any, theirs: Any) -> None:
    """Equal but for the rounding of single operations: PyTorch's kernels fuse products and sums, on some machines."""
    assert str(mine.dtype) == str(theirs.dtype)
    assert tuple(mine.shape) == tuple(theirs.shape)
    tolerance = 1e-5 if str(mine.dtype) == "torch.float32" else 1e-12
    numpy.testing.assert_allclose(mine.detach().numpy(), theirs.detach().numpy(), rtol=tolerance, atol=tolerance / 10)


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("text", OPTIMIZERS)
def test_optimizer_takes_pytorchs_steps(text: str, kind: str) -> None:
    theirs, their_optimizer = run(torch, text, kind)
    mine, my_optimizer = run(ours, text, kind)
    for a, b in zip(theirs, mine, strict=True):
        near(b, a)
    expected, found = their_optimizer.state_dict(), my_optimizer.state_dict()
    assert found["param_groups"] == expected["param_groups"]
    assert [list(g) for g in found["param_groups"]] == [list(g) for g in expected["param_groups"]]
    assert {k: list(v) for k, v in found["state"].items()} == {k: list(v) for k, v in expected["state"].items()}
    for number, values in expected["state"].items():
        for key, value in values.items():
            if value is None or isinstance(value, (int, float)):
                assert found["state"][number][key] == value
            else:
                near(found["state"][number][key], value)
    assert repr(my_optimizer) == repr(their_optimizer)
    assert my_optimizer.defaults == their_optimizer.defaults


@pytest.mark.parametrize("text", [t for t in OPTIMIZERS if "first" not in t])
def test_optimizer_goes_on_from_pytorchs_state(text: str) -> None:
    theirs, their_optimizer = run(torch, text)
    mine, _ = run(ours, text)
    fresh = build(ours, text, mine)

    def brought(state: Any) -> Any:
        if isinstance(state, torch.Tensor):
            return ours.tensor(state.numpy())
        if isinstance(state, dict):
            return {k: brought(v) for k, v in state.items()}
        return [brought(v) for v in state] if isinstance(state, list) else state

    fresh.load_state_dict(brought(their_optimizer.state_dict()))
    for params, optimizer, module in ((theirs, their_optimizer, torch), (mine, fresh, ours)):
        for p, g in zip(params, GRADS[0], strict=True):
            p.grad = module.tensor(g, dtype=p.dtype)
        optimizer.step()
    for a, b in zip(theirs, mine, strict=True):
        near(b, a)


@pytest.mark.parametrize("text", ["LBFGS(p)", "LBFGS(p, lr=0.3, max_iter=7, history_size=3)", "LBFGS(p, line_search_fn='strong_wolfe')"])
def test_lbfgs_takes_pytorchs_steps(text: str) -> None:
    ends = []
    for module in (torch, ours):
        params = parameters(module, "float64")
        optimizer = build(module, text, params)

        def closure(module: Any = module, params: list[Any] = params, optimizer: Any = optimizer) -> Any:
            optimizer.zero_grad()
            loss = sum(((p - 1) ** 4).sum() + (p * p.exp()).sum() for p in params)
            loss.backward()
            return loss

        losses = [optimizer.step(closure).detach().item() for _ in range(4)]
        state = optimizer.state_dict()["state"][0]
        ends.append((losses, [p.detach().numpy() for p in params], sorted(state), state["func_evals"], state["n_iter"]))
    numpy.testing.assert_allclose(ends[1][0], ends[0][0], rtol=1e-10)
    for a, b in zip(ends[0][1], ends[1][1], strict=True):
        numpy.testing.assert_allclose(b, a, rtol=1e-9, atol=1e-9)
    assert ends[1][2:] == ends[0][2:]


ERRORS: list[Callable[[Any], Any]] = [
    lambda m: m.optim.SGD(m.ones(2, requires_grad=True)),
    lambda m: m.optim.SGD([]),
    lambda m: m.optim.SGD([1.0]),
    lambda m: m.optim.SGD([m.ones(2)], lr=-1),
    lambda m: m.optim.SGD([m.ones(2)], momentum=-1.0),
    lambda m: m.optim.SGD([m.ones(2)], weight_decay=-1.0),
    lambda m: m.optim.SGD([m.ones(2)], nesterov=True),
    lambda m: m.optim.SGD([m.ones(2, requires_grad=True) * 2]),
    lambda m: (lambda p: m.optim.SGD([{"params": [p]}, {"params": [p]}]))(m.ones(2)),
    lambda m: m.optim.SGD([{"params": {m.ones(2)}}]),
    lambda m: m.optim.Adam([m.ones(2)], betas=(1.0, 0.9)),
    lambda m: m.optim.Adam([m.ones(2)], betas=(0.9, -1.0)),
    lambda m: m.optim.Adam([m.ones(2)], eps=-1.0),
    lambda m: m.optim.RMSprop([m.ones(2)], alpha=-1.0),
    lambda m: m.optim.Adadelta([m.ones(2)], rho=2.0),
    lambda m: m.optim.Adagrad([m.ones(2)], lr_decay=-1.0),
    lambda m: m.optim.Adamax([m.ones(2)], betas=(1.0, 0.9)),
    lambda m: m.optim.NAdam([m.ones(2)], momentum_decay=-1.0),
    lambda m: m.optim.RAdam([m.ones(2)], betas=(0.9, 1.0)),
    lambda m: m.optim.Rprop([m.ones(2)], etas=(1.5, 1.2)),
    lambda m: m.optim.LBFGS([{"params": [m.ones(2)]}, {"params": [m.ones(2)]}]),
    lambda m: m.optim.LBFGS([m.ones(2)], lr=-1.0),
    lambda m: m.optim.SGD([m.ones(2)]).load_state_dict({"state": {}, "param_groups": []}),
    lambda m: m.optim.SGD([m.ones(2)]).load_state_dict({"state": {}, "param_groups": [{"params": [0, 1]}]}),
    lambda m: m.optim.lr_scheduler.StepLR(3, 2),
    lambda m: m.optim.lr_scheduler.StepLR(m.optim.SGD([m.ones(2)]), 2, last_epoch=3),
    lambda m: m.optim.lr_scheduler.LambdaLR(m.optim.SGD([m.ones(2)]), [lambda e: 1, lambda e: 2]),
    lambda m: m.optim.lr_scheduler.ConstantLR(m.optim.SGD([m.ones(2)]), factor=2.0),
    lambda m: m.optim.lr_scheduler.LinearLR(m.optim.SGD([m.ones(2)]), start_factor=0.0),
    lambda m: m.optim.lr_scheduler.OneCycleLR(m.optim.SGD([m.ones(2)], momentum=0.9), max_lr=1.0),
    lambda m: m.optim.lr_scheduler.OneCycleLR(m.optim.Adagrad([m.ones(2)]), max_lr=1.0, total_steps=3),
    lambda m: m.optim.lr_scheduler.CosineAnnealingWarmRestarts(m.optim.SGD([m.ones(2)]), 0),
    lambda m: m.optim.lr_scheduler.ReduceLROnPlateau(m.optim.SGD([m.ones(2)]), factor=1.5),
    lambda m: m.optim.lr_scheduler.ReduceLROnPlateau(m.optim.SGD([m.ones(2)]), mode="best"),
]


@pytest.mark.parametrize("wrong", ERRORS, ids=range(len(ERRORS)))
def test_mistake_is_told_in_pytorchs_words(wrong: Callable[[Any], Any]) -> None:
    with pytest.raises(Exception) as theirs:  # noqa: PT011
        wrong(torch)
    with pytest.raises(type(theirs.value)) as mine:
        wrong(ours)
    assert str(mine.value).split()[:6] == str(theirs.value).split()[:6]


SCHEDULES = [
    "LambdaLR(o, lambda e: 0.9**e)",
    "LambdaLR(o, [lambda e: 0.9**e, lambda e: e + 1])",
    "MultiplicativeLR(o, lambda e: 0.95)",
    "StepLR(o, 4)",
    "StepLR(o, 3, gamma=0.5)",
    "MultiStepLR(o, [3, 3, 7, 20], gamma=0.3)",
    "ConstantLR(o)",
    "ConstantLR(o, factor=0.5, total_iters=9)",
    "LinearLR(o)",
    "LinearLR(o, start_factor=0.1, end_factor=0.7, total_iters=13)",
    "ExponentialLR(o, 0.9)",
    "PolynomialLR(o)",
    "PolynomialLR(o, total_iters=12, power=2.0)",
    "CosineAnnealingLR(o, 7)",
    "CosineAnnealingLR(o, 10, eta_min=0.01)",
    "CosineAnnealingWarmRestarts(o, 4)",
    "CosineAnnealingWarmRestarts(o, 3, T_mult=2, eta_min=0.01)",
    "OneCycleLR(o, 1.0, total_steps=31)",
    "OneCycleLR(o, [1.0, 2.0], epochs=4, steps_per_epoch=10, anneal_strategy='linear', three_phase=True)",
    "CyclicLR(o, 0.01, 0.1, step_size_up=4)",
    "CyclicLR(o, 0.01, [0.1, 0.3], step_size_up=3, step_size_down=5, mode='triangular2')",
    "CyclicLR(o, 0.01, 0.1, step_size_up=4, mode='exp_range', gamma=0.9)",
    "SequentialLR(o, [ConstantLR(o, factor=0.1, total_iters=4), ExponentialLR(o, 0.9)], milestones=[5])",
    "SequentialLR(o, [LinearLR(o, 0.1, total_iters=4), CosineAnnealingLR(o, 8), StepLR(o, 3)], milestones=[4, 12])",
    "ChainedScheduler([ConstantLR(o, factor=0.1, total_iters=4), ExponentialLR(o, 0.9)])",
    "ReduceLROnPlateau(o, patience=2, cooldown=1)",
    "ReduceLROnPlateau(o, mode='max', factor=0.5, patience=1, threshold=0.2, threshold_mode='abs', min_lr=[0.01, 0.02])",
]


def rates(module: Any, text: str, resume: bool) -> tuple[list[Any], list[str]]:
    params = parameters(module)
    optimizer = module.optim.SGD([{"params": params[:1]}, {"params": params[1:], "lr": 0.3}], lr=0.2, momentum=0.9)

    def make() -> Any:
        return eval(text, {"o": optimizer, **vars(module.optim.lr_scheduler)})

    scheduler = make()
    found = []
    for epoch in range(30):
        optimizer.step()
        if "Plateau" in text:
            scheduler.step(math.cos(epoch / 4.0))
        else:
            scheduler.step()
        found.append((epoch, [g["lr"] for g in optimizer.param_groups], scheduler.get_last_lr(), optimizer.param_groups[0]["momentum"]))
        if resume and epoch == 13:
            state, groups = scheduler.state_dict(), optimizer.state_dict()
            scheduler = make()
            optimizer.load_state_dict(groups)
            scheduler.load_state_dict(state)
    return found, sorted(scheduler.state_dict())


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("text", SCHEDULES)
def test_schedule_has_pytorchs_rates(text: str, resume: bool) -> None:
    theirs, mine = rates(torch, text, resume), rates(ours, text, resume)
    assert mine[0] == theirs[0]
    assert mine[1] == theirs[1]


def test_scheduler_before_optimizer_warns_as_pytorch() -> None:
    for module in (torch, ours):
        optimizer = module.optim.SGD(parameters(module))
        scheduler = module.optim.lr_scheduler.StepLR(optimizer, 2)
        with pytest.warns(UserWarning, match=r"Detected call of `lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
            scheduler.step()
