"""The way from one scene to the next: what is in both moves from where it was, what is new comes out of what held it.

Plain arithmetic on arrays. A scene half on the way has the nodes, edges and texts of the new one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEasingCurve, QObject, QVariantAnimation, Signal, Slot
from PySide6.QtWidgets import QStyle, QWidget

from ..theme.motion import is_calm
from .motion import LONGEST
from .routes import Floats, Ints, Segments
from .scene import Scene

MOST = 2_500  # boxes; more do not move smoothly enough


class Morph:
    """From ``old`` to ``new``; ``shift`` is added to the old places, so that what the user looks at stands still."""

    def __init__(self, old: Scene, new: Scene, shift: tuple[float, float]) -> None:
        self._new = new
        self._box = _starts(old, new, shift) - np.stack([new.x, new.y], axis=1)
        first = np.zeros((len(new.keys), 2))
        first[new.node[::-1]] = self._box[::-1]  # the first box of a node counts
        self._ends = first[new.source], first[new.target]
        places = np.zeros((len(new.keys), 2))
        places[new.node[::-1]] = np.stack([new.x, new.y], axis=1)[::-1]
        self._begun = places[new.source] + self._ends[0], places[new.target] + self._ends[1]
        self._stretched = np.abs(self._ends[0] - self._ends[1]).sum(axis=1) > 1.0
        rows, place = new.groups.rows, {call: k for k, call in enumerate(old.groups.calls)}
        start = rows.copy()
        for number, call in enumerate(new.groups.calls):
            if call in place:
                start[number] = old.groups.rows[place[call]] + [*shift, 0.0, 0.0]
            elif (node := old.number.get(("group", call))) is not None:
                box = int(np.argmax(old.node == node))
                w, h = old.width[box], old.height[box]
                start[number] = [old.x[box] - w / 2 + shift[0], old.y[box] - h / 2 + shift[1], w, h]
        self._groups = start - rows

    def at(self, share: float) -> Scene:
        """The scene when so much of the way is done, 0 to 1."""
        new, rest = self._new, 1.0 - share
        if rest <= 0:
            return new
        fine, coarse = self._moved(new.fine, rest), self._moved(new.coarse, rest)
        arrows = new.arrows.copy()
        arrows[:, :2] += rest * np.where(arrows[:, 2:] < 0, self._ends[0], self._ends[1])
        groups = replace(new.groups, rows=new.groups.rows + rest * self._groups)
        x, y = new.x + rest * self._box[:, 0], new.y + rest * self._box[:, 1]
        return replace(new, x=x, y=y, fine=fine, coarse=coarse, arrows=arrows, groups=groups)

    def _moved(self, segments: Segments, rest: float) -> Segments:
        """An edge whose ends move alike moves with them; every other one comes out of the straight line between its ends."""
        edge = segments.edge
        if not len(edge):
            return segments
        begin = np.searchsorted(edge, edge)
        length = np.searchsorted(edge, edge, side="right") - begin
        step = np.arange(len(edge)) - begin
        rows = segments.rows.copy()
        for columns, along in ((slice(0, 2), step / length), (slice(2, 4), (step + 1) / length)):
            part = along[:, None]
            along_ends = rest * ((1 - part) * self._ends[0][edge] + part * self._ends[1][edge])
            line = (1 - part) * self._begun[0][edge] + part * self._begun[1][edge]
            out_of_line = rest * (line - segments.rows[:, columns])
            rows[:, columns] += np.where(self._stretched[edge][:, None], out_of_line, along_ends)
        return Segments(rows, edge)


def _starts(old: Scene, new: Scene, shift: tuple[float, float]) -> Floats:
    """Where each box of the new scene comes from: its own place in the old one, the place of the folded group that held it,
    or the middle of what it holds now."""
    before, count = len(old.keys), np.bincount(old.node, minlength=len(old.keys))
    order, first = np.argsort(old.node, kind="stable"), np.cumsum(count) - count

    def boxes(nodes: Ints, numbers: Ints) -> Ints:
        """Of each node of the old scene the box with that number, or its last."""
        found: Ints = order[first[nodes] + np.minimum(numbers, count[nodes] - 1)]
        return found

    result = np.stack([new.x, new.y], axis=1)
    number = _numbers(new.node)
    same = np.array([-1 if node is None else node for node in map(old.number.get, new.keys)], np.int64)
    itself = np.flatnonzero(same[new.node] >= 0)
    there = boxes(same[new.node[itself]], number[itself])
    result[itself] = np.stack([old.x[there], old.y[there]], axis=1) + shift
    pairs = [np.zeros(0, np.int64)]  # of what is new, and what in the old scene showed something of it
    for kind, table in new.inside.items():
        if (known := old.inside.get(kind)) is not None:
            mine, its = table[: len(known)], known[: len(table)]
            both = (mine >= 0) & (its >= 0)
            both[both] = same[mine[both]] < 0
            pairs.append(np.unique(mine[both] * before + its[both]))
    mine, its = np.divmod(np.unique(np.concatenate(pairs)), max(before, 1))
    fresh = np.flatnonzero(same[new.node] < 0)
    low, high = (np.searchsorted(mine, new.node[fresh], side) for side in ("left", "right"))
    owner = np.repeat(np.arange(len(fresh)), high - low)
    its = its[np.arange(len(owner)) - np.repeat(np.cumsum(high - low) - high, high - low)]
    there = boxes(its, number[fresh][owner])
    held = np.bincount(owner, minlength=len(fresh))
    for column, places in enumerate((old.x, old.y)):
        sums = np.bincount(owner, places[there], len(fresh))
        result[fresh[held > 0], column] = (sums[held > 0] / held[held > 0]) + shift[column]
    return result


def _numbers(nodes: Ints) -> Ints:
    """How many boxes of the same node stand before each box."""
    order = np.argsort(nodes, kind="stable")
    ranked = nodes[order]
    numbers = np.empty(len(nodes), np.int64)
    numbers[order] = np.arange(len(nodes)) - np.searchsorted(ranked, ranked)
    return numbers


class Change(QObject):
    """Plays a Morph; not at all where the system or the user wants no motion."""

    moved = Signal(object)  # the scene as it is now; the last one is the new scene itself

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._morph: Morph | None = None
        self._animation = QVariantAnimation(self)
        self._animation.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._animation.setStartValue(0.0)
        self._animation.setEndValue(1.0)
        self._animation.valueChanged.connect(self._step)

    @property
    def under_way(self) -> bool:
        return self._animation.state() == QVariantAnimation.State.Running

    @property
    def on_the_way(self) -> bool:
        """Whether the scene that was given last is not yet the new one."""
        return self._morph is not None

    def play(self, old: Scene, new: Scene, make: Callable[[], Morph]) -> bool:
        """Begin, if that is wanted and can be smooth; False where the new scene should just be shown."""
        self.stop()
        duration = self._widget.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, self._widget)
        if duration <= 0 or is_calm() or not self._widget.isVisible() or max(len(old.x), len(new.x)) > MOST:
            return False
        self._morph = make()
        self._animation.setDuration(min(duration, LONGEST))
        self._animation.start()
        return True

    @Slot()
    def stop(self) -> None:
        """Be there at once."""
        morph, self._morph = self._morph, None
        self._animation.stop()
        if morph is not None:
            self.moved.emit(morph.at(1.0))

    @Slot(object)
    def _step(self, share: float) -> None:
        if self._morph is not None:
            scene = self._morph.at(float(share))
            if share >= 1.0:
                self._morph = None
            self.moved.emit(scene)
