"""Faults 11 to 13 and 26: programs of many processes, and processes that become something else."""

from __future__ import annotations

import time

from gradstep.engine.debug.states import State

from .catalogue import API, CLI, WINDOW, fault
from .evidence import sound
from .scripts import HEAD
from .shortages import group, root_only

WORKERS = (
    HEAD
    + """
import os
pids = []
for number in range(4):
    pid = os.fork()
    if pid == 0:
        z = torch.ones(2, requires_grad=True)
        for _ in range(50):
            (z.exp() * 3).sum().backward()
        os._exit(0)
    pids.append(pid)
y = (x * 2).sum()
y.backward()
print([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids], flush=True)
"""
)
FLED = (
    HEAD
    + """
import os, signal, time
read, write = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.write(write, b"up")
        while True:
            time.sleep(1000)
    os._exit(0)
os.wait()
os.read(read, 2)
(x * x).sum().backward()
print("end", flush=True)
"""
)
BOMB = (
    HEAD
    + """
import os, time
(x * x).sum().backward()
print("breeding", flush=True)
while True:
    try:
        if os.fork() == 0:
            time.sleep(1000)
    except OSError:
        print("no more", flush=True)
        time.sleep(1000)
"""
)
REPLACED = (
    HEAD + "import os, sys\n(x * x).sum().backward()\nos.execv(sys.executable, [sys.executable, '-c', 'print(1); raise SystemExit(5)'])\n"
)
DEMOTED = (
    HEAD
    + """
import os
os.setgid(65534)
os.setuid(65534)
(x * x).sum().backward()
print(os.getuid(), x.grad.tolist(), flush=True)
"""
)


def only_its_own(tape) -> None:
    assert {op.name for op in tape.ops.values()} == {"mul", "sum"}
    assert len(tape.runs) == 1


@fault(11, API)
def test_workers_write_nothing_on_their_parents_tape(start) -> None:
    session = start(WORKERS)
    outcome = session.wait_until_ended()
    assert (outcome.how, session.printed["stdout"]) == (State.FINISHED, "[0, 0, 0, 0]\n")
    tape = sound(session.tape)
    only_its_own(tape)
    assert [note.text for note in tape.notes if note.kind == "forked"][-1] == "4"
    tape.close()


@fault(11, CLI)
def test_inspect_says_how_many_workers_were_not_recorded(gradstep, said) -> None:
    said.expect("gradstep: recorded ")
    ran = gradstep.record(WORKERS)
    assert (ran.code, ran.out) == (0, b"[0, 0, 0, 0]\n")
    facts = ran.sound()
    assert facts["ops_by_name"] == {"mul": 1, "sum": 1}
    assert facts["forked"] == 4


@fault(11, WINDOW)
def test_the_status_line_counts_processes_and_stop_ends_them(person, said) -> None:
    said.expect_exception("KeyboardInterrupt")
    hangs = WORKERS.replace("os._exit(0)", "import time; os.write(1, b'w\\n'); time.sleep(1000)").replace(
        "    pids.append(pid)", "    pids.append(pid)\nprint('up')"
    )
    person.let_run(hangs)
    person.until(lambda: person.printed.split().count("w") == 4)
    person.until(lambda: "4 worker processes (not recorded)" in person.processes)
    person.press("stop")
    person.end()
    assert person.state is State.STOPPED


@fault(12, API)
def test_who_left_the_group_is_ended_and_counted(start) -> None:
    session = start(FLED)
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.left_behind) == (State.FINISHED, 1)
    assert "1 process was left behind and ended" in outcome.reason
    sound(session.tape).close()


@fault(12, CLI)
def test_record_says_that_it_ended_a_process(gradstep, said) -> None:
    said.expect(r"gradstep: exit code 0. 1 process was left behind and ended", "gradstep: recorded ")
    ran = gradstep.record(FLED)
    assert (ran.code, ran.out) == (0, b"end\n")
    assert said.count("left behind and ended") == 1
    assert ran.sound()["complete"]


@fault(12, WINDOW)
def test_the_bar_says_that_a_process_was_ended(person) -> None:
    person.run(FLED)
    assert person.state is State.FINISHED
    assert "1 process that it had left behind was ended" in person.bar


@fault(13, API)
def test_too_many_processes_are_frozen_and_none_survives(start, session, figure) -> None:
    start(BOMB, process_limit=40)
    session.wait_for(State.FROZEN)
    assert "processes, the limit is 40" in session.sentence
    began = time.monotonic()
    session.send("kill")
    outcome = session.wait_until_ended()
    figure(f"{outcome.left_behind + 1} processes gone in {time.monotonic() - began:.1f} s")
    assert outcome.how is State.STOPPED
    assert outcome.left_behind >= 40
    sound(session.tape).close()


@fault(13, API)
def test_a_bomb_in_a_control_group_is_ended_whole(start, session) -> None:
    with group("pids", processes=60) as folder:
        start(f"import os\nopen({str(folder / 'cgroup.procs')!r}, 'w').write(str(os.getpid()))\n" + BOMB, process_limit=0)
        session.wait_for(lambda session: "no more" in session.printed.get("stdout", ""))
        session.send("kill")
        assert session.wait_until_ended().left_behind >= 50
        sound(session.tape).close()


@fault(13, CLI)
def test_record_ends_a_bomb_at_its_limit(gradstep, said) -> None:
    said.expect("gradstep: the script has reached a limit", "gradstep: recorded ", "gradstep: .*left behind")
    ran = gradstep.record(BOMB, options=["--limit-processes", "40"])
    assert (ran.code, ran.out) == (75, b"breeding\n")
    assert said.count("processes, the limit is 40") == 1
    assert len(ran.sound()["runs"]) == 1


@fault(13, WINDOW)
def test_the_bar_asks_what_shall_become_of_them(person) -> None:
    person.let_run(BOMB, {"process_limit": 40})
    person.until(lambda: person.state is State.FROZEN)
    assert "processes, the limit is 40" in person.bar
    assert person.answers[-1] == "Stop"
    person.press("kill")
    person.end()
    assert person.state is State.STOPPED


@fault(26, API)
def test_a_program_that_replaces_itself_is_named(start) -> None:
    session = start(REPLACED)
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.exit_code) == (State.FINISHED, 5)
    assert "the program replaced itself" in outcome.reason
    tape = sound(session.tape)
    assert len(tape.runs) == 1
    tape.close()


@fault(26, API)
def test_a_program_that_becomes_another_user_is_recorded_on(start) -> None:
    root_only()
    session = start(DEMOTED)
    assert session.wait_until_ended().how is State.FINISHED
    assert session.printed["stdout"] == "65534 [2.0, 4.0, 6.0]\n"
    tape = sound(session.tape)
    assert len(tape.runs) == 1
    tape.close()


@fault(26, CLI)
def test_record_says_that_the_program_replaced_itself(gradstep, said) -> None:
    said.expect("gradstep: the program replaced itself", "gradstep: recorded ")
    ran = gradstep.record(REPLACED)
    assert (ran.code, ran.out) == (5, b"1\n")
    assert said.count("the program replaced itself") == 1
    assert len(ran.sound()["runs"]) == 1


@fault(26, CLI)
def test_record_goes_on_for_another_user(gradstep, said) -> None:
    root_only()
    said.expect("gradstep: recorded ")
    ran = gradstep.record(DEMOTED)
    assert (ran.code, ran.out) == (0, b"65534 [2.0, 4.0, 6.0]\n")
    assert ran.sound()["complete"]


@fault(26, WINDOW)
def test_the_window_says_that_the_program_replaced_itself(person) -> None:
    person.run(REPLACED)
    assert "replaced itself" in person.bar
