"""Why "Trying to backward through the graph a second time": which nodes were freed, by which earlier call, and what ties the
two graphs together."""

from __future__ import annotations

from collections.abc import Iterator

from ..tape.schema import Node, Op, Val
from .evidence import Evidence, megabytes
from .finding import Finding, Kind, Severity

MESSAGE = "backward through the graph a second time"


def second_backward(evidence: Evidence) -> Iterator[Finding]:
    """Runs that ended because what a node had saved was gone."""
    for run, error, node, event in evidence.failed():
        if MESSAGE in error and node is not None:
            yield _finding(evidence, run, node, event)


def _finding(evidence: Evidence, run: int, node: Node, event: int) -> Finding:
    tape = evidence.tape
    second = tape.runs[run]
    gone = evidence.freed.get(node.id)
    first = gone.run if gone is not None else None
    graph = evidence.below(root.node for root in second.roots)
    shared = {n for n in graph if n in evidence.freed and evidence.freed[n].i < event and evidence.freed[n].run != run}
    second_at = evidence.place("used", second.stack, "the backward that needs it again")
    first_at = None
    if first is not None:
        first_at = evidence.place("freed", tape.runs[first].stack, f"this backward freed {len(shared)} of its nodes")
    op = evidence.op_of(node)
    made_at = evidence.place("made", op.stack, f"{op.name} made {node.name}") if op is not None else None
    ties = _ties(evidence, graph, shared)
    reason, text, fix = _explained(evidence, run, first, node, graph, shared, ties)
    tie_at = [
        evidence.place("ties", old.stack, f"made {_called(evidence, val)}, which the second graph still uses") for val, old, _ in ties[:1]
    ]
    tied_in = [evidence.place("reused", new.stack, f"{new.name} uses {_called(evidence, val)} again") for val, _, new in ties[:1]]
    details = {
        "first_run": first,
        "shared_nodes": len(shared),
        "variable": evidence.name(ties[0][0]) if ties else "",
        "retain_graph_bytes": evidence.bytes_saved(shared),
    }
    return Finding(
        Kind.FREED,
        reason,
        Severity.ERROR,
        f"{node.name} was used by an earlier backward and had been freed",
        text,
        fix,
        evidence.places(*tie_at, *tied_in, made_at, first_at, second_at),
        node.id,
        op.id if op is not None else None,
        ties[0][0].tensor if ties else None,
        event,
        run,
        details,
    )


def _ties(evidence: Evidence, graph: set[int], shared: set[int]) -> list[tuple[Val, Op, Op]]:
    """Values that ops outside of the freed part take from inside of it: value, the op that made it, the op that takes it;
    the latest first."""
    tape = evidence.tape
    found: list[tuple[Val, Op, Op]] = []
    for number in sorted(graph - shared, reverse=True):
        new = evidence.op_of(tape.nodes[number])
        if new is None or not any(slot is not None and slot.node in shared for slot in tape.nodes[number].next):
            continue
        for val in new.ins:
            if val is None:
                continue
            old = evidence.maker(val)
            if old is not None and any(slot is not None and slot.node in shared for slot in old.grads):
                found.append((val, old, new))
    # what was made before the first pass and is used after it comes first
    return sorted(found, key=lambda tie: (-tie[2].id, tie[1].id))


def _called(evidence: Evidence, val: Val) -> str:
    name = evidence.name(val)
    return f"`{name}`" if name else f"tensor #{val.tensor}"


def _explained(
    evidence: Evidence, run: int, first: int | None, node: Node, graph: set[int], shared: set[int], ties: list[tuple[Val, Op, Op]]
) -> tuple[str, str, str]:
    tape = evidence.tape
    cost = megabytes(evidence.bytes_saved(shared))
    second = tape.runs[run]
    where = evidence.line(second.stack)
    if first is None:
        text = f"What {node.name} had saved was gone when the backward at {where} came to it."
        return "unknown", text, "Compute the forward again before the second backward."
    before = evidence.line(tape.runs[first].stack)
    keeps = f"Keeping the graph of the first call with retain_graph=True costs {cost} until the last call that uses it."
    if {root.node for root in second.roots} == {root.node for root in tape.runs[first].roots}:
        text = f"The backward at {before} freed the graph of this loss; the backward at {where} goes through the same graph once more."
        fix = f"Compute the loss again before each backward, or call the first one with retain_graph=True. {keeps}"
        return "same-loss", text, fix
    began = _ops_before(evidence, first)
    late = [tie for tie in ties if tie[2].id > began]
    if not late:
        text = (
            f"Two losses share {len(shared)} nodes of one forward pass. The backward of the first, at {before}, freed them; the second, at "
            f"{where}, needs them."
        )
        fix = f"Add the losses and call backward() once: (loss1 + loss2).backward(). Or give the first call retain_graph=True. {keeps}"
        return "shared-forward", text, fix
    val, old, new = late[0]
    called = _called(evidence, val)
    tail = f"Since it is part of the old graph, the backward at {where} goes on into nodes that the backward at {before} has freed."
    if _runs_again(evidence, old, began):
        text = f"{called}, made by {old.name} at {evidence.line(old.stack)}, is carried from one iteration into the next. {tail}"
        fix = (
            f"Cut the graph where it is carried over: {called.strip('`') or 'the state'} = {called.strip('`') or 'the state'}.detach()"
            f" before it is used at {evidence.line(new.stack)}. retain_graph=True would make every iteration longer and keep {cost} more"
            " each time."
        )
        return "carried-state", text, fix
    text = (
        f"{called}, made by {old.name} at {evidence.line(old.stack)}, was computed once and is used again at {evidence.line(new.stack)}."
        f" {tail}"
    )
    fix = (
        f"Compute it in each iteration (move {evidence.line(old.stack)} into the loop), or, if no gradient shall flow into it, detach it"
        f" once: .detach(). {keeps}"
    )
    return "computed-once", text, fix


def _ops_before(evidence: Evidence, run: int) -> int:
    """The last op that was recorded before a run began."""
    tape = evidence.tape
    began = evidence.begins[run].time
    last = 0
    for op in tape.ops.values():
        if op.time > began:
            break
        last = op.id
    return last


def _runs_again(evidence: Evidence, op: Op, after: int) -> bool:
    """Whether the line that an op ran at runs again after the op numbered ``after``."""
    frame = evidence.frame(op.stack)
    return any(
        other.id > after and other.name == op.name and other.stack and evidence.frame(other.stack) == frame
        for other in evidence.tape.ops.values()
    )
