"""What a program may take, and that it can go on from where it was frozen."""

from __future__ import annotations

import os
from typing import Any

import pytest

from gradstep.engine.debug import limits, tree
from gradstep.engine.debug.launch import Launch
from gradstep.engine.debug.limits import Limits
from gradstep.engine.debug.states import State
from gradstep.engine.tape.reader import Tape

MIB = 1 << 20


class Machine:
    """Processes with memory, and a clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.sizes = {1: 0}  # resident
        self.shares: dict[int, int] = {}
        self.asked = 0
        monkeypatch.setattr(limits.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(tree, "descendants", lambda pid: [one for one in self.sizes if one != 1])
        monkeypatch.setattr(tree, "resident", lambda pid: self.sizes.get(pid, 0))
        monkeypatch.setattr(tree, "share", self.share)
        self.faults = 0
        self.said: list[str] = []
        monkeypatch.setattr(tree, "freeze", lambda pid: self.said.append("freeze"))
        monkeypatch.setattr(tree, "thaw", lambda pid: self.said.append("thaw"))
        monkeypatch.setattr(tree, "faults", lambda pid: self.faults)

    def share(self, pid: int) -> int:
        self.asked += 1
        return self.shares.get(pid, self.sizes.get(pid, 0))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_it_looks_the_more_often_the_nearer_the_limit_is(machine: Machine) -> None:
    one = Limits(Launch("", memory_limit=1024 * MIB))
    ticks = []
    for size in (0, 512, 900, 1000, 1023):
        machine.sizes[1] = size * MIB
        machine.now += 1
        assert one.exceeded(1, "", running=True) is None
        assert one.tick is not None
        ticks.append(one.tick)
    assert ticks == sorted(ticks, reverse=True)
    assert ticks[0] == limits.FAR
    assert ticks[-1] == limits.NEAR
    machine.sizes[1] = 1025 * MIB
    assert one.exceeded(1, "", running=True) == ("memory", "1.0 GiB of memory, your limit is 1.0 GiB")
    assert one.peak == 1025 * MIB


def test_memory_is_that_of_all_processes_and_what_they_share_counts_once(machine: Machine) -> None:
    one = Limits(Launch("", memory_limit=300 * MIB))
    machine.sizes = dict.fromkeys((1, 2, 3), 150 * MIB)
    machine.shares = dict.fromkeys((1, 2, 3), 50 * MIB)
    assert one.exceeded(1, "", running=True) is None
    asked = machine.asked
    assert one.exceeded(1, "", running=True) is None
    assert machine.said == ["freeze", "thaw"]  # it stood still while the kernel was asked
    machine.now += 100
    machine.faults = 1000
    assert one.exceeded(1, "", running=True) is None
    assert machine.asked == asked  # a kernel that was asked is not asked again while nothing can have become more
    machine.shares = dict.fromkeys((1, 2, 3), 101 * MIB)  # they changed it: it is theirs now
    machine.faults = 3 * 51 * MIB // tree.PAGE
    found = one.exceeded(1, "", running=True)
    assert found is not None
    assert found[0] == "memory"
    assert machine.said == ["freeze", "thaw", "freeze"]


def test_time_counts_from_the_first_line_and_not_any_more_for_whoever_went_on(machine: Machine) -> None:
    one = Limits(Launch("", time_limit=5.0))
    machine.now += 100
    assert one.exceeded(1, "", running=True) is None
    one.begin()
    machine.now += 6
    assert one.exceeded(1, "", running=True) == ("time", "6.0 s, your limit is 5 s")
    one.raise_to(0, 0, 0)
    assert one.exceeded(1, "", running=True) is None


@pytest.mark.parametrize("what", limits.KINDS)
def test_a_limit_that_is_lifted_is_none(what: str) -> None:
    one = Limits(Launch("", memory_limit=MIB, process_limit=2, disk_limit=MIB, time_limit=1.0))
    one.lift(what)
    assert [kind for kind in limits.KINDS if not getattr(one, kind)] == [what]


def test_a_tape_that_the_recorder_minds_is_not_looked_at(machine: Machine, tmp_path: Any) -> None:
    tape = tmp_path / "a.gst"
    tape.write_bytes(bytes(2 * MIB))
    assert Limits(Launch("", disk_limit=MIB, when_full="stop")).exceeded(1, str(tape), running=True) is None
    found = Limits(Launch("", disk_limit=MIB)).exceeded(1, str(tape), running=True)
    assert found == ("disk", "a tape of 2 MiB, your limit is 1 MiB")


def test_a_share_is_never_more_than_what_is_resident() -> None:
    me = os.getpid()
    assert 0 < tree.share(me) <= tree.resident(me) * 1.1
    assert tree.share(0) == tree.resident(0) == 0


def test_a_tree_that_is_frozen_at_its_memory_limit_has_a_tape_and_goes_on(start: Any) -> None:
    session = start(
        """
        import os
        import torch
        x = torch.ones(2, requires_grad=True)
        (x * x).sum().backward()
        child = os.fork()
        held = []
        while len(held) < 20:
            held.append(bytearray(os.urandom(1 << 20) * 10))
        if child:
            os.waitpid(child, 0)
            print("done", len(held))
        """,
        memory_limit=330 * MIB,
        stop_on_entry=False,
    )
    session.wait_for(State.FROZEN)
    assert session.limit == "memory"
    tape = Tape.open(session.tape)
    assert (len(tape.runs), tape.damage) == (1, "")
    tape.close()
    session.send("raiseLimit", memory_limit=8 << 30)
    assert session.wait_until_ended().how is State.FINISHED
    assert session.printed["stdout"] == "done 20\n"
