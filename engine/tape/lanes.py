"""What one process of a job brought to each parameter, step by step, read from its tape piece by piece; and which tapes make a job.

A step is a backward pass that accumulates into ``.grad``. ``ranks.py`` puts several side by side.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .reader import Tape
from .schema import Stats, Val
from .wire import GRAD_STORED, NODE_ENTER, NODE_EXIT, REWOUND, RUN_BEGIN, RUN_END

Shares = npt.NDArray[np.int64]  # a row a parameter: its number, event, node, tensor and version that arrived, the two of .grad
FILE = re.compile(r"(?:(?P<stem>.*)\.)?rank(?P<number>\d+)(?:-(?P<again>\d+))?\.gst")
PIECE = 1 << 18  # bytes of a tape that are read at once
GAP = 4  # versions of a .grad in a row of which nothing may be known


class Life(Enum):
    """What became of the process that wrote a tape."""

    RUNS = "runs"
    ENDED = "ended"
    RAISED = "raised"
    LOST = "lost"  # killed, or crashed
    STOPPED = "stopped"  # ended because another one had failed, or because somebody asked to
    DAMAGED = "damaged"  # its tape cannot be read further


def tapes_of(path: str) -> list[str]:
    """The tapes of the job that a path belongs to, by rank: of a folder the job that was recorded last, of a rank's tape all its
    ranks, of the tape of a program that started ranks theirs. The tape itself where there are none; of a folder without ranks its only
    tape, or nothing."""
    folder = path if os.path.isdir(path) else os.path.dirname(os.path.abspath(path))
    jobs: dict[tuple[str, int], list[tuple[int, str]]] = {}
    for name in os.listdir(folder):
        match = FILE.fullmatch(name)
        if match is not None:
            job = jobs.setdefault((match["stem"] or "", int(match["again"] or 1)), [])
            job.append((int(match["number"]), os.path.join(folder, name)))
    if os.path.isdir(path):
        chosen = max(jobs, key=lambda job: max(os.stat(file).st_mtime_ns for _, file in jobs[job]), default=None)
        alone = sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".gst"))
        return _by_rank(jobs[chosen]) if chosen is not None else alone if len(alone) == 1 else []
    match = FILE.fullmatch(os.path.basename(path))
    if match is not None:
        return _by_rank(jobs.get((match["stem"] or "", int(match["again"] or 1)), [(0, path)]))
    stem = os.path.basename(path).removesuffix(".gst")
    started = [job for job in jobs if job[0] == stem]
    return _by_rank(jobs[max(started)]) if started else [path]


def _by_rank(job: list[tuple[int, str]]) -> list[str]:
    return [file for _, file in sorted(job)]


class Pass(NamedTuple):
    """One step of a lane. ``shares`` in the order in which they arrived."""

    run: int
    shares: Shares


class Reader:
    """One tape, read on where it stopped. What a step back undid is forgotten."""

    def __init__(self, path: str, names: dict[str, int]) -> None:
        self.path = path
        self.tape = Tape.open(path, poll=False)
        self.passes: list[Pass] = []
        self._names = names
        self._seen = 0
        self._open: dict[int, dict[int, list[int]]] = {}  # by run and leaf: the row of Shares that is to be
        self._entered: dict[int, list[int]] = {}  # by run: event, node and value of the last node that was entered
        self._running: set[int] = set()  # passes that have not ended
        self._again: set[tuple[int, int]] = set()  # gradients that were stored where one had been

    def read(self, more: Callable[[], bool]) -> bool:
        """Take in what the tape got; False where ``more`` said stop and something is left."""
        while True:
            added = self.tape.poll(PIECE)
            self._take()
            if not added or not self.tape.unread:
                return True
            if not more():
                return False

    def close(self) -> None:
        """Close the file; what was read stays."""
        self.tape.close()

    @property
    def begin(self) -> dict[str, Any]:
        """What the recording says of its process."""
        return _json_of(next((note.text for note in self.tape.notes if note.kind == "begin"), "{}"))

    @property
    def written(self) -> int:
        """When something was last written to the tape, in nanoseconds; 0 where its file is gone."""
        try:
            return os.stat(self.path).st_mtime_ns
        except OSError:
            return 0

    @property
    def life(self) -> Life:
        """What became of the process."""
        tape = self.tape
        last = next((note.text for note in reversed(tape.notes) if note.kind == "end"), None)
        if last is not None:
            return Life.RAISED if _json_of(last) else Life.ENDED
        if tape.damage:
            return Life.DAMAGED
        if tape.complete:
            return Life.ENDED
        if tape.ended:
            return Life.STOPPED if _json_of(tape.ended).get("how") == Life.STOPPED.value else Life.LOST
        return Life.RUNS if tape.growing else Life.LOST

    @property
    def sentence(self) -> str:
        """The same in words, with how far it came."""
        after = f"after {len(self.passes)} steps" if len(self.passes) != 1 else "after 1 step"
        where = self._standing()
        life = self.life
        if life is Life.RAISED:
            error = _json_of(next(note.text for note in reversed(self.tape.notes) if note.kind == "end"))
            return f"raised {error.get('type', 'an exception')} {after}: {str(error.get('text', ''))[:300]}"
        if life in (Life.LOST, Life.STOPPED):
            told = str(_json_of(self.tape.ended).get("reason", "")).rstrip(".") or "killed, or crashed"
            return f"its process ended without a word {after}{where}: {told}"
        if life is Life.DAMAGED:
            return f"its tape cannot be read further {after}: {self.tape.damage}"
        return f"{'runs' if life is Life.RUNS else 'ended'} {after}"

    def _standing(self) -> str:
        """Where a process that is no more stood, as the end of a clause."""
        if not self._running:
            return ""
        entered = next(reversed(self._entered.values()), None)
        if entered is None:
            return ", in a backward pass"
        node = self.tape.nodes[entered[1]]
        return f", in {node.name} #{node.id}"

    def _take(self) -> None:
        tape = self.tape
        words = tape.events.words_from(self._seen)
        codes = words[:, 0] & 0xFF
        chosen = np.flatnonzero(np.isin(codes, (RUN_BEGIN, NODE_ENTER, NODE_EXIT, GRAD_STORED, REWOUND, RUN_END)))
        for place, code in zip(chosen.tolist(), codes[chosen].tolist(), strict=True):
            word = words[place].tolist()
            run = word[1]
            if code == RUN_BEGIN:
                self._running.add(run)
            elif code == NODE_ENTER:
                self._entered[run] = [self._seen + place, word[3], *(word[6:8] if word[4] == 1 else (0, 0))]
            elif code == NODE_EXIT:
                if self._entered.get(run, (0, 0))[1] == word[3]:
                    del self._entered[run]
            elif code == GRAD_STORED and word[6]:
                entered = self._entered.get(run, [self._seen + place, 0, 0, 0])
                came = entered[2:] if entered[2] else word[6:8]
                self._open.setdefault(run, {})[word[3]] = [self._seen + place, entered[1], *came, *word[6:8]]
                if word[7]:
                    self._again.add((word[6], word[7]))
            elif code == REWOUND:
                held = self._open.get(run, {})
                self._open[run] = {leaf: share for leaf, share in held.items() if share[0] <= word[3]}
            elif code == RUN_END:
                self._running.discard(run)
                self._entered.pop(run, None)
                self._close(run, failed=bool(word[3]))
        self._seen += len(words)

    def _close(self, run: int, *, failed: bool) -> None:
        """A pass is over: its parameters get their places in the table. One that raised is no step."""
        held = self._open.pop(run, None)
        record = self.tape.runs[run]
        if held is None or failed or not record.accumulate or record.parent is not None:
            return
        used: dict[str, int] = {}
        rows = []
        for leaf, share in held.items():
            tensor = self.tape.tensors[leaf]
            base = tensor.name or f"unnamed {list(tensor.meta.shape)}"
            used[base] = used.get(base, 0) + 1
            name = base if used[base] == 1 else f"{base} ({used[base]})"
            rows.append([self._names.setdefault(name, len(self._names)), *share])
        self.passes.append(Pass(run, np.array(rows, np.int64).reshape(-1, 7)))

    def stats(self, tensor: int, version: int) -> Stats | None:
        """The statistics of a value."""
        return self.tape.stats.get(Val(tensor, version))

    def given(self, tensor: int, version: int) -> Stats | None:
        """The statistics of a ``.grad`` as it was left by the step that stored this version of it: the last that is known before the
        next pass added to it, or it was set to 0."""
        found = self.stats(tensor, version)
        last = version
        while last - version < GAP:
            last += 1
            if (tensor, last) in self._again:
                break
            later = self.stats(tensor, last)
            if later is not None and found is not None and found.norm and not later.norm:
                break
            if later is not None:
                found, version = later, last
        return found


def _json_of(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
