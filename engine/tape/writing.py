"""Rows on their way to a sink: when they are handed over, and what becomes of a recording that fails.

``Recorder`` says what happens in the engine; this is what lies below: the encoder's draft, the lock, the clock, the sink. What was
finished is handed to the system before it is ``LATENCY`` old by the op that comes next; where none comes by ``tick``, which a thread of
the debugger's calls every few milliseconds, as far as the interpreter and the machine let it.
"""

from __future__ import annotations

import errno
import json
import sys
import threading
import time

from .brackets import Guard, Thread
from .forgetting import TABLE_CAP
from .introduce import Introducer
from .keeping import Keeper, Level
from .ring import Ring
from .schema import Frame, Note
from .sinks import BlockSink, Sink
from .stacks import Base
from .wire import CALL, RUN

LATENCY = 4_000_000  # nanoseconds that what was recorded may wait for more
FRESH = 3_000_000  # nanoseconds after which ``tick`` hands over

_now, _ident = time.perf_counter_ns, threading.get_ident


class Writing:
    """``budget`` is the bytes of values that are written in all; later values are dropped, and said so. ``sources``: the text of
    source files is kept. ``ring``: makes room when the tape is full."""

    def __init__(
        self, sink: Sink | BlockSink, level: Level = Level.VALUES, budget: int = 256 * 2**20, *, sources: bool = True,
        ring: Ring | None = None,
    ) -> None:  # fmt: skip
        self.level = level
        self.failed = ""  # why recording stopped
        self.sink: BlockSink = sink if isinstance(sink, BlockSink) else _as_blocks(sink)
        self._lock = self.sink.lock
        self._guard = Guard(self)
        self._budget, self._sources, self._ring = budget, sources, ring
        self._threads: dict[int, Thread] = {}
        self._first = ""  # what the tape begins with, for the next one of a ring
        self._began = _now()
        self._lost = 0.0  # seconds for which the clock stood still
        self._open_sink()

    def _open_sink(self) -> None:
        """Nothing is on this sink's tape yet."""
        self._encoder = self.sink.encoder
        self._limit = self.sink.block_words
        self._pushed = self._flushed = self._handed = _now()
        self._capture = self.keeper(self._budget)
        self._nouns = self.introducer()
        self._nouns.keeps_sources = self._sources
        self._runs: dict[int, int] = {}  # open runs and their thread's index
        self._calls: dict[int, tuple[int, Base | None]] = {}  # open calls, the call around each and the base of its stack
        self._bumps: list[tuple[int, int, int, int]] = []  # while runs are open: event, storage, version in the engine and on the tape
        self._changed_at: dict[int, Frame] = {}  # by tensor, the line that changed it last without an op

    def keeper(self, budget: int) -> Keeper:
        """Who keeps the values; of another engine's arrays another one."""
        from .capture import Capture  # it needs numpy, which an interpreter of the user's may not have

        return Capture(self.sink, self.level, budget, self._dropped)

    def introducer(self) -> Introducer:
        """Who puts tensors and nodes on the tape; of another engine's another one."""
        return Introducer(self._encoder, self._capture)

    def ended(self) -> None:
        """The recording is over; for whoever handed this recorder to the engine."""

    def tell(self, sentence: str) -> None:
        """Say something to the user. The script may have closed or replaced its streams."""
        try:
            print(f"gradstep: {sentence}", file=sys.stderr or sys.__stderr__)
        except (OSError, ValueError, AttributeError):
            return

    @property
    def position(self) -> int:
        """Index of the last event written; -1 before the first."""
        return self._encoder.events - 1

    # -------------------------------------------------------------------------------------------------- handing over

    def note(self, kind: str, text: str) -> None:
        """A fact about the recording itself."""
        with self._guard as thread:
            if thread:
                if kind == "begin":
                    self._first = text
                self._note(kind, text)

    def flush(self) -> None:
        """Everything recorded so far, values and statistics too, is handed to the system. Called before every pause."""
        with self._lock:
            if not self.failed:
                try:
                    self._hand_over(_now())
                except BaseException as error:
                    self._broken(error)

    def tick(self) -> None:
        """Hand over what no op that comes later would hand over in time."""
        if _now() - self._handed > FRESH and not self.failed:
            self.flush()

    def close(self) -> None:
        """End the recording."""
        self.ended()
        self.flush()
        with self._lock:
            if not self.failed:
                try:
                    self.sink.close()
                except BaseException as error:
                    self._broken(error)
            self.failed = self.failed or "closed"
            self._let_go()

    def _event(self, code: int, run: int, thread: Thread, words: tuple[int, ...]) -> None:
        encoder = self._encoder
        encoder.draft.rows.extend((code | thread.head, run, _now() - self._began, *words))
        encoder.events += 1

    def _committed(self, code: int, run: int, thread: Thread, words: tuple[int, ...]) -> None:
        """An event, and commit: for those of which there are many."""
        encoder = self._encoder
        draft = encoder.draft
        draft.rows.extend((code | thread.head, run, _now() - self._began, *words))
        encoder.events += 1
        draft.committed = length = len(draft.rows)
        if length >= self._limit or self._capture.full:
            self._push(_now())

    def _commit(self) -> None:
        draft = self._encoder.draft
        draft.committed = length = len(draft.rows)
        now = _now()
        if length >= self._limit or now - self._pushed > LATENCY or self._capture.full:
            self._push(now)

    def _push(self, now: int) -> None:
        """Hand rows, values and statistics to the sink, and to the system where the first of them has waited."""
        if now - self._handed > LATENCY:
            self._hand_over(now)
            return
        if self._capture.waits:
            self._capture.push()
        self.sink.push()
        self._pushed = now

    def _hand_over(self, now: int) -> None:
        if self._capture.waits:
            self._capture.push()
        self.sink.push()
        self.sink.flush()
        self._pushed = self._handed = now
        draft = self._encoder.draft
        if len(draft.rows) == draft.committed:  # not in the middle of something
            self._nouns.forget_the_dead()
            self._encoder.begin_tables_anew(TABLE_CAP)
            if len(self._changed_at) > TABLE_CAP:
                self._changed_at.clear()

    def _note(self, kind: str, text: str) -> None:
        self._encoder.record(Note(kind, text, (_now() - self._began) / 1e9))

    def _dropped(self, text: str) -> None:
        self._note("dropped", f"after event {self.position}: {text}")

    def _leave_node(self, thread: Thread) -> None:
        _, _, thread.call = thread.nodes.pop()
        thread.run, thread.node = thread.nodes[-1][:2] if thread.nodes else (0, 0)
        if thread.runs:
            thread.run = thread.runs[-1]

    def _this_thread(self) -> Thread:
        return self._threads.get(_ident()) or self._thread()

    def _thread(self) -> Thread:
        ident = _ident()
        thread = self._threads[ident] = Thread(len(self._threads))
        return thread

    def _let_go(self) -> None:
        """Nothing is recorded any more: forget the frames of the module calls that are still open."""
        self._calls.clear()
        for thread in self._threads.values():
            thread.base = None

    # ------------------------------------------------------------------------------------------------------ the ring

    def turn_over(self, at_any_cost: bool = False) -> None:
        """Where the tape is full and nothing is open: go on with an empty one. What is older than both is gone. ``at_any_cost``: it has
        to be very full, as a graph may be half made."""
        ring = self._ring
        if ring is None or self.failed or not ring.is_near(self.sink):
            return
        with self._lock:
            if self._runs or self._calls or any(thread.nodes for thread in self._threads.values()):
                return
            try:
                self._hand_over(_now())
                if not ring.is_due(self.sink, at_any_cost):
                    return
                self.sink = ring.turned(self.sink)
                for thread in self._threads.values():
                    thread.op, thread.touched = 0, []
                self._open_sink()
                self.renewed()
                facts = json.loads(self._first) if self._first else {}
                self._note("begin", json.dumps({**facts, "part": ring.part}))
                self._commit()
            except BaseException as error:
                self._broken(error)

    def renewed(self) -> None:
        """The tape is a new one: what was told once has to be told again."""

    # ------------------------------------------------------------------------------------------------------- failing

    def _broken(self, error: BaseException) -> None:
        """Take back what was half written. A signal goes on to the script; an error ends the recording."""
        gone = self._encoder.rollback()
        self._nouns.forget(gone)
        threads = list(self._threads.values())
        for code, number in gone:
            if code == RUN:
                self._runs.pop(number, None)
            elif code == CALL:
                around = self._calls.pop(number, None)
                for thread in threads:
                    if around is not None and thread.call == number:
                        thread.call, thread.base = around
        for thread in threads:
            if thread.base is not None:
                thread.base.ask_again()
        if not isinstance(error, Exception):
            raise error
        self._stop(error)

    def _stop(self, error: Exception) -> None:
        """End the recording because of an error: say it once."""
        self.failed = reason = sentence(error)
        self._let_go()
        self.ended()
        last, lost = self.position, 0
        try:
            lost = self.sink.give_up(reason)
        except Exception:  # the sink is what failed: its last words may fail as well
            lost = 0
        self.tell(f"recording stopped after event {last - lost}: {reason}; the script goes on")


def sentence(error: Exception) -> str:
    """Why a recording ends, in words."""
    if isinstance(error, OSError):
        full = error.errno == errno.ENOSPC
        return f"disk full ({error.strerror})" if full else error.strerror if error.errno and error.strerror else str(error)
    return f"a fault of gradstep's own, {type(error).__name__}: {error}"


def _as_blocks(sink: Sink) -> BlockSink:
    from .one_by_one import BlocksToRecords  # it needs numpy, as all that reads

    return BlocksToRecords(sink)
