"""Lets the Nth call of a kind fail, N = 1, 2, 3, ... until a recording passes: ``sweep.py FOLDER KIND:ERROR``, under ``preload.c``.

Each recording is made in a fork of this process. What came out wrong is listed on stdout as JSON.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import io
import json
import os
import sys
import traceback

import gradstep.engine as torch
from gradstep.engine.tape import recorder
from gradstep.engine.tape.check import check
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape, TapeError

NOT_MADE, STOPPED, WHOLE, WRONG = 10, 11, 12, 13
MOST = 500


def work() -> list[float]:
    """What is recorded; its result must not depend on the recorder."""
    w = torch.ones(8, requires_grad=True)
    for step in range(6):
        loss = (w * float(step)).exp().sum()
        loss.backward()
    assert w.grad is not None
    result: list[float] = w.grad.tolist()
    return result


def attempt(path: str, expected: list[float]) -> int:
    """Record the work; the exit code of the fork."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            tape = recorder.Recorder(Writer(path))
        except OSError:
            return NOT_MADE
        recorder.install(tape)
        result = work()
        tape.flush()
        tape.close()
    if result != expected:
        return WRONG
    stopped = tape.failed not in ("", "closed")
    if said.getvalue().count("recording stopped") != stopped:
        return WRONG
    return STOPPED if stopped else WHOLE


def look(path: str, code: int, before: int) -> str:
    """What is wrong with the tape of an attempt, "" for nothing. ``before``: bytes of the tape that failed one call earlier."""
    if code == NOT_MADE:
        return "" if not os.path.exists(path) or os.path.getsize(path) in (0, 36) else "a tape that was refused has bytes"
    if code not in (STOPPED, WHOLE):
        return f"the fork ended with {code}"
    try:
        tape = Tape.open(path)
    except TapeError as error:
        return f"cannot be read: {error}"
    try:
        found = tape.verify() or "; ".join(map(str, check(tape)))
        if not found and code == WHOLE and not tape.complete:
            found = "a whole tape is not complete"
        return found
    finally:
        tape.close()


def main(folder: str, kind: str) -> None:
    """Sweep, and print what was found."""
    library = ctypes.CDLL(os.environ["LD_PRELOAD"])
    call, _, name = kind.partition(":")
    code = 0 if name == "OK" else getattr(errno, name)
    expected, wrong, before = work(), [], 0
    for number in range(1, MOST):
        path = os.path.join(folder, f"{call}-{name}-{number}.gst")
        child = os.fork()
        if child == 0:
            try:
                library.failing_arm(f"{call}:{number}:{code}:.gst".encode())
                ended = attempt(path, expected)
                reached = library.failing_count() >= number
                os._exit(ended + 20 * (not reached))
            except BaseException:
                traceback.print_exc()
                os._exit(WRONG)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        reached, ended = status < 20, status % 20
        found = look(path, ended, before)
        if found:
            wrong.append(f"{kind} {number}: {found}")
        if not reached:
            break
    print(json.dumps({"runs": number, "wrong": wrong}))


if __name__ == "__main__":
    main(*sys.argv[1:])
