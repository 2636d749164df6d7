"""What the exporters share: a node's facts in plain types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import networkx as nx


def place(data: Mapping[str, Any]) -> str:
    """The user's line that made a node, ``file:line``; "" where the tape has none."""
    return f"{data['line'][0]}:{data['line'][1]}" if data["line"] else ""


def call_name(graph: nx.DiGraph, call: int) -> str:
    """What a module call is called: its path, behind the name that the user gave it."""
    path = getattr(graph.graph.get("calls", {}).get(call), "path", "") or str(call)
    given = graph.graph.get("given", {}).get(call, "")
    return f"{given} ({path})" if given else path


def plain(graph: nx.DiGraph) -> nx.DiGraph:
    """The same graph with names as keys and with numbers and words alone as attributes, for formats that know no others."""
    result: nx.DiGraph = nx.DiGraph()
    for key, data in graph.nodes(data=True):
        result.add_node(
            f"{key[0]}{key[1]}", label=data["label"], kind=data["kind"], op=data["op"], name=data["name"], detail=data["detail"],
            shape="" if data["shape"] is None else "x".join(map(str, data["shape"])), sequence=float(data["sequence"]),
            module=data["path"], given=data.get("given", ""), calls=" > ".join(call_name(graph, call) for call in data["calls"]),
            hooks=int(data["hooks"]), line=place(data),
        )  # fmt: skip
    for source, target, data in graph.edges(data=True):
        slots = " ".join(f"{out}:{into}" for out, into in data["slots"])
        result.add_edge(f"{source[0]}{source[1]}", f"{target[0]}{target[1]}", kind=data["kind"], slots=slots)
    return result
