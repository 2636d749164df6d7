"""The questions that diagnoses ask of a tape: who made this value, who changed it, where is that in the user's code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..tape.graph import calls_of, user_line
from ..tape.schema import Bumped, Frame, Freed, GradStored, Node, NodeEnter, NodeExit, NodeKind, Op, Role, RunBegin, RunEnd, Tensor, Val
from .finding import Place
from .sources import Sources

if TYPE_CHECKING:
    from ..tape.reader import Tape


@dataclass(frozen=True, slots=True)
class Ending:
    """The exception that ended a script, and the user's line that raised it."""

    type: str
    text: str
    frame: Frame | None


@dataclass(frozen=True, slots=True)
class Optimizer:
    """An optimizer that made a step: its class, the ids of its parameters, the line that made it."""

    type: str
    tensors: frozenset[int]
    frame: Frame | None


class Evidence:
    """A tape with the indexes that diagnoses share; made once, each index when first asked for."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.sources = Sources(tape.sources)

    # ------------------------------------------------------------------------------------------ values and their makers

    @cached_property
    def _makers(self) -> dict[Val, Op]:
        return {val: op for op in reversed(list(self.tape.ops.values())) for val in op.outs}

    @cached_property
    def changes(self) -> dict[int, list[Bumped]]:
        """In-place changes by storage, in order."""
        found: dict[int, list[Bumped]] = {}
        for event in self.tape.events.of_kind(Bumped):
            found.setdefault(self.storage(event.tensor), []).append(event)
        return found

    def storage(self, tensor: int) -> int:
        """The memory that a tensor shares with its base and its views."""
        return self.tape.tensors[tensor].storage

    def maker(self, val: Val) -> Op | None:
        """The op that made a value: as its output, or by writing it in place. None for data and leaves."""
        made = self._makers.get(val)
        if made is not None:
            return made
        for event in reversed(self.changes.get(self.storage(val.tensor), [])):
            if event.new <= val.version and event.by is not None:
                return self.tape.ops.get(event.by)
        return self._makers.get(Val(val.tensor, 0))

    @cached_property
    def _origins(self) -> dict[int, Op]:
        found: dict[int, Op] = {}
        for op in self.tape.ops.values():
            taken = {val.tensor for val in op.ins if val is not None}
            for val in op.outs:
                if val.tensor not in taken:
                    found.setdefault(val.tensor, op)
        return found

    def origin(self, tensor: int) -> Op | None:
        """The op that a tensor first came from, whatever was written into it since. None for data and leaves."""
        return self._origins.get(tensor)

    def family(self, tensor: int) -> list[Tensor]:
        """A tensor, the one it is a view of, and so on to the base."""
        chain = [self.tape.tensors[tensor]]
        while chain[-1].base is not None and len(chain) < 1000:
            chain.append(self.tape.tensors[chain[-1].base])
        return chain

    # ------------------------------------------------------------------------------------------ places

    def frame(self, stack: Iterable[Frame]) -> Frame | None:
        """The user's own frame of a stack: the innermost that is not an installed package's."""
        frames = tuple(stack)
        wanted = user_line(frames)
        return next((frame for frame in frames if (frame.file, frame.line) == wanted), None)

    def place(self, role: str, stack: Iterable[Frame], what: str = "") -> Place | None:
        """A place for a finding; None where the stack has no frame."""
        frame = self.frame(stack)
        return None if frame is None else Place(role, frame, self.sources.line(frame), what)

    def places(self, *places: Place | None) -> tuple[Place, ...]:
        """Those that are there."""
        return tuple(place for place in places if place is not None)

    def line(self, stack: Iterable[Frame]) -> str:
        """``line 12``, with the file where a script has several; "an unknown line" where there is none."""
        frame = self.frame(stack)
        if frame is None:
            return "an unknown line"
        several = len(self.tape.sources) > 1
        return f"line {frame.line} of {frame.file.rpartition('/')[2]}" if several else f"line {frame.line}"

    @staticmethod
    def frame_of(facts: Mapping[str, Any]) -> Frame | None:
        """The place in a note of the recorder's; None where it has none."""
        file, line = facts.get("file"), facts.get("line")
        return Frame(file, line, str(facts.get("function", ""))) if isinstance(file, str) and file and isinstance(line, int) else None

    def notes(self, kind: str) -> Iterator[Mapping[str, Any]]:
        """The facts in the recorder's notes of a kind."""
        for note in self.tape.notes:
            if note.kind == kind:
                try:
                    facts = json.loads(note.text)
                except (ValueError, RecursionError):
                    continue
                if isinstance(facts, dict):
                    yield facts

    def changed_at(self, change: Bumped) -> Frame | None:
        """The line of an in-place change that no op on the tape made (``out=``, torch.nn.init): noted where it is another than before."""
        noted = self._changed_at.get(change.tensor, {})
        version = max((version for version in noted if version <= change.new), default=None)
        return None if version is None else noted[version]

    @cached_property
    def _changed_at(self) -> dict[int, dict[int, Frame]]:
        found: dict[int, dict[int, Frame]] = {}
        for facts in self.notes("changed"):
            frame, tensor, version = self.frame_of(facts), facts.get("tensor"), facts.get("version")
            if frame is not None and isinstance(tensor, int) and isinstance(version, int):
                found.setdefault(tensor, {})[version] = frame
        return found

    @cached_property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers that made a step."""
        found = []
        for facts in self.notes("optimizer"):
            tensors = facts.get("tensors")
            if isinstance(tensors, list):
                known = frozenset(t for t in tensors if isinstance(t, int) and t in self.tape.tensors)
                found.append(Optimizer(str(facts.get("type", "")), known, self.frame_of(facts)))
        return found

    @cached_property
    def parameters(self) -> frozenset[int]:
        """The leaves that are parameters: those of which the recorder noted it; on a tape without such notes those with a name."""
        notes = list(self.notes("parameters"))
        if notes:
            noted = [t for facts in notes if isinstance(facts.get("tensors"), list) for t in facts["tensors"]]
            return frozenset(t for t in noted if isinstance(t, int) and t in self.tape.tensors)
        return frozenset(t.id for t in self.tape.tensors.values() if t.role == Role.LEAF and t.name)

    @cached_property
    def ending(self) -> Ending | None:
        """The exception that ended the script; None where none did."""
        facts = list(self.notes("end"))
        return Ending(str(facts[-1].get("type", "")), str(facts[-1].get("text", "")), self.frame_of(facts[-1])) if facts else None

    # ------------------------------------------------------------------------------------------ words

    def module(self, op: Op) -> str:
        """The path and class of the innermost module that an op ran in; "" outside of modules."""
        calls = calls_of(self.tape, op.call)
        if not calls:
            return ""
        call = self.tape.calls[calls[-1]]
        return f"{call.path} ({call.type})" if call.path else call.type

    def names(self, op: Op) -> tuple[str, ...]:
        """The variables that an op's result was assigned to, as far as its line tells; () for a value in the middle of a line."""
        return self._named(op)[0]

    def _named(self, op: Op) -> tuple[tuple[str, ...], Frame | None]:
        """The variables that hold an op's result, and the frame that assigned them: that of the op, or where it is returned to."""
        for depth, frame in enumerate(op.stack):
            if not self._gives(op, depth):
                break
            names = self.sources.assigned(frame)
            if names:
                return names, frame
            if not self.sources.returns(frame):
                break
        return (), None

    def _gives(self, op: Op, depth: int) -> bool:
        """Whether an op's result is what the statement at that depth of its stack comes to, and not a value on the way to it."""
        if depth == 0 and op.name in self.sources.outermost(op.stack[0]):
            return True
        later = self._next.get(op.id)
        outer = len(op.stack) - depth  # frames from the outermost to this one
        return later is None or len(later.stack) < outer or later.stack[-outer] != op.stack[depth]

    @cached_property
    def _next(self) -> dict[int, Op]:
        """By op, the next one that ran in the forward of its thread."""
        found: dict[int, Op] = {}
        last: dict[int, int] = {}
        for op in self.tape.ops.values():
            if op.node is None and op.stack:
                if op.thread in last:
                    found[last[op.thread]] = op
                last[op.thread] = op.id
        return found

    def name(self, val: Val) -> str:
        """What the user would call a value: a parameter's name, else the variable that its line assigned; "" if neither."""
        tensor = self.tape.tensors[val.tensor]
        if tensor.name:
            return tensor.name
        maker = self.origin(val.tensor)
        if maker is not None:
            names = self.names(maker)
            if len(names) == 1:
                return names[0]
            places = [i for i, out in enumerate(maker.outs) if out.tensor == val.tensor]
            if len(names) == len(maker.outs) and len(places) == 1:
                return names[places[0]]
        return ""

    def born(self, val: Val) -> Frame | None:
        """The line at which a value got its name; the one of the op that made it where it has none."""
        maker = self.maker(val)
        if maker is None:
            return None
        return self._named(maker)[1] or self.frame(maker.stack)

    def described(self, val: Val) -> str:
        """A value in words: "`h`, the result of exp at line 3", "the parameter `0.weight`"."""
        tensor = self.tape.tensors[val.tensor]
        shape = f"{tensor.meta.dtype} {list(tensor.meta.shape)}"
        base = self.family(val.tensor)[-1]
        if base.role == Role.LEAF and base.name:
            what = "the parameter" if base is tensor else "a view of the parameter"
            return f"{what} `{base.name}` ({shape})"
        maker = self.origin(val.tensor)
        name = self.name(val)
        called = f"`{name}`, " if name else ""
        if maker is None:
            return f"{called}{'a leaf' if tensor.role == Role.LEAF else 'data that no op made'} ({shape})"
        return f"{called}the result of {maker.name} at {self.line(maker.stack)} ({shape})"

    # ------------------------------------------------------------------------------------------ backward

    @cached_property
    def begins(self) -> dict[int, RunBegin]:
        """By run, the event that began it."""
        return {event.run: event for event in self.tape.events.of_kind(RunBegin) if event.run is not None}

    @cached_property
    def ends(self) -> dict[int, RunEnd]:
        """By run, the event that ended it."""
        return {event.run: event for event in self.tape.events.of_kind(RunEnd) if event.run is not None}

    @cached_property
    def freed(self) -> dict[int, Freed]:
        """By node, the event that freed what it had saved."""
        found: dict[int, Freed] = {}
        for event in self.tape.events.of_kind(Freed):
            found.setdefault(event.node, event)
        return found

    def failed(self) -> Iterator[tuple[int, str, Node | None, int]]:
        """Runs that ended in an error: run, the error's text, the node that was running, and the event that entered it."""
        for run, end in self.ends.items():
            if end.error:
                entered: dict[int, int] = {}
                for event in self._around_nodes.get(run, ()):
                    if isinstance(event, NodeEnter):
                        entered[event.node] = event.i
                    else:
                        entered.pop(event.node, None)
                node = max(entered, key=entered.__getitem__) if entered else None
                yield run, end.error, self.tape.nodes[node] if node is not None else None, entered[node] if node is not None else end.i

    @cached_property
    def _around_nodes(self) -> dict[int, list[NodeEnter | NodeExit]]:
        found: dict[int, list[NodeEnter | NodeExit]] = {}
        events: list[NodeEnter | NodeExit] = [*self.tape.events.of_kind(NodeEnter), *self.tape.events.of_kind(NodeExit)]
        for event in sorted(events, key=lambda event: event.i):
            if event.run is not None:
                found.setdefault(event.run, []).append(event)
        return found

    @cached_property
    def stored(self) -> dict[int, list[GradStored]]:
        """By leaf, each time that its ``.grad`` was written."""
        found: dict[int, list[GradStored]] = {}
        for event in self.tape.events.of_kind(GradStored):
            found.setdefault(event.tensor, []).append(event)
        return found

    def below(self, roots: Iterable[int]) -> set[int]:
        """The nodes that gradients from these reach."""
        found: set[int] = set()
        waiting = list(roots)
        while waiting:
            node = waiting.pop()
            if node not in found and node in self.tape.nodes:
                found.add(node)
                waiting.extend(slot.node for slot in self.tape.nodes[node].next if slot is not None)
        return found

    def bytes_saved(self, nodes: Iterable[int]) -> int:
        """The bytes of memory that these nodes keep for backward, each memory once; leaves and data are kept anyway."""
        seen: set[int] = set()
        total = 0
        for node in nodes:
            for saved in self.tape.nodes[node].saved:
                if saved.val is None:
                    continue
                tensor = self.family(saved.val.tensor)[-1]
                if tensor.storage not in seen and tensor.role in (Role.ACTIVATION, Role.GRADIENT):
                    seen.add(tensor.storage)
                    total += byte_count(tensor)
        return total

    def op_of(self, node: Node) -> Op | None:
        """The forward op that a node is the backward of."""
        return self.tape.ops.get(node.op) if node.op is not None else None


SIZES = {"bool": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "float16": 2, "bfloat16": 2, "int32": 4, "uint32": 4, "float32": 4,
         "complex64": 8, "complex128": 16}  # fmt: skip


def byte_count(tensor: Tensor) -> int:
    """The bytes of a tensor's elements."""
    count = SIZES.get(tensor.meta.dtype, 8)
    for n in tensor.meta.shape:
        count *= n
    return count


def megabytes(count: int) -> str:
    """A number of bytes for people."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB" if count >= 1000 else f"{count} bytes"


def is_accumulate(node: Node) -> bool:
    """Whether a node adds into the ``.grad`` of a leaf."""
    return node.kind == NodeKind.ACCUMULATE
