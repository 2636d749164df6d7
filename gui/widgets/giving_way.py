"""Processes that work for the window, and let it go first where there are more of them than processors."""

from __future__ import annotations

import os
from contextlib import suppress

from PySide6.QtCore import QProcess

NICE = 10  # of 19, from the usual 0


def gives_way(process: QProcess) -> None:
    """Once it is started, a process is served after the window and the program that is debugged. Where the system cannot do that it
    is served as they are."""

    def started() -> None:
        with suppress(OSError):  # it is gone already
            os.setpriority(os.PRIO_PROCESS, process.processId(), NICE)

    if hasattr(os, "setpriority"):
        process.started.connect(started)
