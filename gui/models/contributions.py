"""What each path and each backward pass added to the gradient of a node or a leaf, in rows. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

from gradstep.engine.tape import ledger
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Slot

from ..translation import translate
from ..widgets.formats import file_name


@dataclass(frozen=True, slots=True)
class ContributionRow:
    """An addend. ``key`` is the node that sent it, None for what has none; ``event`` when it came."""

    source: str
    norm: float | None
    share: float | None
    cosine: float | None
    key: tuple[str, int] | None
    event: int


@dataclass(frozen=True, slots=True)
class Contribution:
    """A gradient and its addends, in the order in which they were added."""

    name: str
    norm: float | None
    cancellation: float | None
    exact: bool | None
    rows: tuple[ContributionRow, ...]


def contributions(tape: Tape, key: tuple[str, int] | None, run: int) -> tuple[Contribution, ...]:
    """Of a graph node in a run: its slots, and for a leaf's node what the passes added to ``.grad``; of an op: its nodes."""
    if key is None:
        return ()
    kind, number = key
    entries: list[ledger.Entry] = []
    if kind == "node" and number in tape.nodes:
        leaf = tape.nodes[number].variable
        entries = ledger.of_node(tape, run, number)
        if leaf is not None:
            entries = [entry for entry in entries if len(entry.addends) > 1] + ledger.stored(tape, leaf)[::-1]
    elif kind == "leaf":
        entries = ledger.stored(tape, number)[::-1]
    elif kind == "op" and number in tape.ops:
        nodes = {slot.node for slot in tape.ops[number].grads if slot is not None}
        entries = [entry for node in sorted(nodes) for entry in ledger.of_node(tape, run, node)]
    return tuple(_entry(tape, entry) for entry in entries)


def _entry(tape: Tape, entry: ledger.Entry) -> Contribution:
    rows = tuple(_row(tape, entry, addend) for addend in entry.addends)
    return Contribution(_entry_name(tape, entry), entry.norm, entry.cancellation, entry.exact, rows)


def _entry_name(tape: Tape, entry: ledger.Entry) -> str:
    """The gradient in words; which backward pass it is of where there are several."""
    if entry.leaf is not None:
        return translate("Contributions", ".grad of {0}").format(_leaf_name(tape, entry.leaf))
    assert entry.slot is not None
    node = tape.nodes[entry.slot.node]
    if node.variable is not None:
        name = _leaf_name(tape, node.variable)
        if len(entry.addends) > 1:
            name = translate("Contributions", "{0}, used %n time(s)", len(entry.addends)).format(name)
    elif len(node.ins) > 1:
        name = translate("Contributions", "{0} #{1}, slot {2}").format(node.name, node.id, entry.slot.index)
    else:
        name = f"{node.name} #{node.id}"
    if entry.run is None or len(tape.runs) < 2:
        return name
    return translate("Contributions", "{0} ({1})").format(name, _pass_name(tape, entry.run))


def _leaf_name(tape: Tape, leaf: int) -> str:
    return tape.tensors[leaf].name or f"#{leaf}"


def _pass_name(tape: Tape, run: int) -> str:
    """As the events and the timeline call it."""
    return translate("Contributions", "backward {0}").format(list(tape.runs).index(run))


def _source_name(tape: Tape, source: Slot | int | None) -> str:
    """Where an addend came from."""
    if source is None:
        return translate("Contributions", "was there before")
    if isinstance(source, int):
        name, stack = _pass_name(tape, source), tape.runs[source].stack
    else:
        node = tape.nodes[source.node]
        op = tape.ops.get(node.op) if node.op is not None else None
        name, stack = f"{node.name} #{node.id}", op.stack if op is not None else ()
    return f"{name}, {file_name(stack[0].file)}:{stack[0].line}" if stack else name


def _row(tape: Tape, entry: ledger.Entry, addend: ledger.Addend) -> ContributionRow:
    source = addend.source
    if isinstance(source, Slot):
        key: tuple[str, int] | None = ("node", source.node)
    else:
        nodes = (node.id for node in tape.nodes.values() if entry.leaf is not None and node.variable == entry.leaf)
        key = ("node", next(nodes)) if isinstance(source, int) and entry.leaf is not None else None
    name = translate("Contributions", "the seed of backward()") if source is None and entry.slot is not None else _source_name(tape, source)
    return ContributionRow(name, addend.norm, addend.share, addend.cosine, key, addend.event)
