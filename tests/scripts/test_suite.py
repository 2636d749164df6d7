"""scripts/test.py runs every test once, each folder in a process of its own, and says how each went."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def suite(script: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The command in a repository of three small tests."""
    module = script("test")
    for name, text in {
        "gui/test_window.py": "def test_it(): print('looked')\n",
        "new/test_new.py": "def test_it(): pass\n",
        "test_top.py": "def test_it(): pass\n",
    }.items():
        path = tmp_path / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module.environment, "ROOT", tmp_path)
    monkeypatch.setattr(module.environment, "PYTHON", Path(sys.executable))
    return module


def test_every_test_of_the_project_is_run_once(script: Callable[[str], ModuleType], root: Path) -> None:
    given = [root / path for paths in script("test").parts().values() for path in paths]
    files = sorted((root / "tests").rglob("test_*.py"))
    assert [sum(file == path or path in file.parents for path in given) for file in files] == [1] * len(files)


def test_those_that_take_long_are_begun_first(suite: ModuleType) -> None:
    assert list(suite.parts()) == ["tests/gui", "tests/new", "tests"]


def test_all_passed(suite: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert suite.share(["-q", "-s"]) == 0
    printed = capsys.readouterr().out
    assert "looked" in printed
    assert [line.split()[::3] for line in printed.splitlines()[-3:]] == [["passed", one] for one in ("tests/gui", "tests/new", "tests")]


def test_one_that_fails_is_named_and_the_others_are_run(suite: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    (suite.environment.ROOT / "tests/gui/test_window.py").write_text("def test_it(): assert 0, 'broken'\n")
    assert suite.share(["-q"]) == 1
    printed = capsys.readouterr().out
    assert "broken" in printed
    assert [line.split()[0] for line in printed.splitlines()[-3:]] == ["FAILED", "passed", "passed"]


def test_options_that_leave_nothing_of_a_folder_are_no_failure(suite: ModuleType) -> None:
    assert suite.share(["-q", "-k", "window"]) == 0


def test_what_is_wrong_with_the_options_is_a_failure(suite: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert suite.share(["--no-such-option"]) != 0
    assert "--no-such-option" in capsys.readouterr().out
