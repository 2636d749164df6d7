"""The layouts that are installed: plain functions behind the entry-point group ``gradstep.layouts``."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import cast

from ..canvas import LayoutFunction

GROUP = "gradstep.layouts"
DEFAULT = "layered"


def names() -> list[str]:
    """What there is to choose from, the default first."""
    found = sorted({point.name for point in entry_points(group=GROUP)} - {DEFAULT})
    return [DEFAULT, *found]


def layout(name: str = DEFAULT) -> LayoutFunction:
    """The layout of that name.

    Raises LookupError where none is installed under it.
    """
    for point in entry_points(group=GROUP, name=name):
        return cast(LayoutFunction, point.load())
    raise LookupError(f"no layout called {name!r} is installed; reinstall gradstep (pip install -e .) to register its layouts")
