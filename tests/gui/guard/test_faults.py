"""A fault of the window's own, taken by its hook."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Signal
from pytestqt.exceptions import capture_exceptions
from pytestqt.qtbot import QtBot

from gradstep.engine.places import PROFILE
from gradstep.gui.guard.faults import Faults


class Tape:
    """Something large that a frame holds."""


class Panel(QObject):
    """A slot of it raises while it looks at a tape."""

    turned = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tapes: list[weakref.ref[Tape]] = []
        self.turned.connect(self.look)

    def look(self) -> None:
        tape = Tape()
        self.tapes.append(weakref.ref(tape))
        raise KeyError("oops")


def test_a_fault_in_a_slot_is_counted_written_down_and_holds_nothing(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROFILE, str(tmp_path))
    panel, faults = Panel(), Faults()
    with capture_exceptions():
        faults.install()
        try:
            with qtbot.waitSignal(faults.raised) as raised:
                panel.turned.emit()
                panel.turned.emit()
        finally:
            faults.uninstall()
    assert raised.args[0].count == 2
    assert raised.args[0].error == "KeyError: 'oops'"
    assert "in look" in (tmp_path / "faults.log").read_text(encoding="utf-8")
    gc.collect()
    assert [tape() for tape in panel.tapes] == [None, None]
