"""Read everything on a tape and hold it against the invariants that every tape must satisfy.

Exit codes: 0 sound, 1 an invariant is violated, 65 the tape is damaged, 66 no such file."""

from __future__ import annotations

import argparse

from ..tape.check import check
from .command import Command, Exit, open_tape, say


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tape", metavar="TAPE", help="the tape to check")


def _run(args: argparse.Namespace) -> int:
    tape = open_tape(args.tape)
    try:
        damage = tape.verify()
        violations = check(tape)
        growing = tape.growing
    finally:
        tape.close()
    for violation in violations:
        print(violation)
    if damage:
        say(f"{args.tape} is damaged: {damage}. The file was not changed; {len(tape.events)} events before that place were read.")
        return Exit.DAMAGED
    if violations:
        say(f"{args.tape}: {len(violations)} violations in {len(tape.events)} events")
        return Exit.FAILED
    ending = "complete" if tape.complete else "still being recorded" if growing else "the recording was not ended"
    print(
        f"{args.tape}: {len(tape.ops)} ops, {len(tape.nodes)} nodes, {len(tape.events)} events, {tape.value_count} values: sound; {ending}"
    )
    return Exit.OK


COMMAND = Command("verify", "check a tape", __doc__, _arguments, _run)
