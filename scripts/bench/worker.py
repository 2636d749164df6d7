"""One contestant of the table in a process of its own: takes commands as lines of JSON and answers each with one.

    python scripts/bench/worker.py {torch|gradstep|numpy} [cpu|cuda]

``load`` makes a workload and gives its values, ``sample`` runs it so many times and gives the seconds of a step, ``bytes_of_op``
and ``peak`` say what memory it takes. Processes take turns, so that the heaps and threads of one do not disturb another.
"""

from __future__ import annotations

import base64
import ctypes
import gc
import json
import os
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy

sys.path.insert(0, str(Path(__file__).resolve().parent))  # also under ``python -P``

import workloads

OPS = 100_000  # of the chain whose memory is measured
WIDE = 2000  # neurons of the layers whose peak is measured


def packed(array: numpy.ndarray) -> list[Any]:
    array = numpy.ascontiguousarray(array)
    return [array.dtype.str, array.shape, base64.b64encode(array.tobytes()).decode()]


def resident() -> int:
    """Bytes of memory that the process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class Worker:
    """Who computes, and the workload that is loaded."""

    def __init__(self, name: str, device: str = "cpu") -> None:
        self.module: Any = None if name == "numpy" else import_module("torch" if name == "torch" else "gradstep.engine")
        self.on_gpu = device != "cpu"
        if self.on_gpu and self.module is not None:
            self.module.set_default_device(device)
        threads = os.environ.get("OMP_NUM_THREADS")
        if threads and self.module is not None:
            self.module.set_num_threads(int(threads))
        self.work: workloads.Work | None = None

    def load(self, workload: str) -> dict[str, Any]:
        found = workloads.WORKLOADS[workload]
        make = found.by_hand if self.module is None else lambda: found.make(self.module)
        self.work = None
        if make is None:
            return {"values": None}
        self.work = make()
        values = [packed(value) for value in self.work.values()]
        for _ in range(2):
            self.work.step()
        self.wait()
        start = time.perf_counter()
        self.work.step()
        self.wait()
        return {"values": values, "seconds": time.perf_counter() - start}

    def wait(self) -> None:
        """Until the device is done: before a clock is read."""
        if self.on_gpu:
            self.module.cuda.synchronize()

    def sample(self, times: int) -> dict[str, float]:
        assert self.work is not None
        step = self.work.step
        gc.collect()
        step()
        self.wait()
        start, busy = time.perf_counter(), time.process_time()
        for _ in range(times):
            step()
        self.wait()
        busy, wall = time.process_time() - busy, time.perf_counter() - start
        return {"wall": wall / times, "busy": busy / times}

    def drop(self) -> dict[str, Any]:
        self.work = None
        gc.collect()
        return {}

    def bytes_of_op(self) -> dict[str, float]:
        """What an op of size 1 keeps: its result, its node and what that saved."""
        x, w = (self.module.tensor(workloads.drawn(seed, 1), requires_grad=True) for seed in (1, 2))

        def chain(length: int) -> Any:
            h = x
            for _ in range(length // 2):
                h = h * w
                h = h.tanh()
            return h

        chain(1000)
        gc.collect()
        before = resident()
        kept = chain(OPS)
        gc.collect()
        found = (resident() - before) / OPS
        assert kept.requires_grad
        return {"bytes": found}

    def peak(self) -> dict[str, float]:
        """The bytes that steps of a wide MLP take at most, over what its parameters take."""
        functional = self.module.nn.functional
        leaves = [self.module.tensor(workloads.drawn(seed, WIDE, WIDE, scale=0.02), requires_grad=True) for seed in range(3)]
        x = self.module.tensor(workloads.drawn(9, 512, WIDE))

        def step() -> None:
            h = x
            for leaf in leaves:
                h = functional.relu(functional.linear(h, leaf))
            (h * h).mean().backward()
            with self.module.no_grad():
                for leaf in leaves:
                    leaf.add_(leaf.grad, alpha=-1e-3)
                    leaf.grad = None

        library = ctypes.CDLL(None)
        if hasattr(library, "malloc_trim"):
            library.malloc_trim(0)  # what making the arrays left behind is no part of what steps take
        before = resident()
        for _ in range(3):
            step()
        return {"bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before}


def serve(name: str, device: str = "cpu") -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    worker = Worker(name, device)
    for line in sys.stdin:
        command = json.loads(line)
        answers.write(json.dumps(getattr(worker, command.pop("do"))(**command)) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve(*sys.argv[1:])
