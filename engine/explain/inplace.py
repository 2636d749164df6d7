"""Why "one of the variables needed for gradient computation has been modified by an inplace operation": who kept the value,
who changed it, over which views, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..tape.schema import Bumped, Node, Op, Role, Saved, Val
from .evidence import Evidence, byte_count, megabytes
from .finding import Finding, Kind, Place, Severity

MESSAGE = "modified by an inplace operation"
LEAF = "a leaf Variable that requires grad"
OUTPUT = ("out", "result")


def modified(evidence: Evidence) -> Iterator[Finding]:
    """Runs that ended because a kept value was changed."""
    for run, error, node, event in evidence.failed():
        if MESSAGE in error and node is not None:
            yield _finding(evidence, run, node, event)


def _finding(evidence: Evidence, run: int, node: Node, event: int) -> Finding:
    kept, changes = _broken(evidence, node, event)
    op = evidence.op_of(node)
    name = op.name if op is not None else node.name
    saved_at = evidence.place("saved", op.stack, f"{name} keeps {_role(kept)} for backward") if op is not None else None
    backward_at = evidence.place("used", evidence.tape.runs[run].stack, f"backward needs it in {node.name}")
    if kept is None or kept.val is None or not changes:
        text = f"{node.name} kept a value for backward that was changed in place before backward came to it; the tape does not say where."
        fix = "Record again from the beginning of the script, so that the change is on the tape."
        places = evidence.places(saved_at, backward_at)
        return Finding(
            Kind.INPLACE,
            "unknown",
            Severity.ERROR,
            f"A value that {name} needs was changed in place",
            text,
            fix,
            places,
            node.id,
            None,
            None,
            event,
            run,
        )
    by = [evidence.tape.ops.get(change.by) if change.by is not None else None for change in changes]
    guilty = next((o for o in by if o is not None), None)
    reason, text, fix = _explained(evidence, node, op, kept, changes, guilty)
    mutated = [
        evidence.place("changed", o.stack, f"changes it: version {change.old} to {change.new}")
        for change, o in zip(changes, by, strict=True)
        if o is not None
    ]
    details = {
        "saved_version": kept.val.version,
        "found_version": changes[-1].new,
        "saved_name": kept.name,
        "views": [f"#{t.id} {list(t.meta.shape)}" for t in evidence.family(changes[0].tensor)],
        "variable": _variable(evidence, kept.val, guilty),
    }
    what = "its result" if kept.name in OUTPUT else "its input"
    title = f"{name} kept {what} for backward, and it was changed in place"
    places = evidence.places(saved_at, *_distinct(mutated), backward_at)
    return Finding(
        Kind.INPLACE,
        reason,
        Severity.ERROR,
        title,
        text,
        fix,
        places,
        node.id,
        guilty.id if guilty is not None else None,
        kept.val.tensor,
        event,
        run,
        details,
    )


def _distinct(places: Sequence[Place | None]) -> list[Place | None]:  # one place for a loop that changed it a hundred times
    return list(dict.fromkeys(places))


def _broken(evidence: Evidence, node: Node, event: int) -> tuple[Saved | None, list[Bumped]]:
    """The first value that the node kept and that was changed since, and the changes."""
    for saved in node.saved:
        if saved.val is None:
            continue
        changes = evidence.changes.get(evidence.storage(saved.val.tensor), ())
        since = [change for change in changes if change.new > saved.val.version and change.i < event]
        if since:
            return saved, since
    return None, []


def _role(kept: Saved | None) -> str:
    if kept is None:
        return "a value"
    return "its result" if kept.name in OUTPUT else f"its input '{kept.name}'"


def _variable(evidence: Evidence, val: Val, guilty: Op | None) -> str:
    named = evidence.name(Val(val.tensor, val.version))
    if named or guilty is None:
        return named
    return evidence.sources.changed(evidence.frame(guilty.stack))


def _explained(
    evidence: Evidence, node: Node, op: Op | None, kept: Saved, changes: Sequence[Bumped], guilty: Op | None
) -> tuple[str, str, str]:
    """Reason code, the sentence, and the fix."""
    assert kept.val is not None
    tape = evidence.tape
    tensor = tape.tensors[kept.val.tensor]
    value = evidence.described(kept.val)
    maker = op.name if op is not None else node.name
    where = evidence.line(guilty.stack) if guilty is not None else "an unknown line"
    target = evidence.sources.changed(evidence.frame(guilty.stack)) if guilty is not None else ""
    frame = evidence.frame(guilty.stack) if guilty is not None else None
    source = evidence.sources.line(frame)
    text = f"{maker} keeps {_role(kept)}, {value}, because its derivative is computed from it. "
    text += f"Then {where} changed that memory in place"
    if target:
        text += f" through `{target}`"
    if changes[0].tensor != tensor.id and tape.tensors[changes[0].tensor].storage == tensor.storage:
        text += f", which shares its memory (views: {_views(evidence, changes[0].tensor, tensor.id)})"
    text += f" (version {kept.val.version} to {changes[-1].new}), so backward would compute with other numbers than forward did."

    if guilty is not None and not guilty.grad_mode and evidence.family(tensor.id)[-1].role == Role.LEAF and ".step(" in source:
        fix = (
            "The optimizer's step() changed a parameter that this backward still needs. Call backward() before step(); where two losses "
            "share parameters, compute both gradients first and step afterwards, or compute the second loss again after the step."
        )
        return "optimizer-step", text, fix
    if guilty is not None and not guilty.grad_mode and tensor.role == Role.LEAF:
        fix = (
            f"`{target or 'the leaf'}` was changed under no_grad() between forward and backward. Do it after backward(), or compute with "
            "a copy of it (.clone()) in forward."
        )
        return "no-grad-update", text, fix
    inplace_module = guilty is not None and guilty.call is not None and evidence.frame(guilty.stack) is not None and not target
    if inplace_module and guilty is not None:
        fix = f"The module {evidence.module(guilty)} works in place: give it inplace=False."
        return "module", text, fix
    if "[" in target or (guilty is not None and guilty.name in ("copy", "copy_", "index_put", "setitem", "masked_fill", "fill", "zero")):
        name = target.partition("[")[0] or "x"
        fix = (
            f"Writing into `{target or name}` overwrites what was kept. Collect the parts in a list and torch.stack() or torch.cat() them,"
            f" or write into a copy: `{name} = {name}.clone()` before the write (costs {megabytes(byte_count(tensor))})."
        )
        return "index-assignment", text, fix
    rewritten = _out_of_place(target, source)
    fix = f"Write `{rewritten}` instead of `{source}`" if rewritten else "Use the out-of-place form of this operation"
    fix += f", or change a copy: `.clone()` before the change costs {megabytes(byte_count(tensor))}."
    return ("saved-output" if kept.name in OUTPUT else "saved-input"), text, fix


def _views(evidence: Evidence, changed: int, kept: int) -> str:
    """How two tensors come to share memory, in words."""
    tape = evidence.tape
    words = []
    for number in dict.fromkeys((kept, *(t.id for t in reversed(evidence.family(changed))))):
        maker = evidence.maker(Val(number, 0))
        words.append(
            f"{maker.name} at {evidence.line(maker.stack)}"
            if maker is not None
            else f"tensor #{number} {list(tape.tensors[number].meta.shape)}"
        )
    return " -> ".join(words)


def _out_of_place(target: str, source: str) -> str:
    """The line rewritten so that it makes a new tensor; "" where that is not plain to see."""
    for sign in ("+", "-", "*", "/"):
        left, found, right = source.partition(f" {sign}= ")
        if found and left == target:
            return f"{left} = {left} {sign} {right}"
    head, found, tail = source.partition("_(")
    if found and target and head.startswith(f"{target}.") and head.count(".") == target.count(".") + 1:
        return f"{target} = {head}({tail}"
    return ""


def leaf(evidence: Evidence) -> Iterator[Finding]:
    """Scripts that ended because they changed a leaf in place while autograd was watching."""
    ending = evidence.ending
    if ending is None or LEAF not in ending.text:
        return
    view = "view" in ending.text
    place = evidence.place("changed", (ending.frame,)) if ending.frame is not None else None
    target = evidence.sources.changed(ending.frame) or "the parameter"
    text = (
        f"`{target}` {'is a view of a leaf' if view else 'is a leaf'}: its .grad belongs to the value that it has now, so autograd does not"
        " let it be changed while it records."
    )
    fix = (
        "To change a parameter (an update, an initialisation), do it inside `with torch.no_grad():`. To compute with a changed value, make"
        " a new one."
    )
    yield Finding(
        Kind.INPLACE,
        "leaf-view" if view else "leaf",
        Severity.ERROR,
        "A leaf that requires grad was changed in place",
        text,
        fix,
        evidence.places(place),
    )
