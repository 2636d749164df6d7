"""Why "one of the variables needed for gradient computation has been modified by an inplace operation": who kept the value,
who changed it, over which views, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ..tape.schema import Bumped, Frame, Node, NodeKind, Op, Role, Saved, Val
from . import rewriting, ties
from .evidence import Evidence, byte_count, megabytes
from .finding import Finding, Kind, Place, Severity

MESSAGE = "modified by an inplace operation"
LEAF = "a leaf Variable that requires grad"
OUTPUT = ("out", "result")

_VERSIONS = re.compile(r"(?:is output \d+ of (?P<maker>\w*), )?is at version \d+; expected version (?P<expected>\d+)")


def modified(evidence: Evidence) -> Iterator[Finding]:
    """Runs that ended because a kept value was changed."""
    for run, error, node, event in evidence.failed():
        if MESSAGE in error and node is not None:
            yield _finding(evidence, run, node, event, error)


def _finding(evidence: Evidence, run: int, node: Node, event: int, error: str) -> Finding:
    kept, changes = _broken(evidence, node, event, error)
    op = evidence.op_of(node)
    name = op.name if op is not None else node.name
    saved_at = evidence.place("saved", op.stack, f"{name} keeps {_role(kept)} for backward") if op is not None else None
    backward_at = evidence.place("used", evidence.tape.runs[run].stack, f"backward needs it in {node.name}")
    if kept is None or kept.val is None or not changes:
        text = f"{node.name} kept a value for backward that was changed in place before backward came to it; the tape does not say where."
        fix = "Record again from the beginning of the script, so that the change is on the tape."
        places = evidence.places(saved_at, backward_at)
        title = f"A value that {name} needs was changed in place"
        return Finding(Kind.INPLACE, "unknown", Severity.ERROR, title, text, fix, places, node.id, None, None, event, run)
    case = _Case(evidence, node, op, kept, kept.val, changes, run, event)
    reason, fix, tie = case.told()
    rewrite = case.rewrite
    mutated = [
        Place("changed", frame, evidence.sources.line(frame), f"changes it: version {change.old} to {change.new}")
        for change in changes
        if (frame := case.frame_of(change)) is not None
    ]
    details = {
        "saved_version": kept.val.version,
        "found_version": changes[-1].new,
        "saved_name": kept.name,
        "views": [f"#{t.id} {list(t.meta.shape)}" for t in evidence.family(changes[0].tensor)],
        "variable": evidence.name(kept.val) or case.target,
        "rewrite": rewrite,
    }
    what = "its result" if kept.name in OUTPUT else "its input"
    title = f"{name} kept {what} for backward, and it was changed in place"
    places = evidence.places(*(ties.places(evidence, tie) if tie is not None else ()), saved_at, *_distinct(mutated), backward_at)
    guilty = case.guilty.id if case.guilty is not None else None
    return Finding(
        Kind.INPLACE, reason, Severity.ERROR, title, case.text(), fix, places, node.id, guilty, kept.val.tensor, event, run, details
    )  # fmt: skip


def _distinct(places: Sequence[Place]) -> list[Place]:  # one place for a loop that changed it a hundred times
    return list({place.frame: place for place in reversed(places)}.values())[::-1]


def _broken(evidence: Evidence, node: Node, event: int, error: str) -> tuple[Saved | None, list[Bumped]]:
    """The first value that the node kept and that was changed since, and the changes."""
    for saved in node.saved or _likely(evidence, node, error):
        if saved.val is None:
            continue
        changes = evidence.changes.get(evidence.storage(saved.val.tensor), ())
        since = [change for change in changes if change.new > saved.val.version and change.i < event]
        if since:
            return saved, since
    return None, []


def _likely(evidence: Evidence, node: Node, error: str) -> list[Saved]:
    """What a node may have kept that does not tell (before PyTorch 2.5): operands and results of its op, of the version that it expects;
    first the result, where that is what the error names."""
    op, versions = evidence.op_of(node), _VERSIONS.search(error)
    if op is None or versions is None:
        return []
    made = [Saved("result", val) for val in op.outs]
    given = [Saved("self", val) for val in op.ins if val is not None]
    own = (versions["maker"] or "").partition("Backward")[0] == node.name.partition("Backward")[0]
    return [
        saved for saved in ((*made, *given) if own else (*given, *made)) if saved.val and saved.val.version == int(versions["expected"])
    ]


def _role(kept: Saved | None) -> str:
    if kept is None:
        return "a value"
    return "its result" if kept.name in OUTPUT else f"its input '{kept.name}'"


class _Case:
    """A value that was kept, and the changes to it: which of the known patterns it is, and what to write instead."""

    def __init__(
        self, evidence: Evidence, node: Node, op: Op | None, kept: Saved, val: Val, changes: Sequence[Bumped], run: int, event: int
    ) -> None:  # fmt: skip
        self.evidence, self.tape = evidence, evidence.tape
        self.node, self.op, self.kept, self.val, self.changes = node, op, kept, val, changes
        self.run, self.event = run, event
        self.tensor = self.tape.tensors[val.tensor]
        self.base = evidence.family(val.tensor)[-1]
        self.guilty = next((o for change in changes if (o := self._op(change)) is not None), None)
        self.frame = next((frame for change in changes if (frame := self.frame_of(change)) is not None), None)
        self.statement = evidence.sources.statement(self.frame)
        self.target = evidence.sources.changed(self.frame)
        self.rewrite: dict[str, Any] | None = None  # what ``told`` would write instead, for machines

    def _op(self, change: Bumped) -> Op | None:
        if change.by is not None:
            return self.tape.ops.get(change.by)
        made = self.evidence.maker(Val(change.tensor, change.new))  # a custom Function's, which marks its input as changed
        return made if made is not None and Val(change.tensor, change.new) in made.outs else None

    def frame_of(self, change: Bumped) -> Frame | None:
        """The user's line of a change: that of its op, or where none was recorded (torch.nn.init) the one that was noted."""
        op = self._op(change)
        return self.evidence.frame(op.stack) if op is not None else self.evidence.changed_at(change)

    @property
    def where(self) -> str:
        return self.evidence.line((self.frame,)) if self.frame is not None else "an unknown line"

    def text(self) -> str:
        """What happened, in a few sentences."""
        evidence, changes = self.evidence, self.changes
        name = self.op.name if self.op is not None else self.node.name
        inside = evidence.module(self.op) if self.op is not None else ""
        value = evidence.described(self.val)
        if value.startswith("data") and self.target and "[" not in self.target and changes[0].tensor == self.tensor.id:
            value = f"`{self.target}`, {value}"
        text = f"{name}{f' in {inside}' if inside else ''} keeps {_role(self.kept)}, {value}, because its derivative"
        text += f" is computed from it. Then {self.where} changed that memory in place"
        if self.target:
            text += f" through `{self.target}`"
        by = changes[0].tensor
        if self.base.id not in (self.tensor.id, by) or (by != self.tensor.id and self.base.role != Role.LEAF):
            text += f", which shares its memory (views: {_views(evidence, by, self.tensor.id)})"
        return text + f" (version {self.val.version} to {changes[-1].new}), so backward would compute with other numbers than forward did."

    def told(self) -> tuple[str, str, ties.Tie | None]:
        """Reason code, the fix, and the value that ties this graph to an older one where that is the reason."""
        no_grad = self.guilty is None or not self.guilty.grad_mode
        if no_grad and self.base.role == Role.LEAF:
            return self._parameter()
        reason = (
            self._custom()
            or (self._buffer() if no_grad and not rewriting.has_out(self.statement) else None)
            or self._shared()
            or self._module()
            or self._indexed()
            or self._overwritten()
        )
        return (*(reason or self._plain()), None)

    def _parameter(self) -> tuple[str, str, ties.Tie | None]:
        """A parameter was changed without being recorded."""
        stepped = ".step(" in self.evidence.sources.text(self.frame)
        if not stepped:
            name = self.target or (f"`{self.base.name}`" if self.base.name else "the leaf")
            fix = (
                f"{name if name.startswith(('`', 'the')) else f'`{name}`'} was changed without being recorded, between forward and"
                " backward. Do it after backward(), or before the forward pass."
            )
            return "no-grad-update", fix, None
        tie = self._carried()
        if tie is not None:
            name = ties.called(self.evidence, tie)
            cut, self.rewrite = ties.cut(self.evidence, tie, self.tape.runs[self.run])
            fix = (
                f"retain_graph=True does not help: {name} ties this graph to the one of an earlier iteration, whose weights step()"
                f" has changed. Cut it where it is carried over, {cut}, and drop retain_graph=True."
            )
            return "carried-state", fix, tie
        fix = (
            "The optimizer's step() changed a parameter that this backward still needs. Call backward() before step(); where two losses "
            "share parameters, compute both gradients first and step afterwards, or compute the second loss again after the step."
        )
        return "optimizer-step", fix, None

    def _carried(self) -> ties.Tie | None:
        """The value that carries the graph of an earlier pass into this one, if its line runs in each iteration."""
        if self.guilty is None:
            return None
        graph = self.evidence.below(root.node for root in self.tape.runs[self.run].roots)
        found = ties.ties(self.evidence, graph, {self.node.id}, self.guilty.id)
        return next((tie for tie in found if ties.runs_again(self.evidence, tie.old, self.guilty.id)), None)

    def _custom(self) -> tuple[str, str] | None:
        """A custom Function wrote into its argument."""
        for change in self.changes:
            op = self._op(change)
            if op is None or not any(slot is not None and self.tape.nodes[slot.node].kind == NodeKind.CUSTOM for slot in op.grads):
                continue
            name = self.evidence.name(self.val) or "x"
            fix = (
                f"{op.name} writes into its argument (mark_dirty), and {name} is needed for backward: give it a copy,"
                f" {op.name}.apply({name}.clone(), ...), which costs {self._cost}, or let it make a new tensor."
            )
            return "custom-function", fix
        return None

    def _buffer(self) -> tuple[str, str] | None:
        """Data that no op made was changed under no_grad: running statistics, a mask, a cache."""
        if self.base.role != Role.CONSTANT or self.evidence.origin(self.base.id) is not None:
            return None
        fix = (
            f"`{self.target or 'the buffer'}` was updated between forward and backward. Update it after backward(), or make a new one"
            f": {self.evidence.sources.out_of_place(self.frame) or 'assign instead of writing into it'}."
        )
        return "buffer", fix

    def _shared(self) -> tuple[str, str] | None:
        """The change went through detach(), which shares memory."""
        family = {t.id for t in self.evidence.family(self.tensor.id)}
        for tensor in self.evidence.family(self.changes[0].tensor):
            maker = self.evidence.origin(tensor.id)
            if maker is not None and maker.name == "detach" and tensor.id not in family:
                frame = self.evidence.frame(maker.stack)
                line = self.evidence.sources.text(frame)
                fix = f"detach() does not copy: it shares its memory with {self.evidence.described(self.val)}. "
                rewritten = line.replace(".detach()", ".detach().clone()") if line.count(".detach()") == 1 else ""
                self.rewrite = self.evidence.sources.rewrite(frame, rewritten)
                fix += f"Write `{rewritten}`" if rewritten else "Write .detach().clone()"
                return "shared-memory", f"{fix} at {self.evidence.line(maker.stack)} (costs {self._cost})."
        return None

    def _module(self) -> tuple[str, str] | None:
        """A layer of the library works in place."""
        guilty = self.guilty
        if guilty is None or guilty.call is None or self.target:
            return None
        if any(frame.function.endswith(f"{self.tape.calls[guilty.call].type}.forward") for frame in guilty.stack):
            return None  # a module of the user's own
        kind = self.tape.calls[guilty.call].type
        made = self.evidence.sources.constructed(guilty.stack, kind)
        fix = f"The module {self.evidence.module(guilty)} works in place: give it inplace=False"
        if made is not None:
            statement = self.evidence.sources.statement(made)
            assert statement is not None
            self.rewrite = self.evidence.sources.rewrite(made, rewriting.not_in_place(statement, kind))
            fix += f" at {self.evidence.line((made,))}"
        return "module", f"{fix}."

    def _indexed(self) -> tuple[str, str] | None:
        """Parts of a tensor were assigned."""
        if "[" not in self.target:
            return None
        rewritten = self.evidence.sources.out_of_place(self.frame)
        name = self.target.partition("[")[0]
        if rewritten:
            self.rewrite = self.evidence.sources.rewrite(self.frame, rewritten)
            return "index-assignment", f"Write `{rewritten}` instead of `{self.evidence.sources.text(self.frame)}`."
        whole = self.evidence.name(self.val)
        if whole and whole != name and self.kept.name in OUTPUT:
            name = whole
        own = name == self.target.partition("[")[0]
        itself = own and name in self.evidence.sources.reads(self.frame)
        fix = (
            f"Writing into `{self.target}` overwrites what was kept. Collect the parts in a list and torch.stack() or torch.cat() them,"
            f" or write into a copy: {'compute the right side, then ' if itself else ''}`{name} = {name}.clone()`"
            f" {'and only then write' if itself else 'before the write'} (costs {megabytes(byte_count(self.base))})."
        )
        if own:
            self.rewrite = self.evidence.sources.rewrite(self.frame, rewriting.into_a_copy(self.statement, name))
        elif self.op is not None and name in self.evidence.names(self.op):
            saved = self.evidence.frame(self.op.stack)
            fix = fix.replace("before the write", f"after {self.evidence.line(self.op.stack)}")
            self.rewrite = self.evidence.sources.rewrite(saved, f"{self.evidence.sources.text(saved)}\n{name} = {name}.clone()")
        return "index-assignment", fix

    def _overwritten(self) -> tuple[str, str] | None:
        """The whole tensor was given new content."""
        known = rewriting.method(self.statement)
        if known not in ("copy", "zero", "fill", "set") and not rewriting.has_out(self.statement):
            return None
        rewritten = self.evidence.sources.out_of_place(self.frame)
        self.rewrite = self.evidence.sources.rewrite(self.frame, rewritten)
        name = self.target or "the buffer"
        fix = f"`{name}` is used again for other content while backward still needs the old. Make a new tensor instead"
        return "overwritten", f"{fix}: `{rewritten}`." if rewritten else f"{fix} of writing into it."

    def _plain(self) -> tuple[str, str]:
        source = self.evidence.sources.text(self.frame)
        rewritten = self.evidence.sources.out_of_place(self.frame)
        self.rewrite = self.evidence.sources.rewrite(self.frame, rewritten)
        fix = f"Write `{rewritten}` instead of `{source}`" if rewritten else "Use the out-of-place form of this operation"
        if rewritten and self.statement is not None and rewriting.says_in_place(self.statement):
            fix = f"Leave out inplace=True: `{rewritten}`"
        fix += f", or change a copy: `.clone()` before the change costs {self._cost}."
        return ("saved-output" if self.kept.name in OUTPUT else "saved-input"), fix

    @property
    def _cost(self) -> str:
        return megabytes(byte_count(self.tensor))


def _views(evidence: Evidence, changed: int, kept: int) -> str:
    """How two tensors come to share memory, in words."""
    tape = evidence.tape
    words = []
    for number in dict.fromkeys((kept, *(t.id for t in reversed(evidence.family(changed))))):
        maker = evidence.origin(number)
        words.append(
            f"{maker.name} at {evidence.line(maker.stack)}"
            if maker is not None
            else f"tensor #{number} {list(tape.tensors[number].meta.shape)}"
        )
    return " -> ".join(words)


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
    source = evidence.sources.text(ending.frame)
    rewrite = evidence.sources.rewrite(ending.frame, f"with torch.no_grad():\n    {source}" if source else "")
    yield Finding(
        Kind.INPLACE,
        "leaf-view" if view else "leaf",
        Severity.ERROR,
        "A leaf that requires grad was changed in place",
        text,
        fix,
        evidence.places(place),
        details={"rewrite": rewrite},
    )


REFUSED = {
    "is the output of a function that returns multiple views": "several-views",
    "A view was created in no_grad mode": "no-grad-view",
    "more than one element of the written-to tensor refers to a single memory location": "overlapping",
}
_WHY = {
    "several-views": (
        "One of several views was changed in place",
        "comes from an op that gives several views at once ({op}), of which autograd cannot follow a change of one",
    ),
    "no-grad-view": (
        "A view that was made without grad was changed with it",
        "is a view that was made under no_grad ({op}) and is changed outside of it: autograd does not know whether to follow",
    ),
    "overlapping": (
        "A tensor was changed whose elements share memory",
        "was expanded ({op}): several of its elements are one place in memory, which cannot take several values",
    ),
}


def refused(evidence: Evidence) -> Iterator[Finding]:
    """Scripts that ended because they changed a view that must not be changed in place."""
    ending = evidence.ending
    reason = next((r for words, r in REFUSED.items() if ending is not None and words in ending.text), None)
    if ending is None or reason is None:
        return
    target = evidence.sources.changed(ending.frame)
    variable = target.partition("[")[0] or "the tensor"
    maker = _view_maker(evidence, reason, variable, ending.text)
    title, why = _WHY[reason]
    told = f"{maker.name} at {evidence.line(maker.stack)}" if maker is not None else "at a line that the tape does not say"
    rewritten = evidence.sources.out_of_place(ending.frame)
    fix = f"Write `{rewritten}`" if rewritten else f"Make a copy first, `{variable} = {variable}.clone()`"
    if reason == "several-views":
        fix += ", or take the parts one by one (x[:, :n]), which may be changed."
    elif reason == "no-grad-view":
        fix = "Make the view outside of no_grad(), or change it inside."
    else:
        fix += f", or give every element its own memory: `{variable} = {variable}.clone()`."
    yield Finding(
        Kind.INPLACE,
        reason,
        Severity.ERROR,
        title,
        f"`{variable}` {why.format(op=told)}.",
        fix,
        evidence.places(
            evidence.place("made", maker.stack, f"{maker.name} made the view") if maker is not None else None,
            evidence.place("changed", (ending.frame,)) if ending.frame is not None else None,
        ),
        op=maker.id if maker is not None else None,
        details={"rewrite": None if reason == "no-grad-view" else evidence.sources.rewrite(ending.frame, rewritten)},
    )


def _view_maker(evidence: Evidence, reason: str, variable: str, text: str) -> Op | None:
    """The op that made the view: the last that fits the error and is called so, else the last that fits."""
    found = None
    for op in reversed(list(evidence.tape.ops.values())):
        if op.node is not None or not op.outs or not all(evidence.tape.tensors[out.tensor].base is not None for out in op.outs):
            continue
        if reason == "no-grad-view" and op.grad_mode:
            continue
        if reason == "several-views" and not any(f" of {name}" in text for name in _node_names(evidence, op)):
            continue
        if reason == "overlapping" and not op.name.startswith(("expand", "as_strided", "unfold", "broadcast")):
            continue
        if variable in evidence.names(op):
            return op
        found = found or op
    return found


def _node_names(evidence: Evidence, op: Op) -> set[str]:
    """How messages call the nodes of an op: ``Split`` and ``SplitBackward0``."""
    return {evidence.tape.nodes[slot.node].name.partition("Backward")[0] for slot in op.grads if slot is not None}
