"""Orthogonal weights, fused layers, lazy layers and the adaptive softmax against PyTorch's: values, names, words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest
import torch

import gradstep.engine as ours


def plain(value: Any) -> Any:
    """A value of either engine as lists of rounded numbers and texts."""
    if hasattr(value, "detach"):
        return numpy.round(value.detach().double().numpy(), 4).__add__(0.0).tolist()
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    if isinstance(value, float):
        return round(value, 4)
    return value if isinstance(value, (int, bool, type(None))) else str(value)


def normalised(m: Any) -> Any:
    norm = m.nn.BatchNorm2d(3)
    norm.running_mean.fill_(0.3)
    norm.running_var.fill_(2.0)
    norm.weight.data.fill_(1.5)
    return norm


def adaptive(m: Any) -> Any:
    return m.nn.AdaptiveLogSoftmaxWithLoss(8, 10, [3, 6], div_value=2.0, head_bias=True)


def waited(m: Any, layer: Any, x: Any) -> Any:
    """What a lazy layer shows before and after its first input, and what it has then."""
    before = str(layer)
    out = layer(x)
    return [before, str(layer), list(layer.state_dict()), out, list(layer.state_dict().values())]


def loaded(m: Any) -> Any:
    first, second, third = m.nn.LazyLinear(3), m.nn.LazyLinear(3), m.nn.LazyLinear(3)
    second.load_state_dict(first.state_dict())
    waiting = repr(second.weight)
    first(m.ones(1, 2))
    third.load_state_dict(first.state_dict())
    return [waiting, first.weight, third.weight, third(m.ones(1, 2)), str(third)]


P: list[Callable[[Any], Any]] = [
    lambda m: m.nn.utils.parametrizations.orthogonal(m.nn.Linear(3, 3)).weight,
    lambda m: m.nn.utils.parametrizations.orthogonal(m.nn.Linear(4, 3), orthogonal_map="cayley").weight,
    lambda m: m.nn.utils.parametrizations.orthogonal(m.nn.Linear(3, 4)).weight,
    lambda m: m.nn.utils.parametrizations.orthogonal(m.nn.Linear(3, 4), use_trivialization=False).weight,
    lambda m: list(m.nn.utils.parametrizations.orthogonal(m.nn.Linear(3, 4)).state_dict()),
    lambda m: m.nn.utils.fuse_conv_bn_eval(m.nn.Conv2d(2, 3, 3).eval(), normalised(m).eval())(m.ones(1, 2, 3, 3)),
    lambda m: m.nn.utils.fuse_conv_bn_eval(m.nn.ConvTranspose2d(2, 3, 3, bias=False).eval(), normalised(m).eval(), True).bias,
    lambda m: m.nn.utils.fuse_linear_bn_eval(m.nn.Linear(2, 3).eval(), m.nn.BatchNorm1d(3).eval())(m.ones(1, 2)),
    lambda m: (m.nn.utils.skip_init(m.nn.Linear, 3, 4).weight.shape, m.rand(2)),
    lambda m: [str(m.nn.DataParallel(m.nn.Linear(2, 2))), list(m.nn.DataParallel(m.nn.Linear(2, 2)).state_dict())],
    lambda m: [str(adaptive(m)), *adaptive(m)(m.randn(5, 8), m.tensor([0, 4, 9, 2, 7]))],
    lambda m: adaptive(m).log_prob(m.randn(2, 8)),
    lambda m: adaptive(m).predict(m.randn(6, 8)),
    lambda m: list(adaptive(m)(m.randn(8), m.tensor(4))),
    lambda m: waited(m, m.nn.LazyLinear(3), m.ones(1, 2)),
    lambda m: waited(m, m.nn.LazyConv2d(4, 3, groups=2), m.ones(1, 2, 5, 5)),
    lambda m: waited(m, m.nn.LazyConvTranspose1d(4, 3, padding=1), m.ones(2, 5)),
    lambda m: waited(m, m.nn.LazyBatchNorm2d(), m.randn(2, 3, 4, 4)),
    lambda m: waited(m, m.nn.LazyInstanceNorm1d(affine=False), m.randn(2, 3, 4)),
    loaded,
]


@pytest.mark.parametrize("program", P, ids=range(len(P)))
def test_the_results_are_pytorchs(program: Callable[[Any], Any]) -> None:
    found = []
    for engine in (torch, ours):
        engine.manual_seed(0)
        found.append(plain(program(engine)))
    assert found[1] == found[0]


MISTAKES: list[Callable[[Any], Any]] = [
    lambda m: m.nn.utils.parametrizations.orthogonal(m.nn.Linear(3, 3), "bias"),
    lambda m: m.nn.utils.parametrizations.orthogonal(m.nn.Linear(3, 3), orthogonal_map="qr"),
    lambda m: m.nn.utils.parametrizations.orthogonal(m.nn.ReLU()),
    lambda m: m.nn.utils.fuse_conv_bn_eval(m.nn.Conv2d(2, 3, 3), normalised(m)),
    lambda m: m.nn.utils.skip_init(m.nn.ReLU),
    lambda m: m.nn.AdaptiveLogSoftmaxWithLoss(8, 10, [6, 3]),
    lambda m: m.nn.AdaptiveLogSoftmaxWithLoss(8, 10, []),
    lambda m: adaptive(m)(m.zeros(2, 8), m.tensor([3, 11])),
    lambda m: adaptive(m)(m.zeros(8), m.tensor([3])),
    lambda m: m.nn.LazyLinear(3).weight.shape,
    lambda m: m.nn.LazyConv2d(4, 3, groups=2)(m.ones(1, 3, 5, 5)),
    lambda m: m.nn.LazyConv2d(4, 3)(m.ones(3, 5)),
    lambda m: m.nn.FractionalMaxPool2d(2),
    lambda m: m.nn.FractionalMaxPool2d(2, output_ratio=1.5),
    lambda m: m.nn.functional.fractional_max_pool2d(m.zeros(3, 3, 3), 2, output_size=4),
]


@pytest.mark.parametrize("wrong", MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_told_in_pytorchs_words(wrong: Callable[[Any], Any]) -> None:
    messages = []
    for engine in (torch, ours):
        with pytest.raises((RuntimeError, ValueError, AssertionError)) as error:
            wrong(engine)
        messages.append((error.type.__name__, str(error.value)))
    assert messages[1] == messages[0]


def test_an_orthogonal_weight_stays_orthogonal_while_it_learns() -> None:
    layer = ours.nn.utils.parametrizations.orthogonal(ours.nn.Linear(4, 3))
    optimizer = ours.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        layer(ours.randn(5, 4)).square().sum().backward()
        optimizer.step()
    numpy.testing.assert_allclose((layer.weight @ layer.weight.mT).detach().numpy(), numpy.eye(3), atol=1e-5)
