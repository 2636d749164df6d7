"""How tensors print; the parity tests compare hundreds of cases with PyTorch, these are the ones to remember."""

from __future__ import annotations

import pytest

import gradstep.engine as gs


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (gs.tensor(1.5), "tensor(1.5000)"),
        (gs.tensor([1.0, 2.0]), "tensor([1., 2.])"),
        (gs.tensor([1, -20]), "tensor([  1, -20])"),
        (gs.tensor([True, False]), "tensor([ True, False])"),
        (gs.tensor([1e-5, 1.0]), "tensor([1.0000e-05, 1.0000e+00])"),
        (gs.tensor([float("nan"), 1.0]), "tensor([nan, 1.])"),
        (gs.tensor([1 + 2j]), "tensor([1.+2.j])"),
        (gs.zeros(0, 3), "tensor([], size=(0, 3))"),
        (gs.ones(1, dtype=gs.float64), "tensor([1.], dtype=torch.float64)"),
        (gs.ones(1, requires_grad=True), "tensor([1.], requires_grad=True)"),
        (gs.ones(1, requires_grad=True) * 2, "tensor([2.], grad_fn=<MulBackward0>)"),
        (gs.arange(2000), "tensor([   0,    1,    2,  ..., 1997, 1998, 1999])"),
        (gs.ones(2, 2), "tensor([[1., 1.],\n        [1., 1.]])"),
    ],
    ids=str,
)
def test_prints(tensor: gs.Tensor, text: str) -> None:
    assert repr(tensor) == text


def test_printing_does_not_raise_where_the_history_cannot_be_followed() -> None:
    base = gs.ones(3, requires_grad=True) * 1
    with gs.no_grad():
        view = base[:2]
    base.mul_(2)
    assert repr(view) == "tensor([2., 2.], grad_fn=<Invalid>)"
