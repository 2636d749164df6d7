"""The one table of what a user can command: menus, toolbar, shortcuts, tips and enabling are all read off it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    CHANGED = auto()  # a change of breakpoints, watches, bookmarks or names can be taken back
    TAKEN_BACK = auto()  # and one was
    VALUE = auto()  # a value is selected
    EXAMPLE = auto()  # a bundled example is open


REASONS = {
    Needs.SCRIPT: "open a script first",
    Needs.TAPE: "nothing has been recorded yet",
    Needs.NODE: "select a node in the graph first",
    Needs.PAST: "the view is at the live point already",
    Needs.OPEN: "nothing is open",
    Needs.UNDO: "there is no step of this backward pass to undo",
    Needs.CHANGED: "no breakpoint, watch, bookmark or name was changed",
    Needs.TAKEN_BACK: "no change was taken back",
    Needs.VALUE: "select a value first",
    Needs.EXAMPLE: "open one of the examples first",
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


MENUS = ("&File", "&Edit", "&View", "&Run", "&Breakpoints", "&Navigate", "&Tools", "&Help")

COMMANDS: tuple[Command, ...] = (
    Command("open", "&File", "&Open Script...", ("Ctrl+O",), "open", tip="Choose a Python script to debug"),
    Command("open_tape", "&File", "Open &Tape...", ("Ctrl+Shift+O",), "record", tip="Look at a recorded run"),
    Command("open_ranks", "&File", "Open &Folder of Ranks...", (), "layers", tip="Look at the recorded ranks of a job side by side"),
    Command("run_elsewhere", "&File", "Run on Another &Machine...", (), "run_to", tip="Debug a script on another machine, through ssh"),
    Command("attach", "&File", "Follow on &Another Machine...", (), "link", tip="Copy a recording here by ssh as it grows, and look at it"),
    Command(
        "save_tape", "&File", "&Save Tape As...", ("Ctrl+S",), "save", Needs.TAPE, separator=True,
        tip="Keep the recording of this run",
    ),
    Command(
        "export", "&File", "&Export View...", ("Ctrl+Shift+E",), needs=Needs.TAPE, tip="Save what the graph shows as SVG, PDF or PNG",
    ),
    Command("export_whole", "&File", "Export &Whole Graph...", (), needs=Needs.TAPE, tip="Save all of the graph as SVG, PDF or PNG"),
    Command(
        "export_data", "&File", "Export Graph &Data...", (), needs=Needs.TAPE, tip="Save the graph for Graphviz, networkx or Gephi",
    ),
    Command("close", "&File", "&Close", ("Ctrl+W",), needs=Needs.OPEN, asks=Action.CLOSE, separator=True, tip="Back to the welcome page"),
    Command("quit", "&File", "&Quit", ("Ctrl+Q",), separator=True, tip="End the program; a running script is stopped"),
    Command(
        "undo", "&Edit", "&Undo", ("Ctrl+Z",), "", Needs.CHANGED,
        tip="Take back the last change of breakpoints, watches, bookmarks or names; the program does not move",
    ),
    Command("redo", "&Edit", "&Redo", ("Ctrl+Shift+Z",), "", Needs.TAKEN_BACK, tip="Make the change again that was taken back"),
    Command("copy", "&Edit", "&Copy", ("Ctrl+C",), "copy", separator=True, tip="Copy what is selected in the panel that has the focus"),
    Command(
        "find", "&Edit", "&Find...", ("Ctrl+F",), "search", Needs.TAPE, bar="search",
        tip="In the panel that has the focus, else nodes, parameters, modules and ops of the graph",
    ),
    Command("find_next", "&Edit", "Find &Next", ("F3",), "", Needs.TAPE, tip="Go to the next match"),
    Command("find_previous", "&Edit", "Find Pre&vious", ("Shift+F3",), "", Needs.TAPE, tip="Go to the match before"),
    Command(
        "find_everywhere", "&Edit", "Find Everyw&here...", ("Ctrl+Shift+F",), "", Needs.TAPE,
        tip="In nodes, events, tensors, source lines and output",
    ),
    Command("quick_open", "&Edit", "&Quick Open...", ("Ctrl+P",), "", tip="Go to a node, parameter, module, line, event or recent file"),
    Command("palette", "&Edit", "Command &Palette...", ("Ctrl+Shift+P",), "", tip="Find a command by its name"),
    Command(
        "name", "&Edit", "Na&me...", ("F2",), "", Needs.TAPE, separator=True,
        tip="Give the selected node, tensor or group a name of your own; an empty one takes it back",
    ),
    Command("preferences", "&Edit", "Pr&eferences...", ("Ctrl+,",), "settings", separator=True, tip="Everything that can be set"),
    Command("fit", "&View", "&Fit Graph", ("Ctrl+0",), "fit", Needs.TAPE, tip="Show the whole graph"),
    Command("zoom_in", "&View", "Zoom &In", ("Ctrl++", "Ctrl+="), "zoom_in", Needs.TAPE, tip="Enlarge the graph"),
    Command("zoom_out", "&View", "Zoom &Out", ("Ctrl+-",), "zoom_out", Needs.TAPE, tip="Make the graph smaller"),
    Command(
        "follow", "&View", "Fo&llow the Current Node", (), "follow", checkable=True,
        tip="Keep the current node in view while stepping",
    ),
    Command(
        "fold_all", "&View", "Fold E&verything", ("Ctrl+Alt+Up",), "", Needs.TAPE, separator=True,
        tip="Show each module call and each loop as one box",
    ),
    Command(
        "unfold_all", "&View", "&Unfold Everything", ("Ctrl+Alt+Down",), "", Needs.TAPE,
        tip="Show every node, as far as the graph is not too large for that",
    ),
    Command("fold_level", "&View", "Fold O&ne Level", ("Ctrl+Alt+Left",), "", Needs.TAPE, tip="Fold the innermost groups that are open"),
    Command("unfold_level", "&View", "Unfold On&e Level", ("Ctrl+Alt+Right",), "", Needs.TAPE, tip="Open the outermost folded groups"),
    Command("tidy", "&View", "Tidy U&p the Graph", (), "", Needs.TAPE, tip="Draw it anew: fewer crossings, and all may move"),
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
        "beside_graphs", "&View", "Forward Beside Bac&kward", ("Ctrl+Alt+4",), "columns", Needs.TAPE, checkable=True,
        tip="Draw both side by side; they scroll together, and what is selected in one is in the other",
    ),
    *(
        Command(fact, "&View/Colours of t&he Nodes", text, (), "", Needs.TAPE, checkable=True, tip=tip)
        for fact, text, tip in (
            ("colour_kind", "&Kind", "The family of each op"), ("colour_module", "&Module", "The module that each op ran in"),
            ("colour_norm", "&Gradient Norm", "The norm of the gradient that arrived"),
            ("colour_range", "Value &Range", "The largest absolute value"), ("colour_time", "&Time", "How long each node took"),
            ("colour_memory", "M&emory", "Bytes of results, and of what is kept for backward"),
            ("colour_device", "&Device", "Where it was computed"), ("colour_nans", "&NaN Count", "How many NaNs and infinities"),
        )
    ),
    Command(
        "flow_on_edges", "&View", "Gradient&s Move Along Edges", (), "", checkable=True,
        tip="After a step, show the gradients on their way to the nodes that receive them",
    ),
    Command(
        "theme_system", "&View/&Theme", "As the &System", (), "contrast", checkable=True, tip="Light or dark as the system says",
    ),
    Command("theme_light", "&View/&Theme", "&Light", (), "sun", checkable=True, tip="Always light"),
    Command("theme_dark", "&View/&Theme", "&Dark", (), "moon", checkable=True, tip="Always dark"),
    Command(
        "theme_contrast", "&View/&Theme", "High &Contrast", (), "contrast", checkable=True, tip="Black, white and few strong colours",
    ),
    Command(
        "maximise", "&View", "&Maximise Panel", ("Ctrl+M",), separator=True, checkable=True,
        tip="The panel with the focus alone, and back",
    ),
    Command("next_panel", "&View", "Go to the Ne&xt Panel", ("Ctrl+F6",), "", Needs.OPEN, tip="Give the next panel that is seen the focus"),
    Command(
        "previous_panel", "&View", "Go to the Previous Panel", ("Ctrl+Shift+F6",), "", Needs.OPEN,
        tip="Give the panel before this one the focus",
    ),
    Command(
        "unlink", "&View", "Unlink or Link Panel", ("Ctrl+Alt+U",), "unlink",
        tip="The panel with the focus keeps what it shows, or shows what is selected again",
    ),
    Command("link_all", "&View", "Link All Panels", ("Ctrl+Alt+Shift+U",), "link", tip="Every panel shows what is selected"),
    Command("save_layout", "&View/La&youts", "&Save Layout As...", (), tip="Keep where the panels are under a name"),
    Command("reset_layout", "&View/La&youts", "&Reset Layout", (), tip="Put all panels back to where they were at first"),
    Command(
        "start", "&Run", "&Start", ("F5",), "play", Needs.SCRIPT, Action.LAUNCH, "run",
        tip="Run the script and stop at the first node of backward",
    ),
    Command("continue", "&Run", "&Continue", ("F5", "Ctrl+Shift+Right"), "play", None, Action.CONTINUE, "run", tip="Run to the next stop"),
    Command(
        "pause", "&Run", "&Pause", ("F6", "Ctrl+Pause"), "pause", None, Action.PAUSE, "run",
        tip="Stop the script at its next op or node",
    ),
    Command(
        "show_stacks", "&Run", "S&how Stacks of All Threads", (), "", None, Action.WHERE,
        tip="Where every thread of the program is just now, also while it runs",
    ),
    Command("stop", "&Run", "S&top", ("Shift+F5",), "stop", None, Action.STOP, "run", tip="End the script; everything recorded is kept"),
    Command("kill", "&Run", "&Kill Now", (), "kill", None, Action.KILL, tip="End the script without asking it"),
    Command(
        "restart", "&Run", "&Restart", ("Ctrl+Shift+F5",), "restart", Needs.SCRIPT, Action.RESTART, "run",
        tip="Run the script again from its beginning",
    ),
    Command(
        "record_on", "&Run/Recor&ding", "From the &Next Backward", (), "record", None, Action.RECORD,
        tip="Write on the tape from the next backward pass on, where a script on PyTorch was started without recording",
    ),
    Command(
        "record_off", "&Run/Recor&ding", "N&o More", (), "", None, Action.RECORD,
        tip="Write no more on the tape once this backward pass is over; a script on PyTorch then runs at its own speed",
    ),
    Command(
        "step_back", "&Run", "Step &Back", ("Shift+F10",), "step_back", Needs.UNDO, Action.STEP_BACK, "time", separator=True,
        tip="Rewind the program itself: undo the last node of backward exactly, .grad included",
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
        tip="Rewind the program itself to the beginning of this backward",
    ),
    Command(
        "what_if", "&Run", "&What If Here...", (), "", Needs.NODE, Action.GOTO,
        tip="Run until the selected node is next, then edit the gradient that waits there and see what changes",
    ),
    Command(
        "run_configuration", "&Run", "Run Confi&guration...", ("Ctrl+F5",), "settings", separator=True,
        tip="Which engine runs the script, in which interpreter, with which arguments",
    ),
    Command(
        "stop_on_entry", "&Run", "Stop at the &First Node of Backward", (), "", checkable=True,
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
        tip="Look at the first recorded step; the program does not move",
    ),
    Command(
        "previous_event", "&Navigate", "Look at the &Previous Step", ("Ctrl+Left",), "earlier", Needs.TAPE, bar="past",
        tip="Look at the step before, on the tape; the program does not move",
    ),
    Command(
        "next_event", "&Navigate", "Look at the &Next Step", ("Ctrl+Right",), "later", Needs.TAPE, bar="past",
        tip="Look at the step after, on the tape; the program does not move",
    ),
    Command(
        "last_event", "&Navigate", "Look at the &Last Step", ("Ctrl+End",), "last", Needs.TAPE, bar="past",
        tip="Look at the last recorded step; the program does not move",
    ),
    Command(
        "return_to_live", "&Navigate", "&Return to Live", ("Ctrl+L",), "return_to_live", Needs.PAST, bar="past",
        tip="Leave the past: show where the program is now",
    ),
    Command(
        "next_alert", "&Navigate", "Next &Alert", ("F8",), "warning", Needs.TAPE, separator=True,
        tip="Go to the next NaN or infinity",
    ),
    Command("previous_alert", "&Navigate", "Pre&vious Alert", ("Shift+F8",), "", Needs.TAPE, tip="Go to the NaN or infinity before"),
    Command(
        "previous_write", "&Navigate", "Previous &Write of the Value", ("Alt+PgUp",), "", Needs.VALUE, separator=True,
        tip="Look at the selected value as it was before it was written last",
    ),
    Command("next_write", "&Navigate", "Next Write of the Val&ue", ("Alt+PgDown",), "", Needs.VALUE, tip="Look at what was written next"),
    Command(
        "history_back", "&Navigate", "&Back in the Selection", ("Alt+Left",), "", Needs.TAPE, separator=True,
        tip="Select what was selected before, and look at its moment",
    ),
    Command(
        "history_forward", "&Navigate", "F&orward in the Selection", ("Alt+Right",), "", Needs.TAPE,
        tip="Select again what was selected before going back",
    ),
    Command(
        "bookmark", "&Navigate", "Boo&kmark This Moment", ("Ctrl+B",), "", Needs.TAPE, separator=True,
        tip="Mark the moment that is shown, to come back to it; again takes the mark away",
    ),
    *(
        Command(
            f"bookmark_{number}", "&Navigate/Go to Book&mark", f"Bookmark &{number}", (f"Ctrl+{number}",), "", Needs.TAPE,
            tip="Look at the moment of this bookmark",
        )
        for number in range(1, 10)
    ),
    Command(
        "go_to_source", "&Navigate", "Go to &Source", ("F12",), "source", Needs.NODE,
        tip="Show the line that made the selected node",
    ),
    Command(
        "way_to_loss", "&Navigate", "Path &to the Loss", ("Ctrl+Alt+L",), "", Needs.NODE, separator=True,
        tip="Light the shortest path between the selected node and the loss",
    ),
    Command(
        "way_to_parameters", "&Navigate", "Pat&hs to the Parameters", ("Ctrl+Alt+P",), "", Needs.NODE,
        tip="Light the shortest paths from the selected node to the parameters that its gradient reaches",
    ),
    Command(
        "explain", "&Navigate", "E&xplain", ("Ctrl+E",), "", Needs.TAPE,
        tip="What went wrong with autograd in this run, at the selected node first",
    ),
    Command(
        "add_watch", "&Tools", "&Watch an Expression...", ("Ctrl+Shift+W",), "", Needs.OPEN,
        tip="Follow a tensor, a gradient or any expression of the program over the stops",
    ),
    Command("lock_value", "&Tools", "&Lock the Value in a Tab", ("Ctrl+Alt+K",), "lock", Needs.VALUE, tip="Leave it as it is now"),
    Command("pin_value", "&Tools", "&Pin the Value as A", ("Ctrl+Alt+A",), "", Needs.VALUE, tip="Compare what is selected next with it"),
    Command(
        "watch_value", "&Tools", "Watch the Selected &Value", (), "", Needs.VALUE,
        tip="Follow the value that the tensor panel shows over the stops",
    ),
    Command(
        "contributions", "&Tools", "&Contributions", (), "", Needs.TAPE, separator=True,
        tip="What each path and each backward pass added to the selected gradient",
    ),
    Command("statistics", "&Tools", "&Statistics", (), "", Needs.TAPE, tip="What ops cost: how many, how long, how many bytes"),
    Command("flow", "&Tools", "Gradient &Flow", (), "", Needs.TAPE, tip="The gradient norm of each parameter over the iterations"),
    Command(
        "compare_iterations", "&Tools", "Compare &Iterations", (), "", Needs.TAPE, separator=True,
        tip="Two iterations of this run side by side: where they first differ, and how much",
    ),
    Command("compare_with", "&Tools", "Compare With &Another Tape...", (), "", Needs.TAPE, tip="This run and another one side by side"),
    Command("ranks", "&Tools", "Ran&ks Side by Side", (), "", Needs.OPEN, tip="Each rank's gradients, and which one first stands out"),
    Command("help", "&Help", "&Help on This Panel", ("F1",), "help", tip="What the panel with the focus shows, and its keys"),
    Command("op_reference", "&Help", "&Op Reference...", (), "", tip="Each op: what it does, what backward keeps, the rule"),
    Command("about_op", "&Help", "About This O&p", (), "", Needs.NODE, tip="The page of the selected node's op"),
    Command("tour", "&Help", "&Tour of the Window", (), "", Needs.OPEN, tip="Five parts of the window and what they are for"),
    Command("what_to_find", "&Help", "&What to Find", (), "search", Needs.EXAMPLE, tip="What the bundled example that is open asks of you"),
    Command("shortcuts", "&Help", "&Keyboard Shortcuts", ("Ctrl+Alt+/",), tip="All keys on one sheet"),
    Command("about", "&Help", "&About gradstep", (), "info", tip="Version, interpreter, libraries"),
)  # fmt: skip

_BY_NAME = {command.name: command for command in COMMANDS}
_SPOKEN: dict[str, str] = {}  # the first key of each command, as the user's system writes it


def key_of(name: str) -> str:
    """The key of a command, for a sentence that names it; the command's own name where it has none."""
    command = _BY_NAME[name]
    spoken = _SPOKEN[name] if name in _SPOKEN else "".join(command.keys[:1])  # before there is a window
    return spoken or QCoreApplication.translate("Actions", command.text).replace("&", "").rstrip(".")


class Actions(QObject):
    """The QActions of the table, by name; ``show_state`` enables them."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._by_name: dict[str, QAction] = {}
        self._told: dict[str, tuple[str, bool]] = {}  # why it is disabled, whether it is visible: as the action has it now
        self._shown: tuple[State, Mapping[Needs, bool]] | None = None  # what was asked for last
        self._keys: dict[str, str] = {}
        for command in COMMANDS:
            action = QAction(self._text(command), self)
            action.setObjectName(command.name)
            if command.icon:
                action.setIcon(icon(command.icon))
            action.setCheckable(command.checkable)
            action.setIconVisibleInMenu(not command.checkable)  # there stands the tick
            self._by_name[command.name] = action
            self.set_keys(command.name, command.keys)
            action.setStatusTip(QCoreApplication.translate("Actions", command.tip))
        self.show_state(State.IDLE, {})

    @staticmethod
    def _text(command: Command) -> str:
        return QCoreApplication.translate("Actions", command.text)

    def __getitem__(self, name: str) -> QAction:
        return self._by_name[name]

    def name(self, name: str) -> str:
        """What a command is called, without marks of keys."""
        return self._by_name[name].text().replace("&", "").rstrip(".")

    def set_keys(self, name: str, keys: Sequence[str]) -> None:
        """Give a command other keys."""
        action = self._by_name[name]
        action.setShortcuts([QKeySequence(key) for key in keys])
        shown = ", ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in action.shortcuts())
        self._keys[name] = f"{self.name(name)} ({shown})" if shown else self.name(name)
        _SPOKEN[name] = shown.partition(", ")[0]
        if name in self._told:
            self._show(_BY_NAME[name], *self._told[name])

    def reason(self, name: str) -> str:
        """Why a command is disabled, "" where it is not."""
        return self._told[name][0]

    def all(self) -> list[QAction]:
        """All actions, in the order of the table."""
        return list(self._by_name.values())

    def show_state(self, state: State, there: Mapping[Needs, bool]) -> None:
        """Enable what can work now; the tip of what cannot says why."""
        if (state, there) == self._shown:
            return
        self._shown = state, dict(there)
        shared = "start" if Action.LAUNCH not in ALLOWED[state] else "continue"  # F5 starts what does not run and continues what is paused
        for command in COMMANDS:
            reason = ""
            if command.needs is not None and not there.get(command.needs, False):
                reason = REASONS[command.needs]
            if command.asks is not None and command.asks not in ALLOWED[state]:
                reason = QCoreApplication.translate("Actions", "not while the session is {0}")
                reason = reason.format(QCoreApplication.translate("States", state.value))
            elif reason:
                reason = QCoreApplication.translate("Actions", reason)
            visible = command.asks is None or not command.menu.startswith("&Run") or state is not State.TRACE  # a tape has no program
            told = reason, visible and command.name != shared
            if self._told.get(command.name) != told:
                self._told[command.name] = told
                self._show(command, *told)

    def _show(self, command: Command, reason: str, visible: bool) -> None:
        action = self._by_name[command.name]
        action.setEnabled(not reason)
        words = [self._keys[command.name], QCoreApplication.translate("Actions", command.tip)]
        if reason:
            words.append(QCoreApplication.translate("Actions", "Disabled: {0}").format(reason))
        action.setToolTip("\n".join(words))
        action.setVisible(visible)

    def fill_menus(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Make the menus; gives them by name, for what is added beside the table (docks, recent files, examples)."""
        menus = {name: bar.addMenu(QCoreApplication.translate("Actions", name)) for name in MENUS}
        for command in COMMANDS:
            if command.menu not in menus:  # "&Navigate/Go to Book&mark" is a menu in another
                outer, _, inner = command.menu.partition("/")
                menus[command.menu] = menus[outer].addMenu(QCoreApplication.translate("Actions", inner))
            if command.separator:
                menus[command.menu].addSeparator()
            menus[command.menu].addAction(self._by_name[command.name])
        for menu in menus.values():
            menu.setToolTipsVisible(True)
        return menus
