"""Why a gradient is zero everywhere: the node at which it became zero, and what that node does."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from ..tape.reader import Tape
from ..tape.schema import Frame, GradAdded, NodeEnter, NodeExit, Op, Val
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
    holders: dict[int, list[int]] = {}  # by leaf
    for one in tape.nodes.values():
        if one.variable is not None:
            holders.setdefault(one.variable, []).append(one.id)
    passes: dict[int, _Pass] = {}  # by run
    groups: dict[tuple[str, Frame | int], list[tuple[int, int]]] = {}  # leaves, each with the node at which its gradient became zero
    for leaf, events in evidence.stored.items():
        known = [norms.get(event.val) for event in events if event.val is not None]
        if not known or any(stats is None or stats.norm != 0 for stats in known) or known[0] is None or not known[0].count:
            continue
        run = events[-1].run
        if run in broken:
            continue  # NaN is the story there
        if run is None:
            continue
        if run not in passes:
            passes[run] = _Pass(tape, run)
        node = next((number for number in holders.get(leaf, ()) if number in passes[run].reached), None)
        if node is not None:
            born = _born(evidence, node, passes[run])
            groups.setdefault((born[0], _line(evidence, born[1])), []).append((leaf, born[1]))
    for (reason, _), found in groups.items():
        yield _finding(evidence, reason, list(dict.fromkeys(node for _, node in found)), [leaf for leaf, _ in found])


def _line(evidence: Evidence, node: int) -> Frame | int:
    """Where the user wrote what a node is the backward of; the node itself where that is not known. A line that many layers run is told
    once."""
    op = evidence.op_of(evidence.tape.nodes[node])
    frame = evidence.frame(op.stack) if op is not None else None
    return node if frame is None else frame


class _Pass:
    """What the nodes of one pass gave each other."""

    def __init__(self, tape: Tape, run: int) -> None:
        events = tape.events
        self.reached = events.reached(run)
        self.exited = {event.node for event in events.of_kind(NodeExit) if event.run == run}
        self.enters = {event.node: event for event in events.of_kind(NodeEnter) if event.run == run}
        self.senders: dict[int, list[int]] = {}
        self.seeds: set[int] = set()
        self.sent: dict[int, list[Val]] = {}
        for added in events.of_kind(GradAdded):
            if added.run == run:
                if added.src is None:
                    self.seeds.add(added.dst.node)
                else:
                    self.senders.setdefault(added.dst.node, []).append(added.src.node)
                if added.val is not None:
                    self.sent.setdefault(added.dst.node, []).append(added.val)


def _born(evidence: Evidence, node: int, taken: _Pass) -> tuple[str, int]:
    """Up from a node to the one that was given what is not zero and passed on what is."""
    tape = evidence.tape
    norm = tape.stats
    waiting, seen = deque([node]), {node}
    while waiting:
        number = waiting.popleft()
        if number in taken.seeds:
            return "seed", number
        sent = taken.sent.get(number, ())
        if len(sent) > 1 and any(val in norm and norm[val].norm != 0 for val in sent):
            return "opposed", number  # what arrives is not zero, and adds up to zero
        for sender in taken.senders.get(number, ()):
            entered = taken.enters.get(sender)
            zero = entered is not None and all(val is None or (val in norm and norm[val].norm == 0) for val in entered.grads)
            if not zero and sender in taken.exited:
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


def _finding(evidence: Evidence, reason: str, nodes: list[int], leaves: list[int]) -> Finding:
    tape, node = evidence.tape, nodes[0]
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
        calls = f", in {len(nodes)} of its calls" if len(nodes) > 1 else ""
        text += f" The backward of {op.name} at {evidence.line(op.stack)} was given a gradient and passed on zeros{calls}{why}."
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
