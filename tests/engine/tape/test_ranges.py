"""Whole numbers in few words."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.tape.ranges import Places, Ranges


def test_runs_are_the_set_of_their_numbers() -> None:
    numbers = Ranges([(3, 2), (8, 1)])
    assert set(numbers) == {3, 4, 8} == numbers
    assert len(numbers) == 3
    assert [number in numbers for number in (2, 3, 5, 8, 9)] == [False, True, False, True, False]
    assert hash(numbers) == hash(Ranges([(3, 2), (8, 1)]))


def add(places: Places, *ids: int) -> None:
    places.update(np.array(ids), np.arange(len(places), len(places) + len(ids)))


@pytest.mark.parametrize("ids", [(), (5, 6, 7), (5, 6, 9), (9, 5)])
def test_places_are_found_by_id_in_the_order_in_which_they_came(ids: tuple[int, ...]) -> None:
    places = Places()
    for id in ids:
        add(places, id)
    assert list(places) == list(ids)
    assert list(reversed(places)) == list(reversed(ids))
    assert [places[id] for id in ids] == places.at(np.array(ids, np.int64)).tolist() == list(range(len(ids)))
    assert 4 not in places
    with pytest.raises(KeyError, match="4"):
        places.at(np.array([*ids, 4]))


def test_who_goes_through_places_meets_what_comes_meanwhile() -> None:
    places = Places()
    add(places, 5, 6)
    add(places, 100)
    going = iter(places)
    assert [next(going), next(going), next(going)] == [5, 6, 100]
    add(places, 200)
    add(places, 300)
    assert list(going) == [200, 300]
    going = iter(places)
    assert next(going) == 5
    add(places, 400)
    assert list(going) == [6, 100, 200, 300, 400]
