"""Statistics by value."""

from __future__ import annotations

import random

import numpy as np

from gradstep.engine.tape.schema import Val
from gradstep.engine.tape.statistics import STATS
from gradstep.engine.tape.stats_table import StatsTable


def described(*pairs: tuple[int, int], norm: float = 0.0) -> np.ndarray:
    rows = np.zeros(len(pairs), STATS)
    rows["tensor"], rows["version"], rows["norm"] = [t for t, _ in pairs], [v for _, v in pairs], norm
    return rows


def test_the_newest_statistics_of_a_value_are_found_however_versions_come() -> None:
    rand = random.Random(1)
    table, expected = StatsTable(), {}
    for number in range(200):
        pairs = [(rand.randrange(1, 60), rand.choice((0, 0, 0, 1, 2, 7))) for _ in range(rand.randrange(5))]
        table.extend(described(*pairs, norm=number))
        expected.update(dict.fromkeys(pairs, float(number)))
        assert {tuple(val): table[val].norm for val in table} == expected
        assert len(table) == len(expected)
        assert list(table) == [Val(*pair) for pair in expected]
        tensors, versions = np.arange(70), np.array([rand.choice((0, 1, 2, 3)) for _ in range(70)])
        norms = [float(table.table["norm"][place]) if place >= 0 else None for place in table.places(tensors, versions).tolist()]
        assert norms == [expected.get(pair) for pair in zip(tensors.tolist(), versions.tolist(), strict=True)]


def test_what_is_not_described_is_not_there() -> None:
    table = StatsTable()
    table.extend(described((3, 1)))
    assert Val(3, 1) in table
    assert Val(3, 0) not in table
    assert Val(4, 1) not in table
    assert table.get(Val(3, 0)) is None
    assert "other" not in table
