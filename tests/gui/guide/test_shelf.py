"""``gradstep examples``: the list, what is to be found, and copies."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gradstep.gui.guide.examples import EXAMPLES, FOLDER
from gradstep.gui.guide.shelf import command


def test_the_list_has_every_example_in_the_order_of_learning(capsys: pytest.CaptureFixture[str]) -> None:
    assert command([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[: len(EXAMPLES)]] == [Path(file).stem for file, _, _ in EXAMPLES]
    assert all(name in line and about in line for line, (_, name, about) in zip(lines, EXAMPLES, strict=False))


def test_one_is_told_with_its_task_and_the_commands_that_open_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["nan.py"]) == 0
    told = capsys.readouterr().out
    assert "What to find: step through backward" in told
    assert f"gradstep {FOLDER / 'nan.py'}" in told


def test_the_facts_and_the_places_are_there_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["hook", "nan", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["file"]) for one in facts["examples"]] == [("hook", str(FOLDER / "hook.py")), ("nan", str(FOLDER / "nan.py"))]
    assert all(one["task"].startswith("What to find:") for one in facts["examples"])
    assert command(["nan", "--path"]) == 0
    assert capsys.readouterr().out == f"{FOLDER / 'nan.py'}\n"


def test_copies_are_made_and_never_over_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "learning"
    assert command(["--copy", str(folder), "nan"]) == 0
    assert (folder / "nan.py").read_bytes() == (FOLDER / "nan.py").read_bytes()
    (folder / "nan.py").write_text("mine")
    assert command(["--copy", str(folder)]) == 73
    assert "nan.py: there already; nothing was copied" in capsys.readouterr().err
    assert [(file.name, file.read_text()) for file in folder.iterdir()] == [("nan.py", "mine")]


def test_what_cannot_be_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["nix"]) == 2
    assert "there is no example nix; there are nan, none_grad," in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert command(["--copy", str(tmp_path / "file")]) == 73
    assert f"{tmp_path / 'file'}: File exists; name a folder" in capsys.readouterr().err


def test_the_command_needs_no_qt_and_is_found_through_its_entry_point() -> None:
    text = "import sys; from gradstep.engine.cli.main import main; code = main(['examples']); print(code, 'PySide6' in sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 False"
