"""scripts/parity.py runs where it stands if PyTorch is there, and otherwise in an environment that has it."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def parity(script: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[Any]]:
    """The command in a Python without PyTorch, and what it asked of the environment instead of doing it."""
    asked: list[Any] = []
    module = script("parity")
    monkeypatch.setattr(module, "is_ready", lambda: False)
    monkeypatch.setattr(module.environment, "prepare", lambda extras, torch=False: asked.append(("prepare", torch)))
    monkeypatch.setattr(module.environment, "execute", lambda arguments, environment: asked.append(arguments))
    return module, asked


def test_without_pytorch_it_goes_on_in_an_environment_that_gets_it(parity: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module, asked = parity
    monkeypatch.setattr(module, "is_prepared", lambda: False)
    module.main(["--only", "add"])
    assert asked[0] == ("prepare", True)
    assert asked[1][0] == "-c"
    assert asked[1][2:] == [str(module.environment.ROOT), "--only", "add"]
    compile(asked[1][1], "the command", "exec")


def test_an_environment_that_has_it_is_left_as_it_is(parity: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module, asked = parity
    monkeypatch.setattr(module, "is_prepared", lambda: True)
    module.main([])
    assert [call[0] for call in asked] == ["-c"]


def test_whether_an_environment_has_it_is_asked_of_its_python(parity: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module, _ = parity
    monkeypatch.setattr(module.environment, "PYTHON", tmp_path / "python")
    assert not module.is_prepared()
    (tmp_path / "python").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "python").chmod(0o755)
    assert not module.is_prepared()
    (tmp_path / "python").write_text("#!/bin/sh\nexit 0\n")
    assert module.is_prepared()
