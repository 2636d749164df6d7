"""The one table of what a user can command: menus, toolbar, shortcuts, tips and enabling are all read off it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar, QToolButton

from gradstep.engine.debug.states import ALLOWED, Action, State

from .theme import icon


class Needs(Enum):
    """What must be there for a command that no state of the session allows or forbids."""

    NOTHING = auto()
    SCRIPT = auto()  # a script is chosen
    TAPE = auto()  # something was recorded
    NODE = auto()  # a node of the graph is selected
    PAST = auto()  # the view looks at the past


REASONS = {
    Needs.SCRIPT: "open a script first",
    Needs.TAPE: "nothing has been recorded yet",
    Needs.NODE: "select a node in the graph first",
    Needs.PAST: "the view is at the live point already",
}


@dataclass(frozen=True, slots=True)
class Command:
    """``needs`` is a session's Action (enabled from ALLOWED alone), or a thing that must be there. ``bar`` is the toolbar's
    group, "" for none; a "-" in ``text`` of menu rows is no command but a separator before it."""

    name: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    needs: Action | Needs = Needs.NOTHING
    bar: str = ""
    separator: bool = False  # in the menu, above it
    checkable: bool = False
    tip: str = ""


MENUS = ("&File", "&Edit", "&View", "&Run", "&Navigate", "&Help")

COMMANDS: tuple[Command, ...] = (
    Command("open", "&File", "&Open Script...", ("Ctrl+O",), "open", tip="Choose a Python script to debug"),
    Command("open_tape", "&File", "Open &Tape...", ("Ctrl+Shift+O",), "record", tip="Look at a recorded run"),
    Command(
        "save_tape", "&File", "&Save Tape As...", ("Ctrl+S",), "save", Needs.TAPE, separator=True,
        tip="Keep the recording of this run",
    ),
    Command("export", "&File", "&Export View...", ("Ctrl+Shift+E",), needs=Needs.TAPE, tip="Save the graph as a picture"),
    Command("close", "&File", "&Close", ("Ctrl+W",), needs=Action.CLOSE, separator=True, tip="Back to the welcome page"),
    Command("quit", "&File", "&Quit", ("Ctrl+Q",), separator=True, tip="End the program; a running script is stopped"),
    Command("copy", "&Edit", "&Copy", ("Ctrl+C",), "copy", tip="Copy what is selected in the panel that has the focus"),
    Command("find", "&Edit", "&Find Node or Event...", ("Ctrl+F", "Ctrl+P"), "search", Needs.TAPE, bar="search", tip="Filter the events"),
    Command("fit", "&View", "&Fit Graph", ("Ctrl+0",), "fit", Needs.TAPE, tip="Show the whole graph"),
    Command("zoom_in", "&View", "Zoom &In", ("Ctrl++", "Ctrl+="), "zoom_in", Needs.TAPE, tip="Enlarge the graph"),
    Command("zoom_out", "&View", "Zoom &Out", ("Ctrl+-",), "zoom_out", Needs.TAPE, tip="Make the graph smaller"),
    Command(
        "follow", "&View", "F&ollow the Current Node", (), "follow", checkable=True,
        tip="Keep the current node in view while stepping",
    ),
    Command(
        "backward_graph", "&View", "&Backward Graph", ("Ctrl+Alt+1",), "graph", Needs.TAPE, separator=True, checkable=True,
        tip="Draw the nodes of backward",
    ),
    Command(
        "forward_graph", "&View", "F&orward Graph", ("Ctrl+Alt+2",), "layers", Needs.TAPE, checkable=True,
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
    Command("theme_light", "&View", "Theme: &Light", (), "sun", checkable=True, tip="Always light"),
    Command("theme_dark", "&View", "Theme: &Dark", (), "moon", checkable=True, tip="Always dark"),
    Command("reset_layout", "&View", "&Reset Layout", (), separator=True, tip="Put all panels back to where they were at first"),
    Command(
        "start", "&Run", "&Start", ("F5",), "play", Action.LAUNCH, "run",
        tip="Run the script and stop at the first node of backward",
    ),
    Command("continue", "&Run", "&Continue", ("F5", "Ctrl+Shift+Right"), "play", Action.CONTINUE, "run", tip="Run to the next stop"),
    Command("pause", "&Run", "&Pause", ("F6", "Ctrl+Pause"), "pause", Action.PAUSE, "run", tip="Stop the script at its next op or node"),
    Command("stop", "&Run", "S&top", ("Shift+F5",), "stop", Action.STOP, "run", tip="End the script; everything recorded is kept"),
    Command("kill", "&Run", "&Kill Now", (), "kill", Action.KILL, tip="End the script without asking it"),
    Command(
        "restart", "&Run", "&Restart", ("Ctrl+Shift+F5",), "restart", Action.RESTART, "run",
        tip="Run the script again from its beginning",
    ),
    Command(
        "step_back", "&Run", "Step &Back", ("Shift+F10",), "step_back", Action.STEP_BACK, "time", separator=True,
        tip="Undo the last node of backward exactly",
    ),
    Command("step", "&Run", "&Next Node", ("F10",), "step", Action.NEXT, "time", tip="Run one node of backward"),
    Command(
        "run_to", "&Run", "Run to Se&lected Node", ("Ctrl+F10",), "run_to", Action.GOTO, "time",
        tip="Run until the selected node is next",
    ),
    Command(
        "reverse", "&Run", "Re&verse Continue", ("Ctrl+Shift+Left",), "reverse_continue", Action.REVERSE_CONTINUE, "time",
        tip="Step back to the beginning of this backward",
    ),
    Command(
        "stop_on_entry", "&Run", "Stop at the First Node of &Each Backward", (), "", separator=True, checkable=True,
        tip="Off: run until something else stops it",
    ),
    Command(
        "first_event", "&Navigate", "&First Step", ("Ctrl+Home",), "first", Needs.TAPE, "past",
        tip="Look at the first recorded step",
    ),
    Command(
        "previous_event", "&Navigate", "&Previous Step", ("Ctrl+Left",), "arrow_up", Needs.TAPE, "past",
        tip="Look at the step before; the script does not move",
    ),
    Command(
        "next_event", "&Navigate", "&Next Step", ("Ctrl+Right",), "arrow_down", Needs.TAPE, "past",
        tip="Look at the step after; the script does not move",
    ),
    Command("last_event", "&Navigate", "&Last Step", ("Ctrl+End",), "last", Needs.TAPE, "past", tip="Look at the last recorded step"),
    Command(
        "return_to_live", "&Navigate", "&Return to Live", ("Ctrl+L",), "return_to_live", Needs.PAST, "past",
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

BAR = ("run", "time", "past")  # the order of fear


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

    def all(self) -> list[QAction]:
        """All actions, in the order of the table."""
        return list(self._by_name.values())

    def show_state(self, state: State, there: Mapping[Needs, bool]) -> None:
        """Enable what can work now; the tip of what cannot says why."""
        for command in COMMANDS:
            action = self._by_name[command.name]
            if isinstance(command.needs, Action):
                enabled = command.needs in ALLOWED[state]
                reason = QCoreApplication.translate("Actions", "not while the session is {0}").format(state.value)
                if enabled and command.name == "run_to" and not there.get(Needs.NODE, False):
                    enabled, reason = False, REASONS[Needs.NODE]
                if command.name == "start" and enabled and not there.get(Needs.SCRIPT, False):
                    enabled, reason = False, REASONS[Needs.SCRIPT]
            else:
                enabled = command.needs is Needs.NOTHING or there.get(command.needs, False)
                reason = REASONS.get(command.needs, "")
            action.setEnabled(enabled)
            tip = QCoreApplication.translate("Actions", command.tip)
            keys = ", ".join(k.toString(QKeySequence.SequenceFormat.NativeText) for k in action.shortcuts())
            name = action.text().replace("&", "").rstrip(".")
            head = f"{name} ({keys})" if keys else name
            action.setToolTip(
                f"{head}\n{tip}" if enabled else f"{head}\n{tip}\n" + QCoreApplication.translate("Actions", "Disabled: {0}").format(reason)
            )
            action.setStatusTip(tip)
        # one key, two commands: F5 starts what does not run and continues what is paused
        running = Action.LAUNCH not in ALLOWED[state]
        self._by_name["start"].setVisible(not running)
        self._by_name["continue"].setVisible(running)

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

    def fill_toolbar(self, bar: QToolBar) -> None:
        """Make the toolbar: groups of commands, the most used with their names."""
        for group in BAR:
            if group != BAR[0]:
                bar.addSeparator()
            for command in COMMANDS:
                if command.bar == group:
                    bar.addAction(self._by_name[command.name])
                    button = bar.widgetForAction(self._by_name[command.name])
                    if isinstance(button, QToolButton):
                        button.setAccessibleName(self._text(command).replace("&", ""))
