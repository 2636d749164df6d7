"""How long a large value takes to be seen: from the click until numbers are painted, and until all of it was read.

    .venv/bin/python scripts/bench/tensor_view.py [--side 10000] [--rounds 5] [--width 1600 --height 1000]

A real program is paused in a real window that nobody sees (offscreen). Once the value is over the budget of the tape, so that the
program is asked for what is in view; once it lies on the tape. "longest turn" is the longest time for which the window's event
loop did nothing else while the value was read; "scroll" is one page of its table, painted with all numbers."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from gradstep.engine.debug.states import State
from gradstep.gui.app import application
from gradstep.gui.files.settings import throwaway
from gradstep.gui.main_window import MainWindow
from gradstep.gui.models.values import ValueRef
from gradstep.gui.theme import Appearance

PATIENCE = 120.0  # seconds
PROGRAM = """
import torch
small = torch.randn(8, 8, requires_grad=True)
big = torch.randn({side}, {side}, requires_grad=True)
(big.sum() + small.sum()).backward()
"""


def until(app: QApplication, reached: Callable[[], bool]) -> float:
    """Turn the event loop until something holds; the longest turn in milliseconds."""
    end, longest = time.monotonic() + PATIENCE, 0.0
    while not reached():
        if time.monotonic() > end:
            sys.exit("it did not come to that")
        began = time.perf_counter()
        app.processEvents()
        longest = max(longest, time.perf_counter() - began)
    return longest * 1e3


def measure(side: int, rounds: int, width: int, height: int, budget: int) -> list[tuple[float, float, float, float]]:
    """Milliseconds of each round: click to painted, click to read, the longest turn, a page of the table."""
    app = application("light")
    window = MainWindow(Appearance.of(app), throwaway())
    window.resize(width, height)
    window.show()
    window.opening.budget = budget
    panel = window.panels.tensor
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "large.py"
        script.write_text(PROGRAM.format(side=side), encoding="utf-8")
        window.open_file(str(script))
        until(app, lambda: window.session.state is State.PAUSED)
        until(
            app,
            lambda: window.model.tape is not None and any(noun.meta.shape == (side, side) for noun in window.model.tape.tensors.values()),
        )
        window.docks.bring(panel)
        values: dict[tuple[int, ...], ValueRef] = {}
        assert window.model.tape is not None
        for number, noun in window.model.tape.tensors.items():
            value = window.model.leaf_value(number) if noun.meta.shape in ((side, side), (8, 8)) else None
            if value is not None:
                values.setdefault(noun.meta.shape, value)
        times = []
        for _ in range(rounds + 1):
            panel.viewer.show_page("heat map")
            window.model.select_value(values[8, 8])
            until(app, lambda: panel.viewer.share == 1 and panel.viewer.heat_map.is_painted)
            began = time.perf_counter()
            window.model.select_value(values[side, side])
            # what was shown before is on the screen until the window turns to this
            turns = [until(app, lambda: panel.viewer.heat_map.shape == (side, side) and panel.viewer.heat_map.is_painted)]
            painted = time.perf_counter()
            turns.append(until(app, lambda: panel.viewer.share == 1))
            read = time.perf_counter()
            panel.viewer.show_page("table")
            until(app, lambda: panel.viewer.grid.is_painted)
            begun = time.perf_counter()
            panel.viewer.grid.verticalScrollBar().setValue(side // 2)
            app.processEvents()
            until(app, lambda: panel.viewer.grid.is_painted)
            times.append(((painted - began) * 1e3, (read - began) * 1e3, max(turns), (time.perf_counter() - begun) * 1e3))
        window.close()
    return times[1:]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    for name, default in (("side", 10_000), ("rounds", 5), ("width", 1600), ("height", 1000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    size = args.side * args.side * 4
    for name, budget in (("from the paused program", size // 2), ("from the tape", 2 * size)):
        rows = measure(args.side, args.rounds, args.width, args.height, budget)
        print(f"{args.side} x {args.side} float32 ({size / 2**20:.0f} MiB), {name}; ms: best, median, worst of {args.rounds}")
        for what, column in (("click to painted", 0), ("click to all read", 1), ("longest turn", 2), ("scroll", 3)):
            values = sorted(row[column] for row in rows)
            print(f"  {what:<18} {values[0]:7.1f} {values[len(values) // 2]:7.1f} {values[-1]:7.1f}")


if __name__ == "__main__":
    main()
