"""Four processes over gloo, recorded and put side by side. Their scripts are users' own: ``scripts/resnet_ddp.py``."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from gradstep.engine.debug.gate import Gate
from gradstep.engine.tape.ranks import Job, Kind, Life, Measure, tapes_of
from gradstep.engine.tape.reader import Tape

torch = pytest.importorskip("torch", reason="PyTorch is not installed here")
pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(not torch.distributed.is_available(), reason="this PyTorch has no torch.distributed"),
]

SCRIPT = Path(__file__).parent / "scripts" / "resnet_ddp.py"


def recorded(folder: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], Job]:
    """The script, which spawns its ranks, recorded; and its ranks."""
    command = [sys.executable, "-P", "-m", "gradstep", "record", "--engine", "torch", "-o", f"{folder}{os.sep}", str(SCRIPT)]
    small = ("--size", "32", "--epochs", "2", "--batch-size", "4")
    done = subprocess.run([*command, *small, *arguments], capture_output=True, text=True, check=False, cwd=folder)
    job = Job(tapes_of(str(folder)))
    assert job.read()
    job.close()
    return done, job


def test_the_rank_with_the_broken_picture_is_named_and_the_average_is_the_same_in_all(tmp_path: Path) -> None:
    done, job = recorded(tmp_path, "--fault", "nan", "--bad-rank", "2", "--bad-step", "3")
    assert done.returncode == 0, done.stderr
    assert [lane.reader.life for lane in job.lanes] == [Life.ENDED] * 4
    assert (job.steps, job.common, job.averaged, job.twins) == (4, 4, True, [])
    found = job.difference
    assert found is not None
    assert (found.kind, found.step, found.lanes, found.name) == (Kind.POISONED, 3, (2,), "fc.bias")
    assert "finite in ranks 0, 1 and 3" in found.text
    assert {row.name for row in job.rows(0)} >= {"conv1.weight", "layer2.downsample.0.weight", "fc.weight"}
    assert all(len(row.groups) == 1 for row in job.rows(2, Measure.GIVEN))  # after the all-reduce
    assert all(len(row.groups) == 4 for row in job.rows(2) if row.name == "fc.weight")  # and before


def test_a_rank_that_is_killed_is_lost_the_others_raise_and_all_can_be_read(tmp_path: Path) -> None:
    done, job = recorded(tmp_path, "--fault", "kill", "--bad-rank", "1", "--bad-step", "2", "--same-data")
    assert done.returncode == 1
    assert "SIGKILL" in done.stderr
    lives = [lane.reader.life for lane in job.lanes]
    assert lives[1] is Life.LOST
    assert all(len(lane.passes) >= 2 and not lane.reader.tape.damage for lane in job.lanes)
    found = job.difference
    assert found is not None
    assert (found.kind, found.step, found.lanes) == (Kind.ENDED, 2, (1,))  # and not those that it took down
    assert "killed by SIGKILL" in found.text
    assert all(life in (Life.STOPPED, Life.RAISED) for place, life in enumerate(lives) if place != 1)
    assert job.twins == [(0, 1, 2, 3)]  # every rank was given the sampler of rank 0
    command = [sys.executable, "-P", "-m", "gradstep", "ranks", str(tmp_path), "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    assert told["ranks"][1]["state"] == "lost"
    assert told["same_data"] == [[0, 1, 2, 3]]


def told(folder: Path, *words: str) -> dict[str, Any]:
    """What ``gradstep ranks`` says of a job that runs, once all stand together."""
    command = [sys.executable, "-P", "-m", "gradstep", "ranks", str(folder), *words, "--json", "--patience", "120"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout, done.stderr)
    found: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    return found


def test_all_ranks_stand_before_the_same_node_step_together_and_go_on_to_the_same_weights(tmp_path: Path) -> None:
    small = ("--size", "32", "--epochs", "3", "--batch-size", "4", "--checkpoint")
    command = [sys.executable, "-P", "-m", "gradstep", "record", "--engine", "torch", "-o", f"{tmp_path}{os.sep}", str(SCRIPT), *small]
    with (tmp_path / "out.txt").open("w+") as out, running([*command, str(tmp_path / "stepped.pt")], out, tmp_path) as job:
        gate = _gate(tmp_path / "resnet_ddp.ranks.gate", job)
        gate.pause()
        first = told(tmp_path, "--pause")
        assert [(one["passes"], one["node_of_pass"], one["name"]) for one in first["ranks"]] == [(0, 0, "NllLossBackward0")] * 4
        tapes = [Tape.open(path) for path in tapes_of(str(tmp_path))]
        assert [tape.nodes[one["node"]].name for tape, one in zip(tapes, first["ranks"], strict=True)] == ["NllLossBackward0"] * 4
        assert [len(tape.events) - 1 for tape in tapes] == [one["position"] for one in first["ranks"]]  # all that led there can be read
        for tape in tapes:
            tape.close()
        second = told(tmp_path, "--next")
        assert {(one["passes"], one["node_of_pass"], one["name"]) for one in second["ranks"]} == {(0, 1, "LogSoftmaxBackward0")}
        third = told(tmp_path, "--next", "60")  # past the all-reduce, the optimizer and the next forward
        assert {one["passes"] for one in third["ranks"]} == {1}
        assert len({(one["node_of_pass"], one["name"]) for one in third["ranks"]}) == 1
        assert job.poll() is None
        gate.close()
        told(tmp_path, "--continue")
        assert job.wait(300) == 0, out.seek(0) or out.read()
    assert not (tmp_path / "resnet_ddp.ranks.gate").exists()
    alone = subprocess.run([sys.executable, str(SCRIPT), *small, str(tmp_path / "alone.pt")], capture_output=True, text=True, check=False)
    assert alone.returncode == 0, alone.stderr
    one, other = (torch.load(tmp_path / name) for name in ("alone.pt", "stepped.pt"))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_rank_that_is_killed_while_all_stand_does_not_hold_the_others(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "gradstep", "record", "--engine", "torch", "-o", f"{tmp_path}{os.sep}", str(SCRIPT)]
    small = ("--size", "32", "--epochs", "3", "--processes", "2")
    with (tmp_path / "out.txt").open("w") as out, running([*command, *small], out, tmp_path) as job:
        gate = _gate(tmp_path / "resnet_ddp.ranks.gate", job)
        gate.pause()
        first = told(tmp_path, "--pause")
        os.kill(first["ranks"][1]["pid"], signal.SIGKILL)
        assert job.wait(300) == 1  # torch.multiprocessing ends the other
        gate.close()


@contextlib.contextmanager
def running(command: list[str], out: IO[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A job that is over when the test is."""
    job = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder)
    try:
        yield job
    finally:
        if job.poll() is None:
            job.terminate()
            job.wait(60)


def _gate(path: Path, job: subprocess.Popen[bytes]) -> Gate:
    """The gate of a job, once its ranks have begun to come."""
    while job.poll() is None:
        with contextlib.suppress(OSError, ValueError):
            return Gate(str(path))
    raise AssertionError((path.parent / "out.txt").read_text())


def test_a_job_that_does_not_run_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "gradstep", "ranks", str(tmp_path), "--pause"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 66
    assert "no job of several ranks runs beside" in done.stderr
