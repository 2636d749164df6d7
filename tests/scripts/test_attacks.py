"""The long run of attacks can be ended at any time: it says how far it was, prints what it has, and goes on later."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

COMMAND = (sys.executable, "scripts/attacks.py", "--kinds", "small", "--readers", "records", "--no-hostile")


def readings(text: str) -> int:
    return int(re.findall(r"^(\d+) readings, 0 faults$", text, re.MULTILINE)[0])


def test_what_was_read_is_told_when_time_is_over_and_a_later_run_goes_on_there(root: Path, tmp_path: Path) -> None:
    command = [*COMMAND, "--state", str(tmp_path / "state.json")]
    none = subprocess.run([*command, "--most", "6", "--minutes", "0"], cwd=root, capture_output=True, text=True, timeout=300)
    assert (none.returncode, readings(none.stdout)) == (0, 0)
    assert "ended before small:0" in none.stdout
    some = subprocess.run([*command, "--most", "4"], cwd=root, capture_output=True, text=True, timeout=300)
    assert (some.returncode, readings(some.stdout)) == (0, 4)
    assert "4 of 4 changes, 0 faults" in some.stderr
    more = subprocess.run([*command, "--most", "6"], cwd=root, capture_output=True, text=True, timeout=300)
    assert readings(more.stdout) == 6
    assert "2 of 2 changes" in more.stderr
    assert "ended before" not in more.stdout


def test_it_begins_where_it_is_told(root: Path) -> None:
    told = subprocess.run([*COMMAND, "--most", "6", "--from", "small:4"], cwd=root, capture_output=True, text=True, timeout=300)
    assert readings(told.stdout) == 2
    assert "small 5 " in told.stderr


def test_a_signal_ends_it_with_the_table_of_what_was_read(root: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--most", "100000", "--often", "0"], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        assert "small 0 " in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 128 + signal.SIGTERM
    assert readings(out) >= 1
    assert re.search(r"^ended before small:\d+; --from small:\d+ goes on there$", out, re.MULTILINE)
