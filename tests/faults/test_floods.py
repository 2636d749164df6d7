"""Faults 8 to 10: more output and more events than anybody can look at, and bytes that are no text."""

from __future__ import annotations

import subprocess
from pathlib import Path

from gradstep.engine.debug.core import Output
from gradstep.engine.debug.spool import FILE_CAP
from gradstep.engine.debug.states import State

from .catalogue import API, CLI, WINDOW, fault
from .evidence import sound
from .scripts import HEAD

MIB = 1 << 20
FLOOD = (
    "import os, sys\nline = b'y' * 65535 + b'\\n'\nfor _ in range(int(sys.argv[1]) * 16): os.write(1, line)\nos.write(1, b'the end\\n')\n"
)
EVENTS = """
import sys, time
import torch
x = torch.ones(4, requires_grad=True)
end, passes = time.monotonic() + float(sys.argv[1]), 0
while time.monotonic() < end:
    y = x
    for _ in range(200):
        y = y * 1.0
    y.sum().backward()
    passes += 1
print(passes, flush=True)
"""
NOISE = b"\0\x07\xff\xfe\x1b[31mred\x1b[0m\x1b]0;title\x07\xe2\x80\xae" + "\N{SNOWMAN}".encode() + b"\n"
NOISY = f"""
import os
noise = {NOISE!r}
view = memoryview(noise + b"x" * {10 * MIB} + b"\\n" + noise)
while view:
    view = view[os.write(2, view):]
"""


def memory(field: str = "VmRSS") -> int:
    """Bytes of this process."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def flood_by_the_api(session, tmp_path, start, figure, size: int) -> None:
    skipped, before = [], memory()
    session._heard = lambda news: skipped.append(news.skipped) if isinstance(news, Output) else None
    start(FLOOD, args=(str(size),))
    outcome = session.wait_until_ended()
    whole = size * MIB + 8
    assert outcome.output["stdout"]["bytes"] == whole
    assert session.printed["stdout"].endswith("the end\n")
    assert sum(skipped) + len(session.printed["stdout"]) == whole
    kept = (session.folder.path / "stdout.log").stat().st_size
    assert kept <= FILE_CAP + 100
    assert outcome.output["stdout"]["not_kept"] == max(0, whole - FILE_CAP)
    figure(f"{memory() - before >> 20} MiB more memory, {kept >> 20} MiB kept of {whole >> 20}")


@fault(8, API)
def test_of_a_flood_the_tail_and_a_number_arrive(session, tmp_path, start, figure) -> None:
    flood_by_the_api(session, tmp_path, start, figure, 150)


@fault(8, API, long=True)
def test_of_a_gigabyte_the_tail_and_a_number_arrive(session, tmp_path, start, figure) -> None:
    flood_by_the_api(session, tmp_path, start, figure, 1024)


def flood_by_record(gradstep, size: int) -> None:
    script = gradstep.write(FLOOD)
    process = gradstep.start("record", "-o", gradstep.folder / "run.gst", script, str(size), stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    seen, last = 0, b""
    while data := process.stdout.read(MIB):
        seen, last = seen + len(data), (last + data)[-100:]
    process.stdout.close()
    assert process.wait() == 0
    assert seen == size * MIB + 8
    assert last.endswith(b"the end\n")


@fault(8, CLI)
def test_a_recorded_script_prints_every_byte_itself(gradstep) -> None:
    flood_by_record(gradstep, 150)


@fault(8, CLI, long=True)
def test_a_recorded_script_prints_every_byte_of_a_gigabyte(gradstep) -> None:
    flood_by_record(gradstep, 1024)


def flood_by_window(person, figure, size: int) -> None:
    person.begin(person.script("print(1)\n", "first.py"))
    person.end()
    before = memory()
    person.window.opening.arguments = (str(size),)
    person.watch_gaps()
    person.begin(person.script(FLOOD))
    person.end()
    figure(f"longest gap {1000 * person.gap:.0f} ms, {memory() - before >> 20} MiB more memory")
    assert "the end" in person.printed
    assert "not shown" in person.printed
    assert memory() - before < 20 * MIB + 40 * MIB * (size < 200)  # small floods: Qt's own caches are of that size


@fault(8, WINDOW)
def test_the_window_shows_the_tail_and_what_it_left_out(person, figure) -> None:
    flood_by_window(person, figure, 150)


@fault(8, WINDOW, long=True)
def test_a_gigabyte_leaves_the_window_as_small_as_it_was(person, figure) -> None:
    flood_by_window(person, figure, 1024)


def count_events(tape, passes: int) -> None:
    assert len(tape.runs) == passes
    assert len(tape.ops) == 201 * passes


@fault(9, API)
def test_all_events_of_a_storm_are_on_the_tape(start, figure) -> None:
    session = start(EVENTS, args=("1",), level="structure")
    session.wait_until_ended()
    tape = sound(session.tape)
    figure(f"{len(tape.events) + len(tape.ops):,} events and ops in 1 s")
    count_events(tape, int(session.printed["stdout"]))
    tape.close()


@fault(9, CLI)
def test_record_loses_none_of_a_storm(gradstep, said, figure) -> None:
    said.expect("gradstep: recorded ")
    ran = gradstep.record(EVENTS, "1", options=["--level", "structure"])
    assert ran.code == 0
    facts = ran.sound()
    assert facts["complete"]
    assert len(facts["runs"]) == int(ran.out)
    assert facts["ops"] == 201 * int(ran.out)
    figure(f"{facts['events'] + facts['ops']:,} events and ops in 1 s")


@fault(9, CLI, long=True)
def test_record_loses_none_of_ten_seconds(gradstep, said, figure) -> None:
    said.expect("gradstep: recorded ")
    ran = gradstep.record(EVENTS, "10", options=["--level", "structure"])
    facts = ran.facts()
    assert (ran.code, facts["damage"], facts["ops"]) == (0, "", 201 * int(ran.out))
    figure(f"{facts['events'] + facts['ops']:,} events and ops in 10 s")


def storm_by_window(person, figure, seconds: int) -> None:
    person.window.opening.stop_on_entry = False
    person.window.opening.level = "structure"
    person.window.opening.arguments = (str(seconds),)
    person.watch_gaps()
    person.begin(person.script(EVENTS))
    person.end()
    tape = person.window.model.tape
    assert tape is not None
    figure(f"longest gap {1000 * person.gap:.0f} ms at {(len(tape.events) + len(tape.ops)) / seconds:,.0f} a second")
    count_events(tape, int(person.printed.split()[0]))


@fault(9, WINDOW)
def test_the_window_keeps_up_with_a_storm(person, figure) -> None:
    storm_by_window(person, figure, 1)


@fault(9, WINDOW, long=True)
def test_the_window_keeps_up_for_ten_seconds(person, figure) -> None:
    storm_by_window(person, figure, 10)


@fault(10, API)
def test_bytes_that_are_no_text_are_kept_as_they_are(start, session, said) -> None:
    said.expect(".*")
    start(NOISY)
    outcome = session.wait_until_ended()
    assert outcome.how is State.FINISHED
    assert (session.folder.path / "stderr.log").read_bytes() == NOISE + b"x" * 10 * MIB + b"\n" + NOISE


@fault(10, CLI)
def test_a_recorded_script_writes_its_bytes_unchanged(gradstep) -> None:
    process = gradstep.start("record", "-o", gradstep.folder / "run.gst", gradstep.write(NOISY))
    out, err = process.communicate()
    assert (process.returncode, out) == (0, b"")
    whole = NOISE + b"x" * 10 * MIB + b"\n" + NOISE
    assert err[: len(whole)] == whole
    assert err[len(whole) :].startswith(b"gradstep: recorded ")


@fault(10, WINDOW)
def test_the_window_shows_noise_escaped(person, said, figure) -> None:
    said.expect(".*")
    person.watch_gaps()
    person.run(NOISY + HEAD)
    figure(f"longest gap {1000 * person.gap:.0f} ms")
    shown = person.printed
    assert "\\xff\\xfe" in shown
    assert "\N{SNOWMAN}" in shown
    assert not {"\0", "\x07", "\x1b", "\N{RIGHT-TO-LEFT OVERRIDE}"} & set(shown)
