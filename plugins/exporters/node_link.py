"""JSON in networkx' node-link form: ``nx.node_link_graph(json.load(file), edges="edges")`` has the graph back."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx

from gradstep.engine.kept import whole

from .facts import plain


def export(graph: nx.DiGraph, file: Path, *, title: str = "") -> None:
    """Write a graph of a tape to ``file``. Raises OSError where it cannot be written."""
    simple = plain(graph)
    simple.graph["title"] = title
    with whole(file) as stream:
        json.dump(nx.node_link_data(simple, edges="edges"), stream, indent=1)
