"""``gradstep debug``: stepping from a pipe, here and on another machine."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradstep.engine.tape.reader import Tape

from ...cluster import Cluster
from ...waiting import until

SCRIPT = """
    import sys
    import gradstep.engine as torch
    w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    ((w * 2).exp() * w).sum().backward()
    print("ends", *sys.argv[1:])
    raise SystemExit(3)
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.end()


def debug(folder: Path, commands: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "gradstep", "debug", *words]
    return subprocess.run(command, input=commands, capture_output=True, text=True, cwd=folder, timeout=120, check=False)


def there(cluster: Cluster, *words: str) -> list[str]:
    return ["--ssh", cluster.machine.ssh, "--python", cluster.machine.python, *words]


def test_commands_from_a_pipe_step_here(cluster: Cluster, tmp_path: Path) -> None:
    cluster.write(SCRIPT)
    commands = "n 2\nback\nprint w * 2\ngrads\npending\nedit = grad * 2\nnonsense\nb ExpBackward0\nc\nwhere\ncl\nc\n"
    done = debug(cluster.home / "project", commands, "-o", str(tmp_path / "kept.gst"), "train.py", "--epochs", "2")
    lines = done.stdout.splitlines()
    assert [line.split(" (")[0] for line in lines if line.startswith("->")] == [
        "-> before the first node of backward, SumBackward0",
        "-> before MulBackward0",
        "-> before ExpBackward0",
        "-> before MulBackward0",
        "-> breakpoint ExpBackward0: before ExpBackward0",
    ]
    assert "tensor([2., 4., 6.], grad_fn=<MulBackward0>)" in done.stdout or "tensor([2., 4., 6.]" in done.stdout
    assert "no gradient" in done.stdout
    assert "1: node ExpBackward0" in done.stdout
    assert "nonsense is no command" in done.stderr
    assert "train.py:5 in <module>" in done.stdout
    assert lines[-1] == "ends --epochs 2"
    assert done.returncode == 3
    tape = Tape.open(str(tmp_path / "kept.gst"))
    assert tape.complete
    tape.close()


def test_the_same_words_step_on_another_machine(cluster: Cluster, tmp_path: Path) -> None:
    cluster.write(SCRIPT)
    done = debug(tmp_path, "next\nprint w\nc\n", *there(cluster, "-o", "kept.gst", "cluster:project/train.py", "a"))
    assert "-> before MulBackward0" in done.stdout
    assert "tensor([1., 2., 3.], requires_grad=True)" in done.stdout
    assert done.stdout.splitlines()[-1] == "ends a"
    assert done.returncode == 3
    tape = Tape.open(str(tmp_path / "kept.gst"))
    assert tape.complete
    tape.close()
    until(lambda: not cluster.runs)  # it goes when it heard that all of it is here


def test_answers_in_json_are_one_object_a_line_and_nothing_else(cluster: Cluster, tmp_path: Path) -> None:
    cluster.write(SCRIPT)
    done = debug(tmp_path, "next\nprint w\ngrads\nprint nothing_there\nq\n", *there(cluster, "--json", "cluster:project/train.py"))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["stopped"]["name"] for answer in answers[:2]] == ["SumBackward0", "MulBackward0"]
    assert answers[2]["type"] == "Tensor"
    assert answers[3]["leaves"][0]["grad"] is None
    assert "nothing_there" in answers[4]["error"]
    assert done.returncode == 0


def test_a_machine_that_is_not_reached_and_a_script_that_is_not_there_have_their_codes(cluster: Cluster, tmp_path: Path) -> None:
    assert debug(tmp_path, "", *there(cluster, "cluster:project/none.py")).returncode == 66
    cluster.down()
    done = debug(tmp_path, "", *there(cluster, "cluster:project/train.py"))
    assert done.returncode == 69
    assert "Network is unreachable" in done.stderr
    assert debug(tmp_path, "", "none.py").returncode == 66
    assert debug(tmp_path, "", "--ssh", "", "cluster:train.py").returncode == 2


def test_an_interrupt_stops_a_program_that_runs_and_it_goes_on(cluster: Cluster) -> None:
    cluster.write(
        """
        import os
        import gradstep.engine as torch
        torch.ones(3, requires_grad=True).sum().backward()
        print("waits", flush=True)
        while not os.path.exists("go"):
            pass
        """
    )
    command = [sys.executable, "-P", "-m", "gradstep", "debug", *there(cluster, "cluster:project/train.py")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        assert process.stdout.readline().startswith("-> before the first node")
        process.stdin.write("continue\n")
        process.stdin.flush()
        assert process.stdout.readline() == "waits\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline().startswith("-> at your wish")
        (cluster.home / "project" / "go").touch()
        process.stdin.write("continue\n")
        process.stdin.close()
        assert process.stdout.read() == ""
    assert process.returncode == 0
