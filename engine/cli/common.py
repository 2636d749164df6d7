"""The options that are for every command and stand before it: which sentences are said, whether in colour, a file of defaults, plug-ins."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..extensions.switches import SAFE_MODE
from ..places import choose_profile
from .command import Color, Exit, Failed, Level, hear_from, paint
from .config import Config


@dataclass(frozen=True, slots=True)
class _Option:
    """``values`` are its choices, or one word in capitals for what it is; none: the option stands alone."""

    values: tuple[str, ...]
    take: Callable[[str], object]


def heeded(words: list[str]) -> tuple[list[str], Config]:
    """The words without those that are for every command, and the file of defaults that they name. Raises Failed where they make no
    sense, or the file does not."""
    config = Config()

    def read(path: str) -> None:
        nonlocal config
        config = Config.of(Path(path))

    options = {
        "--log-level": _Option(tuple(level.name.lower() for level in Level), lambda word: hear_from(Level[word.upper()])),
        "--color": _Option(tuple(color.value for color in Color), lambda word: paint(Color(word))),
        "--config": _Option(("FILE",), read),
        "--profile": _Option(("FOLDER",), _profile),
        "--no-plugins": _Option((), lambda _: os.environ.__setitem__(SAFE_MODE, "1")),  # for what we start, too
    }
    while words:
        name, equals, value = words[0].partition("=")
        option = options.get(name)
        if option is None:
            if name.startswith("--") and any(known.startswith(name) or name.startswith(known) for known in options):
                raise Failed(f"{name} is no option of gradstep; those before a command are {', '.join(options)}", Exit.USAGE)
            break
        words = words[1:]
        if option.values and not equals:
            value, words = (words[0], words[1:]) if words else ("", [])
        if equals and not option.values:
            raise Failed(f"{name} stands alone, without a value", Exit.USAGE)
        if option.values and (value not in option.values if option.values[0].islower() else not value):
            known = option.values[0] if len(option.values) == 1 else f"one of {', '.join(option.values)}"
            raise Failed(f"{name} {value}".rstrip() + f": what follows is {known}, and then a command", Exit.USAGE)
        option.take(value)
    return words, config


def _profile(folder: str) -> None:
    try:
        choose_profile(Path(folder))
    except OSError as error:
        raise Failed(f"{folder} cannot be the folder of a profile: {error.strerror or error}", Exit.NOT_CREATED) from None
