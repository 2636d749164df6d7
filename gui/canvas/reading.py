"""What helps to read the graph on a canvas: colours by a fact, dimmed nodes, hits of a search, ways, packets, choices.

``Reading`` keeps it by the graph's keys and tells the canvas what must be painted anew; it knows no pixels.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from ..translation import translate
from . import lights
from .dress import Dress
from .flowing import Flowing
from .ink import NormScale
from .lights import Choice, Lights
from .marks import EVERYTHING
from .scene import GRADIENT, Scene
from .trails import trail

Key = Hashable
Edge = tuple[Key, Key]
PACKETS = 24  # at once; of a node that sends to more, the first ones are shown


@dataclass(frozen=True, slots=True)
class Chip:
    """One name of a legend: its place in the palette, what it is called, and how many nodes have it."""

    place: int
    text: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Legend:
    """What the colours of nodes mean: chips for names, or a bar between two ends; ``zero`` and ``plain`` say what the colour
    of nothing and no colour at all stand for ("" where there are none)."""

    title: str
    chips: tuple[Chip, ...] = ()
    ticks: tuple[str, ...] = ()  # numbers under the bar, evenly spaced from its left end to its right end
    bar: tuple[int, int] = (0, 0)  # places in the palette between which the bar lies, the second one not in it
    zero: str = ""
    plain: str = ""
    norms: NormScale | None = None  # where the colours are gradient norms: their scale, for edges as well


class Reading(QObject):
    """One for each canvas. Setters for keys that are not drawn do nothing."""

    lit = Signal()  # what lies over the picture has changed
    flowed = Signal(object)  # packets have moved along these edges, by number
    edge_hovered = Signal(object)  # the pointer is over this edge, as (source, target); None: over none
    dressed = Signal(object)  # the nodes whose colours have changed, by number; EVERYTHING for all

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._scene: Scene | None = None
        self._graph = nx.DiGraph()
        self.dress: Dress | None = None
        self.lights = Lights()
        self.legend: Legend | None = None
        self._hovered = -1  # the edge under the pointer
        self.flowing = Flowing(widget)
        self.flowing.moved.connect(self._flow)

    def show_scene(self, graph: nx.DiGraph, scene: Scene | None) -> None:
        """Another scene: all colours and lights are those of the one before, and gone."""
        self.flowing.stop()
        self._graph, self._scene = graph, scene
        self.dress = Dress(scene) if scene is not None else None
        self.lights = Lights()
        self.legend = None
        self._hovered = -1
        if scene is not None:
            self.lights.hits = np.zeros(len(scene.keys), np.bool_)

    def turn_scene(self, scene: Scene) -> None:
        """The same scene upside down: numbers stay, places do not."""
        self._scene = scene

    def all_keys(self) -> list[Any]:
        """The keys of all nodes that are drawn or folded away; folded groups are none of them."""
        scene = self._scene
        if scene is None:
            return []
        if not scene.inside:
            return list(scene.keys)
        return [(kind, id) for kind, table in scene.inside.items() for id in np.flatnonzero(table >= 0).tolist()]

    def holder(self, key: Key) -> Key | None:
        """The key of the node that shows a key: itself, or a folded group; None where it is not drawn."""
        node = self._scene.node_of(key) if self._scene is not None else -1
        return self._scene.keys[node] if self._scene is not None and node >= 0 else None

    def words(self) -> list[str]:
        """What colours and dimming say to those who see neither: what the colours mean, and how many nodes stand out."""
        said = []
        if self.legend is not None:
            chips = ", ".join(f"{chip.text} ({chip.count})" if chip.count else chip.text for chip in self.legend.chips)
            span = " .. ".join(self.legend.ticks[:: max(1, len(self.legend.ticks) - 1)])
            said.append(
                ": ".join(part for part in (translate("Canvas", "coloured by {0}").format(self.legend.title), chips or span) if part)
            )
        if self.dress is not None and self.dress.dims:
            said.append(translate("Canvas", "%n node(s) (stands|stand) out", int((~self.dress.dim).sum())))
        return said

    # ------------------------------------------------------------------------------------------------------------- dress

    def colour_by(self, legend: Legend | None, palette: Sequence[QColor] = (), places: Mapping[Any, int] | None = None) -> None:
        """Colours the nodes by their places in the palette; nodes that are not named are plain. None: by family again."""
        if self.dress is None or (legend is None and self.legend is None):
            return
        self.legend = legend
        self.dress.norms = legend.norms if legend is not None else None
        self.dress.colour(palette if legend is not None else (), places or {})
        self.dressed.emit(EVERYTHING)

    def recolour(self, places: Mapping[Any, int]) -> None:
        """Changes the colours of a few nodes; the legend stays."""
        if self.dress is not None and self.legend is not None and (changed := self.dress.recolour(places)):
            self.dressed.emit(changed)

    def dim_all_but(self, keys: Iterable[Key] | None) -> None:
        """Dims what is not named; None dims nothing."""
        if self.dress is None or (keys is None and not self.dress.dims):
            return
        self.dress.dim_all_but(keys)
        self.dressed.emit(EVERYTHING)

    def dim_changed(self, brighter: Iterable[Key], dimmer: Iterable[Key]) -> bool:
        """Dims and brightens a few nodes where others are dimmed already, and paints only those and their edges anew. False
        where that cannot be told from these alone: a folded group is dimmed when nothing in it stands out."""
        scene, dress = self._scene, self.dress
        if scene is None or dress is None:
            return False
        dimmer = list(dimmer)
        if any(self.holder(key) != key for key in dimmer):
            return False
        changed = dress.dim_some([scene.node_of(key) for key in brighter], [scene.node_of(key) for key in dimmer])
        around = scene.source[np.isin(scene.target, list(changed))].tolist()  # edges are painted with where they come from
        if changed:
            self.dressed.emit(changed | frozenset(around))
        return True

    # ------------------------------------------------------------------------------------------------------------ lights

    def set_hits(self, keys: Iterable[Key], current: Key | None = None) -> None:
        """Frames what a search found, and the hit that is looked at twice."""
        if self._scene is None:
            return
        found = self._scene.nodes_of(keys)
        hit = self._scene.node_of(current) if current is not None else -1
        if not len(found) and not self.lights.some_hits and hit == self.lights.hit:
            return
        self.lights.hits[:] = False
        self.lights.hits[found] = True
        self.lights.some_hits = bool(len(found))
        self.lights.hit = hit
        self.lit.emit()

    def set_way(self, edges: Sequence[Edge]) -> None:
        """Lights a path; an empty one lights none."""
        if self._scene is not None and (edges or len(self.lights.way)):
            self.lights.way = lights.numbers(self._scene.edge_number, edges)
            self.lit.emit()

    def hover_edge(self, edge: int) -> None:
        """Lights the whole way of the tensor that goes along an edge, by its number; -1 for none."""
        scene = self._scene
        if scene is None or edge == self._hovered:
            return
        self._hovered = edge
        if edge < 0:
            self.lights.trail = self.lights.trail[:0]
            self.lit.emit()
            self.edge_hovered.emit(None)
            return
        pair = scene.keys[int(scene.source[edge])], scene.keys[int(scene.target[edge])]
        self.lights.trail = lights.numbers(scene.edge_number, trail(self._graph, pair))
        self.lit.emit()
        self.edge_hovered.emit(pair)

    def choose(self, choice: Choice | None) -> None:
        """Shows among which neighbours the arrows choose, None for no choice."""
        if choice != self.lights.choice:
            self.lights.choice = choice
            self.lit.emit()

    # -------------------------------------------------------------------------------------------------------------- flow

    def flow_from(self, key: Key) -> None:
        """The node has run: packets go along its edges to those that received its gradients."""
        scene = self._scene
        node = scene.node_of(key) if scene is not None else -1
        if scene is None or node < 0:
            return
        edges = np.flatnonzero((scene.source == node) & (scene.kind == GRADIENT))[:PACKETS]
        self.flowing.stop()
        if len(edges) and self.flowing.start():
            self.lights.flowing, self.lights.share = edges, 0.0
            self.flowed.emit(edges.tolist())

    @Slot()
    def _flow(self) -> None:
        self.lights.share = self.flowing.share
        self.flowed.emit(self.lights.flowing.tolist())
        if self.lights.share >= 1.0:
            self.lights.flowing = self.lights.flowing[:0]
