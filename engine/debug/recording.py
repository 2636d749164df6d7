"""The recorder of a program under the debugger: everything that goes on the tape is also a moment at which it may stop."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Protocol

from ..tape.census import CensusRecorder
from ..tape.schema import HookKind, NodeKind


class Waits(Protocol):
    """What the program is to stop for (``Reasons``), as far as an op has to know."""

    pause: bool
    frames: int
    points: Any


class Listener(Protocol):
    """Who is told of the moments (``Control``)."""

    @property
    def reasons(self) -> Waits: ...
    def after_op(self, name: str, outs: Sequence[Any], number: int, module: str) -> None: ...
    def at_module(self, path: str, type: str) -> None: ...
    def after_node(self, run: int, node: Any, grads: Sequence[Any]) -> None: ...
    def before_hook(self, function: Any, node: Any, values: Sequence[Any], kind: HookKind) -> bool: ...
    def recording_stopped(self, sentence: str) -> bool:
        """Say that nothing is recorded any more; False where nobody listens."""

    def after_hook(self) -> None: ...


class PausableRecorder(CensusRecorder):
    """A recorder that gives a pause its chance after every forward op, and loses nothing where a crash is likely.

    ``careful``: every op and node is written at once. Nodes that run the user's code always are.
    """

    def attach(self, control: Listener, *, careful: bool) -> None:
        """Whom to tell about ops, where there is a reason to."""
        self._control, self._careful = control, careful
        self._reasons = control.reasons
        self._paths: dict[int, str] = {}  # of the open module calls

    def tell(self, sentence: str) -> None:
        if not self._control.recording_stopped(sentence):
            super().tell(sentence)

    def op(
        self, name: str, inputs: Any, outputs: Any, node: Any, params: Any, started: float, grad_mode: bool = True,
        names: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        super().op(name, inputs, outputs, node, params, started, grad_mode, names)
        if self._careful:
            self.flush()
        reasons = self._reasons
        if reasons.pause or reasons.frames or reasons.points.any:  # else an op costs no more than on a tape that nobody follows
            thread = self._threads.get(threading.get_ident())
            if thread is not None:
                self._control.after_op(name, outputs, thread.op, self._paths.get(thread.call, ""))

    def entered(self, call: int, path: str, type: str) -> None:
        self._paths[call] = path
        self._control.at_module(path, type)

    def leave_call(self, call: int) -> None:
        super().leave_call(call)
        self._paths.pop(call, None)

    def steps(self, run: int) -> Any:
        return None if self._careful else super().steps(run)

    def node_enter(self, run: int, node: Any, grads: Any) -> None:
        super().node_enter(run, node, grads)
        if self._careful or node.kind == NodeKind.CUSTOM or node.hooks is not None:
            self.flush()

    def node_exit(self, run: int, node: Any, grads: Any, freed: bool = False) -> None:
        super().node_exit(run, node, grads, freed)
        if self._reasons.points.values:
            self._control.after_node(run, node, grads)

    def after_run(self, run: int) -> None:
        super().after_run(run)
        if not self._runs:  # native code that comes next may hold the interpreter: nobody shall take the pass for what hangs
            self.flush()

    def about_to_call(self, function: Any, values: Any = (), node: Any = None, kind: HookKind = HookKind.TENSOR) -> bool:
        super().about_to_call(function, values, node, kind)
        return self._control.before_hook(function, node, values, kind)

    def hook_called(self, *args: Any, **named: Any) -> None:
        super().hook_called(*args, **named)
        self._control.after_hook()
