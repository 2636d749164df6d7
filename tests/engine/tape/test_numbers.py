"""A number for each id, in few bytes."""

from __future__ import annotations

import random

import numpy as np
import pytest

from gradstep.engine.tape.numbers import NOTHING, Numbers


@pytest.mark.parametrize("ids", [(), (7,), (5, 6, 7), (7, 6, 5), (9, 5, 5), (5, 10**12, 6, 10**12 + 1), (10**12, 3, 4), (0, -3)])
def test_a_number_is_found_by_its_id_however_ids_come(ids: tuple[int, ...]) -> None:
    one, many = Numbers(), Numbers()
    for number, id in enumerate(ids):
        one[id] = number
    many.put(np.array(ids, np.int64), np.arange(len(ids)))
    expected = {id: number for number, id in enumerate(ids)}
    for numbers in (one, many):
        assert {id: numbers.get(id) for id in ids} == expected
        assert numbers.at(np.array([*ids, 77], np.int64)).tolist() == [*(expected[id] for id in ids), NOTHING]
        assert numbers.get(77, -1) == -1
        assert 77 not in numbers


def test_numbers_are_what_a_dictionary_says() -> None:
    rand = random.Random(3)
    numbers, expected = Numbers(), {}
    for round_ in range(300):
        base = rand.choice((0, 50, 10**9))
        ids = [base + rand.randrange(400 + round_) for _ in range(rand.randrange(6))]
        values = [rand.randrange(1000) for _ in ids]
        if rand.random() < 0.5:
            numbers.put(np.array(ids, np.int64), np.array(values, np.int64))
        else:
            for id, value in zip(ids, values, strict=True):
                numbers[id] = value
        expected.update(zip(ids, values, strict=True))
        asked = [base + rand.randrange(800) for _ in range(20)]
        assert [numbers.get(id, -1) for id in asked] == [expected.get(id, -1) for id in asked]
        assert numbers.at(np.array(asked, np.int64)).tolist() == [expected.get(id, NOTHING) for id in asked]


def test_two_ids_that_lie_far_apart_take_no_room_between() -> None:
    numbers = Numbers()
    numbers.put(np.array([1, 1 << 60], np.int64), np.array([10, 20], np.int64))
    assert (numbers.get(1), numbers.get(1 << 60)) == (10, 20)
    assert len(numbers._held) < 5000
