"""When a screen reader is told something of a canvas: what its description says, that another node has the focus, that names changed."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleStateChangeEvent
from PySide6.QtWidgets import QWidget

from ..widgets.soon import Soon
from . import accessible
from .accessible import Item, Items, View
from .reading import Reading
from .status import Look
from .words import description

Key = Hashable
_WATCHED = 64  # objects whose names are looked at after each step; beyond that the selected and the current one


class Telling(QObject):
    """One for each canvas. Objects are made, and events sent, where somebody listens or has asked for one."""

    def __init__(self, widget: QWidget, view: View, reading: Reading) -> None:
        super().__init__(widget)
        accessible.install()
        self.items = Items(widget, view)
        self._widget, self._view, self._reading = widget, view, reading
        self._described: tuple[Any, ...] = ()
        self._selected: Key | None = None
        self._names: dict[Key, str] = {}
        self._opened: dict[Key, bool] = {}
        self._later = Soon(self._catch_up, self)

    def describe(self, look: Look | None, note: str, empty: tuple[str, str]) -> None:
        """Say in a sentence what is current, in which state and with which note, what is selected, and what else is seen; ``empty`` is
        said where there is no graph."""
        view, text = self._view, " ".join(empty)
        if view.scene is None or not len(view.scene.keys):
            self._described = ()
        else:
            described = (view.graph, view.current_key, view.selected_key, look, note, *self._reading.words())
            if described == self._described:
                return
            self._described = described
            text = description(view.graph, described[1], described[2], look, note, view.data_of, described[5:])
        self._widget.setAccessibleDescription(text)
        self.changed()

    def changed(self) -> None:
        """Something is drawn otherwise than before: who listens hears of it when the event loop turns."""
        if QAccessible.isActive() or self.items.any:
            self._later.start()

    def focus(self) -> None:
        """The canvas has got the focus: the reader goes to the selected node."""
        self._selected = None
        self.changed()

    def _catch_up(self) -> None:
        items, view = self.items, self._view
        items.drop_gone()
        before, self._selected = self._selected, view.selected_key
        if before != self._selected:
            self._tell_selected(items.made.get(before), items.item(self._selected))
        made = items.made
        watched = made if len(made) <= _WATCHED else {key: made[key] for key in (view.selected_key, view.current_key) if key in made}
        self._tell_names(watched)
        self._tell_opened(made)

    def _tell_selected(self, before: Item | None, item: Item | None) -> None:
        if before is not None:
            _send(QAccessibleEvent(before, QAccessible.Event.SelectionRemove))
        if item is not None:
            _send(QAccessibleEvent(item, QAccessible.Event.Selection))
            if self._widget.hasFocus():
                _send(QAccessibleEvent(item, QAccessible.Event.Focus))

    def _tell_names(self, watched: dict[Key, Item]) -> None:
        names = {key: item.text(QAccessible.Text.Name) for key, item in watched.items()}
        for key, name in names.items():
            if self._names.get(key, name) != name:
                _send(QAccessibleEvent(watched[key], QAccessible.Event.NameChanged))
        self._names = names

    def _tell_opened(self, made: dict[Key, Item]) -> None:
        opened = {key: self.items.contents.title(key) is not None for key in made if self.items.contents.is_group(key)}
        for key, is_open in opened.items():
            if self._opened.get(key, is_open) != is_open:
                changed = QAccessible.State()
                changed.expanded, changed.collapsed = True, True
                _send(QAccessibleStateChangeEvent(made[key], changed))
        self._opened = opened


def _send(event: QAccessibleEvent) -> None:
    QAccessible.updateAccessibility(event)
