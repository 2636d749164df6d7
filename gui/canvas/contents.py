"""What is on a canvas as a tree, as who cannot see it walks through it: nodes in the order in which they are read, under the open
groups around them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property

import networkx as nx
import numpy as np

from .scene import Scene, folded_name

Key = Hashable


@dataclass(frozen=True)
class Contents:
    """Everything on the scene of a graph by key. A group has the same key whether it is folded or open, ``("group", name)``; None stands
    for the canvas. Nothing is worked out before it is asked for."""

    graph: nx.DiGraph = field(default_factory=nx.DiGraph)
    scene: Scene | None = None

    @cached_property
    def frames(self) -> dict[Key, int]:
        """The open groups by key, and the row of each in ``scene.groups``."""
        return {} if self.scene is None else {("group", name): row for row, name in enumerate(self.scene.groups.calls)}

    def __contains__(self, key: Key) -> bool:
        return self.scene is not None and (key in self.scene.number or key in self.frames)

    def parent(self, key: Key) -> Key | None:
        """The open group around what has a key, None where there is none."""
        found: Key | None = self._parents[key]
        return found

    def children(self, key: Key | None) -> tuple[Key, ...]:
        """What stands in a group, or on the canvas itself, from top to bottom and from left to right."""
        return self._children.get(key, ())

    def place(self, key: Key) -> int:
        """Which one of its parent's children it is."""
        return self._places[key]

    @cached_property
    def _parents(self) -> dict[Key, Key | None]:
        parents: dict[Key, Key | None] = {}
        around: dict[tuple[Key, ...], Key | None] = {}  # modules around a node -> the innermost that is open
        for key in self.scene.keys if self.scene is not None else ():
            calls = tuple(self.graph.nodes[key].get("calls") or ())
            if calls not in around:
                chain = [name for name in (("group", call) for call in calls) if name in self.frames and name != key]
                for outer, inner in zip([None, *chain], chain, strict=False):
                    parents[inner] = outer
                around[calls] = chain[-1] if chain else None
            parents[key] = around[calls]
        return parents

    @cached_property
    def _children(self) -> dict[Key | None, tuple[Key, ...]]:
        scene = self.scene
        if scene is None or not len(scene.keys):
            return {}
        shown, first = np.unique(scene.node, return_index=True)  # the first box of a node stands for it
        opened = [key for key in self.frames if key in self._parents]
        rows = scene.groups.rows.reshape(-1, 4)[[self.frames[key] for key in opened]]
        left = np.concatenate([scene.x[first] - scene.width[first] / 2, rows[:, 0]])
        top = np.concatenate([scene.y[first] - scene.height[first] / 2, rows[:, 1]])
        keys = [*(scene.keys[node] for node in shown.tolist()), *opened]
        under: dict[Key | None, list[Key]] = {}
        for number in np.lexsort((left, top)).tolist():
            under.setdefault(self._parents[keys[number]], []).append(keys[number])
        return {key: tuple(found) for key, found in under.items()}

    @cached_property
    def _places(self) -> dict[Key, int]:
        return {key: place for found in self._children.values() for place, key in enumerate(found)}

    def title(self, key: Key) -> tuple[str, int] | None:
        """The title of an open group, and how many nodes it holds; None for everything else."""
        row = self.frames.get(key)
        return None if row is None or self.scene is None else (self.scene.groups.titles[row], int(self.scene.groups.counts[row]))

    def is_group(self, key: Key) -> bool:
        """Whether it opens and folds."""
        return folded_name(key) is not None
