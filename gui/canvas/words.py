"""What the canvas says about a node: tooltip, screen reader's description, path."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from html import escape
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt

from .status import WORDS, Look


def full_name(data: Mapping[str, Any]) -> str:
    """The name that PyTorch gives a node (MulBackward0), and a parameter's name behind AccumulateGrad."""
    label, kind, name = str(data.get("label") or "?"), data.get("kind"), str(data.get("name") or "")
    if kind == "group":
        times = f" \N{MULTIPLICATION SIGN}{data['repeats']:,}" if data["repeats"] > 1 else ""
        return f"{label}{times}, folded, {data['nodes']:,} nodes"
    if kind == "accumulate":
        return f"AccumulateGrad of {name}" if name else "AccumulateGrad"
    if kind in ("function", "rebase") and "Backward" not in label:
        return label if label == "CopySlices" else f"{label}Backward0"
    return name or label


def crumbs(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The module path of a node from the model down, the node last."""
    path = [part for part in str(data.get("path") or "").split(".") if part]
    return ("model", *path, str(data.get("name") or "").rpartition(".")[2] or str(data.get("label") or "?"))


def tip(data: Mapping[str, Any], look: Look, alert: bool, came: npt.NDArray[np.float64], out: npt.NDArray[np.float64]) -> str:
    """Name, shape, source line, norms of gradients that came and went (NaN: not known), as rich text."""
    lines = [f"<b>{escape(full_name(data))}</b> &nbsp;{WORDS[look]}{', NaN, Inf or an error' if alert else ''}"]
    if detail := str(data.get("detail") or ""):
        lines.append(escape(detail.replace("x", "\N{MULTIPLICATION SIGN}")))
    if path := str(data.get("path") or ""):
        lines.append(escape(path))
    if line := data.get("line"):
        lines.append(f"{escape(str(line[0]))}:{line[1]}")
    for title, norms in (("norm in", came), ("norm out", out)):
        known = norms[~np.isnan(norms)]
        if len(known):
            lines.append(f"{title} " + ", ".join(f"{norm:.3g}" if np.isfinite(norm) else "not finite" for norm in known[:4].tolist()))
    if hooks := int(data.get("hooks") or 0):
        lines.append(f"{hooks} hook" if hooks == 1 else f"{hooks} hooks")
    return "<br>".join(lines)


def description(
    graph: nx.DiGraph,
    current: Hashable | None,
    selected: Hashable | None,
    look: Look | None,
    note: str,
    facts: Callable[[Any], Mapping[str, Any]] | None = None,
) -> str:
    """One sentence about where the program stands, one about the selection, one about the graph."""
    facts = facts or graph.nodes.__getitem__
    parts = []
    if current is not None and look is not None:
        parts.append(", ".join(part for part in (full_name(facts(current)), note or WORDS[look]) if part))
    if selected is not None and selected != current:
        parts.append(f"selected: {full_name(facts(selected))}")
    parts.append(f"{len(graph)} nodes" if len(graph) != 1 else "1 node")
    return "; ".join(parts)
