"""The same seed gives PyTorch's own numbers, bit for bit, on the CPU, and leaves the generator where PyTorch's is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import gradstep.engine as gs

torch = pytest.importorskip("torch")

SIZES = [(), (0,), (1,), (3,), (15,), (16,), (17,), (31,), (32,), (100,), (3, 5), (4, 4), (7, 9, 11), (1000,), (65537,)]
FLOATS = ["float16", "float32", "float64"]


def same(function: Callable[[Any], Any], seed: int = 7) -> None:
    """Call ``function`` with both libraries after seeding both; results and generators must be equal."""
    torch.manual_seed(seed)
    gs.manual_seed(seed)
    for round_ in range(2):
        theirs, mine = function(torch), function(gs)
        for a, b in zip(mine if isinstance(mine, tuple) else (mine,), theirs if isinstance(theirs, tuple) else (theirs,), strict=True):
            assert str(a.dtype) == str(b.dtype)
            numpy.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=f"round {round_}")
        numpy.testing.assert_array_equal(gs.get_rng_state().numpy(), torch.get_rng_state().numpy())


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("kind", FLOATS)
@pytest.mark.parametrize("name", ["rand", "randn"])
def test_uniform_and_normal_tensors(name: str, kind: str, size: tuple[int, ...]) -> None:
    same(lambda t: getattr(t, name)(size, dtype=getattr(t, kind)))


@pytest.mark.parametrize("name", ["rand", "randn"])
@pytest.mark.parametrize("kind", ["complex64", "complex128"])
def test_complex_tensors(name: str, kind: str) -> None:
    same(lambda t: getattr(t, name)(5, 7, dtype=getattr(t, kind)))


@pytest.mark.parametrize("kind", FLOATS)
@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("uniform_", (-1.5, 2.25)),
        ("uniform_", (-0.1, 0.1)),
        ("uniform_", (3.0, 3.0)),
        ("normal_", (1.25, 0.02)),
        ("normal_", (0.0, 0.02)),
        ("normal_", (-3.7, 1.1)),
        ("normal_", (2.0, 0.0)),
        ("log_normal_", ()),
        ("log_normal_", (0.3, 0.7)),
        ("exponential_", ()),
        ("exponential_", (2.5,)),
        ("cauchy_", (1.0, 0.5)),
        ("geometric_", (0.3,)),
        ("bernoulli_", (0.3,)),
        ("random_", ()),
        ("random_", (10,)),
        ("random_", (-5, 17)),
    ],
)
@pytest.mark.parametrize("size", [(3,), (16,), (5, 7), (999,)], ids=str)
def test_drawing_into_a_tensor(name: str, args: tuple[float, ...], kind: str, size: tuple[int, ...]) -> None:
    same(lambda t: getattr(t.zeros(size, dtype=getattr(t, kind)), name)(*args))


@pytest.mark.parametrize("kind", ["bool", "uint8", "int8", "int16", "int32", "int64"])
def test_integers_into_a_tensor(kind: str) -> None:
    same(lambda t: t.zeros(50, dtype=getattr(t, kind)).random_())
    same(lambda t: t.zeros(50, dtype=getattr(t, kind)).random_(2))
    same(lambda t: t.zeros(50, dtype=getattr(t, kind)).bernoulli_(0.4))


@pytest.mark.parametrize(
    "bounds", [(10,), (-5, 6), (0, 2**28 - 1), (0, 2**28), (0, 2**32), (-(2**62), 2**62), (-(2**63), 2**63 - 1)], ids=str
)
def test_randint(bounds: tuple[int, ...]) -> None:
    same(lambda t: t.randint(*bounds, (40,)))
    same(lambda t: t.randint(*bounds, size=(3, 4), dtype=t.int64))


def test_randint_of_other_types_and_likenesses() -> None:
    same(lambda t: t.randint(3, 9, (20,), dtype=t.float32))
    same(lambda t: (t.rand_like(t.zeros(3, 4)), t.randn_like(t.zeros(17)), t.randint_like(t.zeros(5), 2, 9), t.randint_like(t.zeros(4), 9)))


@pytest.mark.parametrize("n", [0, 1, 2, 10, 1000, 70000])
def test_randperm(n: int) -> None:
    same(lambda t: t.randperm(n))


def test_views_with_gaps_and_other_orders_of_memory() -> None:
    def draw(t: Any) -> Any:
        base = t.zeros(6, 8)
        base.t().normal_()
        other = t.zeros(6, 8)
        other[:, ::2].uniform_()
        third = t.zeros(4, 5, 6)
        third.permute(2, 0, 1).normal_(1.0, 2.0)
        third.permute(1, 2, 0)[1:].bernoulli_(0.5)
        return base, other, third

    same(draw)


def test_a_long_mixture_of_draws() -> None:
    def draw(t: Any) -> Any:
        made = [t.randn(3), t.rand(5), t.randn(1), t.randn(20), t.randint(100, (7,)), t.randn(2, dtype=t.float64), t.randperm(9)]
        made += [t.zeros(5).exponential_(), t.zeros(3).log_normal_(), t.bernoulli(t.full((9,), 0.3)), t.randn(64, 3)]
        made += [t.bernoulli(t.full((9,), 0.3, dtype=t.float64)), t.bernoulli(t.zeros(9), 0.25), t.randn(7)]
        return tuple(made)

    for seed in (0, 1, 2**31, 2**32 + 5, 2**63, -3):
        same(draw, seed)


def test_normal_in_all_its_forms() -> None:
    same(lambda t: t.normal(2.0, 0.5, (3, 4)))
    same(lambda t: t.normal(2.0, 0.5, size=(5, 4), dtype=t.float64))
    same(lambda t: t.normal(t.arange(20.0), 0.5))
    same(lambda t: t.normal(1.5, t.arange(20.0)))
    same(lambda t: t.normal(t.arange(20.0), t.full((20,), 0.25)))
    same(lambda t: t.normal(t.arange(4.0).reshape(4, 1), t.full((5,), 0.25)))
    same(lambda t: t.normal(mean=t.arange(3.0)))


@pytest.mark.parametrize("replacement", [False, True])
@pytest.mark.parametrize("count", [1, 3, 6])
def test_multinomial(replacement: bool, count: int) -> None:
    same(lambda t: t.multinomial(t.tensor([0.1, 0.0, 3.0, 2.5, 1.0, 0.7, 0.2]), count, replacement))
    same(lambda t: t.multinomial(t.rand(5, 9, dtype=t.float64), count, replacement))


def test_poisson() -> None:
    same(lambda t: t.poisson(t.tensor([0.0, 0.3, 2.0, 9.9, 10.0, 40.0, 1000.0])))
    same(lambda t: t.poisson(t.full((4, 5), 12.5, dtype=t.float64)))


def test_own_generators() -> None:
    def draw(t: Any) -> Any:
        g = t.Generator().manual_seed(11)
        first = t.randn(5, generator=g)
        kept = g.get_state()
        second = t.rand(3, generator=g)
        g.set_state(kept)
        again = t.rand(3, generator=g)
        assert g.initial_seed() == 11
        return first, second, again, kept, t.randperm(5, generator=g), t.Generator().get_state()

    same(draw)


def test_states_cross_from_one_library_to_the_other() -> None:
    gs.manual_seed(3)
    gs.randn(5)
    torch.set_rng_state(torch.from_numpy(gs.get_rng_state().numpy().copy()))
    for _ in range(400):
        numpy.testing.assert_array_equal(gs.randn(3).numpy(), torch.randn(3).numpy())
    torch.rand(1000)
    torch.randn(1)
    gs.set_rng_state(gs.from_numpy(torch.get_rng_state().numpy()))
    numpy.testing.assert_array_equal(gs.randn(3).numpy(), torch.randn(3).numpy())


def test_fork_leaves_the_stream_where_it_was() -> None:
    def draw(t: Any) -> Any:
        fork = t.fork_rng if t is gs else t.random.fork_rng
        first = t.randn(1)
        with fork():
            inside = t.randn(30)
        return first, inside, t.randn(4)

    same(draw)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda t: t.zeros(3).uniform_(2, 1),
        lambda t: t.zeros(3).normal_(0, -1),
        lambda t: t.zeros(3, dtype=t.int64).uniform_(),
        lambda t: t.zeros(3, dtype=t.int64).normal_(),
        lambda t: t.zeros(3).exponential_(0),
        lambda t: t.zeros(3).cauchy_(0, 0),
        lambda t: t.zeros(3).log_normal_(0, 0),
        lambda t: t.zeros(3).geometric_(1.5),
        lambda t: t.zeros(3).bernoulli_(1.5),
        lambda t: t.zeros(3).random_(5, 5),
        lambda t: t.randint(5, 3, (2,)),
        lambda t: t.randperm(-1),
        lambda t: t.normal(0.0, -1.0, (3,)),
        lambda t: t.normal(t.zeros(2), -t.ones(2)),
        lambda t: t.multinomial(t.tensor([1.0, -1.0]), 1),
        lambda t: t.multinomial(t.tensor([1.0, 2.0]), 3),
        lambda t: t.multinomial(t.tensor([0.0, 0.0]), 1),
        lambda t: t.multinomial(t.tensor([1.0, 2.0]), 0),
        lambda t: t.multinomial(t.ones(2, 2, 2), 1),
        lambda t: t.multinomial(t.tensor([1, 2]), 1),
        lambda t: t.poisson(t.tensor([-1.0])),
        lambda t: t.set_rng_state(t.zeros(5)),
        lambda t: t.set_rng_state(t.zeros(5, dtype=t.uint8)),
        lambda t: t.manual_seed(2**64),
        lambda t: t.zeros(3, requires_grad=True).normal_(),
        lambda t: t.zeros(3, requires_grad=True)[:2].normal_(),
        lambda t: t.normal(0.0, 1.0),
    ],
)
def test_errors_begin_with_the_same_words(wrong: Callable[[Any], Any]) -> None:
    with pytest.raises(Exception) as theirs:  # noqa: PT011
        wrong(torch)
    with pytest.raises(type(theirs.value)) as mine:
        wrong(gs)
    assert str(mine.value)[:18] == str(theirs.value)[:18]


@pytest.mark.skipif(sys.platform != "linux", reason="the C library's functions differ in the last bit")
def test_a_model_s_worth_of_normal_numbers() -> None:
    torch.manual_seed(1)
    gs.manual_seed(1)
    theirs, mine = torch.randn(300_000).numpy(), gs.randn(300_000).numpy()
    assert (theirs != mine).sum() <= 1
