#!/usr/bin/env python3
"""The layered layout against networkx' multipartite layout and, where pygraphviz is installed, against Graphviz dot.

All contestants lay out the same graph in turns, in random order; printed are the median time, the median over the rounds of
the ratio to our flat layout (above 1: ours is quicker), and what the drawings are like. ``x`` counts crossings of straight lines
between the centres of the boxes, the one form that all contestants share; ``drawn`` counts those of the edges as they are really
drawn: ours with bends, dot's as curves.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import statistics
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import crossings as measure
import graphs
import networkx as nx

from gradstep.plugins.layouts import dock, layered_layout, multipartite

# looked up by name, because no requirement of gradstep's brings it
pygraphviz: Any = importlib.import_module("pygraphviz") if importlib.util.find_spec("pygraphviz") else None

Key = Hashable
Point = tuple[float, float]
Sizes = dict[Key, tuple[float, float]]
Positions = dict[Key, Point]


@dataclass(frozen=True)
class Drawing:
    """Positions, and the lines of the edges where the contestant draws them itself."""

    positions: Positions
    lines: Mapping[tuple[Key, Key], Sequence[Point]] | None = None


def dot(graph: nx.DiGraph, sizes: Sizes) -> Drawing:
    """Graphviz, told the sizes of the boxes and the gaps that we keep."""
    number = {key: k for k, key in enumerate(graph)}
    drawing = pygraphviz.AGraph(directed=True, nodesep=26 / 72, ranksep=34 / 72)
    drawing.node_attr.update(shape="box", fixedsize="true", label="")
    drawing.edge_attr.update(arrowhead="none")
    for key, k in number.items():
        drawing.add_node(k, width=sizes[key][0] / 72, height=sizes[key][1] / 72)
    drawing.add_edges_from((number[a], number[b]) for a, b in graph.edges)
    drawing.layout(prog="dot")
    places = (drawing.get_node(k).attr["pos"].split(",") for k in number.values())
    positions = {key: (float(x), -float(y)) for key, (x, y) in zip(number, places, strict=True)}
    lines = {}
    for a, b in graph.edges:
        controls = drawing.get_edge(number[a], number[b]).attr["pos"].split()
        lines[a, b] = measure.flattened([(float(x), -float(y)) for x, y in (point.split(",") for point in controls)])
    return Drawing(positions, lines)


def ours(
    graph: nx.DiGraph, sizes: Sizes, docked: Mapping[Key, Key] | None = None, groups: Mapping[Key, tuple[Key, ...]] | None = None
) -> Drawing:
    layout = layered_layout(graph, sizes, docked=docked, groups=groups)
    return Drawing(layout.positions, layout.edges)


def contestants(graph: nx.DiGraph, sizes: Sizes, with_dot: bool) -> dict[str, Callable[[], Drawing]]:
    """Functions without arguments that lay the graph out."""
    chips, calls = dock(graph), graphs.groups(graph)
    result: dict[str, Callable[[], Drawing]] = {
        "layered, flat": lambda: ours(graph, sizes),
        "layered, docked": lambda: ours(graph, sizes, docked=chips),
        "layered, nested and docked": lambda: ours(graph, sizes, docked=chips, groups=calls),
        "networkx multipartite": lambda: Drawing(multipartite(graph, sizes)),
    }
    if with_dot:
        result["dot"] = lambda: dot(graph, sizes)
    return result


def compare(family: str, nodes: int, rounds: int, with_dot: bool) -> None:
    """Prints the table of one graph. Edges of docked boxes are not counted where boxes are docked."""
    graph = graphs.of_size(family, nodes).graph
    sizes, chips = graphs.sizes(graph), dock(graph)
    runs = contestants(graph, sizes, with_dot)
    times: dict[str, list[float]] = {name: [] for name in runs}
    drawn: dict[str, Drawing] = {}
    for _ in range(rounds):
        for name in random.sample(list(runs), len(runs)):
            start = time.perf_counter()
            drawn[name] = runs[name]()
            times[name].append(time.perf_counter() - start)
    print(f"\n{family}, {len(graph)} nodes, {graph.number_of_edges()} edges")
    print(f"  {'':28}{'ms':>9}{'ratio':>8}{'x':>10}{'drawn':>8}{'down':>7}{'overlaps':>10}{'area':>8}")
    for name, taken in times.items():
        ratio = statistics.median(theirs / mine for theirs, mine in zip(taken, times["layered, flat"], strict=True))
        drawing = drawn[name]
        edges = [edge for edge in graph.edges if "docked" not in name or not chips.keys() & set(edge)]
        lines = "" if drawing.lines is None else str(measure.route_crossings(drawing.lines[edge] for edge in edges))
        print(
            f"  {name:28}{1e3 * statistics.median(taken):9.1f}{ratio:8.2f}{measure.crossings(edges, drawing.positions):10d}{lines:>8}"
            f"{measure.downwards(edges, drawing.positions):7.0%}{measure.overlaps(drawing.positions, sizes):10d}"
            f"{measure.area(drawing.positions, sizes):8.1f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--families", nargs="+", default=["transformer", "resnet", "rnn", "mlp", "random"], choices=graphs.FAMILIES)
    parser.add_argument("--nodes", nargs="+", type=int, default=[100, 1_000, 5_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dot-limit", type=int, default=1_000, help="most nodes for which dot takes part (default: 1000)")
    arguments = parser.parse_args()
    if pygraphviz is None:
        print("pygraphviz is not installed: dot does not take part")
    for family in arguments.families:
        for nodes in arguments.nodes:
            compare(family, nodes, arguments.rounds, pygraphviz is not None and nodes <= arguments.dot_limit)


if __name__ == "__main__":
    main()
