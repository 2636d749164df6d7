"""Interpreters are found where users have them, say what they have, and what they lack is said in sentences."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gradstep.engine.debug.interpreters import Answer, answer, ask, found, lacks
from gradstep.engine.debug.targets import Needs, Package, needs_of

NEEDS = Needs((3, 9), (Package("torch", "2.4"), Package("ml_dtypes", install="ml-dtypes")))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which nothing is installed."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def environment_at(folder: Path, program: str = "") -> str:
    """Makes a virtual environment, or what looks like one; the path of its interpreter."""
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("")
    python = folder / "bin" / "python3"
    if program:
        python.write_text(f"#!/bin/sh\n{program}\n")
        python.chmod(0o755)
    else:
        python.symlink_to(sys.executable)
    return str(python)


def test_the_active_environment_comes_before_the_projects_and_that_before_the_path(home: Path) -> None:
    active, conda = environment_at(home / "active"), environment_at(home / "conda")
    project = environment_at(home / "work" / "project" / ".venv")
    (home / "work" / "project" / "pyproject.toml").write_text("")
    above = environment_at(home / "work" / ".venv")
    script = home / "work" / "project" / "src" / "train.py"
    script.parent.mkdir()
    other = environment_at(home / "other")
    places = {"VIRTUAL_ENV": str(home / "active"), "CONDA_PREFIX": str(home / "conda"), "PATH": str(home / "other" / "bin")}
    listed = found(str(script), places)
    assert [(one.path, one.why) for one in listed[:4]] == [
        (active, "VIRTUAL_ENV"), (conda, "CONDA_PREFIX"), (project, ".venv"), (other, "PATH"),
    ]  # fmt: skip
    assert above not in [one.path for one in listed]  # it is another project's
    assert listed[-1].why == "gradstep's own"


def test_an_interpreter_is_listed_once_and_only_where_it_can_be_run(home: Path) -> None:
    python = environment_at(home / "env")
    (home / "gone" / "bin").mkdir(parents=True)
    (home / "gone" / "bin" / "python3").write_text("no program")
    places = {"VIRTUAL_ENV": str(home / "env"), "CONDA_PREFIX": str(home / "gone"), "PATH": str(home / "env" / "bin")}
    assert [one.path for one in found("", places)].count(python) == 1
    assert not [one for one in found("", places) if "gone" in one.path]


def test_environments_of_pyenv_and_conda_are_listed_the_newest_first(home: Path) -> None:
    for name in ("3.9.2", "3.12.1", "3.11.4"):
        environment_at(home / ".pyenv" / "versions" / name)
    far = environment_at(home / "envs" / "far")
    (home / ".conda").mkdir()
    (home / ".conda" / "environments.txt").write_text(f"{home / 'envs' / 'far'}\n{home / 'envs' / 'removed'}\n")
    listed = found("", {"PATH": ""})
    assert [Path(one.path).parts[-3] for one in listed if one.why == "pyenv"] == ["3.12.1", "3.11.4", "3.9.2"]
    assert (far, "conda") in [(one.path, one.why) for one in listed]


def test_an_interpreter_says_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rings").mkdir()
    (tmp_path / "rings" / "__init__.py").write_text("__version__ = '3.1'\n")
    (tmp_path / "rings" / "version.py").write_text("__version__: str = '3.1+cu9'\n")
    (tmp_path / "broken.py").write_text("raise OSError('libfar.so is missing')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    told = ask(sys.executable, ("numpy", "rings", "broken", "nowhere"), ("rings", "broken"))
    assert (told.version, told.implementation, told.error) == (sys.version_info[:3], "CPython", "")
    assert told.packages["rings"] == "3.1+cu9"
    assert told.packages["broken"] == "?"
    assert "nowhere" not in told.packages
    assert told.loaded == {"rings": {"version": "3.1"}, "broken": {"error": "OSError: libfar.so is missing"}}


def test_noise_before_the_answer_does_no_harm(tmp_path: Path) -> None:
    noisy = environment_at(tmp_path / "noisy", f'echo "\x01{{}}"; exec {sys.executable} "$@"')
    assert ask(noisy, ("numpy",)).packages["numpy"]


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("echo nothing; echo 'libz.so: cannot open' >&2; exit 127", "libz.so: cannot open"),
        ("exit 3", "it ended with code 3 and said nothing"),
    ],
)
def test_one_that_cannot_answer_is_named_with_what_it_complained_of(tmp_path: Path, program: str, error: str) -> None:
    python = environment_at(tmp_path / "env", program)
    told = ask(python, ("torch",))
    assert told.error == error
    (lack,) = lacks(told, NEEDS)
    assert (lack.kind, lack.text) == ("broken", f"{python} cannot be used: {error}. Choose another interpreter.")


def test_one_that_hangs_is_given_up(tmp_path: Path) -> None:
    assert ask(environment_at(tmp_path / "env", "exec sleep 60"), (), seconds=0.2).error == "it did not answer within 0 s"


def test_a_deleted_one_is_said_to_be_gone(tmp_path: Path) -> None:
    (lack,) = lacks(ask(str(tmp_path / "bin" / "python3"), ()), NEEDS)
    assert lack.kind == "gone"
    assert lack.text.endswith("is not there any more. Choose another interpreter.")


def test_what_is_lacking_is_said_with_the_line_that_installs_it() -> None:
    path = "/home/me/my env/bin/python"
    torch, dtypes = lacks(Answer(path, (3, 10, 2), "CPython"), NEEDS)
    assert torch.text == f"{path} (3.10.2) has no torch."
    assert torch.remedy == "'/home/me/my env/bin/python' -m pip install 'torch>=2.4'"
    assert dtypes.remedy == "'/home/me/my env/bin/python' -m pip install ml-dtypes"
    (old,) = lacks(Answer("/p", (3, 10, 2), "CPython", {"torch": "2.3.1+cu121", "ml_dtypes": "?"}), NEEDS)
    assert (old.kind, old.text) == ("version", "torch 2.3.1+cu121 in /p is too old: 2.4 or later is needed.")
    assert lacks(Answer("/p", (3, 10, 2), "CPython", {"torch": "2.10.0", "ml_dtypes": "0.5"}), NEEDS) == []
    failed = {"torch": {"error": "OSError: libcudart.so.12: cannot open shared object file"}}
    (broken,) = lacks(Answer("/p", (3, 10, 2), "CPython", {"torch": "2.10.0", "ml_dtypes": "0.5"}, failed), NEEDS)
    assert "cannot be imported: OSError: libcudart.so.12" in broken.text


@pytest.mark.parametrize(
    ("version", "implementation", "word"), [((3, 8, 1), "CPython", "3.9 or later"), ((3, 10, 1), "PyPy", "only CPython")]
)
def test_an_unsupported_python_is_said_to_be_that(version: tuple[int, ...], implementation: str, word: str) -> None:
    (lack,) = lacks(Answer("/p", version, implementation), NEEDS)
    assert lack.kind == "python"
    assert word in lack.text


def test_an_answer_can_be_read_by_programs() -> None:
    told = answer("/p", "\n\x01" + '{"version": [3, 9, 1], "implementation": "CPython", "packages": {"a": "1"}, "loaded": {}}')
    assert told.plain() == {
        "path": "/p", "python": "3.9.1", "implementation": "CPython", "packages": {"a": "1"}, "loaded": {}, "error": "",
    }  # fmt: skip


def test_an_engine_that_does_not_say_what_it_needs_needs_a_python_alone() -> None:
    assert needs_of("rings").python == (3, 9)
    assert needs_of("gradstep").names == ("numpy",)
    assert lacks(ask(sys.executable, needs_of("gradstep").names), needs_of("gradstep")) == []
