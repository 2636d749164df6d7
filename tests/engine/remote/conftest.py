"""An ssh that goes nowhere, and tapes that grow."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SSH = """\
#!/bin/sh
# as ssh: options, --, the machine, a line for its shell; what runs it is written down
while [ "$1" != "--" ]; do shift; done
shift 2
echo $$ >> "$(dirname "$0")/connections"
exec sh -c "exec $*"
"""

Attach = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def ssh(tmp_path: Path) -> Path:
    """The program; beside it ``connections`` has the number of each process that it became."""
    file = tmp_path / "ssh"
    file.write_text(SSH)
    file.chmod(0o700)
    return file


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
