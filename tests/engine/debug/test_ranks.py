"""Which of several processes one is, as launchers say it, and where its tape goes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gradstep.engine.debug.ranks import Rank, rank_of, tape_path


@pytest.mark.parametrize(
    ("environment", "rank"),
    [
        ({}, None),
        ({"RANK": "2", "WORLD_SIZE": "4"}, Rank(2, 4)),
        ({"RANK": "0", "WORLD_SIZE": "1"}, None),
        ({"RANK": "4", "WORLD_SIZE": "4"}, None),
        ({"RANK": "x", "WORLD_SIZE": "4", "SLURM_PROCID": "1", "SLURM_NTASKS": "2"}, Rank(1, 2)),
        ({"RANK": "3"}, None),
        ({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "3"}, Rank(1, 3)),
    ],
)
def test_launchers_are_understood(environment: dict[str, str], rank: Rank | None) -> None:
    assert rank_of(environment) == rank


def test_each_process_gets_a_tape_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    here = os.path.realpath(tmp_path)
    rank = Rank(2, 4)
    assert tape_path("", "/project/train.py", None) == f"{here}/train.gst"
    assert tape_path("", "/project/train.py", rank) == f"{here}/train.rank2.gst"
    assert tape_path("a/run.gst", "train.py", rank) == f"{here}/a/run.rank2.gst"
    assert tape_path("runs/", "train.py", rank) == f"{here}/runs/rank2.gst"
    assert tape_path(str(tmp_path), "train.py", None) == f"{here}/train.gst"
