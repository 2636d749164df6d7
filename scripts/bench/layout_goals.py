#!/usr/bin/env python3
"""The goals of the layered layout, each measured against dot, fast-sugiyama and networkx on the same graphs, as a table in Markdown.

    python scripts/bench/layout_goals.py [--nodes 5000] [--large 100000] [--patience 120]

Times are seconds of processor time of one layout in a process of its own, the median of three, without Python's collector (a
rival that crashes or takes longer than the patience is said to). "As in the window" is the form that the window draws: nested by
module call with all groups open, parameters docked, steady (a group that opens moves the rest by rigid shifts), long sequences in
columns. Crossings are those of the edges as they are drawn (dot's
curves, our bends), and of straight lines between the centres of the boxes, the one form that all share; edges to docked boxes
have no crossings. What is not installed is left out and named.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import multiprocessing
import statistics
import time
from collections.abc import Callable, Hashable
from multiprocessing.connection import Connection

import crossings as measure
import graphs
import layout as contest
import networkx as nx

from gradstep.plugins.layouts import Layout, dock, layered_layout, multipartite

Key = Hashable
Result = tuple[float, int | None, int, int]  # seconds, crossings as drawn and of straight lines, overlaps
FAMILIES = ("transformer", "resnet", "mlp")
FOLDED = (160.0, 52.0)  # px, of a folded group


def _flat(graph: nx.DiGraph, sizes: contest.Sizes) -> contest.Drawing:
    return contest.ours(graph, sizes)


def _window(graph: nx.DiGraph, sizes: contest.Sizes) -> contest.Drawing:
    layout = _steady(graph, sizes)
    return contest.Drawing(layout.positions, layout.edges)


def _steady(graph: nx.DiGraph, sizes: contest.Sizes) -> Layout:
    """As the window draws it, with all groups open."""
    groups = graphs.groups(graph)
    folded: dict[Key, tuple[float, float]] = dict.fromkeys({call for path in groups.values() for call in path}, FOLDED)
    return layered_layout(graph, sizes, docked=dock(graph), groups=groups, folded=folded, closed={}, columns=True)


def _sugiyama(graph: nx.DiGraph, sizes: contest.Sizes) -> contest.Drawing:
    """fast-sugiyama, which takes one size for all boxes: their mean."""
    module = importlib.import_module("fast_sugiyama")
    number = {key: k for k, key in enumerate(graph)}
    wide = sum(width for width, _ in sizes.values()) / len(sizes) + 26
    made = module.from_edges([(number[a], number[b]) for a, b in graph.edges], vertex_spacing=wide).align_layouts_horizontal().to_dict()
    return contest.Drawing({key: (float(made[k][0]), -float(made[k][1])) for key, k in number.items()})


def _generations(graph: nx.DiGraph, sizes: contest.Sizes) -> contest.Drawing:
    return contest.Drawing(multipartite(graph, sizes))


RIVALS: dict[str, tuple[str, Callable[[nx.DiGraph, contest.Sizes], contest.Drawing]]] = {
    "dot": ("pygraphviz", contest.dot),
    "fast-sugiyama": ("fast_sugiyama", _sugiyama),
    "networkx multipartite": ("networkx", _generations),
}


def _run(work: Callable[[nx.DiGraph, contest.Sizes], contest.Drawing], family: str, nodes: int, answer: Connection) -> None:
    gc.disable()
    graph = graphs.of_size(family, nodes).graph
    sizes = graphs.sizes(graph)
    times = []
    for _ in range(3):
        start = time.process_time()
        drawing = work(graph, sizes)
        times.append(time.process_time() - start)
        if times[0] > 5:
            break
    chips = dock(graph) if work is _window else {}
    edges = [edge for edge in graph.edges if not chips.keys() & set(edge)]
    lines = None if drawing.lines is None else measure.route_crossings(drawing.lines[edge] for edge in edges)
    straight = measure.crossings(edges, drawing.positions)
    answer.send((statistics.median(times), lines, straight, measure.overlaps(drawing.positions, sizes)))


def alone(work: Callable[[nx.DiGraph, contest.Sizes], contest.Drawing], family: str, nodes: int, patience: float) -> Result | str:
    """What it costs in a process of its own, or why there is no figure."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(work, family, nodes, there))
    process.start()
    there.close()
    try:
        if not here.poll(patience):
            return f"not in {patience:.0f} s"
        result: Result = here.recv()
        return result
    except EOFError:
        return "crashed"
    finally:
        process.kill()
        process.join()


def nested(family: str, nodes: int) -> tuple[float, int, int, int]:
    """Of the form that the window draws: seconds of processor time, with docking and grouping, nodes, overlapping boxes, and
    pieces of edges that touch a box which is not theirs."""
    graph = graphs.of_size(family, nodes).graph
    sizes, chips = graphs.sizes(graph), dock(graph)
    start = time.process_time()
    layout = _steady(graph, sizes)
    taken = time.process_time() - start
    lines = {edge: points for edge, points in layout.edges.items() if not chips.keys() & set(edge)}
    return taken, len(graph), measure.overlaps(layout.positions, sizes), measure.through(lines, layout.positions, sizes)


def main() -> None:
    gc.disable()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=5_000)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--patience", type=float, default=120.0)
    arguments = parser.parse_args()
    rivals = {name: work for name, (module, work) in RIVALS.items() if importlib.util.find_spec(module) is not None}
    for name in RIVALS.keys() - rivals.keys():
        print(f"{name} is not installed and does not take part\n")
    print(f"| graph, about {arguments.nodes:,} nodes | layout | s | times ours | crossings, as drawn | straight | overlaps |")
    print("|---|---|---|---|---|---|---|")
    for family in FAMILIES:
        mine = alone(_window, family, arguments.nodes, arguments.patience)
        assert not isinstance(mine, str), mine
        for name, work in {"**ours, as in the window**": _window, "ours, flat": _flat, **rivals}.items():
            found = mine if work is _window else alone(work, family, arguments.nodes, arguments.patience)
            if isinstance(found, str):
                print(f"| {family} | {name} | {found} | | | | |", flush=True)
                continue
            taken, drawn, straight, over = found
            lines = "" if drawn is None else f"{drawn:,}"
            print(f"| {family} | {name} | {taken:.3f} | {taken / mine[0]:.1f} | {lines} | {straight:,} | {over} |", flush=True)
    print("\n| ours, as in the window | nodes | s | overlaps | edges through boxes |")
    print("|---|---|---|---|---|")
    for nodes in (arguments.nodes, arguments.large):
        for family in (*FAMILIES, "rnn"):
            taken, count, over, through = nested(family, nodes)
            print(f"| {family} | {count:,} | {taken:.2f} | {over} | {through} |", flush=True)


if __name__ == "__main__":
    main()
