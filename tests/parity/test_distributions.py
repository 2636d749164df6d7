"""torch.distributions against PyTorch's: samples from the same seed, log probabilities, moments, divergences, gradients, words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest
import torch
import torch.distributions

import gradstep.engine as ours

random = numpy.random.default_rng(2)
LOC, SCALE, POSITIVE = random.standard_normal((3, 2)), random.uniform(0.5, 2, (3, 2)), random.uniform(0.3, 4, (3, 2))
LOGITS, CHANCES = random.standard_normal((3, 4)), random.uniform(0.1, 0.9, (3, 4))
FACTOR = numpy.tril(random.standard_normal((3, 3)), -1) + numpy.diag([1.0, 0.5, 2.0])

Made = Callable[..., Any]  # (distributions, parameters as tensors) -> distribution
CASES: dict[str, tuple[Made, tuple[Any, ...]]] = {
    "Normal": (lambda d, a, b: d.Normal(a, b), (LOC, SCALE)),
    "Normal of numbers": (lambda d: d.Normal(0.5, 2.0), ()),
    "Laplace": (lambda d, a, b: d.Laplace(a, b), (LOC, SCALE)),
    "Cauchy": (lambda d, a, b: d.Cauchy(a, b), (LOC, SCALE)),
    "Uniform": (lambda d, a, b: d.Uniform(a, a + b), (LOC, SCALE)),
    "Exponential": (lambda d, a: d.Exponential(a), (SCALE,)),
    "LogNormal": (lambda d, a, b: d.LogNormal(a, b), (LOC, SCALE)),
    "HalfNormal": (lambda d, a: d.HalfNormal(a), (SCALE,)),
    "Gumbel": (lambda d, a, b: d.Gumbel(a, b), (LOC, SCALE)),
    "Gamma": (lambda d, a, b: d.Gamma(a, b), (POSITIVE, SCALE)),
    "Chi2": (lambda d, a: d.Chi2(a), (POSITIVE,)),
    "StudentT": (lambda d, a, b, c: d.StudentT(a + 2, b, c), (POSITIVE, LOC, SCALE)),
    "Beta": (lambda d, a, b: d.Beta(a, b), (POSITIVE, SCALE)),
    "Dirichlet": (lambda d, a: d.Dirichlet(a), (POSITIVE,)),
    "Bernoulli": (lambda d, a: d.Bernoulli(logits=a), (LOGITS,)),
    "Bernoulli by probs": (lambda d, a: d.Bernoulli(probs=a), (CHANCES,)),
    "Bernoulli of a number": (lambda d: d.Bernoulli(0.3), ()),
    "Geometric": (lambda d, a: d.Geometric(probs=a), (CHANCES,)),
    "Poisson": (lambda d, a: d.Poisson(3 * a), (POSITIVE,)),
    "Categorical": (lambda d, a: d.Categorical(logits=a), (LOGITS,)),
    "Categorical by probs": (lambda d, a: d.Categorical(a), (CHANCES,)),
    "OneHotCategorical": (lambda d, a: d.OneHotCategorical(logits=a), (LOGITS,)),
    "straight through": (lambda d, a: d.OneHotCategoricalStraightThrough(logits=a), (LOGITS,)),
    "MultivariateNormal": (lambda d, a, b: d.MultivariateNormal(a, scale_tril=b), (LOC.T, FACTOR)),
    "of a covariance": (lambda d, a, b: d.MultivariateNormal(a, covariance_matrix=b @ b.mT), (LOC.T, FACTOR)),
    "of a precision": (lambda d, a, b: d.MultivariateNormal(a, precision_matrix=b @ b.mT), (LOC.T, FACTOR)),
    "Independent": (lambda d, a, b: d.Independent(d.Normal(a, b), 1), (LOC, SCALE)),
    "tanh": (lambda d, a, b: d.TransformedDistribution(d.Normal(a, b), [d.TanhTransform(cache_size=1)]), (LOC, SCALE)),
    "composed": (
        lambda d, a, b: d.TransformedDistribution(d.Normal(a, b), [d.AffineTransform(a, 2.0), d.SigmoidTransform()]), (LOC, SCALE)
    ),
    "expanded": (lambda d, a, b: d.Normal(a, b).expand((4, 3, 2)), (LOC, SCALE)),
    "expanded choices": (lambda d, a: d.Categorical(logits=a).expand((2, 3)), (LOGITS,)),
}  # fmt: skip
NOT_SAMPLED_ALIKE = {"Poisson"}  # the rates' products are not the same to the last bit


def parameters(engine: Any, values: tuple[Any, ...]) -> list[Any]:
    return [engine.tensor(v).requires_grad_() for v in values]


def equal(mine: Any, theirs: Any, tolerance: float = 1e-10) -> None:
    assert tuple(mine.shape) == tuple(theirs.shape)
    assert str(mine.dtype) == str(theirs.dtype)
    numpy.testing.assert_allclose(mine.detach().numpy(), theirs.detach().numpy(), tolerance, tolerance)


def both(name: str) -> list[tuple[Any, list[Any], Any]]:
    make, values = CASES[name]
    found = []
    for engine in (ours, torch):
        given = parameters(engine, values)
        found.append((engine, given, make(engine.distributions, *given)))
    return found


@pytest.mark.parametrize("name", [n for n in CASES if n not in NOT_SAMPLED_ALIKE])
def test_samples_of_a_seed_are_pytorchs(name: str) -> None:
    drawn = []
    for engine, _, distribution in both(name):
        engine.manual_seed(11)
        drawn.append([distribution.sample(), distribution.sample((5,)), engine.rand(2)])
    for mine, theirs in zip(*drawn, strict=True):
        assert not mine.requires_grad
        equal(mine, theirs)


@pytest.mark.parametrize("name", [n for n in CASES if n not in ("Beta", "Dirichlet")])
def test_gradients_pass_samples_as_pytorchs(name: str) -> None:
    (mine, my_parameters, my_distribution), (theirs, their_parameters, their_distribution) = both(name)
    assert my_distribution.has_rsample == their_distribution.has_rsample
    if not their_distribution.has_rsample:
        with pytest.raises(NotImplementedError):
            my_distribution.rsample()
        return
    gradients = []
    for engine, given, distribution in ((mine, my_parameters, my_distribution), (theirs, their_parameters, their_distribution)):
        engine.manual_seed(3)
        sample = distribution.rsample((4,))
        weights = engine.arange(sample.numel(), dtype=sample.dtype).reshape(sample.shape)
        loss = (sample * weights).sum()
        gradients.append(engine.autograd.grad(loss, given) if given else ())
        equal(sample, sample) if engine is ours else None
    tolerance = 2e-3 if name in ("Gamma", "Chi2", "StudentT") else 1e-9  # PyTorch approximates the slope of gamma samples
    for a, b in zip(*gradients, strict=True):
        equal(a, b, tolerance)


@pytest.mark.parametrize("name", CASES)
def test_log_probabilities_and_their_gradients_are_pytorchs(name: str) -> None:
    (mine, my_parameters, my_distribution), (_, their_parameters, their_distribution) = both(name)
    torch.manual_seed(5)
    value = their_distribution.sample((3,))
    a, b = my_distribution.log_prob(mine.tensor(value.numpy())), their_distribution.log_prob(value)
    equal(a, b)
    if my_parameters:
        found = mine.autograd.grad(a.sum(), my_parameters, allow_unused=True)
        for g, h in zip(found, torch.autograd.grad(b.sum(), their_parameters, allow_unused=True), strict=True):
            assert (g is None) == (h is None)
            if h is not None:
                equal(g, h)


def outcome(get: Callable[[], Any]) -> Any:
    """A value, or the type of error that there is instead of one."""
    try:
        return get()
    except (NotImplementedError, AttributeError) as error:
        return NotImplementedError if isinstance(error, NotImplementedError) else AttributeError


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("what", ["mean", "mode", "variance", "stddev", "entropy", "enumerate_support", "batch_shape", "event_shape"])
def test_moments_and_shapes_are_pytorchs(name: str, what: str) -> None:
    def value(distribution: Any) -> Any:
        got = getattr(distribution, what)
        return got() if callable(got) else got

    (_, _, mine), (_, _, theirs) = both(name)
    a, b = outcome(lambda: value(mine)), outcome(lambda: value(theirs))
    if isinstance(b, torch.Tensor):
        equal(a, b)
    else:
        assert a == b


@pytest.mark.parametrize("name", [n for n in CASES if n not in ("Poisson", "Geometric", "Gamma", "Chi2")])
def test_probabilities_below_a_value_are_pytorchs(name: str) -> None:
    (mine, _, a), (_, _, b) = both(name)
    torch.manual_seed(5)
    value = b.sample()
    for get in ("cdf", "icdf"):
        given = value if get == "cdf" else torch.full(value.shape, 0.3, dtype=value.dtype)
        found = outcome(lambda get=get, given=given: getattr(a, get)(mine.tensor(given.numpy())))
        expected = outcome(lambda get=get, given=given: getattr(b, get)(given))
        if isinstance(expected, torch.Tensor):
            equal(found, expected)
        else:
            assert found == expected


@pytest.mark.parametrize("name", [n for n in CASES if n not in ("Cauchy", "Chi2", "StudentT", "Gumbel")])
def test_divergences_are_pytorchs(name: str) -> None:
    found = []
    for engine in (ours, torch):
        make, values = CASES[name]
        first, second = parameters(engine, values), parameters(engine, tuple(v * 0.9 for v in values))
        p, q = make(engine.distributions, *first), make(engine.distributions, *second)
        found.append((outcome(lambda p=p, q=q, engine=engine: engine.distributions.kl_divergence(p, q)), first + second, engine))
    (a, mine, _), (b, theirs, _) = found
    if not isinstance(b, torch.Tensor):
        assert a == b
        return
    equal(a, b)
    if mine:
        for g, h in zip(ours.autograd.grad(a.sum(), mine), torch.autograd.grad(b.sum(), theirs), strict=True):
            equal(g, h)


MISTAKES: list[Callable[[Any], Any]] = [
    lambda m: m.distributions.Normal(m.zeros(2), -m.ones(2)),
    lambda m: m.distributions.Normal(0.0, -1.0),
    lambda m: m.distributions.Normal("a", 1.0),
    lambda m: m.distributions.Uniform(1.0, 0.0),
    lambda m: m.distributions.Bernoulli(),
    lambda m: m.distributions.Bernoulli(probs=m.tensor([0.5, 1.5])),
    lambda m: m.distributions.Categorical(probs=m.tensor(0.5)),
    lambda m: m.distributions.Categorical(probs=m.tensor([0.5, -0.5, 1.0])),
    lambda m: m.distributions.Categorical(logits=m.zeros(3)).log_prob(m.tensor(3)),
    lambda m: m.distributions.Normal(m.zeros(2), m.ones(2)).log_prob(1.0),
    lambda m: m.distributions.Normal(m.zeros(2), m.ones(2)).log_prob(m.zeros(3)),
    lambda m: m.distributions.Normal(0.0, 1.0).log_prob(m.tensor(float("nan"))),
    lambda m: m.distributions.Dirichlet(m.ones(3)).log_prob(m.ones(3)),
    lambda m: m.distributions.Independent(m.distributions.Normal(0.0, 1.0), 1),
    lambda m: m.distributions.MultivariateNormal(m.zeros(2)),
    lambda m: m.distributions.MultivariateNormal(m.zeros(2), covariance_matrix=-m.eye(2)),
    lambda m: m.distributions.kl_divergence(m.distributions.Uniform(0.0, 1.0), m.distributions.Bernoulli(0.5)),
    lambda m: m.distributions.TransformedDistribution(m.distributions.Normal(0.0, 1.0), 3),
]


@pytest.mark.parametrize("wrong", MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_told_in_pytorchs_words(wrong: Callable[[Any], Any]) -> None:
    messages = []
    for engine in (torch, ours):
        with pytest.raises((ValueError, NotImplementedError)) as error:
            wrong(engine)
        messages.append((error.type.__name__, str(error.value)))
    assert messages[1] == messages[0]


@pytest.mark.parametrize("name", [n for n in CASES if n not in ("tanh", "composed")])
def test_a_distribution_shows_itself_as_pytorchs(name: str) -> None:
    (_, _, mine), (_, _, theirs) = both(name)
    assert repr(mine) == repr(theirs)
