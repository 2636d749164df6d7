"""What is known of one backward node at a moment: what arrived, what it passed on, what it saved. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gradstep.engine.tape.kernels import Kernel
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import ACCUMULATE_SEQUENCE, Frame, GradAdded, HookCalled, NodeExit, NodeKind, Slot, Val
from gradstep.engine.tape.state import State, Status

from ..translation import translate
from ..widgets.formats import dtype_text, shape_text
from .history import norm_of
from .hooks import HookLine, StoreLine, step_lines
from .row_table import Row, RowKind
from .rows import RowReader, hook_name
from .values import ValueRef, ValueText, value_text

KIND_NAMES = {
    NodeKind.FUNCTION: "function", NodeKind.ACCUMULATE: "accumulates", NodeKind.CUSTOM: "custom",
    NodeKind.BOUNDARY: "boundary", NodeKind.REBASE: "rebase", NodeKind.OPAQUE: "opaque",
}  # fmt: skip
STATUS_NAMES = {
    Status.PENDING: "waits", Status.READY: "ready", Status.RUNNING: "running", Status.DONE: "done", Status.FAILED: "failed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GradLine:
    """A gradient that came or went. ``key`` is the node at the other end, None for a seed or where none is."""

    name: str
    key: tuple[str, int] | None
    text: ValueText
    value: ValueRef | None  # None: it has not happened yet
    op: str = ""  # the name of the node at the other end, for its colour


@dataclass(frozen=True, slots=True)
class SlotLines:
    """What arrived at one slot: the contributions, and their sum after the hooks as the node was given it."""

    name: str
    parts: tuple[GradLine, ...]
    total: GradLine | None  # None while the node has not been entered


@dataclass(frozen=True, slots=True)
class SavedLine:
    """A value that the node keeps for its backward."""

    name: str
    text: ValueText | None  # None: a hook packed it, or the slot is empty
    value: ValueRef | None
    freed: bool


@dataclass(frozen=True, slots=True)
class StepView:
    """A node at a moment, as the step panel shows it."""

    node: int
    name: str
    op: str  # for its colour
    kind: str
    status: str
    status_key: Status
    sequence: str
    module: str
    params: str
    frame: Frame | None
    frames: tuple[Frame, ...]
    op_key: tuple[str, int] | None
    event: int  # the NodeEnter, -1 where it has not run
    place: str  # "step 12 of 35"
    norm_in: float
    norm_out: float
    duration: float
    arrived: tuple[SlotLines, ...]
    sent: tuple[GradLine, ...]
    saved: tuple[SavedLine, ...]
    lines: tuple[HookLine | StoreLine, ...]
    kernels: tuple[Kernel, ...]  # what it ran inside, in order
    op_kernels: tuple[Kernel, ...]  # the same of its forward op
    kernels_asked: bool | None  # whether that was to be written down; None where the engine has no such thing
    waiting_hooks: tuple[str, ...]  # hooks that are known and have not fired yet
    given: str = ""  # the name that the user gave it; ``name`` has both
    own: str = ""  # the name without that

    def main_value(self) -> ValueRef | None:
        """What a tensor view shows first: what was stored, else the gradient that arrived."""
        for line in reversed(self.lines):
            if isinstance(line, StoreLine):
                return line.value
        for slot in self.arrived:
            if slot.total is not None and slot.total.value is not None and slot.total.value.val is not None:
                return slot.total.value
            for part in slot.parts:
                if part.value is not None and part.value.val is not None:
                    return part.value
        return None


def run_of(reader: RowReader, state: State, node: int) -> int:
    """The run in which to look at a node: the innermost open one that ran or will run it, else the last one that ran it."""
    history, runs = reader.history, reader.tape.runs
    for run in reversed(state.runs):
        if node in runs[run].needed:
            return run
    ran = [steps.run for steps in history.runs if history.step_of(steps.run, node) is not None]
    return ran[-1] if ran else (history.runs[-1].run if history.runs else 0)


def step_view(reader: RowReader, state: State, node: int, run: int | None = None) -> StepView | None:
    """What is known of ``node`` in ``run`` at the state's position; None where the tape does not know the node."""
    tape, history = reader.tape, reader.history
    noun = tape.nodes.get(node)
    if noun is None:
        return None
    run = run_of(reader, state, node) if run is None else run
    row = history.step_of(run, node)
    if row is not None and (row.gone or not row.is_past(state.position)):
        row = None  # it has not run at this moment
    entered = reader.entered(row) if row is not None else None
    if entered is not None and entered.i > state.position:
        entered = None
    leave = tape.events[row.last] if row is not None and entered is not None and 0 <= row.last <= state.position else None
    sent_vals = leave.grads if isinstance(leave, NodeExit) else None
    op = tape.ops.get(noun.op) if noun.op is not None else None
    status = state.node_status.get(node, Status.DONE if leave is not None else Status.PENDING)
    over = (tape.complete or tape.ended or tape.damage) and state.position >= len(tape.events) - 1
    cut_off = status is Status.RUNNING and bool(over)  # the program ended while it ran
    steps = row.parent.steps if row is not None and row.parent is not None else None
    place = steps.place_of(row.uid) if steps is not None and row is not None else -1
    needed = len(tape.runs[run].needed) if run in tape.runs else 0
    lines = tuple(line for line in step_lines(reader, row) if line.event <= state.position) if row is not None else ()
    fired = {event.hook for event in _hook_events(reader, row, state.position)} if row is not None else set()
    return StepView(
        node=node,
        name=reader.node_name(node),
        op=noun.name,
        kind=translate("Steps", KIND_NAMES[noun.kind]),
        status=translate("Steps", "not finished") if cut_off else translate("Steps", STATUS_NAMES[status]),
        status_key=status,
        sequence="highest" if noun.sequence == ACCUMULATE_SEQUENCE else str(noun.sequence),
        module=reader.node_module(node),
        params=", ".join(f"{name}={value}" for name, value in op.params) if op is not None else "",
        frame=op.stack[0] if op is not None and op.stack else None,
        frames=op.stack if op is not None else (),
        op_key=("op", op.id) if op is not None else None,
        event=entered.i if entered is not None else -1,
        place=f"step {place + 1} of {needed}" if place >= 0 else "",
        norm_in=norm_of(tape, entered.grads) if entered is not None else math.nan,
        norm_out=norm_of(tape, sent_vals) if sent_vals is not None else math.nan,
        duration=leave.time - entered.time if leave is not None and entered is not None else math.nan,
        arrived=_arrived(reader, state, run, node, entered.grads if entered is not None else None),
        sent=_sent(reader, noun.next, sent_vals),
        saved=tuple(_saved(tape, saved.name, saved.val, node in state.freed) for saved in noun.saved),
        lines=lines,
        kernels=reader.kernels.of_node(run, node) if leave is not None else (),
        op_kernels=reader.kernels.of_op(op.id) if op is not None else (),
        kernels_asked=reader.kernels.asked,
        waiting_hooks=tuple(
            f"{hook.function} ({hook_name(hook.kind)})" for hook in tape.hooks.values() if hook.node == node and hook.id not in fired
        ),
        given=reader.given(("node", node)),
        own=reader.own_node_name(node),
    )


def _hook_events(reader: RowReader, row: Row, position: int) -> list[HookCalled]:
    events = (reader.tape.events[child.first] for child in row.children if child.kind is RowKind.HOOK and child.first <= position)
    return [event for event in events if isinstance(event, HookCalled)]


def _arrived(reader: RowReader, state: State, run: int, node: int, given: tuple[Val | None, ...] | None) -> tuple[SlotLines, ...]:
    tape, history = reader.tape, reader.history
    noun = tape.nodes[node]
    parts: dict[int, list[GradLine]] = {}
    for i in history.added.events(run, node):
        if i > state.position:
            break
        event = tape.events[i]
        if not isinstance(event, GradAdded) or history.undone(i, state.position):
            continue
        name = translate("Steps", "seed of the run") if event.src is None else reader.node_name(event.src.node)
        if event.src is not None and len(tape.nodes[event.src.node].next) > 1:
            name = translate("Steps", "{0} edge {1}").format(name, event.src.index)
        key = ("node", event.src.node) if event.src is not None else None
        value = ValueRef(translate("Steps", "gradient from {0}").format(name), event.val)
        op_name = tape.nodes[event.src.node].name if event.src is not None else ""
        parts.setdefault(event.dst.index, []).append(GradLine(name, key, value_text(tape, event.val), value, op_name))
    found = []
    for index, meta in enumerate(noun.ins):
        if meta is None and index not in parts:
            continue
        total = None
        if given is not None and index < len(given):
            lone = parts.get(index, ())
            before = lone[0].value.val if len(lone) == 1 and lone[0].value is not None else None
            changed = before if before != given[index] else None
            label = translate("Steps", "gradient into {0}").format(reader.node_name(node))
            value = ValueRef(label, given[index], changed, translate("Steps", "before the hooks"))
            total = GradLine(translate("Steps", "as given to it"), None, value_text(tape, given[index]), value)
        shape = f"{shape_text(meta.shape)} {dtype_text(meta.dtype)}" if meta is not None else translate("Steps", "no gradient wanted")
        found.append(SlotLines(translate("Steps", "slot {0}, {1}").format(index, shape), tuple(parts.get(index, ())), total))
    return tuple(found)


def _sent(reader: RowReader, edges: tuple[Slot | None, ...], vals: tuple[Val | None, ...] | None) -> tuple[GradLine, ...]:
    lines = []
    for place, slot in enumerate(edges):
        if slot is None:
            lines.append(GradLine(translate("Steps", "no gradient wanted"), None, ValueText(), None))
            continue
        name, noun = reader.node_name(slot.node), reader.tape.nodes[slot.node]
        if len(noun.ins) > 1:
            name = translate("Steps", "{0} slot {1}").format(name, slot.index)
        text, value = ValueText(), None
        if vals is not None and place < len(vals):
            text, value = value_text(reader.tape, vals[place]), ValueRef(translate("Steps", "gradient to {0}").format(name), vals[place])
        lines.append(GradLine(name, ("node", slot.node), text, value, noun.name))
    return tuple(lines)


def _saved(tape: Tape, name: str, val: Val | None, freed: bool) -> SavedLine:
    if val is None:
        return SavedLine(name, None, None, freed)
    label = translate("Steps", "saved {0}, version {1}") if val.version else translate("Steps", "saved {0}")
    label = label.format(name, val.version)
    return SavedLine(name, value_text(tape, val), ValueRef(label, val), freed)


def op_values(tape: Tape, op: int) -> tuple[ValueRef, ...]:
    """The outputs and inputs of a forward op, outputs first."""
    noun = tape.ops.get(op)
    if noun is None:
        return ()
    words = translate("Steps", "output {0} of {1}") if len(noun.outs) > 1 else translate("Steps", "output of {1}")
    outs = [ValueRef(words.format(i, noun.name), val) for i, val in enumerate(noun.outs)]
    words = translate("Steps", "input {0} of {1}")
    ins = [ValueRef(words.format(i, noun.name), val) for i, val in enumerate(noun.ins) if val is not None]
    return (*outs, *ins)


def next_node(tape: Tape, state: State) -> int | None:
    """The node that a step would run now: of the ready ones that with the highest sequence number. None while one runs."""
    if state.run is None or any(run == state.run for run, _ in state.running):
        return None
    needed = tape.runs[state.run].needed
    ready = [node for node, status in state.node_status.items() if status is Status.READY and node in needed]
    return max(ready, key=lambda node: tape.nodes[node].sequence, default=None)
