"""Records the kinds of tapes that are attacked."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

from gradstep.engine.debug.launch import Launch, RunFolder
from gradstep.engine.debug.session import Session
from gradstep.engine.debug.states import State

_SMALL = """\
import gradstep.engine as torch
x = torch.randn(4, 3, requires_grad=True)
(x.exp() * x).sum().backward()
"""

_TRAINING = """\
import {torch} as torch
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
x, y = torch.randn(4, 8), torch.randn(4, 3)
for _ in range({steps}):
    optimizer.zero_grad()
    loss = ((net(x) - y) ** 2).mean()
    loss.backward()
    optimizer.step()
"""

_CRASHED = (
    _TRAINING
    + """\
import os, signal
h = net(x)
h.register_hook(lambda grad: os.kill(os.getpid(), signal.SIGKILL))
h.sum().backward()
"""
)

_HOOKS = """\
import gradstep.engine as torch

class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        x, = ctx.saved_tensors
        return 2 * grad * x

def double(grad):
    return grad * 2

def look(*args):
    pass

torch.manual_seed(0)
net = torch.nn.Linear(4, 4)
net.register_full_backward_hook(look)
net.register_forward_hook(look)
net.weight.register_hook(double)
net.weight.register_post_accumulate_grad_hook(look)
x = torch.randn(2, 4, requires_grad=True)
h = net(x)
h.register_hook(double)
h.grad_fn.register_prehook(look)
loss = Square.apply(h).sum()
loss.backward()
"""

_NESTED = """\
import gradstep.engine as torch
x = torch.randn(3, requires_grad=True)
y = (x ** 3).sum()
g, = torch.autograd.grad(y, x, create_graph=True)
g.sum().backward()
w = torch.randn(3, requires_grad=True)
v = w * 1
z = v.exp()
z.mul_(2)
try:
    z.sum().backward()
except RuntimeError:
    pass
torch.log(torch.tensor([-1.0, 0.0, 1.0], requires_grad=True)).sum().backward()
"""


def _run(script: Path, folder: Path, name: str, **options: object) -> None:
    """Record a script to its end, however it ends."""
    with Session() as session:
        launch = Launch(str(script), tape=str(folder / name), stop_on_entry=False, **options)  # type: ignore[arg-type]
        session.launch(launch, RunFolder.make(folder))
        session.wait_until_ended()


def _experiments(script: Path, folder: Path, name: str) -> None:
    """Record a script that is stepped through, back, edited and tried with other gradients."""
    with Session() as session:
        session.launch(Launch(str(script), tape=str(folder / name)), RunFolder.make(folder))
        session.wait_for(State.PAUSED)
        session.move("next")
        session.move("next")
        session.move("stepBack")
        stop = session.stop
        assert stop is not None
        session.ask("edit", node=stop.node, index=0, expression="grad * 3")
        session.move("whatIf", edits=[{"node": stop.node, "index": 0, "expression": "grad * 0"}], stay="untouched")
        session.send("continue")
        session.wait_until_ended()


def _plain(text: str, **options: object) -> Callable[[Path, Path, str], None]:
    def record(script: Path, folder: Path, name: str) -> None:
        script.write_text(text, encoding="utf-8")
        _run(script, folder, name, **options)

    return record


def _tried(script: Path, folder: Path, name: str) -> None:
    script.write_text(_HOOKS, encoding="utf-8")
    _experiments(script, folder, name)


_RECORD: dict[str, Callable[[Path, Path, str], None]] = {
    "small": _plain(_SMALL, level="structure"),
    "training": _plain(_TRAINING.format(torch="gradstep.engine", steps=4)),
    "statistics": _plain(_TRAINING.format(torch="gradstep.engine", steps=3), level="statistics"),
    "nested": _plain(_NESTED),
    "crashed": _plain(_CRASHED.format(torch="gradstep.engine", steps=1)),
    "experiments": _tried,
    "torch": _plain(_TRAINING.format(torch="torch", steps=2), engine="torch"),
}
KINDS = tuple(_RECORD)


def can_record(kind: str) -> bool:
    """Whether what a kind needs is installed."""
    return kind != "torch" or importlib.util.find_spec("torch") is not None


def record(kind: str, folder: Path) -> Path:
    """A tape of a kind, recorded afresh into a folder."""
    place = folder / kind
    place.mkdir()
    _RECORD[kind](place / "script.py", place, f"{kind}.gst")
    return place / f"{kind}.gst"
