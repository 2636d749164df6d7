"""The graph for assistive technology: every node and group an object with a role, a name, states, a place and actions.

Nothing is made before it is asked for. Who asks is Qt's bridge to the desktop (AT-SPI, UI Automation, NSAccessibility), always on the
thread of the window. The rules that keep this safe, each tried with gc, deleted widgets and valgrind on PySide6 6.11:

- Qt's cache owns what was registered and deletes it by itself or by ``deleteAccessibleInterface``; Python must hold a reference until
  then, since the object without its Python half has lost its methods, and is deleted twice. ``Items`` holds them.
- ``interface_cast`` answers a pointer: ``VoidPtr``, with 0 for none. None takes the process down.
- What is asked may be gone: a key that is not drawn any more is ``isValid() == False`` until it is deleted, and so are all once the
  widget is being destroyed.
- An action does what it does when the call has returned: what it changes may delete the object on which it was called.
"""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Hashable, Mapping
from functools import cache
from typing import Any, Protocol

import networkx as nx
import shiboken6
from PySide6.QtCore import QObject, QPoint, QPointF, QRect, Qt, QTimer, SignalInstance
from PySide6.QtGui import (
    QAccessible,
    QAccessibleActionInterface,
    QAccessibleInterface,
    QAccessibleSelectionInterface,
    QColor,
)
from PySide6.QtWidgets import QAccessibleWidget, QWidget

from ..translation import translate
from .contents import Contents
from .marks import Marks
from .scene import LINK, Scene
from .status import Look
from .words import spoken, spoken_group, spoken_more

Key = Hashable
Relation = tuple[QAccessibleInterface, QAccessible.RelationFlag]
Found = Any  # an interface, an object or a window, or None, which the types of PySide leave out
_RELATED = 64  # edges of a node that are told, at most, in each direction
_NONE = shiboken6.VoidPtr(0)
_ACTION, _SELECTION = QAccessible.InterfaceType.ActionInterface, QAccessible.InterfaceType.SelectionInterface


class View(Protocol):
    """What is asked of a canvas."""

    @property
    def fold_wished(self) -> SignalInstance: ...
    @property
    def menu_wanted(self) -> SignalInstance: ...
    @property
    def graph(self) -> nx.DiGraph: ...
    @property
    def scene(self) -> Scene | None: ...
    @property
    def marks(self) -> Marks | None: ...
    @property
    def current_key(self) -> Key | None: ...
    @property
    def selected_key(self) -> Key | None: ...
    def rect_of(self, key: Key) -> QRect: ...
    def key_at(self, place: QPointF) -> Key | None: ...
    def frame_at(self, place: QPointF) -> Key | None: ...
    def data_of(self, key: Key | None) -> Mapping[str, Any]: ...
    def activate(self, node: int) -> None: ...
    def go_to(self, node: int) -> None: ...
    def deselect(self) -> None: ...


class Items:
    """The objects that were asked for on one canvas, by key."""

    def __init__(self, widget: QWidget, view: View) -> None:
        self.widget, self.view = widget, view
        self._made: dict[Key, tuple[Item, int]] = {}
        self._contents = Contents()
        made = self._made
        widget.destroyed.connect(lambda *_: _delete(made))
        _LIVING.add(self)

    @property
    def alive(self) -> bool:
        """Whether the widget is not being destroyed."""
        return shiboken6.isValid(self.widget)

    @property
    def contents(self) -> Contents:
        """What is on the canvas now."""
        scene, graph = (self.view.scene, self.view.graph) if self.alive else (None, self._contents.graph)
        if scene is not self._contents.scene or graph is not self._contents.graph:
            self._contents = Contents(graph, scene)
        return self._contents

    @property
    def any(self) -> bool:
        """Whether one was asked for."""
        return bool(self._made)

    @property
    def made(self) -> dict[Key, Item]:
        """Those that were asked for."""
        return {key: item for key, (item, _) in self._made.items()}

    @property
    def canvas(self) -> QAccessibleInterface | None:
        """The object of the canvas itself."""
        return QAccessible.queryAccessibleInterface(self.widget) if self.alive else None

    def item(self, key: Key | None) -> Item | None:
        """The object for what has a key; None where nothing has it."""
        if key is None or not self.alive or key not in self.contents:
            return None
        if key not in self._made:
            item = Item(self, key)
            self._made[key] = item, QAccessible.registerAccessibleInterface(item)
        return self._made[key][0]

    def drop_gone(self) -> None:
        """Delete the objects of what is not drawn any more."""
        contents = self.contents
        _delete(self._made, [key for key in self._made if key not in contents])

    def close(self) -> None:
        """Delete all of them."""
        _delete(self._made)


_LIVING: weakref.WeakSet[Items] = weakref.WeakSet()


def _delete(made: dict[Key, tuple[Item, int]], keys: list[Key] | None = None) -> None:
    for key in list(made) if keys is None else keys:
        item, number = made.pop(key)
        if shiboken6.isValid(item):
            QAccessible.deleteAccessibleInterface(number)


@atexit.register
def _leave() -> None:
    """Before the interpreter ends: what it collects afterwards must not be registered any more."""
    for items in list(_LIVING):
        items.close()


@cache
def install() -> None:
    """Have Qt ask here for the objects of canvases, once a process."""
    QAccessible.installFactory(_made_for)


def _made_for(_: str, asked: QObject | None) -> QAccessibleInterface | None:
    items = getattr(getattr(asked, "telling", None), "items", None)
    return CanvasAccess(items) if isinstance(items, Items) else None


class CanvasAccess(QAccessibleWidget):
    """The canvas: a list of nodes, nested in groups, one of which may be selected."""

    def __init__(self, items: Items) -> None:
        super().__init__(items.widget, QAccessible.Role.List)
        self._items = items
        self._selection: _Selection | None = None

    def childCount(self) -> int:
        return len(self._items.contents.children(None))

    def child(self, index: int) -> Found:
        children = self._items.contents.children(None)
        return self._items.item(children[index]) if 0 <= index < len(children) else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return _place(self._items, None, child)

    def childAt(self, x: int, y: int) -> Found:
        items = self._items
        if not items.alive:
            return None
        place = items.widget.mapFromGlobal(QPointF(x, y))
        if not items.widget.rect().contains(place.toPoint()):
            return None
        key = items.view.key_at(place)
        return items.item(key if key is not None else items.view.frame_at(place))

    def focusChild(self) -> Found:
        items = self._items
        return items.item(items.view.selected_key) if items.alive and items.widget.hasFocus() else None

    def interface_cast(self, wanted: QAccessible.InterfaceType) -> Any:
        if wanted == _SELECTION:
            if self._selection is None:
                self._selection = _Selection(self._items)
            return _pointer(self._selection)
        found = super().interface_cast(wanted)
        return _NONE if found is None else found


class Item(QAccessibleInterface):
    """One node, folded group or open group. An item of a list: AT-SPI makes an item of a tree a cell, of a table that is not there."""

    def __init__(self, items: Items, key: Key) -> None:
        super().__init__()
        self._items, self.key = items, key
        self._action: _Action | None = None

    def isValid(self) -> bool:
        return self._items.alive and self.key in self._items.contents

    def object(self) -> Found:
        return None

    def window(self) -> Found:
        canvas = self._items.canvas
        return canvas.window() if canvas is not None else None

    def parent(self) -> Found:
        if not self.isValid():
            return self._items.canvas
        around = self._items.contents.parent(self.key)
        return self._items.canvas if around is None else self._items.item(around)

    def childCount(self) -> int:
        return len(self._items.contents.children(self.key))

    def child(self, index: int) -> Found:
        children = self._items.contents.children(self.key)
        return self._items.item(children[index]) if 0 <= index < len(children) else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return _place(self._items, self.key, child)

    def childAt(self, x: int, y: int) -> Found:
        canvas = self._items.canvas
        found = canvas.childAt(x, y) if canvas is not None else None
        return found if isinstance(found, Item) and found.key != self.key else None

    def focusChild(self) -> Found:
        return None

    def rect(self) -> QRect:
        widget = self._items.widget
        if not self.isValid() or not widget.isVisible():
            return QRect()
        rect = self._items.view.rect_of(self.key)
        return QRect(widget.mapToGlobal(rect.topLeft()), rect.size())

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.ListItem

    def state(self) -> QAccessible.State:
        state, items = QAccessible.State(), self._items
        if not self.isValid():
            state.invalid = True
            return state
        widget, view, contents = items.widget, items.view, items.contents
        is_node = contents.title(self.key) is None  # the title of an open group opens and folds, and is not selected
        state.focusable = state.selectable = is_node
        state.selected = is_node and view.selected_key == self.key
        state.focused = state.selected and widget.hasFocus()
        if contents.is_group(self.key):
            state.expandable = True
            state.expanded, state.collapsed = not is_node, is_node
        state.invisible = not widget.isVisible()
        state.offscreen = not state.invisible and not view.rect_of(self.key).intersects(widget.rect())
        state.disabled = not widget.isEnabled()
        state.busy = is_node and self._look() is Look.RUNNING
        return state

    def _look(self) -> Look | None:
        scene, marks = self._items.view.scene, self._items.view.marks
        return Look(int(marks.look[scene.node_of(self.key)])) if scene is not None and marks is not None else None

    def text(self, wanted: QAccessible.Text) -> str:
        if not self.isValid():
            return ""
        if wanted == QAccessible.Text.Name:
            return self._name()
        if wanted == QAccessible.Text.Description and self._items.contents.title(self.key) is None:
            return spoken_more(self._items.view.data_of(self.key))
        return ""

    def _name(self) -> str:
        view, title = self._items.view, self._items.contents.title(self.key)
        if title is not None:
            return spoken_group(*title)
        scene, marks, look = view.scene, view.marks, self._look()
        if scene is None or marks is None or look is None:
            return ""
        node, more = scene.node_of(self.key), []
        if marks.alert[node]:
            more.append(translate("Canvas", "NaN, Inf or an error"))
        if node in marks.breakpoints:
            more.append(translate("Canvas", "breakpoint"))
        if view.current_key is not None and scene.node_of(view.current_key) == node:
            more.append(translate("Canvas", "current"))
        return spoken(view.data_of(self.key), self.key, look, marks.norms[scene.target == node], more)

    def setText(self, wanted: QAccessible.Text, text: str) -> None:
        pass  # names are the program's

    def relations(self, match: QAccessible.RelationFlag = QAccessible.RelationFlag.AllRelations) -> list[Relation]:
        """Along which edges it gets and gives its values or gradients."""
        scene, found = self._items.view.scene if self.isValid() else None, list[Relation]()
        if scene is None or self._items.contents.title(self.key) is not None:
            return found
        node, real = scene.node_of(self.key), scene.kind != LINK
        ways = (
            (QAccessible.RelationFlag.FlowsFrom, scene.target, scene.source),
            (QAccessible.RelationFlag.FlowsTo, scene.source, scene.target),
        )
        for flag, own, other in ways:
            for end in other[(own == node) & real][:_RELATED].tolist() if flag & match else ():
                item = self._items.item(scene.keys[end])
                if item is not None:
                    found.append((item, flag))
        return found

    def foregroundColor(self) -> QColor:
        return QColor()

    def backgroundColor(self) -> QColor:
        return QColor()

    def interface_cast(self, wanted: QAccessible.InterfaceType) -> Any:
        if wanted != _ACTION:
            return _NONE
        if self._action is None:
            self._action = _Action(self._items, self.key)
        return _pointer(self._action)


class _Action(QAccessibleActionInterface):
    """What may be done with a node or a group."""

    def __init__(self, items: Items, key: Key) -> None:
        super().__init__()
        self._items, self._key = items, key

    def actionNames(self) -> list[str]:
        press, menu = QAccessibleActionInterface.pressAction(), QAccessibleActionInterface.showMenuAction()
        opened = self._items.contents.title(self._key) is not None
        return [press] if opened else [press, QAccessibleActionInterface.setFocusAction(), menu]

    def keyBindingsForAction(self, name: str) -> list[str]:
        return []

    def doAction(self, name: str) -> None:
        if self._items.alive and name in self.actionNames():
            QTimer.singleShot(0, self._items.widget, lambda: self._act(name))

    def _act(self, name: str) -> None:
        view, widget, key, contents = self._items.view, self._items.widget, self._key, self._items.contents
        if key not in contents or view.scene is None:
            return
        if contents.title(key) is not None:
            view.fold_wished.emit(key[1] if isinstance(key, tuple) else key, False)
        elif name == QAccessibleActionInterface.pressAction():
            view.activate(view.scene.node_of(key))
        elif name == QAccessibleActionInterface.setFocusAction():
            widget.setFocus(Qt.FocusReason.OtherFocusReason)
            view.go_to(view.scene.node_of(key))
        else:
            rect = view.rect_of(key)
            view.menu_wanted.emit(key, widget.mapToGlobal(QPoint(rect.left(), rect.bottom())))


class _Selection(QAccessibleSelectionInterface):
    """The selected node of a canvas: one, or none."""

    def __init__(self, items: Items) -> None:
        super().__init__()
        self._items = items

    def _selected(self) -> Item | None:
        return self._items.item(self._items.view.selected_key) if self._items.alive else None

    def selectedItemCount(self) -> int:
        return 0 if self._selected() is None else 1

    def selectedItems(self) -> list[QAccessibleInterface]:
        found = self._selected()
        return [] if found is None else [found]

    def selectedItem(self, index: int) -> Found:
        return self._selected() if index == 0 else None

    def isSelected(self, child: QAccessibleInterface) -> bool:
        return child is not None and child is self._selected()

    def select(self, child: QAccessibleInterface) -> bool:
        items = self._items
        scene = items.view.scene if items.alive else None
        if scene is None or not isinstance(child, Item) or not child.isValid() or items.contents.title(child.key) is not None:
            return False
        items.view.go_to(scene.node_of(child.key))
        return True

    def unselect(self, child: QAccessibleInterface) -> bool:
        return self.isSelected(child) and self.clear()

    def selectAll(self) -> bool:
        return False

    def clear(self) -> bool:
        if self._items.alive:
            self._items.view.deselect()
        return self._items.alive


def _place(items: Items, key: Key | None, child: QAccessibleInterface) -> int:
    contents = items.contents
    mine = isinstance(child, Item) and child.key in contents and contents.parent(child.key) == key
    return contents.place(child.key) if mine and isinstance(child, Item) else -1


def _pointer(interface: shiboken6.Shiboken.Object) -> Any:
    return shiboken6.VoidPtr(shiboken6.getCppPointer(interface)[0])
