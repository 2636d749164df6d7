"""Checkpoints: a part of the forward pass keeps nothing for backward and is computed again when backward needs it.

Without reentrance, hooks on saved tensors stand in for what would be kept, and the first of them that backward asks for has
the part computed again. With reentrance, the part is one Function whose backward computes it again and runs a backward of its own.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from weakref import WeakKeyDictionary

from .. import random
from ..tensor import Tensor
from .function import Function
from .grad_mode import enable_grad, mode, no_grad
from .gradients import backward
from .graph import saved_tensors_hooks
from .hooks import OffTape, called
from .node import active

Contexts = Callable[[], tuple[AbstractContextManager[Any], AbstractContextManager[Any]]]


class CheckpointError(RuntimeError):
    """What was computed again is not what was computed first."""


class _Enough(Exception):
    """All that backward needs of a part was computed again."""


_stop_early = True


@contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Whether computing a part again, in checkpoints made inside the block, stops as soon as backward has what it needs."""
    global _stop_early
    before, _stop_early = _stop_early, enable
    try:
        yield
    finally:
        _stop_early = before


def noop_context_fn() -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
    """The contexts around forward and around computing it again that do nothing."""
    return nullcontext(), nullcontext()


class _Part:
    """One checkpointed call without reentrance: what is needed to compute it again, and for each pass what came of that."""

    def __init__(self, again: Callable[[], Any], compare: bool) -> None:
        self._again = again
        self._compare = compare
        self._stop_early = _stop_early
        self._kept: list[tuple[Any, ...]] = []  # of each tensor that forward would have kept: shape, dtype and device
        self._found: WeakKeyDictionary[Any, dict[int, Tensor]] = WeakKeyDictionary()  # of each pass

    def pack(self, tensor: Tensor) -> int:
        """The number that stands in for a tensor."""
        self._kept.append(_described(tensor))
        return len(self._kept) - 1

    def unpack(self, number: int) -> Tensor:
        """The tensor of that number, computed again if need be."""
        owner: Any = active.walks[-1] if active.walks else self
        found = self._found.setdefault(owner, {})
        if number not in found:
            found.update(self._computed())
        tensor = found[number]
        if owner is not self and not owner.keep_graph and not owner.rewindable:
            del found[number]  # nobody asks a second time
        return tensor

    def _computed(self) -> dict[int, Tensor]:
        found: list[Tensor] = []

        def pack(tensor: Tensor) -> Tensor:
            kept = tensor.detach()
            if len(found) == len(self._kept):
                raise CheckpointError(
                    "torch.utils.checkpoint: trying to save more tensors during recomputation than during the original forward pass.\n"
                    "The part must compute the same thing each time."
                )
            found.append(kept)
            if self._stop_early and len(found) == len(self._kept):
                raise _Enough
            return kept

        state, quiet, mode.quiet = random.snapshot(), mode.quiet, False
        try:
            with saved_tensors_hooks(OffTape(pack), OffTape(lambda kept: kept)), enable_grad():
                self._again()
        except _Enough:
            pass
        finally:
            mode.quiet = quiet
            random.restore(state)
        if len(found) != len(self._kept):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and recomputation.\n"
                f"Number of tensors saved during forward: {len(self._kept)}\nNumber of tensors saved during recomputation: {len(found)}"
            )
        differing = [i for i, tensor in enumerate(found) if self._compare and _described(tensor) != self._kept[i]]
        if differing:
            lines = [f"tensor {i}: saved {self._kept[i]}, recomputed {_described(found[i])}" for i in differing]
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than during the forward "
                "pass.\n" + "\n".join(lines)
            )
        return dict(enumerate(found))


called(_Part.pack, "checkpoint.pack")
called(_Part.unpack, "checkpoint.unpack")


def _described(tensor: Tensor) -> tuple[Any, ...]:
    return tuple(tensor.shape), tensor.dtype, tensor.device


class CheckpointFunction(Function):
    """A part of the forward pass as one node, whose backward computes it again."""

    @staticmethod
    def forward(ctx: Any, run_function: Callable[..., Any], preserve_rng_state: bool, *args: Any) -> Any:
        ctx.run_function = run_function
        ctx.random = random.snapshot() if preserve_rng_state else None
        ctx.places = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        ctx.others = [None if isinstance(a, Tensor) else a for a in args]
        ctx.save_for_backward(*[args[i] for i in ctx.places])
        if not any(args[i].requires_grad for i in ctx.places):
            warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", UserWarning, stacklevel=4)
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        if active.walks[-1].has_inputs:
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` parameter to "
                ".backward(). To resolve this error, you can either set use_reentrant=False, or call .backward() without passing the "
                "`inputs` argument."
            )
        args = list(ctx.others)
        for i, tensor in zip(ctx.places, ctx.saved_tensors, strict=True):
            args[i] = tensor.detach().requires_grad_(tensor.requires_grad)
        now = random.snapshot()
        if ctx.random is not None:
            random.restore(ctx.random)
        try:
            with enable_grad():
                outs = ctx.run_function(*args)
        finally:
            if ctx.random is not None:
                random.restore(now)
        outs = outs if isinstance(outs, tuple) else (outs,)
        live = [(o, g) for o, g in zip(outs, grads, strict=True) if isinstance(o, Tensor) and o.requires_grad]
        if not live:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        backward([o for o, _ in live], [g for _, g in live])
        return None, None, *(a._grad if isinstance(a, Tensor) else None for a in args)


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Contexts = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """``function(*args, **kwargs)``, which keeps nothing for backward but its arguments: backward computes it again.

    use_reentrant: by a backward inside of backward; ``grad`` and ``inputs=`` are then not possible. determinism_check: "none"
    does not compare shapes and types of what is computed again with what was first. Random numbers are the same as the first time
    unless preserve_rng_state is False.

    Raises CheckpointError, a RuntimeError, in backward where ``function`` does something else than the first time.
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. Starting in PyTorch 2.9, calling checkpoint "
            "without use_reentrant will raise an exception. use_reentrant=False is recommended, but if you need to preserve the "
            "current default behavior, you can pass use_reentrant=True. Refer to docs for more details on the differences between the two "
            "variants.",
            UserWarning,
            stacklevel=2,
        )
        use_reentrant = True
    del debug
    if use_reentrant:
        if context_fn is not noop_context_fn:
            raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        return CheckpointFunction.apply(function, preserve_rng_state, *args)
    if not mode.enabled:
        return function(*args, **kwargs)
    around_forward, around_again = context_fn()
    state = random.snapshot() if preserve_rng_state else None

    def again() -> None:
        if state is not None:
            random.restore(state)
        with around_again:
            function(*args, **kwargs)

    with set_checkpoint_early_stop(early_stop and _stop_early):
        part = _Part(again, determinism_check != "none")
    with saved_tensors_hooks(part.pack, part.unpack), around_forward:
        return function(*args, **kwargs)


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, preserve_rng_state: bool = True, **kwargs: Any
) -> Any:
    """The functions (or the modules of a Sequential) one after the other, in ``segments`` parts: all but the last are checkpoints."""
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    stages: Sequence[Callable[[Any], Any]] = list(functions.children()) if hasattr(functions, "children") else list(functions)

    def part(begin: int, end: int) -> Callable[[Any], Any]:
        def run(value: Any) -> Any:
            for stage in stages[begin:end]:
                value = stage(value)
            return value

        return run

    size = len(stages) // segments
    last = size * (segments - 1)
    for begin in range(0, last, max(size, 1)):
        input = checkpoint(part(begin, begin + size), input, use_reentrant=use_reentrant, preserve_rng_state=preserve_rng_state)
    return part(last, len(stages))(input)
