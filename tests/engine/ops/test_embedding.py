"""Adding rows at repeated numbers."""

from __future__ import annotations

import numpy
import pytest

from gradstep.engine import devices
from gradstep.engine.ops.embedding import add_rows

from ..standin import STANDIN


@pytest.mark.parametrize("repeats", [1, 5, 100], ids=["few", "some", "many"])
def test_rows_are_added_as_often_as_their_number_is_there(repeats: int) -> None:
    random = numpy.random.default_rng(0)
    numbers = random.permutation(numpy.repeat(numpy.arange(7), random.integers(0, repeats + 1, 7)))
    rows = random.standard_normal((len(numbers), 3))
    expected = numpy.ones((7, 3))
    numpy.add.at(expected, numbers, rows)
    made = numpy.ones((7, 3))
    add_rows(devices.CPU, made, numbers, rows)
    numpy.testing.assert_allclose(made, expected, rtol=1e-12)


def test_nothing_to_add_changes_nothing() -> None:
    made = numpy.ones((4, 2))
    add_rows(devices.CPU, made, numpy.zeros(0, int), numpy.zeros((0, 2)))
    assert made.tolist() == [[1, 1]] * 4


def test_another_device_adds_there() -> None:
    made = STANDIN.zeros((3, 2))
    add_rows(STANDIN, made, STANDIN.asarray([2, 2, 0]), STANDIN.ones((3, 2)))
    assert made.get().tolist() == [[1, 1], [0, 0], [2, 2]]
