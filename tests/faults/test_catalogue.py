"""Nothing is missing: each of the forty has a case in every way in which it can happen."""

from __future__ import annotations

import pytest

from .catalogue import FAULTS, Way
from .table import Table


def test_there_are_forty_faults() -> None:
    assert list(FAULTS) == list(range(1, 41))


@pytest.mark.parametrize("number", FAULTS)
def test_a_fault_has_a_case_in_every_way_in_which_it_can_happen(number: int, cases: set[tuple[int, Way]]) -> None:
    missing = [way.value for way in Way if way not in FAULTS[number].absent and (number, way) not in cases]
    assert missing == []


def test_the_table_marks_what_is_narrower_than_its_fault_and_says_how() -> None:
    told = "\n".join(Table(set()).lines())
    narrower = [number for number, fault in FAULTS.items() if fault.narrower]
    assert narrower
    assert all(f"| {number}* |" in told and f"\n{number}: narrower than the fault: " in told for number in narrower)


def test_what_cannot_happen_says_why() -> None:
    assert all(reason for fault in FAULTS.values() for reason in fault.absent.values())
