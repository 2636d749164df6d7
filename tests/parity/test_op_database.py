"""PyTorch's own op database as oracle: every entry is in the state that ``op_states.txt`` says, or passes."""

from __future__ import annotations

import numpy
import pytest
import torch

import gradstep.engine as gs

from .op_database import Different, check, compare, distance
from .op_entries import ENTRIES, EXCLUDED, LEFT_OUT, STAGES, read_states
from .op_report import summary

EXPECTED = read_states()
BOUND = 5  # samples of an entry that is expected to pass; of the others all are run


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_is_in_the_state_that_is_noted(name: str) -> None:
    expected, _ = EXPECTED.get(name, ("passes", ""))
    found = check(name, BOUND if expected == "passes" else None, counts=False)
    assert STAGES.index(found.stage) >= STAGES.index(expected), f"{name} no longer agrees: {found.stage}: {found.reason}"
    assert found.stage == expected, f"{name} is better than noted ({found.stage}): run scripts/parity.py --write --only {name}"


def test_the_list_of_states_names_entries_that_exist() -> None:
    assert set(EXPECTED) <= set(ENTRIES)
    assert {stage for stage, _ in EXPECTED.values()} <= set(STAGES) - {"passes"}


def test_each_reason_to_leave_entries_out_is_in_use() -> None:
    assert set(LEFT_OUT.values()) == set(EXCLUDED.values())
    assert not set(LEFT_OUT) & set(ENTRIES)


@pytest.mark.parametrize(
    ("mine", "other", "word"),
    [
        (gs.tensor([1.0]), torch.tensor([1.0], dtype=torch.float64), "float32 for torch.float64"),
        (gs.tensor([1.0]), torch.tensor(1.0), "shape"),
        (gs.tensor([1.0]), torch.tensor([1.001]), "differ"),
        (gs.tensor([1]), torch.tensor([2]), "1 for 2"),
        (gs.tensor([1.0]), torch.tensor([float("nan")]), "differ"),
        (gs.tensor([1.0]), torch.tensor([1.0], requires_grad=True) * 1, "grad_fn"),
        ([gs.tensor([1.0])], (torch.tensor([1.0]), torch.tensor([1.0])), "of 2"),
        (1, True, "1 for True"),
        (2.0, torch.tensor(2.0), "not a tensor"),
    ],
)
def test_the_oracle_sees_what_differs(mine: object, other: object, word: str) -> None:
    with pytest.raises(Different, match=word):
        compare(mine, other, "add", "forward", "here")


def test_nan_equals_nan_and_rounding_is_forgiven() -> None:
    nan = float("nan")
    assert distance(numpy.array([nan, 1.0, 1e9]), numpy.array([nan, 1.0 + 1e-12, 1e9]), "add") == ""


def test_the_summary_counts_by_family() -> None:
    lines = summary([check("add", 2, counts=False), check("linalg.matrix_power", 2, counts=False)])
    assert [line.split()[:5] for line in lines[1:4]] == [
        ["all", "2", "2", "2", "2"],
        ["torch", "1", "1", "1", "1"],
        ["linalg", "1", "1", "1", "1"],
    ]
