"""The command that writes a repaired copy."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import gradstep.engine as gs
from gradstep.engine.cli.main import main
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.recorder import Recorder, recording


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    """A tape that was cut in the middle."""
    path = tmp_path / "run.gst"
    recorder = Recorder(Writer(path))
    with recording(recorder):
        w = gs.ones(5, requires_grad=True)
        for _ in range(30):
            (w * 2).exp().sum().backward()
    recorder.close()
    os.truncate(path, path.stat().st_size // 2)
    return path


def test_the_copy_stands_beside_and_what_is_left_out_is_told(cut: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(cut)]) == 65
    assert "gradstep repair writes a copy" in capsys.readouterr().err
    before = cut.read_bytes()
    assert main(["repair", str(cut)]) == 0
    heard = capsys.readouterr()
    copy = cut.with_suffix(".repaired.gst")
    assert f"{copy}: " in heard.out
    assert "Left out: " in heard.out
    assert "It was not changed" in heard.err
    assert cut.read_bytes() == before
    assert main(["verify", str(copy)]) == 0
    assert main(["inspect", str(copy)]) == 0
    assert "repaired    run.gst was damaged; left out: " in capsys.readouterr().out


def test_json_names_every_place(cut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repair", str(cut), "-o", str(tmp_path / "other.gst"), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["copy"] == str(tmp_path / "other.gst")
    assert sum(place["bytes"] for place in facts["places"]) + facts["places"][0]["byte"] == facts["bytes"] == cut.stat().st_size
    assert facts["left_out"]


def test_each_refusal_has_its_code_and_leaves_nothing_behind(cut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy.gst"
    assert main(["repair", str(cut), "-o", str(copy)]) == 0
    assert main(["repair", str(cut), "-o", str(copy)]) == 73
    assert "is there already and is not written over" in capsys.readouterr().err
    assert main(["repair", str(copy)]) == 0
    assert "nothing is damaged" in capsys.readouterr().out
    assert main(["repair", str(tmp_path / "none.gst")]) == 66
    assert main(["repair", str(cut), "-o", str(tmp_path / "none" / "copy.gst")]) == 73
    assert "cannot be made" in capsys.readouterr().err
    (tmp_path / "text.gst").write_text("hello")
    assert main(["repair", str(tmp_path / "text.gst")]) == 65
    assert "no record of it was found" in capsys.readouterr().err
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.gst", "run.gst", "text.gst"]


def test_a_full_disk_leaves_neither_a_copy_nor_a_part_of_one(cut: Path, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "gradstep", "repair", str(cut)], capture_output=True, text=True, timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )  # fmt: skip
    assert ended.returncode == 74
    assert "was not written" in ended.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["run.gst"]


def test_a_tape_that_is_still_recorded_into_is_told_to_wait_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writer = Writer(tmp_path / "run.gst")
    try:
        assert main(["repair", str(tmp_path / "run.gst")]) == 65
    finally:
        writer.close()
    assert "still being recorded into: it can be repaired when that is over" in capsys.readouterr().err
