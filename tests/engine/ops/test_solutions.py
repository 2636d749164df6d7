"""Matrices that cannot be inverted or factored, on the host and on a device that raises no errors of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

import gradstep.engine as gs
from gradstep.engine import devices
from gradstep.engine.tensor import wrap

from ..standin import STANDIN

SINGULAR = numpy.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])
MIXED = numpy.stack([numpy.eye(3), SINGULAR])
NEGATIVE = numpy.stack([numpy.eye(3), numpy.diag([1.0, -1.0, 1.0])])


@pytest.fixture(params=["cpu", "cuda"])
def put(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Any]:
    """Arrays as tensors on the host, or on the pretended device."""
    if request.param == "cpu":
        return lambda array: gs.from_numpy(array.copy())
    monkeypatch.setitem(devices._MODULES, "cuda", STANDIN)
    monkeypatch.setitem(devices._BY_TYPE, STANDIN.ndarray, STANDIN)
    return lambda array: wrap(STANDIN.from_host(array.copy()))


def host(t: Any) -> Any:
    return devices.module_of(t._data).to_host(t._data)


def test_an_error_names_the_matrix_and_the_pivot(put: Callable[[Any], Any]) -> None:
    with pytest.raises(gs.linalg.LinAlgError, match=r"^linalg.inv: \(Batch element 1\): The diagonal element 3 is zero"):
        gs.linalg.inv(put(MIXED))
    with pytest.raises(gs.linalg.LinAlgError, match=r"^torch.linalg.solve: \(Batch element 1\): The solver failed"):
        gs.linalg.solve(put(MIXED), put(MIXED))
    with pytest.raises(gs.linalg.LinAlgError, match=r"^linalg.cholesky: \(Batch element 1\).* leading minor of order 2 is not"):
        gs.linalg.cholesky(put(NEGATIVE))


def test_without_a_check_the_other_matrices_are_done(put: Callable[[Any], Any]) -> None:
    inverse, info = gs.linalg.inv_ex(put(MIXED))
    assert host(info).tolist() == [0, 3]
    assert host(inverse)[0].tolist() == numpy.eye(3).tolist()
    factor, info = gs.linalg.cholesky_ex(put(NEGATIVE))
    assert host(info).tolist() == [0, 2]
    assert host(factor)[0].tolist() == numpy.eye(3).tolist()


def test_the_gradient_of_a_determinant_is_zero_for_the_singular_matrices_alone(put: Callable[[Any], Any]) -> None:
    a = put(MIXED).requires_grad_()
    made = gs.linalg.det(a)
    made.backward(made.detach() * 0 + 1)
    assert host(a.grad)[0].tolist() == numpy.eye(3).tolist()
    assert not host(a.grad)[1].any()


def test_eigenvectors_are_found_whatever_the_device(put: Callable[[Any], Any]) -> None:
    a = put(numpy.array([[0.0, 1.0], [-1.0, 0.0]])).requires_grad_()
    values = gs.linalg.eigvals(a)
    assert sorted(host(values).imag.tolist()) == [-1.0, 1.0]
    values.abs().sum().backward()
    assert type(a.grad._data) is type(a._data)
    numpy.testing.assert_allclose(host(a.grad), [[0.0, 1.0], [-1.0, 0.0]], atol=1e-12)
