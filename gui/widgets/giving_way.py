"""Processes that work for the window, and let it go first where there are more of them than processors."""

from __future__ import annotations

import os
from contextlib import suppress

from PySide6.QtCore import QProcess

NICE = 10  # more than the window; 19 is the most


def gives_way(process: QProcess) -> None:
    """Once it is started, a process is served after the window and the program that is debugged. Where the system cannot do that it
    is served as they are."""

    def started() -> None:
        with suppress(OSError):  # it is gone already
            os.setpriority(os.PRIO_PROCESS, process.processId(), min(os.getpriority(os.PRIO_PROCESS, 0) + NICE, 19))

    if hasattr(os, "setpriority"):
        process.started.connect(started)
