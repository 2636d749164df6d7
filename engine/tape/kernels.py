"""What ops and nodes ran inside, on tapes of scripts on which that was asked for (``Launch.kernels``)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .ending import begin_of
from .schema import Note

if TYPE_CHECKING:
    from .reader import Tape


@dataclass(frozen=True, slots=True)
class Kernel:
    """One operator: its name (``aten::mm``), what came out in words, and its seconds."""

    name: str
    outs: str
    duration: float


@dataclass(frozen=True, slots=True)
class Inside:
    """The operators that an op ran inside, in order; or a node, in a run."""

    op: int | None
    node: int | None
    run: int | None
    kernels: tuple[Kernel, ...]


class KernelBook:
    """The kernels of ops and nodes by their numbers, read on as the tape grows."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._read = 0  # notes
        self._asked: bool | None = None
        self._ops: dict[int, tuple[Kernel, ...]] = {}
        self._nodes: dict[tuple[int, int], tuple[Kernel, ...]] = {}

    def of_op(self, op: int) -> tuple[Kernel, ...]:
        """What an op ran inside, in order; empty where nothing was written down."""
        self._read_on()
        return self._ops.get(op, ())

    def of_node(self, run: int, node: int) -> tuple[Kernel, ...]:
        """What a node ran inside in a run, in order; empty where nothing was written down."""
        self._read_on()
        return self._nodes.get((run, node), ())

    @property
    def asked(self) -> bool | None:
        """Whether kernels were to be written down; None on tapes of an engine that has none."""
        if self._asked is None:
            asked = begin_of(self._tape).get("kernels")
            self._asked = asked if isinstance(asked, bool) else None
        return self._asked

    def _read_on(self) -> None:
        notes = self._tape.notes
        if self._read == len(notes):
            return
        for one in _told(notes[self._read :]):
            if one.op is not None:
                self._ops[one.op] = one.kernels
            elif one.node is not None:
                self._nodes[one.run or 0, one.node] = one.kernels
        self._read = len(notes)


def inside(tape: Tape) -> Iterator[Inside]:
    """What was written down, in the order in which it ran."""
    return _told(tape.notes)


def _told(notes: Iterable[Note]) -> Iterator[Inside]:
    """What notes say, each of one op or node, or of several in a list. What says nothing sensible is left out."""
    for note in notes:
        if note.kind != "kernels":
            continue
        try:
            told = json.loads(note.text)
        except (ValueError, RecursionError):
            continue
        for facts in told if isinstance(told, list) else [told]:
            try:
                kernels = tuple(Kernel(str(name), str(outs), int(took) / 1e9) for name, outs, took in facts["kernels"])
                yield Inside(int(facts["op"]) or None, int(facts["node"]) or None, int(facts["run"]) or None, kernels)
            except (ValueError, KeyError, TypeError):
                continue


def as_text(tape: Tape) -> str:
    """A line for each op and node, and one for each operator in it."""
    lines = []
    for one in inside(tape):
        op, node = tape.ops.get(one.op or 0), tape.nodes.get(one.node or 0)
        title = f"op #{one.op} {op.name}" if op is not None else f"node #{one.node} {node.name}, run {one.run}" if node is not None else "?"
        lines.append(f"{title}  {1e6 * sum(kernel.duration for kernel in one.kernels):.0f} us")
        lines += [f"    {kernel.name:40} {1e6 * kernel.duration:8.0f} us  {kernel.outs}" for kernel in one.kernels]
    return "\n".join(lines) or "no kernels were written down: record with --kernels"
