"""A tape in a few numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder
from gradstep.engine.tape.schema import Note
from gradstep.engine.tape.summary import summary, text

from .handmade import HandTensor, Square, gradient


def test_counts_and_runs_are_told_and_everything_is_json(tmp_path: Path) -> None:
    recorder = Recorder(Writer(tmp_path / "a.gst"), budget=30)
    recorder.note("begin", '{"script": "a.py"}')
    Square(recorder).backward(lambda grad: grad * 2)
    square = Square(recorder)
    recorder.run_end(square.begin(), "ValueError: no")
    recorder.note("end", "ValueError: no")
    recorder.close()
    facts = summary(Tape.open(tmp_path / "a.gst"))
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert (facts["ops"], facts["nodes"], facts["leaves"], facts["hooks"]) == (2, 4, 2, 1)
    assert facts["ops_by_name"] == {"mul": 2}
    assert facts["nodes_by_kind"] == {"function": 2, "accumulate": 2}
    assert facts["begin"] == {"script": "a.py"}
    assert (facts["complete"], facts["end"]) == (True, "ValueError: no")
    assert [(run["nodes"], run["error"]) for run in facts["runs"]] == [(2, ""), (2, "ValueError: no")]
    assert facts["events_by_kind"]["RunBegin"] == 2
    assert len(facts["dropped"]) == 1
    assert facts["first_not_finite"] is None
    said = text(Tape.open(tmp_path / "a.gst"))
    assert "2 ops" in said
    assert "ValueError: no" in said
    assert "no NaN or infinity" in said


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("null", "the script ran to its end"),
        ('{"type": "ValueError", "text": "no", "file": "a.py", "line": 3}', "ValueError: no (a.py:3)"),
        ("killed", "killed"),
    ],
)
def test_how_the_script_ended_is_a_sentence(note: str, said: str) -> None:
    assert summary(Tape.of([Note("end", note)]))["end"] == said


def test_a_recording_that_goes_on_says_so(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a.gst")
    assert "still recording" in text(Tape.open(tmp_path / "a.gst"))
    writer._abandon()  # as after a crash: nobody holds the file
    assert "it breaks off" in text(Tape.open(tmp_path / "a.gst"))


def test_the_first_op_that_made_a_nan_comes_before_the_gradients(tmp_path: Path) -> None:
    recorder = Recorder(Writer(tmp_path / "a.gst"))
    recorder.op("good", [], [HandTensor([1.0])], None, {}, 0.0)
    recorder.op("log", [], [HandTensor([1.0, -np.inf, np.nan])], None, {}, 0.0)
    recorder.close()
    tape = Tape.open(tmp_path / "a.gst")
    first = summary(tape)["first_not_finite"]
    assert (first["name"], first["nans"], first["infinities"], first["count"]) == ("log", 1, 1, 3)
    assert first["line"][0] == __file__
    assert "first in op" in text(tape)


def test_the_first_gradient_that_is_not_finite_names_its_event(tmp_path: Path) -> None:
    recorder = Recorder(Writer(tmp_path / "a.gst"))
    square = Square(recorder)
    run = square.begin()
    recorder.node_enter(run, square.node, [square.seed])
    recorder.node_exit(run, square.node, [gradient([1.0, 1.0, 1.0]), gradient([np.nan, 1.0, 1.0])])
    recorder.run_end(run)
    recorder.close()
    tape = Tape.open(tmp_path / "a.gst")
    first = summary(tape)["first_not_finite"]
    assert (first["name"], first["event"], first["nans"]) == ("MulBackward0", 4, 1)
    assert "first in event 4 MulBackward0" in text(tape)
