"""Faults 17 to 20: the disk runs full, calls fail, folders vanish, and there is no home to write in."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gradstep.engine.debug.launch import RunFolder
from gradstep.engine.debug.states import State
from gradstep.engine.tape.ending import ending
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Note
from gradstep.engine.tape.writing import sentence

from .catalogue import API, CLI, WINDOW, fault
from .command import inspect, verify
from .evidence import sound
from .shortages import library, read_only, tiny_disk

DISK = 256 << 10  # bytes
MANY = """
import torch
w = torch.ones(64, requires_grad=True)
for step in range(400):
    loss = (w * (step / 400)).exp().log().sum()
    loss.backward()
    w.grad = None
print("result", round(float(loss.detach()), 2), flush=True)
"""
RESULT = b"result 63.84\n"
STOPPED = r"(gradstep: )?recording stopped after event \d+: disk full \(No space left on device\); the script goes on"
IN_BAR = "script.py: recording stopped after event"


@fault(17, API)
def test_a_full_disk_ends_the_recording_and_not_the_script(start, session, tmp_path, said) -> None:
    said.expect(STOPPED)
    disk = tiny_disk(tmp_path / "disk", DISK)
    start(MANY, tape=str(disk / "run.gst"))
    outcome = session.wait_until_ended()
    assert (outcome.how, session.printed["stdout"].encode()) == (State.FINISHED, RESULT)
    assert re.match(STOPPED, outcome.recording)
    tape = sound(disk / "run.gst")
    last = re.search(r"after event (\d+)", outcome.recording)
    assert last is not None
    assert int(last[1]) == len(tape.events) - 1 > 100
    assert "disk full" in inspect(disk / "run.gst")[1]["stopped"]
    tape.close()


def write_on(writer: Writer, note: Note) -> None:
    while True:
        writer.write(note)


@fault(17, API)
def test_however_little_room_is_left_the_tape_says_that_the_disk_was_full(tmp_path, figure) -> None:
    disk = tiny_disk(tmp_path / "disk", DISK)
    ends = set()
    for length in range(40):
        writer = Writer(disk / "run.gst", at_once=True)
        with pytest.raises(OSError, match="No space left") as full:
            write_on(writer, Note("note", "x" * (1000 + 17 * length)))
        assert writer.give_up(sentence(full.value)) == 0  # no event is lost: notes are none
        tape = Tape.open(disk / "run.gst")
        assert (tape.damage, ending(tape)["sentence"]) == ("", "recording stopped: disk full (No space left on device); the script went on")
        assert len(tape.notes) > 100
        ends.add((disk / "run.gst").stat().st_size % 4096)
        tape.close()
        (disk / "run.gst").unlink()
    figure(f"{len(ends)} places in a block at which it ended")
    assert len(ends) > 20


@fault(17, CLI)
def test_record_returns_what_the_script_returns_on_a_full_disk(gradstep, said) -> None:
    said.expect(STOPPED, "gradstep: recorded ")
    disk = tiny_disk(gradstep.folder / "disk", DISK)
    ran = gradstep.record(MANY + "raise SystemExit(7)\n", tape=disk / "run.gst")
    assert (ran.code, ran.out) == (7, RESULT)
    assert said.count("recording stopped") == 1
    facts = ran.sound()
    assert facts["complete"] is False
    assert facts["stopped"].startswith("recording stopped: disk full")


@fault(17, WINDOW)
def test_the_bar_says_that_the_recording_stopped(person, tmp_path, monkeypatch, said) -> None:
    said.expect(STOPPED, "run.json could not be written: No space left on device")
    disk = tiny_disk(tmp_path / "disk", DISK)
    monkeypatch.setenv("XDG_CACHE_HOME", str(disk))
    person.window.opening.stop_on_entry = False
    bars = person.note_bars()
    person.begin(person.script(MANY))
    person.end()
    assert "result" in person.printed
    assert sum(text.startswith(IN_BAR) for text in bars) == 1
    assert "disk full" in person.bar


# ------------------------------------------------------------------------------------------------------ the Nth call fails

SWEEP = Path(__file__).with_name("sweep.py")
FULL, SHORT = "write:ENOSPC", "short:OK"
KINDS = ["write:EIO", "write:EINTR", "fsync:EIO", "open:EMFILE", "open:EACCES"]


def sweep_by_the_api(tmp_path, kind, figure) -> None:
    environment = os.environ | {"LD_PRELOAD": str(library(tmp_path))}
    result = subprocess.run(
        [sys.executable, str(SWEEP), str(tmp_path), kind], env=environment, capture_output=True, text=True, timeout=80, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    told = json.loads(result.stdout)
    assert told["wrong"] == []
    figure(f"{kind}: {told['runs']} runs until it passed")
    assert told["runs"] >= 2 or kind.startswith("fsync")  # a recording that is not durable asks for no fsync


@fault(18, API)
def test_whichever_write_fails_the_tape_is_sound_and_the_result_the_same(tmp_path, figure) -> None:
    sweep_by_the_api(tmp_path, FULL, figure)
    sweep_by_the_api(tmp_path, SHORT, figure)


@fault(18, API, long=True)
def test_whichever_call_fails_the_tape_is_sound_and_the_result_the_same(tmp_path, alive, figure) -> None:
    for kind in KINDS:
        alive()
        sweep_by_the_api(tmp_path, kind, figure)


def record_with(gradstep, kind: str, number: int, code: int) -> tuple[int, bytes, str]:
    gradstep.environment = {
        "LD_PRELOAD": str(gradstep.folder / "libfailing.so"), "FAILING": f"{kind}:{number}:{code}:{gradstep.folder}/{kind}{number}.gst",
    }  # fmt: skip
    ran = gradstep.record(MANY, tape=gradstep.folder / f"{kind}{number}.gst")
    return ran.code, ran.out, ran.err


def sweep_by_record(gradstep, said, alive, numbers) -> None:
    said.expect("gradstep: ")
    library(gradstep.folder)
    for number in numbers:
        alive()
        code, out, err = record_with(gradstep, "write", number, errno.EIO)
        if number == 1:  # nothing can be recorded: it is refused before the script runs
            assert (code, out) == (73, b"")
            assert "Input/output error" in err
            continue
        assert (code, out) == (0, RESULT)
        assert err.count("recording stopped") == 1
        assert verify(gradstep.folder / f"write{number}.gst")[0] == 0
    code, out, err = record_with(gradstep, "open", 1, errno.EMFILE)
    assert (code, out) == (73, b"")
    assert "Too many open files" in err


@fault(18, CLI)
def test_record_survives_early_writes_that_fail(gradstep, said, alive) -> None:
    sweep_by_record(gradstep, said, alive, (1, 9))


@fault(18, CLI, long=True)
def test_record_survives_every_write_that_fails(gradstep, said, alive) -> None:
    sweep_by_record(gradstep, said, alive, range(1, 60))


@fault(18, WINDOW)
def test_one_bar_tells_of_a_write_that_failed(person, tmp_path, said) -> None:
    preload = {"LD_PRELOAD": str(library(tmp_path)), "FAILING": f"write:9+:{errno.EIO}:tape.gst"}
    person.window.opening.environment = preload
    person.window.opening.stop_on_entry = False
    bars = person.note_bars()
    person.begin(person.script(MANY))
    person.end()
    assert sum(text.startswith(IN_BAR) for text in bars) == 1
    assert "Input/output error" in person.bar
    assert "result" in person.printed


# ------------------------------------------------------------------------------------------------------ what vanishes

VANISHING = """
import os, shutil, sys
import torch
w = torch.ones(4, requires_grad=True)
def step():
    (w * 2).sum().backward()
step()
print("up", flush=True)
sys.stdin.read(1) if len(sys.argv) > 1 else None
gone = os.environ["GONE"]
shutil.rmtree(gone)
for _ in range(200):
    step()
print("result", w.grad.tolist(), flush=True)
"""
STEPS = """
import torch
w = torch.ones(4, requires_grad=True)
for _ in range(3):
    (w * 2).sum().backward()
"""
GONE = r"gradstep: recording stopped after event \d+: .*run.gst is gone|gradstep: recording stopped after event \d+: .*is gone"


@fault(19, API)
def test_a_run_whose_folder_is_deleted_goes_on(session, tmp_path, said) -> None:
    from gradstep.engine.debug.launch import Launch

    said.expect(GONE, "run.json could not be written: No such file or directory")
    folder = RunFolder.make(tmp_path)
    script = tmp_path / "script.py"
    script.write_text(VANISHING, encoding="utf-8")
    session.launch(Launch(str(script), env={"GONE": str(folder.path)}, stop_on_entry=False), folder)
    outcome = session.wait_until_ended()
    assert outcome.how is State.FINISHED
    assert session.printed["stdout"].endswith("result [402.0, 402.0, 402.0, 402.0]\n")
    assert "is gone" in outcome.recording
    assert not folder.path.exists()


@fault(19, CLI)
def test_record_says_that_its_tape_was_deleted(gradstep, said) -> None:
    said.expect(GONE, "gradstep: the tape .* is gone")
    place = gradstep.folder / "place"
    place.mkdir()
    ran = gradstep.record(VANISHING, tape=place / "run.gst", env={"GONE": str(place)})
    assert (ran.code, ran.out) == (0, b"up\nresult [402.0, 402.0, 402.0, 402.0]\n")
    assert said.count("recording stopped") == 1


@fault(19, WINDOW)
def test_what_the_window_has_open_can_still_be_saved(person, tmp_path, said) -> None:
    said.expect(GONE, "run.json could not be written: No such file or directory")
    person.begin(person.script(STEPS))
    folder = person.window.session.folder
    assert folder is not None
    shutil.rmtree(folder.path)
    person.press("continue")
    person.until(lambda: person.state in (State.RAISED, State.FINISHED, State.PAUSED))
    tape = person.window.model.tape
    assert tape is not None
    seen = len(tape.events)
    assert seen > 0
    saved = tmp_path / "saved.gst"
    person.window.files.save_tape(tape, saved)
    copy = sound(saved)
    assert len(copy.events) >= seen
    copy.close()
    while person.state is State.PAUSED:
        person.step("continue")
    person.end()


@fault(20, API)
def test_runs_are_kept_elsewhere_where_the_home_is_read_only(start, session, tmp_path, monkeypatch) -> None:
    from gradstep.engine.debug.launch import Launch, runs_folder

    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(read_only(tmp_path / "home")))
    place = runs_folder()
    assert tmp_path not in place.parents
    script = tmp_path / "script.py"
    script.write_text("print('fine')\n", encoding="utf-8")
    session.launch(Launch(str(script), stop_on_entry=False))
    assert session.wait_until_ended().how is State.FINISHED
    session.close()
    shutil.rmtree(place)


@fault(20, CLI)
@pytest.mark.parametrize("home", ["none", "read-only"])
def test_record_needs_no_home(gradstep, said, home) -> None:
    said.expect("gradstep: recorded ")
    bare = {name: value for name, value in os.environ.items() if not name.startswith("XDG_") and name != "HOME"}
    if home == "read-only":
        bare["HOME"] = str(read_only(gradstep.folder / "home"))
    process = subprocess.run(
        [sys.executable, "-m", "gradstep", "record", "-o", "run.gst", str(gradstep.write(MANY))],
        cwd=gradstep.folder, env=bare, capture_output=True, timeout=80, check=False,
    )  # fmt: skip
    assert (process.returncode, process.stdout) == (0, RESULT)
    assert inspect(gradstep.folder / "run.gst")[1]["complete"]
