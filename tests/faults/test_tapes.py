"""Faults 36, 37 and 39: tapes that are damaged, made to do harm, or read by several at once. The collections are in tests/attacks."""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

import gradstep.engine as torch
from gradstep.engine.debug.states import State
from gradstep.engine.tape import log
from gradstep.engine.tape.log import Writer, frame_bytes
from gradstep.engine.tape.reader import Tape, TapeError
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.engine.tape.schema import Note, Source

from .catalogue import API, CLI, WINDOW, fault
from .command import inspect, verify
from .evidence import sound
from .scripts import HEAD

NO_TAPES = ["empty", "text", "zeros", "newer", "folder", "fifo", "device", "loop"]
HOSTILE = ["length", "names", "nesting"]
HARM = "../../../outside\x1b[31m<img src='http://nowhere.invalid/x.png'>\N{RIGHT-TO-LEFT OVERRIDE}"


def record(path: Path, extra: tuple[object, ...] = ()) -> Path:
    """A tape of a few passes."""
    writer = Writer(path)
    recorder = Recorder(writer)
    with recording(recorder):
        w = torch.ones(5, requires_grad=True)
        for _ in range(3):
            (w * 2).exp().sum().backward()
    for one in extra:
        writer.write(one)  # type: ignore[arg-type]
    recorder.close()
    return path


def no_tape(folder: Path, kind: str) -> Path:
    """Something that is no tape that can be read."""
    path = folder / f"{kind}.gst"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "newer":
        head = log.HEAD.pack(log.MAGIC, 99, 0, b"n" * 16, 0)[:-4]
        path.write_bytes(head + struct.pack("<I", zlib.crc32(head)))
    else:
        path.write_bytes({"empty": b"", "text": b"hello\n" * 100, "zeros": bytes(4096)}[kind])
    return path


def hostile(folder: Path, kind: str) -> Path:
    """A tape whose checksums are right and whose contents are not meant well."""
    path = folder / f"{kind}.gst"
    if kind == "names":
        return record(path, (Note("stopped", HARM), Source(HARM, "import os\n" * 10)))
    if kind == "nesting":
        return record(path, (Note("begin", "[" * 100_000), Note("end", "{" * 100_000)))
    record(path)
    data = path.read_bytes()
    seed = zlib.crc32(log.HEAD.unpack(data[: log.HEAD.size])[3])
    whole = frame_bytes(seed, log.ROWS, 0, b"x")
    head = struct.pack("<4sBxxxIII", log.MARKER, log.ROWS, 2**32 - 1, 0, 0)
    path.write_bytes(data[: log.HEAD.size] + head + struct.pack("<I", zlib.crc32(head, seed)) + whole)
    return path


@fault(36, API)
def test_a_tape_that_is_cut_anywhere_gives_its_beginning(tmp_path) -> None:
    whole = record(tmp_path / "whole.gst").read_bytes()
    tape = Tape.open(tmp_path / "whole.gst")
    names = [op.name for op in tape.ops.values()]
    tape.close()
    cut = tmp_path / "cut.gst"
    for size in range(0, len(whole), 1000):
        cut.write_bytes(whole[:size])
        if size < log.HEAD.size:
            with pytest.raises(TapeError):
                Tape.open(cut)
            continue
        tape = Tape.open(cut)
        found = [op.name for op in tape.ops.values()]
        assert found == names[: len(found)]
        assert tape.damage or not tape.complete
        assert cut.read_bytes() == whole[:size]
        tape.close()


@fault(36, API)
def test_what_is_no_tape_is_refused_with_a_reason(tmp_path) -> None:
    for kind in NO_TAPES:
        with pytest.raises((TapeError, OSError)) as refused:
            Tape.open(no_tape(tmp_path, kind))
        assert str(refused.value), kind


@fault(36, CLI)
def test_commands_refuse_what_is_no_tape(tmp_path) -> None:
    for kind in NO_TAPES:
        code, said = verify(no_tape(tmp_path, kind))
        assert code in (65, 74), (kind, code)
        assert said.startswith("gradstep: "), kind
        assert "Traceback" not in said
    damaged = record(tmp_path / "damaged.gst")
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    code, said = verify(damaged)
    assert code == 65
    assert "The file was not changed" in said
    assert damaged.read_bytes() == bytes(data)
    assert inspect(damaged)[0] == 65


@fault(36, WINDOW)
def test_the_bar_says_why_a_file_is_no_tape(person, tmp_path) -> None:
    for kind in NO_TAPES:
        path = no_tape(tmp_path, kind)
        person.window.message.clear()
        person.window.open_file(str(path))
        person.until(lambda: bool(person.bar))
        assert path.name in person.bar, kind
    damaged = record(tmp_path / "damaged.gst")
    data = damaged.read_bytes()[:-60]
    damaged.write_bytes(data)
    person.window.open_file(str(damaged))
    person.until(lambda: "cannot be read further" in person.bar)
    assert damaged.read_bytes() == data


@fault(37, API)
def test_a_tape_made_to_do_harm_is_read_as_text_or_refused(tmp_path) -> None:
    for kind in HOSTILE:
        path = hostile(tmp_path, kind)
        before = (hashlib.sha256(path.read_bytes()).hexdigest(), sorted(os.listdir(tmp_path)))
        tape = Tape.open(path)
        assert bool(tape.verify()) is (kind == "length")
        tape.close()
        assert (hashlib.sha256(path.read_bytes()).hexdigest(), sorted(os.listdir(tmp_path))) == before


@fault(37, CLI)
def test_commands_show_hostile_names_as_text(gradstep, said) -> None:
    said.expect("gradstep: .* is damaged")
    for kind in HOSTILE:
        ran = gradstep.run("inspect", hostile(gradstep.folder, kind))
        assert ran.code == (65 if kind == "length" else 0)
        assert b"\x1b" not in ran.out
        assert "\N{RIGHT-TO-LEFT OVERRIDE}".encode() not in ran.out
    assert not (gradstep.folder.parent / "outside").exists()


@fault(37, WINDOW)
def test_the_window_shows_hostile_names_as_text(person, tmp_path) -> None:
    before = set(Path(tmp_path).iterdir())
    for kind in HOSTILE:
        person.window.open_file(str(hostile(tmp_path, kind)))
        person.until(lambda: person.state is State.TRACE and person.window.model.tape is not None)
        person.turn()
    assert {path.name for path in set(Path(tmp_path).iterdir()) - before} == {f"{kind}.gst" for kind in HOSTILE}


# ------------------------------------------------------------------------------------------------- 39: more than one reader

PASSES = 2
SLOW = (
    HEAD
    + f"""
import sys
for step in range({PASSES}):
    (x * 2).sum().backward()
    print("pass", step, flush=True)
    sys.stdin.readline()
"""
)


@fault(39, API)
def test_two_readers_follow_one_tape_and_a_replaced_one_is_noticed(tmp_path, said) -> None:
    said.expect("gradstep: recording stopped after event .* was replaced by another file")
    path = tmp_path / "run.gst"
    recorder = Recorder(Writer(path))
    readers = [Tape.open(path), Tape.open(path)]
    with recording(recorder):
        w = torch.ones(3, requires_grad=True)
        for count in range(1, 4):
            (w * 2).sum().backward()
            recorder.flush()
            for reader in readers:
                reader.poll()
                assert len(reader.runs) == count
    assert not any(reader.replaced for reader in readers)
    os.replace(record(tmp_path / "other.gst"), path)
    assert all(reader.replaced for reader in readers)
    recorder.close()
    for reader in readers:
        assert reader.damage == ""
        reader.close()


@fault(39, CLI)
def test_commands_read_a_tape_while_it_is_recorded(gradstep, said) -> None:
    said.expect("gradstep: recorded ", "gradstep: run.gst is not complete: still recording")
    process = gradstep.start("record", "-o", gradstep.folder / "run.gst", gradstep.write(SLOW), stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    for count in range(1, PASSES + 1):
        process.stdout.readline()
        readers = [
            subprocess.Popen([sys.executable, "-m", "gradstep", "export", "run.gst", "--to", f"{number}.json"], cwd=gradstep.folder)
            for number in range(2)
        ]
        assert [reader.wait() for reader in readers] == [0, 0]
        code, facts = inspect(gradstep.folder / "run.gst")
        assert (code, facts["growing"], len(facts["runs"])) == (0, True, count)
        process.stdin.write(b"\n")
        process.stdin.flush()
    again = gradstep.record(HEAD)
    assert again.code == 73
    said.expect("gradstep: .*holds something already")
    ran = gradstep.end(process)
    assert ran.code == 0
    assert ran.sound()["complete"]


@fault(39, WINDOW)
def test_two_windows_follow_one_tape_and_offer_a_replaced_one(person, tmp_path, said) -> None:
    said.expect("gradstep: recording stopped after event .* was replaced by another file")
    path = tmp_path / "run.gst"
    recorder = Recorder(Writer(path))
    other = type(person)(person.qtbot, tmp_path, said)
    with recording(recorder):
        w = torch.ones(3, requires_grad=True)
        (w * 2).sum().backward()
        recorder.flush()
        for one in (person, other):
            one.window.open_file(str(path))
        for count in range(2, 4):
            (w * 2).sum().backward()
            recorder.flush()
            for one in (person, other):
                one.until(lambda one=one, count=count: len(one.window.model.tape.runs) == count)
    os.replace(record(tmp_path / "new.gst"), path)
    person.until(lambda: "was replaced" in person.bar)
    assert person.answers == ["Reload"]
    assert len(person.window.model.tape.runs) == 3
    person.answer("Reload")
    person.until(lambda: person.window.model.tape is not None and person.window.model.tape.complete)
    recorder.close()
    other.close()
    sound(path).close()
