"""What the debugger asks of the engine that runs the script. Ours is ``ours.py``; another comes in through the entry points of ``GROUP``.

A target is one object in the user's process. It makes the recorder, hands every backward pass to the control, and knows what
tensors and nodes of its engine are; the rest of the debugger looks at them through here alone. There are two ways to run a pass:
one whose nodes the control runs (``Control.drive``), and one that runs by itself and tells the control of each node
(``Control.opened``, ``at_node``, ``ran``, ``failed``, ``closed``), in which case ``Pass.step`` is never called.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from types import FrameType
from typing import Any, Protocol

from ..tape.schema import Stats
from .launch import Launch
from .recording import PausableRecorder


class Node(Protocol):
    """A backward node. ``kind`` is a NodeKind; ``variable`` the leaf of one that accumulates."""

    id: int

    @property
    def kind(self) -> int: ...
    @property
    def variable(self) -> Any: ...
    def name(self) -> str: ...
    def saved_entries(self) -> Iterable[tuple[str, Any]]:
        """Name and tensor of what the node keeps; the tensor is None where it cannot be looked at."""


class Pass(Protocol):
    """A backward pass under way. ``run`` is its number on the tape (0: it is not recorded), ``taken`` how many nodes have run."""

    run: int
    taken: int
    rewindable: bool  # set by the control: from here on what stepping back needs is kept
    undo_bytes: int  # that this may take of memory

    @property
    def current(self) -> Any:
        """The node that runs now; None between two nodes."""

    @property
    def next_node(self) -> Any:
        """The node that runs next; None at the end."""

    @property
    def ready(self) -> Sequence[Any]: ...
    @property
    def needed(self) -> Iterable[Any]: ...
    @property
    def undoable(self) -> int:
        """How many steps can be taken back."""

    @property
    def forgets(self) -> bool:
        """Whether steps were forgotten because what they held was too much."""

    def pending(self, node: Any) -> Sequence[Any]:
        """The gradients that wait at the slots of a node."""

    def set_pending(self, node: Any, slot: int, grad: Any) -> None:
        """Replace one of them. Raises ValueError where that is not possible."""

    def set_saved(self, node: Any, name: str, value: Any) -> None:
        """Replace what a node keeps. Raises ValueError where that is not possible."""

    def step(self) -> bool:
        """Run the next node; False where there is none."""

    def step_back(self) -> bool:
        """Undo the last step exactly; False where it cannot be undone."""

    def mark(self) -> Any:
        """This moment, for ``rewind_to``."""

    def rewind_to(self, mark: Any) -> None: ...
    def remembering(self) -> AbstractContextManager[None]:
        """Inside it no step is forgotten."""


class Conductor(Protocol):
    """Who is given the passes (``Control``): takes their steps by ``drive``, or is told of them by the others."""

    def drive(self, walk: Pass) -> None:
        """Takes all steps of a pass, and stops where it should."""

    def resume(self, walk: Pass) -> None:
        """As ``drive``, for a pass that was ``opened`` and ran by itself until here: takes the steps that are left, and closes it."""

    def opened(self, walk: Pass) -> int:
        """A pass begins in this thread; how many are open there now."""

    def at_node(self, walk: Pass, node: Node, frame: FrameType) -> None:
        """``node`` runs next; ``frame`` is where the user's code called the pass."""

    def ran(self, walk: Pass, node: Node) -> None:
        """``node`` has run."""

    def failed(self, error: BaseException, walk: Pass, node: Node, frame: FrameType) -> None:
        """An exception came out of ``node``; the pass is over."""

    def tell_due(self, walk: Pass, frame: FrameType) -> None:
        """After the last node: stops for what that met."""

    def closed(self, walk: Pass) -> None:
        """The pass is over."""


class Target(Protocol):
    """An engine, as the debugger sees it. Tensors and nodes are the engine's own objects."""

    def start(self, launch: Launch, control: Conductor) -> Callable[..., PausableRecorder]:
        """Called before the recorder is made: the class to make it of. Takes sink, level and budget."""

    def install(self, tape: PausableRecorder) -> None:
        """Record on this tape from now on, and hand passes to the control that ``start`` was given."""

    def forget(self) -> None:
        """In a forked child: record nothing, hand over nothing."""

    def record(self, on: bool) -> str:
        """Record from the next backward pass on, or no more. Asked for in another thread than the script's. Why that cannot be; ""
        where it will."""

    def versions(self) -> Mapping[str, str]:
        """Of the libraries that results depend on."""

    def go_on(self, walk: Any, before: Callable[[Any], bool]) -> bool:
        """Take steps of a pass the quick way, where nobody has to look, as long as ``before`` allows; False where it cannot."""

    def cannot_rewind(self, walk: Any) -> str:
        """Why the steps of this pass cannot be taken back; "" where they can."""

    def aside(self) -> AbstractContextManager[None]:
        """Inside it nothing is recorded and nothing takes part in autograd."""

    # ---------------------------------------------------------------------------------------------- words

    def op_name(self, node: Any) -> str:
        """What users call the op that a node is the backward of."""

    def public_name(self, op: str) -> str:
        """What users call an op on the tape."""

    def leaf_name(self, leaf: Any) -> str:
        """A parameter's name, or the variable of the user's that it is; "" where there is none."""

    # ---------------------------------------------------------------------------------------------- tensors

    def is_tensor(self, value: object) -> bool: ...
    def identity(self, tensor: Any) -> tuple[int, int]:
        """Its id and version on the tape; the id is 0 where it is not on it."""

    def about(self, tensor: Any) -> dict[str, Any]:
        """``tensor``, ``version``, ``name``, ``dtype``, ``shape`` and ``device`` as JSON has them."""

    def grad(self, tensor: Any) -> Any:
        """Its ``.grad``, without a warning where that is asked of no leaf."""

    def takes_gradient(self, tensor: Any) -> bool:
        """Whether it is a leaf that takes a gradient."""

    def part(self, tensor: Any, index: tuple[int | slice, ...], cap: int) -> tuple[tuple[int, ...], bytes]:
        """Shape and elements (C order, little endian) of a slice. Raises ValueError where it has more than ``cap`` bytes."""

    def array(self, tensor: Any, index: tuple[int | slice, ...] = ()) -> Any:
        """A slice as a numpy array in the CPU's memory."""

    def statistics(self, tensors: Sequence[Any]) -> Sequence[Stats]:
        """Exact statistics of each; nothing of it is recorded, also outside of ``aside``."""

    def histogram(
        self, tensor: Any, bins: int, low: float | None, high: float | None
    ) -> tuple[float | None, float | None, int, bytes]:  # fmt: skip
        """Ends, how many elements are not finite, and the counts as int64, little endian. The ends are None where none is finite."""

    def misfit(self, old: Any, new: Any) -> str:
        """Why a gradient cannot stand for another one; "" where it can."""


def load(name: str, paths: Sequence[str] = ()) -> Target:
    """The target ``module:object``; ``paths`` are searched last. Raises ImportError or AttributeError where there is none."""
    module, _, attribute = name.partition(":")
    sys.path += [path for path in paths if path not in sys.path]
    made: Target = getattr(import_module(module), attribute)()
    return made
