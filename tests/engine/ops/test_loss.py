"""What users meet when a loss is given the wrong things, in words that they can search for."""

from __future__ import annotations

import math

import pytest

import gradstep.engine as gs
from gradstep.engine.nn import functional as F


def test_a_target_of_another_shape_warns() -> None:
    with pytest.warns(UserWarning, match=r"Using a target size \(torch.Size\(\[3\]\)\) that is different to the input size"):
        F.mse_loss(gs.ones(3, 1), gs.ones(3))


def test_a_batch_of_another_size_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"Expected input batch_size \(3\) to match target batch_size \(4\)\."):
        F.cross_entropy(gs.ones(3, 5), gs.tensor([1, 2, 1, 1]))


def test_a_target_that_is_no_class_is_an_error() -> None:
    with pytest.raises(IndexError, match=r"Target 5 is out of bounds\."):
        F.cross_entropy(gs.ones(3, 5), gs.tensor([1, 2, 5]))


def test_ignored_targets_take_no_part() -> None:
    x = gs.tensor([[1.0, 2.0], [3.0, 1.0]], requires_grad=True)
    F.cross_entropy(x, gs.tensor([1, -100])).backward()
    assert x.grad is not None
    assert x.grad[1].tolist() == [0, 0]
    assert F.cross_entropy(x[:1], gs.tensor([1])).item() == F.cross_entropy(x, gs.tensor([1, -100])).item()


def test_the_mean_of_nothing_is_nan() -> None:
    assert math.isnan(F.cross_entropy(gs.ones(2, 3), gs.tensor([-100, -100])).item())


def test_weights_that_ask_for_a_gradient_are_refused() -> None:
    with pytest.raises(RuntimeError, match="is not differentiable with respect to argument 'weight'"):
        F.binary_cross_entropy_with_logits(gs.ones(3), gs.ones(3), gs.ones(3, requires_grad=True))


def test_ctc_is_differentiated_once() -> None:
    logits = gs.randn(6, 1, 4, requires_grad=True)
    loss = F.ctc_loss(logits.log_softmax(2), gs.tensor([[1, 2]]), gs.tensor([6]), gs.tensor([2]))
    (first,) = gs.autograd.grad(loss, [logits], create_graph=True)
    with pytest.raises(RuntimeError, match="derivative for _ctc_loss_backward is not implemented"):
        first.sum().backward()
