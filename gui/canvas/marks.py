"""What changes on a scene while a program runs: states of nodes, alerts, breakpoints, norms on edges.

The canvas writes it through the methods, each of which answers which nodes must be painted anew (EVERYTHING: all); the
painter reads it.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .ink import NormScale
from .inner import Inner
from .routes import Flags, Floats, Ints
from .scene import BACKWARD, Scene
from .status import ALERT, Look, look_of

Key = Hashable
Bytes = npt.NDArray[np.uint8]
EVERYTHING: frozenset[int] = frozenset((-1,))
NOTHING: frozenset[int] = frozenset()
_FEW = 64  # beyond so many edges at once, painting all is quicker than painting each


@dataclass(frozen=True, slots=True)
class Looks:
    """How far backward nodes are: their ids, and a ``Look`` each."""

    id: Ints
    look: Bytes


@dataclass(frozen=True, slots=True)
class Passed:
    """Norms of gradients that passed from backward nodes to others, by their ids: columns of one length. NaN: not finite. Of a pair
    that comes twice the last holds."""

    source: Ints
    target: Ints
    norm: Floats


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
        ends = scene.source * len(scene.keys) + scene.target
        self._by_ends: Ints = np.argsort(ends, kind="stable")
        self._ends: Ints = ends[self._by_ends]
        self._shown = scene.shown

    def _at_rest(self) -> Bytes:
        """Before anything is said: backward nodes are pending; forward ops have run, or there would be no graph."""
        return np.where(self._scene.forward, Look.DONE, Look.PENDING).astype(np.uint8)

    def states(self) -> Bytes:
        """Look plus ALERT of each node."""
        return self.look + ALERT * self.alert.astype(np.uint8)

    def running(self, among: Iterable[int] | None = None) -> set[int]:
        """The nodes that run, of all or of those that are named."""
        if among is not None:
            return {node for node in among if self.look[node] == Look.RUNNING}
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
        node = self._scene.number.get(key)
        if node is None or self.look[node] == look:
            return NOTHING
        self.look[node] = look
        return frozenset((node,))

    def _set_inner(self, key: Key, look: Look) -> frozenset[int]:
        """A node in a folded group: the group's bar moves, and its look with it."""
        if not self.inner.set(key, look):
            return NOTHING
        group = self._scene.node_of(key)
        self.look[group] = self.inner.look(group)
        return frozenset((group,))

    def set_statuses(self, statuses: Mapping[Key, object] | Looks) -> frozenset[int]:
        before, self.look = self.look, self._at_rest()
        looks, shares = self.inner.looks, self.inner.counts
        looks[:] = Look.PENDING
        if isinstance(statuses, Looks):
            self._look_at(statuses.id, statuses.look)
        else:
            number, known = self._scene.number, {status: look_of(status) for status in set(statuses.values())}
            for key, status in statuses.items():
                if (node := number.get(key)) is not None:
                    self.look[node] = known[status]
                if len(looks) and isinstance(key, tuple) and key[0] == BACKWARD and 0 <= key[1] < len(looks):
                    looks[key[1]] = known[status]
        changed = before != self.look
        if len(looks):
            self.inner.recount()
            groups, shown = self.inner.group_looks()
            self.look[groups] = shown
            changed = (before != self.look) | (shares != self.inner.counts).any(axis=1)
        return _changed(changed)

    def _look_at(self, ids: Ints, looks: Bytes) -> None:
        inside = (ids >= 0) & (ids < len(self.inner.looks))
        self.inner.looks[ids[inside]] = looks[inside]
        known = (ids >= 0) & (ids < len(self._shown))
        nodes = self._shown[ids[known]]
        drawn = nodes >= 0
        drawn[drawn] = ~self.inner.folded[nodes[drawn]]
        self.look[nodes[drawn]] = looks[known][drawn]

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

    def set_norms(self, norms: Mapping[tuple[Key, Key], float] | Passed) -> frozenset[int]:
        """An empty mapping forgets all; else edges that are not named keep what they had, and the scale only grows."""
        if isinstance(norms, Passed):
            return self._set_passed(norms)
        if not norms:
            self.norms[:] = np.nan
            self.inner.forget_norms()
            self.scale = NormScale()
            return EVERYTHING
        scene = self._scene
        ends = np.array([(scene.node_of(source), scene.node_of(target)) for source, target in norms], np.int64).reshape(-1, 2)
        ids = np.array([_backward_id(source) for source, _ in norms], np.int64)
        return self._pass(ends[:, 0], ends[:, 1], ids, list(norms), np.array(list(norms.values()), np.float64))

    def _set_passed(self, passed: Passed) -> frozenset[int]:
        if not len(passed.norm):
            return NOTHING
        shown, most = self._shown, len(self._shown) - 1
        source, target = (np.where(ids <= most, shown[np.minimum(ids, most)], -1) for ids in (passed.source, passed.target))
        pairs = (passed.source << 32) + passed.target
        return self._pass(source, target, passed.source, pairs.tolist(), passed.norm)

    def _pass(self, source: Ints, target: Ints, ids: Ints, pairs: Sequence[Hashable], norms: Floats) -> frozenset[int]:
        """Something passed between nodes of the scene, by number (-1: not shown). What an edge at a folded group shows adds up."""
        edges = self._edges_between(source, target)
        known = np.flatnonzero(edges >= 0)
        if not len(known):
            return NOTHING
        edges, values = edges[known], np.where(np.isfinite(norms[known]), norms[known], np.inf)
        folded = self.inner.folded[source[known]] | self.inner.folded[target[known]]
        if folded.any():
            inside = known[folded]
            self.inner.put(edges[folded], ids[inside], [pairs[place] for place in inside.tolist()], values[folded])
        self.norms[edges] = values
        before, self.scale = self.scale, self.scale.including(values)
        if before != self.scale or len(edges) > _FEW:
            return EVERYTHING
        return frozenset(self._scene.source[edges].tolist())

    def _edges_between(self, source: Ints, target: Ints) -> Ints:
        """The edges between pairs of nodes, -1 where there is none."""
        found = np.full(len(source), -1, np.int64)
        if len(self._ends):
            wanted = np.where((source >= 0) & (target >= 0), source * len(self._scene.keys) + target, -1)
            places = np.minimum(np.searchsorted(self._ends, wanted), len(self._ends) - 1)
            there = (self._ends[places] == wanted) & (wanted >= 0)
            found[there] = self._by_ends[places[there]]
        return found


def _backward_id(key: Key) -> int:
    return key[1] if isinstance(key, tuple) and key[0] == BACKWARD else -1


def _changed(flags: npt.NDArray[np.bool_]) -> frozenset[int]:
    nodes = np.flatnonzero(flags)
    return EVERYTHING if len(nodes) > _FEW else frozenset(nodes.tolist())
