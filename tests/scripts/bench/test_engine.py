"""The table of the engine's speed is still printed, and no contestant computes anything else than the first one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "scripts/bench/engine.py"


def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-P", SCRIPT, *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("threads", ["1", "default"])
def test_every_contestant_of_a_workload_has_a_ratio(threads: str, tmp_path: Path) -> None:
    quick = ("--only", "tiny", "chain1_both", "--contestants", "gradstep", "numpy by hand", "--rounds", 2, "--milliseconds", 1)
    result = run("table", *quick, "--threads", threads, "--no-beside", "--json", tmp_path / "figures.json")
    assert result.returncode == 0, result.stderr
    assert "WRONG" not in result.stdout
    lines = [line for line in result.stdout.splitlines() if line.startswith("| ")]
    assert lines[0] == "| | gradstep | numpy by hand / gradstep | goal |"
    assert any(line.startswith("| 1,000 ops of size 1, forward and backward |") for line in lines[1:])
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    taken = figures["threads"][threads]["chain1_both"]
    assert set(taken) == {"gradstep", "numpy by hand"}
    assert [len(taken["gradstep"][clock]) for clock in ("wall", "busy")] == [2, 2]


def test_a_contestant_that_computes_something_else_is_told(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    bench = script("engine")
    one = [numpy.ones(3, "float32")]
    assert not bench.differs(one, [numpy.ones(3)])
    assert bench.differs(one, [numpy.full(3, 1.01)])
    assert bench.differs(one, [numpy.asarray([1.0, numpy.nan, 1.0])])
    assert bench.differs(one, [])
