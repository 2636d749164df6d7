"""In-place changes: what they write, count, rebase, and refuse."""

from __future__ import annotations

import numpy
import pytest

import gradstep.engine as gs


def test_a_changed_view_puts_its_op_into_the_history_of_the_base() -> None:
    x = gs.arange(6.0).reshape(2, 3).requires_grad_()
    base = x * 1
    row = base[0]
    row.mul_(10)
    assert base.grad_fn is not None
    assert base.grad_fn.name().endswith("CopySlices")
    assert row.grad_fn is not None
    assert row.grad_fn.name() == "AsStridedBackward0"
    base.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[10, 10, 10], [1, 1, 1]]


def test_views_of_views_in_any_order_give_the_gradient_of_the_same_program_without_views() -> None:
    random = numpy.random.default_rng(0)
    array, factor = random.standard_normal((4, 4)), random.standard_normal(4)
    x, f = gs.from_numpy(array).requires_grad_(), gs.from_numpy(factor).requires_grad_()
    b = x * x
    b.t()[1:3].mul_(f)
    b[0] += b[3]
    b[:, 2] = f
    (b * b).sum().backward()

    y, h = gs.from_numpy(array).requires_grad_(), gs.from_numpy(factor).requires_grad_()
    columns = [(y * y)[:, 0], (y * y)[:, 1] * h, (y * y)[:, 2] * h, (y * y)[:, 3]]
    c = gs.stack(columns, 1)
    c = gs.cat([(c[0] + c[3])[None], c[1:]])
    c = gs.stack([c[:, 0], c[:, 1], h, c[:, 3]], 1)
    (c * c).sum().backward()
    for a, b_ in ((x, y), (f, h)):
        assert a.grad is not None
        assert b_.grad is not None
        numpy.testing.assert_allclose(a.grad.numpy(), b_.grad.numpy())


def test_a_value_that_backward_needs_may_not_be_changed_before() -> None:
    x = gs.ones(3, requires_grad=True)
    y = x * 2
    z = y * y
    y.add_(1)
    with pytest.raises(
        RuntimeError, match=r"modified by an inplace operation: \[torch.FloatTensor \[3\]\], which is output 0 of Add, is at version 1"
    ):
        z.sum().backward()


def test_a_failed_change_leaves_value_and_version_alone() -> None:
    x = gs.ones(3)
    with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
        x.add_(gs.ones(2, 3))
    with pytest.raises(RuntimeError, match="can't be cast"):
        gs.ones(3).long().add_(1.5)
    assert x.tolist() == [1, 1, 1]
    assert x._version == 0


@pytest.mark.parametrize("change", [lambda t: t.add_(1), lambda t: t[0].add_(1), lambda t: t.view(-1).zero_()])
def test_leaves_that_require_grad_are_changed_only_without_grad(change: object) -> None:
    assert callable(change)
    leaf = gs.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        change(leaf)
    with gs.no_grad():
        change(leaf)
    assert leaf.is_leaf
    assert leaf._version == 1


def test_one_of_several_views_may_not_be_changed_with_grad() -> None:
    x = gs.ones(4, requires_grad=True) * 1
    with pytest.raises(RuntimeError, match="Output 0 of Split is a view and is being modified inplace"):
        x.split(2)[0].add_(1)


def test_a_tensor_that_is_turned_in_place_keeps_its_history() -> None:
    x = gs.arange(6.0).reshape(2, 3).requires_grad_()
    y = x * 2
    y.t_().unsqueeze_(0)
    assert y.shape == (1, 3, 2)
    (y * gs.arange(6.0).reshape(1, 3, 2)).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[0, 4, 8], [2, 6, 10]]
