"""What a run needs to know before it starts, its private folder, and the command that starts its supervisor."""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..older import dataclass
from ..places import Place, place
from .protocol import KEY_BYTES
from .targets import needs_of, target_of

BOOTSTRAP = str(Path(__file__).with_name("bootstrap.py"))
_TUPLES = ("args", "paths", "packages", "reach", "breakpoints")  # fields that JSON has as lists
_SOCKET_PATH_CAP = 100  # bytes; the system's limit is 108, on macOS 104


@dataclass(frozen=True, slots=True)
class Launch:
    """One run of a script, as asked for."""

    script: str
    args: tuple[str, ...] = ()
    engine: str = "gradstep"  # what ``import torch`` means in the script: "gradstep" is our engine, "torch" the real one
    target: str = ""  # ``module:object`` of that engine's ``target.Target``; "": what ``engine`` is the name of
    paths: tuple[str, ...] = ()  # where its module is found beside the interpreter's own places
    least: str = ""  # the first version of Python that will do, "3.9"
    packages: tuple[str, ...] = ()  # what the interpreter must have, by the names that are imported
    python: str = sys.executable  # the interpreter that runs the script
    cwd: str = ""  # "": where the debugger stands
    tape: str = ""  # where the tape goes; "": into the run's folder
    level: str = "values"  # how much is recorded: structure, statistics or values
    budget: int = 256 << 20  # bytes of values kept
    passes_before: int = 0  # backward passes of the script that are not recorded, nor what is computed around them; PyTorch only
    arm: str = ""  # after those recording begins: "" at once, "nan" at the first loss or gradient that is not finite, "later" when asked
    kernels: bool = False  # write down what each op and node runs inside; PyTorch only
    stop_on_entry: bool = True  # stop before the first node of the first backward
    rewind: bool = True  # keep what stepping back needs
    examine: bool = False  # try the rules of custom Functions against their forward, in forked children
    unbuffered: bool = False  # write every event at once, so that a death cannot lose the last 10 ms
    output: str = "spool"  # "spool": kept and forwarded; "inherit": the script has the debugger's own stdout and stderr
    stdin: str = "null"  # "null" or "inherit"
    memory_limit: int = 0  # bytes at which the script is frozen; 0: none
    process_limit: int = 256  # processes at which the script is frozen; 0: none
    disk_limit: int = 0  # bytes of its tape at which ``when_full`` happens; 0: none
    when_full: str = ""  # "": the script is frozen; "stop": recording ends; "ring": what is oldest goes
    time_limit: float = 0.0  # seconds after which the script is frozen; 0: none
    sources: bool = True  # the tape has the text of source files
    silence: float = 5.0  # seconds without a sign of life before it is called unresponsive
    fleeting: str = ""  # a folder that is to be gone when the run is over and whoever asked for it has vanished
    idle: float = 60.0  # seconds without anything that is recorded before that is told; 0: never
    env: Mapping[str, str] = field(default_factory=dict)  # beside the environment that the debugger has
    machine: str = ""  # on which it runs, as its user calls it; "": this one. ``script``, ``python`` and ``cwd`` are places there
    reach: tuple[str, ...] = ()  # the command that starts an agent there and speaks with it (``machines.py``)
    stay: float = 1800.0  # seconds for which the program is kept there while the connection is lost
    breakpoints: tuple[Mapping[str, Any], ...] = ()  # set before the first line runs, as ``Breakpoint.plain`` gives them

    def plain(self) -> dict[str, Any]:
        """As JSON has it. Arguments that are not valid Unicode survive as escaped surrogates."""
        return {**dataclasses.asdict(self), **{name: list(getattr(self, name)) for name in _TUPLES}}

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Launch:
        """The opposite of ``plain``."""
        return cls(**{**fields, **{name: tuple(fields.get(name, ())) for name in _TUPLES}})


def runs_folder() -> Path:
    """Where runs are kept: ``$XDG_CACHE_HOME/gradstep/runs``, or below the system's temporary folder where the home is
    read-only or missing."""
    cache = place(Place.CACHE)
    places = [cache / "runs"] if cache is not None else []
    for folder in (*places, Path(tempfile.gettempdir(), f"gradstep-{os.getuid()}")):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if os.access(folder, os.W_OK) and folder.stat().st_uid == os.getuid():
                return folder
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="gradstep-runs-"))


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The private folder (0700) of one run: ``run.json``, ``tape.gst``, ``stdout.log``, ``stderr.log``, ``fault.log``."""

    path: Path
    socket: str
    key: bytes = field(repr=False)

    @classmethod
    def make(cls, below: Path | None = None) -> RunFolder:
        """A fresh folder, below ``below`` or where runs are kept."""
        path = Path(tempfile.mkdtemp(prefix="run-", dir=below or runs_folder()))
        address = str(path / "control")
        if len(os.fsencode(address)) > _SOCKET_PATH_CAP:  # a socket's name must be short, a run's folder need not be
            runtime = os.environ.get("XDG_RUNTIME_DIR", "")
            base = runtime if os.path.isdir(runtime) and os.access(runtime, os.W_OK) and len(runtime) < 60 else "/tmp"
            address = os.path.join(tempfile.mkdtemp(prefix="gradstep-", dir=base), "control")
        return cls(path, address, secrets.token_bytes(KEY_BYTES))

    @property
    def tape(self) -> Path:
        """The tape's place, unless the launch names another."""
        return self.path / "tape.gst"


def supervisor_command(spec: int, ready: int, *, elsewhere: bool = False) -> list[str]:
    """How to start a supervisor that reads its orders from descriptor ``spec`` and reports on ``ready`` that it listens; ``elsewhere``:
    for a program on another machine, of the relay that stands here for the supervisor there.

    It runs isolated from the user's environment: no site-packages, no PYTHON variables.
    """
    return [sys.executable, "-I", "-S", BOOTSTRAP, "relay" if elsewhere else "supervisor", str(spec), str(ready)]


def orders(launch: Launch, folder: RunFolder) -> bytes:
    """The line that the supervisor reads first. It holds the key, which is why it goes through an inherited descriptor."""
    fields: dict[str, Any] = {"folder": str(folder.path), "socket": folder.socket, "key": folder.key.hex()}
    if launch.reach:  # what its engine needs is known there
        return json.dumps({**fields, "launch": launch.plain(), "version": version("gradstep")}).encode() + b"\n"
    if not launch.target:
        target, paths = target_of(launch.engine)
        launch = dataclasses.replace(launch, target=target, paths=(*launch.paths, *paths))
    needs = needs_of(launch.engine)
    launch = dataclasses.replace(launch, least=".".join(map(str, needs.python)), packages=needs.names)
    return json.dumps({**fields, "launch": launch.plain()}).encode() + b"\n"
