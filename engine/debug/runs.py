"""The runs that are kept: which there are, and which have been kept long enough. Standard library only."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .launch import runs_folder

DAY = 24 * 60 * 60  # seconds
_LARGEST = 1 << 20  # bytes of a run.json that are read


@dataclass(frozen=True, slots=True)
class KeptRun:
    """The folder of a run and what its ``run.json`` says. ``started`` in seconds since 1970; ``size`` in bytes of all its files;
    ``alive``: its supervisor runs."""

    folder: Path
    script: str
    tape: Path
    state: str
    started: float
    size: int
    alive: bool


def runs(below: Path | None = None) -> list[KeptRun]:
    """The runs that are kept, the newest first. A folder that is none of ours is not listed."""
    place = below if below is not None else runs_folder()
    found = []
    with suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith("run-") and entry.is_dir(follow_symlinks=False):
                run = _run(Path(entry.path))
                if run is not None:
                    found.append(run)
    return sorted(found, key=lambda run: run.started, reverse=True)


def _run(folder: Path) -> KeptRun | None:
    try:
        if folder.stat().st_uid != os.getuid():
            return None
        with open(folder / "run.json", encoding="utf-8") as stream:
            facts: Any = json.loads(stream.read(_LARGEST))
        tape = Path(str(facts["tape"])) if facts.get("tape") else folder / "tape.gst"
        return KeptRun(folder, str(facts["script"]), tape, str(facts["state"]), float(facts["started"]), _size(folder), is_alive(folder))
    except (OSError, ValueError, KeyError, TypeError, RecursionError, AttributeError):
        return None


def _size(folder: Path) -> int:
    with os.scandir(folder) as entries:
        return sum(entry.stat(follow_symlinks=False).st_size for entry in entries)


def is_alive(folder: Path) -> bool:
    """Whether a supervisor holds the run's lock."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def tidy(days: float, space: int, keep: Collection[Path] = (), below: Path | None = None) -> list[Path]:
    """Take away runs that began more than ``days`` ago, and the oldest while all together take more than ``space`` bytes; 0 is no
    limit. Runs that are alive stay, and those whose folders are in ``keep``. The folders that are gone.
    """
    oldest = time.time() - days * DAY if days else 0.0
    found = runs(below)
    total = sum(run.size for run in found)
    gone = []
    for run in reversed(found):
        late = run.started < oldest
        much = bool(space) and total > space
        if (late or much) and not run.alive and run.folder not in keep:
            with suppress(OSError):
                shutil.rmtree(run.folder)
                gone.append(run.folder)
                total -= run.size
    return gone
