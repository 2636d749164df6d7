"""The other end of `gradstep attach` and of programs that are debugged from elsewhere: it speaks with whoever started it. Nobody types it.

Exit codes: 0 the other side has ended, 2 it said something else than a request."""

from __future__ import annotations

import argparse
import sys

from ..debug.protocol import ProtocolError
from ..remote.agent import serve
from .command import Command, Exit, Failed


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stdio", action="store_true", required=True, help="speak on stdin and stdout")


def _run(args: argparse.Namespace) -> int:
    try:
        serve(sys.stdin.fileno(), sys.stdout.fileno())
    except ProtocolError as error:
        raise Failed(f"{error}; this command is started by `gradstep attach` and `gradstep debug`", Exit.USAGE) from None
    return Exit.OK


COMMAND = Command("agent", __doc__ or "", _arguments, _run)
