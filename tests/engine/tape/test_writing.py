"""A recording that fails: it ends, is said once, its tape stays sound, and the program does not notice."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradstep.engine
from gradstep.engine.tape import log
from gradstep.engine.tape import recorder as recorders
from gradstep.engine.tape.check import check
from gradstep.engine.tape.ending import ending
from gradstep.engine.tape.introduce import Introducer
from gradstep.engine.tape.log import TapeFull, Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.engine.tape.wire import Encoder

from .handmade import Square

torch: Any = gradstep.engine


def train() -> list[float]:
    """A few steps of a small net; its weights then."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    handle = net[0].register_forward_hook(lambda module, args, out: out * 1.5)
    net[2].weight.register_hook(lambda grad: grad * 2)
    for _ in range(3):
        optimizer.zero_grad()
        loss = net(torch.ones(5, 3)).square().mean()
        loss.backward()
        optimizer.step()
    handle.remove()
    return [float(x) for weight in net.parameters() for x in weight.detach().reshape(-1).tolist()]


def unrecorded() -> list[float]:
    assert recorders.current is None
    return train()


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EIO, "Input/output error")])
def test_the_nth_write_fails_and_the_tape_ends_behind_a_whole_record(
    tmp_path: Path, error: OSError, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(log, "BUFFER", 1)  # many writes
    wanted, write, passed = unrecorded(), os.write, 0
    for nth in range(1, 200):
        path, calls = tmp_path / f"{nth}.gst", 0

        def failing(descriptor: int, data: Any, nth: int = nth) -> int:
            nonlocal calls
            calls += 1
            if calls == nth:
                write(descriptor, memoryview(data)[: random.Random(nth).randrange(len(data))])  # the disk took a part
            if calls >= nth:
                raise error
            return write(descriptor, data)

        recorder = Recorder(Writer(path))
        with monkeypatch.context() as patch:
            patch.setattr(log.os, "write", failing)
            with recording(recorder):
                assert train() == wanted
            recorder.close()
        said = capsys.readouterr().err
        tape = Tape.open(path)
        assert (tape.damage, check(tape)) == ("", []), nth
        if calls < nth:
            passed += 1
            break
        assert said.count("recording stopped") == 1
        assert f"after event {len(tape.events) - 1}: " in said
    assert passed


@pytest.mark.parametrize("place", [(Introducer, "value"), (Introducer, "meet"), (Encoder, "text_id"), (Encoder, "take"), (Writer, "push")])
def test_a_fault_of_the_recorders_own_ends_the_recording_alone(
    tmp_path: Path, place: tuple[type, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted, (owner, name) = unrecorded(), place
    right = getattr(owner, name)
    for nth in (1, 2, 3, 5, 8, 13, 21, 34, 55):
        path, calls = tmp_path / f"{nth}.gst", 0

        def wrong(*args: Any, nth: int = nth, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == nth:
                raise KeyError("a fault of ours")
            return right(*args, **kwargs)

        recorder = Recorder(Writer(path))
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, wrong)
            with recording(recorder):
                assert train() == wanted
        recorder.close()
        said = capsys.readouterr().err
        assert said.count("recording stopped") == (calls >= nth)
        tape = Tape.open(path)
        assert tape.damage == "", nth
        if calls >= nth:
            assert ending(tape)["how"] == "recording stopped"
            assert "a fault of gradstep's own, KeyError" in said


def test_a_tape_takes_no_more_than_its_limit_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = unrecorded()
    recorder = Recorder(Writer(tmp_path / "a.gst", limit=20_000))
    with recording(recorder):
        assert train() == wanted
    recorder.close()
    assert (tmp_path / "a.gst").stat().st_size <= 20_000
    tape = Tape.open(tmp_path / "a.gst")
    assert (tape.damage, tape.complete, check(tape)) == ("", False, [])
    assert ending(tape)["how"] == "recording stopped"
    assert "limit of 20000 bytes" in ending(tape)["sentence"]
    assert capsys.readouterr().err.count("recording stopped") == 1
    with pytest.raises(TapeFull):
        Writer(tmp_path / "b.gst", limit=20_000).blob(bytes(30_000))


def test_what_is_written_at_once_lacks_nothing_that_was_finished(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a.gst", at_once=True)
    recorder = Recorder(writer)
    tape = Tape.open(tmp_path / "a.gst")
    with recording(recorder):
        x = torch.ones(3, requires_grad=True)
        for count in range(1, 8):
            y = x * count
            tape.poll()
            assert len(tape.ops) == count
            value = tape.value(tape.ops[next(reversed(tape.ops.rows))].outs[0])
            assert value is not None
            assert np.array_equal(value, np.full(3, count, np.float32))
        y.sum().backward()
        tape.poll()
        assert len(tape.events) == recorder.position + 1
    recorder.close()


def test_a_recorder_keeps_no_text_of_sources_where_that_is_not_wanted(tmp_path: Path) -> None:
    recorder = Recorder(Writer(tmp_path / "a.gst"), sources=False)
    with recording(recorder):
        train()
    recorder.source(__file__)
    recorder.close()
    tape = Tape.open(tmp_path / "a.gst")
    assert (tape.sources, check(tape)) == ({}, [])
    assert __file__ in tape.files()


def test_the_user_is_told_also_where_the_script_has_no_stderr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(Writer(tmp_path / "a.gst"))
    monkeypatch.setattr("sys.stderr", None)
    monkeypatch.setattr("sys.__stderr__", None)
    monkeypatch.setattr("sys.stdout", None)
    os.truncate(tmp_path / "a.gst", 3)
    Square(recorder).backward()
    recorder.flush()
    assert "changed by somebody else" in recorder.failed
