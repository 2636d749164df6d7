"""The main window: makes the parts and connects them. It decides nothing itself."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, Qt, QTimer, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from gradstep.engine.debug.breakpoints import BreakKind
from gradstep.engine.debug.core import Stopped
from gradstep.engine.debug.states import ALIVE, ENDED, RUNNING, State
from gradstep.engine.extensions.switches import Switches

from .actions import COMMANDS, Actions, Needs
from .canvas import GraphCanvas
from .commands.keymap import native
from .files import recent
from .files.file_commands import FileCommands
from .files.notes import Notes
from .files.opening import Opening
from .files.recovery import Recovery
from .files.settings import kept
from .files.tape_watch import TapeWatch
from .frame import dialogs, wording
from .frame.announcer import Announcer
from .frame.around import Around
from .frame.bars import RunBar, StateBar, place_text
from .frame.busy_bar import BusyBar
from .frame.docks import Docks, plain
from .frame.message_bar import MessageBar
from .frame.troubles import Troubles
from .frame.undo import Undo
from .frame.welcome import WelcomePage, dropped
from .frame.whereabouts import Whereabouts
from .graph import layouts
from .graph.drawing import Shown
from .graph.layout_menu import LayoutMenu
from .graph.page import GraphPage
from .graph.presenter import GraphPresenter
from .graph.reading import GraphReading
from .guard.faulting import FaultTeller
from .guard.plug_ins import PlugIns
from .guide.examples import FOLDER, bundled
from .guide.guide import Guide
from .models.debug_model import AT_ONCE, DebugModel
from .models.notes import KEYS
from .panels.panel_presenter import PanelPresenter
from .panels.panel_set import PanelSet
from .preferences.effects import Effects
from .preferences.store import Preferences
from .program.breaking import Breaking
from .program.breakpoints import Breakpoints
from .program.experiments import Experiments
from .program.inquiries import Inquiries
from .program.session import DebugSession
from .program.watches import Watches
from .runners.runs import Runs
from .study.analyses import Analyses
from .study.everywhere import Everywhere
from .study.findings import Findings
from .study.navigator import Navigator
from .study.ranks import Ranks
from .study.tallying import Tallying
from .tensors.views import TensorViews
from .theme import Appearance
from .translation import translate
from .widgets.soon import Soon

SETTLE = 120  # milliseconds: a program that stands still again by then was never shown as running, so that a step does not flicker
_RESTING = ENDED | {State.IDLE, State.READY, State.PAUSED, State.TRACE}


class MainWindow(QMainWindow):
    """One session, one tape, and the panels around them."""

    def __init__(self, appearance: Appearance, settings: QSettings | None = None) -> None:
        super().__init__()
        self.setObjectName("MainWindow")
        self.setAcceptDrops(True)
        self.appearance = appearance
        self.settings = settings if settings is not None else kept()
        self.preferences = Preferences(self.settings, self)
        self.session = DebugSession(self)
        self.model = DebugModel(self)
        self.actions_ = Actions(self)
        self._whereabouts = Whereabouts()
        self._workers = 0  # processes below the program's
        self._state = self.session.state  # the one that is shown
        self._settling = QTimer(self, singleShot=True, interval=SETTLE)
        self._settling.timeout.connect(self._show_state)
        self._enabling = Soon(self._enable, self)

        self.message, self.task = MessageBar(), MessageBar()
        self.busy = BusyBar()
        self.canvas = GraphCanvas()
        self.page = GraphPage(self.canvas, self.actions_)
        self.welcome = WelcomePage()
        self.pages = QStackedWidget()
        self.panels = PanelSet()
        self.docks = Docks(self, self.panels.places())
        self.bar = RunBar(self.actions_)
        self.status = StateBar()
        self._place_parts()

        self.opening = Opening(self.session, self.model, self.settings, self)
        self.navigator = Navigator(self.model, self)
        self.graphs = GraphPresenter(self.canvas, self.model, layouts.layout(), self)
        self.reading = GraphReading(self.page, self.model, self.graphs, self.actions_, self.settings, self)
        self.presenter = PanelPresenter(self.panels, self.model, self.docks, self)
        self.inquiries = Inquiries(self.session, self.panels.tensor, self.panels.console, self)
        self.tensor_views = TensorViews(self.model, self.panels, self.docks, self)
        self.files = FileCommands(self, self.settings)
        self.breakpoints = Breakpoints(self.session, self.settings, self)
        self.breaking = Breaking(self.breakpoints, self.model, self.opening, self.panels, self.docks, self.graphs, self.actions_, self)
        self.watches = Watches(self.session, self.model, self.breakpoints, self.panels.watches, self.settings, self)
        self.findings = Findings(self.session, self.model, self.panels.explanations, self.panels.alerts, self.docks, self)
        self.analyses = Analyses(self.model, self.panels, self.docks, self)
        self.ranks = Ranks(self.session, self.model, self.opening, self.panels.ranks, self.docks, self)
        self.tallying = Tallying(self.model, self.panels.statistics, self.panels.events, self.docks, self.reading.emphasis, self)
        self.notes = Notes(self.model, self.navigator, self.panels.notes, self.settings, self)
        self.everywhere = Everywhere(self.panels.find, self.panels.output, self.model, self.navigator, self)
        self.undo = Undo(self)
        self.experiments = Experiments(self.session, self.model, self.panels.what_if, self)
        switches = Switches(Path(self.settings.fileName()).with_name("plugins.json"))
        self.plug_ins = PlugIns(self.model, self.docks, self.panels.plugins, switches, self)
        self.graphs.guard = self.plug_ins.guard
        self.faults = FaultTeller(self.message, self.plug_ins, self.panels.plugins, self.docks, self)
        self.announcer = Announcer(self.message, self.canvas, self.session, self.model, self.opening, self.navigator)
        self.troubles = Troubles(self.message, self.session, self.opening)
        self.troubles.stacks_found.connect(self._show_stacks)
        self.runs = Runs(self.opening, self.session, self.preferences, self.message, self.welcome.runner, self)

        self.tape_watch = TapeWatch(self.model, self.session, self.opening, self.message, self)
        self.recovery = Recovery(self.session, self.opening, self.preferences, self.settings, self)
        self.recovery.due.connect(self._keep_arrangement)

        self.around = Around(self, self.actions_, self.model, self.docks, self.message, self.opening, self.preferences, self.settings)
        self.around.keymap.changed.connect(self._show_keys)
        self._show_keys()
        button = partial(self.bar.widgetForAction, self.actions_["step"])
        self.guide = Guide(self.task, self.opening, self.model, self.docks, self.panels, self.canvas, button, self.settings, self)
        self.session.stopped.connect(self.guide.stopped)
        self.guide.said.connect(self.status.say)
        self._fill_menus()
        self._connect_session_and_model()
        self._connect_panels()
        self._connect_actions()
        self.effects = Effects(
            self.preferences, self.settings, appearance, self.opening, self.model, self.announcer, self.presenter, self.actions_, self
        )
        self.effects.forgot_recent.connect(self._fill_recent)
        self.effects.graph_wanted.connect(lambda name: self._show_graph(Shown(name)))
        self.plug_ins.load()
        self._restore()
        self._opened()

    # ------------------------------------------------------------------------------------ making

    def _place_parts(self) -> None:
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.message)
        column.addWidget(self.busy)
        column.addWidget(self.task)
        column.addWidget(self.pages)
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self.page)
        self.setCentralWidget(centre)
        self.addToolBar(self.bar)
        self.setStatusBar(self.status)

    def _fill_menus(self) -> None:
        menus = self.actions_.fill_menus(self.menuBar())
        docks = QMenu(self.tr("&Panels"), self)
        self.docks.fill(docks)
        docks.aboutToShow.connect(lambda: self.docks.fill(docks))
        menus["&View"].addSeparator()
        self.layout_menu = LayoutMenu(self.plug_ins.guard, self)
        for menu in (self.layout_menu, docks):
            menus["&View"].addMenu(menu)
        self.around.fill_menu(menus["&View"])
        self._recent_menu = QMenu(self.tr("Open &Recent"), self)
        menus["&File"].insertMenu(self.actions_["save_tape"], self._recent_menu)
        examples = QMenu(self.tr("&Examples"), self)
        for name, label, about in bundled():
            action = examples.addAction(label)
            action.setStatusTip(about)
            action.triggered.connect(lambda _=False, file=FOLDER / name: self.open_file(str(file)))
        menus["&Help"].insertMenu(self.actions_["shortcuts"], examples)

    # ------------------------------------------------------------------------------------ connecting

    def _connect_session_and_model(self) -> None:
        session, model = self.session, self.model
        session.state_changed.connect(self._session_changed)
        session.stopped.connect(self._stopped)
        session.ended.connect(lambda _: self._show_log())
        session.output.connect(self.panels.output.show_output)
        session.skipped.connect(self._output_skipped)
        session.progressed.connect(lambda progress: self._show_process(progress.workers))
        for changed in (model.tape_changed, model.cursor_moved, model.live_changed, model.selection_changed):
            changed.connect(self._enable_later)
        model.grown.connect(self._grown)
        self.opening.changed.connect(self._opened)
        self.opening.starting.connect(self._starting)
        self.opening.runner.changed.connect(self._show_process)
        self.status.runner.clicked.connect(self.actions_["run_configuration"].trigger)
        for said in (
            self.announcer.said,
            self.navigator.said,
            self.inquiries.failed,
            self.files.said,
            self.opening.said,
            self.runs.said,
            self.ranks.said,
        ):
            said.connect(self.status.say)
        for saying in (self.graphs.foldings.said, self.reading.said):
            saying.connect(self.status.say)
        self.graphs.arranging.connect(self.busy.begin)
        self.graphs.arranged.connect(self.busy.end)
        self.graphs.refused.connect(self.message.show_error)
        self.busy.cancelled.connect(self.graphs.cancel)
        self.reading.working.connect(self.busy.begin)
        self.reading.worked.connect(self.busy.end)
        self.busy.cancelled.connect(self.reading.cancel)
        self.layout_menu.chosen.connect(self.graphs.choose_layout)
        self.graphs.layout_changed.connect(self.layout_menu.show_chosen)
        for line_wanted in (self.announcer.line_wanted, self.navigator.line_wanted):
            line_wanted.connect(self._show_line)

    def _connect_panels(self) -> None:
        panels, model, navigator = self.panels, self.model, self.navigator
        for node_picked in (panels.events.node_picked, panels.step.node_picked, panels.hooks.node_picked, panels.alerts.node_picked):
            node_picked.connect(model.select)
        for value_picked in (panels.step.value_picked, panels.hooks.value_picked, panels.alerts.value_picked):
            value_picked.connect(self._show_value)
        for asking in (panels.events, panels.step, panels.hooks, panels.alerts, panels.stack):
            asking.line_picked.connect(self._show_line)
        for event_picked in (panels.events.event_picked, panels.hooks.event_picked, panels.timeline.event_picked):
            event_picked.connect(navigator.look_at)
        panels.alerts.event_picked.connect(model.move_to)
        panels.alerts.inputs_wished.connect(self._inputs)
        panels.events.run_wished.connect(self.actions_["start"].trigger)
        panels.source.line_picked.connect(lambda file, line: navigator.select_line(file, line, forward=self.graphs.shown is Shown.FORWARD))
        panels.tensor.rerun_wished.connect(self.opening.restart_with_values)
        panels.tensor.capture_wished.connect(self.opening.keep_more)
        panels.output.log_wished.connect(self._say_log)
        panels.breakpoints.line_picked.connect(self._show_line)
        self.breakpoints.refused.connect(self.status.say)
        for saying in (self.notes, self.findings, self.experiments, self.watches, self.tensor_views, self.tallying):
            saying.said.connect(self.status.say)
        self.plug_ins.views_changed.connect(lambda: panels.tensor.show_plugin_pages(self.plug_ins.pages))
        self.plug_ins.node_picked.connect(model.select)
        self.plug_ins.event_picked.connect(navigator.look_at)
        self.plug_ins.line_picked.connect(self._show_line)
        for owner in (self.breakpoints, self.watches, self.notes):
            self.undo.follow(owner)
        self.undo.changed.connect(self._enable_later)
        for line_wanted in (self.analyses.line_wanted, self.everywhere.line_wanted):
            line_wanted.connect(self._show_line)
        self.everywhere.value_wanted.connect(self._show_value)
        self.everywhere.output_wanted.connect(lambda: self.docks.bring(panels.output))
        panels.compare.tape_wished.connect(self._compare_with)
        panels.statistics.save_wished.connect(lambda text: self.files.ask_save_values(text, "statistics"))
        panels.what_if.node_picked.connect(model.select)
        panels.what_if.value_picked.connect(self._show_value)
        panels.explanations.line_picked.connect(self._show_line)
        panels.explanations.node_picked.connect(model.select)
        panels.explanations.event_picked.connect(model.move_to)
        self.canvas.node_picked.connect(model.select)
        self.canvas.node_activated.connect(lambda _: navigator.go_to_source())
        self.canvas.menu_wanted.connect(self._canvas_menu)
        self.files.file_picked.connect(self.open_file)
        quick = self.around.quick_open
        quick.node_picked.connect(model.select)
        quick.line_picked.connect(self._show_line)
        quick.event_picked.connect(navigator.look_at)
        quick.file_picked.connect(self.open_file)
        self.around.layouts.said.connect(self.status.say)
        self.around.plug_ins_wished = lambda: self.docks.bring(panels.plugins)
        self.files.failed.connect(self.message.show_error)
        self.welcome.open_wished.connect(self.actions_["open"].trigger)
        self.welcome.open_tape_wished.connect(self.actions_["open_tape"].trigger)
        self.welcome.file_picked.connect(self.open_file)

    def _connect_actions(self) -> None:
        session, canvas, navigator, files = self.session, self.canvas, self.navigator, self.files
        # fmt: off
        slots: dict[str, Any] = {
            "open": files.ask_script, "open_tape": files.ask_tape, "save_tape": self._save_tape,
            "export": lambda: files.ask_export(canvas), "export_whole": lambda: files.ask_export(canvas, whole=True),
            "export_data": lambda: files.ask_export_data(self.graphs.whole(), self.plug_ins.guard, self.opening.name),
            "close": self.opening.close, "quit": self.close,
            "undo": lambda: self.status.say(self.tr("Undone: {0}").format(self.undo.undo())),
            "redo": lambda: self.status.say(self.tr("Done again: {0}").format(self.undo.redo())),
            "copy": self._copy, **self.reading.commands(),
            "fit": canvas.fit, "zoom_in": canvas.zoom_in, "zoom_out": canvas.zoom_out,
            "follow": lambda: canvas.set_follow(self.actions_["follow"].isChecked()),

            "start": self.opening.start, "restart": self.opening.restart, "pause": session.pause, "stop": session.stop,
            "record_on": lambda: session.record(True), "record_off": lambda: session.record(False),
            "kill": session.kill, "show_stacks": self.troubles.ask_stacks,
            "continue": self._live(session.continue_), "step": self._live(session.next),
            "step_into": self._live(session.step_into), "step_out": self._live(session.step_out),
            "toggle_breakpoint": self.breaking.toggle, "add_breakpoint": self.breaking.ask,
            "break_on_nan": lambda: self.breakpoints.toggle(BreakKind.VALUE, "nonfinite"),
            "break_on_exception": lambda: self.breakpoints.toggle(BreakKind.EXCEPTION, ""),
            "clear_breakpoints": self.breakpoints.clear,
            "step_back": self._live(session.step_back), "reverse": self._live(session.reverse_continue),
            "run_to": self._run_to_selected,
            "first_event": navigator.look_at_first, "last_event": navigator.look_at_last,
            "previous_event": navigator.look_at_previous, "next_event": navigator.look_at_next,
            "return_to_live": navigator.look_at_last, "next_alert": navigator.next_alert,
            "previous_alert": navigator.previous_alert, "go_to_source": navigator.go_to_source,
            "bookmark": self.notes.toggle,
            **{f"bookmark_{place}": (lambda place=place: self.notes.go_to_place(place)) for place in range(1, KEYS + 1)},
            "what_if": self._what_if, "explain": self.findings.explain_selected,
            "previous_write": self.tensor_views.previous_write, "next_write": self.tensor_views.next_write,
            "lock_value": self.panels.tensor.lock, "pin_value": self.panels.tensor.pin,
            "add_watch": self._ask_watch, "watch_value": self._watch_value,
            "contributions": lambda: self.docks.bring(self.panels.contributions),
            "flow": lambda: self.docks.bring(self.panels.flow), "statistics": lambda: self.docks.bring(self.panels.statistics),
            "ranks": lambda: self.docks.bring(self.panels.ranks),
            "find_everywhere": self._find_everywhere,
            "compare_iterations": lambda: self._compare(""), "compare_with": self._compare_with,
            "run_configuration": self.runs.ask,
            **self.around.slots(), **self.guide.slots(), "about": lambda: dialogs.about(self),
            **{name: getattr(self.graphs.foldings, name) for name in ("fold_all", "unfold_all", "fold_level", "unfold_level")},
            "tidy": self.graphs.tidy,
            **{shown.value: (lambda shown=shown: self._show_graph(shown)) for shown in Shown},
        }
        # fmt: on
        for command in COMMANDS:
            if command.name in slots:  # preferences listen to the others themselves
                self.actions_[command.name].triggered.connect(lambda _=False, slot=slots[command.name]: slot())
        self.actions_["follow"].setChecked(True)
        self._show_graph(Shown(self.preferences.text("graph/shown")))
        self.addActions(self.actions_.all())

    def _live(self, order: Any) -> Any:
        """An order to the program: the view returns from the past first, to see what comes of it."""

        def ordered() -> None:
            self.model.go_live()
            order()

        return ordered

    # ------------------------------------------------------------------------------------ opening

    @Slot(str)
    def open_file(self, file: str) -> None:
        """Open a script (and run it to its first node of backward) or a tape."""
        self.opening.open_file(file)

    @Slot()
    def _opened(self) -> None:
        """Another script or tape is open, or none."""
        self._fill_recent()
        self.panels.events.show_script(Path(self.opening.script).name)
        self.presenter.show_script(self.opening.script, self.opening.text())
        self.findings.show_waiting()
        self.breakpoints.show_script(self.opening.script)
        self.watches.show_script(self.opening.script)
        self.notes.show_file(self.opening.script or self.opening.tape)
        self.undo.clear()
        busy = bool(self.opening.name)
        self.pages.setCurrentWidget(self.page if busy else self.welcome)
        if busy:
            self.canvas.setFocus()
        if busy and self.docks.hidden:
            self.docks.restore(self.settings)
        elif not busy:
            self.docks.save(self.settings)
            self.docks.hide()
            self.welcome.setFocus()
        self._show_state()

    @Slot()
    def _starting(self) -> None:
        self.presenter.show_script(self.opening.script, self.opening.text())
        self.panels.output.clear()
        self._whereabouts.forget()

    # ------------------------------------------------------------------------------------ the session

    @Slot(object)
    def _session_changed(self, state: State) -> None:
        if state in RUNNING and self._state is State.PAUSED:
            self._settling.start()
        else:
            self._show_state()

    @Slot()
    def _show_state(self) -> None:
        """Everything that the state of the session decides."""
        self._settling.stop()
        state = self._state = self.session.state
        live = state is State.PAUSED
        self.panels.tensor.set_live(live)
        self.panels.console.show_enabled(live, "" if live else self.tr("Expressions run in your program, while it is paused."))
        if state in _RESTING and not self.model.takes_time:
            self.model.catch_up(AT_ONCE)
        self.findings.show_state(state)
        self.experiments.show_state(state)
        if not live:
            self.model.set_live_node(None)
        self.graphs.set_paused(state in _RESTING)
        self.reading.sides.set_paused(state in _RESTING)
        self._enable()
        self._show_process()

    @Slot(object)
    def _stopped(self, stop: Stopped) -> None:
        self._whereabouts.note(stop)
        self.model.go_live()
        self.model.set_live_node(stop.node or None)
        if stop.node:
            self.model.select(("node", stop.node))
        self.presenter.show_moment_later()
        if not stop.node and stop.where.get("file"):
            self.presenter.show_now()
            self.panels.source.show_line(str(stop.where["file"]), int(stop.where.get("line", 0)))
        self._enable_later()

    @Slot()
    def _run_to_selected(self) -> None:
        key = self.model.selection.key
        if key is not None and key[0] == "node":
            self.model.go_live()
            self.session.run_to(key[1])

    @Slot()
    def _what_if(self) -> None:
        """Stand before the selected node, and bring the panel that edits its gradient."""
        key, stop = self.model.selection.key, self.session.stop_info
        if key is not None and (stop is None or stop.node != key[1]):
            self._run_to_selected()
        self.docks.bring(self.panels.what_if)

    def _ask_watch(self) -> None:
        self.docks.bring(self.panels.watches)
        self.panels.watches.ask()

    def _watch_value(self) -> None:
        self.docks.bring(self.panels.watches)
        self.watches.watch_value()

    def _find_everywhere(self) -> None:
        self.docks.bring(self.panels.find)
        self.panels.find.start_search()

    def _compare(self, tape: str) -> None:
        self.panels.compare.show_other(tape)
        self.docks.bring(self.panels.compare)

    def _compare_with(self) -> None:
        tape = self.files.ask_other_tape()
        if tape:
            self._compare(tape)

    @Slot(str, int)
    def _output_skipped(self, stream: str, size: int) -> None:
        text = self.tr("({0} of {1} not shown; all of it is in the run's folder)\n").format(wording.size_text(size), stream)
        self.panels.output.show_output("console", text)

    def _show_log(self) -> None:
        if self.session.folder is not None:
            self.panels.output.show_log(str(self.session.folder.path))

    @Slot()
    def _say_log(self) -> None:
        if self.session.folder is not None:
            self.status.say(str(self.session.folder.path))

    # ------------------------------------------------------------------------------------ what is shown

    @Slot()
    def _grown(self) -> None:
        self._show_place()
        self._show_process()
        if not self.actions_["fit"].isEnabled():
            self._enable_later()

    @Slot()
    def _enable_later(self) -> None:
        self._enabling.start()

    @Slot()
    def _enable(self) -> None:
        self._enabling.stop()
        tape, key, state = self.model.tape, self.model.selection.key, self._state
        stop = self.session.stop_info
        self.actions_.show_state(
            state,
            {
                Needs.SCRIPT: bool(self.opening.script),
                Needs.OPEN: bool(self.opening.name),
                Needs.TAPE: tape is not None and bool(len(tape.ops) + len(tape.events)),
                Needs.NODE: key is not None and key[0] == "node",
                Needs.PAST: not self.model.is_live,
                Needs.UNDO: stop is not None and stop.can_step_back,
                Needs.CHANGED: self.undo.can_undo,
                Needs.TAKEN_BACK: self.undo.can_redo,
                Needs.VALUE: self.model.selection.value is not None,
                Needs.EXAMPLE: self.guide.in_example,
            },
        )
        self._show_place()

    @Slot()
    def _show_place(self) -> None:
        """Where the view stands, whether that is where the program stands, and what it does there."""
        state, live = self._state, self.model.is_live
        place = place_text(self.model)
        self.bar.show_place(place, past=not live)
        told = translate("States", self.session.sentence)
        sentence = self._whereabouts.sentence(told, self.session.stop_info if state is State.PAUSED else None, live=live)
        if sentence != self.status.sentence.text() or state is State.PAUSED:
            self.status.show_state(state, sentence)
        name = self.opening.name
        words = translate("States", state.value)
        shown = words if live else self.tr("{0}, looking at the past").format(words)
        self.setWindowTitle(f"{name} [{shown}] - gradstep" if name else "gradstep")

    @Slot()
    def _show_keys(self) -> None:
        self.welcome.show_keys([native(self.around.keymap.keys(name)) for name in ("open", "open_tape")])

    @Slot(object)
    def _show_stacks(self, stacks: Any) -> None:
        self.presenter.show_threads(stacks)
        self.docks.bring(self.panels.stack)

    def _show_process(self, workers: int = -1) -> None:
        running = self.session.pid if self.session.state in ALIVE else 0
        self._workers = workers if workers >= 0 and running else self._workers if running else 0
        self.status.show_process(running, self.opening.runner.title, self._workers)
        tape = self.model.tape
        self.status.show_tape(str(tape.path) if tape is not None and tape.path else "")

    def _show_graph(self, shown: Shown) -> None:
        for other in Shown:
            self.actions_[other.value].setChecked(other is shown)
        self.graphs.show(self.reading.show_beside(shown))

    @Slot(object)
    def _show_value(self, value: Any) -> None:
        self.model.select_value(value)
        self.docks[self.panels.tensor].raise_()

    @Slot(str, int)
    def _show_line(self, file: str, line: int) -> None:
        self.presenter.show_now()  # else what is due would move the line again
        self.panels.source.show_line(file, line)
        self.docks[self.panels.source].raise_()

    @Slot(object)
    def _inputs(self, alert: Any) -> None:
        """What the node of an alert was given and what it made of it."""
        self.navigator.go_to_alert(alert)
        self.docks[self.panels.step].raise_()

    # ------------------------------------------------------------------------------------ the rest

    def _save_tape(self) -> None:
        tape = self.model.tape
        if tape is not None and tape.path:
            self.files.ask_save_tape(tape, Path(self.opening.name or tape.path).stem)

    def _fill_recent(self) -> None:
        files = recent.recent(self.settings)
        self._recent_menu.clear()
        for file in files:
            action = self._recent_menu.addAction(plain(file.name))
            action.setStatusTip(str(file))
            action.triggered.connect(lambda _=False, file=file: self.open_file(str(file)))
        self._recent_menu.setEnabled(bool(files))
        self.welcome.show_recent(files)

    def _copy(self) -> None:
        widget: QWidget | None = QApplication.focusWidget()
        while widget is not None:
            copy = getattr(widget, "copy", None)
            if callable(copy):
                copy()
                return
            widget = widget.parentWidget()

    def _canvas_menu(self, key: Any, place: Any) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if key is not None:
            self.model.select(key)
            has = key in self.graphs.breakpoints
            menu.addAction(self.tr("Remove Breakpoint") if has else self.tr("Break Here"), self.breaking.toggle_selected)
            for name in ("run_to", "what_if", "explain", "contributions", "go_to_source", "about_op", "way_to_loss", "way_to_parameters"):
                menu.addAction(self.actions_[name])
            menu.addSeparator()
        for name in ("fit", "backward_graph", "forward_graph", "both_graphs", "export"):
            menu.addAction(self.actions_[name])
        menu.popup(place)

    # ------------------------------------------------------------------------------------ Qt's events

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        file = dropped(event)
        if file:
            event.acceptProposedAction()
            self.open_file(file)

    @Slot()
    def _keep_arrangement(self) -> None:
        self.settings.setValue("geometry", self.saveGeometry())
        self.docks.save(self.settings)
        self.settings.sync()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._keep_arrangement()
        self.recovery.end()
        self.notes.keep()
        self.plug_ins.end()
        self.graphs.close()
        self.reading.close()
        self.findings.stop()
        self.analyses.stop()
        self.ranks.stop()
        self.tensor_views.stop()
        self.runs.stop()
        self.session.close()
        self.model.close()
        super().closeEvent(event)

    def _restore(self) -> None:
        geometry = self.settings.value("geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            room = self.screen().availableGeometry()
            self.resize(min(room.width(), 1680), min(room.height(), 1050))
