"""What is written behind a tape whose writer died."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gradstep.engine.tape import log
from gradstep.engine.tape.check import check
from gradstep.engine.tape.ending import ending
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.postscript import conclude
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder

from .handmade import Square


def dead(path: Path) -> None:
    """A tape whose process was killed."""
    script = """
        import os, sys
        from gradstep.engine.tape.log import Writer
        from gradstep.engine.tape.recorder import Recorder
        from tests.engine.tape.handmade import Square
        recorder = Recorder(Writer(sys.argv[1]))
        Square(recorder).backward()
        recorder.flush()
        os.kill(os.getpid(), 9)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(path)], cwd=Path(__file__).parents[3], check=False)


def test_how_the_writer_died_is_on_the_tape_then(tmp_path: Path) -> None:
    path = tmp_path / "a.gst"
    dead(path)
    before = Tape.open(path)
    assert (before.complete, before.ended, before.damage) == (False, "", "")
    assert ending(before)["how"] == "unknown"
    assert conclude(str(path), "crashed", "killed from outside (SIGKILL).", exit_code=137, signal="SIGKILL", node=0)
    assert before.poll()  # whoever has it open hears of it
    after = Tape.open(path)
    for tape in (before, after):
        assert (tape.complete, tape.growing, tape.damage, check(tape)) == (False, False, "", [])
        assert len(tape.runs) == 1
    told = ending(after)
    assert (told["how"], told["exit_code"], told["signal"]) == ("crashed", 137, "SIGKILL")
    assert told["sentence"].startswith("killed")
    assert not conclude(str(path), "crashed", "again")


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_half_a_record_at_the_end_is_cut_off(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.gst"
    dead(path)
    os.truncate(path, path.stat().st_size - cut)
    assert "not finished" in Tape.open(path).damage
    assert conclude(str(path), "crashed", "SIGSEGV.")
    tape = Tape.open(path)
    assert (tape.damage, check(tape)) == ("", [])


def test_where_its_words_find_no_room_the_tape_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.gst"
    dead(path)
    whole, write = path.read_bytes(), os.write

    def full(descriptor: int, data: bytes) -> int:
        if path.stat().st_size > len(whole):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[:20])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        conclude(str(path), "crashed", "SIGSEGV.")
    assert path.read_bytes() == whole


def test_a_tape_that_is_complete_damaged_or_being_written_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.gst"
    writer = Writer(path)
    recorder = Recorder(writer)
    Square(recorder).backward()
    recorder.flush()
    data = path.read_bytes()
    assert not conclude(str(path), "crashed", "no")
    assert path.read_bytes() == data
    recorder.close()
    data = path.read_bytes()
    assert not conclude(str(path), "crashed", "no")
    broken = bytearray(data)
    broken[log.HEAD.size + 40] ^= 1
    path.write_bytes(broken)
    assert not conclude(str(path), "crashed", "no")
    assert path.read_bytes() == bytes(broken)
    path.write_text("no tape")
    assert not conclude(str(path), "crashed", "no")
    assert not conclude(str(tmp_path / "none.gst"), "crashed", "no")
