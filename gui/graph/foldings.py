"""What the user folds and opens, per graph of the tape that is open; and the way to the current node, which opens by itself."""

from __future__ import annotations

from collections.abc import Hashable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from ..canvas import GraphCanvas
from ..canvas.scene import folded_name
from ..folding import Folds
from .picture import Shown

Key = Hashable
REST = 150  # milliseconds that the current node rests in a folded group before that opens: scrubbing through time opens nothing
EVERYTHING = 1_000_000  # deeper than any group


class Foldings(QObject):
    """Turns wishes into folds. What shows them asks ``of`` and is told by ``changed``."""

    changed = Signal(object)  # other folds; the key or group that should stand still, None for the middle of the view
    said = Signal(str)  # a sentence about what became of a wish

    def __init__(self, canvas: GraphCanvas, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._folds: dict[Shown, Folds] = {}
        self._shown = Shown.BACKWARD
        self._rest = QTimer(self, singleShot=True, interval=REST)
        self._rest.timeout.connect(self.show_current)
        canvas.fold_wished.connect(self.fold)

    def of(self, shown: Shown) -> Folds:
        """The folds of one of the graphs."""
        return self._folds.get(shown, Folds())

    def look_at(self, shown: Shown) -> None:
        """This graph is shown now: wishes are about it."""
        self._shown = shown

    def restore(self, shown: Shown, folds: Folds) -> None:
        """The folds that are drawn are the wished ones again."""
        self._rest.stop()
        self._folds[shown] = folds

    def forget(self) -> None:
        """Another tape is open."""
        self._rest.stop()
        self._folds.clear()

    def _set(self, folds: Folds, anchor: Key | None) -> None:
        if folds != self.of(self._shown):
            self._folds[self._shown] = folds
            self.changed.emit(anchor)

    @Slot(object, bool)
    def fold(self, name: Hashable, opened: bool) -> None:
        """Open a group, or fold it."""
        folds = self.of(self._shown)
        self._set(folds.open((name,)) if opened else folds.close((name,)), ("group", name))

    def show(self, key: Key) -> None:
        """Open the groups around a node that is folded away."""
        holder = self._canvas.holder_of(key)
        if folded_name(holder) is not None and holder != key:
            self._set(self.of(self._shown).around(key), holder)

    def to_depth(self, depth: int) -> None:
        """Open all groups down to a depth, and fold those below; what was opened by hand folds too."""
        graph = self._canvas.graph.graph
        deepest = int(graph.get("deepest", 0))
        if not deepest:
            self.said.emit(self.tr("Nothing here can be folded: there is no module call and no loop with several nodes."))
            return
        depth = max(0, depth)
        if depth < EVERYTHING:
            depth = min(depth, deepest)
        self._set(Folds(depth), None)

    def fold_all(self) -> None:
        self.to_depth(0)

    def unfold_all(self) -> None:
        self.to_depth(EVERYTHING)

    def fold_level(self) -> None:
        """Fold the innermost groups that are open everywhere."""
        self.to_depth(int(self._canvas.graph.graph.get("depth", 0)) - 1)

    def unfold_level(self) -> None:
        """Open one level more everywhere."""
        self.to_depth(int(self._canvas.graph.graph.get("depth", 0)) + 1)

    # ------------------------------------------------------------------------------------ the current node

    def note_current(self) -> None:
        """The current node is another one, or another graph is drawn: its way opens if it rests there."""
        if self._hidden_current() is None:
            self._rest.stop()
        else:
            self._rest.start()

    @Slot()
    def show_current(self) -> None:
        """Open the groups around the current node, but for those that the user folded."""
        self._rest.stop()
        key = self._hidden_current()
        if key is not None:
            self._set(self.of(self._shown).around(key), self._canvas.holder_of(key))

    def _hidden_current(self) -> Key | None:
        """The current node if it is in a group that nobody folded by hand."""
        key = self._canvas.current_key
        if key is None or not self._canvas.follows:
            return None
        name = folded_name(self._canvas.holder_of(key))
        folds = self.of(self._shown)
        return None if name is None or name in folds.shut or folds.at == key else key
