"""The process in which readers run: tells what they did beside reading. Started by ``prison.Prison``, one line a file.

    python -m tests.attacks.inmate RUNNER [FILE OF EACH KIND ...]

Before the first attack every reader has read the undamaged tapes, so that nothing is imported later that is not the tape's doing.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FORBIDDEN = (
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "os.startfile", "pty.spawn", "subprocess.", "socket.",
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.utime", "shutil.",
    "os.setxattr", "os.kill", "pickle.find_class", "ctypes.dlopen", "urllib.", "http.", "ftplib.", "smtplib.", "webbrowser.",
)  # fmt: skip
_PLACES = tuple({os.path.realpath(path) for path in (*sysconfig.get_paths().values(), sys.base_prefix, sys.prefix)})
_OWN = str(Path(__file__).resolve().parents[2])


class Guard:
    """An audit hook: what it sees that a reader may not do. ``file`` is what is read, ``out`` where may be written."""

    def __init__(self, out: str, own: tuple[str, ...] = ()) -> None:
        self.own = own  # pickles of classes in these packages are of a process of the reader's own
        self.file, self.out, self.on = "", out, False
        self.seen: list[str] = []

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "open":
            self._opened(*args)
        elif event == "pickle.find_class" and f"{args[0]}.".startswith(self.own):
            return
        elif event.startswith(_FORBIDDEN):
            if not (self.out and args and isinstance(args[0], (str, os.PathLike)) and os.fspath(args[0]).startswith(self.out)):
                self.seen.append(f"{event}{args!r:.200}")
        elif event == "import" and not self._may_import(str(args[0])):
            self.seen.append(f"import {args[0]}")

    def _may_import(self, module: str) -> bool:
        top = module.partition(".")[0]
        return top in sys.modules or top in sys.stdlib_module_names

    def _opened(self, path: Any, mode: Any, flags: Any) -> None:
        if not isinstance(path, (str, bytes)):
            return
        name = os.fsdecode(path)
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & _WRITES):
            if not (self.out and name.startswith(self.out)):
                self.seen.append(f"write {name}")
        elif not self._may_read(name):
            self.seen.append(f"read {name}")

    def _may_read(self, name: str) -> bool:
        """The tape, the settings in our own folder, and what is installed, which imports read."""
        if name == self.file or name.startswith(("/proc/self/", "/dev/null")) or (self.out and name.startswith(self.out)):
            return True
        return os.path.realpath(name).startswith((_OWN, *_PLACES))


def _memory(field: str) -> int:
    """Bytes of memory of this process: VmRSS or, since ``_forget_peak``, VmHWM."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field + ":")) << 10


def _forget_peak() -> None:
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def main() -> None:
    """Answer lines of JSON (reader, path, kind) with lines of JSON (verdict, said, seen, seconds, memory, stall)."""
    runner, *originals = sys.argv[1:]
    module = importlib.import_module(runner)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a reader prints past Python's own streams is no answer
    guard = Guard(os.environ.get("ATTACKED_OUT", ""), getattr(module, "OWN_PICKLES", ()))
    sys.addaudithook(guard)
    wholes = {(Path(path).stem, name): read(path) for path in originals for name, read in module.READERS.items()}
    limit = _memory("VmSize") + (3 << 30)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        guard.file, guard.seen = task["path"], []
        _forget_peak()
        before, began, wall = _memory("VmRSS"), time.process_time(), time.monotonic()
        guard.on = True
        answer: dict[str, Any] = {}
        try:
            result = module.READERS[task["reader"]](task["path"])
        except Exception as error:
            guard.on = False
            import traceback

            answer = {"verdict": "CRASH", "said": "".join(traceback.format_exception(error))[-3000:]}
            del error
        guard.on = False
        answer |= {"seconds": time.process_time() - began, "wall": time.monotonic() - wall, "memory": _memory("VmHWM") - before}
        answer["stall"] = module.stall() if hasattr(module, "stall") else 0.0
        if "verdict" not in answer:
            whole = wholes.get((task["kind"], task["reader"]))
            there = "refused" if result.refused else "read"
            answer["verdict"] = there if whole is None else module.verdict(task["reader"], result, whole)
            answer["said"] = str(result.said)[:500]
            result = None
        answer["seen"] = guard.seen[:10]
        print(json.dumps(answer), file=answers, flush=True)


main()
