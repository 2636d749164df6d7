"""How far the nodes in folded groups are. A folded group shows the sum of what it holds."""

from __future__ import annotations

import math
from array import array
from collections.abc import Hashable, Iterable

import numpy as np
import numpy.typing as npt

from gradstep.engine.tape.growing import Growing

from .routes import Floats, Ints
from .scene import BACKWARD, Scene
from .status import Look

Key = Hashable
Bytes = npt.NDArray[np.uint8]


class Inner:
    """Looks by id of all backward nodes, their numbers in each folded group, and the norms on the edges of the inside."""

    def __init__(self, scene: Scene) -> None:
        table = scene.inside.get(BACKWARD)
        self._shown: Ints = table if table is not None else np.zeros(0, np.int64)
        self.folded = scene.folded
        self.looks: Bytes = np.full(len(self._shown), Look.PENDING, np.uint8)
        self._held = self._shown >= 0
        self._held[self._held] = self.folded[self._shown[self._held]]
        self.counts: Ints = np.zeros((len(scene.keys), len(Look)), np.int64)
        self._rows: dict[Hashable, int] = {}  # pair of nodes -> row of what passed between them
        self._rows_of: dict[int, array[int]] = {}  # edge at a folded group -> rows of the pairs for which it stands
        self._sources: Growing[int] = Growing(np.int64)  # row -> id of the backward node that passed it, -1 for what is none
        self._norms: Growing[float] = Growing(np.float64)
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

    def group_looks(self) -> tuple[Ints, Bytes]:
        """All folded groups, and what each is drawn as."""
        groups = np.flatnonzero(self.folded)
        counts = self.counts[groups]
        looks = np.where(counts[:, Look.READY] > 0, Look.READY, Look.PENDING)
        looks = np.where(counts[:, Look.DONE] == counts.sum(axis=1), Look.DONE, looks)
        return groups, np.where(counts[:, Look.RUNNING] > 0, Look.RUNNING, looks).astype(np.uint8)

    def share(self, group: int) -> float:
        """How much of a folded group is done, 0 to 1."""
        total = int(self.counts[group].sum())
        return float(self.counts[group, Look.DONE]) / total if total else 1.0

    def put(self, edges: Ints, sources: Ints, pairs: Iterable[Hashable], norms: Floats) -> None:
        """Gradients passed between pairs of nodes, for which these edges stand between what shows the two. A pair that is there
        already has another norm now."""
        if not self._rows:
            self._put_first(edges, sources, pairs, norms)
            return
        rows, first = self._rows, self._norms.length
        fresh: list[int] = []
        for place, (edge, pair) in enumerate(zip(edges.tolist(), pairs, strict=True)):
            row = rows.setdefault(pair, first + len(fresh))
            if row < first:
                self._norms.filled[row] = norms[place]
            elif row == first + len(fresh):
                fresh.append(place)
                self._rows_of.setdefault(edge, array("q")).append(row)
            else:
                fresh[row - first] = place
        places = np.array(fresh, np.int64)
        self._sources.extend(sources[places])
        self._norms.extend(norms[places])

    def _put_first(self, edges: Ints, sources: Ints, pairs: Iterable[Hashable], norms: Floats) -> None:
        """The same where nothing has passed yet, for a hundred thousand pairs at once."""
        last = {pair: place for place, pair in enumerate(pairs)}
        self._rows = dict(zip(last, range(len(last)), strict=True))
        places = np.fromiter(last.values(), np.int64, len(last))
        self._sources.extend(sources[places])
        self._norms.extend(norms[places])
        order = np.argsort(edges[places], kind="stable")
        found, starts = np.unique(edges[places][order], return_index=True)
        self._rows_of = {edge: array("q", rows.tobytes()) for edge, rows in zip(found.tolist(), np.split(order, starts[1:]), strict=True)}

    def forget_norms(self) -> None:
        self._rows.clear()
        self._rows_of.clear()
        self._sources.length = self._norms.length = 0

    def norms(self, edges: Iterable[int]) -> dict[int, float]:
        """The norm of all gradients together that passed an edge at a folded group so far (their root of squares; inf where
        one is not finite), for the edges where some did."""
        asked = [edge for edge in edges if edge in self._rows_of]
        if not asked:
            return {}
        parts = [np.frombuffer(self._rows_of[edge], np.int64) for edge in asked]
        rows, owner = np.concatenate(parts), np.repeat(np.arange(len(asked)), [len(part) for part in parts])
        sources = self._sources.filled[rows]
        counts = sources < 0
        counts[~counts] = self.looks[sources[~counts]] == Look.DONE
        rows, owner = rows[counts], owner[counts]
        with np.errstate(over="ignore"):
            sums = np.bincount(owner, np.square(self._norms.filled[rows]), len(asked))
        passed = np.bincount(owner, minlength=len(asked)) > 0
        return {asked[place]: math.sqrt(sums[place]) for place in np.flatnonzero(passed).tolist()}
