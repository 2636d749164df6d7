"""The past on the tape and a program that was rewound are said in other words."""

from __future__ import annotations

from gradstep.engine.debug.core import Stopped
from gradstep.gui.frame.whereabouts import Whereabouts


def test_a_program_that_was_stepped_back_says_how_far() -> None:
    where = Whereabouts()
    stops = [Stopped("step", run=1, node=9 - taken, taken=taken) for taken in range(4)]
    for stop in stops:
        where.note(stop)
    assert where.sentence("Paused: here.", stops[3], live=True) == "Paused: here."
    assert where.sentence("Paused: here.", stops[2], live=True) == "Paused: here. The program is rewound by one node: it runs again."
    assert "rewound by 3 nodes" in where.sentence("Paused: here.", stops[0], live=True)
    assert where.rewound(Stopped("step", run=2, taken=0)) == 0  # another pass


def test_the_past_is_said_to_leave_the_program_alone() -> None:
    where = Whereabouts()
    said = where.sentence("Paused: here.", Stopped("step", run=1), live=False)
    assert said.startswith("Looking at the past")
    assert "did not move" in said
    assert said.endswith("Paused: here.")
