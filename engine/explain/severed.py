"""Why a parameter has no gradient: never used, cut off and where, used for something that is not in the loss, not given to the
optimizer, or no leaf at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from ..tape.schema import Frame, Node, NodeKind, Op, Role, Run, Slot, Val
from .evidence import Evidence, is_accumulate
from .finding import Finding, Kind, Place, Severity

NO_GRAPH = "does not require grad and does not have a grad_fn"
COPIES = {"numpy": "numpy", "tolist": "numpy", "item": "item", "tensor": "copied"}  # ops that end in Python or in new data
INTEGERS = ("int", "uint", "bool")
CASTS = frozenset({"to", "to_copy", "_to_copy", "type", "long", "int", "short", "char", "byte", "bool"})
DRAWS = frozenset({"multinomial", "poisson", "drawn_from", "drawn_from_both"})  # random numbers of tensors of parameters
OUT_OF_GRAPH = frozenset({"detach", "data"})


@dataclass(frozen=True, slots=True)
class Cut:
    """An op that takes what requires a gradient and gives what does not."""

    op: Op
    reason: str  # detach, data, no-grad, numpy, item, copied, sampled, cast, not-differentiable, custom, constant

    @property
    def told(self) -> str:
        return _TOLD[self.reason].format(op=self.op.name)


_TOLD = {
    "detach": ".detach() takes it out of the graph",
    "data": ".data gives the numbers without the graph",
    "no-grad": "{op} ran under no_grad(), so nothing was recorded for backward",
    "numpy": ".{op}() leaves for numpy and Python, which autograd does not follow",
    "item": ".item() makes it a Python number, which autograd does not follow",
    "copied": "torch.tensor() copies the numbers of tensors and forgets where they came from",
    "sampled": "random numbers are drawn, through which no gradient goes back to what they are drawn by",
    "cast": "the cast to a type without gradients (integers, bool) ends the graph",
    "not-differentiable": "{op} has no derivative: its result is a choice or a count",
    "custom": "the Function {op} returned no gradient for it",
    "constant": "{op} gave a result without a gradient",
}
_FIXES = {
    "detach": "Remove .detach() here, or detach only what is not to be trained (a target, a logged value).",
    "data": "Use the tensor itself instead of .data.",
    "no-grad": "Move this line out of the no_grad() block; keep no_grad() for evaluation and for updates.",
    "numpy": "Stay in tensors: use torch's function instead of numpy's.",
    "item": "Keep the tensor instead of .item(); use .item() for printing and logging only.",
    "copied": "Join tensors with torch.stack([...]) or torch.cat([...]), which keep the graph, instead of torch.tensor([...]).",
    "sampled": (
        "Draw so that the numbers are a function of the parameters: distribution.rsample(), mean + std * torch.randn_like(std), "
        "gumbel_softmax; or use the score function, log_prob times the reward."
    ),
    "cast": "Compute in floating point as long as gradients are needed, and cast a copy for indexing or counting.",
    "not-differentiable": (
        "Use a differentiable stand-in: softmax for argmax, a sigmoid for a comparison, a straight-through estimator for rounding."
    ),
    "custom": "Return a gradient for this input from backward.",
    "constant": "Look at the op: under which conditions does it record?",
}


class _Flow:
    """Where the values of a tape go."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.tape = evidence.tape
        self.users: dict[int, list[Op]] = {}  # tensor to the ops that take it
        self.sharing: dict[int, list[int]] = {}  # storage to its tensors
        for tensor in self.tape.tensors.values():
            self.sharing.setdefault(tensor.storage, []).append(tensor.id)
        for op in self.tape.ops.values():
            if op.node is None:
                for number in {val.tensor for val in op.ins if val is not None}:
                    self.users.setdefault(number, []).append(op)

    def used(self, leaf: int) -> list[Op]:
        """The ops that take a leaf; through a view of it too."""
        return [op for number in self.sharing.get(self.evidence.storage(leaf), ()) for op in self.users.get(number, ())]

    def only_copied(self, leaf: int) -> bool:
        """Whether a leaf is used for nothing but updates of other leaves under no_grad."""
        used = self.used(leaf)
        return bool(used) and all(not op.grad_mode and op.id in self.updates for op in used)

    @cached_property
    def updates(self) -> set[int]:
        """The ops that wrote into a leaf."""
        changes = (change for changes in self.evidence.changes.values() for change in changes)
        return {change.by for change in changes if change.by is not None and self.evidence.family(change.tensor)[-1].role == Role.LEAF}

    def results(self, op: Op) -> set[int]:
        """The tensors that hold what an op computed: its outputs, and where it wrote in place all that share the memory."""
        found = {val.tensor for val in op.outs}
        for number in found & {val.tensor for val in op.ins if val is not None}:
            found = found.union(self.sharing.get(self.evidence.storage(number), ()))
        return found

    def reached(self, vals: Iterable[Val]) -> set[int]:
        """The ops that values flow into, with or without gradients."""
        found: set[int] = set()
        waiting = list({val.tensor for val in vals})
        seen = set(waiting)
        while waiting:
            for op in self.users.get(waiting.pop(), ()):
                if op.id not in found:
                    found.add(op.id)
                    added = self.results(op) - seen
                    seen |= added
                    waiting += added
        return found

    def alive(self, slots: Iterable[Slot]) -> tuple[set[int], set[Slot]]:
        """The ops whose backward leads to one of these slots, and the slots at which gradients for them arrive."""
        live = set(slots)
        found: set[int] = set()
        for node in sorted(self.tape.nodes.values(), key=lambda n: n.sequence):
            if node.kind != NodeKind.ACCUMULATE and any(slot in live for slot in node.next):
                live.update(Slot(node.id, i) for i, meta in enumerate(node.ins) if meta is not None)
                if node.op is not None:
                    found.add(node.op)
        return found, live

    def cuts(self, leaf: int, live_ops: set[int]) -> list[Cut]:
        """The ops at which the way from a leaf, along ops in ``live_ops``, ends."""
        tensors = {leaf}
        found: dict[int, Cut] = {}
        for number in live_ops:
            for tensor in self.results(self.tape.ops[number]):
                if not self.tape.tensors[tensor].meta.dtype.startswith(INTEGERS):
                    tensors.add(tensor)
                elif self.users.get(tensor):  # the indices beside the values
                    found[number] = Cut(self.tape.ops[number], "not-differentiable")
        waiting = list(tensors)
        while waiting:
            for op in self.users.get(waiting.pop(), ()):
                if op.id in live_ops or op.id in found:
                    continue
                if self._is_view(op) and self.users.get(op.outs[0].tensor):  # nothing is lost yet: whoever uses the view cuts
                    added = {val.tensor for val in op.outs} - tensors
                    tensors |= added
                    waiting += added
                else:
                    found[op.id] = Cut(op, self._reason(op))
        return sorted(found.values(), key=lambda cut: (cut.op.id in live_ops, cut.op.id))

    def _is_view(self, op: Op) -> bool:
        tensors = self.tape.tensors
        return (
            op.name not in OUT_OF_GRAPH
            and bool(op.outs)
            and op.ins[:1] != (None,)
            and all(tensors[val.tensor].base is not None for val in op.outs)
            and not {val.tensor for val in op.outs} & {val.tensor for val in op.ins if val is not None}
        )

    def _reason(self, op: Op) -> str:
        tensors = self.tape.tensors
        if op.name in OUT_OF_GRAPH:
            text = self.evidence.sources.line(self.evidence.frame(op.stack))
            dead_end = not any(self.users.get(val.tensor) for val in op.outs)
            return "numpy" if dead_end and ("numpy(" in text or "np." in text) else op.name
        if op.name.lstrip("_") in DRAWS:
            return "sampled"
        if op.name in COPIES:
            return COPIES[op.name]
        if not op.grad_mode:
            return "no-grad"
        if op.outs and all(tensors[val.tensor].meta.dtype.startswith(INTEGERS) for val in op.outs):
            return "cast" if op.name in CASTS else "not-differentiable"
        if any(node.op == op.id and node.kind == NodeKind.CUSTOM for node in self._nodes_of(op)):
            return "custom"
        return "constant"

    def through_python(self, cut: Cut, lines: Iterable[Frame]) -> bool:
        """Whether what a cut gives goes on, through Python's variables, to one of these lines."""
        frame = self.evidence.frame(cut.op.stack)
        if frame is None:
            return False
        lines = list(lines)
        if any((line.file, line.line) == (frame.file, frame.line) for line in lines):
            return True
        names = self.evidence.sources.follow(frame)
        return bool(names) and any(self.evidence.sources.mentions(line, names) for line in lines)

    def _nodes_of(self, op: Op) -> list[Node]:
        return [self.tape.nodes[slot.node] for slot in op.grads if slot is not None]


def parameters(evidence: Evidence) -> Iterator[Finding]:
    """Parameters whose ``.grad`` no backward wrote, grouped by the reason."""
    tape = evidence.tape
    if any(True for _ in evidence.failed()):  # what the walk that failed would have reached, and which optimizers would have made a step
        return
    runs = [run for run in tape.runs.values() if run.accumulate and run.id in evidence.ends and not evidence.ends[run.id].error]
    if not runs or (evidence.ending is not None and NO_GRAPH in evidence.ending.text):
        yield from _without_graph(evidence, max((evidence.ends[run.id].i for run in runs), default=-1))
        return
    flow = _Flow(evidence)
    optimizers = evidence.optimizers
    optimized = {tensor for optimizer in optimizers for tensor in optimizer.tensors}
    reached = evidence.below(root.node for run in runs for root in run.roots)
    root_ops = {node.op for node in (tape.nodes[root.node] for run in runs for root in run.roots) if node.op is not None}
    lines = _lines(evidence, reached, runs)
    accumulators: dict[int, list[int]] = {}  # a leaf gets a new one where the graph that held the last is gone
    for node in tape.nodes.values():
        if is_accumulate(node) and node.variable is not None:
            accumulators.setdefault(node.variable, []).append(node.id)
    replaced = _replaced(evidence, flow, optimized)
    groups: dict[tuple[str, object], list[int]] = {}
    cuts: dict[tuple[str, object], Cut] = {}
    for leaf in _leaves(evidence, accumulators, optimized):
        if leaf in evidence.stored or leaf in replaced:
            continue
        reason, cut = _why(flow, leaf, accumulators.get(leaf, []), reached, root_ops, lines)
        if (optimized and leaf not in optimized and reason != "undefined") or flow.only_copied(leaf):
            continue  # nobody wants to train it: a target network, an average of weights
        key = (reason, evidence.frame(cut.op.stack) or cut.op.id if cut is not None else 0)
        groups.setdefault(key, []).append(leaf)
        if cut is not None:
            cuts[key] = cut
    for (reason, number), leaves in groups.items():
        yield _finding(evidence, reason, cuts.get((reason, number)), leaves, runs[-1].stack)
    yield from _not_optimized(evidence, optimized, replaced)
    yield from _frozen(evidence, optimized - set(accumulators))


def _lines(evidence: Evidence, reached: set[int], runs: Iterable[Run]) -> list[Frame]:
    """The user's lines that computed what backward was called on, and those that called it."""
    stacks = {op.stack for number in reached if (op := evidence.op_of(evidence.tape.nodes[number])) is not None}
    frames = [evidence.frame(stack) for stack in (*stacks, *(run.stack for run in runs))]
    return list({frame for frame in frames if frame is not None})


def _replaced(evidence: Evidence, flow: _Flow, optimized: set[int]) -> set[int]:
    """Tensors that an optimizer holds and nothing uses, and whose like is trained without an optimizer: parameters of a model that
    was copied, or given new parameters, after the optimizer was made."""
    spare = [tensor for tensor in evidence.stored if tensor not in optimized and tensor in evidence.parameters]
    shapes = {evidence.tape.tensors[tensor].meta for tensor in spare}
    return {t for t in optimized if evidence.tape.tensors[t].meta in shapes and not flow.used(t) and t not in evidence.stored}


def _leaves(evidence: Evidence, accumulators: dict[int, list[int]], optimized: set[int]) -> list[int]:
    tape = evidence.tape
    named = {t.id for t in tape.tensors.values() if t.role == Role.LEAF and t.base is None}
    frozen = {t for t in optimized if t in tape.tensors and tape.tensors[t].role == Role.CONSTANT and t not in accumulators}
    return sorted((named | set(accumulators) | (optimized & set(tape.tensors))) - frozen)


def _why(
    flow: _Flow, leaf: int, accumulators: list[int], reached: set[int], root_ops: set[int], lines: list[Frame]
) -> tuple[str, Cut | None]:
    tape, evidence = flow.tape, flow.evidence
    if not flow.used(leaf):
        return "never-used", None
    met = [node for node in accumulators if node in reached]
    if met:
        return "undefined", _undefined(evidence, met[-1], reached)
    live_ops, _ = flow.alive([Slot(node, 0) for node in accumulators])
    cuts = flow.cuts(leaf, live_ops)
    leading = [cut for cut in cuts if cut.op.id not in live_ops and (flow.reached(cut.op.outs) & root_ops or cut.op.id in root_ops)]
    if not leading:  # through Python or numpy no value can be followed, but names can
        leading = [cut for cut in cuts if flow.through_python(cut, lines)]
    if leading:
        return leading[0].reason, leading[0]
    if live_ops:
        return "not-in-loss", Cut(tape.ops[max(live_ops)], "constant")
    return (cuts[0].reason, cuts[0]) if cuts else ("not-in-loss", None)


def _undefined(evidence: Evidence, accumulator: int, reached: set[int]) -> Cut | None:
    """The op above a leaf whose backward gave no gradient for it."""
    for number in sorted(reached, reverse=True):
        node = evidence.tape.nodes[number]
        op = evidence.op_of(node)
        if op is not None and any(slot is not None and slot.node == accumulator for slot in node.next):
            return Cut(op, "custom")
    return None


def _finding(evidence: Evidence, reason: str, cut: Cut | None, leaves: list[int], backward: Iterable[object]) -> Finding:
    names = [_name(evidence, leaf) for leaf in leaves]
    shown = ", ".join(f"`{name}`" for name in names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    many = len(leaves) > 1
    they, them, are = ("they", "them", "are") if many else ("it", "it", "is")
    places: list[Place | None] = []
    if reason == "never-used":
        text = f"{shown}: no op ever took {them}, so {they} cannot have a gradient."
        fix = "Use it in forward(), or remove it; a module that is registered but not called is the usual cause."
    elif reason == "not-in-loss":
        assert cut is not None or many or leaves
        text = f"{shown}: used, but nothing that came of {them} is part of a loss on which backward() was called."
        fix = "Add what it computes to the loss, or call backward() on that result."
        if cut is not None:
            text += f" The way ends at {evidence.line(cut.op.stack)} with the result of {cut.op.name}."
            places.append(evidence.place("ends", cut.op.stack, f"the result of {cut.op.name} is not used for the loss"))
    elif reason == "undefined" and cut is not None:
        text = f"{shown}: backward came by, but {cut.op.name} at {evidence.line(cut.op.stack)} gave no gradient for {them}."
        fix = _FIXES["custom"]
        places.append(evidence.place("cut", cut.op.stack, cut.told))
    elif cut is not None:
        text = (
            f"{shown} {are} used, but at {evidence.line(cut.op.stack)} {cut.told}. Behind that line the loss does not depend on {them} any"
            " more."
        )
        fix = _FIXES[cut.reason]
        places.append(evidence.place("cut", cut.op.stack, cut.told))
    else:
        text, fix = f"{shown} got no gradient, and the tape does not tell why.", "Record the whole script, from its first line."
    title = f"{len(leaves)} parameters have no gradient" if many else f"{names[0]} has no gradient"
    details = {"parameters": names, "tensors": leaves}
    return Finding(
        Kind.SEVERED,
        reason,
        Severity.FAULT,
        title,
        text,
        fix,
        evidence.places(*places),
        None,
        cut.op.id if cut is not None else None,
        leaves[0],
        None,
        None,
        details,
    )


def _name(evidence: Evidence, leaf: int) -> str:
    tensor = evidence.tape.tensors[leaf]
    return tensor.name or f"tensor #{leaf} {list(tensor.meta.shape)}"


def _frozen(evidence: Evidence, optimized: set[int]) -> Iterator[Finding]:
    """A note: parameters that an optimizer was given although they take no gradient."""
    frozen = sorted(t for t in optimized if t in evidence.tape.tensors and evidence.tape.tensors[t].role == Role.CONSTANT)
    if not frozen:
        return
    names = [_name(evidence, leaf) for leaf in frozen]
    shown = ", ".join(f"`{name}`" for name in names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    optimizer = next(one for one in evidence.optimizers if not one.tensors.isdisjoint(frozen))
    place = (
        Place("optimizer", optimizer.frame, evidence.sources.line(optimizer.frame), f"{optimizer.type} was made here")
        if optimizer.frame
        else None
    )
    yield Finding(
        Kind.SEVERED,
        "frozen",
        Severity.NOTE,
        f"{len(names)} parameters of an optimizer are frozen",
        f"{shown}: an optimizer was given {'them' if len(names) > 1 else 'it'}, but requires_grad is False, so nothing will change.",
        "If that is meant, give the optimizer only what is trained: [p for p in model.parameters() if p.requires_grad]. If not, call"
        " requires_grad_(True).",
        evidence.places(place),
        tensor=frozen[0],
        details={"parameters": names, "tensors": frozen},
    )


def _not_optimized(evidence: Evidence, optimized: set[int], replaced: set[int]) -> Iterator[Finding]:
    """Parameters that get gradients and are in no optimizer, where others of the same model are in one."""
    if not optimized:
        return
    missing = [t for t in evidence.stored if t not in optimized and t in evidence.parameters]
    if not missing:
        return
    names = [_name(evidence, leaf) for leaf in missing]
    shown = ", ".join(f"`{name}`" for name in names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    optimizer = evidence.optimizers[0]
    their, them, change = ("their", "them", "they never change") if len(names) > 1 else ("its", "it", "it never changes")
    text = f"{shown}: backward writes {their} .grad, but no optimizer was given {them}, so {change}."
    if replaced:
        text += (
            f" The optimizer holds {len(replaced)} of the same shape that nothing uses: the model was copied, or given new parameters,"
            " after the optimizer was made."
        )
    fix = (
        "Give the optimizer all parameters (model.parameters()), make it after the model is complete, or freeze these with"
        " requires_grad_(False)."
    )
    places = evidence.places(
        Place("optimizer", optimizer.frame, evidence.sources.line(optimizer.frame), f"{optimizer.type} was made here")
        if optimizer.frame
        else None
    )
    yield Finding(
        Kind.SEVERED,
        "not-in-optimizer",
        Severity.FAULT,
        f"{len(names)} parameters are in no optimizer",
        text,
        fix,
        places,
        tensor=missing[0],
        details={"parameters": names, "tensors": missing},
    )


def _without_graph(evidence: Evidence, after: int) -> Iterator[Finding]:
    """backward() was refused because the loss has no graph at all. What was done up to event ``after`` belongs to passes that went well."""
    ending = evidence.ending
    if ending is None or NO_GRAPH not in ending.text:
        return
    tape = evidence.tape
    flow = _Flow(evidence)
    losses = [op for op in tape.ops.values() if op.node is None and op.outs and not any(op.grads)]
    live = {op.id for op in tape.ops.values() if any(slot is not None for slot in op.grads)}
    leaves = [t.id for t in tape.tensors.values() if t.role == Role.LEAF]
    cuts = {cut.op.id: cut for leaf in leaves for cut in flow.cuts(leaf, live) if tape.events_before(cut.op) > after}
    cuts = {number: cut for number, cut in cuts.items() if number not in flow.updates}
    loss = losses[-1] if losses else None
    leading = [cut for cut in cuts.values() if loss is not None and (cut.op.id == loss.id or loss.id in flow.reached(cut.op.outs))]
    if not leading and ending.frame is not None:
        leading = [cut for cut in cuts.values() if flow.through_python(cut, [ending.frame])]
    if not leading:
        leading = [cut for cut in cuts.values() if cut.reason in ("numpy", "item", "copied")]
    at = Place("used", ending.frame, evidence.sources.line(ending.frame), "backward() is called on it") if ending.frame else None
    if leading:
        cut = leading[0]
        text = f"The loss has no graph: at {evidence.line(cut.op.stack)} {cut.told}."
        yield Finding(
            Kind.SEVERED,
            f"loss-{cut.reason}",
            Severity.ERROR,
            "The loss does not depend on any parameter",
            text,
            _FIXES[cut.reason],
            evidence.places(evidence.place("cut", cut.op.stack, cut.told), at),
            None,
            cut.op.id,
        )
        return
    text = "The loss has no graph: nothing that it was computed from requires a gradient."
    frozen = [t.name for t in tape.tensors.values() if t.role == Role.CONSTANT and t.name and flow.used(t.id)]
    if frozen:
        shown = ", ".join(f"`{name}`" for name in frozen[:6]) + (f" and {len(frozen) - 6} more" if len(frozen) > 6 else "")
        text += f" requires_grad is False of all the parameters that are used: {shown}."
    fix = "Make the parameters with requires_grad=True (nn.Parameter does), and look whether requires_grad_(False) froze all of them."
    yield Finding(Kind.SEVERED, "loss-no-leaf", Severity.ERROR, "The loss does not depend on any parameter", text, fix, evidence.places(at))


def non_leaf(evidence: Evidence) -> Iterator[Finding]:
    """``.grad`` was asked of a tensor that is no leaf and does not retain it."""
    tape = evidence.tape
    seen: set[tuple[str, int]] = set()
    for facts in evidence.notes("grad of non-leaf"):
        tensor = facts.get("tensor")
        frame = evidence.frame_of(facts)
        if not isinstance(tensor, int):
            continue
        key = (frame.file, frame.line) if frame is not None else ("", tensor)
        if key in seen or tensor not in evidence.tape.tensors:
            continue
        late = bool(facts.get("retains"))
        if late and not _met(evidence, tensor, facts.get("position")):
            continue
        seen.add(key)
        val = Val(tensor, 0)
        maker = evidence.maker(val)
        name = evidence.name(val) or "the tensor"
        made = evidence.place("made", maker.stack, f"{maker.name} made it") if maker is not None else None
        at = Place("used", frame, evidence.sources.line(frame), "its .grad is asked for") if frame is not None else None
        text = f"`{name}` is no leaf: {evidence.described(val)}. Backward passes its gradient on and keeps it only in leaves."
        reassigned = maker is not None and any(v is not None and tape.tensors[v.tensor].role == Role.LEAF for v in maker.ins)
        if late:
            text += " retain_grad() was called when backward had already come by."
            fix = f"Call {name}.retain_grad() before backward()."
        elif reassigned:
            fix = (
                f"That line makes a new tensor out of the leaf. Make the leaf last: {name} = (...).detach().requires_grad_(), or set"
                " requires_grad after moving and scaling it."
            )
        else:
            fix = f"Call {name}.retain_grad() before backward(), or take the gradient with torch.autograd.grad(loss, {name})."
        yield Finding(
            Kind.SEVERED,
            "reassigned-leaf" if reassigned and not late else "non-leaf",
            Severity.FAULT,
            f"{name}.grad is None because {name} {'retained it too late' if late else 'is no leaf'}",
            text,
            fix,
            evidence.places(made, at),
            None,
            maker.id if maker is not None else None,
            tensor,
        )


def _met(evidence: Evidence, tensor: int, position: object) -> bool:
    """Whether a backward that ended before an event came by the node of a tensor."""
    maker = evidence.maker(Val(tensor, 0))
    nodes = {slot.node for slot in maker.grads if slot is not None} if maker is not None else set()
    ended = [run for run, end in evidence.ends.items() if isinstance(position, int) and end.i <= position]
    return any(not nodes.isdisjoint(evidence.tape.events.reached(run)) for run in ended)
