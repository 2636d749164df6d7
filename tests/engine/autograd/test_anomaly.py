"""Anomaly detection leads from a gradient that went wrong to the line of the forward pass."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import gradstep.engine as gs


@pytest.fixture
def caught() -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


def test_the_warning_shows_the_users_lines_and_none_of_the_engines(caught: Any) -> None:
    x = gs.tensor([0.0], requires_grad=True)
    with gs.autograd.set_detect_anomaly(True):
        root = x.sqrt()  # this line
        with pytest.raises(RuntimeError) as error:
            (root * 0).sum().backward()
    assert str(error.value) == "Function 'SqrtBackward0' returned nan values in its 0th output."
    (warning,) = caught
    text = str(warning.message)
    assert text.startswith("Error detected in SqrtBackward0. Traceback of forward call that caused the error:\n")
    assert text.splitlines()[-1].strip() == "root = x.sqrt()  # this line"
    assert "/engine/op.py" not in text
    assert warning.filename == __file__


def test_without_the_mode_in_the_forward_pass_the_warning_says_what_to_do(caught: Any) -> None:
    x = gs.tensor([0.0], requires_grad=True)
    y = (x.sqrt() * 0).sum()
    with gs.autograd.set_detect_anomaly(True), pytest.raises(RuntimeError, match="nan values"):
        y.backward()
    assert "Enable detect anomaly during forward pass" in str(caught[0].message)


def test_a_double_backward_is_traced_back_to_both_passes(caught: Any) -> None:
    x = gs.tensor([0.0], requires_grad=True)
    with gs.autograd.set_detect_anomaly(True):
        y = x**1.5  # forward
        (g,) = gs.autograd.grad(y, x, create_graph=True)  # backward
        with pytest.raises(RuntimeError, match="nan values"):
            (g * 0).sum().backward()
    first, second = (str(w.message) for w in caught)
    assert first.startswith("Error detected in PowBackward0.")
    assert first.rstrip().endswith("# backward")
    assert second.startswith("\n\nPrevious calculation was induced by PowBackward0.")
    assert second.rstrip().endswith("# forward")


def test_nodes_remember_nothing_while_the_mode_is_off() -> None:
    x = gs.ones(2, requires_grad=True)
    assert "traceback_" not in (x * 2).grad_fn.metadata
    with gs.autograd.set_detect_anomaly(True):
        assert "traceback_" in (x * 2).grad_fn.metadata
    assert "traceback_" not in (x * 2).grad_fn.metadata


def test_an_exception_in_a_hook_is_traced_back_too(caught: Any) -> None:
    def fails(_: Any) -> None:
        raise ValueError("mine")

    x = gs.ones(2, requires_grad=True)
    with gs.autograd.set_detect_anomaly(True):
        y = x.exp()
        y.register_hook(fails)
        with pytest.raises(ValueError, match="mine"):
            y.sum().backward()
    assert str(caught[0].message).startswith("Error detected in ExpBackward0.")


def test_a_nan_is_only_looked_for_where_it_was_asked_for() -> None:
    x = gs.tensor([0.0], requires_grad=True)
    with gs.autograd.set_detect_anomaly(True, check_nan=False):
        (x.sqrt() * 0).sum().backward()
    assert x.grad is not None
    assert x.grad.isnan().all()
