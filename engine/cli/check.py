"""Look through a script, and the modules of its folder that it imports, for names of torch that gradstep's engine lacks. Nothing is run.

Exit codes: 0 nothing is missing, 1 something is, 65 a file cannot be parsed, 66 no such script, 74 it cannot be read."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from ..preflight.names import census
from ..preflight.report import preflight
from .command import Command, Exit, Failed


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("script", metavar="SCRIPT", nargs="?", help="the script to look through")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--census", action="store_true", help="print how many of the names of each of PyTorch's namespaces are there")


def _run(args: argparse.Namespace) -> int:
    if args.census:
        return _census(args.json)
    if args.script is None:
        raise Failed("which script? gradstep check SCRIPT", Exit.USAGE)
    try:
        found = preflight(Path(args.script))
    except FileNotFoundError:
        raise Failed(f"{args.script}: there is no such script", Exit.NO_INPUT) from None
    except OSError as error:
        raise Failed(f"{args.script}: {os.strerror(error.errno or 0)}", Exit.IO) from None
    except (SyntaxError, ValueError) as error:  # ValueError: null bytes
        where = f"{error.filename}:{error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else f"{args.script}: {error}"
        raise Failed(f"{where}: it cannot be parsed", Exit.DAMAGED) from None
    if args.json:
        print(json.dumps(found.as_json(), indent=2))
    else:
        for finding in found.findings:
            print(finding.text())
        files = f"{len(found.files)} files" if len(found.files) > 1 else "1 file"
        maybe = len(found.findings) - found.missing
        doubt = f", {maybe} may be" if maybe else ""
        print(f"{files}, {found.names} names of torch: {found.missing or 'none'} missing{doubt}")
    return Exit.FAILED if found.missing else Exit.OK


def _census(as_json: bool) -> int:
    counts = census()
    if as_json:
        print(json.dumps({c.place: {"have": c.have, "names": c.names, "lacking": c.lacking} for c in counts}, indent=2))
        return Exit.OK
    for c in counts:
        print(f"{c.place:<36} {c.have:>5} of {c.names:>5}")
    print(f"{'all':<36} {sum(c.have for c in counts):>5} of {sum(c.names for c in counts):>5}")
    return Exit.OK


COMMAND = Command("check", "what a script uses of torch and the engine lacks", __doc__, _arguments, _run)
