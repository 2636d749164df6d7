"""Run a script and record it on a tape, without a window.

    gradstep record train.py --epochs 1
    gradstep record --engine torch train.py                          on the PyTorch of the active environment
    gradstep record --engine torch --python ~/env/bin/python train.py
    torchrun --nproc-per-node 4 --no-python gradstep record --engine torch -o runs/ train.py

The script has this terminal as its own. Where it is one of several processes each writes a tape of its own: rank0.gst, rank1.gst, ...
in the folder that -o names.

Exit codes: the script's own, 128 + n where signal n ended it; 66 no such script or interpreter, 69 the interpreter lacks what the engine
needs, 73 the tape cannot be made."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from ..debug.launch import Launch
from ..debug.ranks import rank_of, tape_path
from .command import Command, Exit, Failed, say
from .engines import add_arguments, chosen
from .running import BUDGET, MEBIBYTE, must_exist, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--output", metavar="T", help="where the tape goes: a file, or a folder (default: the script's name with .gst, here)"
    )
    parser.add_argument("--level", choices=("structure", "statistics", "values"), default="values", help="what is kept of every value")
    parser.add_argument("--budget", type=_size, default=BUDGET, metavar="MB", help="mebibytes of values that are kept (default: 256)")
    add_arguments(parser)
    parser.add_argument("script", metavar="SCRIPT", help="the script")
    parser.add_argument("args", nargs=argparse.REMAINDER, metavar="ARGS", help="its arguments")


def _size(text: str) -> int:
    size = int(text)
    if size < 0:
        raise argparse.ArgumentTypeError("a budget is not negative")
    return size


def _run(args: argparse.Namespace) -> int:
    must_exist(args.script)
    tape = tape_path(args.output or "", os.path.abspath(args.script), rank_of())
    if (args.output or "").endswith(os.sep):
        _make(os.path.dirname(tape))
    if os.path.exists(tape) and (not os.path.isfile(tape) or os.path.getsize(tape)):
        raise Failed(f"{tape} holds something already; delete it or name another with -o", Exit.NOT_CREATED)
    if not os.access(os.path.dirname(tape), os.W_OK):
        raise Failed(f"{tape} cannot be written: {os.path.dirname(tape)} is not a folder that you may write to", Exit.NOT_CREATED)
    runner = chosen(args.engine, args.python, args.script)
    launch = Launch(
        script=args.script, args=tuple(args.args), engine=runner.engine, python=runner.python, cwd=os.getcwd(), tape=tape, level=args.level,
        budget=args.budget * MEBIBYTE, stop_on_entry=False, rewind=False, output="inherit", stdin="inherit", process_limit=0,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="gradstep-record-") as folder:
        outcome = run(launch, Path(folder))
    if os.path.exists(tape):
        say(f"recorded {tape} ({os.path.getsize(tape)} bytes)")
    return outcome.exit_code


def _make(folder: str) -> None:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise Failed(f"{folder} cannot be made: {error.strerror}", Exit.NOT_CREATED) from None


COMMAND = Command("record", "run a script and record it, without a window", __doc__, _arguments, _run)
