"""Show what is on a tape: ops, nodes, runs, how it ended, where the first NaN or infinity arose, and what the tape tells about who
made it: paths, sources, arguments. Environment variables are never on a tape; `gradstep record --no-source` leaves sources out.

What --json prints is described in INSPECT.md beside this file, and stays as it is there.

Exit codes: 0, 65 the tape is damaged (what could be read is shown), 66 no such file."""

from __future__ import annotations

import argparse
import json

from ..tape.summary import summary, text
from .command import Command, Exit, open_tape, read_to_end


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tape", metavar="TAPE", help="the tape to look at")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(args: argparse.Namespace) -> int:
    tape = open_tape(args.tape)
    try:
        print(json.dumps(summary(tape), indent=2) if args.json else text(tape))
        return read_to_end(tape, Exit.OK)
    finally:
        tape.close()


COMMAND = Command("inspect", "show what is on a tape", __doc__, _arguments, _run)
