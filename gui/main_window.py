"""The main window: makes the parts and connects them. It decides nothing itself."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from gradstep.engine.debug.states import RESTING
from gradstep.engine.extensions.switches import Switches

from .actions import COMMANDS, Actions
from .canvas import GraphCanvas
from .commands.keymap import native
from .files.attaching import Attaching
from .files.elsewhere import Elsewhere
from .files.file_commands import FileCommands
from .files.naming import Naming
from .files.notes import Notes
from .files.opening import Opening
from .files.orders import FileOrders
from .files.parting import Parting
from .files.recovery import Recovery
from .files.repairing import Repairing
from .files.settings import kept
from .files.tape_watch import TapeWatch
from .frame import dialogs
from .frame.announcer import Announcer
from .frame.around import Around
from .frame.bars import RunBar, StateBar
from .frame.busy_bar import BusyBar
from .frame.chains import Chains
from .frame.docks import Docks
from .frame.drops import PastFields, dropped
from .frame.focus import Focus
from .frame.menus import Menus
from .frame.message_bar import MessageBar
from .frame.recorded import Recorded
from .frame.standing import Standing
from .frame.troubles import Troubles
from .frame.undo import Undo
from .frame.welcome import WelcomePage
from .graph import layouts
from .graph.node_menu import NodeMenu
from .graph.page import GraphPage
from .graph.picture import Shown
from .graph.presenter import GraphPresenter
from .graph.reading import GraphReading
from .guard.faulting import FaultTeller
from .guard.plug_ins import PlugIns
from .guide.guide import Guide
from .models.debug_model import DebugModel, is_large
from .panels.panel_presenter import PanelPresenter
from .panels.panel_set import PanelSet
from .panels.wishes import Wishes
from .preferences.effects import Effects
from .preferences.store import Preferences
from .program.breaking import Breaking
from .program.breakpoints import Breakpoints
from .program.experiments import Experiments
from .program.following import Following
from .program.inquiries import Inquiries
from .program.orders import Orders
from .program.session import DebugSession
from .program.watches import Watches
from .program.writing import Writing
from .runners.runs import Runs
from .study.analyses import Analyses
from .study.everywhere import Everywhere
from .study.findings import Findings
from .study.history import SelectionHistory
from .study.navigator import Navigator
from .study.ranks import Ranks
from .study.tallying import Tallying
from .tensors.views import TensorViews
from .theme import Appearance
from .widgets.announce import name_choices


class MainWindow(QMainWindow):
    """One session, one tape, and the panels around them."""

    def __init__(self, appearance: Appearance, settings: QSettings | None = None, opens: str = "") -> None:
        super().__init__()
        layout = layouts.OnDemand()
        if not is_large(opens):  # of a large tape another process arranges what is shown
            layout.load()
        self.setObjectName("MainWindow")
        self.setAcceptDrops(True)
        self.appearance = appearance
        self.settings = settings if settings is not None else kept()
        self.preferences = Preferences(self.settings, self)
        self.session = DebugSession(self)
        self.model = DebugModel(self)
        self.actions_ = Actions(self)

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

        self._make_what_is_open(layout)
        self._make_the_program()
        self._make_the_study()
        self._make_the_frame()
        self._connect_the_program()
        self._connect_the_graph()
        self._connect_what_is_open()
        self._connect_what_is_picked()
        self._connect_what_is_said()
        self._connect_the_commands()
        self.effects = Effects(
            self.preferences, self.settings, appearance, self.opening, self.model, self.announcer, self.presenter, self.actions_, self
        )
        self.effects.forgot_recent.connect(self.menus.fill_recent)
        self.effects.graph_wanted.connect(lambda name: self.reading.show_graph(Shown(name)))
        self.plug_ins.load()
        PastFields(self)
        name_choices(self)
        self._restore()
        self._opened()

    # ------------------------------------------------------------------------------------ making

    def _place_parts(self) -> None:
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.message, self.busy, self.task, self.pages):
            column.addWidget(part)
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self.page)
        self.setCentralWidget(centre)
        self.addToolBar(self.bar)
        self.setStatusBar(self.status)

    def _make_what_is_open(self, layout: layouts.OnDemand) -> None:
        """A script or a tape, the graph of it, and the panels' share."""
        model, panels, docks, settings = self.model, self.panels, self.docks, self.settings
        self.opening = Opening(self.session, model, settings, self)
        self.navigator, self.history = Navigator(model, self), SelectionHistory(model, self)
        self.graphs = GraphPresenter(self.canvas, model, layout, self)
        self.model.give_way_to(lambda: self.graphs.draws_first)
        self.reading = GraphReading(self.page, model, self.graphs, self.actions_, settings, self)
        self.presenter = PanelPresenter(panels, model, docks, self)
        self.chains = Chains(docks, self.presenter.following, self)
        self.wishes = Wishes(panels, model, self.navigator, self.presenter, docks, self)
        self.tensor_views = TensorViews(model, panels, docks, self)
        self.notes = Notes(model, self.navigator, panels.notes, settings, self)
        self.naming = Naming(model, self.notes, self.canvas, panels, self)
        self.files = FileCommands(self, settings)
        self.attaching = Attaching(self.message, settings, self)
        self.elsewhere = Elsewhere(self.message, self.session, self.opening, settings, self)
        self.repairing = Repairing(self.message, self)
        self.tape_watch = TapeWatch(model, self.session, self.opening, self.message, self)
        self.recovery = Recovery(self.session, self.opening, self.preferences, settings, self)

    def _make_the_program(self) -> None:
        """Where it stops, what it is asked, what it writes, what is tried out on it."""
        session, model, panels, docks, settings = self.session, self.model, self.panels, self.docks, self.settings
        self.breakpoints = Breakpoints(session, settings, self)
        self.breaking = Breaking(self.breakpoints, model, self.opening, panels, docks, self.graphs, self.actions_, self)
        self.watches = Watches(session, model, self.breakpoints, panels.watches, settings, self)
        self.orders = Orders(session, model, self.opening, self.watches, panels, docks, self)
        self.following = Following(model, self.presenter, panels, self)
        self.inquiries = Inquiries(session, panels.tensor, panels.console, self)
        self.experiments = Experiments(session, model, panels.what_if, self)
        self.writing = Writing(session, panels.output, self)
        self.runs = Runs(self.opening, self.preferences, self.message, self.welcome.runner, self)

    def _make_the_study(self) -> None:
        """What is worked out of the tape, and by whom."""
        session, model, panels, docks = self.session, self.model, self.panels, self.docks
        self.findings = Findings(session, model, panels.explanations, panels.alerts, docks, self)
        self.analyses = Analyses(model, panels, docks, self)
        self.ranks = Ranks(session, model, self.opening, panels.ranks, docks, self)
        self.tallying = Tallying(model, panels.statistics, panels.events, docks, self.reading.emphasis, self)
        self.everywhere = Everywhere(panels.find, panels.output, model, self.navigator, self)
        switches = Switches(Path(self.settings.fileName()).with_name("plugins.json"))
        self.plug_ins = PlugIns(model, docks, panels.plugins, switches, self)
        self.graphs.guard = self.plug_ins.guard
        self.faults = FaultTeller(self.message, self.plug_ins, panels.plugins, docks, self)

    def _make_the_frame(self) -> None:
        """What is said around the work, and the ways to a command."""
        session, model, docks, actions, settings = self.session, self.model, self.docks, self.actions_, self.settings
        self.undo = Undo(self)
        self.focus = Focus(self, docks, self.canvas)
        docks.wanted.connect(self.focus.give)
        self.announcer = Announcer(self.message, self.canvas, session, model, self.opening, self.navigator)
        self.troubles = Troubles(self.message, session, self.opening)
        self.parting = Parting(self.files, session, model, self.opening)
        self.around = Around(self, actions, model, docks, self.message, self.opening, self.preferences, settings)
        step_button = partial(self.bar.widgetForAction, actions["step"])
        self.guide = Guide(self.task, self.opening, model, docks, self.panels, self.canvas, step_button, settings, self)
        self.menus = Menus(self, actions, docks, self.around, self.plug_ins, self.welcome, settings)
        self.node_menu = NodeMenu(self, model, self.graphs, self.breaking, actions)
        self.file_orders = FileOrders(self.files, self.opening, model, self.page, self.graphs, self.plug_ins, self)
        recorded = Recorded(model, self.attaching, self)
        self.standing = Standing(self, session, model, self.opening, self.undo, self.guide, actions, self.bar, self.status, recorded)
        self.ranks.counted.connect(self.standing.show_ranks)

    # ------------------------------------------------------------------------------------ connecting

    def _connect_the_program(self) -> None:
        for told in (self.following, self.findings, self.experiments):
            self.standing.shown.connect(told.show_state)
        self.session.state_changed.connect(self.elsewhere.state_changed)
        self.standing.shown.connect(lambda state: self.reading.set_paused(state in RESTING))
        self.session.ended.connect(self.runs.ended)  # behind the announcer: a module that is missing says more than its exception
        self.session.ended.connect(self.elsewhere.ended)
        self.session.stopped.connect(self.guide.stopped)
        self.session.stopped.connect(self.following.stopped)
        self.announcer.told_end.connect(self.following.ended)
        self.model.over.connect(self.following.read)
        self.opening.starting.connect(self._starting)
        self.status.runner.clicked.connect(self.actions_["run_configuration"].trigger)
        self.panels.events.run_wished.connect(self.actions_["start"].trigger)
        self.panels.tensor.rerun_wished.connect(self.opening.restart_with_values)
        self.panels.tensor.capture_wished.connect(self.opening.keep_more)
        self.troubles.stacks_found.connect(self.wishes.show_stacks)
        self.announcer.keep_wanted.connect(self.parting.begin)
        self.announcer.repair_wanted.connect(self.repairing.ask)
        self.chains.turned.connect(self.presenter.set_linked)
        self.model.tape_changed.connect(self.chains.link_all)
        for owner in (self.breakpoints, self.watches, self.notes, self.naming):
            self.undo.follow(owner)

    def _connect_the_graph(self) -> None:
        graphs, canvas, busy = self.graphs, self.canvas, self.busy
        for begun, over, cancel in (
            (graphs.arranging, graphs.arranged, graphs.cancel),
            (self.reading.working, self.reading.worked, self.reading.cancel),
        ):
            begun.connect(busy.begin)
            over.connect(busy.end)
            busy.cancelled.connect(cancel)
        graphs.refused.connect(self.message.show_error)
        self.menus.layouts.chosen.connect(graphs.choose_layout)
        graphs.layout_changed.connect(self.menus.layouts.show_chosen)
        canvas.node_activated.connect(lambda _: self.navigator.go_to_source())
        canvas.menu_wanted.connect(self.node_menu.pop_up)
        self.plug_ins.views_changed.connect(lambda: self.panels.tensor.show_plugin_pages(self.plug_ins.pages))
        self.panels.source.line_picked.connect(
            lambda file, line: self.navigator.select_line(file, line, forward=graphs.shown is Shown.FORWARD)
        )

    def _connect_what_is_open(self) -> None:
        self.opening.changed.connect(self._opened)
        for asks in (self.files, self.attaching, self.repairing, self.menus, self.around.quick_open, self.welcome):
            asks.file_picked.connect(self.open_file)
        for offers in (self.menus, self.welcome):
            offers.errand_picked.connect(self.opening.open_errand)
        self.runs.elsewhere_wished.connect(self.elsewhere.ask)
        self.welcome.wished.connect(lambda name: self.actions_[name].trigger())
        self.panels.compare.tape_wished.connect(self.file_orders.compare_with)
        self.file_orders.comparison_wished.connect(self.analyses.compare)
        self.panels.statistics.save_wished.connect(lambda text: self.files.ask_save_values(text, "statistics"))
        self.recovery.due.connect(self._keep_arrangement)
        self.recovery.reopened.connect(self.notes.adopt)
        self.around.keymap.changed.connect(self._show_keys)
        self._show_keys()

    def _connect_what_is_picked(self) -> None:
        """In plug-ins, quick open, the graph and what was found; panels see to their own."""
        wishes, quick, plug_ins, everywhere = self.wishes, self.around.quick_open, self.plug_ins, self.everywhere
        wishes.nodes(plug_ins.node_picked, quick.node_picked, self.canvas.node_picked)
        wishes.moments(plug_ins.event_picked, quick.event_picked)
        wishes.lines(plug_ins.line_picked, quick.line_picked, self.announcer.line_wanted, self.navigator.line_wanted)
        wishes.lines(self.analyses.line_wanted, everywhere.line_wanted)
        wishes.values(everywhere.value_wanted)
        everywhere.output_wanted.connect(lambda: self.docks.bring(self.panels.output))
        self.around.plug_ins_wished = lambda: self.docks.bring(self.panels.plugins)

    def _connect_what_is_said(self) -> None:
        """Sentences that pass go to the status bar, errors to the bar that stays."""
        for part in (
            self.announcer, self.navigator, self.files, self.opening, self.runs, self.ranks, self.graphs.foldings, self.reading, self.guide,
            self.notes, self.findings, self.experiments, self.watches, self.tensor_views, self.tallying, self.undo, self.writing,
            self.around.layouts, self.attaching, self.elsewhere, self.focus, self.history, self.naming,
        ):  # fmt: skip
            part.said.connect(self.status.say)
        self.inquiries.failed.connect(self.status.say)
        self.breakpoints.refused.connect(self.message.show_error)
        self.files.failed.connect(self.message.show_error)

    def _connect_the_commands(self) -> None:
        slots: dict[str, Any] = {"show_stacks": self.troubles.ask_stacks, "run_configuration": self.runs.ask, "attach": self.attaching.ask}
        slots["run_elsewhere"] = self.elsewhere.ask
        for part in (
            self.file_orders, self.undo, self.reading, self.orders, self.breaking, self.navigator, self.notes, self.tensor_views,
            self.findings, self.wishes, self.chains, self.around, self.guide, self.focus, self.history, self.naming,
        ):  # fmt: skip
            slots |= part.slots()
        slots["about"] = lambda: dialogs.about(self)
        for command in COMMANDS:
            if command.name in slots:  # preferences listen to the others themselves
                self.actions_[command.name].triggered.connect(lambda _=False, slot=slots[command.name]: slot())
        self.reading.show_graph(Shown(self.preferences.text("graph/shown")))
        self.addActions(self.actions_.all())

    # ------------------------------------------------------------------------------------ opening

    @Slot(str)
    def open_file(self, file: str) -> None:
        """Open a script (and run it to its first node of backward), a tape or a folder of ranks."""
        self.opening.open_file(file)

    @Slot()
    def _opened(self) -> None:
        """Another script or tape is open, or none."""
        self.menus.fill_recent()
        self.panels.events.show_script(Path(self.opening.script).name)
        self.presenter.show_script(*self.opening.source)
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
        self.standing.show_state()

    @Slot()
    def _starting(self) -> None:
        self.presenter.show_script(*self.opening.source)
        self.panels.output.clear()

    @Slot()
    def _show_keys(self) -> None:
        self.welcome.show_keys(lambda name: native(self.around.keymap.keys(name)))

    # ------------------------------------------------------------------------------------ Qt's events

    def focusNextPrevChild(self, forward: bool) -> bool:
        return self.focus.go(forward=forward)

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
        self.attaching.stop()
        self.repairing.stop()
        self.session.close()
        self.model.close()
        super().closeEvent(event)

    def _restore(self) -> None:
        geometry = self.settings.value("geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            room = self.screen().availableGeometry()
            self.resize(min(room.width(), 1680), min(room.height(), 1050))
