"""Which hooks fired around which node, what each did to the gradient, and what was accumulated onto what. No Qt."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from gradstep.engine.tape.schema import Frame, GradStored, HookCalled, HookKind, NodeEnter, Val

from ..translation import translate
from .row_table import Row, RowKind
from .rows import RowReader, hook_name
from .values import ValueRef, ValueText, ratio_text, value_text

GROUPS_SHOWN = 1000  # of a run with more, the last ones
SAVING = (HookKind.PACK, HookKind.UNPACK)


@dataclass(frozen=True, slots=True)
class HookLine:
    """A hook that fired. ``changed``: it returned something else than it was given; ``raised``: it returned nothing at all."""

    event: int
    name: str
    kind: HookKind
    kind_name: str
    at: Frame | None
    before: ValueText
    after: ValueText
    ratio: str
    changed: bool
    raised: bool
    value: ValueRef

    @property
    def switchable(self) -> str:
        """The name by which it can be switched off; "" where nobody can (``retain_grad`` is no function of the user's, and what was
        packed can be read by its unpack hook alone)."""
        return self.name if self.kind not in (HookKind.RETAIN, HookKind.UNPACK) else ""


@dataclass(frozen=True, slots=True)
class StoreLine:
    """A gradient that was stored: ``previous`` + ``added`` = ``now``. ``previous`` is None where nothing stood there."""

    event: int
    name: str
    previous: ValueText | None
    added: ValueText
    now: ValueText
    ratio: str
    value: ValueRef

    def sum_text(self) -> str:
        """``1.5 + 3 = 4.5``; of larger tensors the norms, which do not add up: ``|2| + |2| -> |2.83|`` with an arrow. "" where one of
        them is not known: statistics may reach the tape later, or not be kept at all."""
        parts = (self.now,) if self.previous is None else (self.previous, self.added, self.now)
        texts = [text.norm_text() for text in parts]
        if not all(texts):
            return ""
        if self.previous is None:
            return f"= {texts[0]}" if self.now.small else f"|{texts[0]}|"
        if self.now.small:
            return f"{texts[0]} + {texts[1]} = {texts[2]}"
        return f"|{texts[0]}| + |{texts[1]}| \u2192 |{texts[2]}|"


Line = HookLine | StoreLine


@dataclass(frozen=True, slots=True)
class HookGroup:
    """The lines of one node, in the order in which they happened. ``key`` is the graph node, None for forward hooks."""

    name: str
    key: tuple[str, int] | None
    row: Row
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class HooksView:
    """The groups of a run in order of execution, after the hooks of the forward before it; ``left_out`` earlier nodes are not among
    them."""

    run: int
    groups: tuple[HookGroup, ...] = ()
    left_out: int = 0


def hooks_view(reader: RowReader, run: int) -> HooksView:
    """All hooks and stores of a run, also those after the cursor."""
    row = reader.history.run_row(run)
    if row is None:
        return HooksView(run)
    rows = row.steps.telling if row.steps is not None else ()
    left_out = max(len(rows) - GROUPS_SHOWN, 0)
    groups = [
        HookGroup(reader.node_name(child.key), ("node", child.key), child, tuple(step_lines(reader, child))) for child in rows[left_out:]
    ]
    forward = _forward_before(reader, row)
    return HooksView(run, (*forward, *groups), left_out)


def _forward_before(reader: RowReader, run: Row) -> Iterator[HookGroup]:
    """The hooks that were called between the pass before and this one, if there are any: of modules, and those that pack."""
    history = reader.history
    top = run.place if run.parent is None else 0
    before = next((row for row in reversed(history.top[:top]) if row.kind is RowKind.BACKWARD), None)
    found = history.forward_hooks
    begin = bisect_right(found, before.first, key=_first_event) if before is not None else 0
    rows = found[begin : bisect_right(found, run.first, key=_first_event)] if run.parent is None else []
    if rows:
        events = (reader.tape.events[row.first] for row in rows[-GROUPS_SHOWN:])
        lines = tuple(_hook_line(reader, event) for event in events if isinstance(event, HookCalled))
        yield HookGroup(translate("Hooks", "Forward"), None, rows[0], lines)


def _first_event(row: Row) -> int:
    return row.first


def step_lines(reader: RowReader, step: Row) -> Iterator[Line]:
    """The hooks and stores of one step in their order."""
    for row in step.children:
        if not _tells(row):
            continue  # an op of a hook: its first event is the one before it, which may be another's
        event = reader.tape.events[row.first]
        if isinstance(event, HookCalled):
            yield _hook_line(reader, event)
        elif isinstance(event, GradStored):
            yield _store_line(reader, event, step)


def _tells(row: Row) -> bool:
    return row.kind is RowKind.HOOK or row.kind is RowKind.STORED


def _first(vals: tuple[Val | None, ...]) -> Val | None:
    return next((val for val in vals if val is not None), None)


def _hook_line(reader: RowReader, event: HookCalled) -> HookLine:
    tape = reader.tape
    hook = tape.hooks[event.hook]
    changed = event.after != event.before and bool(event.after)
    place = next((i for i, (old, new) in enumerate(zip(event.before, event.after, strict=False)) if old != new), None)
    old = event.before[place] if place is not None else _first(event.before)
    new = event.after[place] if place is not None else _first(event.after)
    before, after = value_text(tape, old), value_text(tape, new) if event.after else ValueText()
    if hook.kind in SAVING:  # what is packed may be anything
        before, after = (
            ValueText(small=translate("Hooks", "no tensor")) if val is None else text for val, text in ((old, before), (new, after))
        )
    label = f"{hook.function} ({hook_name(hook.kind)})"
    return HookLine(
        event=event.i,
        name=hook.function if hook.kind is not HookKind.RETAIN else "retain_grad",
        kind=hook.kind,
        kind_name=hook_name(hook.kind),
        at=hook.at if hook.kind is not HookKind.RETAIN else None,  # not the user's function
        before=before,
        after=after,
        ratio=ratio_text(before.norm, after.norm),
        changed=changed,
        raised=bool(event.before) and not event.after,
        value=ValueRef(label, new if event.after else old, old if changed else None, translate("Hooks", "before the hook")),
    )


def _store_line(reader: RowReader, event: GradStored, step: Row) -> StoreLine:
    tape = reader.tape
    name = f"{reader.tensor_name(event.tensor, leaf=True)}.grad"
    entered = reader.entered(step)
    added = _first(entered.grads) if isinstance(entered, NodeEnter) else None
    now = value_text(tape, event.val)
    previous = value_text(tape, event.prev) if event.prev is not None else None
    return StoreLine(
        event.i, name, previous, value_text(tape, added), now, ratio_text(previous.norm, now.norm) if previous is not None else "",
        ValueRef(name, event.val, event.prev, translate("Hooks", "before it was added to")),
    )  # fmt: skip
