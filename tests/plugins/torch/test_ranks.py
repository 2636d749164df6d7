"""Four processes over gloo, recorded and put side by side. Their scripts are users' own: ``scripts/resnet_ddp.py``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradstep.engine.tape.ranks import Job, Kind, Life, Measure, tapes_of

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
