"""What a diagnosis says: a reason code, the exact places, a sentence in plain words, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ..tape.schema import Frame


class Kind(Enum):
    """What a finding is about. The values are what ``gradstep check --fail-on`` takes."""

    INPLACE = "inplace"  # a value that backward needs was changed in place
    FREED = "freed"  # backward through a graph whose saved values are gone
    SEVERED = "severed"  # a parameter that should have a gradient has none
    ZERO = "zero"  # a parameter whose gradient is zero everywhere
    NAN = "nan"  # NaN or infinity
    LEAK = "leak"  # a graph that is kept alive from one iteration to the next
    HOOK = "hook"  # a hook returned what cannot take a gradient's place
    RULE = "rule"  # a custom Function whose backward is wrong
    PLUGIN = "plugin"  # what a plug-in found


class Severity(Enum):
    """How bad it is: an error stopped the script, a fault makes its result wrong, a note is worth knowing."""

    ERROR = "error"
    FAULT = "fault"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the user's and what happened there. ``source`` is the line's text, "" where the tape has no source."""

    role: str  # saved, changed, used, freed, made, cut, born ...
    frame: Frame
    source: str = ""
    what: str = ""  # a few words: "exp kept its result for backward"

    def as_json(self) -> dict[str, Any]:
        """The place as JSON can have it."""
        return {
            "role": self.role, "file": self.frame.file, "line": self.frame.line, "function": self.frame.function,
            "source": self.source, "what": self.what,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One diagnosis. ``code`` is stable, for machines: the kind, a dot, and the reason (``inplace.optimizer-step``).

    ``node``, ``op``, ``tensor``, ``event``, ``run`` are ids on the tape that a window can jump to; None where there is none.
    ``details`` are further facts in JSON's types.
    """

    kind: Kind
    reason: str
    severity: Severity
    title: str
    text: str
    fix: str
    places: tuple[Place, ...] = ()
    node: int | None = None
    op: int | None = None
    tensor: int | None = None
    event: int | None = None
    run: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """Kind and reason, for machines."""
        return f"{self.kind.value}.{self.reason}"

    def place(self, role: str) -> Place | None:
        """The first place of that role."""
        return next((place for place in self.places if place.role == role), None)

    def as_json(self) -> dict[str, Any]:
        """The finding as JSON can have it."""
        return {
            "code": self.code, "kind": self.kind.value, "severity": self.severity.value, "title": self.title, "text": self.text,
            "fix": self.fix, "places": [place.as_json() for place in self.places], "node": self.node, "op": self.op,
            "tensor": self.tensor, "event": self.event, "run": self.run, "details": dict(self.details),
        }  # fmt: skip
