"""What every command of ``gradstep`` has: a name, a line of help, its arguments, and a function that returns the exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from ..tape.ending import ending
from ..tape.reader import Tape, TapeError
from ..tape.visible import visible


class Exit(IntEnum):
    """Exit codes, as sysexits.h has them from 64 on. ``record`` returns the script's own."""

    OK = 0
    FAILED = 1  # a check found something
    USAGE = 2
    DAMAGED = 65
    NO_INPUT = 66
    UNAVAILABLE = 69  # no interpreter has what the engine needs
    INTERNAL = 70  # a fault of ours; its log is named
    NOT_CREATED = 73
    IO = 74
    LIMIT = 75  # memory, time or disk; what was done until then is there
    REFUSED = 77  # for safety
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Command:
    """One word behind ``gradstep``. ``arguments`` declares on a parser, ``run`` does the work. The docstring of the command's
    module is its help."""

    name: str
    summary: str
    description: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    passes_on: bool = False  # ``args`` are a script's; what stands behind -- is added to them


class Failed(Exception):
    """A command cannot go on: a sentence for the user and the exit code."""

    def __init__(self, sentence: str, code: Exit) -> None:
        super().__init__(sentence)
        self.code = code


class Level(IntEnum):
    """How much a sentence matters; ``--log-level`` says from where on they are said."""

    INFO = 0  # what was done
    WARNING = 1  # what is not as one may think
    ERROR = 2  # why it was not done


class _Heard:
    least = Level.INFO


def hear_from(level: Level) -> None:
    """Say only what matters as much, from now on."""
    _Heard.least = level


def say(sentence: str, level: Level = Level.WARNING) -> None:
    """Tell the user on stderr; stdout is for data."""
    if level >= _Heard.least:
        print(f"gradstep: {visible(sentence, keep=chr(10))}", file=sys.stderr)


def read_to_end(tape: Tape, code: int, done: str = "read") -> int:
    """The exit code of a command that has read a tape: ``code``, or DAMAGED. Says how far the tape goes, where that is not to its end;
    ``done`` is what was done with what stands there."""
    if tape.damage:
        say(f"{tape.path} is damaged: {tape.damage}. What stands before that place was {done}.")
        return Exit.DAMAGED
    if not tape.complete:
        say(f"{tape.path} is not complete: {ending(tape)['sentence'].rstrip('.')}. What is there was {done}.")
    return code


def open_tape(path: str) -> Tape:
    """The tape that a command was given. Raises Failed where there is none."""
    try:
        return Tape.open(path)
    except FileNotFoundError:
        raise Failed(f"{path}: there is no such file", Exit.NO_INPUT) from None
    except TapeError as error:
        raise Failed(str(error), Exit.DAMAGED) from None
    except OSError as error:
        raise Failed(f"{path} cannot be read: {error.strerror or error}", Exit.IO) from None
