"""Devices on pretended GPUs: moves, several of them, what is waited for, and tensors of different devices that meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import gradstep.engine as gs
from gradstep.engine import devices
from gradstep.engine.debug import answers
from gradstep.engine.debug.ours import OwnEngine
from gradstep.engine.nn import functional as F

from .standin import MACHINE, use


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    return use(monkeypatch)


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Any:
    return use(monkeypatch, count=2)


# ---------------------------------------------------------------------------------------------------- moves and blocks


def test_a_tensor_moves_there_and_back(machine: Any) -> None:
    x = gs.tensor([1.0, 2.0], requires_grad=True)
    there = x.to("cuda", non_blocking=True)
    assert (str(there.device), there.is_cuda, there.get_device(), there.grad_fn.name()) == ("cuda:0", True, 0, "ToCopyBackward0")
    (there * 3).sum().cpu().backward()
    assert str(x.grad.device) == "cpu"
    assert x.grad.tolist() == [3.0, 3.0]
    assert x.cuda(non_blocking=True).cuda().tolist() == [1.0, 2.0]
    assert x.detach().pin_memory().to(there, non_blocking=True).is_cuda


def test_cuda_refuses_other_kinds_of_device(machine: Any) -> None:
    with pytest.raises(RuntimeError, match="Invalid device, must be cuda device"):
        gs.ones(2).cuda("cpu")


def test_a_device_that_is_not_there_has_an_invalid_ordinal(machine: Any) -> None:
    with pytest.raises(RuntimeError, match="CUDA error: invalid device ordinal"):
        gs.ones(2, device="cuda:1")
    with pytest.raises(RuntimeError, match="CUDA error: invalid device ordinal"):
        gs.ones(2).to("cuda:3")


def test_inside_a_device_factories_put_tensors_there(machine: Any) -> None:
    with gs.device("cuda") as place:
        assert place.type == "cuda"
        assert gs.zeros(2).is_cuda
        assert gs.nn.Linear(2, 2).weight.is_cuda
        with gs.device("cpu"):
            assert not gs.zeros(2).is_cuda
        assert gs.randn(3).is_cuda
    assert not gs.zeros(2).is_cuda


# ------------------------------------------------------------------------------------------------------ several devices


def test_what_is_made_on_the_second_gpu_and_computed_of_it_stays_there(two: Any) -> None:
    x = gs.randn(4, 3, device="cuda:1", requires_grad=True)
    y = (x * 2 + 1).relu().softmax(-1) @ gs.ones(3, 2, device="cuda:1")
    y.sum().backward()
    assert {str(t.device) for t in (x, y, x.grad, gs.zeros_like(y), x.to("cuda:1"))} == {"cuda:1"}
    assert MACHINE.current == 0


def test_a_tensor_moves_from_one_gpu_to_the_other_and_its_gradient_back(two: Any) -> None:
    x = gs.ones(3, device="cuda:0", requires_grad=True)
    (x.to("cuda:1") * 2).sum().backward()
    assert str(x.to("cuda:1").to("cuda").device) == "cuda:0", "without a number it is the GPU in use"
    assert str(x.grad.device) == "cuda:0"
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


def test_a_model_trains_on_the_second_gpu(two: Any) -> None:
    gs.manual_seed(0)
    model = gs.nn.Sequential(
        gs.nn.Conv2d(1, 2, 3), gs.nn.BatchNorm2d(2), gs.nn.ReLU(), gs.nn.Flatten(), gs.nn.Dropout(0.1), gs.nn.Linear(8, 3)
    )
    model.to("cuda:1")
    optimizer = gs.optim.Adam(model.parameters(), lr=0.1)
    x, target = gs.randn(6, 1, 4, 4, device="cuda:1"), gs.arange(6, device="cuda:1") % 3
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), target)
        loss.backward()
        gs.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert {str(t.device) for s in optimizer.state.values() for t in (s["exp_avg"], s["exp_avg_sq"])} == {"cuda:1"}


def test_tensors_of_two_gpus_do_not_meet(two: Any) -> None:
    with pytest.raises(RuntimeError, match=f"{SAME}, but found at least two devices, cuda:1 and cuda:0!"):
        gs.ones(2, device="cuda:0") + gs.ones(2, device="cuda:1")


def test_the_gpu_in_use_is_where_tensors_of_no_number_are_made(two: Any) -> None:
    with gs.cuda.device(1):
        assert str(gs.ones(2, device="cuda").device) == "cuda:1"
        assert gs.cuda.current_device() == 1
    assert str(gs.ones(2, device="cuda").device) == "cuda:0"
    with gs.cuda.device_of(gs.ones(2, device="cuda:1")):
        assert gs.cuda.current_device() == 1


# ---------------------------------------------------------------------------------------------------------- two devices

SAME = "Expected all tensors to be on the same device"
MIXED: dict[str, Callable[[Any, Any], Any]] = {  # a 4 x 4 matrix on the CPU and one on the GPU
    "binary": lambda a, b: a + b,
    "binary, the other way": lambda a, b: b * a,
    "comparison": lambda a, b: a < b,
    "where": lambda a, b: gs.where(a > 0, b, b),
    "cat": lambda a, b: gs.cat([a, b]),
    "stack": lambda a, b: gs.stack([b, a]),
    "matmul": lambda a, b: a @ b,
    "linear": lambda a, b: F.linear(b, a),
    "bias": lambda a, b: F.linear(b, b, a[0]),
    "conv": lambda a, b: F.conv2d(b[None, None], a[None, None]),
    "loss": lambda a, b: F.mse_loss(a, b),
    "classes": lambda a, b: F.cross_entropy(b, gs.zeros(4, dtype=gs.int64)),
    "in place": lambda a, b: b.add_(a),
    "addcmul": lambda a, b: gs.addcmul(b, a, b),
    "layer norm": lambda a, b: F.layer_norm(b, (4,), a[0]),
    "batch norm": lambda a, b: F.batch_norm(b, None, None, a[0], training=True),
    "embedding": lambda a, b: F.embedding(gs.zeros(2, dtype=gs.int64), b),
    "gather": lambda a, b: b.gather(0, gs.zeros(1, 4, dtype=gs.int64)),
    "scatter": lambda a, b: b.scatter(0, gs.zeros(1, 4, dtype=gs.int64), b),
    "index_select": lambda a, b: b.index_select(0, gs.zeros(1, dtype=gs.int64)),
    "masked_fill": lambda a, b: b.masked_fill(a > 0, 0.0),
    "einsum": lambda a, b: gs.einsum("ij,jk->ik", a, b),
    "attention": lambda a, b: F.scaled_dot_product_attention(a[None], b[None], b[None]),
}


@pytest.mark.parametrize("kind", MIXED)
def test_tensors_of_cpu_and_gpu_do_not_meet(machine: Any, kind: str) -> None:
    a = gs.ones(4, 4)
    with pytest.raises(RuntimeError, match=SAME):
        MIXED[kind](a, a.to("cuda"))


def test_a_number_of_the_cpu_meets_tensors_of_the_gpu(machine: Any) -> None:
    x = gs.ones(3, device="cuda")
    assert (x * gs.tensor(2.0)).tolist() == [2.0, 2.0, 2.0]
    assert (gs.tensor(2.0) - x).is_cuda
    assert gs.where(x > 0, gs.tensor(5.0), x).tolist() == [5.0, 5.0, 5.0]


def test_indices_of_the_cpu_serve_on_the_gpu_but_not_the_other_way(machine: Any) -> None:
    x = gs.arange(4.0)
    there = x.to("cuda")
    assert there[gs.tensor([2, 0])].tolist() == [2.0, 0.0]
    assert there[gs.tensor([True, False, False, True])].tolist() == [0.0, 3.0]
    with pytest.raises(RuntimeError, match=r"indices should be either on cpu or on the same device as the indexed tensor \(cpu\)"):
        x[gs.tensor([2, 0], device="cuda")]


def test_a_gradient_of_another_device_is_refused(machine: Any) -> None:
    x = gs.ones(3, requires_grad=True)
    for result in (x * 2, x):
        with pytest.raises(RuntimeError, match="invalid gradient at index 0 - expected device cpu but got cuda:0"):
            result.backward(gs.ones(3, device="cuda"))
    with pytest.raises(RuntimeError, match="attempting to assign a gradient with device type 'cuda' to a tensor with device type 'cpu'"):
        x.grad = gs.ones(3, device="cuda")


def test_copy_moves_between_devices(machine: Any) -> None:
    there = gs.zeros(3, device="cuda")
    there.copy_(gs.ones(3))
    here = gs.zeros(3).copy_(there)
    assert there.is_cuda
    assert here.tolist() == [1.0, 1.0, 1.0]
    there.data = gs.ones(2)
    assert not there.is_cuda


# ---------------------------------------------------------------------------------------------------------- checkpoints


def test_state_moves_with_parameters_and_through_files(machine: Any, tmp_path: Any) -> None:
    model = gs.nn.Linear(3, 2).to("cuda")
    optimizer = gs.optim.Adam(model.parameters())
    model(gs.ones(1, 3, device="cuda")).sum().backward()
    optimizer.step()
    gs.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "x.pt")
    kept = gs.load(tmp_path / "x.pt")
    assert str(kept["model"]["weight"].device) == "cuda:0"
    kept = gs.load(tmp_path / "x.pt", map_location="cpu")
    assert not kept["model"]["weight"].is_cuda
    again = gs.nn.Linear(3, 2).to("cuda")
    again.load_state_dict(kept["model"])
    assert again.weight.is_cuda
    assert gs.equal(again.weight, model.weight)
    other = gs.optim.Adam(again.parameters())
    other.load_state_dict(kept["optimizer"])
    assert all(s["exp_avg"].is_cuda for s in other.state.values()), "the state goes where its parameter is"
    again(gs.ones(1, 3, device="cuda")).sum().backward()
    other.step()
    assert gs.load(tmp_path / "x.pt", map_location={"cuda:0": "cpu"})["model"]["bias"].device.type == "cpu"


def test_scaled_training_in_half_precision_runs_on_the_gpu(machine: Any) -> None:
    model = gs.nn.Sequential(gs.nn.Linear(3, 4), gs.nn.LayerNorm(4), gs.nn.Linear(4, 2)).to("cuda")
    optimizer = gs.optim.SGD(model.parameters(), lr=0.1)
    scaler = gs.amp.GradScaler("cuda")
    with gs.autocast("cuda", dtype=gs.float16):
        out = model(gs.ones(2, 3, device="cuda"))
        loss = out.float().square().mean()
    assert out.dtype is gs.float16
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    assert all(p.grad.is_cuda for p in model.parameters())


def test_transforms_run_on_the_gpu(machine: Any) -> None:
    x = gs.arange(6.0, device="cuda").reshape(2, 3)
    assert gs.func.vmap(lambda row: (row * row).sum())(x).tolist() == [5.0, 50.0]
    assert gs.func.vmap(gs.func.grad(lambda row: (row**3).sum()))(x).is_cuda
    assert gs.func.jacrev(lambda row: row.sin())(x[0]).is_cuda
    _, tangent = gs.func.jvp(lambda a: a.exp(), (x,), (gs.ones_like(x),))
    assert tangent.is_cuda


# -------------------------------------------------------------------------------------------------------------- waiting


def test_values_are_read_when_the_device_is_done(machine: Any) -> None:
    x = gs.ones(3, device="cuda", requires_grad=True)
    machine.asynchronous = True
    readers: list[Callable[[Any], Any]] = [
        lambda y: y.sum().item(), lambda y: y.tolist(), repr, lambda y: y.cpu().numpy(force=True), lambda y: float(y[0]),
        lambda y: bool(y[0] > 0),
        lambda y: int(y[0].long()), lambda y: f"{y[0]:.1f}", lambda y: y.detach().numpy(force=True), lambda y: y.untyped_storage().tolist(),
    ]  # fmt: skip
    for read in readers:
        y = x * 2
        assert machine.asked > machine.done
        read(y)


def test_answers_of_the_debugger_wait_for_the_device(machine: Any) -> None:
    machine.asynchronous = True
    y = gs.arange(10.0, device="cuda") * 2

    class Stop:
        walk, stack, target = None, (), OwnEngine()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "_asked", lambda arguments, stop: y)
        for command in ("value", "statistics", "histogram"):
            y = y + 1
            assert machine.asked > machine.done
            answers.answer(command, {}, Stop())  # type: ignore[arg-type]


def test_a_recorded_op_has_ended_when_its_end_is_noted(machine: Any) -> None:
    from gradstep.engine.tape import recorder

    seen: list[bool] = []

    class Tape:
        clock = staticmethod(lambda: 0.0)

        def op(self, *_: Any) -> None:
            seen.append(machine.asked == machine.done)

    x = gs.ones(3, device="cuda")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder, "current", Tape())
        x.exp()
    assert seen == [True]


def test_the_profiler_waits_for_the_device(machine: Any) -> None:
    x = gs.ones(3, device="cuda")
    with gs.autograd.profiler.profile():
        x.exp()
        assert machine.asked == machine.done
        with gs.autograd.profiler.record_function("block"):
            x.sin()
    assert machine.asked == machine.done


def test_synchronize_waits_for_every_device_in_use(machine: Any) -> None:
    gs.ones(3, device="cuda").exp()
    assert machine.asked > machine.done
    devices.synchronize()
    assert machine.asked == machine.done
