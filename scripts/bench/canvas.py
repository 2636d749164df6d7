"""What the graph canvas costs, measured offscreen on graphs of transformers: from graph to scene, panning, zooming, one step
of a run, picking. Prints medians and 95th percentiles in ms of processor time and
on the clock, and processor time over its goal.

    QT_QPA_PLATFORM=offscreen python scripts/bench/canvas.py [NODES ...]        (10000 unless said otherwise)
"""

from __future__ import annotations

import argparse
import os
import resource
import runpy
import statistics
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QT_QPA_UPDATE_IDLE_TIME"] = "0"  # else Qt waits 5 ms for more changes before it paints

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication

from gradstep.gui.canvas import GraphCanvas, Look, arrange, measure
from gradstep.gui.theme import DARK, apply
from gradstep.plugins.layouts import layered_layout

WIDTH, HEIGHT = 1600, 1000
GOALS = {"pan": ("p95", 6.0), "step": ("median", 1.0), "pick": ("median", 0.1), "zoom": ("p95", 33.0)}  # ms
NODES_A_BLOCK = 70
GRAPHS = Path(__file__).resolve().parents[2] / "tests" / "gui" / "canvas" / "graphs.py"


Times = list[tuple[float, float]]  # ms on the clock and ms of processor time


def milliseconds(work: Callable[[], object], times: int, share: int = 1) -> Times:
    result = []
    for _ in range(times):
        start, busy = time.perf_counter(), time.process_time()
        work()
        result.append(((time.perf_counter() - start) * 1e3 / share, (time.process_time() - busy) * 1e3 / share))
    return result


def report(name: str, times: Times, goal: tuple[str, float]) -> None:
    """The processor time is set against the goal: on a shared machine the clock also runs for others."""
    wall, busy = (sorted(column) for column in zip(*times, strict=True))
    late = int(0.95 * (len(times) - 1))
    found = {"median": statistics.median(busy), "p95": busy[late]}
    which, most = goal
    print(
        f"  {name:<26} cpu median {found['median']:7.3f} p95 {found['p95']:7.3f}   clock median {statistics.median(wall):7.3f}"
        f" p95 {wall[late]:7.3f}   {which} {found[which] / most:5.2f} of {most} ms"
    )


class Canvas(GraphCanvas):
    """Counts its paintings: a time without one measures nothing."""

    paintings = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        self.paintings += 1
        super().paintEvent(event)


def painted(canvas: Canvas) -> None:
    """Paints what is due, as the event loop does."""
    before = canvas.paintings
    for _ in range(100):
        QApplication.processEvents()
        if canvas.paintings > before:
            return
    raise RuntimeError("nothing was painted")


def run(nodes: int) -> None:
    graph = runpy.run_path(str(GRAPHS))["transformer"](max(1, nodes // NODES_A_BLOCK)).backward()
    print(f"{len(graph)} nodes, {graph.number_of_edges()} edges, {WIDTH} x {HEIGHT}")
    start, busy = time.perf_counter(), time.process_time()
    scene = arrange(graph, measure(), layered_layout)
    arranged, after = time.perf_counter(), time.process_time()
    canvas = Canvas()
    canvas.resize(WIDTH, HEIGHT)
    canvas.show_graph(graph, scene)
    canvas.show()
    painted(canvas)
    print(
        f"  graph to scene, with layout: cpu {after - busy:.3f} s, clock {arranged - start:.3f} s;"
        f" first picture: cpu {time.process_time() - after:.3f} s, clock {time.perf_counter() - arranged:.3f} s"
    )

    keys = list(graph)
    middle = keys[len(keys) // 2]
    canvas.set_statuses(dict.fromkeys(keys[: len(keys) // 2], Look.DONE))
    canvas.set_edge_norms({edge: 10 ** -(number % 5) for number, edge in enumerate(graph.edges)})
    for name, zoom in (("1:1", 1.0), ("1:2", 0.5), ("1:4", 0.25), ("1:12", 0.08)):
        canvas.centre_on(middle, zoom)
        painted(canvas)
        canvas.settle()
        canvas.repaint()

        def pan(canvas: Canvas = canvas) -> None:
            canvas.pan(7, 23)
            canvas.repaint()

        report(f"pan at {name}", milliseconds(pan, 120), GOALS["pan"])
    canvas.fit()
    painted(canvas)

    def closer() -> None:
        canvas.zoom_by(1.18, QPointF(800, 500))
        canvas.repaint()

    report("zoom from fit to 1:1", milliseconds(closer, 28), GOALS["zoom"])
    canvas.centre_on(middle, 1.0)
    painted(canvas)
    canvas.settle()
    canvas.repaint()
    around = [key for key in keys if canvas.rect().contains(canvas.rect_of(key))]
    steps = iter(around * 100)
    last = [next(steps)]

    def step() -> None:
        key = next(steps)
        canvas.set_status(last[0], Look.DONE if graph.nodes[last[0]]["sequence"] % 2 else Look.PENDING)
        canvas.set_status(key, Look.RUNNING)
        canvas.set_current(key)
        last[0] = key
        painted(canvas)

    canvas.set_follow(False)
    milliseconds(step, 3 * len(around))  # pictures of all states are painted once
    report(f"step among {len(around)} nodes", milliseconds(step, 200), GOALS["step"])
    places = [QPointF(canvas.rect_of(key).center()) for key in around]
    report("pick", milliseconds(lambda: [canvas.key_at(place) for place in places], 40, len(places)), GOALS["pick"])
    print(f"  memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    canvas.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nodes", nargs="*", type=int, default=[10_000])
    application = QApplication([])
    apply(application, DARK)
    for nodes in parser.parse_args().nodes:
        run(nodes)


if __name__ == "__main__":
    main()
