"""Runs readers in a process of their own, which may crash, hang, or take more than there is."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
FREE = 8 << 20  # bytes of a file that may be read in 2 s and 200 MiB; of a larger one every MiB may cost 0.1 s and 3 MiB more
STALL = 2.0  # seconds that a window may hear nothing else
WINDOW = 2  # times as much time, and memory for a large file, may a window take, which has rows and a picture of what it reads
PATIENCE = 60.0  # seconds of silence after which a reader hangs
STARTING = 300.0  # until a new process has read the undamaged tapes


@dataclass(frozen=True)
class Outcome:
    """What a reader made of a file. ``seconds`` are of the processor, ``memory`` bytes beside what the process had, ``seen`` what it did
    beside reading."""

    verdict: str
    said: str = ""
    seen: tuple[str, ...] = ()
    seconds: float = 0.0
    memory: int = 0
    size: int = 0  # of the file, bytes
    stall: float = 0.0  # seconds of the processor in which a window heard nothing else, at most; 0 for what is no window

    @property
    def faults(self) -> list[str]:
        """What may not be; empty where all is well."""
        bad = [f"{self.verdict}: {self.said}"] if self.verdict.isupper() else []
        bad += [f"it did more than read: {what}" for what in self.seen]
        more = max(0, self.size - FREE) / 2**20  # MiB that a reader may take its time for
        times = WINDOW if self.stall else 1
        if self.stall > STALL:
            bad.append(f"the window stood still for {self.stall:.1f} s")
        if self.seconds > times * (2 + 0.1 * more):
            bad.append(f"it took {self.seconds:.1f} s")
        if self.memory > (200 << 20) + times * 3 * (self.size - FREE if more else 0):
            bad.append(f"it took {self.memory >> 20} MiB")
        return bad


class Prison:
    """One process after another; a new one where the last has died. ``out``: the only folder that readers may write to."""

    def __init__(self, out: Path, originals: Sequence[Path] = (), runner: str = "tests.attacks.readers") -> None:
        self._command = [sys.executable, "-m", "tests.attacks.inmate", runner, *map(str, originals)]
        self._out = out
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, reader: str, path: Path, kind: str = "") -> Outcome:
        """Let a reader read a file."""
        process = self._alive()
        assert process.stdin is not None
        process.stdin.write(json.dumps({"reader": reader, "path": str(path), "kind": kind}).encode() + b"\n")
        process.stdin.flush()
        line = self._line(process)
        if line is None:
            self._end()
            return Outcome("HANG", f"no answer in {PATIENCE:.0f} s")
        if not line:
            code = process.wait()
            self._end()
            return Outcome("CRASH", f"the process ended with {code}")
        answer = json.loads(line)
        return Outcome(
            answer["verdict"], answer["said"], tuple(answer["seen"]), answer["seconds"], answer["memory"], path.lstat().st_blocks * 512,
            answer["stall"],
        )  # fmt: skip

    def _alive(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH", ""), str(ROOT))))
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=self._out,
                env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "ATTACKED_OUT": str(self._out),
                     "XDG_CONFIG_HOME": str(self._out / "config"), "XDG_STATE_HOME": str(self._out / "state")},
            )  # fmt: skip
            if self._line(self._process, STARTING) != b"ready\n":
                self._end()
                raise RuntimeError("the process for the readers could not be started")
        return self._process

    def _line(self, process: subprocess.Popen[bytes], patience: float = PATIENCE) -> bytes | None:
        """The next line; b"" at the end of the process, None where there was none for too long."""
        assert process.stdout is not None
        found = b""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not found.endswith(b"\n"):
                if not selector.select(patience):
                    return None
                piece = os.read(process.stdout.fileno(), 1 << 16)
                if not piece:
                    return b""
                found += piece
        return found

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None

    def __enter__(self) -> Prison:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()
