"""A backward pass of a tape run again without the script: nodes from facts (``rebuild.py``), the engine's walk, every gradient compared.

``Replay`` is one pass. Its ``walk`` steps forwards and back like that of a live program. What comes by is held against the tape bit by
bit, in the order of the tape's events. What could not be computed is taken from the tape, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..autograd.hooks import HookDict, next_key
from ..autograd.node import AccumulateGrad, Edge, Node
from ..autograd.walk import Walk
from ..tape import recorder, schema, statistics
from ..tape.reader import Tape
from ..tape.recorder import Level, ListSink, Recorder
from ..tape.schema import (
    ASIDE,
    Edited,
    Event,
    GradAdded,
    GradStored,
    HookCalled,
    HookKind,
    NodeEnter,
    NodeExit,
    NodeKind,
    Rewound,
    Slot,
    Val,
)
from ..tensor import Tensor, wrap
from .rebuild import WRONG, NotMade, Rebuilder

_SEEN = (GradAdded, HookCalled, NodeEnter, GradStored, NodeExit, Edited)
_AROUND_MODULES = (HookKind.MODULE_PRE, HookKind.MODULE)
_LEFT_OUT = ASIDE | set(_AROUND_MODULES)  # hooks that are not called again


@dataclass(frozen=True, slots=True)
class Different:
    """A value that came out otherwise than on the tape. ``what``: arrived, entered, passed on, .grad; ``index`` is the slot or edge."""

    event: int
    node: int
    name: str
    what: str
    index: int
    text: str  # how

    @property
    def sentence(self) -> str:
        """It in words."""
        return f"{self.name} (node #{self.node}), {self.what} {self.index}: {self.text} (event {self.event})"


@dataclass
class Outcome:
    """How a pass went. Node ids by what became of them; a node is in one of these."""

    run: int
    nodes: int = 0  # that ran on the tape
    equal: list[int] = field(default_factory=list)  # computed, and all bits as on the tape
    alike: list[int] = field(default_factory=list)  # computed; the tape has only statistics of some values, and those are equal
    taken: dict[int, str] = field(default_factory=dict)  # from the tape, and why
    unknown: dict[int, str] = field(default_factory=dict)  # neither computed nor on the tape, and why
    differences: list[Different] = field(default_factory=list)
    hooks: int = 0  # that changed a gradient: what they gave is the tape's
    parted: str = ""  # where the order of things was another one
    ended: str = ""  # the error in which the pass on the tape ended

    @property
    def same(self) -> bool:
        """Whether nothing that was compared differs."""
        return not self.differences and not self.parted

    def reasons(self) -> dict[str, int]:
        """Why nodes were taken from the tape or could not be looked at, and how many."""
        return dict(Counter([*self.taken.values(), *self.unknown.values()]).most_common())


class Unplayable(Exception):
    """A pass cannot be replayed at all; the reason in words."""


class Parted(Exception):
    """The replay did something else than the tape has at this place."""


class Replayed(Node):
    """A node of the tape: its rule where it could be made, else what the tape has."""

    __slots__ = ("_name", "replay", "rule")

    def __init__(self, replay: Replay, fact: schema.Node, edges: Sequence[Edge | None], slots: Sequence[Any], rule: Node | None) -> None:
        super().__init__(edges, slots)
        self.sequence, self.id, self._name = fact.sequence, fact.id, fact.name
        self.replay, self.rule = replay, rule

    def name(self) -> str:
        return self._name

    def apply(self, grads: tuple[Any, ...], edges: Sequence[Edge | None] | None = None) -> Sequence[Any]:
        return self.replay.passed(self, grads, edges)


class Replay:
    """One backward pass of a tape, ready to be stepped. Raises Unplayable."""

    def __init__(self, tape: Tape, run: int) -> None:
        self.tape = tape
        self.facts = tape.runs[run]
        self.rebuilder = Rebuilder(tape)
        self.outcome = Outcome(run)
        self.events = lasting(tape, run)
        self.nodes: dict[int, Node] = {}
        self.unknown: set[Slot] = set()  # slots at which a gradient arrived that nobody knows
        self._leaves: dict[int, Tensor] = {}
        self._kept: list[Tensor] = []  # that retain their gradients
        self._exits = {event.node: event for event in self.events if isinstance(event, NodeExit)}
        self._entered = {event.node: event for event in self.events if isinstance(event, NodeEnter)}
        self._raw: dict[int, tuple[Val | None, ...]] = {}  # what nodes gave before their post-hooks
        self.outcome.nodes = len(self._entered)
        self._build()
        self._set_grads()
        self._set_hooks()
        self._comparing = _Comparing(self)
        self.walk = self._begin()

    # ------------------------------------------------------------------------------------------------------------ going

    def step(self) -> bool:
        """Run the next node as the tape has it; False at the end, which is where the tape's pass ended."""
        node = self.walk.next_node
        if node is None or self.outcome.parted or (node.id in self.facts.needed and node.id not in self._exits):
            return False
        with self._comparing:
            try:
                self._comparing.edits()
                self.walk.step()
            except Parted as parted:
                self.outcome.parted = str(parted)
                return False
            except NotMade as reason:  # what a hook gave, or an edit, is damaged
                self.outcome.parted = f"at {node.name()} (node #{node.id}): {reason}"
                return False
            except WRONG as error:
                self.outcome.parted = f"at {node.name()} (node #{node.id}) the facts do not fit: {type(error).__name__}: {str(error)[:200]}"
                return False
        return True

    def step_back(self) -> bool:
        """Undo the last step exactly."""
        with self._comparing:
            return self.walk.step_back()

    def run(self) -> Outcome:
        """Take all steps and say how it went."""
        while self.step():
            pass
        return self.judged()

    def judged(self) -> Outcome:
        """How it went so far, node by node."""
        outcome, found = self.outcome, self._comparing
        outcome.differences = [found.differences[at] for at in sorted(found.differences)]
        wrong = {one.node for one in outcome.differences}
        outcome.equal, outcome.alike = [], []
        for node in found.ran:
            if node not in wrong and node not in outcome.taken and node not in outcome.unknown:
                (outcome.alike if node in found.loosely else outcome.equal).append(node)
        return outcome

    # --------------------------------------------------------------------------------------------------------- the graph

    def _build(self) -> None:
        tape, rebuilder = self.tape, self.rebuilder
        waiting = [root.node for root in self.facts.roots]
        found: set[int] = set()
        while waiting:
            id = waiting.pop()
            if id not in found:
                found.add(id)
                waiting.extend(slot.node for slot in tape.nodes[id].next if slot is not None)
        for id in tape.nodes:  # the order of the tape: those behind an edge come first
            if id not in found:
                continue
            fact = tape.nodes[id]
            try:
                slots = rebuilder.slots(fact)
            except NotMade as reason:
                raise Unplayable(f"{fact.name} (node #{id}): {reason}") from None
            for slot in fact.next:
                if slot is not None and not (slot.node in self.nodes and slot.index < len(tape.nodes[slot.node].ins)):
                    raise Unplayable(f"{fact.name} (node #{id}) has an edge to slot {slot.index} of node #{slot.node}, which there is not")
            if fact.kind is NodeKind.ACCUMULATE:
                self.nodes[id] = self._accumulate(fact, slots)
                continue
            edges = [None if slot is None else (self.nodes[slot.node], slot.index) for slot in fact.next]
            rule, why = None, ""
            if id in self.facts.needed:
                rule, why = self._rule(fact)
            node = self.nodes[id] = Replayed(self, fact, edges, slots, rule)
            if rule is not None and not rule.next_edges:
                rule.next_edges = node.next_edges
            if why:
                self.outcome.taken[id] = why

    def _rule(self, fact: schema.Node) -> tuple[Node | None, str]:
        changed = [e for e in self.events if isinstance(e, HookCalled) and e.node == fact.id] if fact.kind is NodeKind.BOUNDARY else []
        if any(self.tape.hooks[e.hook].kind in _AROUND_MODULES and e.before != e.after for e in changed):
            return None, "a module's hook changed a gradient"
        try:
            return self.rebuilder.rule(fact), ""
        except NotMade as reason:
            return None, str(reason)
        except WRONG as error:
            return None, f"its facts make no node: {type(error).__name__}"

    def _accumulate(self, fact: schema.Node, slots: Sequence[Any]) -> Node:
        if fact.variable is None or len(slots) != 1 or slots[0] is None:
            raise Unplayable(f"node #{fact.id} adds to the gradient of nothing")
        leaf = self._leaves.get(fact.variable)
        shape, kind, _ = slots[0]
        if leaf is None:
            leaf = self._leaves[fact.variable] = wrap(np.broadcast_to(np.zeros((), kind.numpy), shape))
            leaf._requires_grad = True
        node = AccumulateGrad(leaf)
        node.id = fact.id
        return node

    def _begin(self) -> Walk:
        facts = self.facts
        if len(facts.seeds) != len(facts.roots):
            raise Unplayable("the tape has not as many seeds as roots")
        try:
            seeds = [self.rebuilder.tensor(seed) for seed in facts.seeds]
        except NotMade:
            raise Unplayable("the gradient that the pass began with was not kept: record with --level values") from None
        for root, seed in zip(facts.roots, seeds, strict=True):
            if root.index >= len(self.nodes[root.node].slots):
                raise Unplayable(f"the pass begins at slot {root.index} of node #{root.node}, which there is not")
            slot = self.nodes[root.node].slots[root.index]
            if seed is not None and slot is not None and tuple(seed.shape) != tuple(slot[0]):
                raise Unplayable(f"the seed of node #{root.node} has shape {list(seed.shape)}, it takes {list(slot[0])}")
        roots = [(self.nodes[root.node], root.index) for root in facts.roots]
        with self._comparing:
            try:
                walk = Walk(
                    roots,
                    seeds,
                    keep_graph=True,
                    create_graph=facts.create_graph,
                    inputs=self._inputs(),
                    accumulate=facts.accumulate,
                )
            except Parted as parted:
                raise Unplayable(str(parted)) from None
            except WRONG as error:
                raise Unplayable(f"the facts of the pass do not fit: {type(error).__name__}: {str(error)[:200]}") from None
        if {node.id for node in walk.needed} != facts.needed:
            raise Unplayable("which nodes the pass needed does not follow from the graph on the tape")
        return walk

    def _inputs(self) -> list[Edge] | None:
        """The slots whose gradients were asked for; None where all leaves were."""
        reached = {event.dst.node for event in self.events if isinstance(event, GradAdded)} | self.facts.needed
        everything = all(id in reached for id in self.nodes)
        if everything and self.facts.accumulate:
            return None
        slots = {event.dst for event in self.events if isinstance(event, GradAdded)}
        ends = [
            (self.nodes[slot.node], slot.index) for slot in sorted(slots) if slot.node not in self.facts.needed and slot.node in self.nodes
        ]
        if self.facts.accumulate:
            ends += [
                (self.nodes[id], 0) for id in sorted(self.facts.needed) if id in self.nodes and isinstance(self.nodes[id], AccumulateGrad)
            ]
        return ends

    # -------------------------------------------------------------------------------------------------- gradients, hooks

    def _set_grads(self) -> None:
        """The ``.grad`` that leaves and retaining tensors had before the pass."""
        seen: set[int] = set()
        for event in self.events:
            if isinstance(event, GradStored) and event.tensor not in seen:
                seen.add(event.tensor)
                leaf = self._leaves.get(event.tensor)
                if leaf is None:
                    leaf = self._leaves[event.tensor] = wrap(np.zeros(()))
                try:
                    leaf._grad = self.rebuilder.tensor(event.prev)
                except NotMade:
                    leaf._grad = None

    def _set_hooks(self) -> None:
        """What hooks gave on the tape is given here, each in its place."""
        for event in self.events:
            if not isinstance(event, HookCalled):
                continue
            hook = self.tape.hooks[event.hook]
            node = self.nodes.get(event.node) if event.node is not None else None
            if hook.kind is HookKind.POST_ACCUMULATE and hook.tensor in self._leaves:
                leaf = self._leaves[hook.tensor]
                if leaf._post_accumulate_grad_hooks is None:
                    leaf._post_accumulate_grad_hooks = HookDict()
                leaf._post_accumulate_grad_hooks[next_key()] = _Stored(self, event)
            if node is None:
                continue
            if hook.kind is HookKind.TENSOR:
                self._tensor_hooks(node, hook)[next_key()] = _Given(self, event)
            elif hook.kind is HookKind.RETAIN:
                self._retain(node, hook, event)
            elif hook.kind is HookKind.NODE_PRE:
                node.own_hooks().pre[next_key()] = _Given(self, event)
            elif hook.kind is HookKind.NODE_POST:
                self._raw.setdefault(node.id, event.before)
                node.own_hooks().post[next_key()] = _Given(self, event)

    def _tensor_hooks(self, node: Node, hook: schema.Hook) -> HookDict:
        leaf = node.variable
        if leaf is None:
            if hook.index is None or not 0 <= hook.index < len(node.slots):
                raise Unplayable(f"a hook stands at slot {hook.index} of node #{node.id}, which there is not")
            return node.tensor_hooks(hook.index)
        if leaf._backward_hooks is None:
            leaf._backward_hooks = HookDict()
        return leaf._backward_hooks  # type: ignore[no-any-return]

    def _retain(self, node: Node, hook: schema.Hook, event: HookCalled) -> None:
        """A tensor that keeps its gradient: the one whose ``.grad`` is written next."""
        stored = next((e for e in self.events if e.i > event.i and isinstance(e, GradStored)), None)
        if stored is None or hook.index is None or not 0 <= hook.index < len(node.slots):
            raise Unplayable(f"a retained gradient at node #{node.id} was not written")
        tensor = self._leaves[stored.tensor]
        self._kept.append(tensor)
        node.own_hooks().retain[hook.index] = lambda: tensor  # type: ignore[assignment]

    # -------------------------------------------------------------------------------------------------------- one node

    def passed(self, node: Replayed, grads: tuple[Any, ...], edges: Sequence[Edge | None] | None) -> Sequence[Any]:
        """The gradients for the edges of ``node``: computed, else the tape's."""
        entered = self._entered[node.id]
        given = list(grads)
        for index in range(len(grads)):
            if Slot(node.id, index) in self.unknown:
                try:
                    given[index] = self.rebuilder.tensor(entered.grads[index])
                except (NotMade, IndexError):
                    return self._from_tape(node, "a gradient before it is not known")
        if node.rule is None:
            return self._from_tape(node, self.outcome.taken[node.id])
        try:
            return self.walk._checked(node, node.rule.apply(tuple(given), edges))
        except WRONG as error:
            why = f"its rule failed: {type(error).__name__}: {str(error)[:120]}"
            self._comparing.wrong(entered.i, node.id, "rule", 0, why)
            return self._from_tape(node, why)

    def _from_tape(self, node: Replayed, why: str) -> Sequence[Any]:
        """What the tape has; where it has nothing, what comes behind is unknown."""
        vals = self._raw.get(node.id, self._exits[node.id].grads)
        outs: list[Any] = []
        missing = len(vals) != len(node.next_edges)
        for edge, val in zip(node.next_edges, vals, strict=False):
            try:
                outs.append(self._fitting(edge, self.rebuilder.tensor(val)))
            except NotMade:
                outs.append(None)
                missing = True
                if edge is not None:
                    slot = Slot(edge[0].id, edge[1])
                    if slot not in self.unknown:
                        self.walk._journal(self.unknown.discard, slot)
                        self.unknown.add(slot)
        self.walk._journal(_forget_node, self.outcome, node.id, why if node.rule is None else "")
        (self.outcome.unknown if missing else self.outcome.taken)[node.id] = why
        if missing:
            self.outcome.taken.pop(node.id, None)
        outs += [None] * (len(node.next_edges) - len(outs))
        return outs[: len(node.next_edges)]

    def _fitting(self, edge: Edge | None, value: Tensor | None) -> Tensor | None:
        """A value of the tape as a gradient for an edge. Raises NotMade where another shape or type goes along there."""
        if edge is None or value is None:
            return None
        shape, kind, _ = edge[0].slots[edge[1]]  # type: ignore[misc]
        if tuple(value.shape) != tuple(shape) or value.dtype is not kind:
            raise NotMade("what the tape has does not fit its edge")
        return value


class _Given:
    """In the place of a user's hook: gives what that gave on the tape."""

    def __init__(self, replay: Replay, event: HookCalled) -> None:
        self.replay, self.event = replay, event
        self.__name__ = replay.tape.hooks[event.hook].function

    def __call__(self, values: Any, *_: Any) -> Any:
        several = isinstance(values, tuple)
        before = values if several else (values,)
        after = self.event.after
        if len(after) != len(before):
            return None
        result = [self._of(old, val) for old, val in zip(before, after, strict=True)]
        if all(new is old for new, old in zip(result, before, strict=True)):
            return None
        self.replay.outcome.hooks += 1
        return tuple(result) if several else result[0]

    def _of(self, old: Any, val: Val | None) -> Any:
        if val is None or old is None or not self.replay.rebuilder.has(val):
            return old
        made = self.replay.rebuilder.tensor(val)
        if made is None or made.dtype is not old.dtype or made.shape != old.shape:
            return old
        return old if _bits(made) == _bits(old) else made


class _Stored(_Given):
    """In the place of a hook that is called after ``.grad`` was written, and may have changed it."""

    def __call__(self, leaf: Any, *_: Any) -> None:
        (after,) = self.event.after or (None,)
        before = leaf._grad
        if after is None and before is not None and self.event.after:
            self.replay.walk._journal(leaf.__setattr__, "_grad", before)
            leaf._grad = None
        elif before is not None and (new := self._of(before, after)) is not before:
            self.replay.outcome.hooks += 1
            self.replay.walk._journal(leaf.__setattr__, "_grad", before)
            leaf._grad = new


class _Comparing(Recorder):
    """Stands where a recorder would, and holds what comes by against the tape's events, in their order."""

    def __init__(self, replay: Replay) -> None:
        super().__init__(ListSink(), Level.STRUCTURE)
        self.replay = replay
        self.events = [event for event in replay.events if not _is_left_out(replay.tape, event)]
        self.at = 0  # the event that is due
        self.differences: dict[int, Different] = {}
        self.ran: list[int] = []  # nodes that ran
        self.loosely: set[int] = set()  # of which some values could only be compared by their statistics

    def __enter__(self) -> None:
        recorder.install(self)

    def __exit__(self, *_: object) -> None:
        recorder.uninstall(self)

    # ------------------------------------------------------------------------------------------------- what comes by

    def _due(self, kind: type[Event], what: str) -> Any:
        event = self.events[self.at] if self.at < len(self.events) else None
        if type(event) is not kind:
            due = "nothing more" if event is None else type(event).__name__
            raise Parted(f"{what}, where the tape has {due}" + (f" (event {event.i})" if event is not None else ""))
        self.at += 1
        return event

    def _same_place(self, event: Event, mine: Any, its: Any, what: str) -> None:
        if mine != its:
            raise Parted(f"{what} {mine}, where the tape has {its} (event {event.i})")

    def run_begin(self, *_: Any) -> int:
        return self.replay.facts.id

    def grad_added(self, run: int, source: Any, target: Any, grad: Any, ready: bool = False) -> None:
        event = self._due(GradAdded, f"a gradient arrives at node #{target[0].id}")
        slot = Slot(target[0].id, target[1])
        sender = None if source is None else Slot(source[0].id, source[1])
        self._same_place(event, (sender, slot), (event.src, event.dst), "a gradient goes from and to")
        self._compare(event, slot.node, "arrived at slot", slot.index, event.val, grad, slot in self.replay.unknown)

    def node_enter(self, run: int, node: Any, grads: Any) -> None:
        event = self._due(NodeEnter, f"node #{node.id} runs")
        self._same_place(event, node.id, event.node, "there runs node")
        for index, grad in enumerate(grads):
            val = event.grads[index] if index < len(event.grads) else None
            self._compare(event, node.id, "entered slot", index, val, grad, Slot(node.id, index) in self.replay.unknown)

    def node_exit(self, run: int, node: Any, grads: Any, freed: bool = False) -> None:
        event = self._due(NodeExit, f"node #{node.id} is done")
        self._same_place(event, node.id, event.node, "there is done node")
        self._same_place(event, len(grads), len(event.grads), "the number of gradients passed on is")
        if node.id not in self.replay.outcome.unknown:
            for index, grad in enumerate(grads):
                self._compare(event, node.id, "passed on", index, event.grads[index], grad, False)
        self.replay.walk._journal(_shorten, self.ran, len(self.ran))
        self.ran.append(node.id)

    def hook_called(self, run: Any, kind: int, key: int, function: Any, before: Any, after: Any, **_: Any) -> None:
        event = self._due(HookCalled, "a hook is called")
        self._same_place(event, int(kind), int(self.replay.tape.hooks[event.hook].kind), "there is called a hook of kind")

    def grad_stored(self, run: int, tensor: Any, previous: Any, grad: Any) -> None:
        event = self._due(GradStored, "a .grad is written")
        if tensor is not self.replay._leaves.get(event.tensor):
            raise Parted(f"the .grad of another tensor than #{event.tensor} is written (event {event.i})")
        walk = self.replay.walk
        node = walk.current.id if walk.current is not None else 0
        lost = not self.replay.rebuilder.has(event.prev) or Slot(node, 0) in self.replay.unknown
        self._compare(event, node, ".grad of tensor", event.tensor, event.val, grad, lost)

    def edits(self) -> None:
        """Gradients that the debugger replaced here are replaced again."""
        while self.at < len(self.events) and isinstance(event := self.events[self.at], Edited):
            self.at += 1
            node = self.replay.nodes.get(event.dst.node)
            try:
                new = self.replay.rebuilder.tensor(event.new)
                if node is None:
                    raise NotMade("it has no such node")
                self.replay.walk.set_pending(node, event.dst.index, new)
            except (NotMade, ValueError, IndexError) as error:
                raise Parted(f"an edit at node #{event.dst.node} cannot be made again: {error} (event {event.i})") from None
            self.replay.outcome.hooks += 1

    # --------------------------------------------------------------------------------------------- what is not compared

    @property
    def position(self) -> int:
        return self.at

    def rewound(self, run: int, to: int) -> None:
        self.at = to
        for place in [place for place in self.differences if place >= self._number(to)]:
            del self.differences[place]

    def _number(self, at: int) -> int:
        return self.events[at].i if at < len(self.events) else 1 << 62

    def steps(self, run: int) -> None:
        """Each step is told by itself."""
        return

    def op(self, *_: Any, **__: Any) -> None:
        return None

    def mutated(self, *_: Any) -> None:
        return None

    def made(self, *_: Any) -> None:
        return None

    def val(self, *_: Any) -> None:
        return None

    def left(self, *_: Any) -> None:
        return None

    def edited(self, *_: Any) -> None:
        return None

    def run_end(self, *_: Any) -> None:
        return None

    def hook_from_here(self, key: int) -> None:
        return None

    def about_to_call(self, *_: Any) -> bool:
        return True

    # ------------------------------------------------------------------------------------------------------- comparing

    def wrong(self, event: int, node: int, what: str, index: int, text: str) -> None:
        """Something about a node is not as on the tape."""
        name = self.replay.tape.nodes[node].name if node in self.replay.tape.nodes else ""
        self.differences.setdefault(event, Different(event, node, name, what, index, text))

    def _compare(self, event: Event, node: int, what: str, index: int, val: Val | None, grad: Tensor | None, lost: bool) -> None:
        if lost:
            return
        if val is None or grad is None:
            if (val is None) != (grad is None):
                self.wrong(event.i, node, what, index, "undefined on the tape only" if val is None else "undefined here only")
            return
        theirs = self.replay.tape.value(val)
        mine = grad._data
        if theirs is not None:
            same = theirs.shape == mine.shape and theirs.tobytes() == _bits(grad)
            if not same:
                self.wrong(event.i, node, what, index, how_different(theirs, np.asarray(mine)))
            return
        self.loosely.add(node)
        stats = self.replay.tape.stats.get(val)
        if stats is not None and not _alike(stats, np.asarray(mine)):
            self.wrong(event.i, node, what, index, "its statistics are not those on the tape")


def replayed(tape: Tape, runs: Iterable[int] | None = None) -> list[Outcome]:
    """The passes of a tape, run again. A pass that cannot be begun says why in ``parted`` and has all nodes unknown."""
    outcomes: list[Outcome] = []
    for run in sorted(tape.runs) if runs is None else runs:
        ended = error_of(tape, run)
        try:
            outcome = Replay(tape, run).run()
        except Unplayable as reason:
            entered = [event.node for event in lasting(tape, run) if isinstance(event, NodeEnter)]
            outcome = Outcome(run, len(entered), unknown=dict.fromkeys(entered, str(reason)))
        outcome.ended = ended
        outcomes.append(outcome)
    return outcomes


def lasting(tape: Tape, run: int) -> list[Event]:
    """The events of a run that are compared, without what was stepped back."""
    words = tape.events.words
    found: list[Event] = []
    for i in np.flatnonzero(words[:, 1] == run).tolist():
        event = tape.events[i]
        if isinstance(event, Rewound):
            while found and found[-1].i > event.to:
                found.pop()
        elif isinstance(event, _SEEN):
            found.append(event)
    return found


def error_of(tape: Tape, run: int) -> str:
    """The error in which a pass ended; empty where it ended well, and where it did not end."""
    return next((event.error for event in tape.events.of_kind(schema.RunEnd) if event.run == run), "")


def how_different(theirs: Any, mine: Any) -> str:
    """Two values in words."""
    if theirs.shape != mine.shape:
        return f"shape {list(mine.shape)}, on the tape {list(theirs.shape)}"
    if theirs.dtype.kind not in "fciub" or mine.dtype.kind not in "fciub" or not theirs.size:
        return "other bits"
    wide = np.result_type(theirs.dtype, mine.dtype, np.float64)
    with np.errstate(all="ignore"):
        gap = np.abs(mine.astype(wide) - theirs.astype(wide))
    if np.isnan(gap).all():
        return "other bits, all differences NaN"
    at = np.unravel_index(int(np.nanargmax(gap)), gap.shape)
    if not gap[at]:
        return "equal numbers in other bits"
    return f"{mine[at]} at {[int(n) for n in at]}, on the tape {theirs[at]}"


def _bits(tensor: Tensor) -> bytes:
    """The elements in C order, as ``Tape.value`` gives them: bfloat16 as float32."""
    data = np.asarray(tensor._data)
    raw: bytes = (data.astype(np.float32) if data.dtype.name == "bfloat16" else data).tobytes()
    return raw


def _alike(stats: schema.Stats, mine: Any) -> bool:
    row = statistics.of(stats.val.tensor, stats.val.version, mine)
    other = statistics.of_many([(stats.val.tensor, stats.val.version, mine)])[0]
    norms = (row[3], float(other["norm"]))
    return stats.count == mine.size and any(np.isclose(stats.norm, norm, rtol=1e-6, equal_nan=True) for norm in norms)


def _is_left_out(tape: Tape, event: Event) -> bool:
    return isinstance(event, HookCalled) and tape.hooks[event.hook].kind in _LEFT_OUT


def _forget_node(outcome: Outcome, node: int, why: str) -> None:
    """A node that was taken from the tape was stepped back: ``why`` it will be again, where that is known."""
    outcome.unknown.pop(node, None)
    outcome.taken.pop(node, None)
    if why:
        outcome.taken[node] = why


def _shorten(values: list[int], length: int) -> None:
    del values[length:]
