"""How long a step takes in the window: from the press of F10 until everything that it changes is painted.

    .venv/bin/python scripts/bench/window_step.py [--nodes 10000] [--at 50] [--steps 100] [--width 1600 --height 1000]

``--at`` is where in the pass the steps are taken, in percent: the further, the longer is what the window shows of it.

A real program is stepped through in a real window that nobody sees (offscreen). A step counts as painted when its row stands in
the events as well. "window" leaves out the time in which the window waits for the program: from the order's leaving until its
answer has come. "cpu" is the window's own processor time for all of it, which other programs on the machine disturb least."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from gradstep.engine.debug.states import State
from gradstep.gui.app import application
from gradstep.gui.files.settings import throwaway
from gradstep.gui.main_window import MainWindow
from gradstep.gui.theme import Appearance

PATIENCE = 120.0  # seconds until the program must stand still
WARM = 20  # steps that are not counted
PROGRAM = """
import torch
x = torch.randn(8, 8, requires_grad=True)
w = torch.randn(8, 8, requires_grad=True)
y = x
for _ in range({ops}):
    y = (y * w).tanh()
y.sum().backward()
"""


def until(app: QApplication, reached: Callable[[], bool]) -> None:
    """Turn the event loop until something holds."""
    end = time.monotonic() + PATIENCE
    while not reached():
        if time.monotonic() > end:
            sys.exit("the program did not come to stand still")
        app.processEvents()


def settle(app: QApplication) -> None:
    """Turn the event loop until what was due at once is done: timers of no length, and the paints that they ask for."""
    for _ in range(3):
        turned: list[bool] = []
        QTimer.singleShot(0, lambda turned=turned: turned.append(True))
        while not turned:
            app.processEvents()
        app.sendPostedEvents()


def run_to(app: QApplication, window: MainWindow, share: int) -> None:
    """Run on until so many percent of the pass are done."""
    tape = window.model.tape
    assert tape is not None
    nodes = sorted(next(iter(tape.runs.values())).needed, reverse=True)
    if share:
        node = nodes[len(nodes) * share // 100]
        window.session.run_to(node)
        until(app, lambda: (stop := window.session.stop_info) is not None and stop.node == node)
        rest(app)


def rest(app: QApplication) -> None:
    """A second in which nothing is asked of the window: whatever it puts off is done then."""
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        app.processEvents()


def measure(nodes: int, steps: int, width: int, height: int, share: int) -> list[tuple[float, float, float]]:
    """Milliseconds of each step: whole, the window's part, the window's processor time."""
    app = application("light")
    window = MainWindow(Appearance.of(app), throwaway())
    window.resize(width, height)
    window.show()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "chain.py"
        script.write_text(PROGRAM.format(ops=nodes // 2), encoding="utf-8")
        window.open_file(str(script))
        until(app, lambda: window.session.state is State.PAUSED)
        until(app, lambda: window.model.is_all_here and window.graphs.is_drawn)
        run_to(app, window, share)
        heard: list[float] = []
        window.session.heard.connect(lambda: heard.append(time.perf_counter()))
        times = [step(app, window, heard) for _ in range(WARM + steps)][WARM:]
        window.close()
    return times


def step(app: QApplication, window: MainWindow, heard: list[float]) -> tuple[float, float, float]:
    """Press F10 and wait until all is painted; ``heard`` gets the times at which the program says something."""
    before = window.session.stop_info
    heard.clear()
    app.processEvents()
    began, worked = time.perf_counter(), time.process_time()
    window.actions_["step"].trigger()
    sent = time.perf_counter()
    until(app, lambda: window.session.stop_info is not before)
    settle(app)
    until(app, lambda: window.panels.events.newest == window.model.last)
    settle(app)
    ended = time.perf_counter()
    waited = max(heard[0] - sent, 0.0) if heard else 0.0
    return (ended - began) * 1e3, (ended - began - waited) * 1e3, (time.process_time() - worked) * 1e3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    for name, default in (("nodes", 10_000), ("steps", 100), ("at", 50), ("width", 1600), ("height", 1000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    times = measure(args.nodes, args.steps, args.width, args.height, args.at)
    print(f"{args.nodes} nodes, {args.steps} steps at {args.at} %, {args.width}x{args.height}; ms")
    for name, column in (("press to painted", 0), ("window", 1), ("cpu", 2)):
        values = sorted(row[column] for row in times)
        found = (f"p{share} {values[len(values) * share // 100]:6.1f}" for share in (20, 50, 95))
        print(f"  {name:<18}", "  ".join(found))


if __name__ == "__main__":
    main()
