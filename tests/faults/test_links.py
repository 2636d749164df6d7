"""Faults 38 and 40: wrong peers, lost ranks, a machine that sleeps and a clock that jumps."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys

from gradstep.engine.debug.launch import Launch, RunFolder
from gradstep.engine.debug.protocol import Handshake, Role
from gradstep.engine.debug.states import State
from gradstep.engine.debug.tree import descendants, freeze, thaw

from ..ssh_to_here import connections, ssh_to_here
from .catalogue import API, CLI, WINDOW, fault
from .command import read_until
from .evidence import sound
from .scripts import HEAD
from .shortages import library

WAITS = (
    HEAD
    + """
import sys
for step in range(3):
    (x * 2).sum().backward()
print("up", flush=True)
for step in range(300):
    (x * 2).sum().backward()
print("end", flush=True)
"""
)
RANK = (
    HEAD
    + """
import os, time
for step in range(3):
    (x * 2).sum().backward()
print("up", os.getpid(), flush=True)
if os.environ["RANK"] == "2":
    time.sleep(1000)
print("end", flush=True)
"""
)

TOLD_TO_END = (
    HEAD
    + """
(x * 2).sum().backward()
print("up", flush=True)
input()
(x * 2).sum().backward()
"""
)


@fault(38, API)
def test_wrong_peers_are_sent_away_noted_and_hold_nobody_up(tmp_path, said) -> None:
    from gradstep.engine.debug.session import Session

    folder = RunFolder.make(tmp_path)
    script = tmp_path / "script.py"
    script.write_text(WAITS, encoding="utf-8")
    peers: list[socket.socket] = []

    class Late(Session):
        """Lets others try the door before itself."""

        def _read(self, ready: int, folder: RunFolder) -> None:
            line = os.read(ready, 1)
            assert line
            for kind in ("random", "silent", "wrong key", "one byte"):
                peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                peer.connect(folder.socket)
                peers.append(peer)
                if kind == "random":
                    peer.sendall(os.urandom(4096))
                elif kind == "one byte":
                    peer.sendall(b"g")
                elif kind == "wrong key":
                    peer.sendall(Handshake(Role.CLIENT, b"k" * 32).greeting())
            super()._read(ready, folder)

    with Late() as session:
        session.launch(Launch(str(script), stop_on_entry=False), folder)
        outcome = session.wait_until_ended()
        assert (outcome.how, session.printed["stdout"]) == (State.FINISHED, "up\nend\n")
    refused = json.loads((folder.path / "run.json").read_text())["refused_peers"]
    assert len(refused) == 4
    for peer in peers:
        peer.close()
    assert not os.path.exists(folder.socket)
    sound(folder.tape).close()


@fault(38, WINDOW)
def test_a_second_client_cannot_come_to_the_windows_program(person) -> None:
    person.begin(person.script(WAITS))
    assert person.state is State.PAUSED
    folder = person.window.session.folder
    assert folder is not None
    assert not os.path.exists(folder.socket)
    assert os.stat(folder.path).st_mode & 0o777 == 0o700
    person.finish()
    assert person.state is State.FINISHED


def sleep_and_wake(pid: int) -> None:
    """What the suspension of a machine is to a process tree: it stands still, and the world has gone on."""
    freeze(pid)
    thaw(pid)


@fault(40, API)
def test_a_tree_that_slept_goes_on_and_a_clock_that_jumps_changes_nothing(start, session, tmp_path) -> None:
    start(WAITS, env={"LD_PRELOAD": str(library(tmp_path)), "CLOCK_JUMP": "-360000:2"})
    session.wait_for(lambda session: "up" in session.printed.get("stdout", ""))
    sleep_and_wake(session._supervisor.pid)
    outcome = session.wait_until_ended()
    assert (outcome.how, session.printed["stdout"]) == (State.FINISHED, "up\nend\n")
    tape = sound(session.tape)
    times = [event.time for event in tape.events]
    assert times == sorted(times)
    assert times[-1] < 3600
    tape.close()


@fault(40, CLI)
def test_of_four_ranks_one_is_killed_and_the_others_are_whole(gradstep, said) -> None:
    said.expect("gradstep: recorded ", r"gradstep: the script crashed: killed from outside \(SIGKILL\)")
    script = gradstep.write(RANK)
    (gradstep.folder / "runs").mkdir()
    ranks = [
        gradstep.start("record", "--durable", "-o", f"{gradstep.folder / 'runs'}/", script, env={"RANK": str(number), "WORLD_SIZE": "4"})
        for number in range(4)
    ]
    pids = [int(read_until(rank, b"\n").split()[1]) for rank in ranks]
    os.kill(pids[2], signal.SIGKILL)
    ended = [gradstep.end(rank, gradstep.folder / "runs" / f"rank{number}.gst") for number, rank in enumerate(ranks)]
    assert [ran.code for ran in ended] == [0, 0, 137, 0]
    for number, ran in enumerate(ended):
        facts = ran.sound()
        assert len(facts["runs"]) == 3
        assert facts["complete"] is (number != 2)


@fault(40, CLI)
def test_a_link_to_another_machine_that_dies_costs_nothing(gradstep, said) -> None:
    said.expect(
        "gradstep: recorded ", "gradstep: following ", r"gradstep: the connection to cluster was lost \(it was closed\)",
        "gradstep: connected to cluster again; nothing is missing", "gradstep: all of cluster:",
    )  # fmt: skip
    job = gradstep.start("record", "--durable", "-o", "job.gst", gradstep.write(TOLD_TO_END), stdin=subprocess.PIPE)
    read_until(job, b"up\n")
    link = ssh_to_here(gradstep.folder)
    there = shlex.join([sys.executable, "-m", "gradstep"])
    words = ["attach", "--ssh", link, "--gradstep", there, f"cluster:{gradstep.folder / 'job.gst'}", "--to", "copy.gst"]
    copy = gradstep.start(*words)
    read_until(copy, b"copy.gst\n")
    [agent] = connections(link)
    os.kill(agent, signal.SIGKILL)
    assert job.poll() is None
    job.stdin.write(b"end\n")
    job.stdin.flush()
    assert gradstep.end(job, gradstep.folder / "job.gst").code == 0
    ran = gradstep.end(copy, gradstep.folder / "copy.gst")
    assert ran.code == 0
    assert ran.sound()["complete"]
    assert ran.tape.read_bytes() == (gradstep.folder / "job.gst").read_bytes()


@fault(40, WINDOW)
def test_the_window_goes_on_after_it_slept(person) -> None:
    person.let_run(WAITS)
    person.until(lambda: "up" in person.printed)
    sleep_and_wake(descendants(os.getpid())[0])
    person.end()
    assert person.state is State.FINISHED
    assert "end" in person.printed
