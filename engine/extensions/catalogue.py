"""What is installed: features of plug-ins, read from the metadata of installed packages. Nothing of theirs is imported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

OURS = "gradstep"
API = "v1"
API_GROUP = "gradstep.api"
GROUPS = {
    "gradstep.layouts": "layout",
    "gradstep.exporters": "exporter",
    "gradstep.panels": "panel",
    "gradstep.tensor_views": "tensor view",
    "gradstep.explanations": "explanation",
    "gradstep.ops": "ops",
    "gradstep.commands": "command",
    "gradstep.targets": "engine",
    "gradstep.needs": "needs of an engine",
}
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Feature:
    """One entry point of an installed package. ``id`` is ``package/kind/name`` with the group's last word as kind.

    ``refused`` says why it cannot be used whatever the user switches on, "" where it can."""

    package: str
    version: str
    summary: str
    group: str
    name: str
    value: str
    refused: str = ""

    @property
    def id(self) -> str:
        """What settings call it."""
        return f"{self.package}/{self.group.rpartition('.')[2]}/{self.name}"

    @property
    def is_ours(self) -> bool:
        """Whether it comes with gradstep itself."""
        return self.package == OURS

    @property
    def kind(self) -> str:
        """What it is, in a word or two."""
        return GROUPS[self.group]

    def entry_point(self) -> EntryPoint:
        """What loads it: the one step that runs code of the package."""
        return EntryPoint(name=self.name, value=self.value, group=self.group)


def features(group: str | None = None) -> list[Feature]:
    """All features that are installed, or those of a group, ours first, then by package and name.

    A name that two packages give is refused in the second; ours cannot be replaced."""
    found = sorted(_found([group] if group else list(GROUPS)), key=lambda feature: (not feature.is_ours, feature.package, feature.name))
    taken: dict[tuple[str, str], Feature] = {}
    result = []
    for feature in found:
        first = taken.setdefault((feature.group, feature.name), feature)
        if first is not feature and first.id == feature.id:
            continue  # an editable install and its sources both tell of it
        if first is not feature and not feature.refused:
            feature = _with(feature, f"{first.package} has {first.kind} {first.name} already")
        result.append(feature)
    return result


def _found(groups: list[str]) -> Iterator[Feature]:
    points = entry_points()  # all of them are read whichever are asked for
    told: dict[int, tuple[str, str, str]] = {}

    def said(point: EntryPoint) -> tuple[str, str, str]:
        """Name, version and summary of its package, whose metadata is read once."""
        dist = point.dist
        if id(dist) not in told:
            facts = dist.metadata if dist is not None else None
            package, version, summary = (facts[key] if facts is not None and key in facts else "" for key in ("Name", "Version", "Summary"))
            told[id(dist)] = re.sub(r"[-_.]+", "-", package).lower(), version, summary
        return told[id(dist)]

    apis = {said(point)[0]: point.name for point in points.select(group=API_GROUP)}
    for group in groups:
        for point in points.select(group=group):
            package, version, summary = said(point)
            yield Feature(package, version, summary, group, point.name, point.value, _refusal(package, point, apis.get(package, API)))


def _refusal(package: str, point: EntryPoint, api: str) -> str:
    if api != API:
        return f"it was written for {api} of gradstep's interface; this gradstep has {API}"
    for what, name in (("package", package), ("feature", point.name)):
        if not _NAME.fullmatch(name):
            return f"its {what} is called {name!r}; names are of a-z, 0-9, _, . and -"
    return ""


def _with(feature: Feature, refused: str) -> Feature:
    return Feature(feature.package, feature.version, feature.summary, feature.group, feature.name, feature.value, refused)
