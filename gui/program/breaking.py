"""The commands on breakpoints: from the keys, the source, the graph and the table to the breakpoints, and back to all that shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication

from gradstep.engine.debug.breakpoints import BreakKind, Breakpoint

from ..actions import Actions
from ..files.opening import Opening
from ..frame.docks import Docks
from ..graph.presenter import GraphPresenter
from ..models.debug_model import DebugModel
from ..panels.panel_set import PanelSet
from .breakpoints import Breakpoints

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


class Breaking(QObject):
    """Connects the breakpoints with the panels, the graph and the commands."""

    def __init__(
        self, points: Breakpoints, model: DebugModel, opening: Opening, panels: PanelSet, docks: Docks, graphs: GraphPresenter,
        actions: Actions, parent: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._points, self._model, self._opening = points, model, opening
        self._panels, self._docks, self._graphs, self._actions = panels, docks, graphs, actions
        self._marked: list[Breakpoint] | None = None  # those that the graph and the source show
        panel = panels.breakpoints
        points.changed.connect(self.show)
        panel.add_wished.connect(self._add)
        panel.edit_wished.connect(points.change)
        panel.removal_wished.connect(points.remove)
        panel.clear_wished.connect(points.clear)
        panels.source.breakpoint_toggled.connect(points.toggle_line)
        panels.hooks.hook_switched.connect(points.switch_hook)
        graphs.drawn.connect(self._mark_graph)
        model.tape_changed.connect(self._mark_graph)

    def slots(self) -> dict[str, Callable[[], Any]]:
        """What the commands of the table do."""
        return {
            "toggle_breakpoint": self.toggle, "add_breakpoint": self.ask, "clear_breakpoints": self._points.clear,
            "break_on_nan": lambda: self._points.toggle(BreakKind.VALUE, "nonfinite"),
            "break_on_exception": lambda: self._points.toggle(BreakKind.EXCEPTION, ""),
        }  # fmt: skip

    @Slot()
    def show(self) -> None:
        """Show the breakpoints wherever they are shown."""
        points, panels = self._points, self._panels
        panels.breakpoints.show_breakpoints(points.all, points.standing)
        panels.hooks.show_switched_off(points.hooks_off)
        if points.all == self._marked:
            return
        self._marked = points.all
        self._opening.breakpoints = points.plain()
        lines = points.lines()
        for file in {*lines, *panels.source.files}:
            panels.source.show_breakpoints(file, lines.get(file, frozenset()))
        self._actions["break_on_nan"].setChecked(points.has(BreakKind.VALUE, "nonfinite"))
        self._actions["break_on_exception"].setChecked(points.has(BreakKind.EXCEPTION, ""))
        self._mark_graph()

    @Slot()
    def _mark_graph(self) -> None:
        tape = self._model.tape
        self._graphs.mark_breakpoints(self._points.places(tape) if tape is not None else ())

    @Slot()
    def toggle(self) -> None:
        """On the source's line where that has the focus, else on the selected node or op."""
        source, focus = self._panels.source, QApplication.focusWidget()
        if focus is not None and source.isAncestorOf(focus) and source.current_file and source.current_line:
            self._points.toggle_line(source.current_file, source.current_line)
        elif not self.toggle_selected():
            self.ask()

    @Slot()
    def toggle_selected(self) -> bool:
        """On the selected node or op; False where none is selected."""
        key, tape = self._model.selection.key, self._model.tape
        if key is not None and key[0] == "node":
            self._points.toggle(BreakKind.NODE, f"#{key[1]}")
        elif key is not None and key[0] == "op" and tape is not None:
            self._points.toggle(BreakKind.NODE, tape.ops[key[1]].name)
        else:
            return False
        return True

    @Slot()
    def ask(self) -> None:
        """Bring the line for a new breakpoint."""
        self._docks.bring(self._panels.breakpoints)
        self._panels.breakpoints.ask(BreakKind.NODE)

    @Slot(object, str)
    def _add(self, kind: BreakKind, target: str) -> None:
        if self._points.add(kind, target) is not None:
            self._panels.breakpoints.added()
