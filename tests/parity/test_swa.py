"""torch.optim.swa_utils against PyTorch's: the same averages, rates and statistics from the same training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest
import torch

import gradstep.engine as ours

OPTIONS: list[Callable[[Any], dict[str, Any]]] = [
    lambda swa: {},
    lambda swa: {"avg_fn": swa.get_ema_avg_fn(0.9)},
    lambda swa: {"multi_avg_fn": swa.get_ema_multi_avg_fn(0.9)},
    lambda swa: {"multi_avg_fn": swa.get_swa_multi_avg_fn()},
    lambda swa: {"avg_fn": swa.get_swa_avg_fn(), "use_buffers": True},
    lambda swa: {"use_buffers": True},
]


def trained(engine: Any, options: Callable[[Any], dict[str, Any]], schedule: dict[str, Any]) -> tuple[list[float], dict[str, Any]]:
    """The rates of six steps, and the averaged model's state after them and after ``update_bn``."""
    swa = engine.optim.swa_utils
    engine.manual_seed(0)
    model = engine.nn.Sequential(engine.nn.Linear(3, 4), engine.nn.BatchNorm1d(4), engine.nn.Linear(4, 1))
    averaged = swa.AveragedModel(model, **options(swa))
    optimizer = engine.optim.SGD(model.parameters(), lr=0.1)
    scheduler = swa.SWALR(optimizer, **schedule)
    rates = []
    for _ in range(6):
        optimizer.zero_grad()
        (model(engine.randn(8, 3)) ** 2).mean().backward()
        optimizer.step()
        averaged.update_parameters(model)
        scheduler.step()
        rates += scheduler.get_last_lr()
    swa.update_bn([(engine.randn(8, 3), 1) for _ in range(4)], averaged)
    return rates, {k: v.double().numpy() for k, v in averaged.state_dict().items()}


@pytest.mark.parametrize("schedule", [{"swa_lr": 0.05, "anneal_epochs": 3}, {"swa_lr": [0.2], "anneal_strategy": "linear"}])
@pytest.mark.parametrize("options", OPTIONS, ids=range(len(OPTIONS)))
def test_an_average_is_pytorchs(options: Callable[[Any], dict[str, Any]], schedule: dict[str, Any]) -> None:
    rates, state = trained(ours, options, schedule)
    expected_rates, expected = trained(torch, options, schedule)
    assert rates == pytest.approx(expected_rates, rel=1e-12)
    assert list(state) == list(expected)
    for name, value in state.items():
        numpy.testing.assert_allclose(value, expected[name], 1e-5, 1e-6, err_msg=name)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda m, o: m.optim.swa_utils.get_ema_avg_fn(1.5),
        lambda m, o: m.optim.swa_utils.get_ema_multi_avg_fn(-1.0),
        lambda m, o: m.optim.swa_utils.SWALR(o, 0.1, anneal_strategy="exp"),
        lambda m, o: m.optim.swa_utils.SWALR(o, 0.1, anneal_epochs=-1),
        lambda m, o: m.optim.swa_utils.SWALR(o, [0.1, 0.2]),
        lambda m, o: m.optim.swa_utils.AveragedModel(m.nn.Linear(1, 1), avg_fn=max, multi_avg_fn=max),
    ],
    ids=range(6),
)
def test_a_mistake_is_told_in_pytorchs_words(wrong: Callable[[Any, Any], Any]) -> None:
    messages = []
    for engine in (torch, ours):
        optimizer = engine.optim.SGD([engine.ones(2)], lr=0.1)
        with pytest.raises((ValueError, AssertionError)) as error:
            wrong(engine, optimizer)
        messages.append(f"{error.type.__name__}: {error.value}")
    assert messages[1] == messages[0]


def test_asking_for_the_next_rate_warns_who_wanted_the_last() -> None:
    for engine in (torch, ours):
        optimizer = engine.optim.SGD([engine.ones(2)], lr=0.1)
        scheduler = engine.optim.lr_scheduler.StepLR(optimizer, 2)
        with pytest.warns(UserWarning, match=r"please use `get_last_lr\(\)`"):
            scheduler.get_lr()
