"""What the engine compiles for itself is no op's time, what a script compiles is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gradstep.engine.kernels import preparing

pytest.importorskip("numba")
FIRST = """
import sys, time
import gradstep.engine as torch
from gradstep.engine.kernels import preparing
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder, recording
lost = []
preparing.took.append(lost.append)
recorder = Recorder(Writer(sys.argv[1]))
began = time.perf_counter()
with recording(recorder):
    x = torch.randn(300, 300, requires_grad=True)
    y = torch.nn.functional.gelu(x)
    lost_forward = sum(lost)
    y.sum().backward()
    whole = time.perf_counter() - began
recorder.close()
tape = Tape.open(sys.argv[1])
ops = sum(op.duration for op in tape.ops.values())
times = [event.time for event in tape.events]
print(lost_forward > 0, ops + sum(lost) <= whole, times == sorted(times))
"""
THEIRS = """
import gradstep.engine as torch
from gradstep.engine.kernels import preparing
torch.nn.functional.gelu(torch.randn(300, 300))
lost = []
preparing.took.append(lost.append)
import numba
@numba.njit
def theirs(x):
    return x + 1
theirs(1)
print(lost)
"""


def run(source: str, *words: str) -> str:
    done = subprocess.run([sys.executable, "-c", source, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_first_large_op_does_not_have_the_time_in_which_its_kernel_was_made_ready(tmp_path: Path) -> None:
    assert run(FIRST, str(tmp_path / "run.gst")) == "True True True"


def test_what_a_script_compiles_is_its_own_time() -> None:
    assert run(THEIRS) == "[]"


def test_what_is_made_ready_inside_of_something_else_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    monkeypatch.setattr(preparing, "took", [told.append])
    preparing.begin()
    preparing.begin()
    preparing.end()
    assert told == []
    preparing.end()
    assert len(told) == 1
