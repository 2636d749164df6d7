"""Which interpreter runs a script on another engine, and what is said where none can."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from gradstep.engine.cli import check as check_command
from gradstep.engine.cli import engines
from gradstep.engine.cli.engines import Runner, chosen
from gradstep.engine.cli.main import main
from gradstep.engine.debug.interpreters import Found
from gradstep.engine.debug.targets import Needs, Package
from gradstep.engine.tape.reader import Tape


@pytest.fixture
def rings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An engine called rings, which needs a package of that name; the interpreter in this folder has it, the one that runs this has not."""
    (tmp_path / "site" / "rings").mkdir(parents=True)
    (tmp_path / "site" / "rings" / "__init__.py").write_text("__version__ = '7.1'\n")
    (tmp_path / "site" / "rings" / "version.py").write_text("__version__ = '7.1'\n")
    python = tmp_path / "env" / "bin" / "python3"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path / "site"}:$PYTHONPATH exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    needs = Needs((3, 9), (Package("rings", "7"),))
    monkeypatch.setattr(engines, "engines", lambda: ("gradstep", "rings"))
    for module in (engines, check_command):
        monkeypatch.setattr(module, "needs_of", lambda engine: needs)
    return python


def with_places(monkeypatch: pytest.MonkeyPatch, *paths: str) -> None:
    monkeypatch.setattr(engines, "found", lambda script: [Found(path, "PATH") for path in paths])


def test_our_own_engine_runs_in_our_own_interpreter_unasked() -> None:
    assert chosen("gradstep", None, "train.py") == Runner("gradstep", sys.executable)


def test_another_engine_runs_in_the_first_interpreter_that_has_it(rings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_places(monkeypatch, sys.executable, str(rings))
    assert chosen("rings", None, "train.py") == Runner("rings", str(rings))


def test_where_none_has_it_they_are_named_with_the_line_that_installs_it(
    rings: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del rings
    script = tmp_path / "train.py"
    script.write_text("print('never')\n")
    with_places(monkeypatch, sys.executable)
    assert main(["record", "--engine", "rings", str(script)]) == 69
    said = capsys.readouterr()
    assert said.out == ""
    assert f"no interpreter that was found can run scripts on rings: {sys.executable} (PATH)" in said.err
    assert f"{sys.executable} -m pip install 'rings>=7'" in said.err


def test_one_that_lacks_it_is_refused_with_those_that_have_it(
    rings: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "train.py"
    script.write_text("print('never')\n")
    with_places(monkeypatch, sys.executable, str(rings))
    assert main(["explain", "--engine", "rings", "--python", sys.executable, str(script)]) == 69
    said = capsys.readouterr().err
    assert f"{sys.executable} ({'.'.join(map(str, sys.version_info[:3]))}) has no rings." in said
    assert f"--python {rings}" in said
    assert "rings 7.1" in said


def test_a_deleted_interpreter_is_no_such_input(rings: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    del rings
    script = tmp_path / "train.py"
    script.write_text("")
    with_places(monkeypatch)
    assert main(["record", "--engine", "rings", "--python", str(tmp_path / "gone" / "python"), str(script)]) == 66
    assert main(["record", "--engine", "rings", str(tmp_path / "none.py")]) == 66
    assert main(["record", "--engine", "nobodys", str(script)]) == 2


def test_check_lists_the_modules_that_the_interpreter_lacks(
    rings: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_places(monkeypatch, str(rings))
    (tmp_path / "helper.py").write_text("import cv2_not_there\n")
    script = tmp_path / "train.py"
    script.write_text("import os, rings, helper\nimport no_such_module\ntry:\n    import optional\nexcept ImportError:\n    pass\n")
    assert main(["check", "--engine", "rings", str(script)]) == 1
    said = capsys.readouterr().out
    assert "train.py:2:1: no module named 'no_such_module' in this interpreter" in said
    assert f"{rings} -m pip install no_such_module" in said
    assert "helper.py:1:1: no module named 'cv2_not_there'" in said
    assert "optional" not in said
    assert "2 of 4 imported modules missing" in said
    script.write_text("import os, rings\n")
    assert main(["check", "--engine", "rings", "--json", str(script)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["missing"], told["packages"]["rings"], told["path"]) == ([], "7.1", str(rings))


def test_each_of_several_processes_writes_a_tape_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import torch\nx = torch.ones(2, requires_grad=True)\n(x * x).sum().backward()\n")
    monkeypatch.chdir(tmp_path)
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        monkeypatch.setenv("WORLD_SIZE", "2")
        assert main(["record", "-o", "runs" + os.sep, str(script)]) == 0
    tapes = [Tape.open(tmp_path / "runs" / f"rank{rank}.gst") for rank in range(2)]
    begins = [json.loads(next(note.text for note in tape.notes if note.kind == "begin")) for tape in tapes]
    assert [begin["rank"] for begin in begins] == [[0, 2], [1, 2]]
