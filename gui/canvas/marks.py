"""What changes on a scene while a program runs: states of nodes, alerts, breakpoints, norms on edges.

The canvas writes it through the methods, each of which answers which nodes must be painted anew (EVERYTHING: all); the
painter reads it.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping

import numpy as np
import numpy.typing as npt

from .ink import NormScale
from .inner import BACKWARD, Inner
from .routes import Flags, Floats, Ints
from .scene import Scene
from .status import ALERT, Look, look_of

Key = Hashable
Bytes = npt.NDArray[np.uint8]
EVERYTHING: frozenset[int] = frozenset((-1,))
NOTHING: frozenset[int] = frozenset()
_FEW = 64  # beyond so many edges at once, painting all is quicker than painting each


class Marks:
    """The marks of one scene, by node and edge number. Keys that the scene has not are ignored."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.inner = Inner(scene)
        self.look: Bytes = self._at_rest()
        self._alerts: set[Key] = set()
        self.alert: npt.NDArray[np.bool_] = np.zeros(len(scene.keys), np.bool_)
        self.norms: Floats = np.full(len(scene.source), np.nan)  # NaN: not known; inf: not finite
        self.breakpoints: frozenset[int] = NOTHING
        self.scale = NormScale()

    def _at_rest(self) -> Bytes:
        """Before anything is said: backward nodes are pending; forward ops have run, or there would be no graph."""
        return np.where(self._scene.forward, Look.DONE, Look.PENDING).astype(np.uint8)

    def states(self) -> Bytes:
        """Look plus ALERT of each node."""
        return self.look + ALERT * self.alert.astype(np.uint8)

    def running(self) -> set[int]:
        return set(np.flatnonzero(self.look == Look.RUNNING).tolist())

    def nodes(self, keys: Iterable[Key]) -> frozenset[int]:
        """The numbers of those keys that the scene has; of the folded group for what is in one."""
        return frozenset(node for node in map(self._scene.node_of, keys) if node >= 0)

    def set_status(self, key: Key, status: object) -> frozenset[int]:
        look = look_of(status)
        if self._scene.inside and isinstance(key, tuple) and key[0] == BACKWARD:
            if self.inner.holds(key):
                return self._set_inner(key, look)
            if 0 <= key[1] < len(self.inner.looks):
                self.inner.looks[key[1]] = look
        changed = frozenset((self._scene.number[key],)) if key in self._scene.number else NOTHING
        changed = frozenset(node for node in changed if self.look[node] != look)
        self.look[list(changed)] = look
        return changed

    def _set_inner(self, key: Key, look: Look) -> frozenset[int]:
        """A node in a folded group: the group's bar moves, and its look with it."""
        if not self.inner.set(key, look):
            return NOTHING
        group = self._scene.node_of(key)
        self.look[group] = self.inner.look(group)
        return frozenset((group,))

    def set_statuses(self, statuses: Mapping[Key, object]) -> frozenset[int]:
        before, self.look = self.look, self._at_rest()
        number, looks = self._scene.number, self.inner.looks
        shares, known = self.inner.counts, {status: look_of(status) for status in set(statuses.values())}
        looks[:] = Look.PENDING
        for key, status in statuses.items():
            if (node := number.get(key)) is not None:
                self.look[node] = known[status]
            if len(looks) and isinstance(key, tuple) and key[0] == BACKWARD and 0 <= key[1] < len(looks):
                looks[key[1]] = known[status]
        changed = before != self.look
        if len(looks):
            self.inner.recount()
            folded = np.flatnonzero(self.inner.folded)
            for group in folded.tolist():
                self.look[group] = self.inner.look(group)
            changed = (before != self.look) | (shares != self.inner.counts).any(axis=1)
        return _changed(changed)

    def flowed(self, edges: Ints) -> Flags:
        """Which of these edges gradients have passed; brings the norms of those at folded groups up to date."""
        scene, inner = self._scene, self.inner
        passed: Flags = self.look[scene.source[edges]] == Look.DONE
        folded = inner.folded[scene.source[edges]] | inner.folded[scene.target[edges]]
        if folded.any():
            at = edges[folded]
            known = inner.norms(at.tolist())
            self.norms[at] = [known.get(edge, math.nan) for edge in at.tolist()]
            passed[folded] |= ~np.isnan(self.norms[at])
        return passed

    def set_alert(self, key: Key, alert: bool) -> frozenset[int]:
        return self.set_alerts(self._alerts | {key} if alert else self._alerts - {key})

    def set_alerts(self, keys: Iterable[Key]) -> frozenset[int]:
        before, self.alert, self._alerts = self.alert, np.zeros_like(self.alert), set(keys)
        self.alert[list(self.nodes(self._alerts))] = True
        return _changed(before != self.alert)

    def set_breakpoints(self, keys: Iterable[Key]) -> frozenset[int]:
        before, self.breakpoints = self.breakpoints, self.nodes(keys)
        return before ^ self.breakpoints

    def _edge(self, pair: tuple[Key, Key], norm: float) -> int:
        """The edge that shows what passed between two nodes, -1 for none; what an edge at a folded group shows adds up."""
        scene = self._scene
        edge = scene.edge_number.get(pair)
        if edge is None and scene.inside:
            source, target = scene.node_of(pair[0]), scene.node_of(pair[1])
            if source >= 0 and target >= 0 and source != target:
                edge = scene.edge_number.get((scene.keys[source], scene.keys[target]))
            if edge is not None:
                self.inner.put(edge, pair, norm if math.isfinite(norm) else math.inf)
        return -1 if edge is None else edge

    def set_norms(self, norms: Mapping[tuple[Key, Key], float]) -> frozenset[int]:
        """An empty mapping forgets all; else edges that are not named keep what they had, and the scale only grows."""
        if not norms:
            self.norms[:] = np.nan
            self.inner.forget_norms()
            self.scale = NormScale()
            return EVERYTHING
        named = {edge: norm for pair, norm in norms.items() if (edge := self._edge(pair, norm)) >= 0}
        if not named:
            return NOTHING
        edges = np.fromiter(named, np.int64, len(named))
        values = np.array([norm if math.isfinite(norm) else math.inf for norm in named.values()])
        self.norms[edges] = values
        before, self.scale = self.scale, self.scale.including(values)
        if before != self.scale or len(edges) > _FEW:
            return EVERYTHING
        return frozenset(self._scene.source[edges].tolist())


def _changed(flags: npt.NDArray[np.bool_]) -> frozenset[int]:
    nodes = np.flatnonzero(flags)
    return EVERYTHING if len(nodes) > _FEW else frozenset(nodes.tolist())
