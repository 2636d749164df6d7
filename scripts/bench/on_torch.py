"""What recording costs a script on real PyTorch: forward and backward of a small GPT and a small ResNet, against the same without gradstep.

.venv/bin/python scripts/bench/on_torch.py cost [--model gpt] [--batch 8] [--pairs 10] [--levels structure values]
.venv/bin/python scripts/bench/on_torch.py idle [--iterations 1000]      gradstep in the process, recording off
.venv/bin/python scripts/bench/on_torch.py step [--steps 500]            from asking for a step to standing at the next node

One thread, CPU time of that thread (``step``: wall time). Bare and recorded iterations alternate; the figure is the median of the ratios
of neighbours, with the quartiles; and the ratio of the means of the best quarters, which says more on a busy machine.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from gradstep.engine.debug.launch import Launch, RunFolder
from gradstep.engine.debug.session import Session
from gradstep.engine.debug.states import State
from gradstep.engine.debug.unattended import Unattended
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.recorder import Level
from gradstep.plugins.torch.probe import Probe
from gradstep.plugins.torch.recorder import TorchRecorder
from gradstep.plugins.torch.target import TorchTarget

TARGET = "gradstep.plugins.torch:make"


class Residual(nn.Module):  # type: ignore[misc]  # torch is Any where it is not installed
    """Two convolutions around which the input goes past."""

    def __init__(self, width: int, out: int, stride: int) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(width, out, 3, stride, 1, bias=False), nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.norm, self.other_norm = nn.BatchNorm2d(out), nn.BatchNorm2d(out)
        self.past = nn.Identity()
        if stride > 1 or width != out:
            self.past = nn.Sequential(nn.Conv2d(width, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: Any) -> Any:
        return F.relu(self.other_norm(self.second(F.relu(self.norm(self.first(x))))) + self.past(x))


class Attending(nn.Module):  # type: ignore[misc]  # torch is Any where it is not installed
    """A block of a transformer."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.queries, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.inner = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Any) -> Any:
        batch, length, width = x.shape
        parts = self.queries(self.before(x)).split(width, 2)
        q, k, v = (part.view(batch, length, self.heads, width // self.heads).transpose(1, 2) for part in parts)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(seen.transpose(1, 2).contiguous().view(batch, length, width))
        return x + self.inner(self.between(x))


class Language(nn.Module):  # type: ignore[misc]  # torch is Any where it is not installed
    """A small GPT."""

    def __init__(self, words: int = 256, width: int = 192, blocks: int = 6, length: int = 64) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(words, width), nn.Embedding(length, width)
        self.blocks = nn.Sequential(*[Attending(width, 6) for _ in range(blocks)])
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, words, bias=False)

    def forward(self, x: Any) -> Any:
        return self.head(self.norm(self.blocks(self.words(x) + self.places(torch.arange(x.shape[1])))))


def model(name: str, batch: int) -> tuple[nn.Module, Callable[[], Any]]:
    """A network, and what computes its loss."""
    torch.manual_seed(0)
    if name == "gpt":
        net: nn.Module = Language()
        x, y = torch.randint(0, 256, (batch, 64)), torch.randint(0, 256, (batch * 64,))
        return net, lambda: F.cross_entropy(net(x).flatten(0, 1), y)
    widths = [(32, 32, 1), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1)]
    stem = [nn.Conv2d(3, 32, 3, 1, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU()]
    net = nn.Sequential(*stem, *[Residual(*one) for one in widths], nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 10))
    x, y = torch.randn(batch, 3, 32, 32), torch.randint(0, 10, (batch,))
    return net, lambda: F.cross_entropy(net(x), y)


def probe(folder: str, level: Level, holds: bool) -> Probe:
    """gradstep in this process, recording off."""
    tape = TorchRecorder(Writer(f"{folder}/tape.gst"), level, 1 << 40)
    control = Unattended(TorchTarget())
    tape.attach(control, careful=False)
    made = Probe(tape, control, holds=holds)
    made.put()
    return made


def iteration(net: nn.Module, loss: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of forward and of backward."""
    net.zero_grad(set_to_none=True)
    begun = time.thread_time()
    value = loss()
    between = time.thread_time()
    value.backward()
    return between - begun, time.thread_time() - between


def several(net: nn.Module, loss: Callable[[], Any]) -> tuple[float, float]:
    """The medians of a few; the first, in which Python and the caches get used to it, does not count."""
    found = [iteration(net, loss) for _ in range(5)][1:]
    return statistics.median(a for a, _ in found), statistics.median(b for _, b in found)


def told(name: str, bare: list[float], other: list[float]) -> None:
    """A line: the median of the ratios, and the quartiles."""
    ratios = sorted(100 * (b / a - 1) for a, b in zip(bare, other, strict=True))
    low, _, high = statistics.quantiles(ratios, n=4)
    best = 100 * (statistics.mean(sorted(other)[: len(other) // 4 + 1]) / statistics.mean(sorted(bare)[: len(bare) // 4 + 1]) - 1)
    figures = f"{statistics.median(ratios):+6.1f} %   [{low:+.1f}, {high:+.1f}]   best quarters {best:+.1f} %"
    print(f"{name:30} {1000 * statistics.median(bare):8.2f} ms  {figures}")


def cost(arguments: argparse.Namespace) -> None:
    """Recorded against bare."""
    torch.set_num_threads(1)
    for name in arguments.model:
        net, loss = model(name, arguments.batch)
        for level in arguments.levels:
            for holds in (False, True):
                with tempfile.TemporaryDirectory() as folder:
                    one = probe(folder, Level[level.upper()], holds)
                    bare, recorded = [], []
                    for _ in range(arguments.pairs + 1):
                        bare.append(several(net, loss))
                        one.begin()
                        recorded.append(several(net, loss))
                        one.pause()
                    one.take_away()
                    tape = one.watch.recorder
                    assert tape is not None
                    assert not tape.failed, tape.failed
                    tape.close()
                what = f"{name} {level}{', held' if holds else ''}"
                told(f"{what}: forward", [a for a, _ in bare[1:]], [a for a, _ in recorded[1:]])
                told(f"{what}: backward", [b for _, b in bare[1:]], [b for _, b in recorded[1:]])


def idle(arguments: argparse.Namespace) -> None:
    """In the process and recording off, against not in the process."""
    torch.set_num_threads(1)
    net = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 10))
    x, y = torch.randn(16, 32), torch.randint(0, 10, (16,))

    def whole() -> float:
        begun = time.thread_time()
        for _ in range(10):
            net.zero_grad(set_to_none=True)
            F.cross_entropy(net(x), y).backward()
        return time.thread_time() - begun

    with tempfile.TemporaryDirectory() as folder:
        one = probe(folder, Level.VALUES, True)
        bare, put = [], []
        for _ in range(arguments.iterations // 10 + 5):
            one.take_away()
            bare.append(whole())
            one.put()
            put.append(whole())
        one.take_away()
    told("an MLP, 10 iterations", bare[5:], put[5:])


def step(arguments: argparse.Namespace) -> None:
    """Steps through the session."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "script.py")
        script.write_text(
            "import torch\ntorch.set_num_threads(1)\nx, w = (torch.randn(64, 64, requires_grad=True) for _ in range(2))\n"
            f"y = x\nfor i in range({arguments.steps + 50}):\n    y = y * w if i % 2 else y.tanh()\ny.sum().backward()\n"
        )
        with Session() as session:
            session.launch(Launch(str(script), engine="torch", target=TARGET), RunFolder.make(Path(folder)))
            session.wait_for(State.PAUSED)
            times = []
            for _ in range(arguments.steps):
                begun = time.perf_counter()
                session.move("next")
                times.append(1000 * (time.perf_counter() - begun))
    times.sort()
    print(f"a step: p50 {statistics.median(times):.3f} ms, p95 {times[len(times) * 95 // 100]:.3f} ms")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(required=True)
    one = what.add_parser("cost")
    one.add_argument("--model", nargs="+", default=["gpt", "resnet"])
    one.add_argument("--batch", type=int, default=8)
    one.add_argument("--pairs", type=int, default=10)
    one.add_argument("--levels", nargs="+", default=["structure", "statistics", "values"])
    one.set_defaults(run=cost)
    one = what.add_parser("idle")
    one.add_argument("--iterations", type=int, default=1000)
    one.set_defaults(run=idle)
    one = what.add_parser("step")
    one.add_argument("--steps", type=int, default=500)
    one.set_defaults(run=step)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
