"""What another machine sends is not believed: a program that speaks as an agent does, and lies."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gradstep.engine.debug.launch import RunFolder
from gradstep.engine.debug.session import Session
from gradstep.engine.debug.states import State

from ...cluster import Cluster

LIAR = """
import json, os, sys
from gradstep.engine.debug.protocol import Decoder, Event, Request, Response, encode
def say(message):
    os.write(1, encode(message))
decoder = Decoder()
while data := os.read(0, 65536):
    for message in decoder.feed(data):
        if isinstance(message, Request):
            body = {"gradstep": "0.1.0", "python": "3.13", "run": "/there", "door": "/there/door", "key": "00"}
            say(Response(message.seq, message.command, body=body))
        elif message.event == "resume":
            say(Event("resumed", {"said": 0}))
            for name, body, raw in json.loads(sys.argv[1]):
                say(Event(name, body, raw.encode()))
"""
HEAD = "89475354" + "00" * 32


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path / "far")
    yield cluster
    cluster.end()


@pytest.mark.parametrize(
    "lie",
    [
        ("tape", {"name": "../outside.gst", "identity": HEAD, "start": 0}, ""),
        ("tape", {"name": "tape.gst", "identity": "no tape", "start": 0}, ""),
        ("tape", {"name": 3, "identity": HEAD, "start": 0}, ""),
        ("bytes", {"name": "tape.gst", "offset": 0}, "of a tape that was never named"),
        ("file", {"name": "../outside"}, "x"),
        ("file", {"name": "tape.gst"}, "x"),
        ("link", {"offset": 5}, "x"),
        ("link", {"offset": "none"}, "x"),
        ("link", {"offset": 0}, "this is no frame"),
        ("heard", {"place": 10}, ""),
        ("resumed", {"said": -1}, ""),
    ],
    ids=lambda lie: f"{lie[0]} {list(lie[1].values())}",
)
def test_what_makes_no_sense_ends_the_session_and_writes_nothing(cluster: Cluster, tmp_path: Path, lie: tuple[str, object, str]) -> None:
    liar = tmp_path / "liar"
    (tmp_path / "liar.py").write_text(LIAR)
    liar.write_text(f"#!/bin/sh\nexec {sys.executable} -P {tmp_path / 'liar.py'} {shlex.quote(json.dumps([lie]))}\n")
    liar.chmod(0o700)
    (tmp_path / "here").mkdir()
    folder = RunFolder.make(tmp_path / "here")
    launch = cluster.launch(cluster.write("pass"), replace(cluster.machine, gradstep=str(liar)))
    with Session() as session:
        session.launch(launch, folder)
        outcome = session.wait_until_ended()
    assert outcome.how is State.CRASHED
    assert "cannot be trusted" in outcome.reason
    assert {file.name for file in folder.path.iterdir()} <= {"lock", "run.json"}
    assert [file.name for file in (tmp_path / "here").iterdir()] == [folder.path.name]


def test_a_file_that_is_in_the_way_of_the_copy_is_left_alone(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    folder = RunFolder.make(tmp_path / "here")
    folder.tape.write_text("somebody's")
    script = cluster.write("import gradstep.engine as torch\ntorch.ones(3, requires_grad=True).sum().backward()")
    with Session() as session:
        session.launch(cluster.launch(script, stay=1.0), folder)
        outcome = session.wait_until_ended()
    assert "cannot be written here" in outcome.reason
    assert "stays there" in outcome.reason
    assert folder.tape.read_text() == "somebody's"


def test_a_shell_that_talks_when_it_starts_is_named_as_the_reason(cluster: Cluster, tmp_path: Path) -> None:
    talks = tmp_path / "talks"
    talks.write_text("#!/bin/sh\necho Welcome to the cluster\nread line\n")
    talks.chmod(0o700)
    (tmp_path / "here").mkdir()
    with Session() as session:
        session.launch(cluster.launch(cluster.write(""), replace(cluster.machine, gradstep=str(talks))), RunFolder.make(tmp_path / "here"))
        outcome = session.wait_until_ended()
    assert outcome.how is State.FAILED
    assert "its shell prints something of its own" in outcome.reason
