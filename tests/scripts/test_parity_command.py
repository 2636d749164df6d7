"""scripts/parity.py runs where it stands if PyTorch is there, and otherwise in an environment that has it."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest


def test_without_pytorch_it_goes_on_in_an_environment_that_has_it(
    script: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    parity = script("parity")
    asked: list[Any] = []
    monkeypatch.setattr(parity, "is_ready", lambda: False)
    monkeypatch.setattr(parity.environment, "prepare", lambda extras, torch=False: asked.append(torch))
    monkeypatch.setattr(parity.environment, "execute", lambda arguments, environment: asked.append(arguments))
    parity.main(["--only", "add"])
    assert asked[0] is True
    assert asked[1][0] == "-c"
    assert asked[1][2:] == [str(parity.environment.ROOT), "--only", "add"]
    compile(asked[1][1], "the command", "exec")
