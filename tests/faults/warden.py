"""Runs one case in a process of its own, and says what became of it: ``warden.py SECONDS FOLDER COMMAND ...``.

It ends the case after so many seconds without a sign of life, adopts whatever outlives it, and looks whether its
temporary folders are empty. Standard library and the debugger's own view of a process tree; the verdict is one line of JSON.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from typing import Any

from gradstep.engine.debug import tree

GRACE = 2.0  # seconds in which what is ending already may end
EMPTY = ("tmp", "run")  # folders in which nothing may be left


def main(silence: float, folder: str, command: list[str]) -> dict[str, Any]:
    """The verdict: ``status`` (None: it was ended), ``survivors`` (command lines), ``leftovers`` (paths)."""
    tree.adopt_orphans()
    life, life_end = os.pipe()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=life_end, stderr=subprocess.STDOUT, start_new_session=True)
    os.close(life_end)
    said = bytearray()
    status = None
    watch = os.pidfd_open(process.pid)
    due = time.monotonic() + silence
    while status is None and time.monotonic() < due:
        ready, _, _ = select.select([life, watch], [], [], due - time.monotonic())
        if life in ready and (data := os.read(life, 1 << 16)):
            said = (said + data)[-20_000:]
            due = time.monotonic() + silence
        if watch in ready:
            status = process.wait()
    survivors = [] if status is None else _survivors()
    for pid in (process.pid, *tree.descendants(os.getpid())):
        tree.send(pid, signal.SIGKILL)
    tree.kill_all_below(os.getpid())
    leftovers = [os.path.join(name, entry) for name in EMPTY for entry in sorted(os.listdir(os.path.join(folder, name)))]
    return {"status": status, "survivors": survivors, "leftovers": leftovers, "said": said.decode(errors="replace")}


def _survivors() -> list[str]:
    """What still lives below this process once the case has ended, after a moment for what is on its way out."""
    end = time.monotonic() + GRACE
    while (left := _living()) and time.monotonic() < end:
        watches = []
        for pid in left:
            try:
                watches.append(os.pidfd_open(pid))
            except ProcessLookupError:
                continue
        if watches:
            select.select(watches, [], [], 0.05)
        for descriptor in watches:
            os.close(descriptor)
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    break
            except ChildProcessError:
                break
    return [f"{pid}: {tree.command_line(pid).replace(bytes(1), b' ').decode(errors='replace')[:300]}" for pid in left]


def _living() -> list[int]:
    return [pid for pid in tree.descendants(os.getpid()) if tree.command_line(pid)]


if __name__ == "__main__":
    print(json.dumps(main(float(sys.argv[1]), sys.argv[2], sys.argv[3:])))
