"""Where recording stands in a process, and where each of its threads does."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from gradstep.engine.debug.target import Conductor

    from .recorder import TorchRecorder


class _Local(threading.local):
    """Of a thread: ``quiet`` counts who asked that nothing be recorded."""

    def __init__(self) -> None:
        self.quiet = 0
        self.modules: list[Any] = []  # whose forward runs, outermost first
        self.passes: list[Any] = []  # begun in this thread, innermost last
        self.kernels: list[Any] | None = None  # of the op or node that runs, where they are written down
        self.driven: Any = None  # the pass of which this thread runs a node without PyTorch's engine

    def __enter__(self) -> None:
        self.quiet += 1

    def __exit__(self, *_: object) -> None:
        self.quiet -= 1


class Watch:
    """``on``: the program is recorded now. ``holds``: gradients under way can be looked at, and steps taken back."""

    def __init__(self) -> None:
        self.on = False
        self.holds = False
        self.recorder: TorchRecorder | None = None
        self.control: Conductor | None = None
        self.kernels = False  # operators below autograd are written down
        self.again = False  # a pass is run once more for the tape: the script's hooks are not called
        self.local = _Local()
        self.passes: dict[int, Any] = {}  # under way, by the number of PyTorch's graph task
        self.retained: weakref.WeakValueDictionary[tuple[int, int], Any] = (
            weakref.WeakValueDictionary()
        )  # tensors that keep their gradient, by node and slot
        self.retains = False  # there are some, or have been
        self.hooked: Mapping[tuple[int, int], Any] = {}  # hooks of tensors, by node and slot

    def silence(self) -> _Local:
        """``with`` it, nothing that this thread does is recorded."""
        return self.local

    @property
    def records(self) -> bool:
        """Whether what happens now in this thread goes on the tape."""
        return self.on and not self.local.quiet

    def walk(self) -> Any:
        """The pass in which this thread runs a node now; None where it runs none."""
        if self.local.driven is not None:
            return self.local.driven
        task = torch._C._current_graph_task_id()
        if task < 0:
            return None
        found = self.passes.get(task)
        if found is None and self.local.passes:
            newest = self.local.passes[-1]
            if newest.mine():  # the first that is heard of it
                found = newest
        return found
