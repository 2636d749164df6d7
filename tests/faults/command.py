"""``gradstep`` as a person runs it: a process, its exit code, what it printed, and the tape it left."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradstep.engine.cli.main import main

from .said import Said

PATIENCE = 80.0  # seconds; only what hangs waits so long, and the warden is not far


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a command."""

    code: int
    out: bytes
    err: str
    tape: Path

    def facts(self) -> dict[str, Any]:
        """``gradstep inspect --json`` of the tape."""
        return inspect(self.tape)[1]

    def sound(self) -> dict[str, Any]:
        """The facts of a tape that ``gradstep verify`` finds sound as far as it goes, though it may not have been ended."""
        code, said = verify(self.tape)
        assert code == 0, said
        return self.facts()


def verify(tape: Path) -> tuple[int, str]:
    """``gradstep verify``: the exit code, and all that was said."""
    code, out, err = _here("verify", str(tape))
    return code, out + err


def inspect(tape: Path) -> tuple[int, dict[str, Any]]:
    """``gradstep inspect --json``."""
    code, out, _ = _here("inspect", str(tape), "--json")
    facts: dict[str, Any] = json.loads(out) if out else {}
    return code, facts


def _here(*words: str) -> tuple[int, str, str]:
    """A command that only reads, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(list(words))
    return code, out.getvalue(), err.getvalue()


class Commands:
    """Runs ``gradstep``; what it says on stderr is heard."""

    def __init__(self, folder: Path, said: Said) -> None:
        self.folder, self._said = folder, said
        self.environment: dict[str, str] = {}

    def write(self, text: str, name: str = "script.py") -> Path:
        """A script with that text."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def start(self, *words: str | Path, **options: Any) -> subprocess.Popen[bytes]:
        """``gradstep`` with these words, as the head of a group of its own; ``end`` waits for it."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "start_new_session": True} | options
        environment = {**os.environ, **self.environment, **options.pop("env", {})}
        return subprocess.Popen(
            [sys.executable, "-m", "gradstep", *map(str, words)], cwd=options.pop("cwd", self.folder), env=environment, **options
        )

    def end(self, process: subprocess.Popen[bytes], tape: Path | None = None) -> Ran:
        """Wait for the end of a command."""
        out, err = process.communicate(timeout=PATIENCE)
        text = (err or b"").decode("utf-8", "backslashreplace")
        self._said.hear(f"{text}\n", "gradstep")
        return Ran(process.returncode, out or b"", text, tape or self.folder / "run.gst")

    def run(self, *words: str | Path, **options: Any) -> Ran:
        """A command from its start to its end."""
        return self.end(self.start(*words, **options))

    def record(
        self, script: str, *args: str, options: Sequence[str] = (), name: str = "script.py", tape: Path | None = None, **more: Any
    ) -> Ran:
        """``gradstep record`` of a script given as text."""
        tape = tape or self.folder / "run.gst"
        return self.end(self.start("record", "-o", tape, *options, self.write(script, name), *args, **more), tape)

    def plain(self, script: str, *args: str, env: Mapping[str, str] | None = None) -> Ran:
        """The same script by gradstep's engine without a recorder: what ``record`` must not change."""
        file = self.write(script, "plain.py")
        command = [sys.executable, "-c", _PLAIN, str(file), *args]
        process = subprocess.run(
            command, cwd=self.folder, capture_output=True, timeout=PATIENCE, env={**os.environ, **(env or {})}, check=False
        )
        return Ran(process.returncode, process.stdout, process.stderr.decode(), Path())


_PLAIN = """
import os, runpy, sys
from gradstep.engine.shim import folders
sys.path[:0] = folders("gradstep")
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def interrupt(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGINT) -> None:
    """What Ctrl+C does: a signal to the whole group of the terminal."""
    os.killpg(process.pid, number)


def read_until(process: subprocess.Popen[bytes], word: bytes) -> bytes:
    """What a command printed, up to and with ``word``."""
    assert process.stdout is not None
    said = b""
    while word not in said:
        data = os.read(process.stdout.fileno(), 1 << 16)
        assert data, said
        said += data
    return said


Write = Callable[..., Path]
