"""Forward beside backward: the second canvas, and what keeps the two together.

Both are drawn with the loss at the bottom. A place in one belongs to a place in the other by the nodes that belong together:
between them it is interpolated, along a curve that never turns back, so that scrolling the one scrolls the other smoothly.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Slot

from gradstep.engine.tape.reader import Tape

from ..canvas import GraphCanvas, LayoutFunction, Scene
from ..models.counterparts import counterparts
from ..models.debug_model import DebugModel
from .picture import Shown
from .presenter import GraphPresenter

Floats = npt.NDArray[np.float64]
_NEAR = 240.0  # world px


class SideBySide(QObject):
    """Owns the presenter of the second canvas; it draws nothing while it is not shown."""

    def __init__(
        self, main: GraphCanvas, beside: GraphCanvas, graphs: GraphPresenter, model: DebugModel, layout: LayoutFunction, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._main, self._beside, self._graphs, self._model, self._layout = main, beside, graphs, model, layout
        self.presenter: GraphPresenter | None = None
        self._pairs: tuple[Floats, Floats] | None = None  # places in the main canvas and beside it, of nodes that belong together
        self._follows = False  # a view moves because the other one did
        self._was_turned = False
        main.view_changed.connect(lambda: self._follow(self._main, self._beside))
        beside.view_changed.connect(lambda: self._follow(self._beside, self._main))
        beside.node_picked.connect(model.select)
        graphs.drawn.connect(self._drawn)

    @property
    def is_shown(self) -> bool:
        return self.presenter is not None

    def show(self, shown: bool) -> None:
        """Show the forward graph beside the backward graph, or put it away."""
        if shown is self.is_shown:
            return
        if shown:
            self._was_turned = self._main.is_turned
            if not self._was_turned:
                self._main.turn()
            self._beside.set_empty_text(self.tr("No forward pass yet"), self.tr("It is drawn with the first node of backward."))
            self.presenter = GraphPresenter(self._beside, self._model, self._layout, self)
            self.presenter.drawn.connect(self._drawn)
            self.presenter.set_paused(True)
            self.presenter.show(Shown.BESIDE)
        else:
            assert self.presenter is not None
            self.presenter.close()
            self.presenter.deleteLater()
            self.presenter = None
            self._beside.clear()
            if self._main.is_turned and not self._was_turned:
                self._main.turn()
        self._pairs = None

    def close(self) -> None:
        """End the process that arranges large graphs."""
        if self.presenter is not None:
            self.presenter.close()

    def set_paused(self, paused: bool) -> None:
        """The program stands still, or runs."""
        if self.presenter is not None:
            self.presenter.set_paused(paused)

    @Slot()
    def _drawn(self) -> None:
        self._pairs = None
        if self.is_shown:
            self._follow(self._main, self._beside)

    def _follow(self, mover: GraphCanvas, follower: GraphCanvas) -> None:
        """The other view goes where what belongs together is at the same height."""
        tape = self._model.tape
        if self._follows or not self.is_shown or tape is None:
            return
        if mover.drawn is None or follower.drawn is None:  # asked so, a graph that was not painted yet chooses its first view
            return
        if self._pairs is None:
            assert self._main.scene is not None
            assert self._beside.scene is not None
            self._pairs = pairs(tape, self._main.scene, self._beside.scene)
        here, there = self._pairs if mover is self._main else self._pairs[::-1]
        if not len(here):
            return
        self._follows = True
        try:
            x, y = mover.centre.x(), mover.centre.y()
            follower.look_at(x + sideways(here, there, y), mapped(here[:, 1], there[:, 1], y), mover.zoom)
        finally:
            self._follows = False


def pairs(tape: Tape, main: Scene, beside: Scene) -> tuple[Floats, Floats]:
    """The places of nodes that belong together, as rows of x and y, in both scenes."""
    found = []
    for key, node in main.number.items():
        other = next((number for one in counterparts(tape, key) if (number := beside.number.get(one)) is not None), None)
        if other is not None:
            found.append((node, other))
    table = np.array(found, np.int64).reshape(-1, 2)
    return _places(main)[table[:, 0]], _places(beside)[table[:, 1]]


def _places(scene: Scene) -> Floats:
    """Where the first box of each node is."""
    result = np.zeros((len(scene.keys), 2))
    result[scene.node[::-1]] = np.stack([scene.x, scene.y], axis=1)[::-1]
    return result


def sideways(here: Floats, there: Floats, y: float) -> float:
    """How far what is at a height lies more to the right on the other side: of what is near counts most."""
    weights = np.exp(-(((here[:, 1] - y) / _NEAR) ** 2)) + 1e-12
    return float(np.average(there[:, 0] - here[:, 0], weights=weights))


def mapped(here: Floats, there: Floats, y: float) -> float:
    """Where ``y`` is on the other side: through the middles of what belongs together, never backwards, and beyond the ends
    with the same steps."""
    order = np.argsort(here, kind="stable")
    xs, place = np.unique(here[order], return_inverse=True)
    means = np.bincount(place, there[order]) / np.bincount(place)
    from scipy.optimize import isotonic_regression  # here: 14 MiB of memory, for those who look at both graphs

    ys = isotonic_regression(means, weights=np.bincount(place).astype(float)).x
    if y <= xs[0]:
        return float(ys[0] + (y - xs[0]))
    if y >= xs[-1]:
        return float(ys[-1] + (y - xs[-1]))
    return float(np.interp(y, xs, ys))
