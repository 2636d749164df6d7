"""Write a repaired copy of a damaged tape: all that reads well before the damage and, where what is lost allows it, behind it.
Says what was left out. The tape itself is never changed, and no file is written over.

    gradstep repair run.gst                  writes run.repaired.gst
    gradstep repair run.gst -o whole.gst

A sound tape is not copied. Exit codes: 0 the copy is there (or nothing is damaged), 65 nothing of it can be read, 66 no such file, 73 the
copy cannot be made, 74 it cannot be read or written."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from ..tape.reader import TapeError
from ..tape.repair import Repair, repair
from ..tape.scan import HeadLost
from ..tape.visible import visible
from .command import Command, Exit, Failed, Level, say


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tape", metavar="TAPE", help="the damaged tape")
    parser.add_argument("-o", "--output", metavar="COPY", help="the file to write (default: TAPE.repaired.gst, beside it)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(args: argparse.Namespace) -> int:
    to = args.output or str(Path(args.tape).with_suffix(".repaired.gst"))
    if not os.path.exists(args.tape):
        raise Failed(f"{args.tape}: there is no such file", Exit.NO_INPUT)
    try:
        found = repair(args.tape, to)
    except FileExistsError:
        raise Failed(f"{to} is there already and is not written over; name another file with -o", Exit.NOT_CREATED) from None
    except HeadLost as error:
        raise Failed(f"{str(error).rstrip('.')}; no record of it was found, so there is nothing to repair it from", Exit.DAMAGED) from None
    except TapeError as error:
        raise Failed(str(error), Exit.DAMAGED) from None
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        if error.filename == args.tape:
            raise Failed(f"{args.tape} cannot be read: {error.strerror}", Exit.IO) from None
        raise Failed(f"{to} cannot be made: {error.strerror}; no copy was made", Exit.NOT_CREATED) from None
    except OSError as error:
        raise Failed(f"{to} was not written: {error.strerror or error}; {args.tape} is as it was", Exit.IO) from None
    if args.json:
        print(json.dumps(facts_of(found), indent=2))
    elif not found.damage:
        print(f"{visible(args.tape)}: nothing is damaged; no copy was made")
    else:
        kept = ", ".join(f"{count:,} {what}" for what, count in found.kept.items())
        say(f"{args.tape} is damaged: {found.damage.rstrip('.')}. It was not changed.", Level.INFO)
        print(f"{visible(to)}: {kept}. Left out: {visible(found.left_out)}.")
    return Exit.OK


def facts_of(found: Repair) -> dict[str, Any]:
    """What the JSON says."""
    return {"version": 1, **dataclasses.asdict(found), "left_out": found.left_out}


COMMAND = Command("repair", __doc__, _arguments, _run)
