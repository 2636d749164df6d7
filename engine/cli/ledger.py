"""What each path and each pass contributed to a gradient: norm, share, direction, and what cancels.

    gradstep ledger run.gst                  every .grad that was added up from several passes, every slot with several paths
    gradstep ledger run.gst --leaf fc.weight one parameter

Exit codes: 0, 65 the tape is damaged, 66 no such file or no such parameter."""

from __future__ import annotations

import argparse
import json
from typing import Any

from ..tape import ledger
from ..tape.reader import Tape
from ..tape.schema import Slot
from ..tape.visible import visible
from .command import Command, Exit, Failed
from .tapes import open_tape, read_to_end

SHOWN = 20


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tape", metavar="TAPE", help="the tape")
    parser.add_argument("--leaf", metavar="NAME", help="a parameter's name, or its number with #")
    parser.add_argument("--json", action="store_true", help="print one JSON object, with all entries")


def _run(args: argparse.Namespace) -> int:
    tape = open_tape(args.tape)
    try:
        entries = list(_entries(tape, args.leaf))
        if args.json:
            print(json.dumps({"entries": [_plain(tape, entry) for entry in entries]}, indent=2))
        else:
            print(_text(tape, entries))
        return read_to_end(tape, Exit.OK)
    finally:
        tape.close()


def _entries(tape: Tape, wanted: str | None) -> list[ledger.Entry]:
    leaves = sorted({node.variable for node in tape.nodes.values() if node.variable is not None})
    if wanted is not None:
        chosen = [leaf for leaf in leaves if wanted in (tape.tensors[leaf].name, f"#{leaf}")]
        if not chosen:
            names = ", ".join(tape.tensors[leaf].name or f"#{leaf}" for leaf in leaves[:SHOWN])
            raise Failed(f"{wanted} is no parameter on this tape; there are {names}", Exit.NO_INPUT)
        own = {node.id for node in tape.nodes.values() if node.variable in chosen}
        paths = [e for run in tape.runs for e in ledger.fan_ins(tape, run) if e.slot is not None and e.slot.node in own]
        return [*paths, *(entry for leaf in chosen for entry in ledger.stored(tape, leaf))]
    paths = [entry for run in tape.runs for entry in ledger.fan_ins(tape, run)]
    return [*paths, *(entry for leaf in leaves for entry in ledger.stored(tape, leaf) if len(entry.addends) > 1)]


def _text(tape: Tape, entries: list[ledger.Entry]) -> str:
    if not entries:
        return "every gradient came along one path, from one pass"
    lines = []
    for entry in entries[:SHOWN]:
        cancelled = "" if entry.cancellation is None else f", {entry.cancellation:.0%} cancels"
        lines.append(f"{ledger.entry_name(tape, entry)}: norm {_number(entry.norm)}{cancelled}")
        for addend in entry.addends:
            lines.append(
                f"    {ledger.source_name(tape, addend.source):<40} norm {_number(addend.norm):>10}  share {_number(addend.share):>8}  "
                f"cosine {_number(addend.cosine):>7}"
            )
        if entry.exact is False:
            lines.append("    the addends do not give the gradient: a hook or the debugger changed it")
    if len(entries) > SHOWN:
        lines.append(f"and {len(entries) - SHOWN} more; --json has them all")
    return "\n".join(map(visible, lines))


def _number(x: float | None) -> str:
    return "-" if x is None else f"{x:.3g}"


def _plain(tape: Tape, entry: ledger.Entry) -> dict[str, Any]:
    return {
        "name": ledger.entry_name(tape, entry), "run": entry.run, "leaf": entry.leaf, "norm": entry.norm,
        "slot": list(entry.slot) if entry.slot is not None else None, "cancellation": entry.cancellation, "exact": entry.exact,
        "addends": [
            {
                "source": list(a.source) if isinstance(a.source, Slot) else a.source, "event": a.event, "norm": a.norm, "share": a.share,
                "cosine": a.cosine, "text": ledger.source_name(tape, a.source),
            }
            for a in entry.addends
        ],
    }  # fmt: skip


COMMAND = Command("ledger", __doc__, _arguments, _run)
