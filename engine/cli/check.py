"""Look through a script, and the modules of its folder that it imports, for names of torch that gradstep's engine lacks; nothing is
run. With another --engine: for modules that the interpreter lacks. With --fail-on the script is run and recorded as well (or a tape is
read), and what is found of those kinds fails the check:

    gradstep check train.py
    gradstep check train.py --fail-on nan,severed -- --epochs 1
    gradstep check run.gst --fail-on nan
    gradstep check --engine torch train.py

Exit codes: 0 nothing is missing or found, 1 something is, or the script failed; 65 a file cannot be parsed or a tape is damaged, 66 no
such file, 69 no interpreter has what the engine needs, 74 a file cannot be read."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..debug.interpreters import ask, install_line
from ..debug.targets import OURS, needs_of
from ..explain import report
from ..explain.finding import Kind, Severity
from ..preflight.names import census
from ..preflight.report import imported, preflight
from . import explain
from .command import Command, Exit, Failed, say
from .engines import Runner, add_arguments, versions


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("script", metavar="SCRIPT|TAPE", nargs="?", help="the script to look through, or with --fail-on a tape")
    parser.add_argument(
        "args", nargs="*", metavar="ARGS", help="with --fail-on the script's arguments; behind -- where they begin with a dash"
    )
    parser.add_argument(
        "--fail-on", metavar="KINDS", type=explain.kinds, help=f"run it, and fail on these: {', '.join(k.value for k in Kind)}"
    )
    add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--census", action="store_true", help="print how many of the names of each of PyTorch's namespaces are there")


def _run(args: argparse.Namespace) -> int:
    if args.census:
        return _census(args.json)
    if args.script is None:
        raise Failed("which script? gradstep check SCRIPT", Exit.USAGE)
    if args.fail_on is not None:
        return _run_it(args)
    if args.args:
        raise Failed("arguments are for a script that is run: with --fail-on", Exit.USAGE)
    return _look_through(args) if args.engine == OURS else _look_around(args)


def _run_it(args: argparse.Namespace) -> int:
    """Run the script, or read the tape, and look for what shall not be there."""
    found, code, ending = explain.look(args.script, args.args, args.fail_on, explain.runner_for(args.script, args), quiet=args.json)
    faults = [finding for finding in found if finding.severity is not Severity.NOTE]
    name = os.path.basename(args.script)
    if args.json:
        print(json.dumps(report.as_json(found, name) | {"exit_code": code, "failed": bool(faults or code or ending)}, indent=2))
    elif faults:
        print(report.text(faults, name))
    else:
        print(f"{name}: none of {', '.join(kind.value for kind in args.fail_on)}")
    if code:
        say(f"{name} ended with exit code {code}")
    return ending or (Exit.FAILED if faults or code else Exit.OK)


@contextmanager
def _reading(script: str) -> Iterator[None]:
    """Raises Failed where a script cannot be read or parsed inside it."""
    try:
        yield
    except FileNotFoundError:
        raise Failed(f"{script}: there is no such script", Exit.NO_INPUT) from None
    except OSError as error:
        raise Failed(f"{script}: {os.strerror(error.errno or 0)}", Exit.IO) from None
    except (SyntaxError, ValueError) as error:  # ValueError: null bytes
        where = f"{error.filename}:{error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else f"{script}: {error}"
        raise Failed(f"{where}: it cannot be parsed", Exit.DAMAGED) from None


def _look_around(args: argparse.Namespace) -> int:
    """Whether the interpreter that would run a script on another engine has all modules that the script imports."""
    with _reading(args.script):
        imports = imported(Path(args.script))
    runner, needs = explain.runner_for(args.script, args) or Runner(), needs_of(args.engine)
    told = ask(runner.python, tuple(dict.fromkeys((*needs.names, *(use.name for _, use in imports)))))
    missing = [(file, use, install_line(runner.python, use.name)) for file, use in imports if use.name not in told.packages]
    if args.json:
        places = [{"file": file, "line": use.line, "name": use.name, "remedy": line} for file, use, line in missing]
        print(json.dumps({**told.plain(), "engine": args.engine, "missing": places}, indent=2))
    else:
        for file, use, line in missing:
            print(f"{file}:{use.line}:{use.column}: no module named {use.name!r} in this interpreter; {line}")
        print(f"{runner.python}: {versions(told, needs)}; {len(missing) or 'none'} of {len(imports)} imported modules missing")
    return Exit.FAILED if missing else Exit.OK


def _look_through(args: argparse.Namespace) -> int:
    with _reading(args.script):
        found = preflight(Path(args.script))
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


COMMAND = Command("check", __doc__, _arguments, _run, passes_on=True)
