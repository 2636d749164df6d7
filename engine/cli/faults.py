"""Where a fault of ours is written down: the user sees a sentence and the path."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from datetime import datetime
from pathlib import Path

from ..places import Place, place

CAP = 1 << 20  # bytes; a log that is longer is begun anew


def log_path() -> Path:
    """``$XDG_STATE_HOME/gradstep/faults.log``, or in the temporary folder where there is no home."""
    state = place(Place.STATE)
    return state / "faults.log" if state is not None else Path(tempfile.gettempdir(), "gradstep-faults.log")


def written_down(error: BaseException, words: list[str]) -> str:
    """Append an error with its traceback to the log; the log's path, "" where it cannot be written anywhere."""
    lines = [
        f"--- {datetime.now().astimezone().isoformat(timespec='seconds')}  gradstep {' '.join(words[:1])}  "
        f"Python {platform.python_version()}, {platform.system()} {platform.release()}",
        "".join(traceback.format_exception(type(error), error, error.__traceback__)),
    ]
    for path in (log_path(), Path(tempfile.gettempdir(), f"gradstep-faults-{os.getpid()}.log")):
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            long = path.exists() and path.stat().st_size > CAP
            with open(path, "w" if long else "a", encoding="utf-8", errors="backslashreplace") as file:
                file.write("\n".join(lines))
        except OSError:
            continue
        return str(path)
    return ""


def place_of(error: BaseException) -> str:
    """The file and line that raised it, as far as that is known."""
    entries = traceback.extract_tb(error.__traceback__)
    return f"{os.path.basename(entries[-1].filename)}:{entries[-1].lineno}" if entries else os.path.basename(sys.argv[0])
