"""The links under which type checkers see our import names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

PYPROJECT = """
[tool.setuptools.package-dir]
gradstep = "engine/_root"
"gradstep.engine" = "engine"
"gradstep.gui" = "gui"
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "engine/_root").mkdir(parents=True)
    (tmp_path / "gui").mkdir()
    (tmp_path / "engine/_root/__init__.py").write_text("ROOT = True\n")
    (tmp_path / "engine/tensor.py").write_text("TENSOR = True\n")
    return tmp_path


def test_every_folder_is_seen_under_its_import_name(repository: Path, script: Callable[[str], ModuleType]) -> None:
    top = script("typeroot").link_folders(repository)
    assert (top / "gradstep/__init__.py").read_text() == "ROOT = True\n"
    assert (top / "gradstep/engine/tensor.py").read_text() == "TENSOR = True\n"
    assert (top / "gradstep/gui").is_dir()


def test_links_of_folders_that_are_gone_go_too(repository: Path, script: Callable[[str], ModuleType]) -> None:
    typeroot = script("typeroot")
    typeroot.link_folders(repository)
    (repository / "pyproject.toml").write_text(PYPROJECT.replace('"gradstep.gui" = "gui"', ""))
    top = typeroot.link_folders(repository)
    assert {link.name for link in (top / "gradstep").iterdir()} == {"__init__.py", "engine"}
