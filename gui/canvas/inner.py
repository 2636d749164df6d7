"""How far the nodes in folded groups are. A folded group shows the sum of what it holds."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable

import numpy as np
import numpy.typing as npt

from .routes import Ints
from .scene import Scene
from .status import Look

Key = Hashable
Pair = tuple[Key, Key]
Bytes = npt.NDArray[np.uint8]
BACKWARD = "node"  # the kind of keys whose progress counts


class Inner:
    """Looks by id of all backward nodes, their numbers in each folded group, and the norms on the edges of the inside."""

    def __init__(self, scene: Scene) -> None:
        table = scene.inside.get(BACKWARD)
        self._shown: Ints = table if table is not None else np.zeros(0, np.int64)
        self.folded = np.array([isinstance(key, tuple) and key[0] == "group" for key in scene.keys], np.bool_)
        self.looks: Bytes = np.full(len(self._shown), Look.PENDING, np.uint8)
        self._held = self._shown >= 0
        self._held[self._held] = self.folded[self._shown[self._held]]
        self.counts: Ints = np.zeros((len(scene.keys), len(Look)), np.int64)
        self._passed: dict[int, dict[Pair, float]] = {}  # edge at a folded group -> what passed on the edges that it stands for
        self.recount()

    def recount(self) -> None:
        """Counts all anew from ``looks``."""
        held = np.flatnonzero(self._held)
        places = self._shown[held] * len(Look) + self.looks[held]
        self.counts = np.bincount(places, minlength=self.counts.size).reshape(self.counts.shape)

    def holds(self, key: Key) -> bool:
        """Whether a key is a backward node in a folded group."""
        return isinstance(key, tuple) and key[0] == BACKWARD and 0 <= key[1] < len(self._held) and bool(self._held[key[1]])

    def set(self, key: Key, look: Look) -> bool:
        """A node in a folded group is so far. False where it was already."""
        assert isinstance(key, tuple)
        id, before = key[1], int(self.looks[key[1]])
        if before == look:
            return False
        self.looks[id] = look
        group = int(self._shown[id])
        self.counts[group, before] -= 1
        self.counts[group, look] += 1
        return True

    def look(self, group: int) -> Look:
        """What a folded group is drawn as: running if something in it is, done when all is, ready if something is."""
        counts = self.counts[group]
        total = int(counts.sum())
        if counts[Look.RUNNING]:
            return Look.RUNNING
        if counts[Look.DONE] == total:  # also where there is no backward node in it
            return Look.DONE
        return Look.READY if counts[Look.READY] else Look.PENDING

    def share(self, group: int) -> float:
        """How much of a folded group is done, 0 to 1."""
        total = int(self.counts[group].sum())
        return float(self.counts[group, Look.DONE]) / total if total else 1.0

    def put(self, edge: int, pair: Pair, norm: float) -> None:
        """A gradient passed from one node to another, for which the edge between what shows them stands."""
        self._passed.setdefault(edge, {})[pair] = norm

    def forget_norms(self) -> None:
        self._passed.clear()

    def norms(self, edges: Iterable[int]) -> dict[int, float]:
        """The norm of all gradients together that passed an edge at a folded group so far (their root of squares; inf where
        one is not finite), for the edges where some did."""
        found = {}
        for edge in edges:
            passed = [norm for (source, _), norm in self._passed.get(edge, {}).items() if self._is_done(source)]
            if passed:
                found[edge] = math.sqrt(sum(norm * norm for norm in passed))
        return found

    def _is_done(self, key: Key) -> bool:
        return not isinstance(key, tuple) or key[0] != BACKWARD or bool(self.looks[key[1]] == Look.DONE)
