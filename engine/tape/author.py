"""What a tape tells about who made it: to be looked at before it is given to others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .ending import begin_of
from .wire import TENSOR

if TYPE_CHECKING:
    from .reader import Tape


def tells(tape: Tape) -> dict[str, Any]:
    """Files and folders that are named, sources that are kept word by word, the command line's arguments, versions, what an exception
    said, names of variables and parameters, and how many values lie on it. Everything in it is JSON. Environment variables are never on a
    tape."""
    begin = begin_of(tape)
    paths = tape.files() | set(tape.sources)
    if isinstance(begin.get("script"), str) and begin["script"]:
        paths.add(begin["script"])
    arguments, versions = begin.get("args"), begin.get("versions")
    return {
        "paths": sorted(paths),
        "sources": {file: text.count("\n") + (not text.endswith("\n")) for file, text in sorted(tape.sources.items())},
        "arguments": arguments if isinstance(arguments, list) else [],
        "versions": versions if isinstance(versions, dict) else {},
        "said": [note.text for note in tape.notes if note.kind == "end" and note.text not in ("", "null")],
        "names": _names(tape),
        "values": tape.value_count,
        "environment": False,
    }


def _names(tape: Tape) -> int:
    """How many names tensors have: each is on the tape once, under a number of its own."""
    numbers = [rows[:, 5] for rows, _ in tape.rows_of(TENSOR)]
    return int(np.count_nonzero(np.unique(np.concatenate(numbers)))) if numbers else 0
