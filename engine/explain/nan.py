"""NaN and infinity: the op or the backward node where they were born, the element, the operands, the rule of arithmetic, the
way to the loss, and the parameters that they reached."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..tape.schema import ASIDE, GradAdded, GradStored, HookCalled, Node, NodeEnter, NodeExit, Op, Role, Slot, Stats, Val
from .arithmetic import Rule, backward_overflow, backward_rule, forward_rule, infinite_operand, plain_name, row_rule
from .evidence import Evidence
from .finding import Finding, Kind, Severity

Array = npt.NDArray[Any]
MASKS = frozenset({"where", "masked_fill", "index", "masked_select"})
WRITES = frozenset({"copy", "fill", "index_put", "put", "setitem", "lift_fresh"})
ELEMENTWISE_REACH = 8  # nodes between a where and the slope that is infinite


@dataclass(frozen=True, slots=True)
class Birth:
    """Where a value that is not finite came from: an op, or data (``op`` None). ``way`` leads from there to where it was seen."""

    op: Op | None
    val: Val
    way: tuple[Op, ...]
    infinity: Op | None = None  # NaN of an infinity: the op that made that


def not_finite(evidence: Evidence) -> Iterator[Finding]:
    """The first NaN or infinity that reached a loss or a gradient; nothing where it was masked away."""
    looked = _Look(evidence)
    meant = _left_out(evidence, looked.bad)
    for event in evidence.tape.events:
        finding = looked.at(event)
        if finding is not None and not (finding.run in meant and finding.details.get("phase", "backward") == "backward"):
            yield finding
            return
    finding = looked.at_end()
    if finding is not None:
        yield finding


def _left_out(evidence: Evidence, bad: set[Val]) -> set[int]:
    """The passes whose gradients a loss scaler met and left out, as it does until its scale fits: none where no pass ever fitted."""
    positions = [facts["position"] for facts in evidence.notes("step left out") if isinstance(facts.get("position"), int)]
    broken = {event.run for events in evidence.stored.values() for event in events if event.val in bad}
    if not positions or broken >= {run.id for run in evidence.tape.runs.values() if run.accumulate}:
        return set()
    ends = sorted((end.i, run) for run, end in evidence.ends.items())
    return {before[-1] for position in positions if (before := [run for i, run in ends if i <= position])}


class _Look:
    """Looks at events in order for the first symptom."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.tape = evidence.tape
        table = evidence.tape.stats.table
        broken = table[(table["nans"] > 0) | (table["posinfs"] > 0) | (table["neginfs"] > 0)]
        self.bad = {Val(int(row["tensor"]), int(row["version"])) for row in broken}
        self.nan = {Val(int(row["tensor"]), int(row["version"])) for row in broken if row["nans"] > 0}
        self.entered: dict[tuple[int | None, int], NodeEnter] = {}

    def at(self, event: Any) -> Finding | None:
        if not self.bad:
            return None
        if isinstance(event, GradAdded):
            if event.src is None:
                return self._root(event)
        elif isinstance(event, NodeEnter):
            self.entered[event.run, event.node] = event
        elif isinstance(event, HookCalled):
            if self.tape.hooks[event.hook].kind in ASIDE:
                return None
            if any(val in self.bad for val in event.after) and not any(val in self.bad for val in event.before):
                return self._hook(event)
        elif isinstance(event, NodeExit):
            if any(val in self.bad for val in event.grads):
                return self._node(event)
        elif isinstance(event, GradStored) and event.val in self.bad and event.prev not in self.bad:
            return self._stored(event)
        return None

    # ------------------------------------------------------------------------------------------ forward

    def _root(self, event: GradAdded) -> Finding | None:
        """A pass begins: is the loss, or the gradient that was given, finite?"""
        node = self.tape.nodes[event.dst.node]
        op = self.evidence.op_of(node)
        loss = op.outs[event.dst.index] if op is not None and event.dst.index < len(op.outs) else None
        if loss is not None and loss in self.bad:
            return self._forward(loss, event.run, event.i)
        if event.val in self.bad:
            run = self.tape.runs[event.run] if event.run is not None else None
            places = self.evidence.places(self.evidence.place("used", run.stack) if run is not None else None)
            text = "The gradient that was given to backward() is not finite; what comes from it cannot be either."
            return Finding(
                Kind.NAN,
                "seed",
                Severity.FAULT,
                "The gradient given to backward() is not finite",
                text,
                "Look at how it is computed.",
                places,
                event.dst.node,
                None,
                None,
                event.i,
                event.run,
            )
        return None

    def at_end(self) -> Finding | None:
        """No pass met anything: is the last result of the script finite?"""
        ops = [
            op
            for op in self.tape.ops.values()
            if op.node is None and op.outs and self.tape.tensors[op.outs[0].tensor].role != Role.GRADIENT
        ]
        if not self.bad or not ops or self.tape.runs:
            return None
        last = ops[-1].outs[0]
        return self._forward(last, None, None) if last in self.bad else None

    def birth(self, val: Val) -> Birth:
        """Back from a value that is not finite to where that began."""
        way: list[Op] = []
        infinity: Op | None = None
        while True:
            op = self.evidence.maker(val)
            if op is None or op in way or len(way) > 100_000:
                return Birth(None, val, tuple(reversed(way)), infinity)
            way.append(op)
            nans = [v for v in op.ins if v is not None and v in self.nan]
            infinite = [v for v in op.ins if v is not None and v in self.bad and v not in self.nan]
            if nans:
                val = min(nans)
            elif infinite and val not in self.nan:
                val = min(infinite)
            else:
                if infinite:  # NaN that an infinity made: where does that come from?
                    infinity = self.birth(min(infinite)).op
                if infinity is None and plain_name(op.name) in MASKS and len(way) > 1 and val not in self.nan:
                    return self._behind_a_mask(way)
                return Birth(op, val, tuple(reversed(way)), infinity)

    def _behind_a_mask(self, way: list[Op]) -> Birth:
        """An infinity that a mask wrote on purpose: the op at fault is the first that should not have met it."""
        mask = way[-1]
        at = next(
            (i for i in reversed(range(len(way) - 1)) if row_rule(way[i].name) is not None and "softmax" not in way[i].name), len(way) - 2
        )
        val = next((val for val in way[at].outs if val in self.bad), way[at].outs[0])
        return Birth(way[at], val, tuple(reversed(way[: at + 1])), mask)

    def _forward(self, loss: Val, run: int | None, event: int | None) -> Finding:
        evidence = self.evidence
        birth = self.birth(loss)
        op = birth.op
        kind = "NaN" if birth.val in self.nan else "infinite"
        used = (
            evidence.place("used", self.tape.runs[run].stack, "the loss that backward began with is not finite")
            if run is not None
            else None
        )
        if op is None:
            return self._data(birth, run, event, used)
        index, operands = self._element(op, birth.val)
        rule = forward_rule(op.name, operands, birth.val not in self.nan) or row_rule(op.name, self._rises(op))
        cause = self._cause(birth.infinity)
        if rule is None and birth.infinity is not None:
            rule = infinite_operand(op.name)
        where = evidence.line(op.stack)
        text = (
            f"{op.name} at {where} made {kind} of {'operands that hold an infinity' if birth.infinity is not None else 'finite operands'}"
        )
        text += f" at element {list(index)}" if index else ""
        text += f": {rule.text}." if rule is not None else "."
        if operands:
            text += f" The operands there are {', '.join(_number(x) for x in operands)}."
        overflow = None
        if birth.infinity is not None:
            overflow = evidence.place("overflow", birth.infinity.stack, f"{birth.infinity.name} made the infinity")
            because = f": {cause.text}" if cause is not None else ""
            text += f" The infinity was made by {birth.infinity.name} at {evidence.line(birth.infinity.stack)}{because}."
        text += self._way(birth)
        fix = rule.fix if rule is not None else "Look at the operands of this op; keep them in the range where it is defined."
        if cause is not None and rule is not None and rule.reason in ("zero-times-inf", "infinite-operand", "softmax-infinite"):
            fix = cause.fix
        places = evidence.places(evidence.place("born", op.stack, f"{op.name} makes it"), overflow, used)
        return Finding(
            Kind.NAN,
            rule.reason if rule is not None else "forward",
            Severity.FAULT,
            f"{op.name} made {'NaN' if kind == 'NaN' else 'an infinity'} in forward",
            text,
            fix,
            places,
            None,
            op.id,
            birth.val.tensor,
            event,
            run,
            self._details(birth, index, operands, "forward"),
        )

    def _rises(self, op: Op) -> bool:
        """Whether the first operand of an op holds a positive infinity."""
        stats = self.tape.stats.get(op.ins[0]) if op.ins and op.ins[0] is not None else None
        return stats is not None and stats.posinfs > 0

    def _cause(self, op: Op | None) -> Rule | None:
        """The rule by which an op made an infinity."""
        if op is None:
            return None
        made = next((val for val in op.outs if val in self.bad), None)
        if made is None:
            made = next((val for val in self.bad if val.tensor in {out.tensor for out in op.outs}), None)
        return forward_rule(op.name, self._element(op, made)[1], made not in self.nan) if made is not None else None

    def _data(self, birth: Birth, run: int | None, event: int | None, used: Any) -> Finding:
        evidence = self.evidence
        birth = self._gathered(birth)
        tensor = self.tape.tensors[birth.val.tensor]
        first = birth.way[0] if birth.way else None
        stats = self.tape.stats.get(birth.val)
        count = f"{_broken_count(stats)} of {stats.count} elements of " if stats is not None else ""
        parameter = bool(tensor.name) or tensor.role == Role.LEAF
        index = _first_bad(self.tape.value(birth.val))
        text = f"{count}{evidence.described(birth.val)} {'are' if count else 'is'} not finite before any op computed with it"
        text += f"; the first is element {list(index)}." if index is not None else "."
        text += self._way(birth)
        if parameter:
            fix = "An earlier update or the initialisation wrote it: look at the step before, at the learning rate, and at what was loaded."
        else:
            fix = (
                "Clean the data first: torch.isfinite(x).all() tells, torch.nan_to_num(x) replaces; find the file or row that it comes"
                " from."
            )
        places = evidence.places(
            evidence.place("read", first.stack, f"{first.name} is the first to use it") if first is not None else None, used
        )
        return Finding(
            Kind.NAN,
            "parameter" if parameter else "data",
            Severity.FAULT,
            f"{'A parameter' if parameter else 'Data'} held NaN or infinity",
            text,
            fix,
            places,
            None,
            first.id if first is not None else None,
            birth.val.tensor,
            event,
            run,
            self._details(birth, index, (), "data"),
        )

    def _gathered(self, birth: Birth) -> Birth:
        """A number that was written into data is found in the data."""
        way = birth.way
        while len(way) > 1 and plain_name(way[0].name) in WRITES and way[0].node is None:
            written = next((val for val in way[1].ins if val is not None and val in self.bad), None)
            if written is None:
                break
            birth, way = Birth(None, written, way[1:]), way[1:]
        return birth

    def _element(self, op: Op, val: Val) -> tuple[tuple[int, ...] | None, tuple[float, ...]]:
        """The first element that is not finite, and the operands that it was computed from where the op works by elements."""
        index = _first_bad(self.tape.value(val))
        if index is None:
            return None, ()
        return index, self._operands(op, index, self.tape.tensors[val.tensor].meta.shape)

    def _operands(self, op: Op, index: tuple[int, ...], shape: tuple[int, ...]) -> tuple[float, ...]:
        found: list[float] = []
        written = dict(op.params)
        for place, val in enumerate(op.ins):
            if val is None:
                number = _literal(written.get(f"input {place}", ""))
                if number is not None:
                    found.append(number)
                continue
            array = self.tape.value(val)
            if array is None or (array.shape != shape and not _broadcasts(array.shape, shape)):
                return ()
            found.append(float(np.real(np.broadcast_to(array, shape)[index])))
        for name in ("exponent", "other"):
            number = _literal(written.get(name, ""))
            if number is not None and name not in [f"input {i}" for i in range(len(op.ins))]:
                found.append(number)
        return tuple(found)

    # ------------------------------------------------------------------------------------------ backward

    def _hook(self, event: HookCalled) -> Finding:
        evidence = self.evidence
        hook = self.tape.hooks[event.hook]
        place = evidence.place("hook", (hook.at,), f"the hook {hook.function} returns it") if hook.at is not None else None
        text = f"The hook {hook.function} was given finite gradients and returned one that is not finite."
        return Finding(
            Kind.NAN,
            "hook",
            Severity.FAULT,
            f"The hook {hook.function} returned NaN or infinity",
            text,
            "Look at what the hook computes; a division by a norm that can be 0 is the usual cause.",
            evidence.places(place),
            event.node,
            None,
            None,
            event.i,
            event.run,
            {"hook": event.hook},
        )

    def _node(self, event: NodeExit) -> Finding | None:
        entered = self.entered.get((event.run, event.node))
        if entered is None or any(val in self.bad for val in entered.grads):
            return None  # passed on
        evidence = self.evidence
        node = self.tape.nodes[event.node]
        op = evidence.op_of(node)
        place = next(i for i, val in enumerate(event.grads) if val in self.bad)
        val = event.grads[place]
        assert val is not None
        kind = "NaN" if val in self.nan else "infinity"
        index = _first_bad(self.tape.value(val))
        g = self._at(entered.grads[0] if entered.grads else None, index, val)
        operands: tuple[float, ...] = ()
        if op is not None and index is not None:
            operands = self._operands(op, index, self.tape.tensors[val.tensor].meta.shape) or self._first_operand(op, index)
        rule = backward_rule(op.name, operands, g) if op is not None else None
        if rule is None and kind == "infinity" and g is not None and all(map(math.isfinite, (*operands, g))):
            rule = backward_overflow(self.tape.tensors[val.tensor].meta.dtype)
        masked = self._masked(event, node) if kind == "NaN" or g == 0 else None
        name = op.name if op is not None else node.name
        line = evidence.line(op.stack) if op is not None else "an unknown line"
        text = f"The backward of {name} ({line}) was given finite gradients and made {kind}"
        text += f" at element {list(index)}" if index else ""
        text += f": {rule.text}." if rule is not None else "."
        if operands:
            text += f" The operands there are {', '.join(map(_number, operands))}"
            text += f", the gradient that arrived is {_number(g)}." if g is not None else "."
        reason = rule.reason if rule is not None else "backward"
        fix = rule.fix if rule is not None else "Look at the operands of the forward op: its slope is not finite there."
        if node.kind.name == "CUSTOM":
            reason, fix = (
                "custom-backward",
                "The backward of your own Function made it: check it with torch.autograd.gradcheck at this input.",
            )
        places = [evidence.place("born", op.stack, f"the backward of {name} makes it")] if op is not None else []
        if masked is not None:
            reason = "masked-where"
            other = evidence.op_of(masked)
            if other is not None:
                places.append(evidence.place("masked", other.stack, f"{other.name} masks the value, but not its slope"))
            text += (
                f" {other.name if other else 'where'} did not choose this element, so its gradient is 0; but backward goes through the"
                " branch that was not chosen, and 0 times an infinite slope is NaN."
            )
            fix = (
                "Mask the operand as well as the result (the double where): x_safe = torch.where(ok, x, torch.ones_like(x)); "
                f"torch.where(ok, {name}(x_safe), other)."
            )
        if event.run is not None:
            used = evidence.place("used", self.tape.runs[event.run].stack, "the backward that meets it")
            places.append(used)
        text += self._poisoned_text(event.run)
        details = {
            "phase": "backward",
            "element": list(index) if index is not None else None,
            "operands": [_json(x) for x in operands],
            "gradient": _json(g) if g is not None else None,
            "edge": place,
            "poisoned": self._poisoned(event.run),
        }
        return Finding(
            Kind.NAN,
            reason,
            Severity.FAULT,
            f"The backward of {name} made {kind}",
            text,
            fix,
            evidence.places(*places),
            node.id,
            op.id if op is not None else None,
            val.tensor,
            event.i,
            event.run,
            details,
        )

    def _first_operand(self, op: Op, index: tuple[int, ...]) -> tuple[float, ...]:
        """For ops that reduce: the element of the first input alone."""
        array = self.tape.value(op.ins[0]) if op.ins and op.ins[0] is not None else None
        if array is None or len(index) != array.ndim:
            return ()
        try:
            return (float(np.real(array[index])),)
        except IndexError:
            return ()

    def _at(self, val: Val | None, index: tuple[int, ...] | None, like: Val) -> float | None:
        array = self.tape.value(val) if val is not None else None
        shape = self.tape.tensors[like.tensor].meta.shape
        if array is None or index is None or not _broadcasts(array.shape, shape):
            return None
        return float(np.real(np.broadcast_to(array, shape)[index]))

    def _masked(self, event: NodeExit, node: Node) -> Node | None:
        """The ``where`` above a node through which its gradient came, if there is one near."""
        senders: dict[int, list[int]] = {}
        for added in self.tape.events.of_kind(GradAdded):
            if added.run == event.run and added.src is not None:
                senders.setdefault(added.dst.node, []).append(added.src.node)
        level = [node.id]
        for _ in range(ELEMENTWISE_REACH):
            level = [above for one in level for above in senders.get(one, ())]
            for number in level:
                op = self.evidence.op_of(self.tape.nodes[number])
                if op is not None and op.name in MASKS:
                    return self.tape.nodes[number]
        return None

    def _stored(self, event: GradStored) -> Finding | None:
        """A ``.grad`` stopped being finite although what was added is: the sum overflowed."""
        run = self.tape.runs[event.run] if event.run is not None else None
        name = self.evidence.described(Val(event.tensor, 0))
        text = f"The gradient of {name} was finite, what was added to it is finite, and the sum is not: it left the range of the type."
        places = self.evidence.places(self.evidence.place("used", run.stack) if run is not None else None)
        return Finding(
            Kind.NAN,
            "accumulation-overflow",
            Severity.FAULT,
            "A gradient overflowed while it was accumulated",
            text,
            "Call zero_grad() between steps, scale the loss down, or keep gradients in float32.",
            places,
            None,
            None,
            event.tensor,
            event.i,
            event.run,
        )

    # ------------------------------------------------------------------------------------------ words

    def _poisoned(self, run: int | None) -> list[str]:
        """The leaves whose ``.grad`` is not finite after a run."""
        names = []
        for tensor, events in self.evidence.stored.items():
            if any(event.run == run and event.val in self.bad for event in events):
                names.append(self.tape.tensors[tensor].name or f"#{tensor}")
        return names

    def _poisoned_text(self, run: int | None) -> str:
        names = self._poisoned(run)
        if not names:
            return ""
        shown = ", ".join(f"`{name}`" for name in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        return f" It reached the gradients of {len(names)} parameters: {shown}."

    def _way(self, birth: Birth) -> str:
        names = [op.name for op in birth.way]
        if len(names) < 2:
            return ""
        shown = names if len(names) <= 8 else [*names[:4], f"({len(names) - 7} more)", *names[-3:]]
        return f" From there it went on: {' -> '.join(shown)}."

    def _details(self, birth: Birth, index: Sequence[int] | None, operands: Sequence[float], phase: str) -> dict[str, Any]:
        return {
            "phase": phase,
            "element": list(index) if index is not None else None,
            "operands": [_json(x) for x in operands],
            "path": [op.id for op in birth.way[:1000]],
            "infinity": birth.infinity.id if birth.infinity is not None else None,
        }


def _broken_count(stats: Stats) -> int:
    return stats.nans + stats.posinfs + stats.neginfs


def _first_bad(array: Array | None) -> tuple[int, ...] | None:
    """The index of the first element that is NaN, else of the first that is infinite."""
    if array is None or array.dtype.kind in "biu":
        return None
    wrong = np.isnan(array)
    if not wrong.any():
        wrong = ~np.isfinite(array)
        if not wrong.any():
            return None
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), array.shape)) if array.ndim else ()


def _broadcasts(shape: tuple[int, ...], wider: tuple[int, ...]) -> bool:
    return len(shape) <= len(wider) and all(n in (1, m) for n, m in zip(reversed(shape), reversed(wider), strict=False))


def _literal(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _number(x: float | None) -> str:
    return "unknown" if x is None else f"{x:.6g}"


def _json(x: float) -> float | str:
    return x if np.isfinite(x) else str(x)


__all__ = ["Birth", "Rule", "Slot", "not_finite"]
