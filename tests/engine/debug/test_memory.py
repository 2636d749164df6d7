"""Stepping for a long time takes no more memory than stepping for a short one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gradstep.engine.debug import session as sessions
from gradstep.engine.debug.states import State

CHAIN = """
import torch
x = torch.ones(4, requires_grad=True)
y = x
for _ in range(40):
    y = y.tanh()
y.sum().backward()
"""


def resident(pid: int) -> int:
    """Bytes of memory that a process has now."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_steps_to_and_fro_leave_nothing_behind_in_the_program(start):
    session = start(CHAIN, level="statistics").wait_for(State.PAUSED)

    def to_and_fro(times: int) -> None:
        for _ in range(times):
            session.move("next")
            session.move("stepBack")

    to_and_fro(200)
    before = resident(session.pid)
    to_and_fro(1500)
    assert resident(session.pid) - before < 3000 * 500  # less than 500 bytes a step; the entry of a step in the undo is 4,000


def test_a_client_remembers_the_newest_states_and_stops(start, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sessions, "_KEPT", 10)
    session = start(CHAIN).wait_for(State.PAUSED)
    first = session.stop.node
    for place in range(60):
        stop = session.move("next" if place % 2 == 0 else "stepBack")
        assert stop is session.stops[-1]
        assert (stop.node == first) is (place % 2 == 1)
    assert 10 <= len(session.stops) <= 20
    assert len(session.states) <= 20
    assert session.states[-1] is State.PAUSED
