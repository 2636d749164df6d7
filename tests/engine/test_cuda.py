"""``torch.cuda`` with and without a GPU, which here is a pretended one that has the names of cupy's that are used."""

from __future__ import annotations

from typing import Any

import pytest

import gradstep.engine as gs
from gradstep.engine import devices
from gradstep.engine.cuda import memory

from .standin import Cuda, Pool, Stream, use


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(memory, "_peaks", memory._Peaks())
    for name, value in (("used", 0), ("total", 0), ("limit", None)):
        monkeypatch.setattr(Pool, name, value)
    return use(monkeypatch)


@pytest.fixture
def none(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> Any:
        raise devices.NoGPUError("Torch not compiled with CUDA enabled")

    monkeypatch.delitem(devices._MODULES, "cuda", raising=False)
    monkeypatch.setattr(devices, "_load_cupy", load)


@pytest.mark.usefixtures("none")
def test_without_a_gpu_questions_have_answers() -> None:
    cuda = gs.cuda
    assert not cuda.is_available()
    assert cuda.device_count() == 0
    assert not cuda.is_initialized()
    assert not cuda.is_bf16_supported()
    assert [cuda.memory_allocated(), cuda.memory_reserved(), cuda.max_memory_allocated(), cuda.max_memory_reserved()] == [0, 0, 0, 0]
    assert cuda.memory_stats() == {}
    assert cuda.get_rng_state_all() == []
    assert cuda.get_arch_list() == []
    cuda.empty_cache()
    cuda.manual_seed(1)
    cuda.manual_seed_all(1)
    cuda.seed()
    cuda.set_device(-1)
    with cuda.stream(None), cuda.device(-1), cuda.device_of(gs.ones(2)):
        pass


@pytest.mark.usefixtures("none")
@pytest.mark.parametrize(
    "ask",
    [
        lambda: gs.cuda.current_device(), lambda: gs.cuda.set_device(0), lambda: gs.cuda.get_device_name(), lambda: gs.cuda.synchronize(),
        lambda: gs.cuda.get_device_properties(0), lambda: gs.cuda.get_device_capability(), lambda: gs.cuda.mem_get_info(),
        lambda: gs.cuda.reset_peak_memory_stats(), lambda: gs.cuda.init(), lambda: gs.cuda.current_stream(), lambda: gs.ones(2).cuda(),
        lambda: gs.ones(2).to("cuda:1"), lambda: gs.ones(2, device="cuda"), lambda: gs.nn.Linear(2, 2).cuda(),
        lambda: gs.cuda.get_rng_state(),
        lambda: gs.cuda.default_stream(), lambda: gs.cuda.initial_seed(), lambda: gs.cuda.set_per_process_memory_fraction(0.5),
    ],
)  # fmt: skip
def test_without_a_gpu_what_needs_one_is_refused_as_by_a_build_for_the_cpu(ask: Any) -> None:
    with pytest.raises(AssertionError, match="Torch not compiled with CUDA enabled") as caught:
        ask()
    assert isinstance(caught.value, RuntimeError)


@pytest.mark.usefixtures("none")
def test_without_a_gpu_there_are_no_streams_and_events() -> None:
    with pytest.raises(RuntimeError, match=r"torch.cuda.Stream requires CUDA support"):
        gs.cuda.Stream()
    with pytest.raises(RuntimeError, match="Tried to instantiate dummy base class Event"):
        gs.cuda.Event(enable_timing=True)


def test_says_what_the_gpu_is(machine: Any) -> None:
    assert gs.cuda.is_available()
    assert gs.cuda.device_count() == 1
    assert gs.cuda.current_device() == 0
    assert gs.cuda.get_device_name(0) == "Stand-in"
    assert gs.cuda.get_device_capability("cuda") == (9, 0)
    found = gs.cuda.get_device_properties("cuda:0")
    assert (found.total_memory, found.multi_processor_count) == (2**30, 132)
    with pytest.raises(ValueError, match="Expected a cuda device, but got: cpu"):
        gs.cuda.set_device("cpu")
    assert gs.cuda.mem_get_info() == (2**20, 2**30)


def test_memory_is_counted_from_the_first_reset_on(machine: Any) -> None:
    pool = Pool()
    pool.malloc(100)
    assert gs.cuda.memory_allocated() == gs.cuda.memory_reserved() == gs.cuda.max_memory_allocated() == 100
    gs.cuda.reset_peak_memory_stats()
    Cuda.allocator(500)  # what cupy calls for each array from now on
    Pool.used -= 550
    assert gs.cuda.memory_allocated() == 50
    assert gs.cuda.max_memory_allocated() == 600
    assert gs.cuda.max_memory_reserved() == 600
    gs.cuda.empty_cache()
    assert gs.cuda.memory_reserved() == 50
    assert gs.cuda.max_memory_reserved("cuda:0") == 600
    gs.cuda.reset_peak_memory_stats(0)
    assert gs.cuda.max_memory_allocated() == gs.cuda.max_memory_reserved() == 50
    assert gs.cuda.memory_stats()["allocated_bytes.all.peak"] == 50
    assert gs.cuda.memory_summary() == "50 bytes in tensors, 50 bytes reserved, of 1.00 GiB"
    gs.cuda.set_per_process_memory_fraction(0.5)
    assert Pool.limit == 0.5
    with pytest.raises(ValueError, match="Invalid fraction value: 2"):
        gs.cuda.set_per_process_memory_fraction(2)


def test_events_time_what_lies_between_them(machine: Any) -> None:
    start, end = gs.cuda.Event(enable_timing=True), gs.cuda.Event(enable_timing=True)
    x = gs.ones(3, device="cuda")
    with pytest.raises(ValueError, match=r"Both events must be recorded before calculating elapsed time."):
        start.elapsed_time(end)
    start.record()
    x.exp()
    end.record()
    with pytest.raises(ValueError, match=r"Both events must be completed before calculating elapsed time."):
        start.elapsed_time(end)
    gs.cuda.synchronize()
    assert start.elapsed_time(end) > 0
    assert end.query()
    with pytest.raises(ValueError, match=r"Both events must be created with argument 'enable_timing=True'."):
        start.elapsed_time(gs.cuda.Event())


def test_work_goes_into_the_stream_of_the_block(machine: Any) -> None:
    before = gs.cuda.current_stream()
    assert before == gs.cuda.default_stream()
    assert before.cuda_stream == 0
    side = gs.cuda.Stream()
    side.wait_stream(before)
    with gs.cuda.stream(side):
        assert gs.cuda.current_stream() == side != before
        assert hash(side) == hash(gs.cuda.current_stream())
        gs.ones(3, device="cuda").record_stream(side)
    assert gs.cuda.current_stream() == before
    mark = side.record_event()
    mark.wait()
    mark.synchronize()
    side.synchronize()
    assert side.query()
    assert side.device == gs.device("cuda", 0)
    gs.cuda.set_stream(side)
    assert Stream.current == [side._stream]
    gs.cuda.set_stream(before)
    assert gs.cuda.current_stream() == before


def test_random_numbers_of_the_gpu_have_a_state(machine: Any) -> None:
    gs.cuda.manual_seed(3)
    state = gs.cuda.get_rng_state()
    first = gs.rand(4, device="cuda").tolist()
    assert gs.rand(4, device="cuda").tolist() != first
    gs.cuda.set_rng_state(state)
    assert gs.rand(4, device="cuda").tolist() == first
    assert gs.cuda.initial_seed() == 3
    gs.cuda.set_rng_state_all([state])
    assert gs.rand(4, device="cuda").tolist() == first
    gs.cuda.manual_seed_all(3)
    assert gs.rand(4, device="cuda").tolist() == first


def test_seeding_the_gpu_leaves_the_cpu_alone(machine: Any) -> None:
    gs.manual_seed(1)
    expected = gs.rand(3).tolist()
    gs.manual_seed(1)
    gs.cuda.manual_seed_all(7)
    assert gs.rand(3).tolist() == expected
