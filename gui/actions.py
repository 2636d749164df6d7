"""The one table of what a user can command: menus, toolbar, shortcuts, tips and enabling are all read off it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from gradstep.engine.debug.states import ALLOWED, Action, State

from .theme import icon


class Needs(Enum):
    """What must be there for a command that no state of the session allows or forbids."""

    SCRIPT = auto()  # a script is chosen
    OPEN = auto()  # a script or a tape is open
    TAPE = auto()  # something was recorded
    NODE = auto()  # a node of the graph is selected
    PAST = auto()  # the view looks at the past
    UNDO = auto()  # the program can undo its last node


REASONS = {
    Needs.SCRIPT: "open a script first",
    Needs.TAPE: "nothing has been recorded yet",
    Needs.NODE: "select a node in the graph first",
    Needs.PAST: "the view is at the live point already",
    Needs.OPEN: "nothing is open",
    Needs.UNDO: "there is no step of this backward pass to undo",
}


@dataclass(frozen=True, slots=True)
class Command:
    """``asks`` is what the session's state must allow, None where no state forbids it; ``needs`` is what must be there as
    well. ``bar`` is the toolbar's group, "" for none."""

    name: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    needs: Needs | None = None
    asks: Action | None = None
    bar: str = ""
    separator: bool = False  # in the menu, above it
    checkable: bool = False
    tip: str = ""


MENUS = ("&File", "&Edit", "&View", "&Run", "&Breakpoints", "&Navigate", "&Help")

COMMANDS: tuple[Command, ...] = (
    Command("open", "&File", "&Open Script...", ("Ctrl+O",), "open", tip="Choose a Python script to debug"),
    Command("open_tape", "&File", "Open &Tape...", ("Ctrl+Shift+O",), "record", tip="Look at a recorded run"),
    Command(
        "save_tape", "&File", "&Save Tape As...", ("Ctrl+S",), "save", Needs.TAPE, separator=True,
        tip="Keep the recording of this run",
    ),
    Command("export", "&File", "&Export View...", ("Ctrl+Shift+E",), needs=Needs.TAPE, tip="Save the graph as a picture"),
    Command("close", "&File", "&Close", ("Ctrl+W",), needs=Needs.OPEN, asks=Action.CLOSE, separator=True, tip="Back to the welcome page"),
    Command("quit", "&File", "&Quit", ("Ctrl+Q",), separator=True, tip="End the program; a running script is stopped"),
    Command("copy", "&Edit", "&Copy", ("Ctrl+C",), "copy", tip="Copy what is selected in the panel that has the focus"),
    Command("find", "&Edit", "&Find Node or Event...", ("Ctrl+F", "Ctrl+P"), "search", Needs.TAPE, bar="search", tip="Filter the events"),
    Command("fit", "&View", "&Fit Graph", ("Ctrl+0",), "fit", Needs.TAPE, tip="Show the whole graph"),
    Command("zoom_in", "&View", "Zoom &In", ("Ctrl++", "Ctrl+="), "zoom_in", Needs.TAPE, tip="Enlarge the graph"),
    Command("zoom_out", "&View", "Zoom &Out", ("Ctrl+-",), "zoom_out", Needs.TAPE, tip="Make the graph smaller"),
    Command(
        "follow", "&View", "Fo&llow the Current Node", (), "follow", checkable=True,
        tip="Keep the current node in view while stepping",
    ),
    Command(
        "backward_graph", "&View", "&Backward Graph", ("Ctrl+Alt+1",), "graph", Needs.TAPE, separator=True, checkable=True,
        tip="Draw the nodes of backward",
    ),
    Command(
        "forward_graph", "&View", "For&ward Graph", ("Ctrl+Alt+2",), "layers", Needs.TAPE, checkable=True,
        tip="Draw the forward ops",
    ),
    Command(
        "both_graphs", "&View", "Forward &and Backward", ("Ctrl+Alt+3",), "link", Needs.TAPE, checkable=True,
        tip="Draw both, linked",
    ),
    Command(
        "theme_system", "&View", "Theme: as the &System", (), "contrast", separator=True, checkable=True,
        tip="Light or dark as the system says",
    ),
    Command("theme_light", "&View", "Theme: Li&ght", (), "sun", checkable=True, tip="Always light"),
    Command("theme_dark", "&View", "Theme: &Dark", (), "moon", checkable=True, tip="Always dark"),
    Command("reset_layout", "&View", "&Reset Layout", (), separator=True, tip="Put all panels back to where they were at first"),
    Command(
        "start", "&Run", "&Start", ("F5",), "play", Needs.SCRIPT, Action.LAUNCH, "run",
        tip="Run the script and stop at the first node of backward",
    ),
    Command("continue", "&Run", "&Continue", ("F5", "Ctrl+Shift+Right"), "play", None, Action.CONTINUE, "run", tip="Run to the next stop"),
    Command(
        "pause", "&Run", "&Pause", ("F6", "Ctrl+Pause"), "pause", None, Action.PAUSE, "run",
        tip="Stop the script at its next op or node",
    ),
    Command("stop", "&Run", "S&top", ("Shift+F5",), "stop", None, Action.STOP, "run", tip="End the script; everything recorded is kept"),
    Command("kill", "&Run", "&Kill Now", (), "kill", None, Action.KILL, tip="End the script without asking it"),
    Command(
        "restart", "&Run", "&Restart", ("Ctrl+Shift+F5",), "restart", Needs.SCRIPT, Action.RESTART, "run",
        tip="Run the script again from its beginning",
    ),
    Command(
        "step_back", "&Run", "Step &Back", ("Shift+F10",), "step_back", Needs.UNDO, Action.STEP_BACK, "time", separator=True,
        tip="Undo the last node of backward exactly",
    ),
    Command("step", "&Run", "&Next Node", ("F10",), "step", None, Action.NEXT, "time", tip="Run one node of backward, one op of forward"),
    Command(
        "step_into", "&Run", "Step &Into", ("F11",), "step_into", None, Action.NEXT, "time",
        tip="Into hooks, your own Functions and modules: every op, hook and node is a step",
    ),
    Command(
        "step_out", "&Run", "Step &Out", ("Shift+F11",), "step_out", None, Action.NEXT, "time",
        tip="Run until the function or the backward pass that is stepped through is left",
    ),
    Command(
        "run_to", "&Run", "Run to Se&lected Node", ("Ctrl+F10",), "run_to", Needs.NODE, Action.GOTO, "time",
        tip="Run until the selected node is next",
    ),
    Command(
        "reverse", "&Run", "Re&verse Continue", ("Ctrl+Shift+Left",), "reverse_continue", Needs.UNDO, Action.REVERSE_CONTINUE, "time",
        tip="Step back to the beginning of this backward",
    ),
    Command(
        "stop_on_entry", "&Run", "Stop at the &First Node of Backward", (), "", separator=True, checkable=True,
        tip="Off: run until something else stops it",
    ),
    Command(
        "toggle_breakpoint", "&Breakpoints", "&Toggle Breakpoint", ("F9",), "breakpoint", Needs.OPEN,
        tip="On the line of the source that has the focus, else on the selected node",
    ),
    Command(
        "add_breakpoint", "&Breakpoints", "&Add Breakpoint...", ("Shift+F9",), "", Needs.OPEN,
        tip="Name an op, a module, a hook, a value or an exception to stop at",
    ),
    Command(
        "break_on_nan", "&Breakpoints", "Stop at the First &NaN or Infinity", (), "warning", Needs.OPEN, separator=True, checkable=True,
        tip="Stop after the op or before the node that follows",
    ),
    Command(
        "break_on_exception", "&Breakpoints", "Stop at &Exceptions", (), "error", Needs.OPEN, checkable=True,
        tip="Stop where the program raises, with its variables",
    ),
    Command(
        "clear_breakpoints", "&Breakpoints", "&Remove All", ("Ctrl+Shift+F9",), "", Needs.OPEN, separator=True,
        tip="Take all breakpoints of this script away",
    ),
    Command(
        "first_event", "&Navigate", "Look at the &First Step", ("Ctrl+Home",), "first", Needs.TAPE, bar="past",
        tip="Look at the first recorded step",
    ),
    Command(
        "previous_event", "&Navigate", "Look at the &Previous Step", ("Ctrl+Left",), "earlier", Needs.TAPE, bar="past",
        tip="Look at the step before; the script does not move",
    ),
    Command(
        "next_event", "&Navigate", "Look at the &Next Step", ("Ctrl+Right",), "later", Needs.TAPE, bar="past",
        tip="Look at the step after; the script does not move",
    ),
    Command(
        "last_event", "&Navigate", "Look at the &Last Step", ("Ctrl+End",), "last", Needs.TAPE, bar="past",
        tip="Look at the last recorded step",
    ),
    Command(
        "return_to_live", "&Navigate", "&Return to Live", ("Ctrl+L",), "return_to_live", Needs.PAST, bar="past",
        tip="Show where the script is now",
    ),
    Command(
        "next_alert", "&Navigate", "Next &Alert", ("F8",), "warning", Needs.TAPE, separator=True,
        tip="Go to the next NaN or infinity",
    ),
    Command("previous_alert", "&Navigate", "Pre&vious Alert", ("Shift+F8",), "", Needs.TAPE, tip="Go to the NaN or infinity before"),
    Command(
        "go_to_source", "&Navigate", "Go to &Source", ("F12",), "source", Needs.NODE,
        tip="Show the line that made the selected node",
    ),
    Command("shortcuts", "&Help", "&Keyboard Shortcuts", ("Ctrl+Alt+/",), "help", tip="All keys on one sheet"),
    Command("about", "&Help", "&About gradstep", (), "info", tip="Version, interpreter, libraries"),
)  # fmt: skip


class Actions(QObject):
    """The QActions of the table, by name; ``show_state`` enables them."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._by_name: dict[str, QAction] = {}
        for command in COMMANDS:
            action = QAction(self._text(command), self)
            action.setObjectName(command.name)
            if command.icon:
                action.setIcon(icon(command.icon))
            action.setShortcuts([QKeySequence(k) for k in command.keys])
            action.setCheckable(command.checkable)
            self._by_name[command.name] = action
        self.show_state(State.IDLE, {})

    @staticmethod
    def _text(command: Command) -> str:
        return QCoreApplication.translate("Actions", command.text)

    def __getitem__(self, name: str) -> QAction:
        return self._by_name[name]

    def name(self, name: str) -> str:
        """What a command is called, without marks of keys."""
        return self._by_name[name].text().replace("&", "").rstrip(".")

    def all(self) -> list[QAction]:
        """All actions, in the order of the table."""
        return list(self._by_name.values())

    def show_state(self, state: State, there: Mapping[Needs, bool]) -> None:
        """Enable what can work now; the tip of what cannot says why."""
        for command in COMMANDS:
            action = self._by_name[command.name]
            reason = ""
            if command.needs is not None and not there.get(command.needs, False):
                reason = QCoreApplication.translate("Actions", REASONS[command.needs])
            if command.asks is not None and command.asks not in ALLOWED[state]:
                reason = QCoreApplication.translate("Actions", "not while the session is {0}").format(state.value)
            enabled = not reason
            action.setEnabled(enabled)
            tip = QCoreApplication.translate("Actions", command.tip)
            keys = ", ".join(k.toString(QKeySequence.SequenceFormat.NativeText) for k in action.shortcuts())
            name = self.name(command.name)
            head = f"{name} ({keys})" if keys else name
            action.setToolTip(
                f"{head}\n{tip}" if enabled else f"{head}\n{tip}\n" + QCoreApplication.translate("Actions", "Disabled: {0}").format(reason)
            )
            action.setStatusTip(tip)
            action.setVisible(command.asks is None or command.menu != "&Run" or state is not State.TRACE)  # a tape has no program
        # one key, two commands: F5 starts what does not run and continues what is paused
        running = Action.LAUNCH not in ALLOWED[state]
        self._by_name["continue" if not running else "start"].setVisible(False)

    def fill_menus(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Make the menus; gives them by name, for what is added beside the table (docks, recent files, examples)."""
        menus = {name: bar.addMenu(QCoreApplication.translate("Actions", name)) for name in MENUS}
        for command in COMMANDS:
            if command.separator:
                menus[command.menu].addSeparator()
            menus[command.menu].addAction(self._by_name[command.name])
        for menu in menus.values():
            menu.setToolTipsVisible(True)
        return menus
