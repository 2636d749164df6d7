"""Making the environment: it is made once, made anew after a change, and says what to do where it cannot be made."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest

READ_BY_OLD_PYTHONS = ["run", "test", "check", "environment", "debian"]


@pytest.fixture
def environment(script: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, with a ``.venv`` of its own that is already there, on a Linux without a display."""
    module = script("environment")
    venv = tmp_path / ".venv"
    for name, path in {
        "VENV": venv,
        "STAMP": venv / "gradstep.json",
        "LOAN": venv / "debian",
        "PYTHON": venv / "bin/python",
        "FONTS": venv / "debian/fonts.conf",
    }.items():
        monkeypatch.setattr(module, name, path)
    (venv / "bin").mkdir(parents=True)
    (venv / "bin/python").touch()
    (venv / "pyvenv.cfg").write_text("version = 3.11.2\n")
    for variable in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "LD_LIBRARY_PATH", "FONTCONFIG_FILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    return module


@pytest.fixture
def work(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What ``prepare`` had to do, instead of doing it."""
    done: list[str] = []
    monkeypatch.setattr(environment, "_make_venv", lambda loan: done.append("venv"))
    monkeypatch.setattr(environment, "_pip", lambda what, *arguments: done.append(arguments[-1].rpartition("/")[2]))
    monkeypatch.setattr(environment, "_provide_qt_libraries", lambda loan: done.append("Qt"))
    return done


def name(environment: ModuleType, extras: str) -> str:
    return f"{environment.ROOT.name}[{extras}]"


def test_the_first_time_does_everything_and_the_second_nothing(environment: ModuleType, work: list[str]) -> None:
    environment.prepare({"gui"})
    assert work == ["venv", name(environment, "gui"), "Qt"]
    environment.prepare({"gui"})
    assert len(work) == 3


def test_what_was_there_stays_when_more_is_asked_for(environment: ModuleType, work: list[str]) -> None:
    environment.prepare({"gui"})
    environment.prepare({"gui", "test"}, torch=True)
    assert work[3:] == ["venv", name(environment, "gui,test"), environment.ORACLE[-1], "Qt"]
    environment.prepare({"gui"})
    assert len(work) == 7


def test_another_python_makes_it_anew(environment: ModuleType, work: list[str]) -> None:
    environment.prepare({"gui"})
    (environment.VENV / "pyvenv.cfg").write_text("version = 3.13.5\n")
    environment.prepare({"gui"})
    assert len(work) == 6


def test_a_display_that_was_not_there_before_is_tried(environment: ModuleType, work: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    environment.prepare({"gui"})
    monkeypatch.setenv("DISPLAY", ":0")
    environment.prepare({"gui"})
    assert len(work) == 6


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": 3}'])
def test_a_damaged_stamp_counts_as_none(environment: ModuleType, work: list[str], damage: str) -> None:
    environment.STAMP.write_text(damage)
    environment.prepare({"gui"})
    assert work


def test_no_stamp_is_left_by_a_failure(environment: ModuleType, work: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_pip", lambda *arguments: environment.fail("no network"))
    with pytest.raises(SystemExit) as exit:
        environment.prepare({"gui"})
    assert exit.value.code == environment.NO_ENVIRONMENT
    assert not environment.STAMP.exists()


def test_pytorch_has_one_exact_version(environment: ModuleType) -> None:
    assert environment.TORCH == "torch==2.13.0"
    assert environment.TORCH in environment.ORACLE


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, False),
        ({"DISPLAY": ":0", "QT_QPA_PLATFORM": "xcb"}, True),
    ],
)
def test_there_is_a_display_where_x_or_wayland_says_so(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], shown: bool
) -> None:
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    assert environment.has_display() is shown


def test_borrowed_libraries_come_before_the_ones_that_were_asked_for(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "LD_LIBRARY_PATH" not in environment.run_environment()
    borrowed = environment.LOAN / "usr/lib/x86_64-linux-gnu"
    borrowed.mkdir(parents=True)
    (borrowed / "libGL.so.1").touch()
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/lib")
    assert environment.run_environment()["LD_LIBRARY_PATH"] == f"{borrowed}:/opt/lib"


def test_libraries_are_borrowed_until_the_loader_finds_everything(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    class Loan:
        borrowed: ClassVar[list[list[str]]] = []

        def borrow(self, packages: list[str]) -> list[str]:
            self.borrowed.append(packages)
            return []

    further = [["libGLX.so.0", "libxcb.so.1"], ["libXau.so.6"], []]
    monkeypatch.setattr(environment, "_qt_files", list)
    monkeypatch.setattr(environment.debian, "missing_libraries", lambda files, variables: further.pop(0))
    environment._borrow_libraries(Loan(), ["libgl1"])
    assert Loan.borrowed == [["libgl1"], ["libglx0", "libxcb1"], ["libxau6"]]


def test_borrowed_fontconfig_comes_with_fonts(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    class Loan:
        def borrow(self, packages: list[str]) -> list[str]:
            assert packages == ["libfontconfig1", "fonts-dejavu-core"]
            return []

    monkeypatch.setattr(environment, "_qt_files", list)
    monkeypatch.setattr(environment.debian, "missing_libraries", lambda files, variables: [])
    environment._borrow_libraries(Loan(), ["libfontconfig1"])
    assert f"<dir>{environment.LOAN}/usr/share/fonts</dir>" in environment.FONTS.read_text()
    assert environment.run_environment()["FONTCONFIG_FILE"] == str(environment.FONTS)


def test_a_loan_that_does_not_help_ends_with_the_one_line(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Loan:
        def borrow(self, packages: list[str]) -> list[str]:
            return []

    monkeypatch.setattr(environment, "_qt_files", list)
    monkeypatch.setattr(environment.debian, "missing_libraries", lambda files, variables: ["libGL.so.1"])
    monkeypatch.setattr(environment.debian, "has_apt", lambda: True)
    with pytest.raises(SystemExit):
        environment._borrow_libraries(Loan(), ["libgl1"])
    assert "sudo apt-get install --no-install-recommends libgl1" in capsys.readouterr().err


def test_an_old_python_is_told_what_is_needed(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(environment.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit) as exit:
        environment.prepare({"gui"})
    assert exit.value.code == environment.TOO_OLD
    assert "needs Python 3.11 or newer" in capsys.readouterr().err


def test_an_old_python_goes_on_with_a_newer_one(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(sys, "argv", ["scripts/run.py", "train.py"])
    monkeypatch.setattr(environment.shutil, "which", lambda name: f"/usr/bin/{name}" if name == "python3.12" else None)
    calls = []
    monkeypatch.setattr(environment.os, "execv", lambda path, arguments: calls.append(arguments))
    with pytest.raises(SystemExit):
        environment.check_python()
    assert calls == [["/usr/bin/python3.12", "scripts/run.py", "train.py"]]


@pytest.mark.parametrize("name", READ_BY_OLD_PYTHONS)
def test_an_old_python_can_read_the_scripts(root: Path, name: str) -> None:
    ast.parse((root / "scripts" / f"{name}.py").read_text(), feature_version=(3, 8))


def test_who_cannot_install_is_told_the_one_line(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment, "_works", lambda *command: False)
    monkeypatch.setattr(environment.subprocess, "call", lambda command: 0)
    monkeypatch.setattr(environment, "_foreign_pip", lambda loan: None)
    monkeypatch.setattr(environment.debian, "has_apt", lambda: True)
    monkeypatch.setattr(environment.debian, "is_root", lambda: False)
    with pytest.raises(SystemExit) as exit:
        environment.prepare({"gui"})
    assert exit.value.code == environment.NO_ENVIRONMENT
    assert f"sudo apt-get install --no-install-recommends {environment.debian.venv_package()}" in capsys.readouterr().err
    assert not environment.VENV.exists()  # half an environment would be taken for a whole one


def test_without_a_display_the_window_leaves_a_report(
    environment: ModuleType, script: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, calls = script("run"), []
    monkeypatch.setattr(run.environment, "prepare", lambda extras: calls.append(extras))
    monkeypatch.setattr(run.environment, "execute", lambda arguments, variables: calls.append((arguments, variables["QT_QPA_PLATFORM"])))
    run.main(["train.py"])
    report = str(environment.ROOT / "gradstep-out")
    assert calls == [{"gui"}, (["-m", "gradstep.gui", "train.py", "--headless-report", report], "offscreen")]


def test_with_a_display_the_arguments_are_the_windows(
    environment: ModuleType, script: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    run, calls = script("run"), []
    monkeypatch.setattr(run.environment, "prepare", lambda extras: None)
    monkeypatch.setattr(run.environment, "execute", lambda arguments, variables: calls.append(arguments))
    run.main(["train.py", "--engine", "torch"])
    assert calls == [["-m", "gradstep.gui", "train.py", "--engine", "torch"]]


@pytest.mark.parametrize("name", ["run", "test"])
def test_help_needs_no_environment(root: Path, name: str) -> None:
    result = subprocess.run([sys.executable, root / "scripts" / f"{name}.py", "--help"], capture_output=True, text=True, check=True)
    assert f"python3 scripts/{name}.py" in result.stdout
