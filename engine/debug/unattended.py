"""A process that is recorded and that nobody is linked with: it stands only where all ranks of its job do (``gate.py``). A target uses this
for further processes of a program."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from ..tape import log
from ..tape.keeping import Level
from .gate import Turnstile, turnstile
from .launch import Launch
from .ranks import Rank
from .reasons import Reasons
from .target import Node, Pass, Target, load
from .targets import OURS


class Unattended:
    """Is told what a ``Control`` is told; never stops anything but at the gate of a job."""

    def __init__(self, target: Target) -> None:
        self.reasons = Reasons(target, lambda text: None)  # there are none to stop
        self._open = 0
        self.gate: Turnstile | None = None  # where the ranks of a job wait for each other

    def drive(self, walk: Pass) -> None:
        """Takes all steps of a pass."""
        while walk.next_node is not None:
            walk.step()

    def resume(self, walk: Pass) -> None:
        """See ``Conductor``: no step is ever taken back here, so that no pass stands still."""
        self.drive(walk)

    def opened(self, walk: Pass) -> int:
        """See ``Conductor``."""
        self._open += 1
        return self._open

    def at_node(self, walk: Pass, node: Node, frame: FrameType) -> None:
        """See ``Conductor``."""
        if self.gate is not None:
            self.gate.at_node(node.id, node.name())

    def ran(self, walk: Pass, node: Node) -> None:
        """See ``Conductor``."""

    def failed(self, error: BaseException, walk: Pass, node: Node, frame: FrameType) -> None:
        """See ``Conductor``."""

    def tell_due(self, walk: Pass, frame: FrameType) -> None:
        """See ``Conductor``."""

    def closed(self, walk: Pass) -> None:
        """See ``Conductor``."""
        self._open -= 1
        if self.gate is not None and not self._open:
            self.gate.passed()

    def after_op(self, name: str, outs: Sequence[Any], number: int, module: str) -> None:
        """See ``Listener``."""

    def at_module(self, path: str, type: str) -> None:
        """See ``Listener``."""

    def after_node(self, run: int, node: Any, grads: Sequence[Any]) -> None:
        """See ``Listener``."""

    def before_hook(self, function: Any, node: Any, values: Sequence[Any], *_: Any) -> bool:
        """See ``Listener``: every hook is called."""
        return True

    def recording_stopped(self, sentence: str) -> bool:
        """See ``Listener``: nobody listens."""
        return False

    def after_hook(self) -> None:
        """See ``Listener``."""


@contextmanager
def recorded(launch: Launch, path: str, rank: Rank) -> Iterator[None]:
    """Record what happens inside on a tape beside ``path``, named after the rank. Where the tape cannot be made the program goes on
    without one, and says so."""
    target = load(launch.target, launch.paths)
    control = Unattended(target)
    try:
        writer = _writer(path, rank, launch)
    except OSError as error:
        print(f"gradstep: rank {rank.number} is not recorded: {error}", file=sys.stderr)
        yield
        return
    tape = target.start(launch, control)(writer, Level[launch.level.upper()], launch.budget, sources=launch.sources)
    tape.attach(control, careful=launch.unbuffered)
    begin = {
        "script": launch.script, "args": list(launch.args), "engine": launch.engine, "pid": os.getpid(), "rank": rank,
        **({"kernels": launch.kernels} if launch.engine != OURS else {}),
        "versions": {"python": platform.python_version(), **target.versions()},
    }  # fmt: skip
    tape.note("begin", json.dumps(begin))
    tape.source(os.path.abspath(launch.script))
    control.gate = turnstile(writer.path, rank, tape)
    target.install(tape)
    end = None
    try:
        yield
    except BaseException as error:
        end = {"type": type(error).__qualname__, "text": str(error)[:4096], "file": "", "line": 0}
        raise
    finally:
        tape.note("end", json.dumps(end))
        target.forget()
        tape.close()
        if control.gate is not None:
            control.gate.close()


def _writer(path: str, rank: Rank, launch: Launch) -> log.Writer:
    """A new tape: ``run.rank0.gst`` beside ``run.gst``; ``run.rank0-2.gst`` where the program starts its ranks a second time."""
    stem, suffix = os.path.splitext(path)
    for place in range(1, 1000):
        again = f"-{place}" if place > 1 else ""
        try:
            return log.Writer(
                f"{stem}.rank{rank.number}{again}{suffix}", at_once=launch.unbuffered, limit=launch.disk_limit if launch.when_full else 0
            )
        except log.TapeExists:
            continue
    raise FileExistsError(f"{stem}.rank{rank.number}{suffix} exists a thousand times")
