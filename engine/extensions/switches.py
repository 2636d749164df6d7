"""Which plug-ins are on: a small file of the user's that is always the old one or the new one, never half of either."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..kept import KeptFile
from ..places import Place, place
from .catalogue import Feature

SAFE_MODE = "GRADSTEP_SAFE_MODE"  # in the environment: nothing but our own is loaded, here and in every child
CRASHES = 2  # starts that did not come up, one after the other, after which safe mode is chosen for the user


class Switches:
    """Packages that the user switched on, features that are switched off, and why.

    A stranger's package is off until somebody switches it on; ours is on. In safe mode no stranger's is on."""

    def __init__(self, file: Path | None = None, *, safe: bool | None = None) -> None:
        settings = place(Place.SETTINGS)
        self.file = file if file is not None else (settings / "plugins.json" if settings is not None else None)
        self.safe = os.environ.get(SAFE_MODE, "") not in ("", "0") if safe is None else safe
        self._kept = KeptFile(self.file, "plug-ins")
        self._on: set[str] = set()
        self._off: dict[str, str] = {}
        self._starts = 0
        self._kept.read(self._take)

    @property
    def problem(self) -> str:
        """Why the choice cannot be read or kept, "" where all is well."""
        if self.file is None:
            return "there is no folder for settings; what you choose holds until gradstep ends"
        return self._kept.problem

    # -------------------------------------------------------------------------------------------------------- questions

    def is_on(self, feature: Feature) -> bool:
        """Whether a feature may be loaded."""
        if feature.refused or feature.id in self._off:
            return False
        return feature.is_ours or (not self.safe and feature.package in self._on)

    def is_chosen(self, package: str) -> bool:
        """Whether the user switched a stranger's package on, whatever the mode."""
        return package in self._on

    def reason(self, feature: Feature) -> str:
        """Why a feature is off, in words; "" where it is on."""
        if feature.refused:
            return feature.refused
        if feature.id in self._off:
            return self._off[feature.id] or "switched off"
        if feature.is_ours:
            return ""
        if feature.package not in self._on:
            return "off until you switch it on"
        return "safe mode" if self.safe else ""

    @property
    def any_strangers(self) -> bool:
        """Whether a stranger's package may be loaded at all: looking for it takes time."""
        return bool(self._on) and not self.safe

    # ---------------------------------------------------------------------------------------------------------- changes

    def switch_package(self, package: str, on: bool) -> None:
        """Switch a package on (with all its features) or off."""
        if on:
            self._on.add(package)
            self._off = {id: why for id, why in self._off.items() if not id.startswith(f"{package}/")}
        else:
            self._on.discard(package)
        self._write()

    def switch(self, feature: Feature, on: bool, why: str = "") -> None:
        """Switch one feature of a package on or off; ``why`` is shown to the user."""
        if on:
            self._off.pop(feature.id, None)
        else:
            self._off[feature.id] = why
        self._write()

    def starting(self) -> bool:
        """The window begins to start. True where the last starts did not come up: safe mode is on then, for this time."""
        failed = self._starts >= CRASHES and bool(self._on)
        if failed:
            self.safe = True
        self._starts += 1
        self._write()
        return failed

    def started(self) -> None:
        """The window is up, or was closed in order."""
        if self._starts:
            self._starts = 0
            self._write()

    # --------------------------------------------------------------------------------------------------------- the file

    def _take(self, read: Any) -> None:
        on, off, starts = set(_strings(read["on"])), {str(id): str(why) for id, why in read["off"].items()}, int(read.get("starts", 0))
        self._on, self._off, self._starts = on, off, starts

    def _write(self) -> None:
        self._kept.write({"on": sorted(self._on), "off": dict(sorted(self._off.items())), "starts": self._starts})


def _strings(words: Iterable[Any]) -> Iterable[str]:
    return (word for word in words if isinstance(word, str))
