#!/usr/bin/env python3
"""How long a tape takes from the disk to the first picture in the window, and how much memory the window and the process that
arranges its graphs take for it. ``large_tape.py`` makes the tapes.

    QT_QPA_PLATFORM=offscreen python scripts/bench/open_tape.py TAPE ...
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QSettings, Qt, QTimer
from PySide6.QtWidgets import QApplication

from gradstep.gui.app import application
from gradstep.gui.main_window import MainWindow
from gradstep.gui.theme import Appearance

PATIENCE = float(os.environ.get("PATIENCE", 300))  # seconds


class Lateness(QTimer):
    """How late a timer of 5 ms fires: so long the window did something else. It waits for events as the application itself
    does, so that the processor is free for whoever arranges the graph."""

    def __init__(self) -> None:
        super().__init__(interval=5, timerType=Qt.TimerType.PreciseTimer)
        self.most = 0.0
        self._last = time.perf_counter()
        self.timeout.connect(self._tick)
        self.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.most = max(self.most, now - self._last - 0.005)
        self._last = now

    def told(self) -> float:
        """The most since it was asked last, in seconds."""
        self._tick()
        most, self.most = self.most, 0.0
        return most


def until(app: QApplication, done: Callable[[], bool]) -> None:
    """Let the window work until ``done()`` holds."""
    start = time.perf_counter()
    while not done():
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if time.perf_counter() - start > PATIENCE:
            raise TimeoutError(f"nothing after {PATIENCE:.0f} s")


def measure(app: QApplication, tape: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        window = MainWindow(Appearance.of(app), QSettings(f"{folder}/window.ini", QSettings.Format.IniFormat), str(tape))
        window.resize(1600, 1000)
        window.show()
        app.processEvents()
        late = Lateness()
        start, busy = time.perf_counter(), time.process_time()
        window.open_file(str(tape))
        until(app, lambda: window.canvas.scene is not None)
        window.canvas.repaint()
        drawn, used = time.perf_counter() - start, time.process_time() - busy
        graph = window.canvas.graph.graph
        process = window.graphs._drawing._process
        other = _peak(int(process.processId())) if process is not None else 0
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{tape.name}: {graph.get('boxes', 0):,} boxes, {len(window.canvas.graph):,} shown: first picture {drawn:.2f} s"
            f" ({used:.2f} s of processor time in the window), longest stall {late.told():.2f} s, memory {own} MiB + {other} MiB",
            flush=True,
        )
        whole = window.model.tape
        used = time.process_time()
        until(app, lambda: whole is not None and not whole.unread and window.model.is_all_here)
        own, more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, time.process_time() - used
        print(
            f"  everything taken in after {time.perf_counter() - start:.2f} s ({more:.2f} s of processor time more),"
            f" longest stall {late.told():.2f} s, memory {own} MiB",
            flush=True,
        )
        window.close()


def _peak(process: int) -> int:
    """The most memory that a process had, in MiB."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) // 1024
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tapes", nargs="+", type=Path)
    app = application("dark")
    for tape in parser.parse_args().tapes:
        measure(app, tape)


if __name__ == "__main__":
    main()
