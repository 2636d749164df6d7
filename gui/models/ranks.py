"""The ranks of a job side by side: what the panel shows of a step, and how each rank's gradients went. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gradstep.engine.debug.gate import Crowd, Gate, Whereabouts, gate_of
from gradstep.engine.tape.ranks import Difference, Job, Life, Measure, Row

MOST = 400  # steps of a rank that its line shows: the newest


@dataclass(frozen=True, slots=True)
class LaneView:
    """A rank, or the k-th pass of each step. ``norms`` are those of its newest steps, infinite where not finite."""

    name: str
    life: Life
    sentence: str
    path: str
    steps: int
    norms: tuple[float, ...] = ()

    @property
    def is_lost(self) -> bool:
        """Whether its process ended otherwise than by coming to its end."""
        return self.life in (Life.LOST, Life.RAISED, Life.DAMAGED, Life.STOPPED)


@dataclass(frozen=True, slots=True)
class RanksView:
    """``rows`` are of ``step``; ``shown`` is the lane whose tape the window shows, -1 for none of them; ``name`` the parameter that the
    lines are of, "" for all."""

    lanes: tuple[LaneView, ...] = ()
    rows: tuple[Row, ...] = ()
    step: int = 0
    steps: int = 0
    measure: Measure = Measure.OWN
    name: str = ""
    difference: Difference | None = None
    twins: tuple[str, ...] = ()  # lanes that brought the same in every step, in words
    averaged: bool = False
    alone: bool = False  # the lanes are passes of one tape
    shown: int = -1
    started_by: str = ""  # the name of the program's own tape, where that is none of the ranks
    crowd: Crowd | None = None  # how far the ranks are, where they run on this machine


class RanksReader:
    """Follows a job; what is known of steps that are over is not worked out again."""

    def __init__(self, paths: Sequence[str]) -> None:
        """Raises TapeError, OSError: as Job."""
        self.paths = tuple(paths)
        self.job = Job(self.paths)
        self._norms: dict[tuple[int, str], list[float]] = {}

    def read(self, more: Callable[[], bool]) -> bool:
        """Take in what the tapes got; False where ``more`` said stop and something is left."""
        return self.job.read(more)

    def close(self) -> None:
        """Close the files."""
        self.job.close()

    @property
    def runs(self) -> bool:
        """Whether one of the tapes is still written."""
        return any(reader.life is Life.RUNS for reader in self.job.readers)

    @property
    def newest(self) -> int:
        """The step to look at where the user chose none: that of the first difference, else the last that all ranks came to."""
        job = self.job
        if job.difference is not None and job.difference.step < job.steps:
            return job.difference.step
        return max((job.common or job.steps) - 1, 0)

    def view(
        self, step: int | None, measure: Measure, name: str, shown: str, started_by: str = "", crowd: Crowd | None = None
    ) -> RanksView:  # fmt: skip
        """What the panel shows. ``step`` None: the newest; ``shown``: the path of the tape that the window shows."""
        job = self.job
        chosen = self.newest if step is None or not 0 <= step < job.steps else step
        lanes = tuple(
            LaneView(job.called(place), lane.reader.life, lane.reader.sentence, lane.reader.path, len(lane.passes), self._line(place, name))
            for place, lane in enumerate(job.lanes)
        )
        rows = tuple(job.rows(chosen, measure)) if job.steps else ()
        paths = [lane.path for lane in lanes]
        return RanksView(
            lanes, rows, chosen, job.steps, measure, name, job.difference, tuple(job.listed(twins) for twins in job.twins),
            bool(job.averaged), job.alone, paths.index(shown) if shown in paths and not job.alone else -1, started_by, crowd,
        )  # fmt: skip

    def _line(self, lane: int, name: str) -> tuple[float, ...]:
        """The norms of the newest steps. Statistics of the last ones may still come: they are looked at again."""
        known = self._norms.setdefault((lane, name), [])
        done = len(self.job.lanes[lane].passes)
        del known[max(len(known) - 2, 0) :]
        known += [self.job.norm(lane, step, name) for step in range(len(known), done)]
        return tuple(known[-MOST:])


class Together:
    """The ranks of a job that runs, told to stand, to step and to go on together. Whoever paused them lets them go at the end."""

    def __init__(self, tape: str) -> None:
        self._path = gate_of(tape)
        self._gate: Gate | None = None
        self._paused = False

    def look(self) -> Crowd | None:
        """How far they are; None where no rank runs on this machine, or none of them can be told anything."""
        if self._gate is None and self._path:
            try:
                self._gate = Gate(self._path)
            except (OSError, ValueError):
                return None
        crowd = self._gate.look() if self._gate is not None else None
        return crowd if crowd is not None and crowd.ranks else None

    def pause(self) -> None:
        """Let all of them stand before the same node."""
        if self._gate is not None:
            self._paused = True
            self._gate.pause()

    def step(self) -> None:
        """Let all of them run a node."""
        if self._gate is not None:
            self._gate.step()

    def go(self) -> None:
        """Let all of them run on."""
        if self._gate is not None:
            self._paused = False
            self._gate.go()

    def at(self, rank: int) -> Whereabouts | None:
        """Where a rank stands, once all stand together."""
        crowd = self.look()
        if crowd is None or not crowd.together:
            return None
        return next((one for one in crowd.ranks if one.rank == rank), None)

    def close(self) -> None:
        """Nobody looks any more."""
        if self._paused:
            self.go()
        if self._gate is not None:
            self._gate.close()
            self._gate = None
