"""What is installed is what lies in the folders, and it can be imported from anywhere, whatever lies around there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGE_DIR: dict[str, str] = PROJECT["tool"]["setuptools"]["package-dir"]
TOPS = [folder for name, folder in PACKAGE_DIR.items() if "." in name]
NOT_CODE = {".md", ".pyc"}
NO_PACKAGE = {"examples"}  # folders of scripts that are data
NOT_RELEASED = {"__pycache__", "screenshots"}

pytestmark = pytest.mark.timeout(300)


def run(*command: object, folder: Path) -> str:
    # the outer PYTHONPATH and the like would let a broken installation find what it lacks
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    result = subprocess.run([str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def released_files() -> Iterable[Path]:
    """The files of the three top-level folders that belong to a release, relative to the repository."""
    for top in TOPS:
        for file in sorted((ROOT / top).rglob("*")):
            if file.is_file() and not NOT_RELEASED & set(file.parts) and file.suffix not in NOT_CODE:
                yield file.relative_to(ROOT)


def in_wheel(file: Path) -> str:
    """Where a file of the repository stands in the wheel."""
    root_package = Path(PACKAGE_DIR["gradstep"])
    inside = file.relative_to(root_package) if file.is_relative_to(root_package) else file
    return (Path("gradstep") / inside).as_posix()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a release is made from, so that no build leaves anything in the repository or finds an older one there."""
    copy = tmp_path_factory.mktemp("sources") / "gradstep"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, copy)
    for top in TOPS:
        shutil.copytree(ROOT / top, copy / top, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture(scope="module")
def distributions(sources: Path) -> Path:
    """The folder with an sdist and the wheel that was built from it."""
    run(sys.executable, "-P", "-m", "build", "--no-isolation", sources, folder=sources.parent)
    return sources / "dist"


@pytest.fixture(scope="module")
def wheel(distributions: Path) -> Path:
    [file] = distributions.glob("*.whl")
    return file


class Machine:
    """A virtual environment that has the other packages of this one, but no gradstep, and a folder to stand in where a user
    keeps files of the same names as our top-level folders."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder / "venv", with_pip=False, symlinks=os.name != "nt")
        self.python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        site_packages = run(self.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=folder).strip()
        here = next(path for path in sys.path if path.endswith("site-packages"))
        # a path in a .pth file is not itself searched for .pth files, so this environment's own gradstep stays behind
        Path(site_packages, "others.pth").write_text(here)
        self.folder = folder / "users project"
        for package in ("gui", "plugins"):
            (self.folder / package).mkdir(parents=True)
            (self.folder / package / "__init__.py").write_text("OWNER = 'the user'\n")
        (self.folder / "engine.py").write_text("OWNER = 'the user'\n")

    def install(self, *arguments: object) -> None:
        pip = [sys.executable, "-P", "-m", "pip", "--python", self.python, "--disable-pip-version-check"]
        run(*pip, "install", "--quiet", "--no-deps", "--no-build-isolation", *arguments, folder=self.folder)

    def ask(self, code: str) -> str:
        """What a script of the user's prints that lies beside the user's files."""
        script = self.folder / "script.py"
        script.write_text(code)
        return run(self.python, script, folder=self.folder)


@pytest.fixture(scope="module", params=["wheel", "editable"])
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sources: Path) -> Machine:
    machine = Machine(tmp_path_factory.mktemp(request.param))
    if request.param == "editable":
        machine.install("--editable", sources)
    else:
        machine.install(request.getfixturevalue("wheel"))
    return machine


def test_every_folder_with_code_is_a_package_and_listed() -> None:
    folders = {file.parent for file in released_files() if file.suffix == ".py" and not NO_PACKAGE & set(file.parts)}
    names = {in_wheel(folder).replace("/", ".") for folder in folders}
    assert names == set(PROJECT["tool"]["setuptools"]["packages"])
    assert [folder for folder in folders if not (ROOT / folder / "__init__.py").exists()] == []


def test_the_list_of_packages_is_sorted() -> None:
    packages = PROJECT["tool"]["setuptools"]["packages"]
    assert packages == sorted(set(packages))


def test_the_wheel_holds_every_file_and_nothing_else(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == {in_wheel(file) for file in released_files()}


def test_the_wheel_holds_the_licence_and_says_which_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [licence] = [name for name in archive.namelist() if name.endswith("licenses/LICENSE")]
        [metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        assert b"Apache License" in archive.read(licence)
        assert "License-Expression: Apache-2.0" in archive.read(metadata).decode().splitlines()


def test_the_sdist_holds_what_the_wheel_is_built_from(distributions: Path) -> None:
    [file] = distributions.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", *(file.as_posix() for file in released_files())} <= held


def test_it_is_imported_beside_the_users_files_of_the_same_names(machine: Machine) -> None:
    printed = machine.ask(
        "import gradstep.engine, gradstep.gui, gradstep.plugins, engine, gui, plugins\n"
        "print(gradstep.engine.__name__, engine.OWNER, gui.OWNER, plugins.OWNER)\n"
    )
    assert printed == "gradstep.engine the user the user the user\n"


def test_a_tensor_lives_in_one_copy_of_the_engine(machine: Machine) -> None:
    printed = machine.ask(
        "import gradstep.engine as torch\n"
        "from gradstep.engine.tensor import Tensor\n"
        "x = torch.tensor([1.0, 2.0], requires_grad=True)\n"
        "(x * x).sum().backward()\n"
        "print(isinstance(x, Tensor), x.grad.tolist())\n"
    )
    assert printed == "True [2.0, 4.0]\n"


def test_the_version_is_that_of_the_project(machine: Machine) -> None:
    assert machine.ask("import gradstep\nprint(gradstep.__version__)\n").strip() == PROJECT["project"]["version"]


def test_the_console_command_is_there(machine: Machine) -> None:
    command = machine.python.with_name("gradstep.exe" if os.name == "nt" else "gradstep")
    assert "record" in run(command, "--help", folder=machine.folder)


@pytest.mark.parametrize("group", list(PROJECT["project"]["entry-points"]))
def test_every_entry_point_leads_to_something(machine: Machine, group: str) -> None:
    code = f"from importlib.metadata import entry_points\nprint(*(point.load() is not None for point in entry_points(group={group!r})))\n"
    assert set(machine.ask(code).split()) == {"True"}


def test_the_base_installation_needs_numpy_ml_dtypes_and_networkx_alone() -> None:
    needed = {requirement.partition(">")[0] for requirement in PROJECT["project"]["dependencies"]}
    assert needed == {"numpy", "ml_dtypes", "networkx"}


def test_the_version_of_qt_that_loses_references_is_ruled_out() -> None:
    # PySide6 6.12 on Python 3.11 takes a reference from None or True at every signal, until the process aborts
    ruled = [line for line in PROJECT["project"]["optional-dependencies"]["gui"] if "PySide6" in line and "< '3.12'" in line]
    assert len(ruled) == 1
    assert "<6.12" in ruled[0]
