"""The state at a moment: a fold over the first events of a tape.

``State`` is what a fold has come to; ``Cursor`` moves it over a tape, forwards and back; ``Steps`` is the list of node
executions. A live walk that was stepped back (``Rewound``) is part of history: events are never removed, the state after
that event equals the earlier one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, overload

from .chain import EMPTY, Chain
from .journal import Journal
from .numbers import Numbers
from .schema import Edited, Slot, Val
from .wire import (
    BUMPED,
    CALL_BEGIN,
    CALL_END,
    EDITED,
    FREED,
    GRAD_ADDED,
    GRAD_STORED,
    INDEX_CAP,
    NODE_ENTER,
    NODE_EXIT,
    NODE_READY,
    REWOUND,
    RUN_BEGIN,
    RUN_END,
)

if TYPE_CHECKING:
    from .reader import Tape

JOURNAL = 50_000  # events that can be taken back one by one
DEEPEST = 1000  # open module calls that are told
CHECKPOINTS = 64  # copies of the state kept, evenly over what was folded
FAR = 8192  # events that are folded sooner than a state is made of a copy


class Status(IntEnum):
    """Where a node of a run is."""

    PENDING = 0  # waits for gradients
    READY = 1  # all have arrived
    RUNNING = 2
    DONE = 3
    FAILED = 4  # was running when its run ended in an error


_STATUSES = list(Status)


class State:
    """What holds after the first ``position`` + 1 events (-1: nothing has happened).

    ``node_status`` is of the nodes that the open runs need, or the last run
    where none is open. ``arrived`` are the gradients at slots of nodes that are not done, in the order of arrival.
    ``grads`` is ``.grad`` by leaf. ``versions`` is by storage: only what was changed in place is in it.
    ``freed`` are the nodes whose saved values are gone. ``calls`` are the open module calls by thread.
    """

    def __init__(self) -> None:
        self.position = -1
        self.open_runs: dict[int, int] = {}  # run to the event that began it
        self.running: dict[tuple[int, int], int] = {}  # run and node to the event that entered it
        self.node_status: dict[int, Status] = {}
        self.freed: dict[int, bool] = {}
        self.arrived: dict[Slot, Chain[Val | None]] = {}
        self.grads: dict[int, Val | None] = {}
        self.versions: dict[int, int] = {}
        self.calls: dict[int, Chain[int]] = {}

    @property
    def current(self) -> int | None:
        """The node that was entered last and is not yet left."""
        return max(self.running, key=self.running.__getitem__)[1] if self.running else None

    @property
    def runs(self) -> tuple[int, ...]:
        """The open runs, outermost first."""
        return tuple(sorted(self.open_runs, key=self.open_runs.__getitem__))

    @property
    def run(self) -> int | None:
        """The innermost open run."""
        return max(self.open_runs, key=self.open_runs.__getitem__) if self.open_runs else None

    def copy(self) -> State:
        twin = State()
        vars(twin).update({name: dict(value) if type(value) is dict else value for name, value in vars(self).items()})
        return twin

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # it changes


class _Fold:
    """Applies events to a state."""

    def __init__(self, tape: Tape, state: State, journal: Journal) -> None:
        self.tape, self.state, self.journal = tape, state, journal
        self._slots = Numbers()  # of the nodes that were left
        self.rewinds: dict[int, int] = {}  # events that took others back, and to which

    def apply(self, i: int, row: list[int]) -> None:
        """Apply event ``i``, given as its row: making a dataclass of each would take most of the time."""
        head, run, _, a, b, c, d, e = row
        code, thread = head & 0xFF, head >> 8
        state, journal = self.state, self.journal
        journal.begin(i, thread)
        state.position = i
        if code == GRAD_ADDED:
            slot = Slot(b, c & INDEX_CAP - 1)
            journal.set(state.arrived, slot, state.arrived.get(slot, EMPTY).longer(Val(d, e) if d else None))
        elif code == NODE_READY:
            journal.set(state.node_status, a, Status.READY)
        elif code == NODE_ENTER:
            journal.set(state.node_status, a, Status.RUNNING)
            journal.set(state.running, (run, a), i)
        elif code == NODE_EXIT:
            journal.set(state.node_status, a, Status.DONE)
            journal.remove(state.running, (run, a))
            for index in range(self._slots_of(a)):
                journal.remove(state.arrived, Slot(a, index))
        elif code == FREED:
            journal.set(state.freed, a, True)
        elif code == GRAD_STORED:
            journal.set(state.grads, a, Val(d, e) if d else None)
        elif code == BUMPED:
            journal.set(state.versions, self.tape.tensors[a].storage, c)
        elif code == EDITED:
            edited = self.tape.events[i]
            assert isinstance(edited, Edited)
            journal.set(state.arrived, edited.dst, EMPTY.longer(edited.new))
        elif code == RUN_BEGIN:
            self._begin(i, run)
        elif code == RUN_END:
            self._end(run)
        elif code == CALL_BEGIN:
            calls = state.calls.get(thread, EMPTY)
            if len(calls) < DEEPEST:
                journal.set(state.calls, thread, calls.longer(a))
        elif code == CALL_END:
            around = state.calls.get(thread, EMPTY).before(a)
            if around is not None:
                journal.set(state.calls, thread, around)
        elif code == REWOUND:
            self._rewind(i, thread, a)

    def _slots_of(self, node: int) -> int:
        count = self._slots.get(node, -1)
        if count < 0:
            count = self._slots[node] = self.tape.slot_count(node)
        return count

    def _begin(self, i: int, run: int) -> None:
        state, journal = self.state, self.journal
        needed = self.tape.runs[run].needed
        if not state.open_runs:  # the picture of the last run makes place for this one's, as a whole: there may be a million nodes
            journal.set(vars(state), "node_status", dict.fromkeys(needed, Status.PENDING))
            journal.set(vars(state), "arrived", {})
        else:
            for node in needed:
                journal.set(state.node_status, node, Status.PENDING)
        journal.set(state.open_runs, run, i)

    def _end(self, run: int) -> None:
        state, journal = self.state, self.journal
        ended = [inner for inner in state.open_runs if inner == run or self._inside(inner, run)]
        for inner, node in list(state.running):
            if inner in ended:
                journal.set(state.node_status, node, Status.FAILED)
                journal.remove(state.running, (inner, node))
        for inner in ended:
            journal.remove(state.open_runs, inner)
        if not state.open_runs and state.arrived:
            journal.set(vars(state), "arrived", {})

    def _inside(self, run: int, outer: int) -> bool:
        parent = self.tape.runs[run].parent
        while parent is not None and parent != outer:
            parent = self.tape.runs[parent].parent
        return parent is not None

    def _rewind(self, i: int, thread: int, to: int) -> None:
        self.rewinds[i] = to
        if self.journal.reaches(to):
            self.journal.undo_within(to, thread)
            return
        earlier = fold(self.tape, min(to, i - 1))  # further back than is remembered
        for name, value in vars(earlier).items():
            if name != "position":
                self.journal.set(vars(self.state), name, value)


def fold(tape: Tape, position: int) -> State:
    """The state after event ``position``, folded from the beginning."""
    folding = _Fold(tape, State(), Journal(JOURNAL))
    for i, row in tape.events.rows(0, position + 1):
        folding.apply(i, row)
    return folding.state


_LARGE = ("node_status", "freed", "grads")


class _Begun:
    """The first so many members of a list that others share, who hold more of it or less."""

    def __init__(self, members: list[Any], before: _Begun | None) -> None:
        self._count = len(members)
        self._shared: list[Any]
        if before is not None and before._count == len(before._shared) and before._shared == members[: before._count]:
            self._shared = before._shared
            self._shared += members[before._count :]
        else:
            self._shared = members

    def members(self) -> list[Any]:
        return self._shared[: self._count]


class _Checkpoint:
    """A state in few words: the statuses of a hundred thousand nodes are some hundred bytes, for those of nodes side by side are mostly
    equal, and what is freed and which leaves have a gradient mostly goes on where the checkpoint before ended; dictionaries take fifty
    bytes for each."""

    def __init__(self, state: State, before: _Checkpoint | None) -> None:
        self.position = state.position
        self._rest = {name: dict(part) if type(part) is dict else part for name, part in vars(state).items() if name not in _LARGE}
        nodes = list(state.node_status)
        self._nodes: list[int] = before._nodes if before is not None and before._nodes == nodes else nodes
        self._statuses = zlib.compress(bytes(state.node_status.values()), 1)
        self._freed: _Begun = _Begun(list(state.freed), before._freed if before is not None else None)
        self._leaves: _Begun = _Begun(list(state.grads), before._leaves if before is not None else None)
        self._grads: _Begun = _Begun(list(state.grads.values()), before._grads if before is not None else None)

    def state(self) -> State:
        """The state again, for whoever may change it."""
        found = State()
        vars(found).update({name: dict(part) if type(part) is dict else part for name, part in self._rest.items()})
        found.node_status = dict(zip(self._nodes, map(_STATUSES.__getitem__, zlib.decompress(self._statuses)), strict=True))
        found.freed = dict.fromkeys(self._freed.members(), True)
        found.grads = dict(zip(self._leaves.members(), self._grads.members(), strict=True))
        return found


class Cursor:
    """A state that can be moved over a tape. It begins before the first event."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._journal = Journal(JOURNAL)
        self._fold = _Fold(tape, State(), self._journal)
        self._checkpoints: list[_Checkpoint] = []
        self._interval = FAR  # events between checkpoints

    @property
    def state(self) -> State:
        """The state here. It changes when the cursor moves: take a ``copy`` to keep it."""
        return self._fold.state

    @property
    def position(self) -> int:
        """The event after which the state holds; -1 before the first."""
        return self.state.position

    def move_to(self, position: int) -> State:
        """Move after event ``position``. Costs the distance, or a jump to a checkpoint and the distance from there, whichever is less.

        Raises IndexError where the tape has no such event."""
        if not -1 <= position < len(self._tape.events):
            raise IndexError(f"event {position} of {len(self._tape.events)}")
        if position < self.position:
            if not self._journal.reaches(position):
                self._jump(self._before(position))
        elif position - self.position > FAR and (ahead := self._before(position)) is not None and ahead.position - self.position > FAR:
            self._jump(ahead)
        while self.position > position:
            self._journal.undo()
            self.state.position -= 1
        for i, row in self._tape.events.rows(self.position + 1, position + 1):
            self._fold.apply(i, row)
            if (i + 1) % self._interval == 0:
                self._check_in()
        return self.state

    def _before(self, position: int) -> _Checkpoint | None:
        """The last checkpoint that is not behind ``position``, and behind which nothing on the way there goes back."""
        back = [(i, to) for i, to in self._fold.rewinds.items() if i <= position]
        for kept in reversed(self._checkpoints):
            if kept.position <= position and not any(to < kept.position < i for i, to in back):
                return kept
        return None

    def _jump(self, kept: _Checkpoint | None) -> None:
        """To a checkpoint, None for before the first event."""
        self._fold.state = kept.state() if kept is not None else State()
        self._journal.clear()

    def _check_in(self) -> None:
        if self._checkpoints and self._checkpoints[-1].position >= self.position:
            return
        self._checkpoints.append(_Checkpoint(self.state, self._checkpoints[-1] if self._checkpoints else None))
        if len(self._checkpoints) > CHECKPOINTS:
            self._checkpoints = self._checkpoints[1::2]
            self._interval *= 2


@dataclass(frozen=True, slots=True)
class Step:
    """One execution of a node. ``exit`` is None while it runs and where it failed; ``undone``: it was stepped back."""

    run: int
    node: int
    enter: int
    exit: int | None
    undone: bool = False


class Steps(Sequence[Step]):
    """The node executions of a tape in order. ``update`` takes in what the tape got since."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._steps: list[Step] = []
        self._open: dict[tuple[int, int], int] = {}  # run and node to place
        self._seen = 0
        self.update()

    def update(self) -> bool:
        """True if there is anything new."""
        count = len(self._tape.events)
        words = self._tape.events.words_from(self._seen)
        codes = words[:, 0] & 0xFF
        chosen = (codes == NODE_ENTER) | (codes == NODE_EXIT) | (codes == REWOUND) | (codes == RUN_END)
        for i, (code, run, node) in zip(
            (chosen.nonzero()[0] + self._seen).tolist(),
            zip(codes[chosen].tolist(), words[chosen, 1].tolist(), words[chosen, 3].tolist(), strict=True),
            strict=True,
        ):
            if code == NODE_ENTER:
                self._open[run, node] = len(self._steps)
                self._steps.append(Step(run, node, i, None))
            elif code == NODE_EXIT:
                place = self._open.pop((run, node), None)
                if place is not None:
                    self._steps[place] = Step(run, node, self._steps[place].enter, i)
            elif code == RUN_END:
                self._open = {key: place for key, place in self._open.items() if key[0] != run}
            else:
                self._undo(run, node)
        self._seen = count
        return bool(chosen.any())

    def _undo(self, run: int, to: int) -> None:
        for place in range(len(self._steps) - 1, -1, -1):
            step = self._steps[place]
            if step.enter <= to:
                break
            if step.run == run and not step.undone:
                self._steps[place] = Step(step.run, step.node, step.enter, step.exit, True)

    def __len__(self) -> int:
        return len(self._steps)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        return self._steps[index]

    def __iter__(self) -> Iterator[Step]:
        return iter(self._steps)


def steps(tape: Tape) -> Steps:
    """The node executions of a tape in order."""
    return Steps(tape)
