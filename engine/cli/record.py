"""Run a script and record it on a tape, without a window.

    gradstep record train.py --epochs 1
    gradstep record --engine torch train.py                          on the PyTorch of the active environment
    gradstep record --engine torch --python ~/env/bin/python train.py
    gradstep record --engine torch --arm nan train.py                from the pass on in which something is not finite any more
    torchrun --nproc-per-node 4 --no-python gradstep record --engine torch -o runs/ train.py

The script has this terminal as its own. What becomes of the recording is nothing to it: where the disk is full or the tape is deleted,
recording stops, says so once, and the script goes on. Where the script is one of several processes each writes a tape of its own:
rank0.gst, rank1.gst, ... in the folder that -o names.

What was recorded is handed to the system before it is 10 ms old, as long as Python and the machine let a thread of ours run: while native
code holds the interpreter, or on a machine with more to do than processors, it may be older. What was handed over survives the death of the
process. With --durable every event is handed over at once, whatever the machine does.

At a limit of memory, processes or time everything that the script started is frozen, and ended; the tape can be read. In the window it is
frozen and can go on. Memory is that of all its processes together, what they share counted once.

Exit codes: the script's own, 128 + n where signal n ended it; 66 no such script or interpreter, 69 the interpreter lacks what the engine
needs, 73 the tape cannot be made, 75 a limit was reached."""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import replace
from pathlib import Path

from ..debug.launch import Launch
from ..debug.ranks import rank_of, tape_path
from ..debug.targets import OURS
from ..tape.ring import older_than
from .amounts import count, mebibytes, seconds, size
from .command import Command, Exit, Failed, Level, say
from .engines import add_arguments, chosen
from .running import BUDGET, MEBIBYTE, must_exist, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--output", metavar="T", help="where the tape goes: a file, or a folder (default: the script's name with .gst, here)"
    )
    parser.add_argument("--level", choices=("structure", "statistics", "values"), default="values", help="what is kept of every value")
    parser.add_argument("--budget", type=mebibytes, default=BUDGET, metavar="MB", help="mebibytes of values that are kept (default: 256)")
    parser.add_argument("--durable", action="store_true", help="write every event at once; slower")
    parser.add_argument("--no-source", action="store_true", help="keep paths and lines, but not the text of source files")
    parser.add_argument("--timeout", type=seconds, default=0.0, metavar="S", help="end the script after so long: 30, 10m, 2h")
    parser.add_argument("--limit-mem", type=size, default=0, metavar="SIZE", help="end it where its processes take more: 16G, 500M")
    parser.add_argument("--limit-processes", type=count, default=0, metavar="N", help="end it where it starts more")
    parser.add_argument("--limit-disk", type=size, default=0, metavar="SIZE", help="what the tape may take: 2G")
    parser.add_argument(
        "--when-full", choices=("stop", "ring"), default=None,
        help="with --limit-disk: stop recording there (default), or keep the newest, in two tapes of half the size",
    )  # fmt: skip
    parser.add_argument(
        "--arm", type=_beginning, default=("", 0), metavar="WHEN", help="when recording begins, on PyTorch: after so many backward "
        "passes, or `nan`: at the first loss or gradient that is not finite (default: at once)",
    )  # fmt: skip
    parser.add_argument("--kernels", action="store_true", help="write down what each op and node runs inside, on PyTorch")
    add_arguments(parser)
    parser.add_argument("script", metavar="SCRIPT", help="the script")
    parser.add_argument("args", nargs=argparse.REMAINDER, metavar="ARGS", help="its arguments")


def _beginning(text: str) -> tuple[str, int]:
    if text == "nan":
        return "nan", 0
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither `nan` nor a number of backward passes")
    return "", int(text)


def _run(args: argparse.Namespace) -> int:
    must_exist(args.script)
    if args.when_full and not args.limit_disk:
        raise Failed("--when-full says what happens at --limit-disk, which is not given", Exit.USAGE)
    tape = tape_path(args.output or "", os.path.abspath(args.script), rank_of())
    if (args.output or "").endswith(os.sep):
        _make(os.path.dirname(tape))
    for file in (tape, older_than(tape)) if args.when_full == "ring" else (tape,):
        if os.path.lexists(file) and (not os.path.isfile(file) or os.path.getsize(file)):
            raise Failed(f"{file} holds something already; delete it or name another with -o", Exit.NOT_CREATED)
    if not os.access(os.path.dirname(tape), os.W_OK):
        raise Failed(f"{tape} cannot be written: {os.path.dirname(tape)} is not a folder that you may write to", Exit.NOT_CREATED)
    if (any(args.arm) or args.kernels) and args.engine == OURS:
        raise Failed("--arm and --kernels are for scripts on PyTorch: gradstep's own engine records from the beginning", Exit.USAGE)
    runner = chosen(args.engine, args.python, args.script)
    launch = Launch(
        script=args.script, args=tuple(args.args), engine=runner.engine, python=runner.python, cwd=os.getcwd(), tape=tape, level=args.level,
        budget=args.budget * MEBIBYTE, arm=args.arm[0], passes_before=args.arm[1], kernels=args.kernels,
        stop_on_entry=False, rewind=False, output="inherit", stdin="inherit", unbuffered=args.durable,
        sources=not args.no_source, time_limit=args.timeout, memory_limit=args.limit_mem, process_limit=args.limit_processes,
        disk_limit=args.limit_disk, when_full=args.when_full or "stop",
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="gradstep-record-", ignore_cleanup_errors=True) as folder:
        outcome = run(replace(launch, fleeting=folder), Path(folder))
    for file in (older_than(tape), tape) if args.when_full == "ring" else (tape,):
        if os.path.exists(file):
            say(f"recorded {file} ({os.path.getsize(file)} bytes)", Level.INFO)
    return outcome.exit_code


def _make(folder: str) -> None:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise Failed(f"{folder} cannot be made: {error.strerror}", Exit.NOT_CREATED) from None


COMMAND = Command("record", __doc__, _arguments, _run)
