"""What the whole suite shares: no display is needed, and where the repository and its scripts are."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# A suite that a shell started in the background ignores Ctrl+C, and so would every program that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_watch_over_children() -> Iterator[None]:
    """A DataLoader of PyTorch watches for the end of children from then on, which a script that a later test runs would not find so."""
    if not hasattr(signal, "SIGCHLD"):
        yield
        return
    before = signal.getsignal(signal.SIGCHLD)
    yield
    signal.signal(signal.SIGCHLD, before)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """The bot of all tests of the window: a patient one."""
    from .patience import PatientBot  # the engine's tests run where Qt is not installed

    return PatientBot(request)


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the repository."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture
def script(root: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Imports one of the scripts by its name; they are no package, and find each other in their own folder."""

    def load(name: str) -> ModuleType:
        # `test` would be the standard library's own, and is no module that anybody else imports
        monkeypatch.delitem(sys.modules, name, raising=False)
        return importlib.import_module(name)

    monkeypatch.syspath_prepend(str(root / "scripts"))
    return load
