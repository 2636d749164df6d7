"""The benchmark of the engine still runs, and its rivals agree on the gradient before they are compared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_every_rival_runs_the_same_chain(root: Path) -> None:
    command = [sys.executable, "-P", root / "scripts/bench/engine.py", "--length", "20", "--size", "3", "--rounds", "2"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    for name in ("numpy by hand", "gradstep", "gradstep, tape of structure", "gradstep, tape of statistics", "gradstep, tape of values"):
        assert f"\n{name} " in result.stdout
