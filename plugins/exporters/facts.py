"""What the exporters share: a node's facts in plain types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import networkx as nx


def place(data: Mapping[str, Any]) -> str:
    """The user's line that made a node, ``file:line``; "" where the tape has none."""
    return f"{data['line'][0]}:{data['line'][1]}" if data["line"] else ""


def plain(graph: nx.DiGraph) -> nx.DiGraph:
    """The same graph with names as keys and with numbers and words alone as attributes, for formats that know no others."""
    calls = graph.graph.get("calls", {})
    result: nx.DiGraph = nx.DiGraph()
    for key, data in graph.nodes(data=True):
        result.add_node(
            f"{key[0]}{key[1]}", label=data["label"], kind=data["kind"], op=data["op"], name=data["name"], detail=data["detail"],
            shape="" if data["shape"] is None else "x".join(map(str, data["shape"])), sequence=float(data["sequence"]),
            module=data["path"], calls=" > ".join(getattr(calls.get(call), "path", "") or str(call) for call in data["calls"]),
            hooks=int(data["hooks"]), line=place(data),
        )  # fmt: skip
    for source, target, data in graph.edges(data=True):
        slots = " ".join(f"{out}:{into}" for out, into in data["slots"])
        result.add_edge(f"{source[0]}{source[1]}", f"{target[0]}{target[1]}", kind=data["kind"], slots=slots)
    return result
