"""Why "Trying to backward through the graph a second time": which nodes were freed, by which earlier call, and what ties the
two graphs together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..tape.schema import Node, Run
from .evidence import Evidence, megabytes
from .finding import Finding, Kind, Place, Severity
from .ties import Tie, called, cut, places, runs_again, ties, variable

Rewrite = dict[str, Any] | None
MESSAGE = "backward through the graph a second time"


def second_backward(evidence: Evidence) -> Iterator[Finding]:
    """Runs that ended because what a node had saved was gone."""
    told = False
    for run, error, node, event in evidence.failed():
        if MESSAGE in error and node is not None:
            told = True
            yield _finding(evidence, run, node, event)
    if not told and evidence.ending is not None and MESSAGE in evidence.ending.text:
        yield _read(evidence)


def _finding(evidence: Evidence, run: int, node: Node, event: int) -> Finding:
    tape = evidence.tape
    second = tape.runs[run]
    gone = evidence.freed.get(node.id)
    first = gone.run if gone is not None else None
    graph = evidence.below(root.node for root in second.roots)
    older = {n for n, freed in evidence.freed.items() if n in graph and freed.i < event and freed.run != run}
    second_at = evidence.place("used", second.stack, "the backward that needs it again")
    first_at = None
    if first is not None:
        first_at = evidence.place("freed", tape.runs[first].stack, f"this backward freed {len(older)} of its nodes")
    op = evidence.op_of(node)
    made_at = evidence.place("made", op.stack, f"{op.name} made {node.name}") if op is not None else None
    reason, text, fix, tie, rewrite = _explained(evidence, second, tape.runs.get(first) if first is not None else None, node, graph, older)
    details = {
        "first_run": first,
        "shared_nodes": len(older),
        "variable": variable(evidence, tie) if tie is not None else "",
        "retain_graph_bytes": evidence.bytes_saved(older),
        "rewrite": rewrite,
    }
    return Finding(
        Kind.FREED,
        reason,
        Severity.ERROR,
        f"{node.name} was used by an earlier backward and had been freed",
        text,
        fix,
        evidence.places(*(places(evidence, tie) if tie is not None else ()), made_at, first_at, second_at),
        node.id,
        op.id if op is not None else None,
        tie.val.tensor if tie is not None else None,
        event,
        run,
        details,
    )


def _explained(
    evidence: Evidence, second: Run, first: Run | None, node: Node, graph: set[int], older: set[int]
) -> tuple[str, str, str, Tie | None, Rewrite]:
    """Reason code, the sentence, the fix, what ties the two graphs, and the fix for machines."""
    where = evidence.line(second.stack)
    if first is None:
        text = f"What {node.name} had saved was gone when the backward at {where} came to it."
        return "unknown", text, "Compute the forward again before the second backward.", None, None
    before = evidence.line(first.stack)
    cost = megabytes(evidence.bytes_saved(older))
    call = "backward()" if first.accumulate else "torch.autograd.grad()"
    keeps = f"Keeping the graph of the first call with retain_graph=True costs {cost} until the last call that uses it."
    looped = first.stack == second.stack
    began = _ops_before(evidence, first.id)
    if {root.node for root in second.roots} == {root.node for root in first.roots}:
        return "same-loss", *_same_loss(evidence, first, second, looped, began, keeps), None, _retaining(evidence, first)
    late = ties(evidence, graph, older, began)
    again = [tie for tie in late if any(slot is not None and slot.node in first.needed for slot in tie.old.grads)]
    carried = [tie for tie in late if looped and runs_again(evidence, tie.old, began)]
    if not again and not carried:  # what is used now was not part of the first loss, but what it was made of
        text = (
            f"Two losses share {len(older)} nodes of one forward pass. The {call} of the first, at {before}, freed them; the second, at "
            f"{where}, needs them."
        )
        fix = (
            "Add the losses and call backward() once: (loss1 + loss2).backward(); where one of them is not to train what they share, give"
            f" it the detached value. Or give the first call retain_graph=True. {keeps}"
        )
        return "shared-forward", text, fix, None, None
    tie = (carried or again)[0]
    name, made, used = called(evidence, tie), _line_of(evidence, tie), evidence.line(tie.new.stack)
    tail = f"Since it is part of the old graph, the backward at {where} goes on into nodes that the {call} at {before} has freed."
    short = variable(evidence, tie) or "x"
    if not looped:
        roots = {root.node for run in evidence.tape.runs.values() if run.id < second.id for root in run.roots}
        if any(slot is not None and slot.node in roots for slot in tie.old.grads) and first.accumulate:
            text = f"{name}, made at {made}, has had its backward at {before} already; at {used} it is used again. {tail}"
            fix = (
                f"Its gradients are in .grad: keep only its number, {short}.detach() or {short}.item(), and do not call backward() on"
                " what is made of it. Or leave out the first backward() and call only the last one."
            )
            return "already-done", text, fix, tie, None
        text = f"{name}, made at {made}, is used by both: by the {call} at {before}, and again at {used}. {tail}"
        if first.accumulate:
            fix = (
                f"If the first loss is not to train what made {name}, give it {short}.detach(); else compute it again for the second, "
                f"or call backward() once on the sum. {keeps}"
            )
        else:
            fix = (
                "torch.autograd.grad() frees the graph as backward() does: give it create_graph=True where its result is part of the loss,"
                f" else retain_graph=True. {keeps}"
            )
        return "shared-forward", text, fix, tie, _retaining(evidence, first)
    if carried:
        text = f"{name}, made by {tie.old.name} at {made}, is carried from one iteration into the next. {tail}"
        words, rewrite = cut(evidence, tie, second)
        fix = (
            f"Cut the graph where it is carried over: {words}. retain_graph=True would make every iteration longer and keep"
            f" {cost} more each time."
        )
        return "carried-state", text, fix, tie, rewrite
    text = f"{name}, made by {tie.old.name} at {made}, was computed once and is used again at {used}. {tail}"
    fix = (
        f"Compute it in each iteration (move {made} into the loop), or, if no gradient shall flow into it, detach it once: .detach()."
        f" {keeps}"
    )
    if not first.accumulate:
        fix = f"Give torch.autograd.grad() retain_graph=True where more gradients of the same graph are taken. {keeps}"
    return "computed-once", text, fix, tie, _retaining(evidence, first)


def _same_loss(evidence: Evidence, first: Run, second: Run, looped: bool, began: int, keeps: str) -> tuple[str, str]:
    before, where = evidence.line(first.stack), evidence.line(second.stack)
    again = f"the backward at {where} goes through the same graph once more"
    if not first.accumulate:
        text = f"torch.autograd.grad() at {before} freed the graph of this loss; {again}."
        return text, f"Give torch.autograd.grad() retain_graph=True. {keeps}"
    if looped:
        op = evidence.op_of(evidence.tape.nodes[second.roots[0].node]) if second.roots else None
        made = evidence.line(op.stack) if op is not None else "its line"
        text = f"The loss was computed once, at {made}; its backward at {before} freed its graph, and {again}."
        return (
            text,
            f"Compute the loss anew before each backward: move {made}, with the forward pass, to where backward() is called. {keeps}",
        )
    text = f"The backward at {before} freed the graph of this loss; {again}."
    return text, f"Compute the loss again before each backward, or call the first one with retain_graph=True. {keeps}"


def _retaining(evidence: Evidence, first: Run) -> Rewrite:
    """The call of torch.autograd.grad() with retain_graph=True; a backward() is better added to the other, or not called again."""
    if first.accumulate:
        return None
    frame = evidence.frame(first.stack)
    return evidence.sources.rewrite(frame, evidence.sources.with_true(frame, "grad", "retain_graph"))


def _line_of(evidence: Evidence, tie: Tie) -> str:
    frame = evidence.born(tie.val)
    return evidence.line((frame,)) if frame is not None else "an unknown line"


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


def _read(evidence: Evidence) -> Finding:
    """A line of the script asked a node for what it had saved, outside of any backward."""
    tape, ending = evidence.tape, evidence.ending
    assert ending is not None
    line = evidence.sources.text(ending.frame) or evidence.sources.line(ending.frame)
    freed = [tape.nodes[number] for number in sorted(evidence.freed, reverse=True)]
    ops = [(op, node) for node in freed if (op := evidence.op_of(node)) is not None]
    asked = next(((op, node) for op, node in ops if any(f"{name}.grad_fn" in line for name in evidence.names(op))), None)
    found: list[Place | None] = []
    text, run = "What a node saved for backward was asked for", None
    if asked is not None:
        op, node = asked
        run = evidence.freed[node.id].run
        text += f" ({node.name}, of {op.name} at {evidence.line(op.stack)})"
        found.append(evidence.place("made", op.stack, f"{op.name} made {node.name}"))
    elif freed:
        run = evidence.freed[freed[0].id].run
    if run is not None:
        found.append(evidence.place("freed", tape.runs[run].stack, "this backward freed it"))
        text += f" after the backward at {evidence.line(tape.runs[run].stack)} had freed it"
    if ending.frame is not None:
        found.append(Place("used", ending.frame, evidence.sources.line(ending.frame), "saved tensors are read"))
    fix = "Read saved tensors before backward(), keep a copy of what is needed, or call backward(retain_graph=True)."
    return Finding(
        Kind.FREED,
        "saved-read",
        Severity.ERROR,
        "Saved tensors were read after they had been freed",
        f"{text}.",
        fix,
        evidence.places(*found),
        asked[1].id if asked is not None else None,
        asked[0].id if asked is not None else None,
        None,
        None,
        run,
    )
