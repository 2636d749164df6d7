"""LU, triangular solutions, reflections and LDL put together give the matrix again, in batches, of any shape, real and complex."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy
import pytest
import scipy.linalg

from gradstep.engine import devices
from gradstep.engine.numerics import householder, symmetric, triangular

CPU = devices.CPU
SHAPES = [(5, 5), (2, 3, 7, 4), (2, 4, 7), (70, 40), (40, 90), (0, 0), (3, 0, 2), (0, 3, 3), (3, 1, 1)]


@pytest.fixture(autouse=True)
def _as_in_an_op() -> Iterator[None]:
    with numpy.errstate(all="ignore"):
        yield


def draw(shape: tuple[int, ...], complex_: bool) -> Any:
    random = numpy.random.default_rng(sum(shape))
    real = random.standard_normal(shape)
    return real + 1j * random.standard_normal(shape) if complex_ else real


@pytest.mark.parametrize("complex_", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_lu_factors_give_the_matrix_with_the_largest_pivots(shape: tuple[int, ...], complex_: bool) -> None:
    a = draw(shape, complex_)
    both, pivots, info = triangular.lu_factor(CPU, a)
    m, n = shape[-2:]
    k = min(m, n)
    lower = numpy.tril(both[..., :k], -1) + numpy.eye(m, k)
    p = triangular.permutation_matrix(CPU, pivots, m, a.dtype)
    numpy.testing.assert_allclose(p @ lower @ numpy.triu(both[..., :k, :]), a, atol=1e-13 * max(m, 1))
    assert pivots.dtype == info.dtype == "int32"
    assert pivots.shape == (*shape[:-2], k)
    assert not info.any()
    assert (abs(numpy.tril(both[..., :k], -1)) <= 2**0.5 + 1e-12).all()


def test_lu_says_which_pivot_is_zero() -> None:
    a = numpy.array([[[1.0, 2, 3], [2, 4, 6], [1, 0, 1]], [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]])
    assert list(triangular.lu_factor(CPU, a)[2]) == [3, 0]


@pytest.mark.parametrize("adjoint", [False, True])
@pytest.mark.parametrize("shape", [(5, 5), (2, 3, 4, 4), (80, 80)])
def test_solutions_by_lu_factors(shape: tuple[int, ...], adjoint: bool) -> None:
    a, b = draw(shape, True), draw((*shape[:-1], 2), True)
    both, pivots, _ = triangular.lu_factor(CPU, a)
    x = triangular.lu_solve(CPU, both, pivots, b, adjoint)
    used = numpy.conj(numpy.swapaxes(a, -1, -2)) if adjoint else a
    numpy.testing.assert_allclose(used @ x, b, atol=1e-10)


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("unit", [False, True])
@pytest.mark.parametrize("n", [1, 4, 33, 100])
def test_substitution_looks_at_one_triangle(n: int, unit: bool, upper: bool) -> None:
    random = numpy.random.default_rng(n)
    a = random.standard_normal((2, n, n)) / n + 2 * numpy.eye(n)
    b = random.standard_normal((n, 3))
    x = triangular.solve_triangular(CPU, a, b, upper, unit)
    expected = [scipy.linalg.solve_triangular(m, b, lower=not upper, unit_diagonal=unit) for m in a]
    numpy.testing.assert_allclose(x, expected, atol=1e-12)


def test_substitution_through_a_zero_gives_infinity_and_no_error() -> None:
    a = numpy.array([[0.0, 0.0], [0.0, 1.0]])
    assert triangular.solve_triangular(CPU, a, numpy.ones((2, 1)), True)[:, 0].tolist() == [numpy.inf, 1.0]


@pytest.mark.parametrize("complex_", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_reflections_give_the_matrix_with_lapacks_signs(shape: tuple[int, ...], complex_: bool) -> None:
    a = draw(shape, complex_)
    factored, taus = householder.geqrf(CPU, a)
    upper = numpy.triu(factored)
    numpy.testing.assert_allclose(householder.reflect(CPU, factored, taus, upper, False), a, atol=1e-12)
    numpy.testing.assert_allclose(householder.reflect(CPU, factored, taus, a, True), upper, atol=1e-12)
    if len(shape) == 2 and a.size:
        routine = scipy.linalg.lapack.zgeqrf if complex_ else scipy.linalg.lapack.dgeqrf
        numpy.testing.assert_allclose(factored, routine(a)[0], atol=1e-12)


@pytest.mark.parametrize("hermitian", [False, True])
@pytest.mark.parametrize("complex_", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3, 5, 20, 60])
def test_ldl_factors_are_lapacks_and_solve(n: int, complex_: bool, hermitian: bool) -> None:
    for small in (False, True):
        a = draw((n, n), complex_)
        a = a + (a.conj().T if hermitian else a.T)
        if small:  # so that pivots of two rows are taken
            a[numpy.arange(n), numpy.arange(n)] *= 0.01
        factors, pivots, info = symmetric.ldl_factor(CPU, a, hermitian)
        name = ("zhetrf" if hermitian else "zsytrf") if complex_ else "dsytrf"
        expected, order, _ = getattr(scipy.linalg.lapack, name)(a, lower=1)
        numpy.testing.assert_allclose(numpy.tril(factors), numpy.tril(expected), atol=1e-9)
        assert numpy.abs(pivots).tolist() == numpy.abs(order).tolist()
        assert info == 0
        b = draw((n, 2), complex_)
        numpy.testing.assert_allclose(a @ symmetric.ldl_solve(CPU, factors, pivots, b, hermitian), b, atol=1e-8)
    assert symmetric.ldl_factor(CPU, numpy.zeros((2, 2)), hermitian)[2] == 1
