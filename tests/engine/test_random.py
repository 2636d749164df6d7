"""Generators: their seeds and states, and that drawing can be undone for all of them at once."""

from __future__ import annotations

import copy
import gc
import pickle

import numpy
import pytest

import gradstep.engine as gs
from gradstep.engine import devices, random

from .standin import STANDIN


def test_the_same_seed_gives_the_same_numbers() -> None:
    gs.manual_seed(4)
    first = gs.randn(5)
    gs.manual_seed(4)
    assert gs.randn(5).tolist() == first.tolist()
    assert gs.initial_seed() == 4


def test_seeding_at_random_gives_the_seed_that_was_used() -> None:
    used = gs.seed()
    first = gs.rand(3)
    gs.manual_seed(used)
    assert gs.rand(3).tolist() == first.tolist()


def test_a_restored_snapshot_repeats_what_every_generator_gave() -> None:
    own = gs.Generator().manual_seed(8)
    kept = random.snapshot()
    first = (gs.randn(3).tolist(), gs.rand(2, generator=own).tolist())
    gs.manual_seed(1)
    random.restore(kept)
    assert (gs.randn(3).tolist(), gs.rand(2, generator=own).tolist()) == first
    assert own.initial_seed() == 8


def test_dropped_generators_are_forgotten() -> None:
    gc.collect()
    before = len(random.snapshot())
    own = gs.Generator()
    assert len(random.snapshot()) == before + 1
    del own
    gc.collect()
    assert len(random.snapshot()) == before


def test_generators_can_be_pickled_and_cloned() -> None:
    own = gs.Generator().manual_seed(5)
    gs.randn(3, generator=own)
    others = [pickle.loads(pickle.dumps(own)), own.clone_state(), copy.copy(own)]
    expected = gs.randn(4, generator=own).tolist()
    assert [gs.randn(4, generator=g).tolist() for g in others] == [expected] * 3


def test_the_state_must_be_bytes() -> None:
    with pytest.raises(TypeError, match=r"RNG state must be a torch\.ByteTensor"):
        gs.set_rng_state(gs.zeros(5056))


def test_a_generator_of_another_device_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(devices._MODULES, "cuda", STANDIN)
    with pytest.raises(RuntimeError, match="Expected a 'cpu' device type for generator but found 'cuda'"):
        gs.randn(3, generator=gs.Generator("cuda"))


@pytest.mark.parametrize("name", ["uniform_", "normal_", "exponential_", "cauchy_", "log_normal_", "random_", "bernoulli_"])
def test_another_device_draws_on_the_device_and_repeatably(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(devices._MODULES, "cuda", STANDIN)
    monkeypatch.setitem(devices._BY_TYPE, STANDIN.ndarray, STANDIN)
    monkeypatch.setattr(random, "_of_devices", {})
    drawn = []
    for _ in range(2):
        gs.manual_seed(3)
        made = getattr(gs.zeros(40, device="cuda"), name)()
        assert type(made._data) is STANDIN.ndarray
        drawn.append(STANDIN.to_host(made._data))
    numpy.testing.assert_array_equal(*drawn)
    assert len(set(drawn[0].tolist())) > 1


def test_normal_numbers_of_another_device_are_normal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(devices._MODULES, "cuda", STANDIN)
    monkeypatch.setitem(devices._BY_TYPE, STANDIN.ndarray, STANDIN)
    values = STANDIN.to_host(gs.randn(20001, device="cuda", generator=gs.Generator("cuda"))._data)
    assert abs(values.mean()) < 0.03
    assert abs(values.std() - 1) < 0.03


def test_drawing_into_a_tensor_counts_as_a_change() -> None:
    made = gs.zeros(3)
    made.uniform_()
    assert made._version == 1


def test_no_gradient_passes_a_draw() -> None:
    x = gs.ones(3, requires_grad=True)
    y = x * 2
    y.normal_()
    (y.sum() + x.sum()).backward()
    assert x.grad is not None
    assert x.grad.tolist() == [1, 1, 1]


def test_a_leaf_that_requires_a_gradient_is_not_drawn_into() -> None:
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used in an in-place operation"):
        gs.ones(3, requires_grad=True).normal_()
    with gs.no_grad():
        gs.ones(3, requires_grad=True).normal_()
