"""Tapes of bounded size: the newest stays, and each half is a whole tape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gradstep.engine
from gradstep.engine.tape import writing
from gradstep.engine.tape.check import check
from gradstep.engine.tape.ending import ending
from gradstep.engine.tape.log import TapeExists
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.engine.tape.ring import Ring, older_than

torch: Any = gradstep.engine
LIMIT = 300_000


def train(steps: int) -> None:
    net = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        net(torch.ones(2, 8)).sum().backward()
        optimizer.step()


def recorded(path: Path, steps: int) -> tuple[Ring, Recorder]:
    ring = Ring(str(path), LIMIT)
    recorder = Recorder(ring.first, ring=ring)
    recorder.note("begin", '{"script": "a.py"}')
    with recording(recorder):
        train(steps)
    recorder.close()
    return ring, recorder


def test_the_newest_stays_in_two_whole_tapes_within_the_limit(tmp_path: Path) -> None:
    ring, recorder = recorded(tmp_path / "a.gst", 400)
    assert recorder.failed == "closed"
    assert ring.part > 2
    paths = (tmp_path / "a.old.gst", tmp_path / "a.gst")
    assert sum(path.stat().st_size for path in paths) <= LIMIT
    runs = []
    for path, part in zip(paths, (ring.part - 1, ring.part), strict=True):
        tape = Tape.open(path)
        assert (tape.complete, tape.verify(), check(tape)) == (True, "", [])
        assert tape.notes[0].kind == "begin"
        assert f'"part": {part}' in tape.notes[0].text
        assert tape.sources
        assert any(note.kind == "begin" for note in tape.notes)
        runs += list(tape.runs)
    assert runs == list(range(runs[0], runs[-1] + 1))  # no pass between the two is lost
    assert len(runs) > 4


@pytest.mark.parametrize("waits", [0, 1 << 60])  # nanoseconds: what is recorded is handed over at once, or not before it has to be
def test_the_older_tape_does_not_go_because_much_waited_to_be_written(waits: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "LATENCY", waits)
    sizes: list[int] = []
    turned = Ring.turned
    monkeypatch.setattr(Ring, "turned", lambda ring, sink: sizes.append(sink.size) or turned(ring, sink))  # type: ignore[func-returns-value]
    recorded(tmp_path / "a.gst", 200)
    assert len(sizes) > 2
    assert max(sizes) < LIMIT / 2  # else the newer one has no room beside it
    assert (tmp_path / "a.old.gst").exists()


def test_one_pass_that_needs_more_than_all_of_it_ends_the_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ring = Ring(str(tmp_path / "a.gst"), LIMIT)
    recorder = Recorder(ring.first, ring=ring)
    with recording(recorder):
        train(30)
        x = torch.ones(3, requires_grad=True)
        y = x
        for _ in range(1000):
            y = y.sin()
        y.sum().backward()
    recorder.close()
    assert capsys.readouterr().err.count("recording stopped") == 1
    tape = Tape.open(tmp_path / "a.gst")
    assert tape.damage == ""
    assert ending(tape)["how"] == "recording stopped"
    assert sum(path.stat().st_size for path in tmp_path.glob("*.gst")) <= LIMIT


def test_nobody_elses_tape_is_put_aside_or_overwritten(tmp_path: Path) -> None:
    older = Path(older_than(str(tmp_path / "a.gst")))
    older.write_text("mine")
    with pytest.raises(TapeExists, match=r"a\.old\.gst holds something already"):
        Ring(str(tmp_path / "a.gst"), LIMIT)
    assert older.read_text() == "mine"
    assert not (tmp_path / "a.gst").exists()
