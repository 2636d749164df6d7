"""Ranks that wait for each other: they meet at the node of whoever is furthest, and nobody waits for somebody who stands."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradstep.engine.debug.gate import Gate, Turnstile, gate_of, turnstile
from gradstep.engine.debug.ranks import Rank

NODES = 7


class Tape:
    """What a turnstile asks of a tape."""

    position = 0
    flushed = 0

    def flush(self) -> None:
        self.flushed += 1


class Walker(threading.Thread):
    """A rank that runs passes of some nodes, each when it is told to, until it is told to end."""

    def __init__(self, path: Path, number: int, size: int, nodes: int = NODES) -> None:
        super().__init__(daemon=True)
        self.tape = Tape()
        self.turnstile = Turnstile(str(path), Rank(number, size), self.tape)
        self.nodes, self.passes = nodes, 0
        self.may = threading.Semaphore(0)
        self.over = False

    def run(self) -> None:
        while not self.over:
            for node in range(self.nodes):
                self.may.acquire()
                if self.over:
                    break
                self.tape.position += 1
                self.turnstile.at_node(node, f"Node{node}")
            else:
                self.turnstile.passed()
                self.passes += 1
        self.turnstile.close()


@pytest.fixture
def walkers(tmp_path: Path) -> Iterator[list[Walker]]:
    """Three ranks that have begun."""
    made = [Walker(tmp_path / "ranks.gate", number, 3) for number in range(3)]
    for walker in made:
        walker.start()
    yield made
    gate = Gate(str(tmp_path / "ranks.gate"))
    for walker in made:
        walker.over = True
        walker.may.release(10)
    gate.go()
    for walker in made:
        walker.join(20)
    gate.close()
    assert not (tmp_path / "ranks.gate").exists()  # the last one takes it away


@pytest.fixture
def gate(walkers: list[Walker], tmp_path: Path) -> Iterator[Gate]:
    """What they wait at."""
    gate = Gate(str(tmp_path / "ranks.gate"))
    yield gate
    gate.close()


def test_all_meet_at_the_node_of_whoever_is_furthest(gate: Gate, walkers: list[Walker]) -> None:
    walkers[1].may.release(3)  # three nodes ahead of the others
    while gate.look().ranks[1].node_of_pass < 3:
        pass
    gate.pause()
    assert not gate.look().together
    for walker in walkers:
        walker.may.release(20)
    crowd = gate.wait_together(30)
    assert crowd.together
    assert [(one.rank, one.place, one.name, one.node) for one in crowd.ranks] == [(number, (0, 3), "Node3", 3) for number in range(3)]
    assert [one.position for one in crowd.ranks] == [4, 4, 4]
    assert all(walker.tape.flushed for walker in walkers)
    assert crowd.sentence == "ranks 0, 1 and 2 stand before Node3, node 3 of pass 0"


def test_a_step_takes_all_of_them_one_node_on_and_from_the_last_to_the_next_pass(gate: Gate, walkers: list[Walker]) -> None:
    gate.pause()
    for walker in walkers:
        walker.may.release(100)
    assert gate.wait_together(30).ranks[0].place == (0, 0)
    places = []
    for _ in range(NODES + 1):
        gate.step()
        crowd = gate.wait_together(30)
        assert crowd.together
        places.append(crowd.ranks[0].place)
    assert places == [*((0, node) for node in range(1, NODES)), (1, 0), (1, 1)]
    gate.go()
    assert not gate.look().held


def test_who_has_ended_is_not_waited_for(gate: Gate, walkers: list[Walker]) -> None:
    walkers[2].over = True
    walkers[2].may.release()
    walkers[2].join(20)
    gate.pause()
    walkers[0].may.release(50)
    walkers[1].may.release(50)
    crowd = gate.wait_together(30)
    assert crowd.together
    assert [one.rank for one in crowd.ranks] == [0, 1]


def _vanish(path: str) -> None:
    Turnstile(path, Rank(1, 2), Tape())._words[4 + 16 + 1] = 1 << 40  # far ahead of everybody
    os._exit(1)


def test_who_was_killed_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "ranks.gate"
    alone = Walker(path, 0, 2)
    killed = multiprocessing.get_context("fork").Process(target=_vanish, args=(str(path),))
    killed.start()
    killed.join(20)
    gate = Gate(str(path))
    gate.pause()
    alone.start()
    alone.may.release(1)
    assert [one.rank for one in gate.wait_together(30).ranks] == [0]
    alone.over = True
    alone.may.release(9)
    gate.go()
    alone.join(20)
    gate.close()


def test_a_job_does_not_stand_because_an_earlier_one_that_was_killed_had_to(tmp_path: Path) -> None:
    path = tmp_path / "ranks.gate"
    killed = multiprocessing.get_context("fork").Process(target=_vanish, args=(str(path),))
    killed.start()
    killed.join(20)
    gate = Gate(str(path))
    gate.pause()
    first = Turnstile(str(path), Rank(0, 2), Tape())
    crowd = gate.look()
    assert (crowd.held, [one.rank for one in crowd.ranks], crowd.missing) == (False, [0], (1,))
    gate.pause()
    second = Turnstile(str(path), Rank(1, 2), Tape())
    assert gate.look().held
    assert not gate.look().missing
    for one in (first, second):
        one.close()
    gate.close()
    assert not path.exists()


def test_ranks_of_other_passes_meet_at_the_beginning_of_one(tmp_path: Path) -> None:
    """One has fewer nodes in its pass than the others: they cannot stand at a node that it does not have."""
    path = tmp_path / "ranks.gate"
    walkers = [Walker(path, 0, 2, nodes=5), Walker(path, 1, 2, nodes=2)]
    gate = Gate(str(path))
    walkers[0].start()
    walkers[0].may.release(4)
    while gate.look().ranks[0].node_of_pass < 4:
        pass
    gate.pause()
    assert gate.look().missing == ()
    walkers[0].may.release(50)
    walkers[1].start()
    walkers[1].may.release(50)
    crowd = gate.wait_together(30)
    assert crowd.together
    assert crowd.ranks[0].place == (1, 0)
    for walker in walkers:
        walker.over = True
        walker.may.release(9)
    gate.go()
    for walker in walkers:
        walker.join(20)
    gate.close()


def test_the_gate_lies_beside_the_tapes_of_the_ranks(tmp_path: Path) -> None:
    assert gate_of("runs/rank3.gst") == os.path.abspath("runs/ranks.gate")
    assert gate_of("runs/train.rank3-2.gst") == os.path.abspath("runs/train.ranks.gate")
    assert gate_of("train.gst") == ""
    assert turnstile(str(tmp_path / "rank0.gst"), None, Tape()) is None
    assert turnstile(str(tmp_path / "none" / "rank0.gst"), Rank(0, 2), Tape()) is None
    assert turnstile(str(tmp_path / "train.gst"), Rank(0, 2), Tape()) is None


@pytest.mark.parametrize("data", [b"", b"x" * 500, bytes(500)])
def test_a_file_that_is_no_gate_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "ranks.gate").write_bytes(data)
    with pytest.raises(ValueError, match="no gate"):
        Gate(str(tmp_path / "ranks.gate"))
