"""A tape in a few numbers, for ``gradstep inspect``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from .author import tells
from .ending import begin_of, ending
from .schema import EVENTS, GradAdded, GradStored, NodeEnter, NodeExit, NodeKind, RunBegin, RunEnd, Val
from .unseen import unseen
from .visible import visible
from .wire import EVENT, GRAD_ADDED, GRAD_STORED, NODE_ENTER, NODE_EXIT

if TYPE_CHECKING:
    from .reader import Tape

VERSION = 1  # of ``summary``: raised when a name goes or means something else, not when one is added
SHOWN = 20  # rows of a list in the text


def summary(tape: Tape) -> dict[str, Any]:
    """Counts, runs, how the recording ended, and the first value that is not finite. Everything in it is JSON."""
    counts = Counter(tape.events.codes.tolist())
    how = ending(tape)
    words = [note.text for note in tape.notes if note.kind in ("end", "stopped")]
    return {
        "version": VERSION,
        "path": tape.path,
        "complete": tape.complete,
        "growing": tape.growing,
        "damage": tape.damage,
        "ended": how,
        "begin": begin_of(tape) or None,
        "end": how["sentence"] if words or tape.ended else "",
        "stopped": how["sentence"] if how["how"] == "recording stopped" else "",
        "forked": max((int(note.text[:9]) for note in tape.notes if note.kind == "forked" and note.text.isdecimal()), default=0),
        "dropped": [note.text for note in tape.notes if note.kind == "dropped"],
        "repaired": [note.text for note in tape.notes if note.kind == "repaired"],
        "unseen": [{"what": one.what, "why": one.why, "line": _line((one.frame,) if one.frame else ())} for one in unseen(tape)],
        "ops": len(tape.ops),
        "ops_by_name": dict(Counter(op.name for op in tape.ops.values()).most_common()),
        "nodes": len(tape.nodes),
        "nodes_by_kind": {kind.name.lower(): count for kind, count in sorted(Counter(n.kind for n in tape.nodes.values()).items())},
        "leaves": sum(node.kind == NodeKind.ACCUMULATE for node in tape.nodes.values()),
        "tensors": len(tape.tensors),
        "hooks": len(tape.hooks),
        "calls": len(tape.calls),
        "events": len(tape.events),
        "events_by_kind": {EVENTS[code - EVENT].__name__: count for code, count in sorted(counts.items())},
        "runs": _runs(tape),
        "values": tape.value_count,
        "statistics": len(tape.stats.table),
        "sources": sorted(tape.sources),
        "seconds": _seconds(tape),
        "first_not_finite": first_not_finite(tape),
        "tells": tells(tape),
    }


def first_not_finite(tape: Tape) -> dict[str, Any] | None:
    """The first NaN or infinity, of forward and backward together; None where there is none in the statistics.

    Where it is a gradient's, ``event`` is the first event that mentions it; else ``op`` is the op that made it."""
    table = tape.stats.table
    broken = table[(table["nans"] > 0) | (table["posinfs"] > 0) | (table["neginfs"] > 0)]
    if not len(broken):
        return None
    values = {(int(row["tensor"]), int(row["version"])): row for row in broken}
    for op in tape.ops.values():
        for val in op.outs:
            if val in values:
                return {"op": op.id, "name": op.name, "event": None, "line": _line(op.stack), **_counts(val, values[val])}
    words = tape.events.words
    codes = words[:, 0] & 0xFF
    tensors = np.array([tensor for tensor, _ in values])
    direct = np.isin(codes, (GRAD_ADDED, GRAD_STORED, NODE_ENTER, NODE_EXIT))
    single = direct & (np.isin(words[:, 6], tensors) | ((codes != GRAD_ADDED) & (codes != GRAD_STORED)))
    for i in np.flatnonzero(single).tolist():
        event = tape.events[i]
        if isinstance(event, (NodeEnter, NodeExit)):
            mentioned, name = event.grads, tape.nodes[event.node].name
        elif isinstance(event, (GradAdded, GradStored)):
            mentioned, name = (event.val,), type(event).__name__
        else:
            continue
        for grad in mentioned:
            if grad is not None and grad in values:
                return {"op": None, "name": name, "event": i, "line": None, **_counts(grad, values[grad])}
    first = Val(*min(values))
    return {"op": None, "name": "", "event": None, "line": None, **_counts(first, values[first])}


def text(tape: Tape) -> str:
    """The summary for people."""
    facts = summary(tape)
    how = facts["ended"]["sentence"]
    if not facts["complete"] and not facts["growing"]:
        how += "" if how.startswith("it breaks off") else "  [not complete]"
    lines = [f"{facts['path'] or 'a tape in memory'}", f"  recording   {how}"]
    if facts["damage"]:
        lines.append(f"  damage      {facts['damage']}")
    if facts["forked"]:
        lines.append(f"  workers     {facts['forked']} forked, not recorded")
    lines += [f"  dropped     {dropped}" for dropped in facts["dropped"]]
    lines += [f"  repaired    {repaired}" for repaired in facts["repaired"]]
    lines += [f"  not seen    inside {one['what']}: {one['why']}{_at(one['line'])}" for one in facts["unseen"]]
    lines.append(f"  forward     {facts['ops']} ops in {facts['calls']} module calls: {_top(facts['ops_by_name'])}")
    lines.append(
        f"  backward    {facts['nodes']} nodes, {facts['leaves']} of them leaves, {facts['hooks']} hooks, {len(facts['runs'])} runs"
    )
    for run in facts["runs"][:SHOWN]:
        ended = run["error"] or ("ended" if run["ended"] else "not ended")
        lines.append(f"    run {run['run']:<6}  {run['nodes']} nodes from event {run['event']}: {ended}{_at(run['line'])}")
    if len(facts["runs"]) > SHOWN:
        lines.append(f"    and {len(facts['runs']) - SHOWN} more")
    lines.append(f"  events      {facts['events']} in {facts['seconds']:.3f} s: {_top(facts['events_by_kind'])}")
    lines.append(f"  values      {facts['values']} kept, {facts['statistics']} described")
    first = facts["first_not_finite"]
    if first is not None:
        where = f"op {first['op']} {first['name']}" if first["op"] is not None else f"event {first['event']} {first['name']}"
        found = f"{first['nans']} NaN, {first['infinities']} infinite of {first['count']}"
        lines.append(f"  not finite  first in {where}: {found}{_at(first['line'])}")
    elif facts["statistics"]:
        lines.append("  not finite  no NaN or infinity in what was described")
    lines += _author(facts["tells"])
    return "\n".join(map(visible, lines))


def _author(told: dict[str, Any]) -> list[str]:
    """What whoever gets the tape will know."""
    lines = [f"  it tells    {len(told['paths'])} paths, {told['names']} names of variables, {told['values']} values"]
    lines += [f"    path      {path}" for path in told["paths"][:SHOWN]]
    if len(told["paths"]) > SHOWN:
        lines.append(f"    and {len(told['paths']) - SHOWN} more; --json has them all")
    lines += [f"    source    {count} lines of {file}" for file, count in list(told["sources"].items())[:SHOWN]]
    if told["arguments"]:
        lines.append(f"    arguments {' '.join(map(str, told['arguments']))}")
    return lines


def _runs(tape: Tape) -> list[dict[str, Any]]:
    ends = {event.run: event.error for event in tape.events.of_kind(RunEnd)}
    begins = {event.run: event.i for event in tape.events.of_kind(RunBegin)}
    return [
        {
            "run": run.id,
            "event": begins.get(run.id),
            "nodes": len(run.needed),
            "ended": run.id in ends,
            "error": ends.get(run.id, ""),
            "parent": run.parent,
            "create_graph": run.create_graph,
            "keep_graph": run.keep_graph,
            "line": _line(run.stack),
        }
        for run in tape.runs.values()
    ]


def _counts(val: Val, row: Any) -> dict[str, Any]:
    infinities = int(row["posinfs"]) + int(row["neginfs"])
    return {"tensor": val[0], "version": val[1], "count": int(row["count"]), "nans": int(row["nans"]), "infinities": infinities}


def _seconds(tape: Tape) -> float:
    last_op = max((op.time for op in list(tape.ops.values())[-1:]), default=0.0)
    return max(tape.events[-1].time if len(tape.events) else 0.0, last_op)


def _line(stack: Any) -> list[Any] | None:
    return [stack[0].file, stack[0].line] if stack else None


def _at(line: list[Any] | None) -> str:
    return f" ({line[0]}:{line[1]})" if line else ""


def _top(counts: dict[str, int]) -> str:
    shown = sorted(counts.items(), key=lambda item: -item[1])[:6]
    return ", ".join(f"{name} {count}" for name, count in shown) + (", ..." if len(counts) > 6 else "")
