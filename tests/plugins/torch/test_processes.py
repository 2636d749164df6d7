"""Further processes of a script on PyTorch: workers and subprocesses do their work, ranks write tapes of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradstep.engine.debug import unattended
from gradstep.engine.debug.launch import Launch
from gradstep.engine.debug.ranks import Rank
from gradstep.engine.debug.session import Session
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import GradStored

LOADERS = """
import subprocess, sys, torch
from torch.utils.data import DataLoader, TensorDataset
if __name__ == "__main__":
    data = TensorDataset(torch.arange(12.0).reshape(6, 2))
    for method in ("fork", "spawn", "forkserver"):
        batches = DataLoader(data, batch_size=2, num_workers=1, multiprocessing_context=method)
        print(method, sum(batch[0].sum().item() for batch in batches))
    w = torch.ones(2, requires_grad=True)
    (w * 3).sum().backward()
    code = "import torch; x = torch.ones(2, requires_grad=True); (x * x).sum().backward(); print(x.grad.tolist())"
    print(w.grad.tolist(), subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip())
"""
SPAWN = """
import torch, torch.multiprocessing
def work(rank, factor):
    w = torch.full((2,), float(rank + 1), requires_grad=True)
    (w * w * factor).sum().backward()
if __name__ == "__main__":
    torch.multiprocessing.spawn(work, args=(3.0,), nprocs=2)
    x = torch.ones(2, requires_grad=True)
    x.sum().backward()
"""


@pytest.mark.timeout(300)
def test_workers_and_subprocesses_do_their_work_and_are_not_recorded(recorded: Callable[..., Tape], session: Session) -> None:
    tape = recorded(LOADERS)
    assert session.printed["stdout"].splitlines() == ["fork 66.0", "spawn 66.0", "forkserver 66.0", "[3.0, 3.0] [2.0, 2.0]"]
    assert len(tape.runs) == 1


@pytest.mark.timeout(300)
def test_what_the_script_spawns_as_ranks_is_recorded_beside_it(recorded: Callable[..., Tape], tmp_path: Path) -> None:
    tape = recorded(SPAWN, tape=str(tmp_path / "run.gst"))
    assert len(tape.runs) == 1
    for number in range(2):
        own = Tape.open(tmp_path / f"run.rank{number}.gst")
        assert (own.complete, own.verify(), check(own)) == (True, "", [])
        begin = json.loads(next(note.text for note in own.notes if note.kind == "begin"))
        assert (begin["rank"], begin["engine"]) == ([number, 2], "torch")
        (stored,) = [event for event in own.events if isinstance(event, GradStored)]
        assert stored.val is not None
        value: Any = own.value(stored.val)
        assert value.tolist() == [6.0 * (number + 1)] * 2


def test_a_second_start_of_ranks_does_not_write_into_the_first_ones_tapes(tmp_path: Path) -> None:
    path = str(tmp_path / "run.gst")
    launch = Launch("script.py")
    first = unattended._writer(path, Rank(1, 2), launch)
    second = unattended._writer(path, Rank(1, 2), launch)
    assert [Path(writer.path).name for writer in (first, second)] == ["run.rank1.gst", "run.rank1-2.gst"]
    for writer in (first, second):
        writer.close()


def test_a_rank_that_cannot_be_recorded_runs_all_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    launch = Launch("script.py", engine="torch", target="gradstep.plugins.torch:make")
    with unattended.recorded(launch, str(tmp_path / "none" / "run.gst"), Rank(0, 2)):
        pass
    assert "rank 0 is not recorded" in capsys.readouterr().err
