"""Which engine runs a script, and in which interpreter: the arguments that commands share, and the choice."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from ..debug.interpreters import Answer, Found, Lack, ask, found, lacks
from ..debug.targets import OURS, Needs, engines, needs_of
from .command import Exit, Failed


@dataclass(frozen=True, slots=True)
class Runner:
    """What runs a script."""

    engine: str = OURS
    python: str = sys.executable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--engine`` and ``--python``."""
    names = engines()
    parser.add_argument(
        "--engine", choices=names, default=OURS, help=f"what `import torch` means in the script: {OURS}'s own engine (default), or "
        + (", ".join(name for name in names if name != OURS) or "what a plug-in brings"),
    )  # fmt: skip
    parser.add_argument(
        "--python", metavar="PATH", help="the interpreter that runs the script (default: this one; for another engine the active "
        "environment, the project's .venv, or the first on PATH that has what it needs)",
    )  # fmt: skip


def chosen(engine: str, python: str | None, script: str) -> Runner:
    """The interpreter for ``engine``: the one that the user names, or the likeliest that has what is needed.

    Raises Failed with what is lacking, the line that installs it, and the interpreters that have it."""
    if python is None and engine == OURS:
        return Runner()
    needs = needs_of(engine)
    if python is not None:
        path = python if os.sep in python or (os.altsep and os.altsep in python) else _on_path(python)
        missing = lacks(ask(path, needs.names), needs)
        if missing:
            raise _failure(needs, missing, found(script), skip=path)
        return Runner(engine, path)
    places = found(script)
    first: list[Lack] = []
    for place in places:
        missing = lacks(ask(place.path, needs.names), needs)
        if not missing:
            return Runner(engine, place.path)
        first = first or missing
    tried = ", ".join(f"{place.path} ({place.why})" for place in places[:6]) + (" and others" if len(places) > 6 else "")
    raise Failed(
        f"no interpreter that was found can run scripts on {engine}: {tried}. gradstep doctor tells why.\n{_remedies(first)}",
        Exit.UNAVAILABLE,
    )


def _on_path(name: str) -> str:
    """``python3.10`` as a shell would find it; the word itself where it finds none."""
    from shutil import which

    return which(name) or name


def _failure(needs: Needs, missing: list[Lack], places: Iterable[Found], skip: str) -> Failed:
    others = [answer for place in places if place.path != skip for answer in [ask(place.path, needs.names)] if not lacks(answer, needs)]
    lines = [" ".join(lack.text for lack in missing)]
    if others:
        lines.append(f"  {'This one has' if len(others) == 1 else 'These have'} what is needed:")
        lines += [f"    --python {answer.path}  ({versions(answer, needs)})" for answer in others]
    lines.append(_remedies(missing))
    code = Exit.NO_INPUT if missing[0].kind == "gone" else Exit.UNAVAILABLE
    return Failed("\n".join(line for line in lines if line), code)


def _remedies(missing: list[Lack]) -> str:
    lines = [lack.remedy for lack in missing if lack.remedy]
    return "\n".join(["  Or run:", *(f"    {line}" for line in lines)]) if lines else ""


def versions(answer: Answer, needs: Needs) -> str:
    """An interpreter's own version and those of what an engine needs."""
    return ", ".join([f"Python {answer.python}", *(f"{name} {answer.packages[name]}" for name in needs.names if name in answer.packages)])
