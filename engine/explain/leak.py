"""Why graphs stay alive from one iteration to the next: the variable that keeps them, what that costs, and the line to detach."""

from __future__ import annotations

from collections.abc import Iterator

from ..tape.schema import Val
from .evidence import Evidence, megabytes
from .finding import Finding, Kind, Place, Severity


def growing(evidence: Evidence) -> Iterator[Finding]:
    """Graphs of earlier passes of which more and more are alive."""
    failed = {run for run, *_ in evidence.failed()}  # what such a run needs is alive at its end
    notes = [facts for facts in evidence.notes("alive") if facts.get("run") not in failed]
    if not notes:
        return
    facts = notes[-1]
    tape = evidence.tape
    nodes = [node for node in facts.get("nodes", ()) if isinstance(node, int) and node in tape.nodes]
    grew = [count for count in facts.get("grew", ()) if isinstance(count, int)]
    if len(grew) < 2 or not nodes:
        return
    step = (grew[-1] - grew[0]) / (len(grew) - 1)
    still = [node for node in nodes if node not in evidence.freed]
    saved = evidence.bytes_saved(still)
    share = step / len(nodes) if nodes else 0.0
    kept = facts.get("kept")
    path, tensor, frame = "", None, None
    if isinstance(kept, dict):
        path = str(kept.get("name", ""))
        tensor = kept["tensor"] if isinstance(kept.get("tensor"), int) and kept["tensor"] in tape.tensors else None
        frame = evidence.frame_of(kept)
    maker = evidence.maker(Val(tensor, 0)) if tensor is not None else None
    reason = _reason(evidence, path, tensor)
    cost = f"about {step:.0f} nodes" + (f" and {megabytes(int(saved * share))} of saved values" if saved else "")
    text = (
        f"After each backward more of the graphs of earlier iterations is alive: {', '.join(map(str, grew))} nodes, {cost} more each time."
    )
    text += f" `{path}` keeps them." if path else " What keeps them could not be found among the script's variables."
    places: list[Place | None] = []
    if maker is not None:
        places.append(evidence.place("kept", maker.stack, f"{maker.name} made what `{path}` holds, with its graph"))
    if frame is not None and maker is None:
        places.append(Place("kept", frame, evidence.sources.line(frame), f"`{path}` lives here"))
    details = {"variable": path, "growth": grew, "nodes_per_iteration": step, "bytes_per_iteration": int(saved * share)}
    run = facts.get("run")
    yield Finding(
        Kind.LEAK,
        reason,
        Severity.FAULT,
        "The graphs of earlier iterations stay alive",
        text,
        _fix(reason, path),
        evidence.places(*places),
        op=maker.id if maker is not None else None,
        tensor=tensor,
        run=run if isinstance(run, int) else None,
        details=details,
    )


def _reason(evidence: Evidence, path: str, tensor: int | None) -> str:
    if not path:
        return "unknown"
    if path.endswith(".grad"):
        return "grad-with-graph"
    if "'s " in path:
        return "closure"
    if "[" in path:
        return "collected"
    maker = evidence.maker(Val(tensor, 0)) if tensor is not None else None
    if maker is not None:
        frame = evidence.frame(maker.stack)
        last = path.rpartition(".")[2]
        line = evidence.sources.line(frame)
        for name in (evidence.sources.changed(frame), *evidence.names(maker)):  # of an object: self.total where we know metric.total
            if name == path or ("." in path and name.rpartition(".")[2] == last):
                scalar = tensor is not None and not evidence.tape.tensors[tensor].meta.shape
                if scalar and ("+=" in line or name in line.partition("=")[2]):
                    return "accumulated"
    return "carried"


def _fix(reason: str, path: str) -> str:
    if reason == "accumulated":
        return f"Add the number, not the graph: {path} += loss.item(), or loss.detach()."
    if reason == "collected":
        name = path.partition("[")[0]
        return f"Keep the number or a copy without the graph: {name}.append(x.item()), or x.detach()."
    if reason == "grad-with-graph":
        return "backward(create_graph=True) ties .grad to the graph: use torch.autograd.grad, or set .grad to None after the step."
    if reason == "closure":
        return f"The function remembers a tensor with its graph ({path}): let it remember tensor.detach(), or remove the hook."
    if reason == "carried":
        return f"Cut it where it is carried over: {path} = {path}.detach()."
    return "Look for tensors that are kept from one iteration to the next; keep tensor.detach() or tensor.item()."
