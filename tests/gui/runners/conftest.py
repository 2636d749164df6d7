"""An engine called rings and an interpreter that has it, whatever is installed here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradstep.engine.debug.interpreters import Found
from gradstep.engine.debug.targets import Needs, Package
from gradstep.gui.runners import dialog, interpreters, runs, teller
from gradstep.gui.runners import runner as runners
from gradstep.gui.runners.runner import Runner

RINGS = Needs((3, 9), (Package("rings", "7"),), title="Rings", about="Rings of the interpreter.")


@pytest.fixture
def rings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The interpreter that has rings; the one that runs this has none, and both are found, that one first."""
    package = tmp_path / "site" / "rings"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("__version__ = '7.1'\n")
    (package / "version.py").write_text("__version__ = '7.1'\n")
    python = tmp_path / "env" / "bin" / "python3"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path / "site"}:$PYTHONPATH exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    ours = runners.needs_of("gradstep")
    for module in (runners, interpreters, dialog, teller, runs):
        if hasattr(module, "engines"):
            monkeypatch.setattr(module, "engines", lambda: ("gradstep", "rings"))
        if hasattr(module, "needs_of"):
            monkeypatch.setattr(module, "needs_of", lambda engine: RINGS if engine == "rings" else ours)
    monkeypatch.setattr(runners, "found", lambda script: [Found(sys.executable, "PATH"), Found(str(python), ".venv")])
    return str(python)


@pytest.fixture
def runner() -> Iterator[Runner]:
    """One that asks nobody any more when the test is over."""
    made = Runner()
    yield made
    made.interpreters.stop()
