"""``gradstep export TAPE --to graph.svg``: the graph as the window draws it, without one. Exporters like a plug-in's."""

from __future__ import annotations

import os
from pathlib import Path

import networkx as nx

from ..graph.layouts import layout


def export(graph: nx.DiGraph, file: Path, *, title: str = "") -> None:
    """Write a graph of a tape to ``file`` (.svg, .pdf or .png), arranged by the default layout, in the light theme.

    Raises OSError where it cannot be written, ValueError where the graph is empty."""
    del title  # the pictures have none
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from ..app import application  # loads Qt
    from .export import export_graph

    application("light")
    export_graph(graph, file, layout())
