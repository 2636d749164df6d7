"""Ranks side by side: who stands out, when, and what is said of those that were lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gradstep.engine as torch
from gradstep.engine.cli.main import main
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.ranks import Job, Kind, Life, Measure, tapes_of
from gradstep.engine.tape.recorder import Level, Recorder, recording

Step = Callable[[Any, int], None]  # does to a model's gradient in a step what an all-reduce or a fault does


def write(folder: Path, number: int, size: int, steps: int, data: Callable[[int], Any], after: Step | None = None) -> str:
    """The tape of a rank that trains a small model on ``data(step)``."""
    path = str(folder / f"rank{number}.gst")
    recorder = Recorder(Writer(path), Level.STATISTICS)
    recorder.note("begin", json.dumps({"rank": [number, size]}))
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    with recording(recorder):
        for step in range(steps):
            model.zero_grad()
            model(data(step)).square().mean().backward()
            if after is not None:
                after(model, step)
    recorder.note("end", "null")
    recorder.close()
    return path


def own(number: int) -> Callable[[int], Any]:
    """What a rank reads: other numbers than every other rank."""
    return lambda step: torch.full((2, 3), 1.0 + number + 10 * step)


def read(paths: list[str]) -> Job:
    job = Job(paths)
    assert job.read()
    job.close()
    return job


def test_the_poisoned_rank_is_named_with_its_step_and_parameter(tmp_path: Path) -> None:
    def data(number: int) -> Callable[[int], Any]:
        return lambda step: torch.full((2, 3), float("nan") if (number, step) == (2, 1) else 1.0 + number)

    job = read([write(tmp_path, number, 4, 3, data(number)) for number in range(4)])
    found = job.difference
    assert found is not None
    assert (found.kind, found.step, found.lanes, found.name) == (Kind.POISONED, 1, (2,), "2.bias")
    assert found.text == "rank 2, step 1, 2.bias: NaN or infinite in 1 of 1 elements; finite in ranks 0, 1 and 3"
    rows = job.rows(1)
    assert [row.name for row in rows] == ["2.bias", "2.weight", "0.bias", "0.weight"]
    assert [cell is not None and cell.bad > 0 for cell in rows[0].cells] == [False, False, True, False]
    assert (job.steps, job.common, job.norms(2)[1], job.twins) == (3, 3, float("inf"), [])


def test_ranks_that_read_the_same_data_are_told(tmp_path: Path) -> None:
    paths = [write(tmp_path, number, 3, 2, own(min(number, 1))) for number in range(3)]
    job = read(paths)
    assert (job.difference, job.twins) == (None, [(1, 2)])
    assert job.rows(0)[0].groups == ((0,), (1, 2))


def test_a_gradient_that_was_not_averaged_like_the_others_is_found_after_the_step(tmp_path: Path) -> None:
    def average(number: int) -> Step:
        def reduce(model: Any, step: int) -> None:
            for name, parameter in model.named_parameters():
                if (number, step, name) != (1, 1, "0.weight"):
                    with torch.no_grad():
                        parameter.grad.fill_(0.5)

        return reduce

    job = read([write(tmp_path, number, 3, 3, own(number), average(number)) for number in range(3)])
    found = job.difference
    assert found is not None
    assert (job.averaged, found.kind, found.step, found.lanes, found.name) == (True, Kind.APART, 1, (1,), "0.weight")
    assert [len(row.groups) for row in job.rows(0, Measure.GIVEN)] == [1, 1, 1, 1]
    assert len(job.rows(0, Measure.OWN)[0].groups) == 3


def test_a_parameter_that_one_rank_did_not_use_is_named(tmp_path: Path) -> None:
    def forget(model: Any, step: int) -> None:
        model[0].weight.requires_grad_(False)

    job = read([write(tmp_path, 0, 2, 2, own(0)), write(tmp_path, 1, 2, 2, own(1), forget)])
    found = job.difference
    assert found is not None
    assert (found.kind, found.step, found.lanes, found.name) == (Kind.MISSING, 1, (1,), "0.weight")


def test_a_rank_whose_process_was_killed_is_lost_and_the_others_stay_readable(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            import os, signal
            import torch
            rank = int(os.environ["RANK"])
            w = torch.ones(3, requires_grad=True)
            def die(grad):
                os.kill(os.getpid(), signal.SIGKILL)
            for step in range(5):
                y = (w * (rank + step + 1)).sum()
                if (rank, step) == (1, 3):
                    w.register_hook(die)
                y.backward()
                w.grad = None
        """)
    )
    for rank in range(2):
        command = [sys.executable, "-P", "-m", "gradstep", "record", "-o", f"{tmp_path}{os.sep}", str(script)]
        environment = {**os.environ, "RANK": str(rank), "WORLD_SIZE": "2"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == (137 if rank else 0), done.stderr
    job = read(tapes_of(str(tmp_path)))
    assert [lane.reader.life for lane in job.lanes] == [Life.ENDED, Life.LOST]
    assert [len(lane.passes) for lane in job.lanes] == [5, 3]
    found = job.difference
    assert found is not None
    assert (found.kind, found.step, found.lanes) == (Kind.ENDED, 3, (1,))
    assert "rank 1 did not come to step 3: its process ended without a word after 3 steps, in a backward pass" in found.text
    assert main(["ranks", str(tmp_path)]) == 1


def test_a_job_is_followed_while_its_ranks_write(tmp_path: Path) -> None:
    first = write(tmp_path, 0, 2, 2, own(0))
    path = str(tmp_path / "rank1.gst")
    recorder = Recorder(Writer(path), Level.STATISTICS)
    recorder.note("begin", json.dumps({"rank": [1, 2]}))
    job = Job([first, path])
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    for step in range(2):
        with recording(recorder):
            model.zero_grad()
            model(torch.full((2, 3), float("inf") if step else 5.0)).square().mean().backward()
        recorder.note("flush", "")
        assert job.read()
        assert (job.lanes[1].reader.life, job.common) == (Life.RUNS, step + 1)
        assert (job.difference is not None) == (step == 1)
    recorder.close()
    job.close()


def test_the_passes_of_one_tape_are_lanes_of_its_steps(tmp_path: Path) -> None:
    path = str(tmp_path / "run.gst")
    recorder = Recorder(Writer(path), Level.STATISTICS)
    w = torch.ones(2, requires_grad=True)
    with recording(recorder):
        for step in range(3):
            w.grad = None
            for share in range(1 if step == 0 else 3):
                (w * (float("inf") if (step, share) == (2, 1) else 2.0 + share)).sum().backward()
    recorder.close()
    job = read([path])
    assert [len(lane.passes) for lane in job.lanes] == [3, 3, 3]
    assert [[cell and cell.norm for cell in job.rows(step)[0].cells] for step in (0, 1)] == [
        [pytest.approx(2 * 2**0.5), None, None], [pytest.approx(k * 2**0.5) for k in (2, 3, 4)],
    ]  # fmt: skip
    found = job.difference
    assert found is not None
    assert (found.kind, found.step, found.lanes) == (Kind.POISONED, 2, (1,))
    assert found.text.startswith("pass 2, step 2, w: ")


def test_the_tapes_of_a_job_are_found_from_the_folder_and_from_each_of_them(tmp_path: Path) -> None:
    names = ("run.gst", "run.rank0.gst", "run.rank1.gst", "run.rank0-2.gst", "run.rank1-2.gst", "rank10.gst", "rank2.gst", "alone.gst")
    for place, name in enumerate(names):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (place, place))

    def of(name: str) -> list[str]:
        return [Path(path).name for path in tapes_of(str(tmp_path / name))]

    assert of("run.rank1.gst") == ["run.rank0.gst", "run.rank1.gst"]
    assert of("run.gst") == ["run.rank0-2.gst", "run.rank1-2.gst"]
    assert of("rank2.gst") == of("") == ["rank2.gst", "rank10.gst"]
    assert of("alone.gst") == ["alone.gst"]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert tapes_of(str(empty)) == []


def test_the_command_prints_the_table_and_says_what_there_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(2):
        write(tmp_path, number, 2, 2, own(number))
    assert main(["ranks", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("2 ranks, 2 steps\n  rank 0   ended after 2 steps\n")
    assert "no rank stands out in 2 steps" in printed
    assert "step 1, |grad|: what each brought" in printed
    assert main(["ranks", str(tmp_path), "--json", "--step", "0"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [rank["number"] for rank in told["ranks"]] == [0, 1]
    assert [row["name"] for row in told["parameters"]] == ["2.bias", "2.weight", "0.bias", "0.weight"]
    assert main(["ranks", str(tmp_path), "--step", "9"]) == 2
    assert main(["ranks", str(tmp_path / "none")]) == 66
    (tmp_path / "empty").mkdir()
    assert main(["ranks", str(tmp_path / "empty")]) == 66
    assert "holds no tapes of ranks" in capsys.readouterr().err
