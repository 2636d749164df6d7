"""Say what went wrong with autograd in a script or on a tape: which line, why, and what to write instead.

    gradstep explain train.py           runs the script, records it, explains
    gradstep explain run.gst            explains a recording
    gradstep explain --engine torch train.py    runs it on the PyTorch of the active environment

Custom Functions of a script that is run are tried against central differences, each once, in a forked copy of the process, so that the
script does not notice; a recording made by `gradstep record` has nothing of that.

Exit codes: 0 nothing is wrong, 1 something is, 65 the tape is damaged, 66 no such file, 69 no interpreter has what the engine needs."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import replace

from ..explain import report
from ..explain.diagnoses import findings
from ..explain.finding import Finding, Kind, Severity
from ..extensions.guard import Guard, PluginError
from ..tape.reader import Tape
from .command import Command, Exit, say
from .engines import Runner, add_arguments, chosen
from .running import must_exist, recorded
from .tapes import open_tape, read_to_end

GROUP = "gradstep.explanations"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--only", metavar="KINDS", type=kinds, help=f"only these: {', '.join(kind.value for kind in Kind)}")
    add_arguments(parser)
    parser.add_argument("subject", metavar="SCRIPT|TAPE", help="a script (.py) or a tape (.gst)")
    parser.add_argument("args", nargs="*", metavar="ARGS", help="the script's arguments; behind -- where they begin with a dash")


def kinds(words: str) -> list[Kind]:
    """The kinds in a list with commas. Raises ArgumentTypeError for one that there is not."""
    try:
        return [Kind(word.strip()) for word in words.split(",") if word.strip()]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; there are {', '.join(kind.value for kind in Kind)}") from None


def look(subject: str, args: list[str], wanted: list[Kind] | None, runner: Runner | None, quiet: bool) -> tuple[list[Finding], int, int]:
    """The findings of a tape, or of a script that is run for it, the script's exit code (0 for a tape), and DAMAGED where the tape is.

    Raises Failed where there is none to look at."""
    if subject.endswith(".gst"):
        tape = open_tape(subject)
        try:
            return _found(tape, wanted), 0, read_to_end(tape, Exit.OK, "explained")
        finally:
            tape.close()
    with recorded(subject, args, runner, quiet=quiet, examine=wanted is None or Kind.RULE in wanted) as (path, outcome):
        tape = open_tape(path)
        try:
            return _found(tape, wanted), outcome.exit_code, Exit.OK  # of a program that crashed the last record may not be whole
        finally:
            tape.close()


def runner_for(subject: str, args: argparse.Namespace) -> Runner | None:
    """What runs the script that the arguments are about; None for a tape. Raises Failed."""
    if subject.endswith(".gst"):
        return None
    must_exist(subject)
    return chosen(args.engine, args.python, subject)


def _found(tape: Tape, wanted: list[Kind] | None) -> list[Finding]:
    return findings(tape, wanted, _plugins(tape) if wanted is None or Kind.PLUGIN in wanted else ())


def _plugins(tape: Tape) -> Iterator[Finding]:
    """What plug-ins find; one that fails is told of, and the others go on."""
    guard = Guard()
    for feature in guard.enabled(GROUP):
        try:
            found = list(guard.call(feature, tape))
            strangers = [type(finding).__name__ for finding in found if not isinstance(finding, Finding)]
            if strangers:
                raise PluginError(f"the explanation {feature.name} of {feature.package} gave {strangers[0]}, not Finding")
        except PluginError as error:
            say(str(error))
            continue
        yield from (replace(finding, kind=Kind.PLUGIN) for finding in found)


def _run(args: argparse.Namespace) -> int:
    found, _, ending = look(args.subject, args.args, args.only, runner_for(args.subject, args), quiet=args.json)
    subject = os.path.basename(args.subject)
    print(json.dumps(report.as_json(found, subject), indent=2) if args.json else report.text(found, subject))
    return ending or (Exit.FAILED if any(finding.severity is not Severity.NOTE for finding in found) else Exit.OK)


COMMAND = Command("explain", __doc__, _arguments, _run, passes_on=True)
