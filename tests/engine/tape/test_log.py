"""The file: what is handed over survives, nobody else's file is touched, and what goes wrong is said."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradstep.engine.locks import hold
from gradstep.engine.tape import log, writing
from gradstep.engine.tape import recorder as recorders
from gradstep.engine.tape.check import check
from gradstep.engine.tape.log import TapeExists, TapeGone, Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder
from gradstep.engine.tape.schema import Meta, Note, Payload, Source, Stats, Tensor, Val

from .handmade import HandTensor, Square


def record_into(path: Path, passes: int = 2) -> Tape:
    writer = Writer(path)
    recorder = Recorder(writer)
    for _ in range(passes):
        Square(recorder).backward()
    recorder.close()
    return Tape.open(path)


def test_what_was_recorded_is_read_back(tmp_path: Path) -> None:
    tape = record_into(tmp_path / "a.gst")
    assert (tape.complete, tape.growing, tape.damage, tape.verify()) == (True, False, "", "")
    assert (len(tape.ops), len(tape.runs)) == (2, 2)
    assert check(tape) == []
    again = Tape.of(tape.records())
    assert list(again.records()) == list(tape.records())


def test_every_kind_of_record_can_be_written_one_by_one(tmp_path: Path) -> None:
    records = [
        Tensor(1, Meta("float32", (2,), "cpu"), 1),
        Payload(Val(1, 0), "float32", (2,), np.array([1, 2], np.float32).tobytes()),
        Payload(Val(1, 1), "float32", (0,), b""),
        Source("naïve ☃.py", "print('\N{SNOWMAN}')\n"),
        Note("begin", "text", 0.25),
    ]
    stats = Stats(Val(1, 0), 2, 5**0.5, 1.0, 2.0, 1.5, 0, 0, 0, 0, True)
    writer = Writer(tmp_path / "a.gst")
    for record in [*records, stats]:
        writer.write(record)
    writer.close()
    assert list(Tape.open(tmp_path / "a.gst").records()) == [*records, stats]


def test_a_growing_tape_is_followed(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a.gst")
    recorder = Recorder(writer)
    tape = Tape.open(tmp_path / "a.gst")
    assert (len(tape.events), tape.growing, tape.complete, tape.poll()) == (0, True, False, False)
    seen = 0
    for _ in range(5):
        Square(recorder).backward()
        recorder.flush()
        assert tape.poll()
        assert len(tape.events) > seen
        seen = len(tape.events)
        assert tape.events[-1].i == seen - 1
    recorder.close()
    assert tape.poll()
    assert (tape.complete, tape.growing, tape.poll(), tape.damage) == (True, False, False, "")
    assert check(tape) == []


def test_a_reader_that_polls_after_every_byte_reads_the_same(tmp_path: Path) -> None:
    whole = record_into(tmp_path / "a.gst", passes=1)
    data = (tmp_path / "a.gst").read_bytes()
    copy = tmp_path / "b.gst"
    holder = Writer(tmp_path / "lock.gst")
    with copy.open("wb", buffering=0) as stream:
        assert hold(stream.fileno())
        stream.write(data[: log.HEAD.size])
        tape = Tape.open(copy)
        for place in range(log.HEAD.size, len(data)):
            stream.write(data[place : place + 1])
            tape.poll()
            assert tape.damage == ""
    holder.close()
    assert list(tape.records()) == list(whole.records())


def test_a_second_recording_into_the_same_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gst"
    record_into(path)
    before = path.read_bytes()
    with pytest.raises(TapeExists, match="holds something already; delete it or name another file"):
        Writer(path)
    assert path.read_bytes() == before
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(TapeExists):
        Writer(tmp_path / "notes.txt")


def test_an_empty_file_may_be_recorded_into_but_not_by_two(tmp_path: Path) -> None:
    path = tmp_path / "a.gst"
    path.touch()
    writer = Writer(path)
    with pytest.raises(TapeExists):
        Writer(path)
    writer.close()
    assert Tape.open(path).complete


@pytest.mark.parametrize("name", ["folder", "pipe", "/dev/null"])
def test_only_ordinary_files_are_recorded_into(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    elif name == "pipe":
        os.mkfifo(path)
    with pytest.raises(OSError, match=r"not a file|directory"):
        Writer(path)


def test_a_tape_that_cannot_be_made_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Writer(tmp_path / "no such folder" / "a.gst")


def test_closed_descriptors_are_opened_again_and_nobody_elses_file_is_written(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a.gst")
    recorder = Recorder(writer)
    Square(recorder).backward()
    recorder.flush()
    number = writer._descriptor
    os.close(number)  # as a script does with os.closerange
    theirs = os.open(tmp_path / "theirs.txt", os.O_WRONLY | os.O_CREAT)
    if theirs != number:
        os.dup2(theirs, number)
    Square(recorder).backward()
    recorder.close()
    assert recorder.failed == "closed"
    assert (tmp_path / "theirs.txt").read_bytes() == b""
    os.close(theirs)
    tape = Tape.open(tmp_path / "a.gst")
    assert tape.complete
    assert len(tape.runs) == 2
    assert check(tape) == []


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_a_tape_that_is_gone_is_noticed(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(log, "PATH_CHECK", 0.0)
    path = tmp_path / "a.gst"
    writer = Writer(path)
    recorder = Recorder(writer)
    path.unlink()
    if how == "replaced":
        path.write_bytes(b"theirs")
    Square(recorder).backward()
    recorder.flush()
    assert capsys.readouterr().err.count("recording stopped") == 1
    assert "a.gst" in recorder.failed
    if how == "replaced":
        assert path.read_bytes() == b"theirs"


def test_a_recording_that_ends_at_once_notices_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.gst"
    recorder = Recorder(Writer(path))
    path.unlink()
    Square(recorder).backward()
    recorder.close()
    assert capsys.readouterr().err.count("recording stopped") == 1
    assert "is gone" in recorder.failed


@pytest.mark.parametrize("deleted", [False, True])
def test_who_may_not_look_for_the_tape_any_more_still_writes_it(
    deleted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.gst"
    recorder = Recorder(Writer(path))
    if deleted:
        path.unlink()
    with monkeypatch.context() as patch:  # the script became another user, to whom the folder is closed
        patch.setattr(log.os, "stat", lambda *_: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
        Square(recorder).backward()
        recorder.close()
    assert capsys.readouterr().err.count("is gone") == deleted
    assert deleted or Tape.open(path).complete


def test_a_file_that_somebody_else_changed_is_not_written_any_more(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a.gst")
    os.truncate(tmp_path / "a.gst", 3)
    writer.write(Note("note", "text"))
    with pytest.raises(TapeGone, match="changed by somebody else"):
        writer.flush()


class Disk:
    """``os.write`` that writes a few bytes at a time, or fails or is interrupted at the Nth call."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, most: int = 1 << 30, error: BaseException | None = None, at: int = -1) -> None:
        self.write, self.most, self.error, self.at, self.calls = os.write, most, error, at, 0
        monkeypatch.setattr(log.os, "write", self)

    def __call__(self, descriptor: int, data: Any) -> int:
        self.calls += 1
        if self.calls == self.at and self.error is not None:
            if isinstance(self.error, KeyboardInterrupt):
                self.write(descriptor, memoryview(data)[: len(data) // 2])  # the signal is seen after a part was written
            raise self.error
        return self.write(descriptor, memoryview(data)[: self.most])


def test_short_writes_are_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Disk(monkeypatch, most=7)
    assert check(record_into(tmp_path / "a.gst")) == []


@pytest.mark.parametrize("at", range(1, 9))
def test_an_interrupt_in_the_middle_of_a_write_loses_and_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    monkeypatch.setattr(recorders, "SOON", -1)  # a write a node
    writer = Writer(tmp_path / "a.gst")
    recorder = Recorder(writer)
    Disk(monkeypatch, error=KeyboardInterrupt(), at=at)
    interrupts = 0
    runs = 0
    while runs < 4:
        try:
            Square(recorder).backward()
        except KeyboardInterrupt:
            interrupts += 1
        runs += 1
    recorder.close()
    assert interrupts == 1
    tape = Tape.open(tmp_path / "a.gst")
    assert (tape.damage, tape.complete) == ("", True)
    assert all("I3" in said for said in check(tape))  # the interrupted pass stays open, as this script leaves it


def test_a_full_disk_ends_the_recording_and_what_was_written_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorders, "SOON", -1)  # a write a node
    for at in range(1, 12):
        path = tmp_path / f"{at}.gst"
        recorder = Recorder(Writer(path))
        with monkeypatch.context() as patch:
            Disk(patch, error=OSError(errno.ENOSPC, "No space left on device"), at=at)
            for _ in range(6):
                Square(recorder).backward()
            recorder.flush()
        assert "No space left" in recorder.failed
        tape = Tape.open(path)
        assert tape.damage == ""
        assert [said for said in check(tape) if "I3" not in said] == []


def test_a_forked_child_leaves_the_tape_alone(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a.gst")
    recorder = Recorder(writer)
    Square(recorder)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            writer.flush()
            writer.close()
            code = 0 if writer.closed else 2
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    Square(recorder).backward()
    recorder.close()
    tape = Tape.open(tmp_path / "a.gst")
    assert tape.complete
    assert check(tape) == []


@pytest.mark.parametrize("soon", [-1, 10**12])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_what_was_recorded_before_a_crash_names_the_node(tmp_path: Path, number: signal.Signals, soon: int) -> None:
    script = textwrap.dedent(
        f"""
        import os, sys
        sys.path.insert(0, {str(Path(__file__).parents[3])!r})
        from gradstep.engine.tape import recorder as recorders
        from gradstep.engine.tape.log import Writer
        from gradstep.engine.tape.schema import NodeKind
        from tests.engine.tape.handmade import Square
        recorders.SOON = {soon}  # how long nodes of the engine's own may wait for each other; those of the user's code never do
        recorder = recorders.Recorder(Writer({str(tmp_path / "a.gst")!r}))
        square = Square(recorder)
        square.node.kind = NodeKind.FUNCTION if {soon} < 0 else NodeKind.CUSTOM
        run = square.begin()
        recorder.node_enter(run, square.node, [square.seed])
        os.kill(os.getpid(), {int(number)})
        """
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    assert done.returncode == -number, done.stderr
    tape = Tape.open(tmp_path / "a.gst")
    assert (tape.complete, tape.growing, tape.damage) == (False, False, "")
    assert type(tape.events[-1]).__name__ == "NodeEnter"
    assert check(tape) == []


def test_what_waits_is_handed_over_by_whoever_looks_after_a_script_that_records_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "LATENCY", 1 << 60)
    now = [10**9]
    monkeypatch.setattr(writing, "_now", lambda: now[0])
    recorder = Recorder(Writer(tmp_path / "a.gst"))
    tape = Tape.open(tmp_path / "a.gst")
    recorder.note("note", "text")
    recorder.tick()
    assert not tape.poll()
    now[0] += writing.FRESH + 1
    recorder.tick()
    assert tape.poll()
    assert [note.kind for note in tape.notes] == ["note"]
    recorder.close()


def test_a_closed_writer_takes_no_more(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a.gst")
    writer.close()
    writer.close()
    writer.flush()
    writer.encoder.record(Note("late", ""))
    writer.encoder.commit()
    with pytest.raises(ValueError, match="is closed"):
        writer.push()


def test_big_values_are_read_back(tmp_path: Path) -> None:
    data = np.random.default_rng(0).standard_normal((300, 1000))
    recorder = Recorder(Writer(tmp_path / "a.gst"))
    recorder.op("rand", [], [HandTensor(data), HandTensor(data.T), HandTensor(data > 0)], None, {}, 0.0)
    recorder.close()
    tape = Tape.open(tmp_path / "a.gst")
    values = [tape.value(val) for val in tape.ops[next(iter(tape.ops))].outs]
    for value, wanted in zip(values, (data, data.T, data > 0), strict=True):
        assert value is not None
        assert np.array_equal(value, wanted)
        assert not value.flags.writeable
