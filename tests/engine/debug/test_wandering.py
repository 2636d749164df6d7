"""Programs that are stepped about at random, in, over, out and back, give bit for bit what they give when nobody looks."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from gradstep.engine.debug.states import ENDED, State
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape

MODELS = Path(__file__).parents[2] / "parity" / "models"
ACTIONS = int(os.environ.get("GRADSTEP_WANDERING", "40"))  # more of them: a longer way through each program
MOVES = ("next", "stepIn", "stepOut", "stepBack", "reverseContinue", "goto", "whatIf", "edit")
WEIGHTS = (30, 25, 6, 24, 3, 5, 3, 3)
ENDING = """

import hashlib
import torch


class Track:
    def __init__(self):
        self.told = hashlib.sha256()

    def step(self, loss, *modules):
        self.told.update(loss.detach().numpy().tobytes())
        for module in modules:
            for parameter in module.parameters():
                self.told.update(b"none" if parameter.grad is None else parameter.grad.numpy().tobytes())

    def __getattr__(self, name):
        return lambda *_: []


torch.manual_seed(0)
track = Track()
run(torch, track, steps=2)
print(track.told.hexdigest())
"""


def wander(session, seed: int) -> int:
    """Takes random moves as long as the program stands; gives how many were carried out."""
    choose, taken = random.Random(seed), 0
    session.wait_for(State.PAUSED)
    for _ in range(ACTIONS):
        if session.state in ENDED:
            break
        move = choose.choices(MOVES, WEIGHTS)[0]
        before = len(session.stops)
        more: dict[str, object] = {}
        if move == "goto" and session.stop.phase == "forward":
            continue  # a node that comes in no pass from here would end it
        if move == "goto":
            more = {"node": session.stop.node + choose.randrange(-6, 7)}
        elif move == "whatIf":
            more = {
                "edits": [{"node": session.stop.node, "index": 0, "expression": "grad * 2"}],
                "stay": choose.choice(["here", "untouched"]),
            }
        elif move == "edit":
            more = {"node": session.stop.node, "index": 0, "expression": "grad"}
        answer = session.ask(move, **more)
        if not answer.success or move == "edit":
            continue
        taken += 1
        session.wait_for(lambda s, before=before: len(s.stops) > before or s.state in ENDED)
    if session.state is State.PAUSED:
        session.send("setBreakpoints", breakpoints=[])
        session.send("continue")
    session.wait_until_ended()
    return taken


@pytest.mark.parametrize("program", sorted(MODELS.glob("[a-z]*.py")), ids=lambda program: program.stem)
def test_a_program_that_is_stepped_about_gives_what_it_gives_otherwise(start, program: Path) -> None:
    session = start(program.read_text(encoding="utf-8") + ENDING, stop_on_entry=False)
    session.wait_until_ended()
    assert session.state is State.FINISHED, session.printed.get("stderr")
    plain = session.printed["stdout"]
    session = start(program.read_text(encoding="utf-8") + ENDING, stop_on_entry=True)
    taken = wander(session, seed=ACTIONS + len(program.stem))
    assert session.state is State.FINISHED, session.printed.get("stderr")
    assert session.printed["stdout"] == plain
    assert taken >= 5
    assert check(Tape.open(session.tape)) == []
