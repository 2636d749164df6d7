"""Alerts name where a NaN was born, marks the lines that made ops, the timeline its steps."""

from __future__ import annotations

import numpy as np

import gradstep.engine as gs
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import ListSink, Recorder, recording
from gradstep.engine.tape.schema import Role, Slot
from gradstep.gui.models.alerts import AlertKind, AlertLog
from gradstep.gui.models.history import History
from gradstep.gui.models.marks import LineMarks
from gradstep.gui.models.output import OutputTail
from gradstep.gui.models.timeline import timeline

from ..tapes import FILE, SmallNetwork, TapeMaker


def test_a_parameter_that_was_bad_from_the_start_is_named_once() -> None:
    log = AlertLog()
    maker = SmallNetwork(poison=True)
    log.read(maker.tape())
    (alert,) = log.alerts()
    assert alert.kind is AlertKind.CONSTANT
    assert alert.text == "1 Inf in fc2.weight from the start"
    assert log.carried > 3


def test_a_nan_that_an_op_made_is_born_there_and_the_input_says_why() -> None:
    maker = TapeMaker()
    p = maker.tensor(np.array([0.5, 0.0, 0.0], np.float32), Role.LEAF, "p")
    leaf = maker.accumulate(p)
    with np.errstate(divide="ignore"):
        logs = np.log(maker.data[p])
    val, _ = maker.op("log", "LogBackward0", (p,), logs, (Slot(leaf, 0),), 41, saved=(("self", p),))
    maker.op("neg", "NegBackward0", (val,), -logs, (None,), 42)
    log = AlertLog()
    log.read(maker.tape())
    (alert,) = log.alerts()
    assert alert.kind is AlertKind.BORN
    assert alert.text == "2 Inf in the output of log; its inputs are finite (p has 2 zeros)"
    assert alert.frame is not None
    assert alert.frame.line == 41
    assert log.carried == 1


def test_an_infinity_that_the_script_wrote_itself_is_no_alert() -> None:
    sink = ListSink()
    recorder = Recorder(sink)
    with recording(recorder):
        scores = gs.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
        masked = scores.masked_fill(gs.tensor([[False, True], [False, False]]), float("-inf"))
        masked.softmax(1).sum().backward()
    recorder.close()
    log = AlertLog()
    log.read(Tape.of(sink.records))
    assert [alert for alert in log.alerts() if alert.kind is AlertKind.BORN] == []


def test_nothing_is_found_in_a_sound_run_however_it_is_read() -> None:
    log, tape = AlertLog(), SmallNetwork().tape()
    while not log.read(tape, lambda: False):
        pass
    assert log.alerts() == []


def test_marks_count_the_ops_of_each_line() -> None:
    marks = LineMarks()
    marks.read(SmallNetwork().tape())
    assert marks.files() == [FILE]
    assert marks.counts(FILE) == {12: 2, 14: 1, 15: 2}
    assert len(marks.ops(FILE, 12)) == 2
    assert marks.ops(FILE, 1) == []


def test_the_timeline_knows_which_step_is_current_also_after_a_step_back() -> None:
    maker = SmallNetwork(steps=4)
    back = maker.rewind(maker.enters[2] - 1)
    history = History()
    history.read(maker.tape())
    line = timeline(history)
    assert [line.step_at(enter) for enter in maker.enters] == [0, 1, 2, 3]
    assert line.step_at(back) == 1
    assert line.step_at(0) == -1
    assert line.undone_at(back).tolist() == [False, False, True, True]
    assert line.lengths == (4,)
    assert ((line.heights > 0) & (line.heights <= 1)).all()


def test_the_tail_keeps_the_newest_lines_and_counts_what_it_let_go() -> None:
    tail = OutputTail(limit=100)
    for number in range(1000):
        tail.add("stdout", f"line {number}\n")
    assert tail.lines[-1].text == "line 999"
    assert sum(len(line.text) + 1 for line in tail.lines) <= 100
    written = sum(len(f"line {number}\n") for number in range(1000))
    assert tail.dropped + sum(len(line.text) + 1 for line in tail.lines) == written


def test_a_carriage_return_overwrites_its_line_also_across_writes() -> None:
    tail = OutputTail()
    for piece in ("  1%", "\r 50%", "\r100%\n", "done\r\n"):
        tail.add("stderr", piece)
    assert [line.text for line in tail.lines] == ["100%", "done"]


def test_streams_that_write_at_once_keep_their_own_lines() -> None:
    tail = OutputTail()
    tail.add("stdout", "a")
    tail.add("stderr", "x\n")
    tail.add("stdout", "b\n")
    assert [(line.stream, line.text) for line in tail.lines] == [("stdout", "ab"), ("stderr", "x")]


def test_empty_lines_are_lines() -> None:
    tail = OutputTail()
    tail.add("stdout", "a\n\nb\n")
    assert [line.text for line in tail.lines] == ["a", "", "b"]


def test_a_line_without_end_is_cut() -> None:
    tail = OutputTail()
    tail.add("stdout", "x" * 100_000)
    assert len(tail.lines[0].text) == 4096
    assert tail.dropped == 100_000 - 4096
