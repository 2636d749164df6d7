"""What a user writes about a run, as a program takes it: arguments as a shell reads them, variables a line each."""

from __future__ import annotations

import re
import shlex

from ..translation import translate

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def arguments(text: str) -> tuple[str, ...]:
    """``--lr 1e-3 "two words"`` as three words; nothing is expanded. ValueError where a quote is not closed."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise ValueError(translate("Preferences", "A quotation mark is not closed.")) from error


def environment(text: str) -> dict[str, str]:
    """Variables by name from lines of ``NAME=value``; ValueError names a line that is none."""
    found: dict[str, str] = {}
    for place, line in enumerate(text.splitlines(), 1):
        if line.strip():
            name, equals, value = line.strip().partition("=")
            if not equals or not _NAME.fullmatch(name.strip()):
                raise ValueError(translate("Preferences", "Line {0} is not NAME=value: {1}").format(place, line.strip()[:40]))
            found[name.strip()] = value
    return found
