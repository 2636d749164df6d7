"""GraphML, as networkx writes it: for Gephi, yEd, Cytoscape and networkx itself."""

from __future__ import annotations

from pathlib import Path

import networkx as nx

from gradstep.engine.kept import whole

from .facts import plain


def export(graph: nx.DiGraph, file: Path, *, title: str = "") -> None:
    """Write a graph of a tape to ``file``: nodes with label, kind, op, shape, module and line, edges with kind and slots.

    Raises OSError where it cannot be written."""
    simple = plain(graph)
    simple.graph["title"] = _clean(title)
    for _, data in simple.nodes(data=True):
        data.update({key: _clean(value) for key, value in data.items() if isinstance(value, str)})
    with whole(file, "wb") as stream:
        nx.write_graphml(simple, stream)


def _clean(word: str) -> str:
    """XML 1.0 has no place for most control characters, nor for surrogates: they are shown."""
    return "".join(c if _fits(c) else f"\\u{ord(c):04x}" for c in word)


def _fits(c: str) -> bool:
    return c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff")
