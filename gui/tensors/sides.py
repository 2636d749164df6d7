"""The values that a viewer has in hand: the one that is looked at, the one beside it, and what the two make together."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import QObject

from ..models.tensors import Kept, TensorView
from .sources import ArraySource, LiveSource, Pair, Source, TapeSource


class Side(IntEnum):
    """What is shown of two values. What is looked at is AFTER; BEFORE is what stood there before, or the value that is pinned as A."""

    AFTER = 0
    BEFORE = 1
    CHANGE = 2
    RATIO = 3


class Sides(QObject):
    """Owns the sources, and closes them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.this: Source | None = None
        self.before: Source | None = None
        self.pinned: tuple[str, Source] | None = None
        self._pairs: dict[Side, Source] = {}

    def take(self, view: TensorView) -> None:
        """Another value; what was there is asked for no more."""
        self._drop_pairs()
        for source in (self.this, self.before):
            _close(source)
        self.this = self.before = None
        if view.kept is not Kept.KEPT:
            return
        dtype = view.meta.dtype if view.meta is not None else ""
        if view.value is not None:
            self.this = ArraySource(view.value, dtype, self)
        elif view.extent is not None:
            self.this = TapeSource(view.extent, self)
        if view.before is not None:
            self.before = ArraySource(view.before, parent=self)
        elif view.before_extent is not None:
            self.before = TapeSource(view.before_extent, self)

    def take_source(self, source: Source) -> None:
        """The value itself, where the view did not have it."""
        self.this = source
        source.setParent(self)

    def pin(self, label: str, source: Source | None) -> None:
        """Compare with a value, None: with what stood there before."""
        self._drop_pairs()
        if self.pinned is not None:
            _close(self.pinned[1])
        self.pinned = (label, source) if source is not None else None
        if source is not None:
            source.setParent(self)

    def leave_program(self) -> None:
        """Nothing more is asked of the program."""
        for source in (self.this, self.before, self.pinned[1] if self.pinned is not None else None):
            if isinstance(source, LiveSource):
                source.close()

    def close(self) -> None:
        """None of them is needed any more."""
        self.take(TensorView())
        self.pin("", None)

    @property
    def other(self) -> Source | None:
        """The value beside the one that is looked at: the pinned one, else what stood there before."""
        return self.pinned[1] if self.pinned is not None else self.before

    @property
    def alike(self) -> Source | None:
        """The other one, where it has the same shape."""
        other = self.other
        return other if other is not None and self.this is not None and other.shape == self.this.shape else None

    def pair(self) -> tuple[Source, Source] | None:
        """A and B, where they can be compared."""
        alike = self.alike
        if alike is None or self.this is None:
            return None
        return (alike, self.this) if self.pinned is not None else (self.this, alike)

    def source(self, side: Side) -> Source | None:
        """Where the numbers of a side come from; those of the value itself where that side cannot be."""
        other, pair = self.other, self.pair()
        if side is Side.BEFORE and other is not None:
            return other
        if side in (Side.AFTER, Side.BEFORE) or pair is None:
            return self.this
        if side not in self._pairs:
            self._pairs[side] = Pair(*pair, "ratio" if side is Side.RATIO else "difference", self)
        return self._pairs[side]

    def _drop_pairs(self) -> None:
        for pair in self._pairs.values():
            _close(pair)
        self._pairs.clear()


def _close(source: Source | None) -> None:
    if source is not None:
        source.close()
        source.deleteLater()
