"""Whether the system has killed for want of memory is told from how often it did."""

import pytest

from gradstep.engine.debug import shortage
from gradstep.engine.debug.shortage import LOOK, Kills


def test_a_kill_of_the_last_moment_is_noticed_and_an_old_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    count = [5]
    monkeypatch.setattr(shortage, "_count", lambda: count[0])
    kills = Kills()
    assert not kills.happened()
    count[0] += 1
    assert kills.happened()
    kills.look(1.0)
    assert kills.happened()  # it was just now
    kills.look(1.0 + LOOK)
    kills.look(1.0 + 2 * LOOK)
    assert not kills.happened()


def test_the_system_says_how_often_it_happened() -> None:
    assert shortage._count() >= 0
