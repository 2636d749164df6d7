"""Runs each case in a process of its own, below a warden of its own: ``warden.py LISTENER``.

What every case needs is loaded once, before anything happens; then this process does nothing but fork. A case is asked for over a
connection of its own, by a line of JSON: ``arguments`` of pytest, ``environment``, ``folder``, ``top``, ``silence``. Its warden is a
fork, and the case another one below that. The warden ends the case after so many seconds without a sign of life, adopts whatever
outlives it, and looks whether its temporary folders are empty. The verdict is one line of JSON.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import select
import signal
import socket
import sys
import tempfile
import time
from importlib import import_module
from typing import Any

from gradstep.engine.debug import tree

GRACE = 2.0  # seconds in which what is ending already may end
EMPTY = ("tmp", "run")  # folders in which nothing may be left
# Nothing of it starts a thread, opens a file or asks for a folder when it is imported.
LOADED = (
    "pytest", "numpy", "gradstep.engine.names", "gradstep.engine.cli.main", "gradstep.engine.cli.record", "gradstep.engine.cli.verify",
    "gradstep.engine.cli.inspect", "gradstep.engine.debug.session", "gradstep.gui.main_window",
)  # fmt: skip
_DESCRIPTORS = 256  # of the warden's, all below this


def main(listener: socket.socket) -> None:
    """Fork a warden for every connection, until whoever asks is gone: then stdin ends."""
    for name in LOADED:
        try:
            import_module(name)
        except ImportError:  # without Qt there are no cases of the window; what else is missing its case will say
            continue
    gc.freeze()  # what is shared stays shared
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for wardens: their connections say that they have ended
    while True:
        ready, _, _ = select.select([listener, 0], [], [])
        if 0 in ready and not os.read(0, 1):
            return
        if listener not in ready:
            continue
        link, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            with link:
                given = json.loads(link.makefile().readline())
                link.sendall(json.dumps(watch(given, link)).encode())
            os._exit(0)
        link.close()


def watch(given: dict[str, Any], link: socket.socket) -> dict[str, Any]:
    """The verdict: ``status`` (None: it was ended), ``survivors`` (command lines), ``leftovers`` (paths), what was
    ``said``, and the ``seconds`` of a processor that it took."""
    tree.adopt_orphans()
    life, life_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        link.detach()
        run(given, life_end)
    os.close(life_end)
    said = bytearray()
    status = None
    ended = os.pidfd_open(pid)
    due = time.monotonic() + given["silence"]
    while status is None and time.monotonic() < due:
        ready, _, _ = select.select([life, ended, link], [], [], due - time.monotonic())
        if life in ready and (data := os.read(life, 1 << 16)):
            said = (said + data)[-20_000:]
            due = time.monotonic() + given["silence"]
        if ended in ready:
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        elif link in ready:
            break  # nobody wants to know any more
    survivors = [] if status is None else _survivors()
    tree.kill_all_below(os.getpid())
    leftovers = [os.path.join(name, entry) for name in EMPTY for entry in sorted(os.listdir(os.path.join(given["folder"], name)))]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "status": status, "survivors": survivors, "leftovers": leftovers, "said": said.decode(errors="replace"),
        "seconds": used.ru_utime + used.ru_stime,
    }  # fmt: skip


def run(given: dict[str, Any], life_end: int) -> None:
    """In the case's process, which ends here as any interpreter does: pytest on one case, with nothing that is the warden's."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (life_end, 1), (life_end, 2)):
        os.dup2(old, new)
    os.closerange(3, _DESCRIPTORS)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(given["environment"])
    os.chdir(given["top"])
    tempfile.tempdir = None
    sys.dont_write_bytecode = True
    import pytest

    raise SystemExit(pytest.main(given["arguments"]))


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
    main(socket.socket(fileno=int(sys.argv[1])))
