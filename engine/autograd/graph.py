"""``torch.autograd.graph``: looking at the graph, hooks on what it keeps, and hooks on several gradients at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, WeakSet

from ..tape import recorder
from ..tape.schema import HookKind
from ..tensor import Tensor
from .grad_mode import mode
from .hooks import OffTape, RemovableHandle, called, next_key
from .node import Node, active
from .saved import Pack, Unpack, default

__all__ = [
    "GradientEdge",
    "Node",
    "RemovableHandle",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
    "set_warn_on_accumulate_grad_stream_mismatch",
]


class GradientEdge(NamedTuple):
    """A place in the graph where a gradient arrives; ``backward`` and ``grad`` take it in place of the tensor that stood there."""

    node: Node
    output_nr: int
    ownership_token: Node | None = None


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The place where the gradient of ``tensor`` arrives: its node's, or its AccumulateGrad's where it is a leaf.

    Raises RuntimeError for a tensor that requires no gradient.
    """
    edge = tensor._gradient_edge() if tensor.requires_grad else None
    if edge is None:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    return GradientEdge(edge[0], edge[1], edge[0])


def set_warn_on_accumulate_grad_stream_mismatch(enabled: bool) -> None:
    """Accepted for PyTorch's sake: there is one stream a device, so none can differ."""


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Count a change in place that the engine did not see, so that what was saved before is not used as if it were the same."""
    for one in (tensor,) if isinstance(tensor, Tensor) else tensor:
        one._bump()


# ------------------------------------------------------------------------------------------------------- saved tensors


class saved_tensors_hooks:
    """Inside the block, what the graph would keep is given to ``pack_hook``, and backward gets what ``unpack_hook`` makes of the result.

    Of nested blocks the innermost holds. Raises RuntimeError inside ``disable_saved_tensors_hooks``.
    """

    def __init__(self, pack_hook: Pack, unpack_hook: Unpack) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook
        self._key = next_key()

    def __enter__(self) -> None:
        if default.forbidden is not None:
            raise RuntimeError(default.forbidden)
        if recorder.current is not None:
            recorder.current.hook_from_here(self._key)
        default.stack.append((self.pack_hook, self.unpack_hook, self._key))
        mode.special += 1

    def __exit__(self, *_: object) -> None:
        default.stack.pop()
        mode.special -= 1


class save_on_cpu(saved_tensors_hooks):
    """Inside the block, what the graph keeps is moved to the CPU, and back to its device when backward needs it."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        del pin_memory, device_type  # numpy's memory is not pinned, and there is one kind of GPU

        def pack(tensor: Tensor) -> tuple[Any, Tensor]:
            return tensor.device, tensor.cpu().clone() if tensor.device.type == "cpu" else tensor.cpu()

        def unpack(packed: tuple[Any, Tensor]) -> Tensor:
            place, tensor = packed
            moved: Tensor = tensor.to(place)
            return moved

        super().__init__(called(pack, "save_on_cpu.pack"), called(unpack, "save_on_cpu.unpack"))


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside the block, entering ``saved_tensors_hooks`` raises RuntimeError with ``error_message``; so does this where one is in force."""
    if default.stack:
        raise RuntimeError(error_message)
    before = default.forbidden
    default.forbidden = error_message
    try:
        yield
    finally:
        default.forbidden = before


class _Mutations:
    """What ``allow_mutation_on_saved_tensors`` gives: nothing to be used, ``clear()`` forgets the copies."""

    def __init__(self) -> None:
        self._copies: dict[int, Tensor] = {}

    def clear(self) -> None:
        """Forget what was kept; backward through it is no longer possible."""
        self._copies.clear()


@contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[_Mutations]:
    """Inside the block, tensors that the graph keeps may be changed in place: backward sees what they were.

    Each is copied when it is kept (PyTorch copies when it is changed; results are the same, memory is not).
    """
    kept = _Mutations()

    def pack(tensor: Tensor) -> int:
        key = next_key()
        kept._copies[key] = tensor.detach().clone()
        return key

    def unpack(key: int) -> Tensor:
        if key not in kept._copies:
            raise RuntimeError(
                "Trying to backward outside of the 'allow_mutation_on_saved_tensors' context in which the graph was originally recorded."
            )
        return kept._copies[key]

    name = "allow_mutation_on_saved_tensors"
    with saved_tensors_hooks(called(pack, f"{name}.pack"), called(unpack, f"{name}.unpack")):
        try:
            yield kept
        finally:
            kept.clear()


# -------------------------------------------------------------------------------------------- hooks on several gradients


class _Handle(RemovableHandle):
    """Takes the hooks of all the tensors away."""

    def __init__(self, handles: Sequence[RemovableHandle]) -> None:
        self._handles = tuple(handles)
        self.id = next_key()

    def remove(self) -> None:
        for handle in self._handles:
            handle.remove()


def _call(function: Callable[..., None], key: int, walk: Any, given: Any, grads: Sequence[Tensor | None]) -> None:
    """Call the user's function with ``given``, which holds ``grads``. The tape has this one call of it."""
    tape = recorder.current if walk.run else None
    if tape is not None and not tape.about_to_call(function, grads, walk.current, HookKind.MULTI_GRAD):
        return  # switched off by the debugger
    function(given)
    if tape is not None:
        tape.hook_called(walk.run, HookKind.MULTI_GRAD, key, function, grads, grads, node=walk.current)


class _All:
    """Collects the gradients of one pass and calls the user's function with the last of those that will come."""

    def __init__(self, nodes: list[Node], function: Callable[[Sequence[Tensor | None]], None]) -> None:
        self._nodes = nodes
        self._function = function
        self._key = next_key()
        self._passes: WeakKeyDictionary[Any, tuple[int, tuple[Tensor | None, ...]]] = WeakKeyDictionary()  # what is missing and what came

    def _store(self, walk: Any, state: tuple[int, tuple[Tensor | None, ...]] | None) -> None:
        if state is None:
            self._passes.pop(walk, None)
        else:
            self._passes[walk] = state

    def hook(self, number: int) -> OffTape:
        """What is registered on the tensor of that number."""

        def arrived(grad: Tensor | None) -> None:
            walk = active.walks[-1]
            state = self._passes.get(walk)
            left, grads = state or (sum(map(walk.will_run, self._nodes)), (None,) * len(self._nodes))
            grads = (*grads[:number], grad, *grads[number + 1 :])
            walk._journal(self._store, walk, state)
            self._store(walk, (left - 1, grads) if left > 1 else None)
            if left == 1:
                _call(self._function, self._key, walk, list(grads), grads)

        return OffTape(arrived)


class _Any:
    """Calls the user's function with the first gradient of each pass."""

    def __init__(self, function: Callable[[Tensor], None]) -> None:
        self._function = function
        self._key = next_key()
        self._passes: WeakSet[Any] = WeakSet()

    def arrived(self, grad: Tensor) -> None:
        """What is registered on each of the tensors."""
        walk = active.walks[-1]
        if walk not in self._passes:
            walk._journal(self._passes.discard, walk)
            self._passes.add(walk)
            _call(self._function, self._key, walk, grad, (grad,))


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[[Sequence[Tensor | None]], None] | Callable[[Tensor], None], *, mode: str = "all"
) -> RemovableHandle:
    """Call ``fn`` once a pass: with the gradients of all ``tensors`` when the last of them is there (None for those that the pass
    does not reach), or, with ``mode="any"``, with the first.

    Raises ValueError for another mode.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    if mode == "all":
        edges = [t._gradient_edge() for t in tensors]
        everyone = _All([edge[0] for edge in edges if edge is not None], fn)  # type: ignore[arg-type]
        return _Handle([t.register_hook(everyone.hook(i)) for i, t in enumerate(tensors)])
    first = _Any(fn)  # type: ignore[arg-type]
    return _Handle([t.register_hook(OffTape(first.arrived)) for t in tensors if t.requires_grad])
