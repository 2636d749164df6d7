"""Strangers on the control link of a real run: they are sent away and noted, the right peer comes in, and the run goes on."""

from __future__ import annotations

import json
import os
import random
import socket
import stat
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gradstep.engine.debug.launch import Launch, RunFolder, orders, supervisor_command
from gradstep.engine.debug.link import CANDIDATES, HANDSHAKE_SECONDS, Door
from gradstep.engine.debug.protocol import Decoder, Event, Handshake, Message, Request, Response, Role, encode

SCRIPT = """\
import gradstep.engine as torch
x = torch.ones(3, requires_grad=True)
(x * 2).sum().backward()
print(x.grad.tolist())
"""


class Peer:
    """A blocking client of a run."""

    def __init__(self, folder: RunFolder) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(folder.socket)  # waits where many knock at once
        self.socket.settimeout(60)
        self._decoder = Decoder()
        self._waiting: list[Message] = []
        self._seq = 0

    def prove(self, key: bytes) -> None:
        """Come in."""
        shake = Handshake(Role.CLIENT, key)
        self.socket.sendall(shake.greeting())
        while not shake.done:
            data = self.socket.recv(4096)
            assert data, "the door was closed"
            self.socket.sendall(shake.feed(data))
        self._waiting += self._decoder.feed(shake.rest)

    def until(self, wanted: Callable[[Message], bool]) -> Message:
        """The first message that is wanted."""
        while True:
            while self._waiting:
                message = self._waiting.pop(0)
                if wanted(message):
                    return message
            data = self.socket.recv(1 << 16)
            assert data, "the link was closed"
            self._waiting += self._decoder.feed(data)

    def event(self, name: str) -> Event:
        """The next event of a name."""
        found = self.until(lambda message: isinstance(message, Event) and message.event == name)
        assert isinstance(found, Event)
        return found

    def ask(self, command: str, **arguments: object) -> Response:
        """The answer to a request."""
        self._seq += 1
        seq = self._seq
        self.socket.sendall(encode(Request(seq, command, arguments)))
        found = self.until(lambda message: isinstance(message, Response) and message.seq == seq)
        assert isinstance(found, Response)
        return found

    def is_sent_away(self) -> bool:
        """Waits for the end of the link."""
        try:
            while self.socket.recv(4096):
                pass
        except ConnectionError:
            return True
        return True


@contextmanager
def supervised(tmp_path: Path, **options: object) -> Iterator[tuple[RunFolder, subprocess.Popen[bytes]]]:
    """A run that waits for its window."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    folder = RunFolder.make(tmp_path)
    (spec, life), (ready, ready_end) = os.pipe(), os.pipe()
    process = subprocess.Popen(supervisor_command(spec, ready_end), pass_fds=(spec, ready_end), start_new_session=True)
    os.write(life, orders(Launch(str(script), **options), folder))  # type: ignore[arg-type]
    os.close(spec)
    os.close(ready_end)
    try:
        assert os.read(ready, 64) == b"listening\n"
        yield folder, process
    finally:
        os.close(ready)
        os.close(life)
        process.wait(60)


def ends_well(folder: RunFolder) -> list[str]:
    """The right peer comes in, the program runs to its end. Whom the run has sent away."""
    right = Peer(folder)
    right.prove(folder.key)
    right.event("stopped")
    assert right.ask("continue").success
    assert right.event("exited").body["exit_code"] == 0
    right.event("terminated")
    right.socket.close()
    facts = json.loads((folder.path / "run.json").read_text(encoding="utf-8"))
    assert facts["state"] == "finished"
    assert (folder.path / "stdout.log").read_text(encoding="utf-8") == "[2.0, 2.0, 2.0]\n"
    told: list[str] = facts.get("refused_peers", [])
    return told


def test_the_folder_and_the_socket_are_the_users_alone_and_the_key_is_nowhere_to_be_seen(tmp_path: Path) -> None:
    with supervised(tmp_path) as (folder, process):
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
        assert stat.S_IMODE(os.stat(folder.socket).st_mode) == 0o600
        right = Peer(folder)
        right.prove(folder.key)
        pid = right.event("process").body["pid"]
        right.event("stopped")
        for number in (process.pid, pid):
            for name in ("cmdline", "environ"):
                told = Path(f"/proc/{number}/{name}").read_bytes()
                assert folder.key not in told
                assert folder.key.hex().encode() not in told
        for file in folder.path.iterdir():
            if file.is_file():
                assert folder.key.hex().encode() not in file.read_bytes(), file
        assert not os.path.exists(folder.socket)
        assert right.ask("continue").success
        right.event("terminated")
        right.socket.close()


def _wrong_key(folder: RunFolder) -> Peer:
    peer = Peer(folder)
    shake = Handshake(Role.CLIENT, bytes(32))
    peer.socket.sendall(shake.greeting() + shake.feed(peer.socket.recv(4096)))
    return peer


def _noise(folder: RunFolder) -> Peer:
    peer = Peer(folder)
    peer.socket.sendall(random.Random(1).randbytes(4000))
    return peer


def _frame(folder: RunFolder) -> Peer:
    """A frame of four gigabytes, before any greeting."""
    peer = Peer(folder)
    peer.socket.sendall(struct.pack(">2sHII", b"GS", 1, (1 << 32) - 1, (1 << 32) - 1) + b"x" * 1000)
    return peer


def _reflection(folder: RunFolder) -> Peer:
    """Everything that the run says comes back to it."""
    peer = Peer(folder)
    peer.socket.sendall(peer.socket.recv(4096))
    return peer


def _replay(folder: RunFolder) -> Peer:
    """A proof that was right for another greeting."""
    first = Peer(folder)
    shake = Handshake(Role.CLIENT, folder.key)
    said = shake.greeting() + shake.feed(first.socket.recv(4096))
    first.socket.close()
    peer = Peer(folder)
    peer.socket.recv(4096)
    peer.socket.sendall(said)
    return peer


def _other_version(folder: RunFolder) -> Peer:
    peer = Peer(folder)
    peer.socket.sendall(b"gradstep 99 " + b"0" * 64 + b"\n")
    return peer


def _without_end(folder: RunFolder) -> Peer:
    """A line that does not end."""
    peer = Peer(folder)
    peer.socket.sendall(b"gradstep 1 " + b"0" * 600)
    return peer


STRANGERS = {
    "a wrong key": (_wrong_key, "does not know this session's key"),
    "random bytes": (_noise, "something else than a greeting"),
    "a frame of four gigabytes": (_frame, "something else than a greeting"),
    "a reflection": (_reflection, "reflects"),
    "a replay": (_replay, "does not know this session's key"),
    "another version": (_other_version, "speaks version 99"),
    "a line without end": (_without_end, "something else than a greeting"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger_is_sent_away_and_noted(tmp_path: Path, name: str) -> None:
    come, why = STRANGERS[name]
    with supervised(tmp_path) as (folder, _):
        peer = come(folder)
        assert peer.is_sent_away()
        peer.socket.close()
        assert any(why in told for told in ends_well(folder))


def test_silent_and_slow_peers_hold_nobody_up(tmp_path: Path) -> None:
    with supervised(tmp_path) as (folder, _):
        silent = [Peer(folder) for _ in range(3)]
        silent[0].socket.sendall(b"g")
        told = ends_well(folder)
        assert told.count("somebody else came first") == 3
        for peer in silent:
            assert peer.is_sent_away()
            peer.socket.close()


def test_a_crowd_of_silent_peers_does_not_keep_the_right_one_out(tmp_path: Path) -> None:
    with supervised(tmp_path) as (folder, _):
        crowd = [Peer(folder) for _ in range(5 * CANDIDATES)]
        told = ends_well(folder)
        assert len(told) == len(crowd)
        assert "too many peers at once" in told
        for peer in crowd:
            peer.socket.close()


def test_a_second_client_finds_no_door(tmp_path: Path) -> None:
    with supervised(tmp_path) as (folder, _):
        right = Peer(folder)
        right.prove(folder.key)
        right.event("stopped")
        with socket.socket(socket.AF_UNIX) as second, pytest.raises(OSError, match="No such file"):
            second.connect(folder.socket)
        assert right.ask("continue").success
        right.event("terminated")
        right.socket.close()


def test_who_writes_a_byte_a_second_is_late(tmp_path: Path) -> None:
    told: list[str] = []
    door = Door(str(tmp_path / "control"), bytes(32), told.append)
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(tmp_path / "control"))
        connection = door.accept(0.0)
        assert connection is not None
        greeting = Handshake(Role.CLIENT, bytes(32)).greeting()
        for second in range(int(HANDSHAKE_SECONDS)):
            assert door.late(float(second)) == []
            peer.sendall(greeting[second : second + 1])
            assert door.hear(connection) is None
        assert door.late(HANDSHAKE_SECONDS) == [connection]
        door.refuse(connection, "no answer in time")
    door.close()
    assert told == ["no answer in time"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_is_sent_away_even_where_the_folder_is_open(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(0o755)
    told: list[str] = []
    door = Door(str(tmp_path / "control"), bytes(32), told.append)
    os.chmod(tmp_path / "control", 0o666)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgid(65534)
            os.setuid(65534)
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(60)
                peer.connect(str(tmp_path / "control"))
                code = 0 if peer.recv(10) == b"" else 2
        finally:
            os._exit(code)
    door.listener.setblocking(True)
    assert door.accept(0.0) is None
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert told == ["another user"]
    door.close()


def test_requests_that_make_no_sense_are_answered_and_the_run_goes_on(tmp_path: Path) -> None:
    commands = (
        "raiseLimit", "value", "reduce", "figures", "spread", "statistics", "histogram", "grads", "pending", "stack", "edit", "goto",
        "setBreakpoints", "setHooks", "whatIf", "where", "evaluate", "nosuch", "", "\u202e", "__class__",
    )  # fmt: skip
    odd: list[object] = [None, -1, 1 << 70, 1.5, "x", [], {}, [[]], "../../x", {"a": {"b": []}}, True]
    with supervised(tmp_path) as (folder, _):
        right = Peer(folder)
        right.prove(folder.key)
        right.event("stopped")
        rand = random.Random(3)
        names = (
            "memory_limit", "tensor", "version", "index", "rows", "columns", "at", "region", "down", "across", "low", "high", "bins",
            "node", "saved", "breakpoints", "off", "edits", "stay", "frame",
        )  # fmt: skip
        for command in commands:
            for _ in range(6):
                arguments = {name: rand.choice(odd) for name in names if rand.random() < 0.6}
                right.ask(command, **arguments)
        right.ask("setBreakpoints", breakpoints=[])
        right.ask("setHooks", off=[])
        assert right.ask("continue").success
        assert right.event("exited").body["exit_code"] == 0
        right.event("terminated")
        right.socket.close()
