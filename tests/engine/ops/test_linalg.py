"""Products and factorisations: types, shapes, and derivatives where samples cannot say."""

from __future__ import annotations

import numpy
import pytest

import gradstep.engine as gs
from gradstep.engine.autograd.gradcheck import gradcheck, gradgradcheck
from gradstep.engine.methods import FUNCTIONAL

random = numpy.random.default_rng(0)


def leaf(*shape: int) -> gs.Tensor:
    return gs.from_numpy(random.standard_normal(shape)).requires_grad_()


@pytest.mark.parametrize(
    "shapes", [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((4, 1, 2, 3), (5, 3, 2)), ((4, 2, 3), (3,)), ((3,), (4, 3, 2))], ids=str
)
def test_matmul_broadcasts_as_numpy_and_has_gradients(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    a, b = (leaf(*shape) for shape in shapes)
    numpy.testing.assert_allclose((a @ b).detach().numpy(), a.detach().numpy() @ b.detach().numpy())
    assert gradcheck(lambda a, b: a @ b, [a, b])
    assert gradgradcheck(lambda a, b: a @ b, [a, b])


def test_half_precision_is_added_up_in_single() -> None:
    a = gs.full((1, 4096), 1.0, dtype=gs.float16)
    assert (a @ a.t()).item() == 4096
    assert (a @ a.t()).dtype is gs.float16


def test_integers_multiply_exactly() -> None:
    a = gs.full((1, 2), 2**40)
    assert (a @ gs.tensor([[3], [4]])).item() == 7 * 2**40


def test_with_beta_zero_the_added_tensor_is_not_looked_at() -> None:
    assert gs.addmm(gs.full((1, 1), float("nan")), gs.ones(1, 2), gs.ones(2, 1), beta=0).item() == 2


def test_linear_in_several_dimensions_is_one_product() -> None:
    x, w, b = leaf(2, 3, 4), leaf(5, 4), leaf(5)
    out = FUNCTIONAL["linear"](x, w, b)
    assert out.grad_fn.next_functions[0][0].name() == "AddmmBackward0"
    numpy.testing.assert_allclose(out.detach().numpy(), x.detach().numpy() @ w.detach().numpy().T + b.detach().numpy())


@pytest.mark.parametrize("equation", ["ij,jk->ik", "ij,kj", "bij,bjk->bik", "ij->", "ii->i", "i,j->ij", "...i,i->...", "ij,ij,i->j"])
def test_einsum_is_numpys_and_has_gradients(equation: str) -> None:
    shapes = [[3] * len(part.replace("...", "x")) for part in equation.partition("->")[0].split(",")]
    operands = [leaf(*shape) for shape in shapes]
    expected = numpy.einsum(equation, *[o.detach().numpy() for o in operands])
    numpy.testing.assert_allclose(gs.einsum(equation, *operands).detach().numpy(), expected, atol=1e-12)
    assert gradcheck(lambda *o: gs.einsum(equation, *o), operands)


@pytest.mark.parametrize("name", ["cholesky", "eigvalsh"])
def test_factorisations_of_symmetric_matrices_have_gradients(name: str) -> None:
    def function(a: gs.Tensor) -> gs.Tensor:
        found: gs.Tensor = getattr(gs.linalg, name)(a @ a.mT + 2 * gs.eye(3, dtype=gs.float64))
        return found

    assert gradcheck(function, [leaf(3, 3)])
    assert gradgradcheck(function, [leaf(3, 3)], atol=1e-4, rtol=1e-3)


def test_a_matrix_that_cannot_be_factored_says_why() -> None:
    with pytest.raises(gs.linalg.LinAlgError, match="diagonal element 2 is zero"):
        gs.linalg.inv(gs.ones(2, 2))
    with pytest.raises(gs.linalg.LinAlgError, match="leading minor of order 1"):
        gs.linalg.cholesky(-gs.eye(2))


def test_vectors_that_belong_to_close_values_still_rebuild_the_gradient_of_the_matrix() -> None:
    a = leaf(4, 3)
    u, s, vh = gs.linalg.svd(a, full_matrices=False)
    ((u * s) @ vh).sum().backward()
    assert a.grad is not None
    numpy.testing.assert_allclose(a.grad.numpy(), numpy.ones((4, 3)), atol=1e-9)
