"""Show what is on a tape: ops, nodes, runs, how it ended, where the first NaN or infinity arose, and what the tape tells about who
made it: paths, sources, arguments. Environment variables are never on a tape; `gradstep record --no-source` leaves sources out.

What --json prints is described in INSPECT.md beside this file, and stays as it is there.

With --ops: what the ops cost instead, summed up by op, module or device, the costliest first: how many ran forward and how many
steps they had in backward, the time of both, bytes of results, bytes that nodes kept for their backward.

With --find: the elements of the values on the tape that are what is looked for, as Ctrl+F in the tensor panel finds them:

    gradstep inspect run.gst --find nan                          in all values that were kept
    gradstep inspect run.gst --find 'abs > 1e4' --value fc.weight.grad
    gradstep inspect run.gst --find '0.31' --value 12@3          tensor 12 at version 3; 0.31 is all that is rounded to it: 0.305 to 0.315

A number, == 0.31 (that one), > 3, <= -1e4, 0..1, abs > 10, nan, inf, finite, max, min, true, false; joined by and, or, not; of
complex numbers also real, imag, angle.

Exit codes: 0, 2 --find cannot be read, 65 the tape is damaged (what could be read is shown), 66 no such file or value."""

from __future__ import annotations

import argparse
import json

from ..tape import kernels
from ..tape.reader import Tape
from ..tape.summary import summary, text
from ..tape.tally import By, Tally, as_csv, as_facts, as_text
from . import find
from .amounts import count
from .command import Command, Exit, Failed
from .tapes import open_tape, read_to_end


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tape", metavar="TAPE", help="the tape to look at")
    ways = [by.value for by in By]
    parser.add_argument("--ops", nargs="?", const=By.OP.value, choices=ways, metavar="BY", help=f"what ops cost, by {', '.join(ways)}")
    parser.add_argument("--find", metavar="WHAT", help="the elements that are what is looked for: 0.31, nan, '> 3', 0..1, 'abs > 10', max")
    parser.add_argument("--value", metavar="ID", help="with --find: in this value alone: a tensor's number or name, @VERSION behind it")
    parser.add_argument("--most", metavar="N", type=count, help=f"with --find: hits that are listed of each value (default: {find.SHOWN})")
    parser.add_argument("--kernels", action="store_true", help="what each op and node ran inside, where that was recorded")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object")
    form.add_argument("--csv", action="store_true", help="with --ops: print comma-separated values, seconds and bytes")


def _told(tape: Tape, args: argparse.Namespace) -> str:
    if args.find is not None:
        return find.told(tape, args.find, args.value, args.most, as_json=args.json)
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
    if args.find is None and (args.value is not None or args.most is not None):
        raise Failed("--value and --most belong to --find: gradstep inspect TAPE --find '> 3' --value ID", Exit.USAGE)
    tape = open_tape(args.tape)
    try:
        print(_told(tape, args))
        return read_to_end(tape, Exit.OK)
    finally:
        tape.close()


COMMAND = Command("inspect", __doc__, _arguments, _run)
