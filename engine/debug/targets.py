"""Which engines can run a script, and what each needs of the interpreter: our own, and those that installed packages name.

A package names a target by an entry point of ``GROUP``, and what that needs by one of the same name in ``NEEDS``: a ``Needs``, in a
module that can be imported where the engine itself is not installed.
"""

from __future__ import annotations

import os
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..older import dataclass

if TYPE_CHECKING:
    from ..extensions.catalogue import Feature

GROUP = "gradstep.targets"
NEEDS = "gradstep.needs"
OURS = "gradstep"


@dataclass(frozen=True, slots=True)
class Package:
    """A package that an engine needs, by the name that is imported. ``since``: the first version that will do."""

    name: str
    since: str = ""
    install: str = ""  # what pip knows it by; "": the name


@dataclass(frozen=True, slots=True)
class Needs:
    """What an engine needs of the interpreter that runs a script."""

    python: tuple[int, int]
    packages: tuple[Package, ...] = ()
    title: str = ""  # what people call the engine
    about: str = ""  # in a sentence
    useful: tuple[tuple[str, str], ...] = ()  # packages that it can do without, and what is missing then
    tested: str = ""  # versions that it was tried with, in words

    @property
    def names(self) -> tuple[str, ...]:
        """The packages' names."""
        return tuple(package.name for package in self.packages)


OURS_NEEDS = Needs(
    (3, 11),
    (Package("numpy", "2.0"),),
    "gradstep's own engine",
    "The name torch means gradstep's engine, which is spelled like PyTorch: every step can be taken back.",
    (("ml_dtypes", "there is no bfloat16"), ("numba", "large arrays take longer"), ("cupy", "a GPU is not used")),
)


def engines() -> tuple[str, ...]:
    """The names of the engines that can run a script, ours first. One of a plug-in is listed when that is switched on."""
    return (OURS, *sorted({feature.name for feature in _enabled(GROUP)} - {OURS}))


def target_of(engine: str) -> tuple[str, tuple[str, ...]]:
    """Where the target of an engine is, as ``target.load`` takes it: ``module:object``, and folders to look in. ("", ()) for our own, and
    for one that nobody has named or whose plug-in is off."""
    found = [] if engine == OURS else [feature for feature in _enabled(GROUP) if feature.name == engine]
    return (found[0].value, _folders(found[0].entry_point())) if found else ("", ())


def needs_of(engine: str) -> Needs:
    """What an engine needs; of one that does not say, any Python that the debugger itself can run in."""
    if engine == OURS:
        return OURS_NEEDS
    for feature in _enabled(NEEDS):
        if feature.name == engine:
            needs: Needs = feature.entry_point().load()
            return needs
    return Needs((3, 9), title=engine)


def _enabled(group: str) -> list[Feature]:
    from ..extensions.guard import Guard  # whoever runs in the user's interpreter has no need of it

    return Guard().enabled(group)


def _folders(point: EntryPoint) -> tuple[str, ...]:
    """Where another interpreter finds the module of an entry point; nothing for ours, which every debuggee finds."""
    top = point.module.partition(".")[0]
    spec = None if top == OURS else find_spec(top)
    if spec is None or spec.origin is None:
        return ()
    folder = os.path.dirname(os.path.abspath(spec.origin))
    return (os.path.dirname(folder) if spec.submodule_search_locations else folder,)
