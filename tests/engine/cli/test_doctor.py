"""``gradstep doctor`` says what works and what does not, to people and to programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from gradstep.engine.cli import doctor
from gradstep.engine.cli.main import main
from gradstep.engine.debug import interpreters
from gradstep.engine.debug.interpreters import Answer
from gradstep.engine.debug.targets import Needs, Package

NEEDS = Needs((3, 9), (Package("torch", "2.4"),), useful=(("numpy", "there are no pictures"),), tested="torch 2.4")


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is an engine called torch, whatever is installed here."""
    monkeypatch.setattr(doctor, "engines", lambda: ("torch",))
    monkeypatch.setattr(doctor, "needs_of", lambda engine: NEEDS)


def test_an_interpreter_without_the_engine_is_marked_with_what_installs_it(
    torch: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor.interpreters, "ask", lambda path, *_: Answer(path, (3, 10, 4), "CPython"))
    assert main(["doctor", "--python", "/env/bin/python"]) == 1
    said = capsys.readouterr().out
    assert "NO   /env/bin/python (--python): no torch" in said
    assert "/env/bin/python -m pip install 'torch>=2.4'" in said
    assert "needs Python 3.9, torch 2.4 or later; tried with torch 2.4" in said


def test_one_that_will_do_says_what_it_has_and_what_is_missing_without_a_package(
    torch: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = doctor.interpreters.ask(sys.executable, ())
    loaded = {"torch": {"version": "2.9.0", "cuda": "13.0", "gpus": ["H200"]}}
    told = Answer("/env/bin/python", (3, 10, 4), "CPython", {"torch": "2.9.0+cu130"}, loaded)
    monkeypatch.setattr(doctor.interpreters, "ask", lambda path, *_: here if path == sys.executable else told)
    main(["doctor", "--python", "/env/bin/python"])
    said = capsys.readouterr().out
    assert "ok   /env/bin/python (--python)\n     Python 3.10.4, torch 2.9.0+cu130 (H200), no numpy" in said
    assert "without numpy there are no pictures" in said


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"cuda": "", "gpus": []}, "CPU only"),
        ({"cuda": "12.1", "gpus": []}, "built for CUDA 12.1, no GPU seen"),
        ({"cuda": "12.1", "gpus": ["A", "B"]}, "A, B"),
    ],
)
def test_a_build_for_a_gpu_is_told_from_a_gpu(facts: dict[str, object], words: str) -> None:
    assert f"torch 2.4 ({words})" in interpreters.described(Answer("/p", (3, 9, 1), "CPython", {"torch": "2.4"}, {"torch": facts}), NEEDS)


def test_the_pair_of_qt_and_python_that_aborts_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda name: "6.12.0" if name == "PySide6-Essentials" else "")
    monkeypatch.setattr(sys, "version_info", (3, 11, 7))
    found = doctor._qt(Answer(sys.executable))
    assert (found.works, found.remedy) == (False, "pip install 'PySide6-Essentials<6.12'")
    monkeypatch.setattr(sys, "version_info", (3, 12, 1))
    whole = dict.fromkeys(doctor.WINDOW, "1")
    assert doctor._qt(Answer(sys.executable, packages=whole)).works
    failed = {"PySide6.QtWidgets": {"error": "ImportError: libEGL.so.1: cannot open shared object file"}}
    found = doctor._qt(Answer(sys.executable, packages=whole, loaded=failed))
    assert not found.works
    assert "libegl1" in found.remedy


def test_programs_read_it_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json", "--python", sys.executable]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {finding["about"] for finding in told["gradstep"]} == {"gradstep", "window", "engine", "GPU"}
    (own,) = told["engines"]["gradstep"]["interpreters"]
    assert (own["works"], own["lacks"], own["path"]) == (True, [], sys.executable)
    assert main(["doctor", "--json", "--python", str(tmp_path / "none")]) == 1
    (gone,) = json.loads(capsys.readouterr().out)["engines"]["gradstep"]["interpreters"]
    assert gone["lacks"][0]["kind"] == "gone"
