"""Decides what is drawn at what size before anything has a place: labels, shapes, box sizes, and which leaves are docked.

A leaf (AccumulateGrad, or a parameter in the forward graph) is not a box of its own in the layout but a chip at the right
side of the node that it belongs to, with the transpose that stands between (TBackward0) as a small chip before it. A leaf
with several consumers has a chip at each. This takes a third of the boxes out of the layout and, where weights are shared
over time steps, nearly all crossings.

Pure data in, pure data out: the widths of the texts come in as a table, so this runs in a worker process without Qt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from itertools import takewhile
from typing import Any, NamedTuple

import networkx as nx

from ..categories import category_of
from ..models.named import both

Key = Hashable

CHIP_HEIGHT = 20.0
CHIP_GAP = 4.0  # between chips above one another
DOCK_GAP = 16.0  # between a box and its chips
STEM_GAP = 6.0  # between the chip of a transpose and the leaf behind it
GROUP_HEIGHT = 52.0  # of a folded group
GROUP_LEAD = 28.0  # its chevron
CHIP_ROWS = 6  # more chips stand in further columns

STEMS = frozenset({"t", "transpose", "permute", "view", "unsafeview", "reshape", "expand", "squeeze", "unsqueeze", "numpyt", "mt"})
_LABEL_WIDTH = 190.0  # px; longer labels are elided
_CHIP_WIDTH = 120.0


class Shape(IntEnum):
    """The outlines that are told apart: by corner, stripe, icon or filling, never by hue alone."""

    OP = 0  # forward op: square corners, stripe along the top
    FUNCTION = 1  # backward node: round corners, stripe at the left
    ACCUMULATE = 2  # pill with a leaf
    CUSTOM = 3  # cut corners and braces
    BOUNDARY = 4  # dotted frame
    REBASE = 5  # two sheets
    OPAQUE = 6  # hatched, with a lock
    LEAF = 7  # parameter in the forward graph: pill with a leaf
    INPUT = 8  # input in the forward graph: pill with an arrow
    STEM = 9  # chip of a transpose between a node and its leaf
    GROUP = 10  # a folded group: two lines, a chevron, a bar that says how far it is


_SHAPES = {
    "op": Shape.OP,
    "function": Shape.FUNCTION,
    "accumulate": Shape.ACCUMULATE,
    "custom": Shape.CUSTOM,
    "boundary": Shape.BOUNDARY,
    "rebase": Shape.REBASE,
    "opaque": Shape.OPAQUE,
    "leaf": Shape.LEAF,
    "input": Shape.INPUT,
    "group": Shape.GROUP,
}
PILLS = frozenset({Shape.ACCUMULATE, Shape.LEAF, Shape.INPUT, Shape.STEM})
WITH_ICON = frozenset({Shape.CUSTOM, Shape.BOUNDARY, Shape.REBASE, Shape.OPAQUE})


class Style(NamedTuple):
    """All that a box's picture depends on besides its state. Boxes with equal styles share their pictures."""

    shape: Shape
    category: str
    label: str
    detail: str
    width: float
    height: float
    shared: bool = False  # a leaf that has several chips
    note: str = ""  # of a folded group: its class
    times: int = 1  # how often it repeats


class TextRole(IntEnum):
    """The four text faces of the canvas."""

    LABEL = 0
    DETAIL = 1
    CHIP = 2
    CHIP_DETAIL = 3


Measure = Callable[[str, TextRole], float]  # width of a text in px at scale 1


@dataclass(frozen=True, slots=True)
class TextWidths:
    """A Measure that can go to another process: the advances of letters, added up. A letter that is not in the table counts
    as the widest, so that boxes are rather too wide than too narrow; pairs are not kerned, for the
    same effect."""

    letters: dict[TextRole, dict[str, float]]

    def __call__(self, text: str, role: TextRole) -> float:
        table = self.letters[role]
        try:
            return sum(table[letter] for letter in text)
        except KeyError:
            widest = max(table.values())
            return sum(table.get(letter, widest) for letter in text)


class Chip(NamedTuple):
    """A docked node: its centre relative to the centre of its host's box, and what precedes it (None: the host itself)."""

    key: Key
    style: Style
    dx: float
    dy: float
    before: Key | None


class Room(NamedTuple):
    """Stands in the layout's graph for all chips of a host: one box docked at the host's right side."""

    host: Key


@dataclass(frozen=True, slots=True)
class Plan:
    """What a layout is asked for, and what is drawn at its answer.

    ``graph``, ``sizes``, ``groups`` and ``docked`` are the layout's arguments: what it places, (width, height) of each node,
    the module calls around each node that are drawn as boxes (outermost first), and which nodes stand at the right side of
    which instead of on a layer. All edges of ``graph`` run in one direction: where forward ops and backward nodes are shown
    together, gradients run against it, so that a node stands at the height of its op (``backwards``).
    """

    graph: nx.DiGraph
    sizes: dict[Key, tuple[float, float]]
    groups: dict[Key, tuple[Key, ...]]
    docked: dict[Key, Key]
    backwards: bool
    boxes: dict[Key, Style]
    chips: dict[Key, tuple[Chip, ...]]
    titles: dict[Key, str]  # call or other group -> what it is called
    counts: dict[Key, int]  # and nodes in it
    folded: dict[Key, tuple[float, float]]  # group -> its size when it is folded; empty for a graph that knows of no folding
    closed: dict[Key, Key]  # node that stands for a folded group -> the group


def label_of(data: Mapping[str, Any], shape: Shape) -> tuple[str, str]:
    """The two texts of a node: its bold line and its small one."""
    name = str(data.get("name") or "")
    label = str(data.get("label") or data.get("op") or "?")
    if shape in (Shape.ACCUMULATE, Shape.LEAF, Shape.INPUT) and name:
        label = name.rpartition(".")[2]
    detail = str(data.get("detail") or "").replace("x", "\N{MULTIPLICATION SIGN}")
    given = str(data.get("given") or "")
    if given and shape not in PILLS:  # on a pill there is no room for what it is called without it; its tip says so
        detail = f"{label} · {detail}" if detail else label
    return given or label, detail


def shape_of(data: Mapping[str, Any]) -> Shape:
    """The shape for a node's ``kind``; kinds that a newer recorder knows are drawn as opaque."""
    return _SHAPES.get(str(data.get("kind", "function")), Shape.OPAQUE)


def elided(text: str, role: TextRole, width: float, measure: Measure) -> str:
    """The text, or its longest beginning that fits with an ellipsis."""
    if measure(text, role) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(text[:middle].rstrip() + "…", role) <= width else (low, middle - 1)
    return text[:low].rstrip() + "…"


def plan(graph: nx.DiGraph, measure: Measure) -> Plan:
    """Styles, docking and sizes for a graph with the attributes of ``gradstep.engine.tape.graph``."""
    styles: dict[tuple[object, ...], Style] = {}

    def style(key: Key, shape: Shape | None = None) -> Style:
        data = graph.nodes[key]
        if data.get("kind") == "group":
            return _group_style(data, measure)
        name = str(data.get("name") or "")
        given = data.get("given")
        facts = (shape, data.get("kind"), data.get("op"), data.get("label"), name.rpartition(".")[2], data.get("detail"), given)
        found = styles.get(facts)
        if found is None:
            drawn = shape_of(data) if shape is None else shape
            pill = drawn in (Shape.ACCUMULATE, Shape.LEAF)
            category = (
                "leaf" if pill else "custom" if drawn == Shape.CUSTOM else category_of(str(data.get("op") or data.get("label") or ""))
            )
            found = styles[facts] = _styled(drawn, category, *label_of(data, drawn), measure)
        return found

    docks = _docks(graph)
    docked = {key for ways in docks.values() for _, way in ways for key in way}
    hosts: dict[Key, list[list[Chip]]] = {}
    for leaf, ways in sorted(docks.items(), key=lambda item: str(graph.nodes[item[0]].get("name") or "")):
        for host, way in ways:
            row, before = [], None
            for key in (*way[:-1], leaf):
                shown = style(key, None if key == leaf else Shape.STEM)
                if key == leaf and len(ways) > 1:
                    shown = shown._replace(shared=True, width=shown.width + 14)
                row.append(Chip(key, shown, 0.0, 0.0, before))
                before = key
            hosts.setdefault(host, []).append(row)

    boxes = {key: style(key) for key in graph if key not in docked}
    sizes: dict[Key, tuple[float, float]] = {key: (box.width, box.height) for key, box in boxes.items()}
    chips: dict[Key, tuple[Chip, ...]] = {}
    rooms: dict[Key, Key] = {}
    for host, rows in hosts.items():
        chips[host], size = _arranged(boxes[host], rows)
        rooms[Room(host)] = host
        sizes[Room(host)] = size
    titles, counts = _calls(graph, boxes)
    groups = {key: tuple(call for call in graph.nodes[key].get("calls") or () if call in titles) for key in boxes}
    kinds = {kind for _, _, kind in graph.edges(data="kind")}
    backwards = "data" in kinds and "gradient" in kinds
    return Plan(
        _placed(graph, boxes, rooms, backwards), sizes, groups, rooms, backwards, boxes, chips, titles, counts, *_folds(graph, measure)
    )


def _placed(graph: nx.DiGraph, boxes: Mapping[Key, Style], rooms: Mapping[Key, Key], backwards: bool) -> nx.DiGraph:
    """The graph that the layout places: boxes and rooms of chips; no links, which are drawn straight wherever they go."""
    result = nx.DiGraph()
    result.add_nodes_from(boxes)
    result.add_edges_from(
        (b, a) if backwards and kind == "gradient" else (a, b)
        for a, b, kind in graph.edges(data="kind")
        if kind != "link" and a != b and a in boxes and b in boxes
    )
    result.add_edges_from((host, room) for room, host in rooms.items())
    return result


def _calls(graph: nx.DiGraph, boxes: Mapping[Key, Style]) -> tuple[dict[Key, str], dict[Key, int]]:
    """Titles and node counts of the module calls that are drawn: those with a path and at least two boxes. (A frame of the
    outermost would go around everything and say nothing.) A graph that was folded says its groups itself."""
    groups: Mapping[Key, Mapping[str, Any]] | None = graph.graph.get("groups")
    if groups is not None:
        titles = {
            name: both(facts.get("given", ""), facts["label"])
            + (f" \N{MULTIPLICATION SIGN}{facts['repeats']:,}" if facts["repeats"] > 1 else "")
            for name, facts in groups.items()
        }
        return titles, {name: int(facts["nodes"]) for name, facts in groups.items()}
    known = graph.graph.get("calls", {})
    inside: Counter[Key] = Counter()
    counts: Counter[Key] = Counter()
    paths: dict[Key, list[str]] = {}
    for key, data in graph.nodes(data=True):
        calls = data.get("calls") or ()
        counts.update(calls)
        if key in boxes:
            inside.update(calls)
        for call in calls:
            if call not in known:
                paths.setdefault(call, []).append(str(data.get("path") or ""))
    drawn = [call for call, number in inside.items() if number > 1]
    given = graph.graph.get("given", {})
    named = {call: both(given.get(call, ""), title_of(known[call].path if call in known else _common(paths[call]))) for call in drawn}
    return {call: title for call, title in named.items() if title}, dict(counts)


def title_of(path: str) -> str:
    """What a module is called inside the one around it: ``attn`` for ``blocks.0.attn``, but ``blocks.0`` for that."""
    parts = path.split(".")
    return ".".join(parts[-2:] if parts[-1].isdigit() else parts[-1:])


def _common(paths: list[str]) -> str:
    """The module path that all these paths begin with."""
    first, last = min(paths).split("."), max(paths).split(".")  # in order, what lies between shares what the ends share
    return ".".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))


def _styled(shape: Shape, category: str, label: str, detail: str, measure: Measure) -> Style:
    if shape == Shape.STEM:
        label = elided(label, TextRole.CHIP, 60.0, measure)
        return Style(shape, category, label, "", _even(max(CHIP_HEIGHT, measure(label, TextRole.CHIP) + 12)), CHIP_HEIGHT)
    if shape in PILLS:
        label = elided(label, TextRole.CHIP, _CHIP_WIDTH, measure)
        detail = elided(detail, TextRole.CHIP_DETAIL, _CHIP_WIDTH, measure)
        width = 20 + measure(label, TextRole.CHIP) + (6 + measure(detail, TextRole.CHIP_DETAIL) if detail else 0) + 10
        return Style(shape, category, label, detail, _even(width), CHIP_HEIGHT)
    label = elided(label, TextRole.LABEL, _LABEL_WIDTH, measure)
    detail = elided(detail, TextRole.DETAIL, _LABEL_WIDTH, measure)
    room = 20 if shape in WITH_ICON else 0
    width = max(measure(label, TextRole.LABEL) + room, measure(detail, TextRole.DETAIL)) + 28
    return Style(shape, category, label, detail, _even(max(64.0, width)), 40.0 if detail else 30.0)


def _folds(graph: nx.DiGraph, measure: Measure) -> tuple[dict[Key, tuple[float, float]], dict[Key, Key]]:
    """The sizes of all groups when they are folded, and the nodes that stand for those that are."""
    sizes: dict[Key, tuple[float, float]] = {}
    for name, facts in graph.graph.get("groups", {}).items():
        style = _group_style(facts, measure)
        sizes[name] = (style.width, style.height)
    return sizes, {key: data["group"] for key, data in graph.nodes(data=True) if data.get("kind") == "group"}


def _group_style(data: Mapping[str, Any], measure: Measure) -> Style:
    """A folded group: name, class and repetitions above, what it holds below."""
    given, own = str(data.get("given") or ""), str(data["label"])
    label = elided(given or own, TextRole.LABEL, 150.0, measure)
    beside = own if given else str(data["type"]) if data["type"] != own else ""
    note = elided(beside, TextRole.DETAIL, 110.0, measure) if beside else ""
    times = int(data["repeats"])
    detail = f"{data['nodes']:,} nodes"
    if data["elements"]:
        detail += f" · {amount(int(data['elements']))} params"
    upper = GROUP_LEAD + measure(label, TextRole.LABEL) + 14
    if times > 1:
        upper += 8 + measure(f"\N{MULTIPLICATION SIGN}{times:,}", TextRole.CHIP) + 12
    if note:
        upper += 8 + measure(note, TextRole.DETAIL)
    width = max(upper, GROUP_LEAD + measure(detail, TextRole.DETAIL) + 22, 120.0)
    return Style(Shape.GROUP, "shape", label, detail, _even(width), GROUP_HEIGHT, note=note, times=times)


def amount(count: int) -> str:
    """A number in three figures: 3.28k, 124M."""
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.3g}{letter}"
    return str(count)


def _even(width: float) -> float:
    return 2.0 * -(-width // 2)  # half of it is a whole number, so straight edges meet box centres on whole pixels


def _arranged(box: Style, rows: list[list[Chip]]) -> tuple[tuple[Chip, ...], tuple[float, float]]:
    """The chips at their places, and the width and height of all of them."""
    placed: list[Chip] = []
    left, height = box.width / 2 + DOCK_GAP, 0.0
    for first in range(0, len(rows), CHIP_ROWS):
        column = rows[first : first + CHIP_ROWS]
        tall = len(column) * (CHIP_HEIGHT + CHIP_GAP) - CHIP_GAP
        height, widest = max(height, tall), 0.0
        for number, row in enumerate(column):
            x, y = left, -tall / 2 + number * (CHIP_HEIGHT + CHIP_GAP) + CHIP_HEIGHT / 2
            for chip in row:
                placed.append(chip._replace(dx=x + chip.style.width / 2, dy=y))
                x += chip.style.width + STEM_GAP
            widest = max(widest, x - STEM_GAP - left)
        left += widest + DOCK_GAP
    return tuple(placed), (left - 2 * DOCK_GAP - box.width / 2, height)


def _docks(graph: nx.DiGraph) -> dict[Key, list[tuple[Key, tuple[Key, ...]]]]:
    """For each leaf that can be docked: its hosts, each with the way from the host to the leaf (the leaf last)."""
    result: dict[Key, list[tuple[Key, tuple[Key, ...]]]] = {}
    for leaf, data in graph.nodes(data=True):
        kind = data.get("kind")
        if kind not in ("accumulate", "leaf"):
            continue
        inward = kind == "accumulate"  # gradients flow to it; a parameter's value flows from it
        ways = []
        for neighbour in _neighbours(graph, leaf, inward):
            host, way = neighbour, [leaf]
            while len(way) < 3 and _is_stem(graph, host, inward):
                (further,) = _neighbours(graph, host, inward)
                way.insert(0, host)
                host = further
            ways.append((host, tuple(way)))
        ways.sort(key=lambda way: -int(graph.nodes[way[0]].get("sequence") or 0))
        if ways and not any(_is_leaf(graph, host) for host, _ in ways):
            result[leaf] = ways
    return result


def _is_leaf(graph: nx.DiGraph, key: Key) -> bool:
    return graph.nodes[key].get("kind") in ("accumulate", "leaf")


def _is_stem(graph: nx.DiGraph, key: Key, inward: bool) -> bool:
    data = graph.nodes[key]
    if data.get("kind") not in ("function", "op") or data.get("hooks"):
        return False
    name = str(data.get("op") or data.get("label") or "").lower().replace("_", "").removesuffix("backward0")
    return name in STEMS and len(_neighbours(graph, key, True)) == 1 and len(_neighbours(graph, key, False)) == 1


def _neighbours(graph: nx.DiGraph, key: Key, inward: bool) -> list[Key]:
    edges = graph.in_edges(key, data="kind") if inward else graph.out_edges(key, data="kind")
    return [source if inward else target for source, target, kind in edges if kind != "link"]
