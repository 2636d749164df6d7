"""Why a gradient is zero everywhere: the node at which it became zero, and what that node does."""

from __future__ import annotations

from collections.abc import Iterator

from ..tape.schema import GradAdded, NodeEnter, NodeExit, Op, Val
from .evidence import Evidence
from .finding import Finding, Kind, Severity

_REASONS = {
    "relu": (
        "relu",
        "all its inputs are negative there, and the slope of relu is 0 below 0",
        (
            "Look at the inputs of the relu: a large negative bias or a step that was too large; a leaky relu, a smaller learning rate or"
            " another initialisation help."
        ),
    ),
    "threshold": ("relu", "all its inputs lie below the threshold", "Look at its inputs; a leaky relu keeps a slope."),
    "hardtanh": ("clamped", "all its inputs lie outside of its limits", "Scale the inputs, or widen the limits."),
    "clamp": (
        "clamped",
        "all its inputs lie outside of the limits, where clamp is flat",
        "Widen the limits, or clamp without gradients in mind only at the end.",
    ),
    "sigmoid": (
        "saturated",
        "its inputs are so large that its slope rounds to 0",
        "Scale the inputs down, or use the loss that takes logits.",
    ),
    "tanh": ("saturated", "its inputs are so large that its slope rounds to 0", "Scale the inputs down; look at the initialisation."),
    "softmax": (
        "saturated",
        "one entry has all the weight, so that no entry can move",
        "Scale the logits down (divide by the square root of the size).",
    ),
    "where": ("masked", "the mask does not choose any element of it", "Look at the mask: does it select anything?"),
    "masked_fill": ("masked", "the mask covers all of it", "Look at the mask: does it leave anything?"),
    "mul": (
        "times-zero",
        "the other factor is 0 everywhere",
        "Look at the other factor: a mask, a weight of a loss term, or an initialisation of zeros.",
    ),
    "mm": ("times-zero", "the other matrix is 0 everywhere", "Look at the other factor: an initialisation of zeros, or dead units."),
    "addmm": ("times-zero", "the other matrix is 0 everywhere", "Look at the other factor: an initialisation of zeros, or dead units."),
    "dropout": ("masked", "dropout dropped all of it", "Look at p."),
}
_PRODUCTS = frozenset({"mul", "mm", "bmm", "addmm", "pow_number", "pow_tensor", "linear", "conv"})
_FAR = 6  # ops between a factor and what made it zero
_FLAT = frozenset({"floor", "ceil", "round", "trunc", "sign", "sgn", "fix", "heaviside", "frac_floor", "bucketize"})


def gradients(evidence: Evidence) -> Iterator[Finding]:
    """Parameters whose gradients are zero, every element of every one, grouped by where that began."""
    if any(True for _ in evidence.failed()):  # a first pass from a state of zeros says nothing about the next
        return
    tape = evidence.tape
    norms = tape.stats
    broken = {
        event.run
        for events in evidence.stored.values()
        for event in events
        if event.val is not None and (stats := norms.get(event.val)) is not None and stats.nans + stats.posinfs + stats.neginfs
    }
    groups: dict[tuple[str, int], list[int]] = {}
    for leaf, events in evidence.stored.items():
        known = [norms.get(event.val) for event in events if event.val is not None]
        if not known or any(stats is None or stats.norm != 0 for stats in known) or known[0] is None or not known[0].count:
            continue
        run = events[-1].run
        if run in broken:
            continue  # NaN is the story there
        node = next(
            (n.id for n in tape.nodes.values() if n.variable == leaf and run is not None and n.id in tape.events.reached(run)), None
        )
        if node is None:
            continue
        groups.setdefault(_born(evidence, node, run), []).append(leaf)
    for (reason, node), leaves in groups.items():
        yield _finding(evidence, reason, node, leaves)


def _born(evidence: Evidence, node: int, run: int | None) -> tuple[str, int]:
    """Up from a node to the one that was given what is not zero and passed on what is."""
    tape = evidence.tape
    norm = tape.stats
    exits = {event.node: event for event in tape.events.of_kind(NodeExit) if event.run == run}
    enters = {event.node: event for event in tape.events.of_kind(NodeEnter) if event.run == run}
    senders: dict[int, list[int]] = {}
    seeds: set[int] = set()
    sent: dict[int, list[Val]] = {}
    for added in tape.events.of_kind(GradAdded):
        if added.run == run:
            if added.src is None:
                seeds.add(added.dst.node)
            else:
                senders.setdefault(added.dst.node, []).append(added.src.node)
            if added.val is not None:
                sent.setdefault(added.dst.node, []).append(added.val)
    waiting, seen = [node], {node}
    while waiting:
        number = waiting.pop(0)
        if number in seeds:
            return "seed", number
        if len(sent.get(number, ())) > 1 and any(val in norm and norm[val].norm != 0 for val in sent[number]):
            return "opposed", number  # what arrives is not zero, and adds up to zero
        for sender in senders.get(number, ()):
            entered = enters.get(sender)
            zero = entered is not None and all(val is None or (val in norm and norm[val].norm == 0) for val in entered.grads)
            if not zero and sender in exits:
                op = evidence.op_of(tape.nodes[sender])
                name = op.name.removeprefix("_") if op is not None else ""
                if name in _FLAT:
                    return "flat", sender
                if op is not None and name in _PRODUCTS:
                    made = _zero_factor(evidence, op)
                    if made is not None:
                        return made
                return _REASONS.get(name, ("cancelled",))[0], sender
            if sender not in seen:
                seen.add(sender)
                waiting.append(sender)
    return "unknown", node


def _zero_factor(evidence: Evidence, op: Op) -> tuple[str, int] | None:
    """The op that made the factor of zeros, where it is one that makes zeros of what is not zero: a dead relu, a mask."""
    norm = evidence.tape.stats
    for factor in op.ins:
        val: Val | None = factor
        for _ in range(_FAR):
            maker = evidence.maker(val) if val is not None and val in norm and norm[val].norm == 0 else None
            if maker is None or maker is op:
                break
            known = _REASONS.get(maker.name.removeprefix("_"))
            if known is not None and known[0] in ("relu", "masked"):
                node = next((slot.node for slot in maker.grads if slot is not None), None)
                return (known[0], node) if node is not None else None
            val = next((one for one in maker.ins if one is not None), None)
    return None


def _finding(evidence: Evidence, reason: str, node: int, leaves: list[int]) -> Finding:
    tape = evidence.tape
    names = [tape.tensors[leaf].name or f"tensor #{leaf}" for leaf in leaves]
    shown = ", ".join(f"`{name}`" for name in names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    op = evidence.op_of(tape.nodes[node])
    title = f"{len(leaves)} parameters have gradients of zeros" if len(leaves) > 1 else f"The gradient of {names[0]} is zero"
    places = evidence.places(evidence.place("zero", op.stack, f"the backward of {op.name} makes it zero")) if op is not None else ()
    text = f"Every gradient of {shown} was zero, in every element."
    fix = "Look at what this op multiplies the gradient with."
    if reason == "opposed":
        text += f" What arrives at {tape.nodes[node].name} over its several ways is not zero, and adds up to zero."
        fix = (
            "Nothing is wrong where a parameter adds the same to both sides of a difference (the last bias of a critic); else look for"
            " terms of the loss that cancel."
        )
    elif reason == "seed":
        text += " The gradient that backward began with is zero."
        fix = "Look at what is given to backward(), and at the factor in front of the loss."
    elif op is not None:
        known = _REASONS.get(op.name.removeprefix("_"))
        why = f": {known[1]}" if known is not None else ": it is a step function, flat everywhere" if reason == "flat" else ""
        fix = known[2] if known is not None else "Use a differentiable stand-in (straight-through)." if reason == "flat" else fix
        text += f" The backward of {op.name} at {evidence.line(op.stack)} was given a gradient and passed on zeros{why}."
    return Finding(
        Kind.ZERO,
        reason,
        Severity.NOTE if reason == "opposed" else Severity.FAULT,
        title,
        text,
        fix,
        places,
        node,
        op.id if op is not None else None,
        leaves[0],
        details={"parameters": names, "tensors": leaves},
    )
