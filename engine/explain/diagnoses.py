"""All diagnoses of a tape, in the order in which a user wants to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from . import freed, hooks, inplace, leak, nan, rule, severed, zero
from .evidence import Evidence
from .finding import Finding, Kind, Severity

if TYPE_CHECKING:
    from ..tape.reader import Tape

Diagnosis = Callable[[Evidence], Iterable[Finding]]

DIAGNOSES: tuple[tuple[Kind, Diagnosis], ...] = (
    (Kind.INPLACE, inplace.modified),
    (Kind.INPLACE, inplace.leaf),
    (Kind.INPLACE, inplace.refused),
    (Kind.FREED, freed.second_backward),
    (Kind.HOOK, hooks.refused),
    (Kind.SEVERED, severed.parameters),
    (Kind.SEVERED, severed.non_leaf),
    (Kind.ZERO, zero.gradients),
    (Kind.NAN, nan.not_finite),
    (Kind.LEAK, leak.growing),
    (Kind.RULE, rule.disagreeing),
)
_ORDER = {Severity.ERROR: 0, Severity.FAULT: 1, Severity.NOTE: 2}


def findings(tape: Tape, kinds: Iterable[Kind] | None = None, others: Iterable[Finding] = ()) -> list[Finding]:
    """What is wrong with what a tape recorded: errors first, then faults, then notes. ``kinds``: only these; ``others`` are
    findings from elsewhere, which take their places among them."""
    wanted = set(Kind if kinds is None else kinds)
    found = [*_found(Evidence(tape), wanted), *(finding for finding in others if finding.kind in wanted)]
    return sorted(found, key=lambda finding: _ORDER[finding.severity])


def _found(evidence: Evidence, kinds: set[Kind]) -> Iterator[Finding]:
    for kind, diagnosis in DIAGNOSES:
        if kind in kinds:
            yield from diagnosis(evidence)
