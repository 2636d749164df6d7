"""While a program is recorded, Python's collector looks for garbage as often as it would without the recorder's objects."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from gradstep.plugins.torch.collecting import Collecting


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[None]:
    """The collector is as it was when the test is over."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


def test_looks_are_rarer_while_something_is_recorded_and_as_before_when_not():
    collecting = Collecting()
    for _ in range(2):
        collecting.put()
        collecting.put()
        assert gc.get_threshold()[0] > 700
        assert gc.get_threshold()[1:] == (10, 10)
        collecting.take_away()
        assert gc.get_threshold() == (700, 10, 10)


def test_what_the_script_sets_meanwhile_stays():
    collecting = Collecting()
    collecting.put()
    gc.set_threshold(300, 5, 5)
    collecting.take_away()
    assert gc.get_threshold() == (300, 5, 5)


def test_a_script_that_wants_no_looks_gets_none():
    gc.set_threshold(0, 10, 10)
    collecting = Collecting()
    collecting.put()
    assert gc.get_threshold()[0] == 0
    collecting.take_away()
    assert gc.get_threshold() == (0, 10, 10)
