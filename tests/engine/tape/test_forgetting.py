"""What is dead is forgotten, what is alive is not, and the tape is the same."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest

import gradstep.engine
from gradstep.engine.tape import forgetting, writing
from gradstep.engine.tape.check import check
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder, recording

torch: Any = gradstep.engine


def recorded(path: Path) -> tuple[Recorder, Tape]:
    recorder = Recorder(Writer(path, at_once=True))
    with recording(recorder):
        held = [torch.full((2,), float(i), requires_grad=True) * 2 for i in range(20)]
        x = torch.ones(2, requires_grad=True)
        for i in range(300):
            y = (x * float(i)).sin()  # another number each time
            y.add_(1.0)
            y.sum().backward()
        sum(held).sum().backward()
        held[3].mul_(3.0)
    recorder.close()
    return recorder, Tape.open(path)


def test_a_recording_knows_no_more_than_what_is_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, wanted = recorded(tmp_path / "a.gst")
    monkeypatch.setattr(forgetting, "AT_LEAST", 100)
    monkeypatch.setattr(forgetting, "PART", 0)
    monkeypatch.setattr(writing, "TABLE_CAP", 50)
    recorder, tape = recorded(tmp_path / "b.gst")
    assert (tape.damage, check(tape)) == ("", [])
    assert [op.name for op in tape.ops.values()] == [op.name for op in wanted.ops.values()]
    assert (len(tape.nodes), len(tape.events), len(tape.tensors)) == (len(wanted.nodes), len(wanted.events), len(wanted.tensors))
    assert len(recorder._nouns.versions) < len(tape.tensors) / 4
    assert len(recorder._nouns.nodes) < len(tape.nodes) / 2
    assert len(recorder._encoder.params) <= 51


def test_nothing_is_forgotten_while_the_interpreter_does_not_tell_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "AT_LEAST", 100)
    monkeypatch.setattr(forgetting, "PART", 0)
    gc.freeze()
    try:
        _, tape = recorded(tmp_path / "a.gst")
    finally:
        gc.unfreeze()
    assert (tape.damage, check(tape)) == ("", [])


def test_tensors_and_nodes_that_are_alive_are_found() -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    tensors, nodes = forgetting.living()
    assert x._id in tensors
    assert y.grad_fn.id in nodes
