"""What ops and nodes ran inside, on tapes of scripts on which that was asked for (``Launch.kernels``)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

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


def inside(tape: Tape) -> Iterator[Inside]:
    """What was written down, in the order in which it ran. A note that says nothing sensible is left out."""
    for note in tape.notes:
        if note.kind != "kernels":
            continue
        try:
            facts = json.loads(note.text)
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
