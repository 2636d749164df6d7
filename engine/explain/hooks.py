"""Hooks that give what cannot take a gradient's place: which hook, what it was given, what it returned, and what it may return."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..tape.schema import HookCalled, HookKind, Meta, Run, Val
from .evidence import Evidence
from .finding import Finding, Kind, Place, Severity

# How the engines begin to say that they do not take what a hook returned.
_REFUSALS = (
    (re.compile(r"hook '(?P<name>.*)' has changed the size of value"), "shape"),
    (re.compile(r"hook '(?P<name>.*)' has changed the type of value \(was (?P<given>\S+) got (?P<got>[^)\s]+)"), "type"),
    (re.compile(r"expected (?:Variable|tuple), but hook returned '(?P<got>.*)'"), "no-tensor"),
    (re.compile(r"ook ('(?P<name>.*)' has )?returned an \w+ number .*got (?P<got>\d+), but expected (?P<given>\d+)"), "count"),
    (re.compile(r"Tensor post accumulate grad hooks should return None"), "not-none"),
)  # fmt: skip
_WAYS = {
    HookKind.TENSOR: "A hook on a tensor returns one tensor, or None to leave the gradient as it is",
    HookKind.NODE_PRE: "A hook before a node returns a tuple with a tensor for each gradient that arrives, or None",
    HookKind.NODE_POST: "A hook behind a node returns a tuple with an entry for each gradient that the node gave, or None",
    HookKind.MODULE: "A backward hook of a module returns a tuple with a gradient for each input of the module, or None",
    HookKind.MODULE_PRE: "A backward pre-hook of a module returns a tuple with a gradient for each output of the module, or None",
    HookKind.POST_ACCUMULATE: "A hook behind the accumulation returns nothing: it may change .grad itself",
}
_FIXES = {
    "shape": "Return a gradient of the shape that the hook was given: scale or mask it (grad * factor) instead of reducing or slicing it."
    " To only look at the gradient, return None.",
    "type": "Return the type that the hook was given: new.to(grad.dtype).",
    "count": "Return as many gradients as there were, None for those that shall stay as they are.",
    "not-none": "Write what shall be in .grad yourself, in place (leaf.grad.mul_(factor)), and return nothing.",
    "no-tensor": "Return a tensor (torch.as_tensor, or a product with grad), or nothing: a hook that only looks has no return.",
}


def refused(evidence: Evidence) -> Iterator[Finding]:
    """Passes that ended because a hook returned what does not fit."""
    tape = evidence.tape
    for run, error, _, _ in evidence.failed():
        found = next(((match, reason) for pattern, reason in _REFUSALS if (match := pattern.search(error))), None)
        if found is None:
            continue
        match, reason = found
        groups = match.groupdict()
        end = evidence.ends[run].i
        called = [event for event in tape.events.of_kind(HookCalled) if event.run == run and event.i < end]
        last = called[-1] if called else None
        if last is not None and last.i < end - 1:  # something ran between: it was another hook, of which there is no row
            last = None
        hook = tape.hooks[last.hook] if last is not None else None
        name = hook.function if hook is not None else groups.get("name") or "a hook"
        node = last.node if last is not None else None
        at = f" at {tape.nodes[node].name}" if node is not None and node in tape.nodes else ""
        text = f"The hook `{name}`{at} {_told(evidence, reason, groups, last)}."
        if reason in ("shape", "type"):
            text += " What a hook returns goes on in the gradient's place, so its shape, type and device must be those of the gradient."
        elif hook is not None and hook.kind in _WAYS:
            text += f" {_WAYS[hook.kind]}."
        yield Finding(
            Kind.HOOK,
            reason,
            Severity.ERROR,
            f"What the hook `{name}` returns cannot take the place of the gradient"
            if reason != "not-none"
            else f"The hook `{name}` returns something: a hook behind the accumulation may not",
            text,
            _FIXES[reason],
            evidence.places(
                Place("hook", hook.at, evidence.sources.line(hook.at), f"`{name}` was defined here")
                if hook is not None and hook.at
                else None,
                _backward(evidence, tape.runs.get(run)),
            ),
            node,
            None,
            None,
            last.i if last is not None else None,
            run,
            {"hook": name},
        )


def _backward(evidence: Evidence, run: Run | None) -> Place | None:
    return evidence.place("used", run.stack, "the backward in which it was called") if run is not None else None


def _told(evidence: Evidence, reason: str, groups: dict[str, str | None], called: HookCalled | None) -> str:
    """What it was given and what it returned."""
    if reason == "no-tensor":
        return f"returned a {groups['got']}"
    if reason == "not-none":
        return "returned a tensor where nothing may be returned"
    if reason == "count":
        return f"returned {groups['got']} values where there are {groups['given']} gradients"
    given, got = (_metas(evidence, vals) for vals in ((called.before, called.after) if called is not None else ((), ())))
    for old, new in zip(given, got, strict=False):
        if old is not None and new is not None and old != new:
            return f"was given {old.dtype} {list(old.shape)} and returned {new.dtype} {list(new.shape)}"
    if groups.get("given"):
        return f"was given {groups['given']} and returned {groups['got']}"
    return "returned a tensor of another shape than it was given"


def _metas(evidence: Evidence, vals: Sequence[Val | None]) -> list[Meta | None]:
    return [evidence.tape.tensors[val.tensor].meta if val is not None else None for val in vals]
