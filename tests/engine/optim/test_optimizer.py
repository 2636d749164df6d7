"""The optimizer's own duties: hooks, groups, closures, optimizers that users write."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import pytest

import gradstep.engine as torch


def parameter(value: float = 1.0) -> Any:
    p = torch.full((2,), value, requires_grad=True)
    p.grad = torch.ones(2)
    return p


class Descent(torch.optim.Optimizer):  # type: ignore[misc, name-defined]
    """What a user writes: a step of his own."""

    def __init__(self, params: Any, lr: float) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                p.add_(p.grad, alpha=-group["lr"])


@pytest.mark.parametrize("kind", [torch.optim.SGD, Descent])
def test_hooks_stand_around_every_step_once(kind: Any) -> None:
    p, log = parameter(), []  # type: ignore[var-annotated]
    optimizer = kind([p], lr=0.5)
    optimizer.register_step_pre_hook(lambda o, args, kwargs: log.append(("before", p[0].item())))
    handle = optimizer.register_step_post_hook(lambda o, args, kwargs: log.append(("after", p[0].item())))
    optimizer.step()
    handle.remove()
    optimizer.step()
    assert log == [("before", 1.0), ("after", 0.5), ("before", 0.5)]


def test_schedule_knows_that_a_users_optimizer_stepped() -> None:
    optimizer = Descent([parameter()], lr=0.5)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer.step()
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.05)


def test_closure_runs_with_gradients_and_its_loss_is_returned() -> None:
    p = parameter()
    optimizer = torch.optim.SGD([p], lr=0.1)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with torch.no_grad():
        assert optimizer.step(closure).item() == 2.0
    assert p.tolist() == pytest.approx([0.8, 0.8])


def test_parameters_without_gradient_stay_and_have_no_state() -> None:
    p, q = parameter(), torch.ones(2, requires_grad=True)
    optimizer = torch.optim.Adam([p, q])
    optimizer.step()
    assert q.tolist() == [1.0, 1.0]
    assert set(optimizer.state_dict()["state"]) == {0}


def test_zero_grad_forgets_or_clears() -> None:
    p = parameter()
    optimizer = torch.optim.SGD([p])
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert p.grad is None


def test_groups_can_be_added_later() -> None:
    optimizer = torch.optim.SGD([parameter()], lr=0.1)
    optimizer.add_param_group({"params": parameter(), "lr": 0.5})
    optimizer.step()
    assert [g["params"][0].tolist() for g in optimizer.param_groups] == [pytest.approx([0.9, 0.9]), pytest.approx([0.5, 0.5])]


def test_copy_goes_on_as_the_original_would() -> None:
    p = parameter()
    optimizer = torch.optim.Adam([p], lr=0.1)
    optimizer.step()
    q, other = copy.deepcopy((p, optimizer))
    q.grad = torch.ones(2)
    p.grad = torch.ones(2)
    optimizer.step()
    other.step()
    assert q.tolist() == p.tolist()
    assert q is not p
