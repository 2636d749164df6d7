"""The layouts that may be used: features of the group ``gradstep.layouts``, as other plug-ins off until they are switched on.

The default one is ours and cannot be switched off: without it there would be no graph."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from gradstep.engine.extensions.catalogue import Feature, features
from gradstep.engine.extensions.guard import Guard

from ..canvas.scene import LayoutFunction

GROUP = "gradstep.layouts"
DEFAULT = "layered"


def choices(guard: Guard | None = None) -> list[Feature]:
    """What there is to choose from, the default first; without a guard only what is ours."""
    found = [feature for feature in features(GROUP) if (feature.is_ours if guard is None else guard.switches.is_on(feature))]
    ours = [feature for feature in features(GROUP) if feature.is_ours and feature.name == DEFAULT]
    others = sorted((feature for feature in found if feature not in ours), key=lambda feature: feature.name)
    return [*ours, *others]


def names(guard: Guard | None = None) -> list[str]:
    """The names of ``choices``."""
    return [feature.name for feature in choices(guard)]


def layout(name: str = DEFAULT, guard: Guard | None = None) -> LayoutFunction:
    """The layout of that name.

    Raises PluginError where it cannot be loaded or is off, and LookupError where none is installed under the name.
    """
    if guard is not None and name != DEFAULT:
        return cast(LayoutFunction, guard.load(guard.find(GROUP, name)))
    for feature in choices():
        if feature.name == name:
            return cast(LayoutFunction, feature.entry_point().load())
    raise LookupError(f"no layout called {name!r} is installed; reinstall gradstep (pip install -e .) to register its layouts")


def count_failure(name: str, reason: str, guard: Guard | None) -> None:
    """A layout could not draw a graph in the process beside the window. Of a stranger's it is counted: the third switches it off."""
    if guard is not None:
        for feature in choices(guard):
            if feature.name == name and not feature.is_ours:
                guard.failed(feature, reason, "")


@cache
def _default() -> LayoutFunction:
    return layout()


@dataclass(frozen=True)
class OnDemand:
    """The default layout, loaded when it first arranges something: with scipy it takes 33 MiB, which a window on a large tape never
    needs, whose graphs another process arranges."""

    _coming: list[threading.Thread] = field(default_factory=list, compare=False)

    def __post_init__(self) -> None:
        if not any(feature.name == DEFAULT for feature in choices()):
            layout()  # raises and says what to do

    def __call__(self, graph: Any, sizes: Any, **options: Any) -> Any:
        return _default()(graph, sizes, **options)

    def __reduce__(self) -> tuple[type[OnDemand], tuple[()]]:
        return OnDemand, ()

    @property
    def is_loaded(self) -> bool:
        """Whether it can arrange at once."""
        return _default.cache_info().currsize > 0

    def load(self) -> None:
        """Load it now."""
        _default()

    def prepare(self) -> None:
        """Load it beside what goes on: a graph that is arranged here comes soon."""
        if not self._coming and not self.is_loaded:
            self._coming.append(threading.Thread(target=_default, name="gradstep-layout", daemon=True))
            self._coming[0].start()

    def close(self) -> None:
        """Wait until it is loaded, where that was begun."""
        for thread in self._coming:
            thread.join()
