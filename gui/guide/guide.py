"""Makes what helps somebody who is new here, and says when each part is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QSettings, Signal, Slot
from PySide6.QtWidgets import QMainWindow, QWidget

from ..files.opening import Opening
from ..frame.docks import Docks
from ..frame.message_bar import MessageBar
from ..models.debug_model import DebugModel
from ..panel import Panel
from ..panels.panel_set import PanelSet
from .examples import is_example, task
from .op_pages import OpPages
from .ops import of_node
from .tour import Stop, Tour


class Guide(QObject):
    """The task of the example that is open stands in a bar of its own, so that no message takes its place; the tour comes when an
    example stands still for the first time."""

    said = Signal(str)  # why there is nothing to show

    def __init__(
        self, task_bar: MessageBar, opening: Opening, model: DebugModel, docks: Docks, panels: PanelSet, canvas: QWidget,
        step_button: Callable[[], QWidget | None], settings: QSettings, window: QMainWindow,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self.task_bar, self._opening, self._model, self._docks, self._window = task_bar, opening, model, docks, window
        self.pages: OpPages | None = None  # made when it is first wanted
        task_bar.setAccessibleName(self.tr("What to find"))
        self.tour = Tour(window, self._stops(panels, canvas, step_button), settings, self)
        opening.changed.connect(self._opened)
        docks.came_in_sight.connect(lambda _: self.tour.stay_above())

    def slots(self) -> dict[str, Callable[[], Any]]:
        """What its commands do."""
        return {
            "what_to_find": self.show_task, "tour": self.tour.open, "op_reference": self.show_ops, "about_op": self.show_selected_op,
        }  # fmt: skip

    def show_ops(self, name: str = "") -> OpPages:
        """Show the op reference, at an op where one is named."""
        if self.pages is None:
            self.pages = OpPages(self._window)
        self.pages.bring(name)
        return self.pages

    @Slot()
    def show_selected_op(self) -> None:
        """Show what is known of the op of the selected node."""
        tape, key = self._model.tape, self._model.selection.key
        if tape is None or key is None:
            return
        kind, number = key
        node = tape.nodes.get(number) if kind == "node" else None
        id = node.op if node is not None else number if kind == "op" else None
        op = tape.ops[id].name if id is not None and id in tape.ops else ""
        name = node.name if node is not None else ""
        facts = of_node(op, name)
        if facts is not None:
            self.show_ops(facts.name)
        else:
            self.said.emit(self.tr("{0} is made by no declared op: there is no page on it.").format(name or op or self.tr("A leaf")))

    @property
    def in_example(self) -> bool:
        """Whether a bundled example is open."""
        return is_example(self._opening.script)

    @Slot()
    def _opened(self) -> None:
        self.show_task()
        if not self._opening.name and self.tour.is_shown:
            self.tour.leave()

    @Slot()
    def stopped(self) -> None:
        """The program stands still, so that there is something to point at."""
        if self.in_example:
            self.tour.offer()

    @Slot()
    def show_task(self) -> None:
        """Show what is to be found in the example that is open; nothing for any other script."""
        words = task(self._opening.script)
        if words:
            self.task_bar.show_message(words, picture="search")
        else:
            self.task_bar.clear()

    def _stops(self, panels: PanelSet, canvas: QWidget, step_button: Callable[[], QWidget | None]) -> tuple[Stop, ...]:
        return (
            Stop(
                self.tr("The graph of backward"),
                self.tr("Each box is a node that backward() runs, the loss at the top. The one with the arrow is next. Click a box, and "
                        "every panel shows it."),
                lambda: canvas,
            ),
            Stop(
                self.tr("One node at a time"),
                self.tr("Next Node (F10) runs one node of backward. Step Back beside it undoes one in the program itself: .grad and "
                        "saved tensors are as they were."),
                step_button,
            ),
            self._at_panel(
                panels.tensor, self.tr("The numbers"),
                self.tr("The value that is selected: a gradient, a saved tensor, a parameter. As a picture, a table or a curve, with NaN "
                        "and infinities marked."),
            ),
            self._at_panel(
                panels.timeline, self.tr("The past"),
                self.tr("A bar for each step, as high as its gradient is large. Drag along it to look at any moment again: the program "
                        "does not move, and Ctrl+L returns to it."),
            ),
            self._at_panel(
                panels.explanations, self.tr("What went wrong"),
                self.tr("When something is wrong with the gradients, it stands here in plain words, with the lines and what to write "
                        "instead. F8 goes from alert to alert."),
            ),
        )  # fmt: skip

    def _at_panel(self, panel: Panel, title: str, text: str) -> Stop:
        return Stop(title, text, lambda: self._docks[panel], lambda: self._docks.bring(panel))
