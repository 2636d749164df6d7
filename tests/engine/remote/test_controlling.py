"""A program on another machine, under the debugger: real processes, and an ssh that stays here."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gradstep.engine.debug.core import News, Notice
from gradstep.engine.debug.launch import RunFolder
from gradstep.engine.debug.machines import Machine
from gradstep.engine.debug.session import Session
from gradstep.engine.debug.states import State
from gradstep.engine.tape.check import check
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape

from ...cluster import Cluster
from ...waiting import PATIENCE, until

SCRIPT = """
    import gradstep.engine as torch
    w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    print("begins")
    for step in range(2):
        loss = ((w * 2).exp() * w).sum()
        loss.backward()
        print("step", step)
"""


class Desk:
    """A session here with programs there."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self._folder = cluster, folder
        self.news: list[News] = []
        self.session = Session(self.news.append)

    def launch(self, script: str, machine: Machine | None = None, **options: object) -> Session:
        self.session.launch(self.cluster.launch(script, machine, **options), RunFolder.make(self._folder))
        return self.session

    def start(self, text: str, **options: object) -> Session:
        return self.launch(self.cluster.write(text), **options)

    def told(self, kind: str) -> list[str]:
        return [news.text for news in self.news if isinstance(news, Notice) and news.kind == kind]

    def lose(self) -> None:
        """The machine is not reached any more, and that is known here."""
        self.cluster.down()
        self.cluster.cut()
        self.session.wait_for(lambda _: self.told("connectionLost"))


@pytest.fixture
def short_desk() -> Iterator[Desk]:
    """In a folder whose name is short enough for a socket in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "here")
        folder.mkdir()
        cluster = Cluster(Path(name))
        desk = Desk(cluster, folder)
        yield desk
        desk.session.close()
        until(lambda: not cluster.keepers)


@pytest.fixture
def desk(cluster: Cluster, tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "here").mkdir()
    desk = Desk(cluster, tmp_path / "here")
    yield desk
    desk.session.close()


def test_it_is_stepped_asked_and_changed_as_one_here_is(desk: Desk) -> None:
    session = desk.start(SCRIPT)
    session.wait_for(State.PAUSED)
    assert session.stop is not None
    first = session.stop.node
    second = session.move("next")
    assert second.node < first
    assert session.move("stepBack").node == first
    assert session.move("next").node == second.node
    value = session.ask("evaluate", expression="w * 2")
    assert "tensor([2., 4., 6.]" in str(value.body["result"])
    edited = session.ask("edit", node=second.node, index=0, expression="grad * 10")
    assert edited.success, edited.message
    assert session.ask("grads").success
    raw = session.ask("value", expression="w")
    assert np.frombuffer(raw.raw, np.float32).tolist() == [1.0, 2.0, 3.0]
    assert session.ask("setBreakpoints", breakpoints=[{"id": 1, "kind": "node", "target": "MulBackward0"}]).success
    stop = session.move("continue")
    assert (stop.reason, stop.name) == ("breakpoint", "MulBackward0")
    assert session.ask("setBreakpoints", breakpoints=[]).success
    session.send("continue")
    assert session.wait_until_ended().how is State.FINISHED
    assert session.printed["stdout"] == "begins\nstep 0\nstep 1\n"


def test_what_it_wrote_is_here_before_its_stop_is_told(desk: Desk) -> None:
    session = desk.start(SCRIPT)
    session.wait_for(State.PAUSED)
    for _ in range(3):
        stop = session.move("next")
        tape = Tape.open(session.tape)
        assert len(tape.events) > stop.position
        assert tape.growing
        tape.close()


def test_its_recording_is_whole_here_and_nothing_of_the_run_stays_there(desk: Desk) -> None:
    session = desk.start(SCRIPT, stop_on_entry=False)
    session.wait_until_ended()
    assert session.folder is not None
    session.close()
    tape = Tape.open(session.tape)
    assert Path(session.tape) == session.folder.tape
    assert tape.complete
    assert not tape.damage
    assert check(tape) == []
    tape.close()
    assert (session.folder.path / "stdout.log").read_text() == "begins\nstep 0\nstep 1\n"
    until(lambda: not desk.cluster.runs)


def test_a_lost_connection_is_made_again_and_nothing_is_missing(desk: Desk) -> None:
    session = desk.start(SCRIPT)
    session.wait_for(State.PAUSED)
    session.move("next")
    desk.cluster.cut()
    session.wait_for(lambda _: len(desk.told("connectionMade")) == 1)
    assert session.state is State.PAUSED
    assert "stays there for 30 minutes" in desk.told("connectionLost")[0]
    session.move("next")
    desk.cluster.cut()
    session.wait_for(lambda _: len(desk.told("connectionMade")) == 2)
    session.move("stepBack")
    session.send("continue")
    assert session.wait_until_ended().how is State.FINISHED
    session.close()
    tape = Tape.open(session.tape)
    assert tape.complete
    assert check(tape) == []
    tape.close()


def test_of_what_it_prints_nothing_is_lost_or_doubled_where_the_connection_breaks(desk: Desk) -> None:
    session = desk.start(
        """
        import sys
        import gradstep.engine as torch
        w = torch.ones(3, requires_grad=True)
        w.sum().backward()
        for line in sys.argv[1:]:
            print(line)
            sys.stdout.flush()
            while not __import__("os").path.exists("go-" + line):
                pass
        """,
        stop_on_entry=False,
        args=("one", "two", "three"),
    )
    for line in ("one", "two", "three"):
        session.wait_for(lambda _, line=line: line in session.printed.get("stdout", ""))
        before = len(desk.told("connectionMade"))
        desk.cluster.cut()
        (desk.cluster.home / "project" / f"go-{line}").touch()
        session.wait_for(lambda _, before=before: len(desk.told("connectionMade")) > before or session.state is State.FINISHED)
    session.wait_until_ended()
    assert session.printed["stdout"] == "one\ntwo\nthree\n"


def test_while_it_is_not_reached_a_wish_is_refused_and_breakpoints_are_told_later(desk: Desk) -> None:
    session = desk.start(SCRIPT)
    session.wait_for(State.PAUSED)
    desk.lose()
    with pytest.raises(RuntimeError, match="no connection to cluster now"):
        session.move("next")
    assert session.state is State.PAUSED
    standing: list[object] = []
    wanted = [{"id": 7, "kind": "node", "target": "ExpBackward0"}]
    session.send("setBreakpoints", lambda answer: standing.append(answer.success), breakpoints=wanted)
    desk.cluster.up()
    session.wait_for(lambda _: standing)
    assert standing == [True]
    assert session.move("continue").name == "ExpBackward0"


def test_what_ends_while_it_is_not_reached_is_heard_of_later(desk: Desk) -> None:
    session = desk.start(SCRIPT + "    open('ended', 'w').close()\n    raise SystemExit(7)\n")
    session.wait_for(State.PAUSED)
    desk.cluster.down()
    session.send("continue")
    session.wait_for(lambda _: session.state is not State.PAUSED)
    desk.cluster.cut()
    session.wait_for(lambda _: desk.told("connectionLost"))
    until((desk.cluster.home / "project" / "ended").exists)
    desk.cluster.up()
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.exit_code) == (State.FINISHED, 7)


def test_who_stops_what_is_not_reached_is_free_at_once_and_it_is_ended_there(desk: Desk) -> None:
    session = desk.start(SCRIPT, stay=1.0)
    session.wait_for(State.PAUSED)
    desk.lose()
    session.send("terminate")
    outcome = session.wait_until_ended()
    assert outcome.how is State.STOPPED
    assert "ended within 1 s" in outcome.reason
    until(lambda: not desk.cluster.is_busy)
    assert desk.cluster.runs  # its recording is there


def test_it_is_ended_where_the_connection_is_lost_if_that_was_wished(desk: Desk) -> None:
    session = desk.start(SCRIPT, stay=0.0)
    session.wait_for(State.PAUSED)
    desk.cluster.cut()
    assert session.wait_until_ended().how is State.STOPPED
    until(lambda: not desk.cluster.is_busy)


def test_closing_the_debugger_ends_it_there(desk: Desk) -> None:
    session = desk.start(SCRIPT)
    session.wait_for(State.PAUSED)
    assert desk.cluster.is_busy
    assert len(desk.cluster.keepers) == 1
    session.close()
    until(lambda: not desk.cluster.is_busy)
    until(lambda: not desk.cluster.runs)
    until(lambda: not desk.cluster.keepers)


def test_a_relay_that_is_killed_leaves_it_for_no_longer_than_was_said(desk: Desk) -> None:
    session = desk.start(SCRIPT, stay=1.0)
    session.wait_for(State.PAUSED)
    assert session._supervisor is not None
    os.kill(session._supervisor.pid, signal.SIGKILL)
    assert session.wait_until_ended().how is State.CRASHED
    until(lambda: not desk.cluster.is_busy)


def test_a_stop_ends_it_politely(desk: Desk) -> None:
    session = desk.start(
        """
        import gradstep.engine as torch
        w = torch.ones(3, requires_grad=True)
        w.sum().backward()
        try:
            while True:
                pass
        except KeyboardInterrupt:
            print("asked to end")
        """,
        stop_on_entry=False,
    )
    session.wait_for(lambda _: session.state is State.RUNNING_FORWARD)
    until(lambda: session.can("terminate"))
    session.send("terminate")
    assert session.wait_until_ended().how in (State.STOPPED, State.FINISHED)


def not_started(session: Session) -> str:
    outcome = session.wait_until_ended()
    assert outcome.how is State.FAILED
    return outcome.reason


def test_a_script_that_is_not_there_is_named(desk: Desk) -> None:
    assert f"there is no {desk.cluster.home}/project/none.py there" in not_started(desk.launch("none.py"))


def test_a_machine_that_is_not_reached_is_said_with_what_ssh_said(desk: Desk) -> None:
    desk.cluster.down()
    why = not_started(desk.start(SCRIPT))
    assert why.startswith("cluster is not reached: ssh: connect to host cluster port 22: Network is unreachable.")


def test_no_password_is_asked_for_and_what_to_do_is_said(desk: Desk) -> None:
    desk.cluster.down("me@cluster: Permission denied (publickey,password).\n")
    why = not_started(desk.start(SCRIPT))
    assert "gradstep asks for no passwords" in why
    assert "ssh-copy-id cluster" in why
    assert "BatchMode=yes" in desk.cluster.machine.reach()


def test_a_key_that_is_not_known_is_for_the_user_to_look_at(desk: Desk) -> None:
    desk.cluster.down("Host key verification failed.\n")
    assert "Connect once in a terminal" in not_started(desk.start(SCRIPT))


@pytest.mark.parametrize(
    ("python", "words"),
    [("/nowhere/python", "gradstep does not answer on cluster"), ("/bin/false", "ended before it answered"), ("/bin/echo", "")],
)
def test_what_has_no_gradstep_there_is_said(desk: Desk, python: str, words: str) -> None:
    machine = replace(desk.cluster.machine, python=python)
    why = not_started(desk.launch(desk.cluster.write(SCRIPT), machine))
    assert words in why
    assert "cluster" in why


def test_an_older_gradstep_there_is_said(desk: Desk) -> None:
    old = desk.cluster.folder / "old"
    old.write_text("#!/bin/sh\necho 'gradstep: hello is no request that is taken here, or not now' >&2\nexit 2\n")
    old.chmod(0o700)
    why = not_started(desk.launch(desk.cluster.write(SCRIPT), replace(desk.cluster.machine, gradstep=str(old))))
    assert "older" in why
    assert "same version" in why


def test_an_interpreter_that_is_not_there_is_refused_there(desk: Desk) -> None:
    session = desk.launch(desk.cluster.write(SCRIPT), python="no-such-python")
    assert "no program there is called no-such-python" in not_started(session)


def test_a_connection_that_takes_long_can_be_given_up(desk: Desk) -> None:
    silent = desk.cluster.folder / "silent"
    silent.write_text("#!/bin/sh\ntouch connected\nexec tail -f /dev/null\n")
    silent.chmod(0o700)
    session = desk.launch(desk.cluster.write(SCRIPT), replace(desk.cluster.machine, gradstep=str(silent)))
    until((desk.cluster.home / "project" / "connected").exists)
    until(lambda: session.can("terminate"))
    session.send("terminate")
    outcome = session.wait_until_ended()
    assert outcome.how is State.STOPPED
    assert "no connection to cluster" in outcome.reason


def test_another_version_there_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradstep.engine.debug.launch.version", lambda name: "9.9")
    session = desk.start(SCRIPT)
    session.wait_for(State.PAUSED)
    assert session.printed["console"].startswith("cluster has gradstep ")
    assert "here is 9.9" in session.printed["console"]


def test_a_language_of_another_version_is_said(desk: Desk) -> None:
    other = desk.cluster.folder / "other"
    other.write_text("#!/bin/sh\necho 'gradstep: the other side speaks version 1 of the protocol, this one 2' >&2\nexit 2\n")
    other.chmod(0o700)
    session = desk.launch(desk.cluster.write(SCRIPT), replace(desk.cluster.machine, gradstep=str(other)))
    assert "of another version" in not_started(session)


def test_tapes_of_further_processes_come_along(desk: Desk) -> None:
    session = desk.start(SCRIPT)
    session.wait_for(State.PAUSED)
    assert session.folder is not None
    (run,) = desk.cluster.runs
    Writer(str(run / "tape.rank1.gst")).close()
    copy = session.folder.path / "tape.rank1.gst"
    until(lambda: copy.exists() and copy.read_bytes() == (run / copy.name).read_bytes())


def test_a_pass_is_run_with_another_gradient_and_as_it_is(desk: Desk) -> None:
    session = desk.start(SCRIPT)
    session.wait_for(State.PAUSED)
    assert session.stop is not None
    edits = [{"node": session.stop.node, "index": 0, "expression": "grad * 3"}]
    before = len(session.stops)
    answer = session.ask("whatIf", edits=edits, stay="here")
    assert answer.success, answer.message
    session.wait_for(lambda _: len(session.stops) > before)
    assert session.stops[-1].node == session.stops[0].node


def test_where_its_keeper_is_killed_it_is_ended_and_that_is_said(desk: Desk) -> None:
    session = desk.start(SCRIPT)
    session.wait_for(State.PAUSED)
    (run,) = desk.cluster.runs
    (keeper,) = desk.cluster.keepers
    os.kill(keeper, signal.SIGKILL)
    outcome = session.wait_until_ended()
    assert outcome.how is State.CRASHED
    assert f"not there any more (the door is closed); what it recorded is in {run}" in outcome.reason
    until(lambda: not desk.cluster.is_busy)


def test_nobody_else_comes_in_and_nothing_is_held_up(short_desk: Desk) -> None:
    desk = short_desk
    session = desk.start(SCRIPT)
    session.wait_for(State.PAUSED)
    (run,) = desk.cluster.runs
    strangers = []
    for words in (b"", b"gradstep 1 " + b"0" * 64 + b"\n" + b"f" * 64 + b"\n", os.urandom(4096), b"GS"):
        stranger = socket.socket(socket.AF_UNIX)
        stranger.connect(str(run / "keeper"))
        stranger.sendall(words)
        strangers.append(stranger)
    session.move("next")
    for stranger in strangers[1:3]:
        stranger.settimeout(PATIENCE)
        with suppress(ConnectionResetError):
            while stranger.recv(4096):
                continue  # its greeting, and then it is sent away
    desk.cluster.cut()
    session.wait_for(lambda _: len(desk.told("connectionMade")) == 1)
    session.move("next")
    for stranger in strangers:
        stranger.close()
