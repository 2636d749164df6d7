"""What works for the window lets it go first."""

from __future__ import annotations

import os
import sys

import pytest
from PySide6.QtCore import QProcess

from gradstep.gui.widgets.giving_way import NICE, gives_way


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="this system has no priorities")
def test_a_process_that_gives_way_is_served_later(qtbot):
    process = QProcess()
    gives_way(process)
    with qtbot.waitSignal(process.readyReadStandardOutput):
        process.start(sys.executable, ["-c", "print(1, flush=True); input()"])
    assert os.getpriority(os.PRIO_PROCESS, process.processId()) == min(os.getpriority(os.PRIO_PROCESS, 0) + NICE, 19)
    with qtbot.waitSignal(process.finished):
        process.closeWriteChannel()


def test_a_process_that_is_gone_already_is_no_fault(qtbot, monkeypatch):
    process = QProcess()
    gives_way(process)
    monkeypatch.setattr(process, "processId", lambda: 2**22 + 1)  # nobody's
    with qtbot.waitSignals([process.started, process.finished]):
        process.start(sys.executable, ["-c", ""])
