"""Letters of one panel or view larger or smaller than those of the others."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFont, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QAbstractScrollArea, QHeaderView

from .. import theme
from .own_keys import OwnKeys
from .soon import Soon

_STEP = 1.1
_LEAST, _MOST = -6, 16  # steps


class Zoom(QObject):
    """Ctrl and the wheel, Ctrl++ and Ctrl+- over a view that it watches; Ctrl+0 gives the size of the preferences back."""

    changed = Signal()  # letters have another size

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._steps = 0
        self._again = Soon(self.changed.emit, self)

    @property
    def steps(self) -> int:
        """By how many steps letters are larger; 0 for as large as everywhere."""
        return self._steps

    @property
    def factor(self) -> float:
        """How many times larger letters are."""
        return float(_STEP**self._steps)

    def watch(self, view: QAbstractScrollArea) -> None:
        """Zoom by what is done in this view."""
        larger, smaller = partial(self.by, 1), partial(self.by, -1)
        OwnKeys(view, {"Ctrl++": larger, "Ctrl+=": larger, "Ctrl+-": smaller, "Ctrl+0": self.reset})
        for part in (view, view.viewport()):
            part.installEventFilter(self)

    def by(self, steps: int) -> None:
        """Larger by so many steps, or smaller."""
        self.go(self._steps + steps)

    def reset(self) -> None:
        """As large as everywhere."""
        self.go(0)

    def go(self, steps: int) -> None:
        """Larger by so many steps than everywhere, as far as that is sensible."""
        steps = min(max(steps, _LEAST), _MOST)
        if steps != self._steps:
            self._steps = steps
            self.changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the wheel where Ctrl is held; another style sheet has given a view its own letters."""
        if event.type() is QEvent.Type.StyleChange and self._steps:
            self._again.start()
        if event.type() is not QEvent.Type.Wheel or not isinstance(event, QWheelEvent):
            return False
        turned = event.angleDelta().y()
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier or not turned:
            return False
        self.by(1 if turned > 0 else -1)
        return True


class TextZoom(Zoom):
    """Of the texts of a panel, which set themselves in ``mono`` when it changes."""

    def mono(self, pixels: float) -> QFont:
        """The typeface of numbers and code; ``pixels`` are those of a text that is not zoomed."""
        return theme.mono_font(pixels * self.factor)


class ViewZoom(Zoom):
    """Of one tree, list, table or grid, whose own font says how large its rows, columns and pictures are."""

    def __init__(self, view: QAbstractScrollArea) -> None:
        super().__init__(view)
        self._view = view
        self.watch(view)
        self.changed.connect(self._apply)

    def _apply(self) -> None:
        view = self._view
        if self.steps:
            theme.resize_font(view, theme.UI_SIZE * self.factor)
        else:
            theme.resize_font(view, 0)
        for header in view.findChildren(QHeaderView):
            header.updateGeometry()
        if isinstance(view, QAbstractItemView):
            side = round(theme.scaled(16) * theme.zoom_of(view))
            view.setIconSize(QSize(side, side) if self.steps else QSize())
