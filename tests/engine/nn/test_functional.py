"""The names of ``torch.nn.functional``."""

from __future__ import annotations

import pytest

import gradstep.engine as gs
from gradstep.engine.nn import functional as F


def test_every_name_is_a_function_with_a_sentence() -> None:
    for name in dir(F):
        assert callable(getattr(F, name))
        assert getattr(F, name).__doc__, name


def test_a_missing_name_says_that_gradstep_lacks_it_and_what_is_close() -> None:
    with pytest.raises(AttributeError, match=r"'conv_tbc': gradstep's engine does not have it"):
        _ = F.conv_tbc
    with pytest.raises(AttributeError, match=r"Did you mean 'relu'\?"):
        _ = F.relux


@pytest.mark.parametrize("name", ["relu_", "elu_", "celu_", "selu_", "leaky_relu_", "hardtanh_", "threshold_", "rrelu_"])
def test_names_with_an_underscore_write_into_the_tensor(name: str) -> None:
    args = (0.5, 0.1) if name == "threshold_" else ()
    x = gs.tensor([-2.0, 3.0])
    expected = getattr(F, name.rstrip("_"))(x.clone(), *args)
    assert getattr(F, name)(x, *args) is x
    assert x.tolist() == expected.tolist()


@pytest.mark.parametrize("name", ["relu", "elu", "selu", "leaky_relu", "hardtanh", "silu", "mish", "dropout", "relu6", "hardswish"])
def test_in_place_is_an_argument_too(name: str) -> None:
    x = gs.tensor([-2.0, 3.0])
    assert getattr(F, name)(x, inplace=True) is x
