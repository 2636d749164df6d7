"""How operands meet: types, devices, numbers, errors, numpy's warnings; and what operators answer to strangers."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import numpy
import pytest

import gradstep.engine as gs
from gradstep.engine import devices


def test_shapes_that_do_not_broadcast_are_named_with_the_op() -> None:
    with pytest.raises(
        RuntimeError, match=r"^The size of tensor a \(3\) must match the size of tensor b \(2\) at non-singleton dimension 1"
    ):
        gs.ones(4, 3) * gs.ones(4, 2)
    with pytest.raises(RuntimeError, match=r"mul: \(3,\) and \(2,\) do not broadcast"):
        gs.ones(3) * gs.ones(2)


class Stranger:
    """Wants to be asked itself."""

    def __radd__(self, other: Any) -> str:
        return "radd"

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


def test_operators_leave_strangers_to_answer() -> None:
    assert gs.ones(2) + Stranger() == "radd"
    assert (gs.ones(2) == Stranger()) is True
    assert (gs.ones(2) == None) is False  # noqa: E711
    with pytest.raises(TypeError, match="unsupported operand type"):
        gs.ones(2) + "a"
    with pytest.raises(TypeError, match="'<' not supported"):
        gs.ones(2) < [1, 2]  # noqa: B015


def test_a_missing_operand_is_no_number() -> None:
    with pytest.raises(TypeError, match=r"mul\(\): argument 'other' \(position 2\) must be Tensor, not NoneType"):
        gs.mul(gs.ones(2), None)


def test_numpys_scalars_are_numbers() -> None:
    x = gs.ones(2)
    for number in (numpy.float32(2), numpy.float64(2), numpy.int64(2), numpy.int8(2), numpy.bool_(True)):
        made = x * number
        assert made.dtype is gs.float32
        assert (number * x).dtype is gs.float32
    assert (gs.tensor([1, 2]) + numpy.int32(1)).tolist() == [2, 3]


def test_integers_that_do_not_fit_wrap_around() -> None:
    x = gs.tensor([1, 2], dtype=gs.uint8)
    assert (x + 300).tolist() == [45, 46]
    assert (x - 5).tolist() == [252, 253]
    assert (x == 257).tolist() == [True, False]


def test_negative_zero_and_zero_are_different_numbers() -> None:
    x = gs.zeros(1)
    assert (x * -0.0).signbit().item() is True
    assert (x * 0.0).signbit().item() is False


def test_ops_give_none_of_numpys_warnings_and_leave_numpys_setting_alone() -> None:
    before = numpy.geterr()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (gs.ones(1) / 0).item() == float("inf")
        assert gs.tensor([-1.0]).sqrt().isnan().item()
        assert gs.tensor([1000.0]).exp().item() == float("inf")
        assert (gs.tensor([1.0]) * gs.tensor(1e300, dtype=gs.float64)).item() == float("inf")
        assert gs.tensor([65504.0], dtype=gs.float16).add(1e6).item() == float("inf")
    assert numpy.geterr() == before


def test_every_thread_is_free_of_warnings() -> None:
    found: list[Any] = []

    def work() -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found.append((gs.ones(1) / 0).item())
            found.append(len(caught))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [float("inf"), 0]


def test_an_op_inside_an_op_is_quiet_too() -> None:
    def outer() -> float:
        return float(devices.quietly(lambda: numpy.float64(1) / numpy.float64(0)))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert devices.quietly(outer) == float("inf")


def test_an_error_of_the_user_s_own_goes_through_quietly() -> None:
    def fails() -> None:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match=r"^mine$"):
        devices.quietly(fails)


def test_names_of_numpy_for_dimensions_are_understood_and_others_refused() -> None:
    x = gs.ones(2, 3)
    assert x.sum(axis=1, keepdims=True).shape == (2, 1)
    with pytest.raises(TypeError, match="unexpected keyword argument 'foo'"):
        x.sum(foo=1)


def test_numbers_have_no_edge_where_pytorch_has_an_overload_for_them() -> None:
    x = gs.ones(2, requires_grad=True)
    assert [len(y.grad_fn.next_functions) for y in (x**2, 2**x, 3 - x, x % 2, x.clamp(0, 1), x * 2, x + 1)] == [1, 1, 1, 1, 1, 2, 2]


def test_rules_that_do_not_exist_raise_when_they_are_needed() -> None:
    x = gs.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"^derivative for aten::floor_divide is not implemented"):
        (x // 2).sum().backward()
