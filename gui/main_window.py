"""The main window: makes the panels and connects them to the session and the model. It decides nothing itself."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, QSize, Qt, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from gradstep.engine.debug.core import Outcome, Stopped
from gradstep.engine.debug.protocol import Response
from gradstep.engine.debug.states import ENDED, Action, State
from gradstep.engine.tape.reader import TapeError
from gradstep.engine.tape.schema import Frame, Val

from . import dialogs, layouts, recent, wording
from .actions import COMMANDS, Actions, Needs
from .canvas import GraphCanvas
from .docks import Docks, Places, plain
from .file_commands import FileCommands
from .graph_presenter import GraphPresenter, Shown
from .message_bar import MessageBar
from .models.debug_model import DebugModel, Selection
from .panels.alerts_panel import AlertsPanel
from .panels.call_stack_panel import CallStackPanel
from .panels.console_panel import ConsolePanel
from .panels.events_panel import EventsPanel
from .panels.hooks_panel import HooksPanel
from .panels.output_panel import OutputPanel
from .panels.source_panel import SourcePanel
from .panels.step_panel import StepPanel
from .panels.tensor_panel import TensorPanel
from .panels.timeline_panel import TimelinePanel
from .session import DebugSession
from .settings import kept
from .theme import Appearance, Mode
from .values import array_of
from .welcome import EXAMPLES, FOLDER, WelcomePage, dropped

_RESTING = ENDED | {State.PAUSED, State.TRACE}


class MainWindow(QMainWindow):
    """One session, one tape, and the panels around them."""

    def __init__(self, appearance: Appearance, settings: QSettings | None = None) -> None:
        super().__init__()
        self.setObjectName("MainWindow")
        self.setAcceptDrops(True)
        self.appearance = appearance
        self.settings = settings if settings is not None else kept()
        self.session = DebugSession(self)
        self.model = DebugModel(self)
        self.actions_ = Actions(self)
        self.python = sys.executable
        self.script = ""
        self._pending_values: set[Val] = set()

        self.message = MessageBar()
        self.canvas = GraphCanvas()
        self.welcome = WelcomePage()
        self.pages = QStackedWidget()
        self.presenter = GraphPresenter(self.canvas, self.model, layouts.layout(), self)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.message)
        column.addWidget(self.pages)
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self.canvas)
        self.setCentralWidget(centre)

        self.events = EventsPanel()
        self.source = SourcePanel()
        self.step = StepPanel()
        self.tensor = TensorPanel()
        self.timeline = TimelinePanel()
        self.alerts = AlertsPanel()
        self.hooks = HooksPanel()
        self.stack = CallStackPanel()
        self.console = ConsolePanel()
        self.output = OutputPanel()
        self.docks = Docks(
            self,
            Places(
                left=(self.events, self.source),
                right=(self.step, self.tensor),
                strip=self.timeline,
                lists=(self.hooks, self.alerts, self.stack, self.console, self.output),
            ),
        )
        self.files = FileCommands(self, self.settings)
        self._make_bars()
        self._connect_model()
        self._connect_session()
        self._connect_panels()
        self._connect_actions()
        self._restore()
        self._session_changed(self.session.state)
        self._show_page()

    # ------------------------------------------------------------------------------------ making

    def _first_size(self) -> tuple[int, int]:
        """Nearly the whole screen, but no larger than is of use."""
        room = self.screen().availableGeometry()
        return min(room.width(), 1680), min(room.height(), 1050)

    def _make_bars(self) -> None:
        menus = self.actions_.fill_menus(self.menuBar())
        docks = QMenu(self.tr("&Panels"), self)
        for dock in self.docks.all():
            docks.addAction(dock.toggleViewAction())
        menus["&View"].addSeparator()
        menus["&View"].addMenu(docks)
        self._recent_menu = QMenu(self.tr("Open &Recent"), self)
        menus["&File"].insertMenu(self.actions_["save_tape"], self._recent_menu)
        examples = QMenu(self.tr("&Examples"), self)
        for name, label, about in EXAMPLES:
            action = examples.addAction(label)
            action.setStatusTip(about)
            action.triggered.connect(lambda _=False, file=FOLDER / name: self.open_file(str(file)))
        menus["&Help"].insertMenu(self.actions_["shortcuts"], examples)

        bar = QToolBar(self.tr("Run and time"))
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        bar.setIconSize(QSize(20, 20))
        self.actions_.fill_toolbar(bar)
        for name in ("start", "continue"):
            button = bar.widgetForAction(self.actions_[name])
            if button is not None:
                button.setProperty("role", "primary")
        bar.addSeparator()
        self.place_label = QLabel()
        self.place_label.setObjectName("placeLabel")
        self.place_label.setTextFormat(Qt.TextFormat.PlainText)
        bar.addWidget(self.place_label)
        self.addToolBar(bar)

        status = self.statusBar()
        self.state_label = QLabel()
        self.state_label.setObjectName("stateLabel")
        self.state_label.setTextFormat(Qt.TextFormat.PlainText)
        self.tape_label = QLabel()
        self.tape_label.setObjectName("tapeLabel")
        self.process_label = QLabel()
        self.process_label.setObjectName("processLabel")
        status.addWidget(self.state_label, 1)
        status.addPermanentWidget(self.process_label)
        status.addPermanentWidget(self.tape_label)

    # ------------------------------------------------------------------------------------ connecting

    def _connect_model(self) -> None:
        model = self.model
        model.tape_changed.connect(self._tape_changed)
        model.grown.connect(self._grown)
        model.cursor_moved.connect(self._cursor_moved)
        model.live_changed.connect(self._live_changed)
        model.selection_changed.connect(self._selection_changed)
        model.damaged.connect(lambda why: self.message.show_error(self.tr("The tape cannot be read further: {0}").format(why)))

    def _connect_session(self) -> None:
        session = self.session
        session.state_changed.connect(self._session_changed)
        session.stopped.connect(self._stopped)
        session.tape_opened.connect(self._open_live_tape)
        session.output.connect(self.output.show_output)
        session.skipped.connect(self._output_skipped)
        session.ended.connect(self._ended)
        session.noticed.connect(lambda text: self.statusBar().showMessage(text, 8000))
        session.progressed.connect(lambda _: self._show_process())

    def _connect_panels(self) -> None:
        events, step, hooks, alerts = self.events, self.step, self.hooks, self.alerts
        for node_picked in (events.node_picked, step.node_picked, hooks.node_picked, alerts.node_picked):
            node_picked.connect(self.model.select)
        for value_picked in (step.value_picked, hooks.value_picked, alerts.value_picked):
            value_picked.connect(self._show_value)
        for line_picked in (events.line_picked, step.line_picked, hooks.line_picked, alerts.line_picked, self.stack.line_picked):
            line_picked.connect(self._show_line)
        for event_picked in (events.event_picked, hooks.event_picked, alerts.event_picked, self.timeline.event_picked):
            event_picked.connect(self._look_at)
        self.events.run_wished.connect(self.actions_["start"].trigger)
        self.source.line_picked.connect(self._line_picked)
        self.tensor.value_wanted.connect(self._fetch_value)
        self.tensor.rerun_wished.connect(self.session.restart)
        self.console.expression_entered.connect(self._evaluate)
        self.output.log_wished.connect(self._show_log)
        self.canvas.node_picked.connect(self.model.select)
        self.canvas.node_activated.connect(lambda _: self.actions_["go_to_source"].trigger())
        self.canvas.menu_wanted.connect(self._canvas_menu)
        self.files.file_picked.connect(self.open_file)
        self.files.said.connect(lambda text: self.statusBar().showMessage(text, 8000))
        self.files.failed.connect(self.message.show_error)
        self.welcome.open_wished.connect(self.actions_["open"].trigger)
        self.welcome.open_tape_wished.connect(self.actions_["open_tape"].trigger)
        self.welcome.file_picked.connect(self.open_file)

    def _connect_actions(self) -> None:
        session, model, canvas = self.session, self.model, self.canvas
        # fmt: off
        slots: dict[str, Any] = {
            "open": self.files.ask_script, "open_tape": self.files.ask_tape, "save_tape": self._save_tape,
            "export": lambda: self.files.ask_export(canvas), "close": self.close_script, "quit": self.close,
            "copy": self._copy, "find": self._find,
            "fit": canvas.fit, "zoom_in": canvas.zoom_in, "zoom_out": canvas.zoom_out, "follow": self._set_follow,
            "theme_system": lambda: self._set_theme(Mode.SYSTEM), "theme_light": lambda: self._set_theme(Mode.LIGHT),
            "theme_dark": lambda: self._set_theme(Mode.DARK), "reset_layout": self.docks.arrange,
            "start": self.start, "continue": session.continue_, "pause": session.pause, "stop": session.stop, "kill": session.kill,
            "restart": session.restart, "step": self._next, "step_back": self._step_back, "reverse": self._reverse,
            "run_to": self._run_to_selected, "stop_on_entry": lambda: None,
            "first_event": lambda: self._look(0), "last_event": lambda: self._look(model.last),
            "previous_event": lambda: self._moved_by(model.step_back()), "next_event": lambda: self._moved_by(model.step_forward()),
            "return_to_live": lambda: self._look_at(model.last),
            "next_alert": lambda: self._alert(1), "previous_alert": lambda: self._alert(-1), "go_to_source": self._go_to_source,
            "shortcuts": lambda: dialogs.shortcuts(self), "about": lambda: dialogs.about(self),
            **{shown.value: (lambda shown=shown: self._show_graph(shown)) for shown in Shown},
        }
        # fmt: on
        for command in COMMANDS:
            self.actions_[command.name].triggered.connect(lambda _=False, slot=slots[command.name]: slot())
        self.actions_["follow"].setChecked(True)
        self.actions_["stop_on_entry"].setChecked(True)
        self._show_graph(Shown.BACKWARD)
        self.addActions(self.actions_.all())

    # ------------------------------------------------------------------------------------ opening

    @Slot(str)
    def open_file(self, file: str) -> None:
        """Open a script (and run it to its first node of backward) or a tape."""
        path = Path(file)
        if not path.is_file():
            self.message.show_error(self.tr("{0} is not there any more: choose another file.").format(path))
            return
        if path.suffix == ".gst":
            self._open_tape(path)
            return
        if self.session.state not in _RESTING - {State.PAUSED} | {State.IDLE, State.READY}:
            self.message.show_message(
                self.tr("{0} is still running: stop it before another script is opened.").format(Path(self.script).name),
                [(self.tr("Stop"), self.session.stop)],
            )
            return
        self.script = str(path.resolve())
        recent.remember(self.settings, path)
        self._fill_recent()
        self.events.show_script(path.name)
        self.session.choose(self.script)
        self.start()

    @Slot()
    def start(self) -> None:
        """Run the script that is open."""
        if not self.script:
            return
        self.message.clear()
        self.output.clear()
        self.session.launch(
            self.script, python=self.python, cwd=str(Path(self.script).parent), stop_on_entry=self.actions_["stop_on_entry"].isChecked()
        )

    def _open_tape(self, path: Path) -> None:
        try:
            self.model.open(path)
        except (TapeError, OSError) as error:
            self.message.show_error(self.tr("{0} cannot be opened: {1}").format(path.name, error))
            return
        self.message.clear()
        recent.remember(self.settings, path)
        self._fill_recent()
        self.script = ""
        self.session.show_trace()
        self.model.catch_up()
        self.presenter.set_paused(True)
        self._show_page()

    @Slot(str)
    def _open_live_tape(self, path: str) -> None:
        try:
            self.model.open(path)
        except (TapeError, OSError) as error:
            self.message.show_error(self.tr("The recording of this run cannot be read: {0}").format(error))
        self._show_page()

    def close_script(self) -> None:
        """Back to the welcome page."""
        self.model.close()
        self.script = ""
        self.message.clear()
        self._show_page()
        self._session_changed(self.session.state)

    def _show_page(self) -> None:
        busy = bool(self.script) or self.model.tape is not None
        self.pages.setCurrentWidget(self.canvas if busy else self.welcome)
        if not busy:
            self.docks.save(self.settings)
            self.docks.hide()
        elif self.docks.hidden:
            self.docks.restore(self.settings)

    # ------------------------------------------------------------------------------------ the session

    @Slot(object)
    def _session_changed(self, state: State) -> None:
        self.state_label.setText(self.session.sentence)
        self.statusBar().setAccessibleName(self.session.sentence)
        resting = state in _RESTING
        live = state is State.PAUSED
        self.tensor.set_live(live)
        self.console.show_enabled(live, "" if live else self.tr("Expressions run in your program, while it is paused."))
        name = Path(self.script).name if self.script else ""
        suffix = f" [{state.value}]" if state is not State.IDLE else ""
        self.setWindowTitle(f"{name}{suffix} - gradstep" if name else "gradstep")
        if state is State.STARTING:
            self.canvas.set_empty_text(self.tr("Starting {0}").format(name), self.tr("The graph appears when backward() is called."))
        elif not resting:
            self.canvas.set_empty_text(self.tr("Running"), self.tr("The graph appears when backward() is called."))
        if resting:
            self.model.catch_up()
        if not live:
            self.model.set_live_node(None)
        self.presenter.set_paused(resting)
        self._enable()
        self._show_process()

    @Slot(object)
    def _stopped(self, stop: Stopped) -> None:
        self.model.catch_up()
        self.model.go_live()
        self.model.set_live_node(stop.node or None)
        if stop.node:
            self.model.select(("node", stop.node))
        self.presenter.set_paused(True)
        self._show_moment()
        self._enable()

    @Slot(object)
    def _ended(self, outcome: Outcome) -> None:
        self.model.catch_up()
        self.presenter.set_paused(True)
        text = wording.outcome_text(outcome, self.script, self.model.tape)
        again = (self.tr("Restart"), self.session.restart)
        if outcome.how in (State.RAISED, State.CRASHED, State.FAILED):
            answers = []
            place = outcome.exception or outcome.refused
            if place.get("file") and place.get("line"):
                answers.append((self.tr("Go to line"), lambda: self._show_line(str(place["file"]), int(place["line"]))))
            if outcome.node:
                answers.append((self.tr("Go to node"), lambda: self.model.select(("node", outcome.node))))
            self.message.show_error(text, [*answers, again])
        elif text:
            self.message.show_message(text, [again] if outcome.how is not State.FINISHED or outcome.exit_code else [])
        self.canvas.set_empty_text(self.tr("No graph"), text or self.tr("backward() was not called."))
        if self.session.folder is not None:
            self.output.show_log(str(self.session.folder.path))
        self._show_moment()
        self._enable()

    @Slot()
    def _next(self) -> None:
        self.model.go_live()
        self.session.next()

    @Slot()
    def _step_back(self) -> None:
        self.model.go_live()
        self.session.step_back()

    @Slot()
    def _reverse(self) -> None:
        self.model.go_live()
        self.session.reverse_continue()

    @Slot()
    def _run_to_selected(self) -> None:
        key = self.model.selection.key
        if key is not None and key[0] == "node":
            self.model.go_live()
            self.session.run_to(key[1])

    # ------------------------------------------------------------------------------------ the model

    @Slot()
    def _tape_changed(self) -> None:
        self.events.show_history(self.model.reader)
        self.source.show_sources(self.model.tape.sources if self.model.tape is not None else {})
        self._show_moment()
        self._grown()

    @Slot()
    def _grown(self) -> None:
        model, tape = self.model, self.model.tape
        self.events.show_growth()
        self.timeline.show_timeline(model.timeline() if tape is not None else None)
        if tape is not None:
            self.source.show_sources(tape.sources)
            for file in model.marks.files():
                self.source.show_marks(file, model.marks.counts(file))
            alerts = model.alerts
            self.alerts.show_alerts(alerts.alerts(), alerts.carried, len(tape.events))
            dock = self.docks[self.alerts]
            title = plain(self.alerts.heading())
            dock.setWindowTitle(f"{title} ({len(alerts)})" if len(alerts) else title)
            self.hooks.show_hooks(model.hooks_view())
        self._show_tape()

    @Slot(int)
    def _cursor_moved(self, _: int) -> None:
        self._show_moment()

    @Slot(bool)
    def _live_changed(self, _: bool) -> None:
        self._enable()
        self._show_moment()

    def _show_moment(self) -> None:
        """All panels at the model's cursor."""
        model = self.model
        position = model.position
        self.events.show_position(position)
        self.timeline.show_position(position)
        self.hooks.show_hooks(model.hooks_view())
        self.hooks.show_position(position)
        node = model.current_node
        key = model.selection.key
        shown = key[1] if key is not None and key[0] == "node" else node
        self.step.show_step(model.step_view(shown))
        self.events.show_next(model.reader.node_name(node) if model.reader is not None and node is not None and model.is_live else "")
        file, line = model.current_line()
        if file:
            self.source.show_line(file, line)
        self._show_stacks()
        self._show_place()

    @Slot(object)
    def _selection_changed(self, selection: Selection) -> None:
        key = selection.key
        self.step.show_step(self.model.step_view(key[1] if key is not None and key[0] == "node" else self.model.current_node))
        self.hooks.show_node(key)
        self.tensor.show_tensor(self.model.tensor_view(selection.value))
        if key is not None:
            self.events.select(key)
        file, line = self.model.current_line()
        if file:
            self.source.show_line(file, line)
        self._show_stacks()
        self._enable()

    @Slot(object)
    def _show_value(self, value: Any) -> None:
        self.model.select_value(value)
        self.docks[self.tensor].raise_()

    def _show_stacks(self) -> None:
        tape, key = self.model.tape, self.model.selection.key
        stacks: list[tuple[str, tuple[Frame, ...]]] = []
        if tape is not None and key is not None:
            noun = tape.nodes.get(key[1]) if key[0] == "node" else None
            op = tape.ops.get(noun.op) if noun is not None and noun.op is not None else tape.ops.get(key[1]) if key[0] == "op" else None
            if op is not None:
                stacks.append((self.tr("{0} was called").format(op.name), op.stack))
        if tape is not None and self.model.run in tape.runs:
            stacks.append((self.tr("backward() was called"), tape.runs[self.model.run].stack))
        self.stack.show_stacks(stacks)

    def _show_place(self) -> None:
        """Where the view stands, and whether that is where the program stands."""
        model = self.model
        tape, run = model.tape, model.run
        if tape is None or run not in tape.runs:
            self.place_label.setText("")
            return
        done = sum(1 for status in model.state.node_status.values() if status.name == "DONE")
        text = self.tr("step {0} of {1}").format(done, len(tape.runs[run].needed))
        runs = list(tape.runs)
        if len(runs) > 1:
            text += self.tr(", backward {0} of {1}").format(runs.index(run) + 1, len(runs))
        if not model.is_live:
            text = self.tr("LOOKING AT THE PAST: ") + text
        self.place_label.setText(f"  {text}")
        self.place_label.setProperty("role", "past" if not model.is_live else "")
        self.place_label.style().polish(self.place_label)

    def _look(self, position: int) -> None:
        line = self.model.timeline()
        if position <= 0 and len(line):
            position = int(line.enters.min())
        self._look_at(position)

    @Slot(int)
    def _look_at(self, position: int) -> None:
        """Look at the moment of an event; its node is selected, so that every panel shows it."""
        self.model.move_to(position)
        self._moved_by(True)

    def _moved_by(self, moved: bool) -> None:
        node = self.model.current_node
        if moved and node is not None:
            self.model.select(("node", node))

    def _alert(self, way: int) -> None:
        found = [alert for alert in self.model.alerts.alerts() if alert.event >= 0]
        here = self.model.position
        ahead = (
            sorted(a.event for a in found if a.event > here)
            if way > 0
            else sorted((a.event for a in found if a.event < here), reverse=True)
        )
        if not ahead:
            self.statusBar().showMessage(self.tr("No alert further on") if way > 0 else self.tr("No alert before"), 5000)
            return
        alert = next(a for a in found if a.event == ahead[0])
        self.model.move_to(alert.event)
        self.model.select(alert.key)

    # ------------------------------------------------------------------------------------ asking the program

    @Slot(object)
    def _fetch_value(self, val: Val) -> None:
        def arrived(response: Response) -> None:
            if response.success:
                self.tensor.show_value(val, array_of(response))
            else:
                self.statusBar().showMessage(response.message, 8000)

        self.session.request("value", arrived, tensor=val.tensor, version=val.version)

    @Slot(str)
    def _evaluate(self, expression: str) -> None:
        def arrived(response: Response) -> None:
            if response.success:
                self.console.show_result(expression, str(response.body.get("result", "")))
            else:
                self.console.show_error(expression, response.message)

        if not self.session.request("evaluate", arrived, expression=expression):
            self.console.show_error(expression, self.tr("The program is not paused."))

    # ------------------------------------------------------------------------------------ showing lines

    @Slot(str, int)
    def _show_line(self, file: str, line: int) -> None:
        self.source.show_line(file, line)
        self.docks[self.source].raise_()

    @Slot()
    def _go_to_source(self) -> None:
        file, line = self.model.current_line()
        if file:
            self._show_line(file, line)

    @Slot(str, int)
    def _line_picked(self, file: str, line: int) -> None:
        """The last op of that line, and its backward node where the backward graph is shown."""
        ops = self.model.marks.ops(file, line)
        tape = self.model.tape
        if not ops or tape is None:
            return
        for number in reversed(ops):
            node = next((slot.node for slot in tape.ops[number].grads if slot is not None), None)
            if self.presenter.shown is Shown.FORWARD:
                self.model.select(("op", number))
                return
            if node is not None:
                self.model.select(("node", node))
                return

    # ------------------------------------------------------------------------------------ files

    def _save_tape(self) -> None:
        tape = self.model.tape
        if tape is not None and tape.path:
            self.files.ask_save_tape(Path(tape.path), Path(self.script or tape.path).stem)

    def _fill_recent(self) -> None:
        files = recent.recent(self.settings)
        self._recent_menu.clear()
        for file in files:
            action = self._recent_menu.addAction(file.name)
            action.setStatusTip(str(file))
            action.triggered.connect(lambda _=False, file=file: self.open_file(str(file)))
        self._recent_menu.setEnabled(bool(files))
        self.welcome.show_recent(files)

    @Slot(str, int)
    def _output_skipped(self, stream: str, size: int) -> None:
        self.output.show_output(
            "console", self.tr("({0} of {1} not shown; all of it is in the run's folder)\n").format(wording.size_text(size), stream)
        )

    @Slot()
    def _show_log(self) -> None:
        if self.session.folder is not None:
            self.statusBar().showMessage(str(self.session.folder.path), 20000)

    # ------------------------------------------------------------------------------------ the rest

    def _enable(self) -> None:
        tape = self.model.tape is not None and len(self.model.tape.ops) + len(self.model.tape.events) > 0
        key = self.model.selection.key
        self.actions_.show_state(
            self.session.state,
            {
                Needs.SCRIPT: bool(self.script),
                Needs.TAPE: tape,
                Needs.NODE: key is not None and key[0] == "node",
                Needs.PAST: not self.model.is_live,
            },
        )
        stop = self.session.stop_info
        if self.session.state is State.PAUSED and stop is not None and not stop.can_step_back:
            for name in ("step_back", "reverse"):
                self.actions_[name].setEnabled(False)
        self.actions_["close"].setEnabled(self.session.allows(Action.CLOSE) and bool(self.script or self.model.tape))

    def _show_process(self) -> None:
        pid = self.session.pid
        version = platform.python_version() if self.python == sys.executable else ""
        parts = [f"pid {pid}" if pid else "", f"Python {version}" if version else self.python]
        self.process_label.setText("   ".join(part for part in parts if part))
        self._show_tape()

    def _show_tape(self) -> None:
        tape = self.model.tape
        if tape is None or not tape.path:
            self.tape_label.setText("")
            return
        size = Path(tape.path).stat().st_size if Path(tape.path).exists() else 0
        self.tape_label.setText(self.tr("tape {0}").format(wording.size_text(size)))

    def _show_graph(self, shown: Shown) -> None:
        for other in Shown:
            self.actions_[other.value].setChecked(other is shown)
        self.presenter.show(shown)

    def _set_follow(self) -> None:
        self.canvas.set_follow(self.actions_["follow"].isChecked())

    def _set_theme(self, mode: Mode) -> None:
        self.appearance.set_mode(mode)
        self.settings.setValue("theme", mode.value)
        self._check_theme()

    def _check_theme(self) -> None:
        for mode in Mode:
            self.actions_[f"theme_{mode.value}"].setChecked(mode is self.appearance.mode)

    def _copy(self) -> None:
        widget: QWidget | None = QApplication.focusWidget()
        while widget is not None:
            copy = getattr(widget, "copy", None)
            if callable(copy):
                copy()
                return
            widget = widget.parentWidget()

    def _find(self) -> None:
        self.docks[self.events].show()
        self.docks[self.events].raise_()
        self.events.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _canvas_menu(self, key: Any, place: Any) -> None:
        menu = QMenu(self)
        if key is not None:
            self.model.select(key)
            for name in ("run_to", "go_to_source"):
                menu.addAction(self.actions_[name])
            menu.addSeparator()
        for name in ("fit", "backward_graph", "forward_graph", "both_graphs", "export"):
            menu.addAction(self.actions_[name])
        menu.exec(place)

    # ------------------------------------------------------------------------------------ Qt's events

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        file = dropped(event)
        if file:
            event.acceptProposedAction()
            self.open_file(file)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.settings.setValue("geometry", self.saveGeometry())
        self.docks.save(self.settings)
        self.settings.sync()
        self.session.close()
        self.model.close()
        super().closeEvent(event)

    def _restore(self) -> None:
        self._fill_recent()
        mode = self.settings.value("theme", self.appearance.mode.value)
        if mode in {m.value for m in Mode}:
            self.appearance.set_mode(Mode(mode))
        self._check_theme()
        geometry = self.settings.value("geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(*self._first_size())
