"""A custom Function whose backward is not the derivative of its forward: the element, and both numbers.

A tape cannot run the user's forward, so the rules are tried where the script runs (``engine/debug/rules.py``); this reads what was
found there from the recorder's notes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..tape.schema import Frame, NodeEnter, NodeKind
from .evidence import Evidence
from .finding import Finding, Kind, Place, Severity

MEANT = re.compile(r"straight.?through|surrogate|quanti|binar|revers|clip|STE\b|STE$|(?<![a-z])ste(?![a-z])", re.I)  # by its name


def disagreeing(evidence: Evidence) -> Iterator[Finding]:
    """The Functions whose rule was tried and is wrong, or is another than the derivative on purpose (a note)."""
    for facts in evidence.notes("rule"):
        verdict = facts.get("verdict")
        if verdict == "wrong":
            yield _wrong(evidence, facts)
        elif verdict in ("surrogate", "identity"):
            yield _meant(evidence, facts, str(verdict))


def _wrong(evidence: Evidence, facts: Mapping[str, Any]) -> Finding:
    name = str(facts.get("class", ""))
    place, element, output = facts.get("input"), facts.get("element"), facts.get("output")
    got, slope = _float(facts.get("analytic")), _float(facts.get("numeric"))
    where = f"element {element}" if element else "the only element"
    names = facts.get("names")
    known = isinstance(names, list) and isinstance(place, int) and place < len(names)
    given = f"`{names[place]}`" if known else f"input {place}"  # type: ignore[index]
    weighted = "" if output is not None else " (for a gradient of random numbers)"
    of = f"output{f' {output}' if output else ''} by " if output is not None else ""
    text = (
        f"{name}.backward disagrees with {name}.forward: for the derivative of {of}{where} of {given} backward gives {got:.6g}, but"
        f" moving that element changes forward by {slope:.6g} a unit{weighted}. {facts.get('wrong')} of"
        f" {facts.get('checked')} elements that were tried are wrong."
    )
    factor = facts.get("factor")
    reason, fix = "value", "Derive the rule again at this element, and test it with torch.autograd.gradcheck in double precision."
    severity = Severity.FAULT
    if facts.get("ignores"):
        reason = "ignores-gradient"
        text += " With an incoming gradient of ones it is right: backward does not multiply with the gradient that it is given."
        fix = "Multiply what backward returns with grad_output."
        if _only_ones(evidence, name):
            severity = Severity.NOTE
            text += " So far it was never given anything else."
    elif isinstance(factor, float):
        reason = "factor"
        text += f" Everywhere it is {factor:.6g} times what it should be."
        fix = "Look for the factor: a sign, a 2 of a square, a mean that forward takes and backward does not."
    if MEANT.search(name) or MEANT.search(str(facts.get("doc", ""))):
        severity = Severity.NOTE
        text += " Its name says that this may be meant."
    return _finding(evidence, facts, reason, severity, f"The backward of {name} is wrong", text, fix)


def _meant(evidence: Evidence, facts: Mapping[str, Any], verdict: str) -> Finding:
    name = str(facts.get("class", ""))
    if verdict == "surrogate":
        text = (
            f"{name}.forward is a step function, whose derivative is 0; {name}.backward passes another gradient on, as straight-through"
            " estimators do."
        )
    else:
        text = f"{name}.forward gives its input as it is; {name}.backward changes the gradient, as gradient reversal and clipping do."
    fix = "Nothing, if that is meant."
    return _finding(evidence, facts, verdict, Severity.NOTE, f"The backward of {name} is no derivative, on purpose", text, fix)


def _finding(
    evidence: Evidence, facts: Mapping[str, Any], reason: str, severity: Severity, title: str, text: str, fix: str
) -> Finding:  # fmt: skip
    name = str(facts.get("class", ""))
    node = next((n for n in evidence.tape.nodes.values() if n.kind == NodeKind.CUSTOM and n.name == f"{name}Backward"), None)
    op = evidence.op_of(node) if node is not None else None
    places = [_rule(evidence, role, facts.get(role)) for role in ("backward", "forward")]
    used = evidence.place("used", op.stack, "the call at which it was tried") if op is not None else None
    kept = ("class", "input", "element", "output", "analytic", "numeric", "factor", "wrong", "checked")
    return Finding(
        Kind.RULE,
        reason,
        severity,
        title,
        text,
        fix,
        evidence.places(*places, used),
        node.id if node is not None else None,
        op.id if op is not None else None,
        details={key: facts[key] for key in kept if key in facts},
    )


def _only_ones(evidence: Evidence, name: str) -> bool:
    """Whether every gradient that arrived at the Function's nodes is known to be ones."""
    nodes = {n.id for n in evidence.tape.nodes.values() if n.kind == NodeKind.CUSTOM and n.name == f"{name}Backward"}
    arrived = [val for event in evidence.tape.events.of_kind(NodeEnter) if event.node in nodes for val in event.grads]
    values = [evidence.tape.value(val) if val is not None else None for val in arrived]
    return bool(values) and all(value is not None and bool((value == 1).all()) for value in values)


def _rule(evidence: Evidence, role: str, facts: object) -> Place | None:
    """The line of the ``def``: a function's first line may be a decorator's."""
    frame = evidence.frame_of(facts) if isinstance(facts, dict) else None
    if frame is None:
        return None
    for line in range(frame.line, frame.line + 20):
        at = Frame(frame.file, line, frame.function)
        if evidence.sources.line(at).startswith(("def ", "async def ")):
            return Place(role, at, evidence.sources.line(at), f"its {role}")
    return Place(role, frame, evidence.sources.line(frame), f"its {role}")


def _float(number: object) -> float:
    return float(number) if isinstance(number, (int, float)) else float("nan")
