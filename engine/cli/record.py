"""Run a script and record it on a tape, without a window.

The script has this terminal as its own. Exit codes: the script's own, 128 + n where signal n ended it; 66 no such script, 73 the tape
cannot be made."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from ..debug.launch import Launch
from .command import Command, Exit, Failed, say
from .running import BUDGET, MEBIBYTE, must_exist, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="T", help="where the tape goes (default: the script's name with .gst, here)")
    parser.add_argument("--level", choices=("structure", "statistics", "values"), default="values", help="what is kept of every value")
    parser.add_argument("--budget", type=_size, default=BUDGET, metavar="MB", help="mebibytes of values that are kept (default: 256)")
    parser.add_argument("--engine", choices=("gradstep",), default="gradstep", help="what `import torch` means in the script: this engine")
    parser.add_argument("--python", metavar="PATH", default=sys.executable, help="the interpreter that runs the script")
    parser.add_argument("script", metavar="SCRIPT", help="the script")
    parser.add_argument("args", nargs=argparse.REMAINDER, metavar="ARGS", help="its arguments")


def _size(text: str) -> int:
    size = int(text)
    if size < 0:
        raise argparse.ArgumentTypeError("a budget is not negative")
    return size


def _run(args: argparse.Namespace) -> int:
    script = os.path.abspath(args.script)
    must_exist(args.script)
    tape = os.path.abspath(args.output or Path(script).stem + ".gst")
    if os.path.exists(tape) and (not os.path.isfile(tape) or os.path.getsize(tape)):
        raise Failed(f"{tape} holds something already; delete it or name another with -o", Exit.NOT_CREATED)
    if not os.access(os.path.dirname(tape), os.W_OK):
        raise Failed(f"{tape} cannot be written: {os.path.dirname(tape)} is not a folder that you may write to", Exit.NOT_CREATED)
    launch = Launch(
        script=args.script, args=tuple(args.args), engine=args.engine, python=args.python, cwd=os.getcwd(), tape=tape, level=args.level,
        budget=args.budget * MEBIBYTE, stop_on_entry=False, rewind=False, output="inherit", stdin="inherit", process_limit=0,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="gradstep-record-") as folder:
        outcome = run(launch, Path(folder))
    if os.path.exists(tape):
        say(f"recorded {tape} ({os.path.getsize(tape)} bytes)")
    return outcome.exit_code


COMMAND = Command("record", "run a script and record it, without a window", __doc__, _arguments, _run)
