"""Memory that runs out: PyTorch's error and words, and what holds the most of it."""

from __future__ import annotations

from typing import Any

import pytest

import gradstep.engine as gs
from gradstep.engine import shortage

from .standin import OutOfMemoryError, use

FAR = 2**56  # elements: more than any machine has addresses for


def test_is_the_error_of_torch_under_both_names() -> None:
    assert gs.OutOfMemoryError is gs.cuda.OutOfMemoryError is shortage.OutOfMemoryError
    assert issubclass(gs.OutOfMemoryError, RuntimeError)


def wide(*, requires_grad: bool = False) -> Any:
    """A tensor of one element that looks as if it had more than fit anywhere."""
    return gs.ones(1, requires_grad=requires_grad).expand(FAR)


@pytest.mark.parametrize(
    "make",
    [
        lambda: gs.zeros(FAR), lambda: gs.empty(FAR), lambda: gs.full((FAR,), 2.0), lambda: gs.ones_like(wide()), lambda: gs.randn(FAR),
        lambda: gs.ones(1).new_zeros(FAR), lambda: wide() + 1, lambda: wide().exp(), lambda: wide() * wide(), lambda: wide().clone(),
        lambda: wide(requires_grad=True).sin(), lambda: gs.cat([wide(), wide()]), lambda: wide().double(),
    ],
)  # fmt: skip
def test_what_cannot_be_allocated_on_the_cpu_is_an_out_of_memory_error(make: Any) -> None:
    with pytest.raises(gs.OutOfMemoryError, match=r"^DefaultCPUAllocator: can't allocate memory: you tried ") as caught:
        make()
    assert isinstance(caught.value.__cause__, MemoryError)
    assert "What helps: smaller batches" in str(caught.value)


def test_tensors_that_escaped_from_a_transform_are_passed_over() -> None:
    escaped: list[Any] = []
    gs.func.vmap(lambda row: escaped.append(row * 2) or row)(gs.ones(2, 3))
    with pytest.raises(gs.OutOfMemoryError):
        wide() + 1
    assert escaped


def test_names_the_size_that_was_asked_for() -> None:
    with pytest.raises(RuntimeError, match=f"you tried to allocate {FAR * 4} bytes. Error code 12"):
        wide() + 1


def test_lists_the_largest_tensors_with_name_maker_and_whether_they_are_kept_for_backward() -> None:
    weights = gs.ones(700, 1000, requires_grad=True)
    hidden = weights.exp()
    view = hidden[:10]
    assert view.shape == (10, 1000)
    with pytest.raises(gs.OutOfMemoryError) as caught:
        wide() + 1
    lines = [line for line in str(caught.value).splitlines() if "[700, 1000]" in line]
    assert any("2.67 MiB  torch.float32 [700, 1000] on cpu: 'weights' of test_lists" in line for line in lines)
    assert any("'hidden' of test_lists" in line and "made by ExpBackward0, kept for backward" in line for line in lines)
    assert len(lines) == 2, "a view is no memory of its own"


def test_lists_ten_tensors_at_most() -> None:
    many = [gs.ones(1000 + i) for i in range(30)]
    with pytest.raises(gs.OutOfMemoryError, match="the largest 10 of ") as caught:
        wide() + 1
    assert str(caught.value).count("\n  ") == 10 < len(many)


def test_names_parameters_of_modules() -> None:
    layer = gs.nn.Linear(1500, 1000)
    with pytest.raises(gs.OutOfMemoryError, match=r"5.72 MiB  torch.float32 \[1000, 1500\] on cpu: 'weight' of Linear"):
        layer(gs.ones(1, 1).expand(2**44, 1500))


@pytest.mark.filterwarnings("ignore:Anomaly Detection has been enabled")
def test_says_the_line_that_made_a_tensor_where_anomaly_detection_knows_it() -> None:
    with gs.autograd.detect_anomaly():
        made = gs.ones(900, 1000, requires_grad=True).exp()
        with pytest.raises(gs.OutOfMemoryError, match=r"made by ExpBackward0, File .*test_shortage.py\", line \d+"):
            wide() + 1
    assert made.requires_grad


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.filterwarnings("ignore:Using backward")
def test_memory_that_runs_out_in_backward_ends_the_pass_with_the_same_error(create_graph: bool) -> None:
    first = gs.ones(1, requires_grad=True).expand(FAR)[0]  # the gradient of this view has as many elements
    with pytest.raises(gs.OutOfMemoryError, match="DefaultCPUAllocator") as caught:
        first.backward(create_graph=create_graph)
    assert isinstance(caught.value.__cause__, MemoryError)


def test_every_allocation_of_a_training_step_on_a_gpu_may_be_the_one_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = use(monkeypatch)
    model = gs.nn.Sequential(gs.nn.Linear(3, 4), gs.nn.GELU()).to("cuda")
    optimizer = gs.optim.SGD(model.parameters(), momentum=0.5)
    x = gs.ones(5, 3, device="cuda")

    def step() -> None:
        optimizer.zero_grad()
        loss = gs.nn.functional.cross_entropy(model(x), gs.zeros(5, dtype=gs.int64, device="cuda"))
        loss.backward()
        optimizer.step()

    step()
    failed: list[gs.OutOfMemoryError] = []
    while True:
        machine.room = len(failed)
        try:
            step()
        except gs.OutOfMemoryError as error:
            failed.append(error)
        else:
            break
        finally:
            machine.room = None
    assert len(failed) > 30
    assert all(str(error).startswith("CUDA out of memory. Tried to allocate ") for error in failed)
    assert all("GPU 0 has a total capacity of 1.00 GiB of which 1.00 MiB is free." in str(error) for error in failed)
    assert all(isinstance(error.__cause__, OutOfMemoryError) for error in failed)
    step()


def test_tensors_of_other_devices_are_not_in_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = use(monkeypatch)
    here, there = gs.ones(777, 3), gs.ones(555, 3, device="cuda")
    machine.room = 0
    with pytest.raises(gs.OutOfMemoryError) as caught:
        there.exp()
    assert "[555, 3] on cuda:0: 'there'" in str(caught.value)
    assert "[777, 3]" not in str(caught.value)
    assert here.shape == (777, 3)


def test_spells_sizes_as_pytorch_does() -> None:
    assert [shortage.spelled(n) for n in (12, 2048, 3 * 2**20, 2**31)] == ["12 bytes", "2.00 KiB", "3.00 MiB", "2.00 GiB"]
