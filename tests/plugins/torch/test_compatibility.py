"""Every program gives the same results, bit by bit, alone, recorded, and stepped through; and its tape holds to every invariant."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gradstep.engine.debug.launch import Launch, RunFolder
from gradstep.engine.debug.session import Session
from gradstep.engine.debug.states import ENDED, State
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape

from .compatibility import CASES
from .conftest import TARGET
from .prelude import PRELUDE

Results = dict[str, list[Any] | str]
STEPS = 300  # nodes that are stepped through one by one
# runs the programs one after the other as main files, and writes what each of them gave
ALL = """
import json, runpy, sys, warnings
warnings.simplefilter("ignore")
found = []
for place in range(int(sys.argv[1])):
    try:
        found.append(runpy.run_path(f"{place}.py", run_name="__main__")["EMITTED"])
    except Exception as error:
        found.append(f"{type(error).__name__}: {error}")
with open(sys.argv[2], "w") as file:
    json.dump(found, file)
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all of them."""
    folder = tmp_path_factory.mktemp("programs")
    for place, text in enumerate(CASES.values()):
        (folder / f"{place}.py").write_text(PRELUDE + text)
    (folder / "all.py").write_text(ALL)
    return folder


def results(file: Path) -> Results:
    return dict(zip(CASES, json.loads(file.read_text()), strict=True))


@pytest.fixture(scope="module")
def alone(programs: Path) -> Results:
    """What they give when nobody looks."""
    command = [sys.executable, "all.py", str(len(CASES)), "alone.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=programs)
    assert done.returncode == 0, done.stderr
    return results(programs / "alone.json")


def launch(programs: Path, name: str, **options: Any) -> Launch:
    return Launch(
        str(programs / "all.py"), (str(len(CASES)), f"{name}.json"), "torch", TARGET, cwd=str(programs), tape=str(programs / f"{name}.gst"),
        **options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def recorded(programs: Path) -> Results:
    """What they give while they are recorded."""
    with Session() as session:
        session.launch(launch(programs, "recorded", stop_on_entry=False, rewind=False), RunFolder.make(programs))
        outcome = session.wait_until_ended(400)
        assert outcome.exit_code == 0, (outcome, session.printed)
    return results(programs / "recorded.json")


@pytest.fixture(scope="module")
def stepped(programs: Path) -> Results:
    """What they give while somebody steps through the first of their nodes, and goes on from stop to stop."""
    with Session() as session:
        session.launch(launch(programs, "stepped"), RunFolder.make(programs))
        session.wait_for(State.PAUSED)
        for _ in range(STEPS):
            if session.state in ENDED:
                break
            session.move("next")
        if session.state is State.PAUSED:
            session.send("continue")
        outcome = session.wait_until_ended(400)
        assert outcome.exit_code == 0, (outcome, session.printed)
    return results(programs / "stepped.json")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CASES)
def test_recording_changes_no_bit(name: str, alone: Results, recorded: Results) -> None:
    assert not isinstance(alone[name], str), alone[name]
    assert recorded[name] == alone[name]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CASES)
def test_stepping_changes_no_bit(name: str, alone: Results, stepped: Results) -> None:
    assert stepped[name] == alone[name]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["recorded", "stepped"])
def test_the_tape_of_all_programs_holds_to_every_invariant(name: str, programs: Path, recorded: Results, stepped: Results) -> None:
    del recorded, stepped
    tape = Tape.open(programs / f"{name}.gst")
    assert not [note for note in tape.notes if note.kind == "stopped"], "the recording ended early"
    assert (tape.complete, tape.verify(), check(tape)) == (True, "", [])
    assert len(tape.runs) > 100
