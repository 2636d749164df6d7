"""Writers that are killed at any moment leave the old file or the new one, never half of one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 100

_KILLED = """\
import os, random, signal, sys, time

def kill(write, read, kills, span=0.02):
    # A write takes milliseconds here and a second on a busy disk: the span in which kills fall follows what came to be written.
    rand, last, seen = random.Random(5), 0, set()
    for kill in range(kills):
        child = os.fork()
        if not child:
            try:
                number = last
                while True:
                    number += 1
                    write(number)
            finally:
                os._exit(1)
        time.sleep(rand.random() * span)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = read()
        assert found >= last, (kill, found, last)
        seen.add(found)
        span = span * 1.5 if found == last else max(span / 1.2, 0.005)
        last = found
    print(len(seen))
"""

_KEPT = """\
from pathlib import Path
from gradstep.engine.kept import KeptFile

file = Path(sys.argv[1]) / "kept.json"

def write(number):
    KeptFile(file, "numbers").write({"first": number, "words": "x" * 40_000, "last": number})

def read():
    found = []
    kept = KeptFile(file, "numbers")
    kept.read(lambda facts: found.append(facts["first"] if facts["first"] == facts["last"] else -1))
    assert not kept.problem, kept.problem
    return found[0] if found else 0

kill(write, read, int(sys.argv[2]))
"""

_BREAKPOINTS = """\
from pathlib import Path
from gradstep.engine.debug.breakpoints import BreakKind, BreakpointTable

file = Path(sys.argv[1]) / "breakpoints.json"
seen = [0]

def write(number):
    table = BreakpointTable(file)
    table.put([])
    assert not table.problem, table.problem
    for line in range(number, number + 5):
        table.toggle_line("/home/me/train.py", line)

def read():
    table = BreakpointTable(file)
    assert not table.problem, table.problem
    lines = [int(point.target.rpartition(":")[2]) for point in table]
    assert lines == list(range(lines[0], lines[0] + len(lines))) if lines else True, lines
    seen.append(max([seen[-1], *lines[:1]]))  # an empty table is one that was just emptied
    return seen[-1]

kill(write, read, int(sys.argv[2]))
"""

_SETTINGS = """\
from pathlib import Path
from PySide6.QtCore import QSettings
from gradstep.gui.files.settings import mend

file = Path(sys.argv[1]) / "gradstep.ini"

def write(number):
    settings = QSettings(str(file), QSettings.Format.IniFormat)
    settings.setValue("a/first", number)
    settings.setValue("m/words", "x" * 40_000)
    settings.setValue("z/last", number)
    settings.sync()

def read():
    assert mend(file) == ""
    settings = QSettings(str(file), QSettings.Format.IniFormat)
    first, last = int(settings.value("a/first", 0)), int(settings.value("z/last", 0))
    assert first == last, (first, last)
    assert not first or len(settings.value("m/words")) == 40_000
    return first

kill(write, read, int(sys.argv[2]))
"""


@pytest.mark.parametrize("code", [_KEPT, _BREAKPOINTS, _SETTINGS], ids=["kept files", "breakpoints", "the window's settings"])
def test_a_hundred_kills_leave_the_old_or_the_new_file(tmp_path: Path, code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _KILLED + code, str(tmp_path), str(KILLS)], capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10  # writers came to write
