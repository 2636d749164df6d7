"""When recording begins: at once, after a number of backward passes, at the first value that is not finite, or when somebody asks.

While nothing is recorded, a look at each backward pass is all that is in the way. Whoever waits for the first NaN has a little more: the
loss and the gradients of the leaves are looked at, and a graph is kept until that is done, so that the pass in which a gradient broke can
be run again for the tape.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch

from .passes import edge_of
from .replay import Leaf
from .undo import release
from .watch import Watch

NAMED = 8  # leaves that a note names


class Arming:
    """Where the beginning of the recording stands. ``begin`` and ``pause`` switch it, in the thread that calls them."""

    def __init__(self, watch: Watch, begin: Callable[[], None], pause: Callable[[], None]) -> None:
        self._watch, self._begin, self._pause = watch, begin, pause
        self.passes_before = 0  # how many more are not recorded
        self.at_nan = False  # then wait for a value that is not finite
        self.asked: bool | None = None  # somebody wants recording to be on, or off, from the next pass on

    def switch(self) -> None:
        """A pass begins outside of any other: do what was asked for."""
        asked, self.asked = self.asked, None
        if asked is True and not self._watch.on:
            self.passes_before, self.at_nan = 0, False
            self._begin()
            self._tell("asked", "recording was asked for")
        elif asked is False and self._watch.on:
            self._tell("paused", "recording was switched off")
            self._pause()

    def run(self, engine: Any, outputs: Any, grads: Any, keep: Any, create: Any, inputs: Any, rest: Any, named: Any) -> Any:
        """A pass that begins while nothing is recorded. ``engine`` records what it is given from ``begin`` on."""
        real, watch = engine.real, self._watch
        if self.passes_before > 0 or not self.at_nan:
            result = real.run_backward(outputs, grads, keep, create, inputs, *rest, **named)
            if self.passes_before > 0:
                self.passes_before -= 1
                if self.passes_before == 0 and not self.at_nan:
                    self._begin()
            return result
        with watch.silence(), torch._C.DisableTorchFunction(), torch.no_grad():
            bad = any(_is_broken(one) for one in (*outputs, *grads) if isinstance(one, torch.Tensor))
        if bad:
            self._found("nan", "what the backward pass begins with is not finite")
            return engine.run_backward(outputs, grads, keep, create, inputs, *rest, **named)
        result = real.run_backward(outputs, grads, keep or not create, create, inputs, *rest, **named)
        with watch.silence(), torch._C.DisableTorchFunction(), torch.no_grad():
            nodes = list(_behind(outputs))
            leaves = {id(leaf): leaf for node in nodes if (leaf := getattr(node, "variable", None)) is not None}
            given = [one for one in result or () if isinstance(one, torch.Tensor)]
            broken = [leaf for leaf in leaves.values() if leaf.grad is not None]
            broken = [leaf for leaf, whole in zip(broken, _are_finite([leaf.grad for leaf in broken])) if not whole]  # noqa: B905
            bad = bool(broken) or not all(_are_finite(given))
        if bad:
            self._again(engine, outputs, grads, list(leaves.values()), broken, bool(create))
        if not keep and not create:
            with watch.silence(), torch._C.DisableTorchFunction():
                release(nodes)
        return result

    def _again(self, engine: Any, outputs: Any, grads: Any, leaves: list[Any], broken: list[Any], create: bool) -> None:
        """A gradient broke in the pass that has just ended: run it once more for the tape, without the script's hooks, and leave every
        ``.grad`` as it is."""
        watch = self._watch
        self._begin()
        tape = watch.recorder
        assert tape is not None
        names = [tape.nouns.name_of(leaf) or f"{leaf.dtype} {list(leaf.shape)}" for leaf in broken[:NAMED]]
        watch.again, state = True, torch.random.get_rng_state()
        with watch.silence():
            before = [Leaf.of(tensor) for tensor in list(watch.retained.values())]
        why = ""
        try:
            if leaves:
                engine.run_backward(outputs, grads, True, create, tuple(leaves), allow_unreachable=True, accumulate_grad=False)
        except RuntimeError as error:  # somebody changed what the graph keeps: an optimizer in a hook
            why = f"; it could not be run again: {error}"
        finally:
            watch.again = False
            with watch.silence():
                for retained in before:
                    retained.put_back()
            torch.random.set_rng_state(state)
        self._found("nan", f"gradients are not finite: {', '.join(names) or 'those that were asked for'}{why}", begun=True)

    def _found(self, reason: str, text: str, begun: bool = False) -> None:
        self.at_nan = False
        if not begun:
            self._begin()
        self._tell(reason, text)

    def _tell(self, reason: str, text: str) -> None:
        tape = self._watch.recorder
        if tape is not None:
            tape.note("armed", json.dumps({"reason": reason, "text": text, "position": tape.position}))


def _behind(outputs: Iterable[Any]) -> Iterator[Any]:
    """The nodes of a graph."""
    seen: set[Any] = set()
    waiting = [edge[0] for edge in map(edge_of, outputs) if edge is not None]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            yield node
            waiting += [one for one, _ in node.next_functions if one is not None]


def _is_broken(tensor: Any) -> bool:
    return not all(_are_finite([tensor]))


def _are_finite(tensors: Sequence[Any]) -> list[bool]:
    """Whether all elements of each are finite. One norm of each; where that is too large for the type, a closer look."""
    plain = [one for one in tensors if one.layout is torch.strided and (one.is_floating_point() or one.is_complex())]
    found: dict[int, bool] = {}
    groups: dict[Any, list[Any]] = {}
    for one in plain:
        groups.setdefault((one.device, one.dtype), []).append(one)
    for group in groups.values():
        norms = torch.stack([norm.reshape(()) for norm in torch._foreach_norm([one.detach() for one in group])])
        for one, whole in zip(group, norms.isfinite().tolist()):  # noqa: B905  # Python 3.9 has no strict
            found[id(one)] = whole or bool(one.isfinite().all())
    return [found.get(id(one), True) for one in tensors]
