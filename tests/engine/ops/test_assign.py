"""copy_, fill_ and zero_: the old value gets no gradient, the source all of it, also through views and casts."""

from __future__ import annotations

import pytest

import gradstep.engine as gs


def test_copy_casts_and_broadcasts_and_sends_the_gradient_to_the_source() -> None:
    source = gs.tensor([1.0, 2.0, 3.0], dtype=gs.float64, requires_grad=True)
    old = gs.ones(2, 3, requires_grad=True)
    y = old * 2
    assert y.copy_(source) is y
    assert y.grad_fn.name() == "torch::autograd::CopyBackwards"
    assert type(y.grad_fn).__name__ == "CopyBackwards"
    y.sum().backward()
    assert source.grad.dtype is gs.float64
    assert source.grad.tolist() == [2.0, 2.0, 2.0]
    assert old.grad.tolist() == [[0.0] * 3] * 2


def test_copy_into_a_view_changes_the_history_of_its_base() -> None:
    source = gs.tensor([5.0, 6.0], requires_grad=True)
    x = gs.ones(2, 2, requires_grad=True)
    y = x * 3
    y[0].copy_(source)
    (y * y).sum().backward()
    assert source.grad.tolist() == [10.0, 12.0]
    assert x.grad.tolist() == [[0.0, 0.0], [18.0, 18.0]]


def test_copy_truncates_floats_for_integers_and_counts_a_version() -> None:
    x = gs.zeros(3, dtype=gs.int64)
    version = x._version
    x.copy_(gs.tensor([1.9, -1.9, 2.0]))
    assert x.tolist() == [1, -1, 2]
    assert x._version == version + 1


def test_zero_and_fill_cut_the_history() -> None:
    for name, argument in (("zero_", ()), ("fill_", (3.0,))):
        x = gs.ones(3, requires_grad=True)
        y = x * 2
        getattr(y, name)(*argument)
        y.sum().backward()
        assert x.grad.tolist() == [0.0, 0.0, 0.0]


def test_a_0d_tensor_that_fills_gets_the_sum_of_the_gradients() -> None:
    value = gs.tensor(2.0, requires_grad=True)
    y = gs.zeros(2, 3)
    y.fill_(value)
    (y * 2).sum().backward()
    assert value.grad.item() == 12.0


def test_what_does_not_fit_is_refused_and_leaves_the_memory_alone() -> None:
    x = gs.ones(2)
    with pytest.raises(RuntimeError, match="output with shape"):
        x.copy_(gs.zeros(3, 2))
    with pytest.raises(RuntimeError, match="The size of tensor a"):
        x.copy_(gs.zeros(3))
    with pytest.raises(RuntimeError, match="fill_ only supports 0-dimension value tensor"):
        x.fill_(gs.zeros(2))
    assert x.tolist() == [1.0, 1.0]
    assert x._version == 0
