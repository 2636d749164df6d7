"""What the debugger adds to a script in which nothing is stopped or watched, beside what the recorder costs alone.

    .venv/bin/python scripts/bench/debugging.py [--level statistics] [--rounds 9] [--length 2000]

The same script, each time in a process of its own and in turns: with nobody looking; with the recorder in its own process; by
``gradstep record``; under the debugger as the window starts it (it can be paused, stepped and stepped back at any moment), with no
breakpoint, not stopped on entry. The script takes its own processor time for a chain of small ops forward and backward, which is
nothing but overhead, and for training steps of a small network: a fifth of the passes takes less than what is shown. Ratios are
medians of those of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from gradstep.engine.debug.launch import Launch
from gradstep.engine.debug.session import Session

SCRIPT = """
import json, sys, time
{before}
import gradstep.engine as torch
nn = torch.nn
torch.manual_seed(0)

def chain():
    y = x
    for _ in range({length} // 2):
        y = (y * w).tanh()
    y.sum().backward()

def train():
    for _ in range(20):
        optimizer.zero_grad()
        loss(net(inputs), targets).backward()
        optimizer.step()

x, w = torch.rand(4, requires_grad=True), torch.rand(4)
net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer, loss = torch.optim.SGD(net.parameters(), lr=1e-4), nn.CrossEntropyLoss()
inputs, targets = torch.randn(32, 64), torch.randint(0, 10, (32,))
found = {{}}
for name, call in (("chain", chain), ("train", train)):
    call()
    times = []
    for _ in range(15):
        began = time.process_time()
        call()
        times.append(time.process_time() - began)
    found[name] = sorted(times)[3]
{after}
with open(sys.argv[1], "w") as file:
    json.dump(found, file)
"""
ALONE = """
from gradstep.engine.tape import recorder
from gradstep.engine.tape.log import Writer
tape = recorder.Recorder(Writer(sys.argv[2]), recorder.Level[{level!r}])
recorder.install(tape)
"""
WAYS = ("nobody looking", "recorder alone", "gradstep record", "under the debugger")
Figures = dict[str, float]


def run(way: str, folder: Path, length: int, level: str) -> Figures:
    """Seconds of processor time that the script takes for each of its parts."""
    script, told, tape = folder / "script.py", folder / "told.json", folder / "tape.gst"
    alone = way == "recorder alone"
    before, after = (ALONE.format(level=level.upper()), "recorder.uninstall(); tape.close()") if alone else ("", "")
    script.write_text(SCRIPT.format(before=before, after=after, length=length), encoding="utf-8")
    args = (str(told), str(tape))
    tape.unlink(missing_ok=True)
    if way in ("nobody looking", "recorder alone"):
        subprocess.run([sys.executable, str(script), *args], check=True)
    elif way == "gradstep record":
        command = [sys.executable, "-m", "gradstep", "record", "--level", level, "-o", str(tape), str(script), *args]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    else:
        with Session() as session:
            session.launch(Launch(str(script), args, tape=str(tape), level=level, stop_on_entry=False))
            session.wait_until_ended(600.0)
    figures: Figures = json.loads(told.read_text(encoding="utf-8"))
    return figures


def main() -> None:
    """Measure in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--level", choices=("structure", "statistics", "values"), default="statistics")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--length", type=int, default=2000)
    args = parser.parse_args()
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    taken: dict[str, list[Figures]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as name:
        for _ in range(args.rounds):
            for way in random.sample(WAYS, len(WAYS)):
                taken[way].append(run(way, Path(name), args.length, args.level))
    print(f"level {args.level}, {args.rounds} rounds in turns; ms of processor time, and ratio to the recorder alone\n")
    print(f"| | chain of {args.length:,} ops and back | | 20 training steps | |\n|---|---|---|---|---|")
    for way in WAYS:
        cells = []
        for part in ("chain", "train"):
            ratio = statistics.median(mine[part] / base[part] for mine, base in zip(taken[way], taken["recorder alone"], strict=True))
            cells += [f"{statistics.median(one[part] for one in taken[way]) * 1e3:.2f}", f"{ratio:.3f}"]
        print(f"| {way} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
