"""Names of the user's own for nodes, ops, tensors and groups: asked for, given, taken back; kept with the notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, QRect, QSize, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget

from ..canvas import GraphCanvas
from ..models.debug_model import DebugModel
from ..models.named import LONGEST, Key, Named, own_name, owner
from ..panels.panel_set import PanelSet
from ..widgets.name_field import NameField
from .notes import Notes

HEAD = 30  # logical px of the name at the top of a panel


class Naming(QObject):
    """Asks where the focus is: in the graph, the events, the Node panel, the tensor panel."""

    said = Signal(str)  # what came of a wish, or why nothing did
    edited = Signal(str, object, object)  # for undo: what the user did, the names before and after

    def __init__(self, model: DebugModel, notes: Notes, canvas: GraphCanvas, panels: PanelSet, window: QWidget) -> None:
        super().__init__(window)
        self._model, self._notes, self._canvas, self._panels = model, notes, canvas, panels
        self._field = NameField(window)
        self._field.named.connect(self._named)
        self._key: Key | None = None
        notes.names_changed.connect(model.show_names)
        self._places: Mapping[QWidget, Callable[[], Any]] = {
            canvas: self._on_canvas, panels.events: panels.events.key_to_name, panels.tensor: self._of_value,
        }  # fmt: skip

    def slots(self) -> dict[str, Callable[[], Any]]:
        """What the commands of the table do."""
        return {"name": self.ask}

    @Slot()
    def ask(self) -> None:
        """Ask for the name of what is selected where the focus is."""
        tape, place = self._model.tape, self._focused()
        key = self._places[place]() if place is not None else None
        key = key or self._model.selection.key or self._on_canvas()
        if tape is None or key is None:
            self.said.emit(self.tr("Select a node, a tensor or a group first: then it can be given a name."))
            return
        key = owner(tape, key)
        was = own_name(tape, key, self._title(key))
        if was is None:
            self.said.emit(self.tr("What is selected cannot be given a name."))
            return
        self._key = key
        named = self._known(key)
        self._field.ask(self._called(key, was), named.words if named is not None else "", LONGEST, self._near(key, place))

    @Slot(str)
    def _named(self, words: str) -> None:
        key, self._key = self._key, None
        if key is not None:
            self.give(key, words)

    def give(self, key: Key, words: str) -> None:
        """Give something a name, "" for none."""
        tape = self._model.tape
        was = own_name(tape, key, self._title(key)) if tape is not None else None
        named = self._known(key)
        if was is None or words == (named.words if named is not None else ""):
            return
        before = self._notes.names
        others = [one for one in before if one.key != key]
        called = self._called(key, was)
        self._notes.put_names([*others, Named(key, words, was)] if words else others)
        if words:
            self.edited.emit(self.tr("name {0}").format(called), before, self._notes.names)
            self.said.emit(self.tr("{0} is called {1} from now on.").format(called, words))
        else:
            self.edited.emit(self.tr("take the name of {0} back").format(called), before, self._notes.names)
            self.said.emit(self.tr("{0} has its own name again.").format(called))

    def put_back(self, names: Sequence[Named]) -> None:
        """These and no others, as they were: undo and redo."""
        self._notes.put_names(names)

    # --------------------------------------------------------------------------------------------------------- inside

    def _known(self, key: Key) -> Named | None:
        """The name that something has now; one that stands under its number and was given to something else is none."""
        tape = self._model.tape
        was = own_name(tape, key, self._title(key)) if tape is not None else None
        return next((named for named in self._notes.names if named.key == key and named.was == was), None)

    def _title(self, key: Key) -> str:
        """What a group of the graph that is no module call is called."""
        facts = self._canvas.graph.graph.get("groups", {}).get(key[1]) if key[0] == "group" else None
        return str(facts["label"]) if facts is not None else ""

    def _called(self, key: Key, was: str) -> str:
        if key[0] == "group":
            return self._title(key) or was
        if key[0] == "leaf" and self._model.reader is not None:
            return self._model.reader.own_tensor_name(key[1], leaf=True)
        return self.tr("{0}, number {1}").format(was, key[1])

    def _focused(self) -> QWidget | None:
        """The part that the focus is in, of those that know what is selected in them."""
        widget = QApplication.focusWidget()
        while widget is not None and widget not in self._places:
            widget = widget.parentWidget()
        return widget

    def _on_canvas(self) -> Key | None:
        key = self._canvas.selected_key
        return key if isinstance(key, tuple) else None

    def _of_value(self) -> Key | None:
        view = self._panels.tensor.current.view
        return ("leaf", view.val.tensor) if view.val is not None else None

    def _near(self, key: Key, place: QWidget | None) -> QRect:
        """Where it is to be seen, in global coordinates."""
        focus = QApplication.focusWidget()
        if isinstance(focus, QAbstractItemView) and place is not None and focus.currentIndex().isValid():
            rect = focus.visualRect(focus.currentIndex())
            return QRect(focus.viewport().mapToGlobal(rect.topLeft()), rect.size())
        if place is None or place is self._canvas:
            selected = self._canvas.selected_key
            rect = self._canvas.rect_of(selected if selected is not None else key).intersected(self._canvas.rect())
            if rect.isEmpty():
                rect = QRect(self._canvas.width() // 3, self._canvas.height() // 3, 1, 1)
            return QRect(self._canvas.mapToGlobal(rect.topLeft()), rect.size())
        return QRect(place.mapToGlobal(place.rect().topLeft()), QSize(place.width(), HEAD))
