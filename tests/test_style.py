"""The habits that a machine can check: lint, format, types, and a few of our own."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
CODE = sorted(file for top in ("engine", "gui", "plugins", "tests", "scripts") for file in (ROOT / top).rglob("*.py"))
# what only passes through data that may come from a stranger never runs any of it
DANGEROUS = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}


def relative(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["lint", "format", "types", "types of the scripts"])
def test_the_tools_have_nothing_to_say(name: str, script: Callable[[str], ModuleType]) -> None:
    script("typeroot").link_folders(ROOT)
    command = [sys.executable, *script("check").CHECKS[name][1:]]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_check_is_a_test(script: Callable[[str], ModuleType]) -> None:
    marks = test_the_tools_have_nothing_to_say.pytestmark  # type: ignore[attr-defined]
    [names] = [mark.args[1] for mark in marks if mark.name == "parametrize"]
    assert set(names) == set(script("check").CHECKS)


@pytest.mark.parametrize("file", CODE, ids=relative)
def test_nothing_is_imported_by_the_bare_name_of_a_folder(file: Path) -> None:
    # the bare name would be a second copy of every class, and collides with users' own files
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        assert not {name.partition(".")[0] for name in names} & {"engine", "gui", "plugins"}, node.lineno


@pytest.mark.parametrize("file", [file for file in CODE if relative(file).startswith("engine/tape/")], ids=relative)
def test_a_strangers_tape_runs_no_code(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not {alias.name.partition(".")[0] for alias in node.names} & DANGEROUS
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] not in DANGEROUS
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"eval", "exec", "compile", "__import__"}, node.lineno
        elif isinstance(node, ast.keyword):
            assert not (node.arg == "allow_pickle" and getattr(node.value, "value", True)), node.lineno


@pytest.mark.parametrize("file", CODE, ids=relative)
def test_nothing_waits_for_a_fixed_time(file: Path) -> None:
    waits = {("time", "sleep"), ("qtbot", "wait"), ("QTest", "qWait"), ("QTest", "qSleep"), ("QThread", "msleep"), ("QThread", "sleep")}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            assert (node.func.value.id, node.func.attr) not in waits, node.lineno


@pytest.mark.parametrize("file", [file for file in CODE if not relative(file).startswith("tests/")], ids=relative)
def test_every_module_says_what_it_owns(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree) or not tree.body


@pytest.mark.parametrize("file", CODE, ids=relative)
def test_no_file_grows_past_one_thing(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 700


@pytest.mark.parametrize(
    "folder", ["engine", "engine/ops", "engine/tape", "engine/debug", "gui", "plugins", "scripts", "scripts/bench", "tests"]
)
def test_every_place_of_its_own_has_a_page_that_ends_in_why(folder: str) -> None:
    page = (ROOT / folder / "README.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ +(.+)$", page, flags=re.MULTILINE)
    assert headings[-1] == "Why"
    assert len(page.splitlines()) <= 80


def test_the_files_that_the_readme_speaks_of_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^(?:python3|\.venv/bin/python) (\S+\.py)", readme, flags=re.MULTILINE)
    assert {"scripts/run.py", "scripts/test.py"} <= set(commands)
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", readme) if "://" not in link]
    assert [name for name in commands + links if not (ROOT / name).exists()] == []
