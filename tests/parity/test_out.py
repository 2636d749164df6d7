"""``out=`` against PyTorch: what is written, what is resized with a warning, what is refused."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import gradstep.engine as gs

from .compare import agree, fail_alike

torch = pytest.importorskip("torch")
random = numpy.random.default_rng(7)
MATRIX = random.standard_normal((3, 4))


@pytest.mark.parametrize("T", [gs, torch], ids=["ours", "theirs"])
def test_the_tensor_that_is_given_is_what_comes_back(T: Any) -> None:
    out = T.empty(0)
    assert T.add(T.ones(3), 2, out=out) is out
    assert out.tolist() == [3.0, 3.0, 3.0]
    assert T.ones(2, out=out[:2]).tolist() == [1.0, 1.0]
    assert out.tolist() == [1.0, 1.0, 3.0]


@pytest.mark.parametrize("T", [gs, torch], ids=["ours", "theirs"])
def test_an_out_of_another_size_is_resized_with_a_warning(T: Any) -> None:
    out = T.ones(2)
    with pytest.warns(UserWarning, match="An output with one or more elements was resized since it had shape") as caught:
        T.mul(T.ones(3), 2, out=out)
    assert out.tolist() == [2.0, 2.0, 2.0]
    assert caught[0].filename == __file__


@pytest.mark.parametrize("T", [gs, torch], ids=["ours", "theirs"])
def test_results_of_several_tensors_go_into_several(T: Any) -> None:
    values, indices = T.empty(0), T.empty(0, dtype=T.int64)
    result = T.sort(T.tensor([3.0, 1.0, 2.0]), out=(values, indices))
    assert result.values is values
    assert result[1] is indices
    assert (values.tolist(), indices.tolist()) == ([1.0, 2.0, 3.0], [1, 2, 0])


@pytest.mark.parametrize("T", [gs, torch], ids=["ours", "theirs"])
def test_writing_counts_as_a_change_in_place(T: Any) -> None:
    out = T.zeros(3)
    before = out._version
    T.exp(T.zeros(3), out=out)
    assert out._version == before + 1


@pytest.mark.parametrize(
    "program",
    [
        lambda T, a: T.add(a.detach(), 1, out=T.zeros(3, 4, dtype=T.float32)),
        lambda T, a: T.eq(a.detach(), 0, out=T.zeros(3, 4)),
        lambda T, a: T.sum(a.detach(), 0, out=T.zeros(4, dtype=T.float64)),
        lambda T, a: T.cat([a.detach(), a.detach()], 1, out=T.empty(0, dtype=T.float64)),
        lambda T, a: T.matmul(a.detach(), a.detach().t(), out=T.empty(3, 3, dtype=T.float64)),
        lambda T, a: T.max(a.detach(), 1, out=(T.empty(0, dtype=T.float64), T.empty(0, dtype=T.int64))),
        lambda T, a: T.arange(5, out=T.zeros(5, dtype=T.float64)),
        lambda T, a: T.neg(a.detach(), out=a.detach()),
    ],
)
def test_what_is_written_agrees(program: Any) -> None:
    agree(program, MATRIX, graphs=False)


@pytest.mark.parametrize(
    "program",
    [
        lambda T, a: T.add(a, 1, out=T.zeros(3, 4)),
        lambda T, a: T.mul(a.detach(), 1, out=T.zeros(3, 4, requires_grad=True)),
        lambda T, a: T.add(a.detach(), 1, out=T.zeros(3, 4, dtype=T.int64)),
        lambda T, a: T.mm(a.detach(), a.detach().t(), out=T.zeros(3, 3)),
        lambda T, a: T.ones(2, dtype=T.float64, out=T.zeros(2)),
        lambda T, a: T.add(a.detach()[0], 1, out=T.zeros(1, dtype=T.float64).expand(4)),
        lambda T, a: T.exp(a.detach().view(-1)[:-1], out=a.detach().view(-1)[1:]),
        lambda T, a: T.amax(a.detach(), 0, out=T.zeros(4)),
        lambda T, a: T.floor(a.detach(), out=T.zeros(3, 4)),
        lambda T, a: T.exp(a.detach(), out=3),
    ],
)
def test_what_is_refused_is_refused_alike(program: Any) -> None:
    fail_alike(program, MATRIX)
