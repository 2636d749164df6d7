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
from .routes import Floats
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
        self.look: Bytes = self._at_rest()
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
        """The numbers of those keys that the scene has."""
        number = self._scene.number
        return frozenset(number[key] for key in keys if key in number)

    def set_status(self, key: Key, status: object) -> frozenset[int]:
        look, changed = look_of(status), self.nodes((key,))
        changed = frozenset(node for node in changed if self.look[node] != look)
        self.look[list(changed)] = look
        return changed

    def set_statuses(self, statuses: Mapping[Key, object]) -> frozenset[int]:
        before, self.look = self.look, self._at_rest()
        for key, status in statuses.items():
            if (node := self._scene.number.get(key)) is not None:
                self.look[node] = look_of(status)
        return _changed(before != self.look)

    def set_alert(self, key: Key, alert: bool) -> frozenset[int]:
        changed = frozenset(node for node in self.nodes((key,)) if self.alert[node] != alert)
        self.alert[list(changed)] = alert
        return changed

    def set_alerts(self, keys: Iterable[Key]) -> frozenset[int]:
        before, self.alert = self.alert, np.zeros_like(self.alert)
        self.alert[list(self.nodes(keys))] = True
        return _changed(before != self.alert)

    def set_breakpoints(self, keys: Iterable[Key]) -> frozenset[int]:
        before, self.breakpoints = self.breakpoints, self.nodes(keys)
        return before ^ self.breakpoints

    def set_norms(self, norms: Mapping[tuple[Key, Key], float]) -> frozenset[int]:
        """An empty mapping forgets all; else edges that are not named keep what they had, and the scale only grows."""
        if not norms:
            self.norms[:] = np.nan
            self.scale = NormScale()
            return EVERYTHING
        numbers = self._scene.edge_number
        named = {numbers[pair]: norm for pair, norm in norms.items() if pair in numbers}
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
