"""Which engines can run a script, for whoever launches one: our own, and those that installed packages name."""

from __future__ import annotations

import os
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec

GROUP = "gradstep.targets"
OURS = "gradstep"


def engines() -> tuple[str, ...]:
    """The names of the engines that can run a script, ours first."""
    return (OURS, *sorted({point.name for point in entry_points(group=GROUP)} - {OURS}))


def target_of(engine: str) -> tuple[str, tuple[str, ...]]:
    """Where the target of an engine is, as ``target.load`` takes it: ``module:object``, and folders to look in. ("", ()) for our own, and
    for one that nobody has named."""
    points = () if engine == OURS else tuple(entry_points(group=GROUP, name=engine))
    return (points[0].value, _folders(points[0])) if points else ("", ())


def _folders(point: EntryPoint) -> tuple[str, ...]:
    """Where another interpreter finds the module of an entry point; nothing for ours, which every debuggee finds."""
    top = point.module.partition(".")[0]
    spec = None if top == OURS else find_spec(top)
    if spec is None or spec.origin is None:
        return ()
    folder = os.path.dirname(os.path.abspath(spec.origin))
    return (os.path.dirname(folder) if spec.submodule_search_locations else folder,)
