"""What every command of ``gradstep`` has: a name, a line of help, its arguments, and a function that returns the exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum

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


class Color(Enum):
    """Whether sentences on stderr are coloured. Nothing is said by colour alone."""

    AUTO = "auto"  # on a terminal, unless NO_COLOR is set (no-color.org) or the terminal is a dumb one
    ALWAYS = "always"
    NEVER = "never"


class _Heard:
    least = Level.INFO
    color = Color.AUTO


_RESET = "\x1b[0m"
_COLORS = {Level.INFO: "\x1b[1m", Level.WARNING: "\x1b[1;33m", Level.ERROR: "\x1b[1;31m"}  # bold, yellow, red: the terminal's own


def hear_from(level: Level) -> None:
    """Say only what matters as much, from now on."""
    _Heard.least = level


def paint(color: Color) -> None:
    """Colour what is said, or do not, from now on."""
    _Heard.color = color


def _is_coloured() -> bool:
    if _Heard.color is Color.AUTO:
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return not plain and sys.stderr is not None and sys.stderr.isatty()
    return _Heard.color is Color.ALWAYS


def say(sentence: str, level: Level = Level.WARNING) -> None:
    """Tell the user on stderr; stdout is for data."""
    if level >= _Heard.least:
        name = f"{_COLORS[level]}gradstep:{_RESET}" if _is_coloured() else "gradstep:"
        print(f"{name} {visible(sentence, keep=chr(10))}", file=sys.stderr)
