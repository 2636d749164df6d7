"""An ssh that goes nowhere, tapes that grow, and another machine that is this one."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ...cluster import Cluster
from ...ssh_to_here import ssh_to_here

Attach = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def ssh(tmp_path: Path) -> Path:
    """The program; beside it ``connections`` has the number of each process that it became."""
    return ssh_to_here(tmp_path)


@pytest.fixture
def attach(ssh: Path, tmp_path: Path) -> Iterator[Attach]:
    """Starts ``gradstep attach`` in ``tmp_path / "here"``."""
    started: list[subprocess.Popen[str]] = []
    (tmp_path / "here").mkdir()

    def start(*words: str) -> subprocess.Popen[str]:
        there = f"{shlex.quote(sys.executable)} -P -m gradstep"
        command = [sys.executable, "-P", "-m", "gradstep", "attach", "--ssh", f"{ssh} -T", "--gradstep", there, *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path / "here")
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A machine whose programs are over when the test is."""
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.end()
