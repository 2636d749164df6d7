"""A recording on another machine, followed: two real processes, and an ssh that stays here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import gradstep.engine as torch
from gradstep.engine.cli.main import main
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Level, Recorder, recording

from ...ssh_to_here import connections
from ...waiting import PATIENCE, until
from .conftest import Attach


def record(recorder: Recorder, passes: int = 1) -> None:
    weight = torch.ones(20, requires_grad=True)
    with recording(recorder):
        for _ in range(passes):
            (weight * weight).sum().backward()
    recorder.flush()


def is_made_again(ssh: Path, made: int) -> bool:
    return len(connections(ssh)) > made


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def events(file: Path) -> int:
    if not file.exists() or not file.stat().st_size:
        return 0
    tape = Tape.open(str(file))
    try:
        return len(tape.events)
    finally:
        tape.close()


@pytest.fixture
def there(tmp_path: Path) -> Path:
    folder = tmp_path / "there"
    folder.mkdir()
    return folder


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return tmp_path / "here"


def test_a_tape_that_is_whole_comes_whole(there: Path, here: Path, attach: Attach) -> None:
    recorder = Recorder(Writer(str(there / "run.gst")), Level.VALUES)
    record(recorder)
    recorder.close()
    code, out, err = ended(attach(f"cluster:{there / 'run.gst'}"))
    assert (code, out) == (0, "run.gst\n"), err
    assert (here / "run.gst").read_bytes() == (there / "run.gst").read_bytes()
    assert main(["verify", str(here / "run.gst")]) == 0


def test_a_copy_grows_as_its_tape_does_and_is_being_written_meanwhile(there: Path, here: Path, attach: Attach) -> None:
    recorder = Recorder(Writer(str(there / "run.gst")), Level.VALUES)
    record(recorder)
    process = attach(f"cluster:{there / 'run.gst'}", "--to", "copy.gst")
    until(lambda: events(here / "copy.gst") == events(there / "run.gst"))
    tape = Tape.open(str(here / "copy.gst"))
    first = len(tape.events)
    assert not tape.complete
    assert not tape.damage
    record(recorder, passes=5)
    until(lambda: tape.poll() is not None and len(tape.events) > first)
    tape.close()
    assert process.poll() is None
    recorder.close()
    assert ended(process)[0] == 0
    assert (here / "copy.gst").read_bytes() == (there / "run.gst").read_bytes()


def test_a_lost_connection_loses_nothing(there: Path, here: Path, attach: Attach, ssh: Path) -> None:
    recorder = Recorder(Writer(str(there / "run.gst")), Level.VALUES)
    process = attach(f"cluster:{there / 'run.gst'}")
    for made in (1, 2, 3):
        record(recorder, passes=3)
        until(lambda: events(here / "run.gst") == events(there / "run.gst"))
        assert len(connections(ssh)) == made
        os.kill(connections(ssh)[-1], signal.SIGKILL)
        record(recorder)
        until(partial(is_made_again, ssh, made))
    recorder.close()
    code, _, err = ended(process)
    assert code == 0, err
    assert err.count("the connection to cluster was lost (it was closed); the program there runs on") == 3
    assert err.count("connected to cluster again; nothing is missing") == 3
    assert (here / "run.gst").read_bytes() == (there / "run.gst").read_bytes()


def test_an_interrupted_copy_goes_on_where_it_stopped(there: Path, here: Path, attach: Attach) -> None:
    recorder = Recorder(Writer(str(there / "run.gst")), Level.VALUES)
    record(recorder)
    first = attach(f"cluster:{there / 'run.gst'}")
    until(lambda: events(here / "run.gst"))
    first.send_signal(signal.SIGINT)
    code, _, err = ended(first)
    assert code == 130
    assert "the same line goes on where this one stopped" in err
    inode = (here / "run.gst").stat().st_ino
    record(recorder)
    recorder.close()
    assert ended(attach(f"cluster:{there / 'run.gst'}"))[0] == 0
    assert (here / "run.gst").stat().st_ino == inode
    assert (here / "run.gst").read_bytes() == (there / "run.gst").read_bytes()


def test_a_folder_brings_every_rank_also_those_that_come_later_and_one_that_is_killed(there: Path, here: Path, attach: Attach) -> None:
    first = Recorder(Writer(str(there / "rank0.gst")), Level.VALUES)
    record(first)
    process = attach(f"cluster:{there}")
    until(lambda: events(here / "there" / "rank0.gst"))
    text = (
        "import os, signal, sys\nimport gradstep.engine as torch\nfrom gradstep.engine.tape.log import Writer\n"
        "from gradstep.engine.tape.recorder import Level, Recorder, recording\n"
        "recorder = Recorder(Writer(sys.argv[1]), Level.VALUES)\nwith recording(recorder):\n"
        "    torch.ones(3, requires_grad=True).sum().backward()\nrecorder.flush()\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-P", "-c", text, str(there / "rank1.gst")], check=False)
    assert killed.returncode == -signal.SIGKILL
    until(lambda: events(here / "there" / "rank1.gst") == events(there / "rank1.gst") > 0)
    record(first)
    first.close()
    code, out, err = ended(process)
    assert code == 0, err
    assert out.split() == ["there/rank0.gst", "there/rank1.gst"]
    for name in ("rank0.gst", "rank1.gst"):
        assert (here / "there" / name).read_bytes() == (there / name).read_bytes()


def test_a_recording_that_takes_the_place_of_another_leaves_the_first_copy(there: Path, here: Path, attach: Attach) -> None:
    first = Recorder(Writer(str(there / "run.gst")), Level.VALUES)
    record(first)
    process = attach(f"cluster:{there / 'run.gst'}")
    until(lambda: events(here / "run.gst") == events(there / "run.gst"))
    old = (here / "run.gst").read_bytes()
    (there / "run.gst").unlink()
    second = Recorder(Writer(str(there / "run.gst")), Level.VALUES)
    record(second)
    first.close()
    second.close()
    assert ended(process)[0] == 0
    assert (here / "run.gst").read_bytes() == (there / "run.gst").read_bytes()
    assert (here / "run.replaced-1.gst").read_bytes().startswith(old)


def test_a_file_of_the_users_is_not_written_over(there: Path, here: Path, attach: Attach) -> None:
    recorder = Recorder(Writer(str(there / "run.gst")), Level.VALUES)
    record(recorder)
    recorder.close()
    (here / "run.gst").write_bytes(b"mine")
    code, _, err = ended(attach(f"cluster:{there / 'run.gst'}"))
    assert code == 73
    assert "run.gst is there already and is another recording: move it away, or name another place with --to" in err
    assert (here / "run.gst").read_bytes() == b"mine"


def test_two_do_not_write_one_copy(there: Path, here: Path, attach: Attach) -> None:
    recorder = Recorder(Writer(str(there / "run.gst")), Level.VALUES)
    record(recorder)
    attach(f"cluster:{there / 'run.gst'}")
    until(lambda: events(here / "run.gst"))
    code, _, err = ended(attach(f"cluster:{there / 'run.gst'}"))
    assert code == 73
    assert "is being written by another process" in err
    recorder.close()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: folder / "none.gst", "cluster: there is no"),
        (lambda folder: (folder / "a.gst").write_bytes(b"x" * 100) and folder / "a.gst", "a.gst is no tape of gradstep's"),
        (
            lambda folder: [(folder / name).touch() for name in ("a.gst", "b.gst")] and folder,
            "has several recordings: name one of a.gst, b.gst",
        ),
    ],
    ids=["nothing", "no tape", "several"],
)
def test_what_is_not_there_is_said(make: Callable[[Path], Path], said: str, there: Path, attach: Attach) -> None:
    code, _, err = ended(attach(f"cluster:{make(there)}"))
    assert code == 66
    assert said in err


@pytest.mark.parametrize(
    ("ssh", "why"),
    [("/nowhere/ssh", "/nowhere/ssh: No such file or directory"), ("/bin/false", "see what was said above"), ("/bin/echo hello", "")],
)
def test_a_machine_that_does_not_answer_is_said(ssh: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attach", "--ssh", ssh, "cluster:runs"]) == 69
    said = capsys.readouterr().err
    assert "cluster did not answer as gradstep does" in said
    assert why in said


@pytest.mark.parametrize("word", ["runs", ":runs", "cluster:", "-oProxyCommand=x:runs"])
def test_a_place_that_is_none_is_refused(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attach", "--", word]) == 2
    assert "HOST:RUN" in capsys.readouterr().err
