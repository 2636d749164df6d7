"""F1: what the panel that has the focus shows, how it is used, and the commands that belong to it with their keys."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from .. import theme
from ..actions import Actions
from ..panel import Panel
from ..translation import translate
from .keymap import Keymap, native
from .sheet import GRAPH_KEYS

CONTEXT = "Help"
GRAPH = "GraphCanvas"

# by the class of the panel: how it is used, in sentences, and the commands that belong to it
HELP: dict[str, tuple[str, Sequence[str]]] = {
    GRAPH: (
        "Each box is a node of backward, or an op of forward. Click selects one and shows it in all panels; the line between two is as "
        "thick as the gradient that went along it. Orange is what runs now, blue waits for its turn.",
        ("step", "step_back", "run_to", "fit", "backward_graph", "forward_graph", "both_graphs"),
    ),
    "EventsPanel": (
        "Rows in the order in which things happened. Click looks at that moment, on the tape: the program does not move. The field at the "
        "top filters: +nan, -mul, $op(Addmm), $module(fc2), $norm(>1e3).",
        ("find", "previous_event", "next_event", "return_to_live"),
    ),
    "SourcePanel": (
        "The script as it was when it ran. Click left of a line number sets a breakpoint, click on a line selects what it made.",
        ("toggle_breakpoint", "go_to_source"),
    ),
    "StepPanel": (
        "The node that is selected, else the current one: the gradients that arrived, what it passed on, what it kept, its hooks. Click "
        "a value to see its numbers. F2 gives the node a name of your own.",
        ("step", "step_into", "step_back", "what_if", "name"),
    ),
    "TensorPanel": (
        "The value that is selected: statistics, heat map, numbers, line, histogram. The handles of the bar choose the range of the "
        "colours, a right click on A keeps it fitted; hold B to see the value before this event; arrows move from element to element, "
        "Ctrl+G goes to an index, Ctrl+F finds numbers (0.31, > 3, 0..1, nan, max) and F3 the next. "
        "Lock a value to keep it in a tab, pin it to compare others with it.",
        ("lock_value", "pin_value", "next_write", "watch_value", "copy"),
    ),
    "ValueHistoryPanel": (
        "Every event that wrote the selected value, with what it did to it, and who uses it. Enter looks at that moment.",
        ("previous_write", "next_write", "pin_value"),
    ),
    "TimelinePanel": (
        "A bar for each step of backward, as high as its gradient's norm. Drag to look at another moment, turn the wheel to zoom.",
        ("previous_event", "next_event", "return_to_live"),
    ),
    "AlertsPanel": (
        "Where NaN and infinity were born, gradients of zeros, and gradients above the norm that you set. What merely carries a NaN on is "
        "counted and not listed.",
        ("next_alert", "previous_alert", "explain"),
    ),
    "BreakpointsPanel": (
        "Six kinds in one table: ops and nodes, modules, lines, hooks, values, exceptions; each with a condition, a hit count and a "
        "message to log instead of stopping.",
        ("toggle_breakpoint", "add_breakpoint", "clear_breakpoints"),
    ),
    "WatchesPanel": (
        "Expressions that are read at every stop. What changed is marked; the line shows how the norm went over the stops.",
        ("add_watch", "watch_value"),
    ),
    "ConsolePanel": (
        "Python, evaluated in your program while it is paused, for two seconds at most. Up and Down go through what was typed before.",
        ("step",),
    ),
    "WhatIfPanel": (
        "Replace the gradient that waits at the next node, and see which gradients change, by how much. The program stays where it is.",
        ("what_if",),
    ),
    "HooksPanel": ("Every hook in the order of its calls, with the gradient before and after it. A tick switches one off.", ("step_into",)),
}


class PanelHelp(QDialog):
    """Not modal; a second F1 elsewhere shows the help of that place in the same window."""

    sheet_wished = Signal()  # the user wants to see all keys

    def __init__(self, keymap: Keymap, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("help")
        self.setWindowTitle(self.tr("Help"))
        self._keymap, self._actions = keymap, actions
        self.title = QLabel()
        self.title.setProperty("role", "title")
        self.title.setWordWrap(True)
        self.text = QTextBrowser()
        self.text.setAccessibleName(self.tr("Help"))
        self.text.setOpenLinks(False)
        keys = QPushButton(self.tr("All Keys"))
        keys.clicked.connect(self.sheet_wished)
        close = QPushButton(self.tr("Close"))
        close.clicked.connect(self.close)
        below = QHBoxLayout()
        below.addWidget(keys)
        below.addStretch()
        below.addWidget(close)
        column = QVBoxLayout(self)
        column.addWidget(self.title)
        column.addWidget(self.text, 1)
        column.addLayout(below)
        metrics = self.fontMetrics()
        self.resize(metrics.averageCharWidth() * 64, metrics.height() * 24)

    def show_for(self, widget: QWidget | None) -> None:
        """Help for the place that has the focus; for the graph where no panel has it."""
        while widget is not None and not isinstance(widget, Panel):
            widget = widget.parentWidget()
        name = type(widget).__name__ if widget is not None else GRAPH
        title = widget.heading() if isinstance(widget, Panel) else self.tr("Graph")
        about = widget.accessibleDescription() if widget is not None else self.tr("The graph of backward, of forward, or both")
        how, commands = HELP.get(name, ("", ()))
        rows = [(native(self._keymap.keys(command)) or self.tr("no key"), self._actions.name(command)) for command in commands]
        if name == GRAPH:
            rows += [(native(keys.split(", ")), translate("ShortcutSheet", what)) for keys, _, what in GRAPH_KEYS]
        self.title.setText(title)
        self.setAccessibleName(self.tr("Help: {0}").format(title))
        self.text.setHtml(self._page(about, translate(CONTEXT, how), rows))
        self.show()
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    @staticmethod
    def _page(about: str, how: str, rows: Sequence[tuple[str, str]]) -> str:
        look, mono = theme.current(), theme.mono_font(12)
        cell = f"color:{look.dim.name()}; font-family:{mono.family()}; font-size:{mono.pixelSize()}px"
        lines = "".join(f"<tr><td style='{cell}'>{escape(keys)}</td><td>&nbsp;&nbsp;{escape(what)}</td></tr>" for keys, what in rows)
        paragraphs = "".join(f"<p>{escape(text)}</p>" for text in (f"{about}." if about else "", how) if text)
        return f"{paragraphs}<br><table cellpadding='2'>{lines}</table>"
