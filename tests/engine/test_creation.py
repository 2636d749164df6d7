"""Tensors from data and shapes: types, sharing, copies."""

from __future__ import annotations

import copy

import numpy
import pytest

import gradstep.engine as gs


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (1, gs.int64),
        (1.5, gs.float32),
        (True, gs.bool),
        (1j, gs.complex64),
        ([1, 2.5], gs.float32),
        ([True, 2], gs.int64),
        ([], gs.float32),
        (numpy.ones(2), gs.float64),
        ([numpy.float64(1), 2], gs.float64),
        ([gs.tensor(1.0).half(), 2], gs.float16),
    ],
    ids=str,
)
def test_data_has_the_type_that_pytorch_gives_it(data: object, kind: gs.dtype) -> None:
    assert gs.tensor(data).dtype is kind


def test_ragged_sequences_say_where() -> None:
    with pytest.raises(ValueError, match=r"expected sequence of length 2 at dim 1 \(got 1\)"):
        gs.tensor([[1, 2], [3]])


def test_arange_counts_exactly_and_takes_its_type_from_its_arguments() -> None:
    assert gs.arange(0, 1, 0.1).shape == (10,)
    assert gs.arange(5, 0, -2).tolist() == [5, 3, 1]
    assert (gs.arange(3).dtype, gs.arange(3.0).dtype) == (gs.int64, gs.float32)


def test_from_numpy_shares_memory_and_tensor_copies_it() -> None:
    array = numpy.zeros(2)
    shared, own = gs.from_numpy(array), gs.tensor(array)
    array[0] = 1
    assert (shared.tolist(), own.tolist()) == ([1, 0], [0, 0])


def test_tensors_made_in_inference_mode_are_inference_tensors() -> None:
    with gs.inference_mode():
        made = gs.zeros(2)
    assert made.is_inference()


def test_deep_copies_own_their_memory_and_gradient() -> None:
    x = gs.ones(2, requires_grad=True)
    (x * 3).sum().backward()
    other = copy.deepcopy(x)
    with gs.no_grad():
        x.zero_()
    assert other.tolist() == [1, 1]
    assert other.requires_grad
    assert other.grad is not None
    assert other.grad is not x.grad
    assert other.grad.tolist() == [3, 3]
    with pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user"):
        copy.deepcopy(x * 2)
