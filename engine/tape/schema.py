"""The facts that a tape holds: nouns (what exists) and events (what happened), nothing else.

A tape is one append-only sequence of these records. Ids are small positive integers, unique in the tape and never
reused; a record only mentions ids that were introduced before it. The state at any moment is a fold over a prefix
(``state.py``); ``check.py`` holds the invariants that every tape must pass. Standard library only: whoever reads a tape
needs neither the engine nor numpy to know what the facts mean.
"""

from __future__ import annotations

from collections.abc import Set
from enum import IntEnum
from typing import NamedTuple, Union

from ..older import dataclass

ACCUMULATE_SEQUENCE = 2**64 - 1  # PyTorch gives AccumulateGrad the highest priority of all nodes


class Val(NamedTuple):
    """A value that never changes: a tensor at one version. The only way in which records mention data."""

    tensor: int
    version: int


class Slot(NamedTuple):
    """Where a gradient arrives: output number ``index`` of the forward op that made backward node ``node``."""

    node: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs of a slot


class Frame(NamedTuple):
    """One frame of the user's own code."""

    file: str
    line: int
    function: str


class Meta(NamedTuple):
    """What is known of a tensor without its data. ``dtype`` and ``device`` in PyTorch's words (``float32``, ``cuda:0``)."""

    dtype: str
    shape: tuple[int, ...]
    device: str


class Saved(NamedTuple):
    """A value that a node keeps for its backward, under the name that its rule uses; ``val`` is None where a user's
    saved-tensor hook packed it or the slot is empty."""

    name: str
    val: Val | None


class Role(IntEnum):
    """What a tensor was when the tape first met it."""

    LEAF = 0  # requires grad and was made by no op
    ACTIVATION = 1  # made by an op and requires grad
    CONSTANT = 2  # requires no grad
    GRADIENT = 3  # flows in a backward walk


class NodeKind(IntEnum):
    """How a node is drawn and what may be expected of it."""

    FUNCTION = 0  # the rule of a declared op
    ACCUMULATE = 1  # adds into the ``.grad`` of a leaf
    CUSTOM = 2  # the backward of the user's own Function
    BOUNDARY = 3  # passes gradients on and only carries a module's hooks
    REBASE = 4  # writes the gradient of a view back into its base (CopySlices)
    OPAQUE = 5  # cannot be looked into


class HookKind(IntEnum):
    """The kinds of hooks, in the order in which they fire around one node."""

    TENSOR = 0  # Tensor.register_hook
    RETAIN = 1  # Tensor.retain_grad
    NODE_PRE = 2  # Node.register_prehook
    POST_ACCUMULATE = 3  # Tensor.register_post_accumulate_grad_hook
    NODE_POST = 4  # Node.register_hook
    MODULE_PRE = 5  # Module.register_full_backward_pre_hook
    MODULE = 6  # Module.register_full_backward_hook
    FORWARD_PRE = 7  # Module.register_forward_pre_hook
    FORWARD = 8  # Module.register_forward_hook
    PACK = 9  # saved_tensors_hooks, on saving
    UNPACK = 10  # saved_tensors_hooks, on use
    MULTI_GRAD = 11  # register_multi_grad_hook, at the gradient for which it waited


ASIDE = frozenset({HookKind.PACK, HookKind.UNPACK, HookKind.MULTI_GRAD})  # what these give goes into no slot of the node around


# ---------------------------------------------------------------------------------------------------------------- nouns


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor met for the first time. ``storage`` is equal for tensors that share memory; ``base`` is the tensor that
    this one is a view of. ``name`` is a parameter's name where known."""

    id: int
    meta: Meta
    storage: int
    base: int | None = None
    role: Role = Role.ACTIVATION
    name: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a module's forward. Calls nest: ``parent`` was entered earlier and is not yet left."""

    id: int
    path: str  # the module's name below the outermost module ("layers.0"), "" for the outermost itself
    type: str  # the module's class
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Op:
    """A forward op as it happened. Its inputs were introduced before it, so the order of ids is a topological order.

    ``grads`` is parallel to ``outs``: the slot at which d(loss)/d(out) will arrive, None where there is no gradient.
    ``node`` is the backward node during which the op ran (double backward), ``call`` the innermost module call.
    ``time`` is seconds since the tape began, at the op's end; ``duration`` its own seconds.
    """

    id: int
    name: str
    ins: tuple[Val | None, ...]
    outs: tuple[Val, ...]
    grads: tuple[Slot | None, ...]
    stack: tuple[Frame, ...]  # the user's frames, innermost first
    call: int | None = None
    node: int | None = None
    params: tuple[tuple[str, str], ...] = ()  # name and repr of what is not a tensor (dim=1)
    grad_mode: bool = True
    thread: int = 0
    time: float = 0.0
    duration: float = 0.0


@dataclass(frozen=True, slots=True)
class Node:
    """A backward node. ``sequence`` strictly falls along ``next`` (accumulate and opaque nodes excepted).

    ``ins`` has an entry a slot (None: that output takes no gradient); ``next`` an entry an input of the forward op.
    """

    id: int
    kind: NodeKind
    name: str
    sequence: int
    ins: tuple[Meta | None, ...]
    next: tuple[Slot | None, ...]
    op: int | None = None  # the op that made it; the Op record follows its Node record
    saved: tuple[Saved, ...] = ()
    variable: int | None = None  # accumulate: the leaf
    made_by: int | None = None  # the node whose backward made this one (create_graph)


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook met for the first time. ``at`` is where the function was defined."""

    id: int
    kind: HookKind
    function: str
    at: Frame | None
    node: int | None = None  # the node around which it fires
    index: int | None = None  # tensor hooks: the slot's number
    tensor: int | None = None  # leaf hooks: the leaf


@dataclass(frozen=True, slots=True)
class Run:
    """One call of backward() or grad(). ``needed`` are the nodes that will run. ``parent`` and ``node`` are the run and
    the node that it was called from (re-entrant backward)."""

    id: int
    roots: tuple[Slot, ...]
    seeds: tuple[Val | None, ...]
    needed: Set[int]
    keep_graph: bool
    create_graph: bool
    accumulate: bool
    stack: tuple[Frame, ...] = ()
    parent: int | None = None
    node: int | None = None
    thread: int = 0


@dataclass(frozen=True, slots=True)
class Stats:
    """Statistics of a value. ``norm`` is the 2-norm; ``low``, ``high``, ``mean`` are over the finite elements (NaN where
    there are none), of a complex value over its moduli. ``sampled``: these three and ``zeros`` are estimates."""

    val: Val
    count: int
    norm: float
    low: float
    high: float
    mean: float
    zeros: int
    nans: int
    posinfs: int
    neginfs: int
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class Payload:
    """The data of a value, C order, little endian. ``dtype`` as in Meta. ``strides``, in elements, is how it lay in memory: sums and
    products of matrices round as that says. () for C order, and where it is not known."""

    val: Val
    dtype: str
    shape: tuple[int, ...]
    data: bytes | memoryview
    strides: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a source file as it was when the script ran, so that a tape can be read where the file is not."""

    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A fact about the recording itself: ``begin`` (text: JSON of script, arguments, versions), ``end`` (text: how the
    script ended), ``output``, ``dropped`` (values over the budget), ``stopped`` (recording ended early and why),
    ``repaired`` (this is a copy of a damaged tape, and what is not in it)."""

    kind: str
    text: str
    time: float = 0.0


# --------------------------------------------------------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class Event:
    """What happened. ``i`` strictly rises over the whole tape; ``time`` is seconds since the tape began."""

    i: int
    run: int | None
    thread: int
    time: float


@dataclass(frozen=True, slots=True)
class RunBegin(Event):
    """A walk was begun; nothing has arrived yet."""


@dataclass(frozen=True, slots=True)
class GradAdded(Event):
    """A gradient reached a slot. ``src`` is the sending node and the number of its edge, None for a seed of the run;
    ``val`` None is an undefined gradient, which counts as arrived."""

    src: Slot | None
    dst: Slot
    val: Val | None


@dataclass(frozen=True, slots=True)
class NodeReady(Event):
    """All that the node waits for has arrived: it is on the heap."""

    node: int


@dataclass(frozen=True, slots=True)
class HookCalled(Event):
    """A hook ran; ``after`` differs from ``before`` where it returned something else. ``after`` is empty where it raised.

    Of hooks on saved tensors, packed and unpacked: None where that is no tensor. ``node`` is the one that runs; of an unpack hook
    outside of any run the one that keeps the tensor."""

    hook: int
    node: int | None
    before: tuple[Val | None, ...]
    after: tuple[Val | None, ...]


@dataclass(frozen=True, slots=True)
class NodeEnter(Event):
    """The node is about to run its rule on ``grads``, one a slot. Written before it runs, so that a crash names it."""

    node: int
    grads: tuple[Val | None, ...]


@dataclass(frozen=True, slots=True)
class GradStored(Event):
    """``.grad`` of ``tensor`` was written; ``prev`` is what stood there."""

    tensor: int
    prev: Val | None
    val: Val | None


@dataclass(frozen=True, slots=True)
class NodeExit(Event):
    """The node passed ``grads`` on, one an edge of ``Node.next``."""

    node: int
    grads: tuple[Val | None, ...]


@dataclass(frozen=True, slots=True)
class Freed(Event):
    """What the node had saved is gone."""

    node: int


@dataclass(frozen=True, slots=True)
class Bumped(Event):
    """A tensor was changed in place by op ``by``."""

    tensor: int
    old: int
    new: int
    by: int | None


@dataclass(frozen=True, slots=True)
class Edited(Event):
    """The debugger replaced a gradient that waits at a slot."""

    dst: Slot
    old: Val | None
    new: Val | None


@dataclass(frozen=True, slots=True)
class Rewound(Event):
    """The live walk was stepped back: the state after this event equals the state after event ``to`` of the same run."""

    to: int


@dataclass(frozen=True, slots=True)
class CallBegin(Event):
    """A module's forward was entered."""

    call: int


@dataclass(frozen=True, slots=True)
class CallEnd(Event):
    """A module's forward was left, normally or by an exception."""

    call: int


@dataclass(frozen=True, slots=True)
class RunEnd(Event):
    """The walk is over. ``error`` is "" or the exception's type and text; open nodes of the run are unwound by it."""

    error: str


Noun = Union[Tensor, Call, Op, Node, Hook, Run, Stats, Payload, Source, Note]  # noqa: UP007  (before Python 3.10 no | joins classes)
Record = Union[Noun, Event]  # noqa: UP007

EVENTS: tuple[type[Event], ...] = (
    RunBegin, GradAdded, NodeReady, HookCalled, NodeEnter, GradStored, NodeExit,
    Freed, Bumped, Edited, Rewound, CallBegin, CallEnd, RunEnd,
)  # fmt: skip
NOUNS: tuple[type[Noun], ...] = (Tensor, Call, Op, Node, Hook, Run, Stats, Payload, Source, Note)
