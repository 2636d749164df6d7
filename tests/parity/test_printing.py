"""Tensors print character for character as PyTorch prints them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy
import pytest

import gradstep.engine as gs

torch = pytest.importorskip("torch")

KINDS = ["float32", "float64", "float16", "int64", "int32", "uint8", "bool", "complex64", "complex128"]
SHAPES = [
    (),
    (1,),
    (7,),
    (0,),
    (0, 3),
    (3, 4),
    (2, 3, 4),
    (1, 1, 1),
    (30,),
    (12, 11),
    (1001,),
    (40, 30),
    (11, 10, 10),
    (3, 600),
    (7, 1, 150),
]


def numbers(random: Any, shape: tuple[int, ...], kind: str) -> Any:
    """An array whose numbers are small or large, whole or not, sometimes not finite."""
    if kind == "bool":
        return numpy.asarray(random.random(shape) < 0.5)
    style = random.integers(6)
    scale = 10.0 ** random.integers(-6, 9, shape if style == 0 else ())
    made = numpy.asarray(random.standard_normal(shape) * scale)
    if style in (1, 2):
        made = numpy.round(random.standard_normal(shape) * 10.0 ** random.integers(0, 4))
    if style == 3:
        made = numpy.where(random.random(shape) < 0.4, random.choice([numpy.nan, numpy.inf, -numpy.inf, 0.0], shape), made)
    if kind.startswith("complex"):
        made = made + 1j * numpy.where(random.random(shape) < 0.2, 0.0, random.standard_normal(shape))
    if "int" in kind:
        made = numpy.nan_to_num(made, posinf=9, neginf=-9).clip(0 if kind == "uint8" else -(2**31), 255 if kind == "uint8" else 2**31 - 1)
    with numpy.errstate(over="ignore"):
        return numpy.asarray(made).astype(kind)


@pytest.fixture
def defaults() -> Iterator[None]:
    yield
    gs.set_printoptions(profile="default")
    torch.set_printoptions(profile="default")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_prints_as_pytorch(shape: tuple[int, ...], kind: str) -> None:
    random = numpy.random.default_rng(len(KINDS) * len(shape) + sum(shape))
    for _ in range(6):
        array = numbers(random, shape, kind)
        assert repr(gs.from_numpy(array)) == repr(torch.from_numpy(array))


@pytest.mark.parametrize(
    "options",
    [
        {"precision": 2},
        {"precision": 8, "linewidth": 120},
        {"edgeitems": 1, "threshold": 5},
        {"edgeitems": 0, "threshold": 5},
        {"sci_mode": True},
        {"sci_mode": False},
        {"profile": "short"},
        {"profile": "full"},
        {"profile": "short", "precision": 5},
    ],
    ids=str,
)
def test_prints_with_options_as_pytorch(options: dict[str, Any], defaults: None) -> None:
    gs.set_printoptions(**options)
    torch.set_printoptions(**options)
    random = numpy.random.default_rng(3)
    for kind in ("float32", "int64", "complex64"):
        for shape in ((), (6,), (4, 30), (13, 100), (2, 3, 4)):
            array = numbers(random, shape, kind)
            assert repr(gs.from_numpy(array)) == repr(torch.from_numpy(array))


@pytest.mark.parametrize("count", [1, 3, 7, 8, 9, 10])
def test_what_stands_behind_the_numbers_moves_to_the_next_line_as_in_pytorch(count: int) -> None:
    def programs(T: Any) -> Iterator[Any]:
        x = T.arange(float(count)).requires_grad_()
        yield x
        yield x * 2.5
        yield x.double() + 0.001
        yield (x + x).reshape(count, 1)
        yield T.zeros(0, count).requires_grad_()
        yield T.zeros(0).long()
        yield T.zeros(2, 0).long() + 1

    for mine, other in zip(programs(gs), programs(torch), strict=True):
        assert str(mine) == str(other)


def test_formats_as_pytorch() -> None:
    assert f"{gs.tensor(1.5):.3f} {gs.tensor(3)} {gs.ones(2)}" == f"{torch.tensor(1.5):.3f} {torch.tensor(3)} {torch.ones(2)}"
