"""Models in plain PyTorch style train here as in PyTorch: the same initial weights, losses, gradients and final states."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy
import pytest
import torch

import gradstep.engine as gs

NAMES = ("gpt", "resnet", "lstm", "vit", "unet", "vae", "dcgan", "diffusion", "seq2seq", "graphconv")
HALF_NAMES = NAMES[:-1]  # PyTorch lacks kernels for the last one


def array(tensor: Any) -> Any:
    """A copy; of bfloat16 as float32."""
    copy = tensor.detach().clone()
    return (copy.float() if "bfloat16" in str(copy.dtype) else copy).numpy()


class Track:
    """What happens in a training, as numpy arrays."""

    def __init__(self) -> None:
        self.initial: list[dict[str, Any]] = []
        self.losses: list[float] = []
        self.gradients: dict[str, Any] = {}
        self.modules: list[Any] = []

    def begin(self, *modules: Any) -> None:
        self.modules = list(modules)
        self.initial = self.states()

    def step(self, loss: Any, *modules: Any) -> None:
        self.number(loss)
        for module in modules:
            number = self.modules.index(module)
            for name, parameter in module.named_parameters():
                key = f"{number}.{name}"
                if parameter.grad is not None and key not in self.gradients:
                    self.gradients[key] = array(parameter.grad)

    def number(self, value: Any) -> None:
        self.losses.append(float(value.item()))

    def states(self) -> list[dict[str, Any]]:
        return [{k: array(v) for k, v in module.state_dict().items()} for module in self.modules]


def trained(T: Any, name: str, kind: str, region: bool = False, steps: int = 20) -> Track:
    """The training of a model in an engine, with that default type; in an autocast region or not."""
    model = importlib.import_module(f"{__package__}.models.{name}")
    track = Track()
    T.set_default_dtype(getattr(T, kind))
    T.manual_seed(1)
    try:
        with warnings.catch_warnings(), T.autocast("cpu", enabled=region, cache_enabled=False):
            warnings.simplefilter("ignore")
            model.run(T, track, steps)
    finally:
        T.set_default_dtype(T.float32)
    return track


def compare(mine: dict[str, Any], other: dict[str, Any], rtol: float, what: str) -> None:
    assert list(mine) == list(other)
    for key, value in other.items():
        assert mine[key].dtype == value.dtype
        size = numpy.abs(value).max(initial=0.0) if value.dtype.kind == "f" else 0
        numpy.testing.assert_allclose(mine[key], value, rtol=rtol, atol=rtol * max(float(size), 1e-3), err_msg=f"{what} of {key}")


@pytest.mark.parametrize("name", NAMES)
def test_a_model_trains_as_in_pytorch(name: str) -> None:
    mine, other = trained(gs, name, "float64"), trained(torch, name, "float64")
    for a, b in zip(mine.initial, other.initial, strict=True):
        compare(a, b, 0.0, "initial value")
    assert len(other.losses) >= 20
    compare(mine.gradients, other.gradients, 1e-9, "gradient")
    numpy.testing.assert_allclose(mine.losses, other.losses, rtol=1e-9)
    for a, b in zip(mine.states(), other.states(), strict=True):
        compare(a, b, 1e-7, "final value")


# single precision: rounding in another order grows with every step
@pytest.mark.parametrize("name", NAMES)
def test_a_model_trains_as_in_pytorch_in_single_precision(name: str) -> None:
    mine, other = trained(gs, name, "float32"), trained(torch, name, "float32")
    compare(mine.gradients, other.gradients, 2e-4, "gradient")
    numpy.testing.assert_allclose(mine.losses[:3], other.losses[:3], rtol=1e-4)
    numpy.testing.assert_allclose(mine.losses, other.losses, rtol=2e-2)


# one gradient is rounded otherwise by a step of half precision, and the next weights differ: what is compared is the beginning
@pytest.mark.parametrize("name", HALF_NAMES)
def test_a_model_trains_in_mixed_precision_as_in_pytorch(name: str) -> None:
    mine, other = trained(gs, name, "float32", region=True, steps=4), trained(torch, name, "float32", region=True, steps=4)
    numpy.testing.assert_allclose(mine.losses, other.losses, rtol=3e-2)
    largest = max(float(numpy.abs(value).max()) for value in other.gradients.values())
    for key, value in other.gradients.items():
        scale = max(float(numpy.abs(value).max()), 0.2 * largest)
        assert float(numpy.abs(mine.gradients[key] - value).max()) <= 0.08 * scale, key


@pytest.mark.parametrize("name", HALF_NAMES)
def test_a_model_trains_in_bfloat16_as_in_pytorch(name: str) -> None:
    mine, other = trained(gs, name, "bfloat16", steps=3), trained(torch, name, "bfloat16", steps=3)
    for a, b in zip(mine.initial, other.initial, strict=True):
        compare(a, b, 0.0, "initial value")
    numpy.testing.assert_allclose(mine.losses, other.losses, rtol=4e-2)
