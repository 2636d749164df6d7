"""How long the window does nothing else while a real program pours out events, or output: a timer of 5 ms in its event loop notes
by how much it fires late.

    .venv/bin/python scripts/bench/responsiveness.py [events output ...] [--events 100000] [--output 1000] [--rounds 1] [--why]

events: a script that records so many events as fast as it can, ops and backward passes, with all panels in sight that a new user
sees; and then the same window with all of it there, and nobody writing. output: a script that writes so many MB to stdout as fast as
it can, with the output panel in front. The window is real (offscreen), and so are supervisor and program. "own" is what the window
itself worked while the timer waited (processor time of its thread): the lateness that no other program on the machine caused.
--why names what the window was at in its longest stalls, most frequent first: while the timer is late, a thread looks every 10 ms
(and takes a little of the time that it measures).
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer

from gradstep.engine.debug.states import ENDED
from gradstep.gui.app import application
from gradstep.gui.files.settings import throwaway
from gradstep.gui.main_window import MainWindow
from gradstep.gui.theme import Appearance

PATIENCE = 600.0  # seconds
TICK = 5  # ms
LATE, LOOK, WORST = 0.03, 0.01, 5  # seconds from which a stall is looked at, between two looks; how many are told
GOALS = {"events": (25.0, 50.0, 120.0), "output": (50.0, 50.0, 50.0)}  # ms: p95, p99, most
EVENTS = """
import torch
x = torch.randn(8, 8, requires_grad=True)
w = torch.randn(8, 8, requires_grad=True)
for _ in range({passes}):
    y = x
    for _ in range(250):
        y = (y * w).tanh()
    y.sum().backward()
"""
EVENTS_A_PASS = 2500  # about: a node of backward is made ready, entered, left, and adds to what comes next
OUTPUT = """
import sys
line = b"epoch 3  loss 0.123456  accuracy 0.987654  learning rate 1e-3\\n" * 1600
for _ in range({pieces}):
    sys.stdout.buffer.write(line)
"""
PIECE = 0.1  # MB that one piece of output has


class Watch(threading.Thread):
    """Looks at what the main thread does while a probe is late."""

    def __init__(self, probe: Probe) -> None:
        super().__init__(daemon=True)
        self._probe = probe
        self._ended = threading.Event()
        self.looks: list[tuple[float, str]] = []  # when, and the functions of ours, outermost first

    def run(self) -> None:
        while not self._ended.wait(LOOK):
            if time.perf_counter() - self._probe.last > LATE:
                self.looks.append((time.perf_counter(), self._place()))

    def end(self) -> None:
        """Look no more."""
        self._ended.set()
        self.join()

    @staticmethod
    def _place() -> str:
        frame, names = sys._current_frames().get(threading.main_thread().ident or 0), []
        while frame is not None:
            if str(frame.f_globals.get("__name__")).startswith("gradstep."):
                names.append(frame.f_code.co_qualname)
            frame = frame.f_back
        return " > ".join(names[:-4:-1]) or "Qt"

    def tell(self, stalls: list[tuple[float, float, float]]) -> None:
        """The longest stalls, and what was seen in them."""
        for began, ended, own in sorted(stalls, key=lambda stall: stall[0] - stall[1])[:WORST]:
            seen = Counter(place for when, place in self.looks if began <= when <= ended)
            places = ", ".join(f"{place} ({times})" for place, times in seen.most_common(3))
            print(f"  stall of {(ended - began) * 1e3:5.0f} ms, own {own * 1e3:5.0f} ms: {places or 'not seen'}")


class Probe(QObject):
    """Fires every 5 ms, and notes how late, and how much of that its own thread worked."""

    def __init__(self) -> None:
        super().__init__()
        self.late: list[tuple[float, float]] = []  # ms
        self._timer = QTimer(self, interval=TICK, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._fire)
        self._last = (0.0, 0.0)
        self.stalls: list[tuple[float, float, float]] = []  # longer than LATE: from, to, own

    @property
    def last(self) -> float:
        """When it fired last."""
        return self._last[0]

    def start(self) -> None:
        """Begin anew."""
        self.late.clear()
        self.stalls.clear()
        self._last = (time.perf_counter(), time.thread_time())
        self._timer.start()

    def stop(self) -> None:
        """Fire no more."""
        self._timer.stop()

    def _fire(self) -> None:
        now = (time.perf_counter(), time.thread_time())
        clock, own = ((a - b) * 1e3 for a, b in zip(now, self._last, strict=True))
        self.late.append((max(clock - TICK, 0.0), max(own - TICK, 0.0)))
        if clock > LATE * 1e3:
            self.stalls.append((self._last[0], now[0], own / 1e3))
        self._last = now


def until(reached: Callable[[], bool]) -> None:
    """Turn the event loop, as it turns without us, until something holds."""
    end = time.monotonic() + PATIENCE
    loop, watch = QEventLoop(), QTimer(interval=50)
    watch.timeout.connect(lambda: loop.quit() if reached() or time.monotonic() > end else None)
    watch.start()
    loop.exec()
    if time.monotonic() > end:
        sys.exit("the program did not end")


def report(what: str, probe: Probe, goals: tuple[float, float, float], seconds: float) -> None:
    """A line for the clock, and one for what the window itself did."""
    for name, column in (("late", 0), ("own", 1)):
        times = sorted(row[column] for row in probe.late)
        found = [times[min(len(times) * share // 1000, len(times) - 1)] for share in (500, 950, 990)] + [times[-1]]
        shown = "  ".join(f"{label} {value:6.1f}" for label, value in zip(("p50", "p95", "p99", "most"), found, strict=True))
        met = (
            ""
            if name == "own"
            else f"   goals {goals}: {'met' if all(a <= b for a, b in zip(found[1:], goals, strict=True)) else 'missed'}"
        )
        print(f"  {what:<22} {name:<5} {shown} ms{met}")
    print(f"  {'':<22} {seconds:.1f} s, {len(probe.late)} ticks")


def measure(what: str, script: str, width: int, height: int, why: bool = False) -> None:
    """One program in a window of its own."""
    app = application("light")
    window = MainWindow(Appearance.of(app), throwaway())
    window.resize(width, height)
    window.show()
    probe = Probe()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.py"
        path.write_text(script, encoding="utf-8")
        window.opening.stop_on_entry = False
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        window.open_file(str(path))
        if what == "output":
            window.docks.bring(window.panels.output)
        probe.start()
        watch = Watch(probe)
        if why:
            watch.start()
        began = time.perf_counter()
        until(lambda: window.session.state in ENDED)
        until(lambda: window.model.is_all_here)
        probe.stop()
        tape = window.model.tape
        assert tape is not None
        print(f"{what}: {len(tape.events):,} events, {len(tape.ops):,} ops; {window.session.sentence}")
        report("while it runs", probe, GOALS[what], time.perf_counter() - began)
        if why:
            watch.end()
            watch.tell(probe.stalls)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        if what == "events":
            until(lambda: window.graphs.is_drawn)
            probe.start()
            began = time.perf_counter()
            until(lambda: time.perf_counter() - began > 3.0)
            probe.stop()
            report("when all is there", probe, GOALS[what], time.perf_counter() - began)
        print(f"  memory grew by {grown:.0f} MiB at most")
        window.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("what", nargs="*", choices=["events", "output", []])
    for name, default in (("events", 100_000), ("output", 1000), ("rounds", 1), ("width", 1600), ("height", 1000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--why", action="store_true", help="name what the window was at in its longest stalls")
    args = parser.parse_args()
    scripts = {
        "events": EVENTS.format(passes=max(1, args.events // EVENTS_A_PASS)),
        "output": OUTPUT.format(pieces=round(args.output / PIECE)),
    }
    for what in (args.what or [*scripts]) * args.rounds:
        measure(what, scripts[what], args.width, args.height, args.why)


if __name__ == "__main__":
    main()
