"""Dropout without PyTorch at hand: what is dropped, what is scaled, what is left alone, and that a seed repeats it."""

from __future__ import annotations

import pytest

import gradstep.engine as gs
from gradstep.engine.nn import functional as F


def test_about_a_share_p_is_dropped_and_the_rest_scaled() -> None:
    gs.manual_seed(0)
    made = F.dropout(gs.ones(10_000), 0.25).tolist()
    assert set(made) == {0.0, gs.tensor(1 / 0.75).item()}
    assert 2300 < made.count(0.0) < 2700


def test_the_same_seed_drops_the_same_elements() -> None:
    results = []
    for _ in range(2):
        gs.manual_seed(3)
        results.append(F.dropout(gs.ones(50)).tolist())
    assert results[0] == results[1]


def test_the_gradient_passes_where_the_element_did() -> None:
    x = gs.ones(20, requires_grad=True)
    out = F.dropout(x, 0.5)
    out.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == out.tolist()


def test_whole_channels_are_dropped() -> None:
    gs.manual_seed(1)
    for channel in F.dropout2d(gs.ones(4, 5, 3, 3)).reshape(20, 9).tolist():
        assert len(set(channel)) == 1


@pytest.mark.parametrize("name", ["dropout", "dropout2d", "dropout3d"])
def test_evaluation_gives_the_same_tensor(name: str) -> None:
    x = gs.ones(2, 3, 4, 2, 2) if name == "dropout3d" else gs.ones(2, 3, 4, 2)
    assert getattr(F, name)(x, training=False) is x


@pytest.mark.parametrize("p", [-0.1, 1.1])
def test_chances_lie_between_0_and_1(p: float) -> None:
    with pytest.raises(ValueError, match="dropout probability has to be between 0 and 1"):
        F.dropout(gs.ones(3), p)
