"""Losses against PyTorch: values, graphs, gradients, every reduction, weights, warnings and errors."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import gradstep.engine as gs

from .compare import agree, fail_alike, functional

torch = pytest.importorskip("torch")

REDUCTIONS = ["none", "mean", "sum"]
KINDS = ["float64", "float32"]
random = numpy.random.default_rng(3)


def normal(*shape: int) -> Any:
    return random.standard_normal(shape)


def chance(*shape: int) -> Any:
    return random.uniform(0.05, 0.95, shape)


def classes(high: int, *shape: int) -> Any:
    return random.integers(0, high, shape)


def both(program: Callable[..., Any], *arrays: Any) -> None:
    """In double and in single precision."""
    agree(program, *arrays, rtol=1e-11)
    agree(program, *(a.astype("float32") if a.dtype == "float64" else a for a in arrays), rtol=2e-5)


PAIRS: dict[str, Callable[..., Any]] = {
    "mse": lambda F, a, b, r: F.mse_loss(a, b, reduction=r),
    "l1": lambda F, a, b, r: F.l1_loss(a, b, reduction=r),
    "smooth": lambda F, a, b, r: F.smooth_l1_loss(a, b, reduction=r),
    "smooth, narrow": lambda F, a, b, r: F.smooth_l1_loss(a, b, reduction=r, beta=0.25),
    "smooth, none": lambda F, a, b, r: F.smooth_l1_loss(a, b, reduction=r, beta=0),
    "huber": lambda F, a, b, r: F.huber_loss(a, b, reduction=r),
    "huber, narrow": lambda F, a, b, r: F.huber_loss(a, b, reduction=r, delta=0.25),
    "bce with logits": lambda F, a, b, r: F.binary_cross_entropy_with_logits(a, b.sigmoid(), reduction=r),
    "kl": lambda F, a, b, r: F.kl_div(a, b.sigmoid(), reduction=r),
    "kl of logs": lambda F, a, b, r: F.kl_div(a, b, reduction=r, log_target=True),
    "poisson": lambda F, a, b, r: F.poisson_nll_loss(a, b, reduction=r),
    "poisson, full": lambda F, a, b, r: F.poisson_nll_loss(a.exp(), b.exp(), log_input=False, full=True, reduction=r),
    "hinge": lambda F, a, b, r: F.hinge_embedding_loss(a, b.sign().detach(), reduction=r),
    "ranking": lambda F, a, b, r: F.margin_ranking_loss(a, b, b.sign().detach(), margin=0.3, reduction=r),
    "soft margin": lambda F, a, b, r: F.soft_margin_loss(a, b.sign().detach(), reduction=r),
    "labels": lambda F, a, b, r: F.multilabel_soft_margin_loss(a, b.sigmoid(), reduction=r),
    "labels, weights": lambda F, a, b, r: F.multilabel_soft_margin_loss(a, (b > 0).to(b.dtype), b[0].exp(), reduction=r),
}


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", PAIRS)
def test_losses_of_two_tensors(name: str, reduction: str) -> None:
    for shape in ((3, 4), (5,), (2, 3, 2)):
        if name == "labels, weights" and len(shape) > 2:
            continue
        both(lambda T, a, b: PAIRS[name](functional(T), a, b, reduction), normal(*shape), normal(*shape))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss"])
def test_losses_with_weights(name: str, reduction: str) -> None:
    both(lambda T, a, b, w: getattr(functional(T), name)(a, b, reduction=reduction, weight=w), normal(3, 4), normal(3, 4), chance(3, 4))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
def test_binary_cross_entropy(reduction: str, weighted: bool) -> None:
    both(
        lambda T, a, b, w: functional(T).binary_cross_entropy(a, b, w.detach() if weighted else None, reduction=reduction),
        chance(3, 4), chance(3, 4), chance(3, 4),
    )  # fmt: skip
    edges = numpy.array([0.0, 1.0, 1.0, 0.0]), numpy.array([1.0, 0.0, 1.0, 0.0])
    both(lambda T, a, b: functional(T).binary_cross_entropy(a, b.detach(), reduction=reduction), *edges)
    both(
        lambda T, a, b, w, p: functional(T).binary_cross_entropy_with_logits(
            a, b, w.detach() if weighted else None, reduction=reduction, pos_weight=p.detach()
        ),
        normal(3, 4) * 50, chance(3, 4), chance(4), chance(3, 4),
    )  # fmt: skip


SHAPES = [((4, 5), (4,)), ((5,), ()), ((2, 5, 3), (2, 3)), ((2, 5, 3, 2), (2, 3, 2)), ((2, 5, 2, 1, 3), (2, 2, 1, 3))]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("ignore", [-100, 2])
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_of_classes(shapes: Any, reduction: str, ignore: int, weighted: bool) -> None:
    shape, targets = shapes
    wanted = classes(5, *targets)
    for name, smoothing in (("nll_loss", {}), ("cross_entropy", {}), ("cross_entropy", {"label_smoothing": 0.1})):
        both(
            lambda T, a, w, t, name=name, smoothing=smoothing: getattr(functional(T), name)(
                a, t, w.detach() if weighted else None, ignore_index=ignore, reduction=reduction, **smoothing
            ),
            normal(*shape), chance(5), numpy.asarray(wanted),
        )  # fmt: skip


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(4, 5), (5,), (2, 5, 3)], ids=str)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_with_probabilities(shape: tuple[int, ...], reduction: str, smoothing: float, weighted: bool) -> None:
    both(
        lambda T, a, b, w: functional(T).cross_entropy(
            a, b, w.detach() if weighted else None, reduction=reduction, label_smoothing=smoothing
        ),
        normal(*shape), chance(*shape), chance(5),
    )  # fmt: skip


def test_nothing_to_average_is_nan() -> None:
    for reduction in REDUCTIONS:
        both(lambda T, a, t, r=reduction: functional(T).cross_entropy(a, t, reduction=r), normal(0, 4), classes(4, 0))
        both(lambda T, a, t, r=reduction: functional(T).cross_entropy(a, t, reduction=r), normal(3, 4), numpy.full(3, -100))
        both(lambda T, a, b, r=reduction: functional(T).mse_loss(a, b, reduction=r), normal(0, 4), normal(0, 4))
    both(lambda T, a, t: functional(T).nll_loss(a, t.to(T.uint8)), normal(3, 4), classes(4, 3))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("full", [False, True])
def test_gaussian_likelihood(reduction: str, full: bool) -> None:
    for shape in ((3, 4), (3,), (3, 1)):
        both(
            lambda T, a, b, v: functional(T).gaussian_nll_loss(a, b, v, full=full, reduction=reduction),
            normal(3, 4), normal(3, 4), chance(*shape) - 0.05,
        )  # fmt: skip
    both(lambda T, a, b: functional(T).gaussian_nll_loss(a, b, 0.5, full=full, reduction=reduction), normal(3, 4), normal(3, 4))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("weighted", [False, True])
def test_margins_of_several_classes(reduction: str, p: int, weighted: bool) -> None:
    for shape, target in (((4, 5), (4,)), ((5,), ())):
        both(
            lambda T, a, w, t: functional(T).multi_margin_loss(
                a, t, p=p, margin=0.7, weight=w.detach() if weighted else None, reduction=reduction
            ),
            normal(*shape), chance(5), numpy.asarray(classes(5, *target)),
        )  # fmt: skip
    both(
        lambda T, a, t: functional(T).multilabel_margin_loss(a, t, reduction=reduction),
        normal(3, 4), numpy.array([[1, 0, -1, 2], [-1, 0, 0, 0], [3, 2, 1, 0]]),
    )  # fmt: skip
    both(lambda T, a, t: functional(T).multilabel_margin_loss(a, t, reduction=reduction), normal(4), numpy.array([1, -1, 0, 2]))


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_losses_of_embeddings(reduction: str) -> None:
    signs = numpy.array([1.0, -1.0, 1.0, -1.0])
    both(
        lambda T, a, b, y: functional(T).cosine_embedding_loss(a, b, y.detach(), margin=0.1, reduction=reduction),
        normal(4, 3), normal(4, 3), signs,
    )  # fmt: skip
    both(lambda T, a, b, y: functional(T).cosine_embedding_loss(a, b, y.detach()[0], reduction=reduction), normal(3), normal(3), signs)
    for options in ({}, {"swap": True}, {"p": 1.0, "margin": 0.2}, {"p": 3.0, "eps": 0.1}):
        both(
            lambda T, a, b, c, o=options: functional(T).triplet_margin_loss(a, b, c, reduction=reduction, **o),
            normal(4, 3), normal(4, 3), normal(4, 3),
        )  # fmt: skip
    for swap in (False, True):
        both(
            lambda T, a, b, c, s=swap: functional(T).triplet_margin_with_distance_loss(a, b, c, swap=s, reduction=reduction),
            normal(4, 3), normal(4, 3), normal(4, 3),
        )  # fmt: skip


def test_distances() -> None:
    for p in (0.0, 1.0, 1.5, 2.0, 3.0, float("inf")):
        if p:  # PyTorch gives no gradient there
            both(lambda T, a, b, p=p: functional(T).pairwise_distance(a, b, p=p), normal(3, 4), normal(4))
        both(lambda T, a, b, p=p: T.cdist(a, b, p=p), normal(2, 3, 4), normal(5, 4))
        both(lambda T, a, p=p: functional(T).pdist(a, p=p), normal(5, 3))
    both(lambda T, a: T.cdist(a, a), normal(3, 4))
    both(lambda T, a, b: functional(T).cosine_similarity(a, b), normal(3, 4), normal(3, 4))
    both(lambda T, a, b: functional(T).cosine_similarity(a, b, dim=-1, eps=2.0), normal(2, 3, 4), normal(4))
    both(lambda T, a, b: functional(T).cosine_similarity(a, b * 0, dim=0), normal(3), normal(3))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("zero_infinity", [False, True])
def test_connectionist_temporal_classification(reduction: str, zero_infinity: bool) -> None:
    logits = normal(7, 3, 5)
    targets, inputs, lengths = classes(4, 3, 3) + 1, [7, 5, 6], [3, 1, 2]
    targets[0] = [1, 1, 2]
    for given in (targets, numpy.concatenate([row[:n] for row, n in zip(targets, lengths, strict=True)])):
        both(
            lambda T, a, t: functional(T).ctc_loss(
                a.log_softmax(2), t, T.tensor(inputs), T.tensor(lengths), reduction=reduction, zero_infinity=zero_infinity
            ),
            logits, given,
        )  # fmt: skip
    both(
        lambda T, a, t: functional(T).ctc_loss(a.log_softmax(2), t, (7, 7, 7), (2, 0, 3), blank=4, reduction=reduction),
        logits, classes(4, 3, 3),
    )  # fmt: skip
    if zero_infinity:
        both(
            lambda T, a, t: functional(T).ctc_loss(a.log_softmax(2), t, (2, 3, 6), (3, 3, 3), reduction=reduction, zero_infinity=True),
            logits, numpy.full((3, 3), 2),
        )  # fmt: skip
    both(
        lambda T, a, t: functional(T).ctc_loss(a.log_softmax(1), t, T.tensor(7), T.tensor(3), reduction=reduction), normal(7, 5), targets[0]
    )


def warned(T: Any, program: Callable[[Any], Any]) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        program(T)
    return [str(w.message) for w in caught]


@pytest.mark.parametrize(
    "program",
    [
        lambda T: functional(T).mse_loss(T.ones(3, 1), T.ones(3)),
        lambda T: functional(T).l1_loss(T.ones(3, 1), T.ones(3)),
        lambda T: functional(T).smooth_l1_loss(T.ones(3, 1), T.ones(3)),
        lambda T: functional(T).huber_loss(T.ones(3, 1), T.ones(3)),
        lambda T: functional(T).kl_div(T.ones(3), T.ones(3)),
        lambda T: functional(T).mse_loss(T.ones(3), T.ones(3), size_average=False),
        lambda T: functional(T).mse_loss(T.ones(3), T.ones(3), reduce=False),
        lambda T: functional(T).mse_loss(T.ones(3), T.ones(3)),
        lambda T: functional(T).kl_div(T.ones(3), T.ones(3), reduction="batchmean"),
    ],
)
def test_warnings_are_the_same(program: Callable[[Any], Any]) -> None:
    assert warned(gs, program) == warned(torch, program)


def t(T: Any, values: Any) -> Any:
    return T.tensor(values)


@pytest.mark.parametrize(
    "program",
    [
        lambda T, F, z: F.mse_loss(z(3, 2), z(4, 3)),
        lambda T, F, z: F.mse_loss(z(3), z(3), reduction="nonsense"),
        lambda T, F, z: F.mse_loss(z(3).long(), z(3).long()),
        lambda T, F, z: F.smooth_l1_loss(z(3), z(3), beta=-1),
        lambda T, F, z: F.huber_loss(z(3), z(3), delta=0),
        lambda T, F, z: F.binary_cross_entropy(z(3), z(4)),
        lambda T, F, z: F.binary_cross_entropy(z(3) + 2, z(3)),
        lambda T, F, z: F.binary_cross_entropy(z(3), z(3) - 1),
        lambda T, F, z: F.binary_cross_entropy(z(3), z(3).double()),
        lambda T, F, z: F.binary_cross_entropy_with_logits(z(3), z(4)),
        lambda T, F, z: F.binary_cross_entropy_with_logits(z(3), z(3), z(3).requires_grad_()),
        lambda T, F, z: F.nll_loss(z(3, 4), t(T, [1, 2, 5])),
        lambda T, F, z: F.nll_loss(z(3, 4), t(T, [1, 2, -1])),
        lambda T, F, z: F.nll_loss(z(3, 4), t(T, [1, 2])),
        lambda T, F, z: F.nll_loss(z(3, 4), z(3)),
        lambda T, F, z: F.nll_loss(z(), t(T, 1)),
        lambda T, F, z: F.nll_loss(z(3, 4), t(T, [[1], [1], [1]])),
        lambda T, F, z: F.nll_loss(z(3, 4), t(T, [1, 2, 1]), weight=z(3)),
        lambda T, F, z: F.nll_loss(z(2, 3, 4), z(2, 5).long()),
        lambda T, F, z: F.nll_loss(z(2, 3, 4, 4), z(2, 5, 4).long()),
        lambda T, F, z: F.nll_loss(z(2, 3, 4, 4), z(2, 4, 4).long() + 7),
        lambda T, F, z: F.nll_loss(z(2, 3, 4, 4), z(2, 4, 4)),
        lambda T, F, z: F.cross_entropy(z(3, 4), t(T, [1, 2, 1, 1])),
        lambda T, F, z: F.cross_entropy(z(3, 4), t(T, [1, 2, 5])),
        lambda T, F, z: F.cross_entropy(z(3, 4), z(3)),
        lambda T, F, z: F.cross_entropy(z(3, 4), z(3, 5)),
        lambda T, F, z: F.cross_entropy(z(3, 4), z(3, 4).long()),
        lambda T, F, z: F.cross_entropy(z(3, 4), t(T, [1, 2, 1]), label_smoothing=2.0),
        lambda T, F, z: F.cross_entropy(z(3, 4), z(3, 4), ignore_index=1),
        lambda T, F, z: F.cross_entropy(z(3, 4).long(), t(T, [1, 2, 1])),
        lambda T, F, z: F.cross_entropy(z(3, 4), t(T, [1, 2, 1]), weight=z(5)),
        lambda T, F, z: F.cross_entropy(z(3, 4), t(T, [1, 2, 1]).int()),
        lambda T, F, z: F.poisson_nll_loss(z(3), z(3), reduction="nonsense"),
        lambda T, F, z: F.gaussian_nll_loss(z(3), z(3), z(3) - 1),
        lambda T, F, z: F.gaussian_nll_loss(z(3, 4), z(3, 4), z(2)),
        lambda T, F, z: F.margin_ranking_loss(z(3), z(3, 1), z(3)),
        lambda T, F, z: F.margin_ranking_loss(z(3), z(3), z(4)),
        lambda T, F, z: F.multi_margin_loss(z(3, 4), t(T, [1, 2, 5])),
        lambda T, F, z: F.multi_margin_loss(z(3, 4), t(T, [1, 2, 0]), p=3),
        lambda T, F, z: F.multi_margin_loss(z(3, 4), t(T, [1, 2])),
        lambda T, F, z: F.multilabel_margin_loss(z(3, 4), t(T, [[1]])),
        lambda T, F, z: F.multilabel_margin_loss(z(3), t(T, [5, 1, 1])),
        lambda T, F, z: F.cosine_embedding_loss(z(3, 4), z(3, 5), z(3)),
        lambda T, F, z: F.cosine_embedding_loss(z(3, 4), z(3, 4), z(3, 4)),
        lambda T, F, z: F.triplet_margin_loss(z(3, 4), z(3, 4), z(3)),
        lambda T, F, z: F.triplet_margin_loss(z(3, 4), z(3, 4), z(3, 4), margin=0),
        lambda T, F, z: F.soft_margin_loss(z(3), z(4)),
        lambda T, F, z: F.hinge_embedding_loss(z(3), z(4)),
        lambda T, F, z: F.cosine_similarity(z(3), z(4)),
        lambda T, F, z: T.cdist(z(3, 2), z(3, 3)),
        lambda T, F, z: T.cdist(z(3), z(3)),
        lambda T, F, z: T.cdist(z(3, 2), z(3, 2), p=-1),
        lambda T, F, z: F.pdist(z(3)),
        lambda T, F, z: F.ctc_loss(z(5, 2, 3), z(2, 2).long(), t(T, [5, 6]), t(T, [2, 2])),
        lambda T, F, z: F.ctc_loss(z(5, 2, 3), z(2, 2).long(), t(T, [5]), t(T, [2, 2])),
        lambda T, F, z: F.ctc_loss(z(5, 2, 3), z(2, 2).long(), t(T, [5, 5]), t(T, [2, 2]), blank=7),
    ],
)
def test_errors_are_the_same(program: Callable[..., Any]) -> None:
    fail_alike(lambda T: program(T, functional(T), T.zeros), words=30)
