"""Read everything on a tape and hold it against the invariants that every tape must satisfy. Says how far it can be read, and how it
ended. The file is never changed.

Exit codes: 0 sound, 1 an invariant is violated, 65 the tape is damaged, 66 no such file, 74 it cannot be read."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from ..tape.check import check
from ..tape.ending import ending
from ..tape.reader import Tape
from ..tape.visible import visible
from .command import Command, Exit, say
from .tapes import open_tape


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tape", metavar="TAPE", help="the tape to check")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(args: argparse.Namespace) -> int:
    tape = open_tape(args.tape)
    try:
        damage = tape.verify()
        violations = check(tape)
        facts = _facts(tape, violations)
    finally:
        tape.close()
    if args.json:
        print(json.dumps(facts, indent=2))
    else:
        for violation in violations:
            print(visible(violation))
    if damage:
        further = "gradstep repair writes a copy with all that reads well"
        say(f"{args.tape} is damaged: {damage}. The file was not changed; it can be read up to there: {_far(facts)}; {further}.")
        return Exit.DAMAGED
    if violations:
        say(f"{args.tape}: {len(violations)} violations in {len(tape.events)} events")
        return Exit.FAILED
    if not args.json:
        how = facts["ended"]["sentence"] or "the recording was not ended"
        state = "complete" if tape.complete else how if facts["growing"] else f"not complete: {how}"
        print(f"{args.tape}: {_far(facts)}: sound; {state}")
    return Exit.OK


def _facts(tape: Tape, violations: list[str]) -> dict[str, Any]:
    try:
        size = os.path.getsize(tape.path)
    except OSError:
        size = tape.readable
    last = next(reversed(tape.ops.rows), None)
    return {
        "version": 1, "path": tape.path, "sound": not tape.damage and not violations, "damage": tape.damage, "violations": violations,
        "complete": tape.complete, "growing": tape.growing, "ended": ending(tape), "bytes": size, "readable_bytes": tape.readable,
        "ops": len(tape.ops), "nodes": len(tape.nodes), "events": len(tape.events), "values": tape.value_count,
        "seconds": max(tape.events[-1].time if len(tape.events) else 0.0, tape.ops[last].time if last is not None else 0.0),
        "last_op": None if last is None else {"op": last, "name": tape.ops[last].name},
    }  # fmt: skip


def _far(facts: dict[str, Any]) -> str:
    """How far the tape goes."""
    counts = f"{facts['ops']} ops, {facts['nodes']} nodes, {facts['events']} events, {facts['values']} values"
    part = "" if facts["readable_bytes"] == facts["bytes"] else f", {facts['readable_bytes']} of {facts['bytes']} bytes"
    return f"{counts}, {facts['seconds']:.3f} s of the script{part}"


COMMAND = Command("verify", __doc__, _arguments, _run)
