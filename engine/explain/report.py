"""Findings as text for a terminal and as JSON for machines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from ..tape.visible import visible
from .finding import Finding, Severity

WIDTH = 100
VERSION = 1  # of the JSON; a field that is added does not raise it


def as_json(findings: Sequence[Finding], subject: str) -> dict[str, Any]:
    """All findings as one object. ``subject`` is the script or the tape."""
    return {"version": VERSION, "subject": subject, "findings": [finding.as_json() for finding in findings]}


def text(findings: Sequence[Finding], subject: str) -> str:
    """All findings for people; one line where there is nothing to tell."""
    if not findings:
        return f"{subject}: nothing to explain: no error of autograd, no NaN, no gradient that is missing or zero."
    return "\n\n".join("\n".join(visible(line) for line in _lines(finding)) for finding in findings)


def _lines(finding: Finding) -> Iterable[str]:
    mark = {Severity.ERROR: "error", Severity.FAULT: "fault", Severity.NOTE: "note"}[finding.severity]
    yield f"{mark}: {finding.title}  [{finding.code}]"
    files = {place.frame.file for place in finding.places}
    for place in finding.places:
        where = f"{place.frame.file}:{place.frame.line}" if len(files) > 1 else f"line {place.frame.line}"
        yield f"    {where:<9} {place.source}"
        yield f"    {'':<9} ^ {place.what}" if place.what else f"    {'':<9} ^ {place.role}"
    if len(files) == 1:
        yield f"    (in {next(iter(files))})"
    yield from textwrap.wrap(finding.text, WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False)
    yield from textwrap.wrap(f"Fix: {finding.fix}", WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False)
