"""What the canvas says about a node: tooltip, screen reader's description, path."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from html import escape
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt

from ..models.named import both
from ..translation import translate
from .marks import Marks
from .scene import Scene
from .status import WORDS, Look


def word(look: Look) -> str:
    """A state in the user's language."""
    return translate("Canvas", WORDS[look])


def full_name(data: Mapping[str, Any]) -> str:
    """The name that PyTorch gives a node (MulBackward0), and a parameter's name behind AccumulateGrad; behind the user's, where he gave
    it one."""
    return both(str(data.get("given") or ""), _own_name(data))


def _own_name(data: Mapping[str, Any]) -> str:
    label, kind, name = str(data.get("label") or "?"), data.get("kind"), str(data.get("name") or "")
    if kind == "group":
        times = f" \N{MULTIPLICATION SIGN}{data['repeats']:,}" if data["repeats"] > 1 else ""
        return translate("Canvas", "{0}{1}, folded, %n node(s)", data["nodes"]).format(label, times)
    if kind == "accumulate":
        return translate("Canvas", "AccumulateGrad of {0}").format(name) if name else "AccumulateGrad"
    if kind in ("function", "rebase") and "Backward" not in label:
        return label if label == "CopySlices" else f"{label}Backward0"
    return name or label


def crumbs(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The module path of a node from the model down, the node last."""
    owner, _, name = str(data.get("name") or "").rpartition(".")  # a parameter's name says where it belongs
    path = [part for part in str(data.get("path") or owner).split(".") if part]
    return ("model", *path, str(data.get("given") or "") or name or str(data.get("label") or "?"))


def module_rect(graph: nx.DiGraph, scene: Scene, data: Mapping[str, Any], part: int) -> tuple[float, float, float, float] | None:
    """Where the module is that a part of a node's path (``crumbs``) stands for, in world px: its frame, or its box where it is
    folded. None where it is not drawn: the model, a module of one node, and the node itself."""
    path = list(crumbs(data)[1:-1])
    if not 0 < part <= len(path):
        return None
    wanted, calls, groups = ".".join(path[:part]), graph.graph.get("calls", {}), graph.graph.get("groups", {})
    for call in data.get("calls") or ():
        known = groups[call]["path"] if call in groups else calls[call].path if call in calls else None
        if known != wanted:
            continue
        if call in scene.groups.calls:
            left, top, width, height = scene.groups.rows[scene.groups.calls.index(call)].tolist()
            return (left, top, width, height)
        node = scene.number.get(("group", call))
        if node is not None:
            box = int(np.argmax(scene.node == node))
            width, height = float(scene.width[box]), float(scene.height[box])
            return (float(scene.x[box]) - width / 2, float(scene.y[box]) - height / 2, width, height)
    return None


def tip_of(data: Mapping[str, Any], scene: Scene, marks: Marks, key: Hashable) -> str:
    """The tip on a node, of all that the canvas itself knows."""
    node = scene.node_of(key)
    came, out = marks.norms[scene.target == node], marks.norms[scene.source == node]
    return tip(data, Look(int(marks.look[node])), bool(marks.alert[node]), came, out)


def tip(data: Mapping[str, Any], look: Look, alert: bool, came: npt.NDArray[np.float64], out: npt.NDArray[np.float64]) -> str:
    """Name, shape, source line, norms of gradients that came and went (NaN: not known), as rich text."""
    lines = [f"<b>{escape(full_name(data))}</b> &nbsp;{word(look)}{translate('Canvas', ', NaN, Inf or an error') if alert else ''}"]
    if detail := str(data.get("detail") or ""):
        lines.append(escape(detail.replace("x", "\N{MULTIPLICATION SIGN}")))
    if path := str(data.get("path") or ""):
        lines.append(escape(path))
    if line := data.get("line"):
        lines.append(f"{escape(str(line[0]))}:{line[1]}")
    for title, norms in ((translate("Canvas", "norm in"), came), (translate("Canvas", "norm out"), out)):
        known = norms[~np.isnan(norms)]
        if len(known):
            lines.append(f"{title} " + ", ".join(_norm(norm) for norm in known[:4].tolist()))
    if hooks := int(data.get("hooks") or 0):
        lines.append(translate("Canvas", "%n hook(s)", hooks))
    return "<br>".join(lines)


def spoken(data: Mapping[str, Any], key: Hashable, look: Look, norms: npt.NDArray[np.float64], marks: Iterable[str] = ()) -> str:
    """A node in the words of a screen reader: "MulBackward0, node 12, done, gradient norm 0.31, current". ``norms`` are those of the
    gradients that came (NaN: not known), ``marks`` what else there is to say."""
    kind, number = key if isinstance(key, tuple) and len(key) == 2 else ("", None)
    counted = {
        "node": translate("Canvas", "node {0}"),
        "op": translate("Canvas", "op {0}"),
        "leaf": translate("Canvas", "tensor {0}"),
    }
    parts = [full_name(data)]
    if kind in counted:
        parts.append(counted[kind].format(number))
    parts.append(word(look))
    known = norms[~np.isnan(norms)].tolist()
    if known:
        many = translate("Canvas", "gradient norms {0}") if len(known) > 1 else translate("Canvas", "gradient norm {0}")
        parts.append(many.format(" + ".join(_norm(norm) for norm in known[:4])))
    return ", ".join([*parts, *marks])


def spoken_more(data: Mapping[str, Any]) -> str:
    """What is said of a node to who asks for more: its shape, its module and its line of the script."""
    line = data.get("line")
    parts = [str(data.get("detail") or "").replace("x", "\N{MULTIPLICATION SIGN}"), str(data.get("path") or "")]
    parts.append(f"{line[0]}:{line[1]}" if line else "")
    if hooks := int(data.get("hooks") or 0):
        parts.append(translate("Canvas", "%n hook(s)", hooks))
    return ", ".join(part for part in parts if part)


def spoken_group(title: str, count: int) -> str:
    """An open group in the words of a screen reader."""
    return translate("Canvas", "{0}, group, %n node(s)", count).format(title)


def _norm(norm: float) -> str:
    return f"{norm:.3g}" if np.isfinite(norm) else translate("Canvas", "not finite")


def description(
    graph: nx.DiGraph,
    current: Hashable | None,
    selected: Hashable | None,
    look: Look | None,
    note: str,
    facts: Callable[[Any], Mapping[str, Any]] | None = None,
    seen: Iterable[str] = (),
) -> str:
    """One sentence about where the program stands, one about the selection, one about the graph, and what else is ``seen``."""
    facts = facts or graph.nodes.__getitem__
    parts = []
    if current is not None and look is not None:
        parts.append(", ".join(part for part in (full_name(facts(current)), note or word(look)) if part))
    if selected is not None and selected != current:
        parts.append(translate("Canvas", "selected: {0}").format(full_name(facts(selected))))
    parts.append(translate("Canvas", "%n node(s)", len(graph)))
    parts += seen
    return "; ".join(parts)
