"""``gradstep``: the window, and the commands that do its work without one.

    gradstep [FILE]            open the window, on a script, a tape or a folder of ranks' tapes
    gradstep COMMAND ...       see below

    --log-level LEVEL          before a command: say nothing on stderr that matters less than info, warning or error
    --color WHEN               before a command: colour what is said on stderr: auto (default; NO_COLOR is heeded), always, never
    --config FILE              before a command: defaults for its options, TOML: a table [record] with level = "statistics", ...
    --profile FOLDER           before a command or a file: settings, breakpoints, notes, plug-ins, runs and logs in this folder alone
    --no-plugins               before a command: nothing but gradstep's own
    --version

Other packages add commands by entry points of the group ``gradstep.commands``: a function that takes the list of arguments and
returns the exit code. They are run once the user has switched them on (``gradstep plugins on PACKAGE``). The one that is called
``window`` is run where no command is named.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import sys
from importlib.metadata import version

from ..extensions.catalogue import Feature, features
from ..extensions.switches import Switches
from .command import Color, Command, Exit, Failed, Level, hear_from, paint, say
from .common import heeded
from .config import Config
from .faults import place_of, written_down
from .table import ELSEWHERE, SUMMARIES, command_of

GROUP = "gradstep.commands"
WINDOW = "window"
FILES = (".py", ".pyw", ".gst")


def main(argv: list[str] | None = None) -> int:
    """Run ``gradstep`` with these arguments; returns the exit code."""
    words = sys.argv[1:] if argv is None else argv
    hear_from(Level.INFO)
    paint(Color.AUTO)
    try:
        code = _main(*heeded(words))
        if sys.stdout is not None:
            sys.stdout.flush()  # a disk that is full is to be heard of now, not when the interpreter ends
        return code
    except Failed as failed:
        say(str(failed), Level.ERROR)
        return failed.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # `gradstep inspect T | head`: nobody reads any more
        _silence()
        return Exit.OK
    except MemoryError:
        say("there is not enough memory for this; close other programs, or give it less to read", Level.ERROR)
        return Exit.LIMIT
    except OSError as error:
        _silence()
        say(f"{error.filename or 'stdout'}: {error.strerror or error}; make room or name another place", Level.ERROR)
        return Exit.IO
    except Exception as error:  # ours: the user shall see what, and be able to report it
        log = written_down(error, words)
        where = f"what is needed to mend it is in {log}; please report it" if log else "no log could be written"
        say(f"this is a fault of gradstep's: {type(error).__name__}: {error} ({place_of(error)}); {where}", Level.ERROR)
        return Exit.INTERNAL


def _silence() -> None:
    """What waits for stdout cannot be written any more, and the interpreter shall not try it again when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _main(words: list[str], config: Config) -> int:
    first = words[0] if words else ""
    if first in SUMMARIES and not config.tables:  # what others there are need not be looked for
        return _builtin(command_of(first), words[1:], config)
    others = {feature.name: feature for feature in features(GROUP)}
    config.check_names([*SUMMARIES, *others])
    if first in SUMMARIES:
        return _builtin(command_of(first), words[1:], config)
    if first in others and first != WINDOW:
        return _loaded(others[first], config.before(words[1:], first))
    if first in ("-h", "--help"):
        print(_help(others))
        return Exit.OK
    if first in ("-V", "--version"):
        print(f"gradstep {version('gradstep')}")
        return Exit.OK
    if first and not first.startswith("-") and not first.lower().endswith(FILES) and first != WINDOW and not os.path.isdir(first):
        print(_help(others), file=sys.stderr)
        raise Failed(f"{first} is no command of gradstep, no script (.py), no tape (.gst) and no folder of ranks", Exit.USAGE)
    if WINDOW not in others:
        raise Failed("the window is not installed: pip install 'gradstep[gui]'", Exit.USAGE)
    return _loaded(others[WINDOW], config.before(words[1:] if first == WINDOW else words, WINDOW))


def _builtin(command: Command, words: list[str], config: Config) -> int:
    parser = argparse.ArgumentParser(
        prog=f"gradstep {command.name}", description=command.description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.arguments(parser)
    words = config.before(words, command.name, command.arguments)
    rest: list[str] = []
    if command.passes_on and "--" in words:  # what stands behind it is the script's
        place = words.index("--")
        words, rest = words[:place], words[place + 1 :]
    try:
        args, unknown = parser.parse_known_args(words)
        if unknown and command.passes_on:
            there = [word for word in words if word not in unknown]
            whole = shlex.join(["gradstep", command.name, *there, "--", *unknown, *rest])
            told = f"{shlex.join(unknown)}: no options of gradstep {command.name}. Those of the script stand behind --"
            raise Failed(f"{told}: {whole}", Exit.USAGE)
        if unknown:
            parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    except SystemExit as end:  # argparse has said why
        return end.code if isinstance(end.code, int) else Exit.USAGE
    if command.passes_on:
        args.args = [*args.args, *rest]
    return int(command.run(args))


def _loaded(feature: Feature, words: list[str]) -> int:
    switches = Switches()
    if not switches.is_on(feature):
        way = f"gradstep plugins on {feature.package}" if not feature.refused and not switches.safe else "gradstep plugins"
        raise Failed(f"{feature.name} comes from the plug-in {feature.package}: {switches.reason(feature)} ({way})", Exit.REFUSED)
    try:
        command = feature.entry_point().load()
    except ImportError as error:
        hint = "pip install 'gradstep[gui]'" if feature.name == WINDOW else f"it comes from {feature.package}: {feature.value}"
        raise Failed(f"{feature.name} cannot be started: {error} ({hint})", Exit.USAGE) from error
    return int(command(words))


def _help(others: dict[str, Feature]) -> str:
    lines = [(__doc__ or "").split("\n\nOther packages")[0].replace("``", ""), ""]
    lines += [f"    gradstep {name:<10} {summary}" for name, summary in SUMMARIES.items()]
    lines += [f"    gradstep {name:<10} {summary}" for name, summary in ELSEWHERE.items() if name in others]
    others = {name: feature for name, feature in others.items() if not feature.is_ours}
    lines += [f"    gradstep {name:<10} from the plug-in {f.package}" for name, f in sorted(others.items())]
    lines += ["", "gradstep COMMAND --help tells more."]
    return "\n".join(lines)
