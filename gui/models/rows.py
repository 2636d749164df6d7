"""What a row of the history says: its name, numbers and place, and the facts that a filter asks for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gradstep.engine.tape.kernels import KernelBook
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Frame, GradStored, HookCalled, HookKind, NodeEnter, NodeExit, NodeKind, Role, Val

from ..translation import translate
from ..widgets.formats import number, seconds, shape_text, short_name
from .history import History, norm_of
from .named import Given, Key, both
from .row_table import Row, RowKind

HOOK_NAMES = {
    HookKind.TENSOR: "tensor hook", HookKind.RETAIN: "retain_grad", HookKind.NODE_PRE: "node pre-hook",
    HookKind.POST_ACCUMULATE: "post-accumulate hook", HookKind.NODE_POST: "node hook", HookKind.MODULE_PRE: "module backward pre-hook",
    HookKind.MODULE: "module backward hook", HookKind.FORWARD_PRE: "forward pre-hook", HookKind.FORWARD: "forward hook",
    HookKind.PACK: "pack hook", HookKind.UNPACK: "unpack hook", HookKind.MULTI_GRAD: "multi-grad hook",
}  # fmt: skip


def hook_name(kind: HookKind) -> str:
    """What a kind of hook is called."""
    return translate("Hooks", HOOK_NAMES[kind])


@dataclass(frozen=True, slots=True)
class RowFacts:
    """Everything about a row that is shown in a column or asked for by a filter."""

    kind: RowKind
    name: str
    op: str  # the op's or node's short name, for its colour and ``$op``
    module: str
    number: str  # what stands in the first column
    norm: float  # NaN where unknown
    nans: int
    infs: int
    duration: float  # seconds, NaN where unknown
    hook: str = ""
    shape: str = ""

    @property
    def bad(self) -> bool:
        """Whether a NaN or an infinity is in it."""
        return self.nans + self.infs > 0

    def norm_text(self) -> str:
        """The norm as shown; empty where unknown."""
        return "" if math.isnan(self.norm) and not self.bad else number(self.norm, 3)

    def bad_text(self) -> str:
        """How many NaNs and infinities, in words that need no colour."""
        parts = ([f"{self.nans} nan"] if self.nans else []) + ([f"{self.infs} inf"] if self.infs else [])
        return ", ".join(parts)

    def duration_text(self) -> str:
        """The time it took, with its unit."""
        return "" if math.isnan(self.duration) else seconds(self.duration)


class LazyFacts:
    """The facts of a row, each worked out when it is asked for: a filter asks 100,000 rows for one of them."""

    __slots__ = ("_full", "_reader", "_row")

    def __init__(self, reader: RowReader, row: Row) -> None:
        self._reader, self._row = reader, row
        self._full: RowFacts | None = None

    def _all(self) -> RowFacts:
        if self._full is None:
            self._full = self._reader.facts(self._row)
        return self._full

    @property
    def kind(self) -> RowKind:
        return self._row.kind

    @property
    def name(self) -> str:
        if self._row.kind is RowKind.OP:
            return self._reader.op_name(self._row.key)
        return self._all().name

    @property
    def op(self) -> str:
        if self._row.kind is RowKind.OP:
            return self._reader.tape.ops[self._row.key].name
        if self._row.kind is RowKind.STEP:
            return short_name(self._reader.tape.nodes[self._row.key].name)
        return self._all().op

    @property
    def module(self) -> str:
        return self._reader.node_module(self._row.key) if self._row.kind is RowKind.STEP else self._all().module

    @property
    def number(self) -> str:
        return self._all().number

    @property
    def norm(self) -> float:
        if self._row.kind is RowKind.OP:
            return math.nan
        parent = self._row.parent
        if self._row.kind is RowKind.STEP and parent is not None and parent.steps is not None:
            return parent.steps.norms[parent.steps.place_of(self._row.uid)]
        return self._all().norm

    @property
    def nans(self) -> int:
        return self._all().nans if self._may_be_bad() else 0

    @property
    def infs(self) -> int:
        return self._all().infs if self._may_be_bad() else 0

    def _may_be_bad(self) -> bool:
        bad = self._reader.history.bad_values
        if not bad:
            return False
        if self._row.kind is RowKind.OP:
            return any(out in bad for out in self._reader.tape.ops[self._row.key].outs)
        return True

    @property
    def duration(self) -> float:
        return self._all().duration

    @property
    def hook(self) -> str:
        return self._all().hook if self._row.kind is RowKind.HOOK else ""


class RowReader:
    """Makes the facts of rows from the tape when they are asked for."""

    def __init__(self, tape: Tape, history: History) -> None:
        self.tape = tape
        self.history = history
        self.given = Given(tape, ())
        self.kernels = KernelBook(tape)

    def facts(self, row: Row) -> RowFacts:
        """The facts of a row."""
        match row.kind:
            case RowKind.FORWARD:
                return self._forward(row)
            case RowKind.CALL:
                return self._call(row)
            case RowKind.OP:
                return self._op(row)
            case RowKind.BACKWARD:
                return self._backward(row)
            case RowKind.STEP:
                return self._step(row)
            case RowKind.HOOK:
                return self._hook(row)
            case RowKind.STORED:
                return self._stored(row)
            case RowKind.EDITED:
                name = self.node_name(row.key)
                return _facts(row, translate("Rows", "Edited gradient of {0}").format(name), op=short_name(name), number=f"#{row.first}")

    def _bad(self, vals: Iterable[Val | None]) -> tuple[int, int]:
        return self.history.bad_values.count(self.tape, vals)

    def node_name(self, node: int) -> str:
        """The node's name, behind the user's where he gave it one; an AccumulateGrad says of what."""
        return both(self.given(("node", node)), self.own_node_name(node))

    def op_name(self, op: int) -> str:
        """An op's name, behind the user's where he gave it one; "" of one that the tape has not."""
        noun = self.tape.ops.get(op)
        return both(self.given(("op", op)), noun.name) if noun is not None else ""

    def own_node_name(self, node: int) -> str:
        """The node's name without one that the user gave it."""
        noun = self.tape.nodes.get(node)
        if noun is None:
            return translate("Rows", "node {0}").format(node)
        if noun.kind is NodeKind.ACCUMULATE and noun.variable is not None:
            words = self.given(("leaf", noun.variable))
            return f"{noun.name} {both(words, self.own_tensor_name(noun.variable, leaf=True))}"
        return noun.name

    def tensor_name(self, tensor: int, leaf: bool = False) -> str:
        """The user's name, or the parameter's, or what made the tensor, or its number. ``leaf``: it is known to be one."""
        return self.given(("leaf", tensor)) or self.own_tensor_name(tensor, leaf)

    def own_tensor_name(self, tensor: int, leaf: bool = False) -> str:
        """The name without one that the user gave it."""
        noun = self.tape.tensors.get(tensor)
        if noun is not None and noun.name:
            return noun.name
        op = self.tape.ops.get(self.history.maker.get(tensor, 0))
        if op is not None:
            place = next((i for i, out in enumerate(op.outs) if out.tensor == tensor), 0)
            return f"{op.name}.{place}" if len(op.outs) > 1 else translate("Rows", "output of {0}").format(op.name)
        leaf = leaf or (noun is not None and noun.role is Role.LEAF)
        return (translate("Rows", "leaf {0}") if leaf else translate("Rows", "tensor {0}")).format(tensor)

    def node_module(self, node: int) -> str:
        """The module call in which the node's forward op ran; for a leaf the module that owns the parameter."""
        noun = self.tape.nodes.get(node)
        if noun is None:
            return ""
        if noun.variable is not None:
            variable = self.tape.tensors.get(noun.variable)
            return variable.name.rpartition(".")[0] if variable is not None else ""
        op = self.tape.ops.get(noun.op) if noun.op is not None else None
        return self.call_path(op.call) if op is not None else ""

    def call_path(self, call: int | None) -> str:
        """The path of a module call, its type where the path is empty."""
        noun = self.tape.calls.get(call) if call is not None else None
        return (noun.path or noun.type) if noun is not None else ""

    def frame(self, row: Row) -> Frame | None:
        """Where in the user's code the row belongs."""
        match row.kind:
            case RowKind.OP:
                op = self.tape.ops.get(row.key)
                return op.stack[0] if op is not None and op.stack else None
            case RowKind.STEP | RowKind.EDITED:
                return self.node_frame(row.key)
            case RowKind.HOOK:
                hook = self.tape.hooks.get(row.key)
                return hook.at if hook is not None else None
            case RowKind.BACKWARD:
                run = self.tape.runs.get(row.key)
                return run.stack[0] if run is not None and run.stack else None
            case _:
                first = next(self._ops(row), None)
                return self.frame(first) if first is not None else None

    def node_frame(self, node: int) -> Frame | None:
        """The innermost frame of the user's code in which the node's forward op ran."""
        noun = self.tape.nodes.get(node)
        op = self.tape.ops.get(noun.op) if noun is not None and noun.op is not None else None
        return op.stack[0] if op is not None and op.stack else None

    # ---------------------------------------------------------------------------------------------------- one kind each

    def _ops(self, row: Row) -> Iterator[Row]:
        pending = list(reversed(row.children))
        while pending:
            child = pending.pop()
            if child.kind is RowKind.OP:
                yield child
            elif child.kind is RowKind.CALL:
                pending.extend(reversed(child.children))

    def _forward(self, row: Row) -> RowFacts:
        graph = row.uid in self.history.with_graph or next(self._ops(row), None) is None
        return _facts(row, (translate("Rows", "Forward {0}") if graph else translate("Rows", "Without gradient {0}")).format(row.key))

    def _call(self, row: Row) -> RowFacts:
        call = self.tape.calls.get(row.key)
        if call is None:
            return _facts(row, translate("Rows", "call {0}").format(row.key))
        name = call.path.rpartition(".")[2]
        return _facts(row, self._headed(("group", row.key), f"{name}  {call.type}" if name else call.type), module=call.path)

    def _op(self, row: Row) -> RowFacts:
        op = self.tape.ops.get(row.key)
        if op is None:
            return _facts(row, translate("Rows", "op {0}").format(row.key))
        nans, infs = self._bad(op.outs)
        out = self.tape.tensors.get(op.outs[0].tensor) if op.outs else None
        return _facts(
            row, self._headed(("op", row.key), op.name), op=op.name, module=self.call_path(op.call), number=str(op.id), nans=nans,
            infs=infs, duration=op.duration, shape=shape_text(out.meta.shape) if out is not None else "",
        )  # fmt: skip

    def _backward(self, row: Row) -> RowFacts:
        events = self.tape.events
        duration = events[row.last].time - events[row.first].time if row.last > row.first else math.nan
        runs = self.history.runs
        number = next((place for place, steps in enumerate(runs) if steps.run == row.key), 0)
        return _facts(row, translate("Rows", "Backward {0}").format(number), number=f"#{row.first}", duration=duration)

    def _step(self, row: Row) -> RowFacts:
        node = self.tape.nodes.get(row.key)
        enter = self.entered(row)
        grads = enter.grads if enter is not None else ()
        sent: tuple[Val | None, ...] = ()
        duration = math.nan
        if row.last >= 0:
            leave = self.tape.events[row.last]
            if isinstance(leave, NodeExit):
                sent = leave.grads
                duration = leave.time - (enter.time if enter is not None else self.tape.events[row.first].time)
        nans, infs = self._bad(grads)
        if not nans and not infs:
            nans, infs = self._bad(sent)
        meta = next((meta for meta in node.ins if meta is not None), None) if node is not None else None
        name = self.own_node_name(row.key)
        if node is not None and node.kind is NodeKind.ACCUMULATE:
            name = "  ".join(reversed(name.split(" ", 1)))
        return _facts(
            row, self._headed(("node", row.key), name), op=short_name(node.name) if node is not None else "",
            module=self.node_module(row.key),
            number=f"#{enter.i if enter is not None else row.first}",
            norm=norm_of(self.tape, grads), nans=nans, infs=infs, duration=duration,
            shape=shape_text(meta.shape) if meta is not None else "",
        )  # fmt: skip

    def _headed(self, key: Key, own: str) -> str:
        """A name as it stands in a row: the user's in front, the own one softly behind it."""
        words = self.given(key)
        return f"{words}  {own}" if words else own

    def entered(self, row: Row) -> NodeEnter | None:
        """The NodeEnter event of a step, None while only its first hooks ran."""
        steps = row.parent.steps if row.parent is not None else None
        found = steps.place_of(row.uid) if steps is not None else -1
        place = steps.enters[found] if steps is not None and found >= 0 else row.first
        event = self.tape.events[place]
        return event if isinstance(event, NodeEnter) else None

    def _hook(self, row: Row) -> RowFacts:
        hook = self.tape.hooks.get(row.key)
        event = self.tape.events[row.first]
        if hook is None or not isinstance(event, HookCalled):
            return _facts(row, translate("Rows", "hook {0}").format(row.key))
        vals = event.after or event.before
        name = f"{hook.function}  {hook_name(hook.kind)}" if hook.kind is not HookKind.RETAIN else hook_name(hook.kind)
        nans, infs = self._bad(vals)
        return _facts(
            row, name, module=self.node_module(event.node) if event.node is not None else "",
            number=f"#{row.first}", norm=norm_of(self.tape, vals), nans=nans, infs=infs, hook=hook.function,
        )  # fmt: skip

    def _stored(self, row: Row) -> RowFacts:
        event = self.tape.events[row.first]
        vals = (event.val,) if isinstance(event, GradStored) else ()
        nans, infs = self._bad(vals)
        name = self.tensor_name(row.key, leaf=True)
        words = translate("Rows", "{0}.grad stored").format(name)
        return _facts(
            row, words, op="AccumulateGrad", module=self.own_tensor_name(row.key, leaf=True).rpartition(".")[0], number=f"#{row.first}",
            norm=norm_of(self.tape, vals), nans=nans, infs=infs,
        )  # fmt: skip


def _facts(
    row: Row, name: str, *, op: str = "", module: str = "", number: str = "", norm: float = math.nan, nans: int = 0, infs: int = 0,
    duration: float = math.nan, hook: str = "", shape: str = "",
) -> RowFacts:  # fmt: skip
    return RowFacts(row.kind, name, op, module, number, norm, nans, infs, duration, hook, shape)
