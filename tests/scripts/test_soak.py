"""The short form of a day of work: random actions on a window whose scripts really run."""

from __future__ import annotations

import dataclasses
import importlib.util
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ACTIONS = 60


@pytest.fixture(scope="module")
def soak(root: Path) -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("soak", root / "scripts" / "bench" / "soak.py")
    assert spec is not None
    assert spec.loader is not None
    made = sys.modules["soak"] = importlib.util.module_from_spec(spec)  # its dataclasses look for it there
    spec.loader.exec_module(made)
    return made


def rests(soak: ModuleType, *used: float, **last: Any) -> list[Any]:
    """One after each thousand actions, with so many MiB in use; what is said of the last one."""
    found = [soak.Rest(1000 * number, mib, mib, 9, 1, 0, 0, Counter(QLabel=100), 100_000) for number, mib in enumerate(used, 1)]
    return [*found[:-1], dataclasses.replace(found[-1], **last)]


def test_memory_that_grows_with_the_actions_is_told_however_slowly(soak: ModuleType) -> None:
    assert soak.growth(rests(soak, 164, 172, 174, 172, 174, 173, 175, 172, 174, 173)) == []  # as a run without a leak goes
    (told,) = soak.growth(rests(soak, *(170 + 1.5 * number for number in range(10))))
    assert told == "used: 1.5 more with every thousand actions from 1000 to 10000; at most 1.0 may be"


@pytest.mark.parametrize(
    ("last", "told"),
    [
        ({"descriptors": 13}, "descriptors: 9 after 1000 actions, 13 after 5000"),
        ({"processes": 1}, "processes: 0 after 1000 actions, 1 after 5000"),
        ({"timers": 1}, "timers: 0 after 1000 actions, 1 after 5000"),
        ({"objects": Counter(QLabel=100, QTimer=41)}, "objects: 41 more: [('QTimer', 41)]"),
    ],
)
def test_what_is_left_at_the_last_rest_is_told(soak: ModuleType, last: dict[str, Any], told: str) -> None:
    assert soak.growth(rests(soak, 170, 170, 170, 170, 170)) == []
    assert soak.growth(rests(soak, 170, 170, 170, 170, 170, **last)) == [told]


def test_random_actions_raise_nothing_and_leave_nothing_behind(root: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    soak = [sys.executable, str(root / "scripts" / "bench" / "soak.py"), "--seed", "7", "--trace", str(trace)]
    counts = ["--actions", str(ACTIONS), "--every", str(ACTIONS // 2)]
    done = subprocess.run([*soak, *counts], capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "nothing failed" in done.stdout
    acted = {int(line.split()[0]) for line in trace.read_text(encoding="utf-8").splitlines()}
    assert acted == set(range(1, ACTIONS + 1))
