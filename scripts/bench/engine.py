#!/usr/bin/env python3
"""How fast the engine is beside PyTorch: one table of all workloads, in Markdown.

    python scripts/bench/engine.py table [--only NAME ...] [--threads 1 default] [--rounds 9] [--json FILE] [--device cuda]

Contestants are PyTorch (where it is installed), gradstep with numpy alone, gradstep with compiled kernels (the extra ``fast``),
and plain numpy by hand where it is written. Each has a process of its own, of which one runs at a time; in every round all take
a sample, in random order. Ratios are medians, over the rounds, of the ratio to PyTorch's sample of the same round; in brackets
their quartiles. With one thread seconds are of the processor, with more of the clock. Before anything is timed, loss and
gradients are compared with PyTorch's: a workload that computes something else is marked WRONG. On a GPU (``--device cuda``) PyTorch
and gradstep take part, and seconds are of the clock, until the GPU is done.
"""

from __future__ import annotations

import argparse
import base64
import datetime
import importlib.util
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy

sys.path.insert(0, str(Path(__file__).resolve().parent))  # also under ``python -P``

import recording
import workloads

HERE = Path(__file__).resolve().parent
TORCH, PLAIN, FAST, HAND = "PyTorch", "gradstep", "gradstep fast", "numpy by hand"
PROGRAMS = {TORCH: "torch", PLAIN: "gradstep", FAST: "gradstep", HAND: "numpy"}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
NEAR = 2e-3  # of the largest number of an array


class Contestant:
    """A worker process: ``ask`` sends a command and waits for the answer."""

    def __init__(self, name: str, threads: str, device: str = "cpu") -> None:
        self.name = name
        environment = {key: value for key, value in os.environ.items() if key not in THREADS}
        if threads != "default":
            environment |= dict.fromkeys(THREADS, threads)
        environment["GRADSTEP_FAST"] = "1" if name == FAST else "0"
        command = [sys.executable, str(HERE / "worker.py"), PROGRAMS[name], device]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended while it was asked to {do} {arguments}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def installed(only: Iterable[str] | None = None, device: str = "cpu") -> list[str]:
    """The contestants that can take part on this machine."""
    if device != "cpu":
        return [name for name in (TORCH, PLAIN) if (only is None or name in only) and has_gpu(PROGRAMS[name])]
    found = [name for name, module in ((TORCH, "torch"), (FAST, "numba")) if importlib.util.find_spec(module)]
    names = [name for name in PROGRAMS if name in (*found, PLAIN, HAND)]
    return names if only is None else [name for name in names if name in only]


def has_gpu(program: str) -> bool:
    """Whether a contestant can compute on a GPU here."""
    module = "torch" if program == "torch" else "gradstep.engine"
    code = f"import {module} as torch; raise SystemExit(not torch.cuda.is_available())"
    return subprocess.run([sys.executable, "-c", code], check=False, stderr=subprocess.DEVNULL).returncode == 0


def unpacked(values: list[Any]) -> list[numpy.ndarray]:
    return [numpy.frombuffer(base64.b64decode(data), dtype=kind).reshape(shape) for kind, shape, data in values]


def differs(values: list[numpy.ndarray], reference: list[numpy.ndarray]) -> bool:
    """Whether two contestants computed different things."""
    if len(values) != len(reference):
        return True
    pairs = [(a.astype("float64"), b.astype("float64").reshape(a.shape)) for a, b in zip(values, reference, strict=True)]
    return any(not numpy.abs(a - b).max(initial=0) <= NEAR * max(numpy.abs(b).max(initial=0), 1e-12) for a, b in pairs)


def measured(name: str, rivals: list[Contestant], rounds: int, milliseconds: float) -> dict[str, dict[str, Any]]:
    """What each contestant took for a workload: samples in turns, and whether it computed the same as the first one."""
    taken: dict[str, dict[str, Any]] = {}
    reference: list[numpy.ndarray] | None = None
    for rival in rivals:
        answer = rival.ask("load", workload=name)
        if answer["values"] is None:
            continue
        values = unpacked(answer["values"])
        reference = values if reference is None else reference
        times = max(1, min(2000, int(milliseconds / 1e3 / max(answer["seconds"], 1e-7))))
        taken[rival.name] = {"times": times, "wrong": differs(values, reference), "wall": [], "busy": []}
    for _ in range(rounds):
        for rival in random.sample(rivals, len(rivals)):
            if rival.name in taken:
                sample = rival.ask("sample", times=taken[rival.name]["times"])
                for key in ("wall", "busy"):
                    taken[rival.name][key].append(sample[key])
    for rival in rivals:
        rival.ask("drop")
    return taken


def ratio(mine: dict[str, Any], base: dict[str, Any], clock: str) -> tuple[float, float, float]:
    """The median and the quartiles of the ratios of all rounds."""
    ratios = sorted(a / b for a, b in zip(mine[clock], base[clock], strict=True))
    return statistics.median(ratios), ratios[len(ratios) // 4], ratios[-(len(ratios) // 4) - 1]


def told(seconds: float, ops: int) -> str:
    """A time with its unit: of an op where the workload counts them, else of a step."""
    if ops:
        return f"{seconds / ops * 1e6:.2f} µs/op"
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.1f} µs"


def lines_of(results: dict[str, dict[str, Any]], names: list[str], clock: str) -> list[str]:
    """The table of one number of threads."""
    base = TORCH if TORCH in names else PLAIN
    others = [name for name in names if name != base]
    lines = [f"| | {base} | " + " | ".join(f"{name} / {base}" for name in others) + " | goal |", "|---" * (len(others) + 3) + "|"]
    for workload, taken in results.items():
        work = workloads.WORKLOADS[workload]
        cells = [told(statistics.median(taken[base][clock]), work.ops)]
        for name in others:
            if name not in taken:
                cells.append("")
            elif taken[name]["wrong"]:
                cells.append("WRONG")
            else:
                middle, low, high = ratio(taken[name], taken[base], clock)
                cells.append(f"**{middle:.2f}** ({low:.2f} to {high:.2f})")
        lines.append(f"| {work.about} | " + " | ".join(cells) + f" | {work.goal} |")
    return lines


# --------------------------------------------------------------------------------------------- recorder, memory, import


def recorded(rounds: int) -> dict[str, dict[str, float]]:
    """Of a training step of each network: what each level of the tape takes, as a ratio to nobody recording."""
    levels = [recording.OFF, "STRUCTURE", "STATISTICS"]
    found: dict[str, dict[str, float]] = {}
    for name in ("mlp", "lenet", "gpt"):
        program = recording.PROGRAMS[name](recording.TIMES[name])
        with tempfile.TemporaryDirectory() as folder:
            taken = recording.rounds_of(program, levels, rounds, folder)
        times = {level: recording.low([one.forward + one.backward for one in figures]) for level, figures in taken.items()}
        found[program.name] = {level: times[level] / times[recording.OFF] for level in levels[1:]}
    return found


def memory(names: list[str]) -> dict[str, dict[str, float]]:
    """The bytes of an op and the peak of a wide MLP, of each contestant, each in a process that did nothing before."""
    found: dict[str, dict[str, float]] = {}
    for name in names:
        if name == HAND:
            continue
        found[name] = {}
        for what in ("bytes_of_op", "peak"):
            rival = Contestant(name, "1")
            found[name][what] = rival.ask(what)["bytes"]
            rival.close()
    return found


def import_ratios(rounds: int) -> dict[str, float]:
    """The processor time of a Python that imports the engine over one that imports numpy, both less one that imports nothing: of the
    import alone, and with a first name, for which the engine loads its parts."""
    ours = {"alone": "import gradstep.engine", "with a first name": "import gradstep.engine as torch; torch.tensor"}
    times: dict[str, list[float]] = {code: [] for code in ("pass", "import numpy", *ours.values())}
    for _ in range(rounds):
        for code in random.sample(list(times), len(times)):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", code], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times[code].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    low = {code: recording.low(taken) for code, taken in times.items()}
    return {name: (low[code] - low["pass"]) / (low["import numpy"] - low["pass"]) for name, code in ours.items()}


# ------------------------------------------------------------------------------------------------------------- the table


def header() -> str:
    """Where and when."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy", "numba") if importlib.util.find_spec(name))
    processor = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        named = [line for line in information.read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
        processor = named[0].partition(":")[2].strip() if named else processor
    load = f"; load at start {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    today = datetime.datetime.now(tz=datetime.UTC).date()
    return f"{today}, {processor}, {os.cpu_count()} processors, {platform.system()}, Python {platform.python_version()}, {versions}{load}"


def table(options: argparse.Namespace) -> dict[str, Any]:
    """Measure and print; gives all figures."""
    names = installed(options.contestants, options.device)
    if not names:
        raise SystemExit(f"nobody here computes on {options.device}: a GPU is needed, and cupy or a PyTorch for it")
    if options.device != "cpu":
        options.threads, options.beside = ["default"], False
    found: dict[str, Any] = {"where": header(), "rounds": options.rounds, "threads": {}}
    print(found["where"], flush=True)
    for threads in options.threads:
        rivals = [Contestant(name, threads, options.device) for name in names]
        clock = "busy" if threads == "1" else "wall"
        results: dict[str, dict[str, Any]] = {}
        try:
            for name in options.only:
                results[name] = measured(name, rivals, options.rounds, options.milliseconds)
        finally:
            for rival in rivals:
                rival.close()
        found["threads"][threads] = results
        where = f"On {options.device}: " if options.device != "cpu" else ""
        count = "One thread (seconds of the processor)" if threads == "1" else f"{threads.capitalize()} threads (seconds of the clock)"
        print(f"\n{where}{count}, {options.rounds} rounds\n\n" + "\n".join(lines_of(results, names, clock)), flush=True)
    if options.beside:
        found |= {"recorded": recorded(options.rounds), "memory": memory(names), "import": import_ratios(options.rounds)}
        print("\n| a training step, recorded | structure / off | with statistics / off | goal |\n|---|---|---|---|")
        for program, levels in found["recorded"].items():
            print(f"| {program} | {levels['STRUCTURE']:.2f} | **{levels['STATISTICS']:.2f}** | 1.5 |")
        print("\n| memory | bytes a recorded op | peak of a wide MLP, MB |\n|---|---|---|")
        for name, bytes_of in found["memory"].items():
            print(f"| {name} | {bytes_of['bytes_of_op']:.0f} | {bytes_of['peak'] / 1e6:.0f} |")
        ratios = ", ".join(f"{name} **{ratio:.2f}**" for name, ratio in found["import"].items())
        print(f"\nimport gradstep.engine / import numpy: {ratios} (goal 1.3)")
    return found


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("table", help="measure everything and print it")
    every = list(workloads.WORKLOADS)
    command.add_argument("--only", nargs="+", default=every, choices=every, metavar="NAME", help=f"workloads: {', '.join(every)}")
    command.add_argument("--contestants", nargs="+", choices=list(PROGRAMS), help="who takes part (default: who is installed)")
    command.add_argument("--threads", nargs="+", default=["1", "default"], help="numbers of threads (default: 1 default)")
    command.add_argument("--device", default="cpu", choices=("cpu", "cuda"), help="where to compute (default: %(default)s)")
    command.add_argument("--rounds", type=int, default=9, help="samples of each contestant (default: %(default)s)")
    command.add_argument("--milliseconds", type=float, default=60.0, help="about what a sample takes (default: %(default)s)")
    command.add_argument("--no-beside", dest="beside", action="store_false", help="leave out recorder, memory and import time")
    command.add_argument("--json", type=Path, help="write all figures to this file")
    options = parser.parse_args(arguments)
    found = table(options)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
