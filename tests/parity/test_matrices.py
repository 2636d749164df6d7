"""torch.linalg beside PyTorch: which nodes, which errors, singular matrices, empty ones, and gradients where matrices are not regular."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import gradstep.engine as gs

torch = pytest.importorskip("torch")

REGULAR = numpy.array([[3.0, 1.0, 0.5], [1.0, 4.0, 1.0], [0.5, 1.0, 5.0]])
SINGULAR = numpy.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])
WIDE = numpy.array([[1.0, 2.0, 3.0], [0.0, 4.0, 1.0]])
UNIT = numpy.eye(3)
MATRICES = {
    "A": REGULAR,
    "S": SINGULAR,
    "R": WIDE,
    "I": UNIT,
    "N": -UNIT,
    "B": numpy.stack([UNIT, SINGULAR]),
    "M": numpy.stack([UNIT, -UNIT]),
}


def run(t: Any, source: str, grad: bool) -> Any:
    """What an expression over the matrices gives, or the error that it raises."""
    names = {name: t.from_numpy(array.copy()).requires_grad_(grad) for name, array in MATRICES.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of functions that have successors
        try:
            return eval(source, {"T": t, "L": t.linalg}, names)
        except (RuntimeError, TypeError, ValueError, IndexError) as error:
            return error


def nodes(t: Any) -> list[str]:
    names, node = [], t.grad_fn
    while node is not None:
        names.append(node.name().rpartition("::")[2])
        node = node.next_functions[0][0] if node.next_functions else None
    return names


def tensors(value: Any, kind: Any) -> list[Any]:
    return [value] if isinstance(value, kind) else [t for v in value for t in tensors(v, kind)] if isinstance(value, tuple) else []


GRAPHS = """
L.inv(A)|L.inv_ex(A)|T.inverse(A)|L.det(A)|T.det(A)|T.logdet(A)|L.slogdet(A)|T.slogdet(A)|L.solve(A, I)|L.solve_ex(A, I)|A.inverse()
L.solve_triangular(A, I, upper=True)|T.triangular_solve(I, A)|L.cholesky(A)|L.cholesky(A, upper=True)|L.cholesky_ex(A)
T.cholesky(A)|T.cholesky(A, upper=True)|T.cholesky_inverse(A)|T.cholesky_inverse(A, upper=True)|T.cholesky_solve(I, A)
L.qr(A)|T.qr(A)|T.qr(A, some=False)|L.eigh(A)|L.eigvalsh(A)|L.eig(A)|L.eigvals(A)|L.svd(A)|T.svd(A)|T.svd(A, compute_uv=False)
L.svdvals(A)|L.pinv(A)|L.pinv(A, hermitian=True)|T.pinverse(A)|L.lstsq(A, I)|L.lu(A)|T.lu(A)|T.lu(A, get_infos=True)
L.lu_factor(A)|L.lu_factor_ex(A)|L.lu_solve(*L.lu_factor(A), I)|T.lu_solve(I, *L.lu_factor(A))|T.lu_unpack(*L.lu_factor(A))
T.geqrf(A)|L.householder_product(A, A[0])|T.orgqr(A, A[0])|T.ormqr(A, A[0], I)|L.matrix_exp(A)|L.matrix_power(A, -2)
L.matrix_norm(A, "nuc")|L.matrix_norm(A, 2)|L.matrix_norm(A, 1)|L.norm(A)|L.cond(A)|L.cond(A, 1)|L.cond(A, -2)|L.cond(A, "fro")
T.norm(A, "nuc")|T.norm(A, "nuc", dim=(0, 1))|L.vander(A[0])|L.vecdot(A, A)|L.cross(A, A)|L.tensorsolve(A, A[0])|L.matrix_rank(A)
L.ldl_factor(A.detach())|L.ldl_solve(*L.ldl_factor(A.detach()), I)|T.conj_physical(L.eigvals(A))|L.multi_dot([A, A, A])
"""


@pytest.mark.parametrize("source", [s for s in GRAPHS.replace("\n", "|").split("|") if s])
def test_results_and_nodes(source: str) -> None:
    found, expected = tensors(run(gs, source, True), gs.Tensor), tensors(run(torch, source, True), torch.Tensor)
    assert len(found) == len(expected) > 0
    for a, b in zip(found, expected, strict=True):
        assert str(a.dtype) == str(b.dtype)
        assert nodes(a) == nodes(b) or nodes(b)[0] == "NotImplemented" == nodes(a)[0]
        mine, other = a.detach().numpy(), b.detach().resolve_conj().numpy()
        assert mine.shape == other.shape
        if not any(name in source for name in ("eig", "svd(", "qr(A")):
            numpy.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-12)


ERRORS = """
L.inv(S)|L.inv(B)|L.inv(R)|L.inv(R[0])|L.inv(I.int())|L.inv(I.half())|L.inv_ex(S, check_errors=True)|L.solve(S, I)|L.solve(B, I)
L.solve(I, R)|L.solve(R, I)|L.solve(I, T.tensor(1.0, dtype=T.float64))|L.solve(I, I.float())|L.cholesky(N)|L.cholesky(M)|L.cholesky(R)
L.cholesky_ex(N, check_errors=True)|T.cholesky(N)|T.cholesky(M)|T.cholesky(R)|T.cholesky_inverse(R)|T.cholesky_solve(R, I)
T.cholesky_solve(I, R)|L.qr(R[0])|L.qr(R, mode="x")|L.eigh(R)|L.eigh(I, UPLO="x")|L.eig(R)|L.eig(R[0])|L.eig(I * float("nan"))
L.svd(R[0])|L.det(R)|L.slogdet(R)|T.logdet(R)|L.lu(R[0])|L.lu_factor(S)|L.lu_factor(I, pivot=False)|L.lu(I, pivot=False)
L.lu_factor_ex(S, check_errors=True)|L.lu_solve(I, T.tensor([1, 2, 3], dtype=T.int32), R)|L.lu_solve(I, T.tensor([1, 2, 3]), I)
L.lu_solve(I, T.tensor([1, 2], dtype=T.int32), I)|L.lu_solve(R, T.tensor([1, 2], dtype=T.int32), I)|T.lu_unpack(I, T.tensor([1, 2, 3]))
L.householder_product(R, R[0])|L.householder_product(R.mT, R)|L.householder_product(R[0], R)|T.ormqr(I, R[0], R)|T.ormqr(I, R[0], I[0])
T.geqrf(R[0])|L.lstsq(R, R[:1])|L.lstsq(R, T.tensor(1.0))|L.lstsq(R[0], R)|L.lstsq(R, R, driver="x")|L.lstsq(R, R.float())
L.matrix_exp(R)|L.matrix_exp(I.int())|L.matrix_power(R, 2)|L.matrix_power(S, -1)|L.matrix_norm(I, 3)|L.matrix_norm(I, "x")
L.matrix_norm(R[0])|L.matrix_norm(I, dim=(0, 0))|L.norm(R[0], "fro")|L.norm(B, 2)|L.norm(I.int())|L.vander(I, N=1)|L.cross(R, I[:2, :2])
T.cross(R[:, :2], R[:, :2])|L.tensorinv(B, ind=1)|L.tensorinv(I, ind=0)|L.tensorsolve(I, R)|L.ldl_factor(R)|L.cond(R, 1)|L.cond(I, "x")
L.ldl_solve(I, T.tensor([1, 2, 3], dtype=T.int32), R)|L.matrix_rank(R[0])|L.pinv(R[0])|L.pinv(R, hermitian=True)
T.triangular_solve(I, R)|L.solve_triangular(R, I, upper=True)|L.solve_triangular(I, R, upper=True)|T.pca_lowrank(I, q=5)|L.eigvals(R)
L.matrix_norm(T.zeros(0, 0), -1)
"""


@pytest.mark.parametrize("source", [s for s in ERRORS.replace("\n", "|").split("|") if s])
def test_errors_begin_with_pytorchs_words(source: str) -> None:
    found, expected = run(gs, source, False), run(torch, source, False)
    assert isinstance(expected, Exception)
    assert type(found).__name__ == type(expected).__name__, found
    assert str(found).startswith(str(expected).split("\n")[0].split(" (error code")[0].rstrip("."))


EDGES = """
L.inv_ex(S)[1]|L.solve_ex(S, I)[1]|L.cholesky_ex(M)[1]|L.lu_factor_ex(S)|L.cond(S, 1)|L.det(S)|L.inv(T.zeros(0, 0))|L.inv(T.zeros(2, 0, 0))
L.det(T.zeros(0, 0))|L.qr(T.zeros(0, 3))|L.svdvals(T.zeros(3, 0))|L.pinv(T.zeros(0, 3))|L.matrix_norm(T.zeros(0, 3), 2)
L.matrix_norm(T.zeros(3, 0), 1)|L.matrix_norm(T.zeros(0, 3), float("inf"))|L.cholesky(T.zeros(0, 0))|L.lu(T.zeros(0, 3))
L.matrix_rank(S)|L.matrix_rank(B)|L.matrix_rank(A, atol=4.0)|L.matrix_rank(A, hermitian=True, rtol=0.5)|L.pinv(S)|L.pinv(A, rtol=0.8)
L.lstsq(R.mT, A, driver="gelsd")|L.lstsq(R.mT, A, driver="gels")|L.lstsq(R.mT, A[0], driver="gelss")|L.matrix_exp(T.zeros(0, 0))
L.solve_triangular(T.zeros(2, 2), T.ones(2, 1), upper=True)|L.vander(T.tensor(2.0), N=3)|L.tensorinv(A.reshape(3, 1, 3), ind=1)
T.logdet(N)|T.logdet(N * 1j)|L.householder_product(R.mT, T.zeros(0, dtype=T.float64))|T.svd(R, some=False)[1]
"""


@pytest.mark.parametrize("source", [s for s in EDGES.replace("\n", "|").split("|") if s])
def test_singular_empty_and_rank_deficient_matrices(source: str) -> None:
    found, expected = run(gs, source, False), run(torch, source, False)
    assert not isinstance(expected, Exception), expected
    assert not isinstance(found, Exception), found
    for a, b in zip(tensors(found, gs.Tensor), tensors(expected, torch.Tensor), strict=True):
        assert str(a.dtype) == str(b.dtype)
        numpy.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_the_gradient_of_a_determinant_that_is_zero(n: int) -> None:
    array = numpy.random.default_rng(n).standard_normal((n, n))
    array[0] = 0.0
    grads = []
    for t in (gs, torch):
        a = t.from_numpy(array.copy()).requires_grad_()
        t.linalg.det(a).backward()
        grads.append(a.grad.numpy())
    numpy.testing.assert_allclose(grads[0], grads[1], atol=1e-9)


def test_singular_values_that_repeat_have_gradients_of_their_own() -> None:
    grads = []
    for t in (gs, torch):
        a = t.eye(3, dtype=t.float64).requires_grad_()
        (t.linalg.svdvals(a).sum() + t.linalg.eigvalsh(a).sum()).backward()
        grads.append(a.grad.numpy())
    numpy.testing.assert_allclose(grads[0], grads[1], atol=1e-12)


def test_random_projections_draw_pytorchs_numbers() -> None:
    array = numpy.random.default_rng(0).standard_normal((6, 4))
    found, expected = [], []
    for t, made in ((gs, found), (torch, expected)):
        t.manual_seed(3)
        u, s, v = t.svd_lowrank(t.from_numpy(array), q=3)
        made += [s.numpy(), abs(u.numpy()), abs(v.numpy()), t.pca_lowrank(t.from_numpy(array), q=2)[1].numpy()]
    for a, b in zip(found, expected, strict=True):
        numpy.testing.assert_allclose(a, b, atol=1e-10)


@pytest.mark.parametrize(
    "function",
    [
        lambda a: gs.linalg.qr(a.mT)[1],
        lambda a: gs.linalg.lu_factor(a)[0],
        lambda a: gs.linalg.lu(a)[2],
        lambda a: gs.linalg.eigh(a @ a.mH)[0],
        lambda a: gs.linalg.svd(a, full_matrices=False)[1],
        lambda a: gs.linalg.eigvals(a[:, :2]).abs(),
        lambda a: gs.linalg.pinv(a),
        lambda a: gs.linalg.lstsq(a.mT, a.mT[:, :1]).solution,
        lambda a: gs.logdet(a @ a.mH),
        lambda a: gs.linalg.matrix_exp(a[:, :2]),
    ],
)
@pytest.mark.parametrize("complex_", [False, True])
def test_second_derivatives_equal_central_differences(function: Callable[[Any], Any], complex_: bool) -> None:
    random = numpy.random.default_rng(4)
    array = random.standard_normal((2, 3)) + numpy.eye(2, 3) * 2
    if complex_:
        array = array + 1j * random.standard_normal((2, 3))
    a = gs.from_numpy(array).requires_grad_()
    assert gs.autograd.gradcheck(function, [a], atol=1e-5)
    assert gs.autograd.gradgradcheck(function, [a], atol=1e-4)
