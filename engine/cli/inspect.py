"""Show what is on a tape: ops, nodes, runs, how it ended, where the first NaN or infinity arose, and what the tape tells about who
made it: paths, sources, arguments. Environment variables are never on a tape; `gradstep record --no-source` leaves sources out.

What --json prints is described in INSPECT.md beside this file, and stays as it is there.

With --ops: what the ops cost instead, summed up by op, module or device, the costliest first: how many ran forward and how many
steps they had in backward, the time of both, bytes of results, bytes that nodes kept for their backward.

Exit codes: 0, 65 the tape is damaged (what could be read is shown), 66 no such file."""

from __future__ import annotations

import argparse
import json

from ..tape import kernels
from ..tape.reader import Tape
from ..tape.summary import summary, text
from ..tape.tally import By, Tally, as_csv, as_facts, as_text
from .command import Command, Exit, Failed
from .tapes import open_tape, read_to_end


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tape", metavar="TAPE", help="the tape to look at")
    ways = [by.value for by in By]
    parser.add_argument("--ops", nargs="?", const=By.OP.value, choices=ways, metavar="BY", help=f"what ops cost, by {', '.join(ways)}")
    parser.add_argument("--kernels", action="store_true", help="what each op and node ran inside, where that was recorded")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object")
    form.add_argument("--csv", action="store_true", help="with --ops: print comma-separated values, seconds and bytes")


def _told(tape: Tape, args: argparse.Namespace) -> str:
    if args.kernels:
        return kernels.as_text(tape)
    if args.ops is None:
        return json.dumps(summary(tape), indent=2) if args.json else text(tape)
    by = By(args.ops)
    totals = Tally(tape).totals(by)
    if args.csv:
        return as_csv(totals, by).rstrip("\n")
    return json.dumps(as_facts(totals, by), indent=2) if args.json else as_text(totals, by)


def _run(args: argparse.Namespace) -> int:
    if args.csv and args.ops is None:
        raise Failed("--csv is a form of --ops: gradstep inspect TAPE --ops --csv", Exit.USAGE)
    tape = open_tape(args.tape)
    try:
        print(_told(tape, args))
        return read_to_end(tape, Exit.OK)
    finally:
        tape.close()


COMMAND = Command("inspect", __doc__, _arguments, _run)
