"""Graphviz' DOT: boxes, edges, and a cluster for each module call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx

from gradstep.engine.kept import whole

from .facts import call_name, place

SHAPES = {
    "op": "box", "function": "box", "custom": "box", "leaf": "ellipse", "input": "ellipse", "accumulate": "ellipse",
    "boundary": "hexagon", "rebase": "hexagon", "opaque": "box3d",
}  # fmt: skip
STYLES = {"data": "solid", "gradient": "solid", "link": "dashed"}


def export(graph: nx.DiGraph, file: Path, *, title: str = "") -> None:
    """Write a graph of a tape (``gradstep.engine.tape.graph``) to ``file``. Raises OSError where it cannot be written."""
    with whole(file) as stream:
        stream.write(text(graph, title))


def text(graph: nx.DiGraph, title: str = "") -> str:
    """The graph in DOT's language; every word of the user's is quoted."""
    ids = {key: f"{key[0]}{key[1]}" for key in graph}
    lines = [
        "digraph gradstep {",
        f"  label={quoted(title)};",
        '  node [fontname="Helvetica", fontsize=11];',
    ]
    for line in _clusters(graph, ids):
        lines.append(f"  {line}")
    for source, target, data in graph.edges(data=True):
        kind, slots = data["kind"], ", ".join(f"{out} to {into}" for out, into in data["slots"])
        lines.append(f"  {ids[source]} -> {ids[target]} [style={STYLES[kind]}, tooltip={quoted(f'{kind}: {slots}')}];")
    return "\n".join([*lines, "}", ""])


def _clusters(graph: nx.DiGraph, ids: dict[Any, str]) -> list[str]:
    """The nodes, each inside the calls that it was made in. Not by recursion: modules may nest as deep as they like."""
    lines: list[str] = []
    open_: list[int] = []
    for key, data in sorted(graph.nodes(data=True), key=lambda item: item[1]["calls"]):
        chain = list(data["calls"])
        shared = 0
        while shared < min(len(open_), len(chain)) and open_[shared] == chain[shared]:
            shared += 1
        while len(open_) > shared:
            open_.pop()
            lines.append("  " * len(open_) + "}")
        for call in chain[shared:]:
            label = call_name(graph, call)
            lines.append("  " * len(open_) + f"subgraph cluster_{call} {{ label={quoted(label)}; style=rounded;")
            open_.append(call)
        words = "\\n".join(escaped(str(word)) for word in (data.get("given", ""), data["label"], data["detail"], data["name"]) if word)
        tip = quoted(place(data))
        lines.append("  " * len(open_) + f'{ids[key]} [label="{words}", shape={SHAPES[data["kind"]]}, tooltip={tip}];')
    while open_:
        open_.pop()
        lines.append("  " * len(open_) + "}")
    return lines


def escaped(word: str) -> str:
    """A word as it stands between quotation marks; control characters are shown, not obeyed."""
    visible = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in word)
    return visible.replace("\\", "\\\\").replace('"', '\\"')


def quoted(word: str) -> str:
    """A word between quotation marks."""
    return f'"{escaped(word)}"'
