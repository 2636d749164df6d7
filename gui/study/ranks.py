"""Follows the ranks of the job that the tape which is open belongs to, and shows the window another one of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import PurePath

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gradstep.engine.tape.ranks import Measure, tapes_of
from gradstep.engine.tape.reader import TapeError

from ..files.opening import Opening
from ..frame.docks import Docks
from ..models.debug_model import DebugModel
from ..models.ranks import RanksReader, RanksView, Together
from ..panels.ranks_panel import RanksPanel
from ..program.session import DebugSession

TICK = 250  # milliseconds between two looks at a job that goes on
SOON = 30  # and at ranks that come together
SMALL = 20_000  # ops and events that are taken in at once, so that the node at which all stand is shown at once
IDLE = 1000  # and at a folder in which ranks may begin to write
BUDGET = 0.006  # seconds that one look may take


class Ranks(QObject):
    """Reads a little at a time, and of one tape alone only what somebody looks at."""

    said = Signal(str)  # something was found that need not be looked at
    counted = Signal(int)  # so many processes of the program that the window runs are ranks, and recorded

    def __init__(
        self, session: DebugSession, model: DebugModel, opening: Opening, panel: RanksPanel, docks: Docks, parent: QObject | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._session, self._model, self._opening, self._panel, self._docks = session, model, opening, panel, docks
        self._home = ""  # the tape whose job is followed
        self._reader: RanksReader | None = None
        self._step: int | None = None
        self._measure, self._name = Measure.OWN, ""
        self._together: Together | None = None
        self._place: tuple[int, int] | None = None  # where all ranks stand
        self._told = False  # that a rank stands out
        self._count = 0  # ranks of the program that runs
        self._going: tuple[int, int] | None = None  # the event and the node to go to once the tape is here
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._look)
        model.tape_changed.connect(self._tape_changed)
        model.caught_up.connect(self._arrive)
        session.stopped.connect(self._come_home)
        opening.job_opened.connect(lambda: docks.bring(panel))
        docks.came_in_sight.connect(lambda shown: self._timer.start(0) if shown is panel else None)
        panel.rank_picked.connect(self.show_rank)
        panel.cell_picked.connect(self._go)
        panel.step_wished.connect(self._choose_step)
        panel.measure_wished.connect(self._choose_measure)
        panel.name_wished.connect(self._choose_name)
        panel.together.pause_wished.connect(lambda: self._tell_all(Together.pause))
        panel.together.step_wished.connect(lambda: self._tell_all(Together.step))
        panel.together.go_wished.connect(lambda: self._tell_all(Together.go))

    def stop(self) -> None:
        """The window closes."""
        self._timer.stop()
        self._forget()

    @property
    def view(self) -> RanksView:
        """What the panel shows."""
        if self._reader is None:
            return RanksView()
        started_by = "" if self._home in self._reader.paths else PurePath(self._home).name
        crowd = self._together.look() if self._together is not None else None
        return self._reader.view(self._step, self._measure, self._name, self._shown(), started_by, crowd)

    def _shown(self) -> str:
        tape = self._model.tape
        return str(tape.path) if tape is not None else ""

    @Slot()
    def _tape_changed(self) -> None:
        path = self._shown()
        if self._reader is not None and path and path in (*self._reader.paths, self._home):
            self._show()
            self._place = None
            self._stand()
            return
        self._forget()
        self._home = path
        if path:
            self._timer.start(0)
        self._panel.show_ranks(RanksView())
        self._docks.title(self._panel, 0)

    def _forget(self) -> None:
        if self._reader is not None:
            self._reader.close()
        if self._together is not None:
            self._together.close()
        self._reader = self._together = self._step = self._going = self._place = None
        self._home = self._name = ""
        self._told = False
        self._say_count(0)

    @Slot()
    def _look(self) -> None:
        """Take in what there is, and come again."""
        if not self._home:
            return
        in_sight = self._docks.in_sight(self._panel)
        try:
            self._find(in_sight)
        except (TapeError, OSError) as error:
            self._reader = None
            self._panel.show_ranks(RanksView())
            self.said.emit(self.tr("The ranks of this job cannot be read: {0}").format(error))
            return
        if self._reader is None:
            self._timer.start(IDLE)
            return
        deadline = time.perf_counter() + BUDGET
        done = self._reader.read(lambda: time.perf_counter() < deadline)
        if in_sight:
            self._show()
        self._tell()
        self._stand()
        crowd = self._together.look() if self._together is not None else None
        self._say_count(len(crowd.ranks) if crowd is not None and self._home == self._session.tape else 0)
        if not done:
            self._timer.start(0)
        elif crowd is not None and crowd.held and not crowd.together:
            self._timer.start(SOON)
        elif self._reader.runs or len(self._reader.paths) == 1:
            self._timer.start(TICK if self._reader.runs else IDLE)

    def _say_count(self, count: int) -> None:
        if count != self._count:
            self._count = count
            self.counted.emit(count)

    def _find(self, in_sight: bool) -> None:
        """The tapes of the job; ranks may begin to write any time. Raises TapeError, OSError."""
        known = self._reader.paths if self._reader is not None else ()
        if len(known) > 1 and self._reader is not None and not self._reader.runs:
            return
        paths = tuple(tapes_of(self._home))
        if paths == known or (len(paths) < 2 and not in_sight):
            return
        if self._reader is not None:
            self._reader.close()
        self._reader = RanksReader(paths)
        if len(paths) > 1:
            if self._together is None:
                self._together = Together(paths[0])
            self._docks.title(self._panel, len(paths))
            self.said.emit(self.tr("{0} ranks have tapes of their own: see Ranks.").format(len(paths)))

    def _tell(self) -> None:
        assert self._reader is not None
        found = self._reader.job.difference
        if found is not None and not self._told and not self._reader.job.alone:
            self._told = True
            self.said.emit(self.tr("A rank stands out: {0}").format(found.text))

    def _show(self) -> None:
        if self._reader is not None and self._docks.in_sight(self._panel):
            self._panel.show_ranks(self.view)

    # ------------------------------------------------------------------------------------------- standing together

    def _tell_all(self, wish: Callable[[Together], None]) -> None:
        if self._together is not None:
            wish(self._together)
            self._show()
            self._timer.start(SOON)

    def _stand(self) -> None:
        """All ranks stand before a node, and did not before: show that of the rank that is shown."""
        if self._together is None or self._reader is None:
            return
        crowd = self._together.look()
        place = crowd.ranks[0].place if crowd is not None and crowd.together else None
        if place == self._place:
            return
        self._place = place
        if place is None and self._shown() in self._reader.paths:
            self._model.set_live_node(None)
        lanes = [lane.number for lane in self._reader.job.lanes if lane.reader.path == self._shown()]
        at = self._together.at(lanes[0]) if lanes and place is not None else None
        if at is not None:
            self._going = at.position, at.node
            here = self._model.catch_up(SMALL)
            self._model.set_live_node(at.node)
            if here:
                self._arrive()

    # ------------------------------------------------------------------------------------------- what the user wishes

    @Slot(object)
    def _choose_step(self, step: int | None) -> None:
        self._step = step
        self._show()

    @Slot(object)
    def _choose_measure(self, measure: Measure) -> None:
        self._measure = measure
        self._show()

    @Slot(str)
    def _choose_name(self, name: str) -> None:
        if name != self._name:
            self._name = name
            self._show()

    @Slot(int)
    def show_rank(self, lane: int) -> None:
        """Show the window a rank's tape, behind the last that of the program which started them; the program goes on where it runs."""
        if self._reader is None or self._reader.job.alone:
            return
        lanes = self._reader.job.lanes
        path = lanes[lane].reader.path if lane < len(lanes) else self._home
        if path != self._shown():
            self._opening.look_at(path)

    @Slot(int, int, int)
    def _go(self, lane: int, event: int, node: int) -> None:
        self.show_rank(lane)
        if event < 0:
            return
        self._going = event, node
        if self._model.is_all_here:
            self._arrive()

    @Slot()
    def _arrive(self) -> None:
        going, self._going = self._going, None
        if going is not None:
            self._model.move_to(going[0])
            if going[1]:
                self._model.select(("node", going[1]))

    @Slot(object)
    def _come_home(self, _: object) -> None:
        """The program that the window runs stands still: that is to be seen, not a rank."""
        if self._session.tape and self._reader is not None and self._shown() in self._reader.paths and self._shown() != self._session.tape:
            self._opening.look_at(self._session.tape)
