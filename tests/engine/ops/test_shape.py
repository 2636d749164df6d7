"""Views and pieces share memory and history with their base as the ops say."""

from __future__ import annotations

import numpy
import pytest

import gradstep.engine as gs


def test_views_write_into_the_base_and_count_with_it() -> None:
    base = gs.zeros(3, 4)
    view = base.t()[1:].unsqueeze(0)
    view.add_(1)
    assert base.sum().item() == 9
    assert view._base is base
    assert view._version == base._version == 1


def test_a_detached_alias_counts_the_same_changes_but_is_no_view() -> None:
    base = gs.ones(3, requires_grad=True) * 1
    alias = base.detach()
    alias[0] = 5
    assert base[0].item() == 5
    assert base._version == 1
    assert not alias._is_view()


def test_reshape_copies_only_where_the_memory_does_not_allow_a_view() -> None:
    base = gs.zeros(2, 3, 4)
    assert base.reshape(6, 4)._is_view()
    assert base.transpose(0, 1).reshape(3, 2, 2, 2)._is_view()
    assert not base.transpose(0, 1).reshape(24)._is_view()
    with pytest.raises(RuntimeError, match="view size is not compatible"):
        base.transpose(0, 1).view(24)


def test_expanded_memory_is_not_repeated_and_may_not_be_written() -> None:
    wide = gs.ones(3, 1).expand(3, 1000)
    assert wide.stride() == (1, 0)
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
        wide.add_(1)


@pytest.mark.parametrize("index", [0, -1, slice(1, 3), (slice(None), 1), (Ellipsis, 0), (None, 1), (slice(None, None, 2), slice(1, None))])
def test_numbers_and_slices_give_views(index: object) -> None:
    base = gs.arange(12.0).reshape(3, 4)
    view = base[index]
    numpy.testing.assert_array_equal(view.numpy(), base.numpy()[index])  # type: ignore[index]
    view.zero_()
    assert (base.numpy()[index] == 0).all()  # type: ignore[index]


@pytest.mark.parametrize("index", [[0, 2], (slice(None), [1, 1]), ([0, 1], [3, 2])])
def test_lists_and_masks_give_copies_whose_gradients_add_up(index: object) -> None:
    base = gs.arange(12.0).reshape(3, 4).requires_grad_()
    copy = base[index]
    assert not copy._is_view()
    copy.sum().backward()
    expected = numpy.zeros((3, 4))
    numpy.add.at(expected, index, 1)  # type: ignore[arg-type]
    numpy.testing.assert_array_equal(base.grad.numpy(), expected)  # type: ignore[union-attr]


def test_pieces_of_several_views_are_views_of_one_base() -> None:
    base = gs.arange(6.0)
    parts = base.split(2)
    assert [p.tolist() for p in parts] == [[0, 1], [2, 3], [4, 5]]
    assert all(p._base is base for p in parts)
    assert gs.cat(parts).equal(base)


def test_stacked_tensors_take_their_common_type() -> None:
    assert gs.stack([gs.tensor(1), gs.tensor(2.5)]).dtype is gs.float32
    assert gs.cat([gs.ones(1).half(), gs.ones(1).double()]).dtype is gs.float64


def test_to_gives_the_tensor_itself_where_nothing_changes() -> None:
    x = gs.ones(2)
    assert x.to(gs.float32) is x
    assert x.to("cpu") is x
    assert x.to(gs.float32, copy=True) is not x
    assert x.long().dtype is gs.int64


def test_a_gradient_comes_back_through_a_cast_in_the_leafs_type() -> None:
    x = gs.ones(2, requires_grad=True)
    (x.double() * 2).half().sum().backward()
    assert x.grad is not None
    assert x.grad.dtype is gs.float32
    assert x.grad.tolist() == [2, 2]


def test_what_numpy_names_with_its_arrays_indexes_too() -> None:
    x = gs.arange(6.0).reshape(2, 3)
    assert x[numpy.array([True, False])].tolist() == [[0, 1, 2]]
    assert x[numpy.int64(1), numpy.array([0, 2])].tolist() == [3, 5]


def test_windows_overlap_in_memory_and_their_gradients_add_up() -> None:
    x = gs.arange(4.0).requires_grad_()
    windows = x.unfold(0, 2, 1)
    assert windows.tolist() == [[0, 1], [1, 2], [2, 3]]
    windows.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [1, 2, 2, 1]
