"""The short form of a day of work: random actions on a window whose scripts really run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ACTIONS = 60


def test_random_actions_raise_nothing_and_leave_nothing_behind(root: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    soak = [sys.executable, str(root / "scripts" / "bench" / "soak.py"), "--seed", "7", "--trace", str(trace)]
    counts = ["--actions", str(ACTIONS), "--every", str(ACTIONS // 2)]
    done = subprocess.run([*soak, *counts], capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "nothing failed" in done.stdout
    acted = {int(line.split()[0]) for line in trace.read_text(encoding="utf-8").splitlines()}
    assert acted == set(range(1, ACTIONS + 1))
