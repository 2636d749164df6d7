"""Reductions where the road parts: half precision, products with ones, ties, zeros in products, empty dimensions."""

from __future__ import annotations

import numpy
import pytest

import gradstep.engine as gs


def test_half_precision_adds_up_in_single() -> None:
    x = gs.ones(5000, dtype=gs.float16)
    assert x.sum().dtype is gs.float16
    assert x.sum().item() == 5000.0
    assert x.mean().item() == 1.0
    assert (x * 20).sum(0).item() == float("inf")


@pytest.mark.parametrize("dim", [0, 1])
def test_large_matrices_add_up_as_small_ones_do(dim: int) -> None:
    array = numpy.random.default_rng(0).standard_normal((128, 64))
    x = gs.from_numpy(array)
    numpy.testing.assert_allclose(x.sum(dim).numpy(), array.sum(axis=dim), rtol=1e-12, atol=1e-12)
    numpy.testing.assert_allclose(x.t().sum(dim, keepdim=True).numpy(), array.T.sum(axis=dim, keepdims=True), rtol=1e-12, atol=1e-12)


def test_the_maximum_of_all_shares_its_gradient_among_equals_and_along_a_dimension_the_first_takes_it() -> None:
    x = gs.tensor([[1.0, 3.0, 3.0]], requires_grad=True)
    x.max().backward()
    assert x.grad.tolist() == [[0.0, 0.5, 0.5]]
    x.grad = None
    x.max(1).values.sum().backward()
    assert x.grad.tolist() == [[0.0, 1.0, 0.0]]
    x.grad = None
    x.amax(1).sum().backward()
    assert x.grad.tolist() == [[0.0, 0.5, 0.5]]


def test_nan_is_the_maximum() -> None:
    x = gs.tensor([1.0, float("nan"), 3.0])
    assert x.max().isnan().item()
    assert x.max(0).indices.item() == 1
    assert x.argmin().item() == 1


def test_products_with_zeros_have_gradients_of_second_order() -> None:
    x = gs.tensor([2.0, 0.0, 3.0], dtype=gs.float64, requires_grad=True)
    (first,) = gs.autograd.grad(x.prod(), x, create_graph=True)
    assert first.tolist() == [0.0, 6.0, 0.0]
    (second,) = gs.autograd.grad(first.sum(), x)
    assert second.tolist() == [3.0, 5.0, 2.0]


def test_a_norm_at_zero_has_the_gradient_zero() -> None:
    for p in (1, 2, 3):
        x = gs.zeros(3, requires_grad=True)
        x.norm(p).backward()
        assert x.grad.tolist() == [0.0, 0.0, 0.0]


def test_too_few_elements_for_a_variance_are_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"degrees of freedom is <= 0"):
        assert gs.ones(1).var().isnan().item()


def test_the_mean_of_integers_says_what_to_do() -> None:
    with pytest.raises(RuntimeError, match=r"could not infer output dtype.*\.float\(\)"):
        gs.tensor([1, 2]).mean()
