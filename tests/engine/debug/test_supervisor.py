"""The supervisor ends what it started when nobody is there any more, and starts only what can run."""

import json
import os
import select
import signal
import subprocess
import sys
import textwrap
import venv
from dataclasses import replace

import pytest

from gradstep.engine.debug.launch import Launch, RunFolder, orders, runs_folder, supervisor_command
from gradstep.engine.debug.states import State
from gradstep.engine.tape.reader import Tape

DEBUGGER = """
import sys
from gradstep.engine.debug.launch import Launch, RunFolder
from gradstep.engine.debug.session import Session
from pathlib import Path
session = Session()
session.launch(Launch(sys.argv[1]), RunFolder.make(Path(sys.argv[2])))
session.wait_for(lambda session: "up" in session.printed.get("stdout", ""))
print(session.pid, session.folder.path, flush=True)
sys.stdin.read()
"""


def read_facts(folder):
    with open(os.path.join(folder, "run.json")) as file:
        return json.load(file)


def test_a_debugger_that_is_killed_takes_its_program_along_and_leaves_the_tape(write, tmp_path):
    # what was recorded in the moment before the kill may still be on its way; of so many ops most are on the disk
    script = write("import torch\nfor _ in range(20_000): torch.ones(3) * 2\nprint('up')\nwhile True: pass")
    debugger = subprocess.Popen(
        [sys.executable, "-c", DEBUGGER, script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert debugger.stdout is not None
    pid, folder = debugger.stdout.readline().split(maxsplit=1)
    supervisor = read_facts(folder.strip())["supervisor"]
    watch = os.pidfd_open(supervisor)
    debugger.kill()
    debugger.communicate()
    assert select.select([watch], [], [], 30)[0], "the supervisor outlived its debugger"
    os.close(watch)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
    facts = read_facts(folder.strip())
    assert facts["state"] == "stopped"
    assert facts["abandoned"]
    tape = Tape.open(facts["tape"])
    assert {op.name for op in tape.ops.values()} == {"mul"}
    assert len(tape.ops) > 10_000
    tape.close()


def test_a_supervisor_that_is_killed_takes_its_program_along(start):
    session = start("print('up')\nwhile True: pass")
    session.wait_for(lambda session: session.printed)
    watch = os.pidfd_open(session.pid)
    os.kill(json.loads((session.folder.path / "run.json").read_text())["supervisor"], signal.SIGKILL)
    assert session.wait_until_ended().how is State.CRASHED
    assert select.select([watch], [], [], 30)[0], "the program outlived its supervisor"
    os.close(watch)


def test_without_orders_it_ends_at_once():
    read, write = os.pipe()
    ready, ready_end = os.pipe()
    os.close(write)
    process = subprocess.run(supervisor_command(read, ready_end), pass_fds=(read, ready_end), timeout=60, check=False)
    for descriptor in (read, ready, ready_end):
        os.close(descriptor)
    assert process.returncode == 0


def test_it_loads_neither_numpy_nor_the_users_site(write):
    read, write_end = os.pipe()
    ready, ready_end = os.pipe()
    os.close(write_end)
    command = supervisor_command(read, ready_end)
    command[1:1] = ["-X", "importtime"]
    process = subprocess.run(command, pass_fds=(read, ready_end), stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    for descriptor in (read, ready, ready_end):
        os.close(descriptor)
    loaded = {line.rpartition("|")[2].strip() for line in process.stderr.splitlines()}
    assert "gradstep.engine.debug.link" in loaded
    assert not {name for name in loaded if name.startswith(("numpy", "networkx", "PySide6", "gradstep.engine.tape", "site"))}


def test_the_key_shows_in_no_list_of_processes(start):
    session = start("print('up')\nwhile True: pass")
    session.wait_for(lambda session: session.printed)
    key, pids = session.folder.key.hex(), [session.pid, session._supervisor.pid]
    for pid in pids:
        for name in ("cmdline", "environ"):
            with open(f"/proc/{pid}/{name}", "rb") as file:
                assert key.encode() not in file.read()


def test_the_runs_folder_is_private_and_the_sockets_path_short(tmp_path):
    folder = RunFolder.make(tmp_path)
    assert os.stat(folder.path).st_mode & 0o777 == 0o700
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    assert len(os.fsencode(RunFolder.make(deep).socket)) <= 100


def test_runs_go_elsewhere_where_the_home_cannot_take_them(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert tmp_path in runs_folder().parents
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert tmp_path in runs_folder().parents


def test_orders_survive_the_wire():
    launch = Launch("a & b.py", ("\udcff", "x\ny"), memory_limit=5)
    line = orders(launch, RunFolder("/f", "/s", b"k" * 32))
    assert line.count(b"\n") == 1
    assert Launch.of(json.loads(line)["launch"]) == replace(launch, least="3.11", packages=("numpy",))


# ---------------------------------------------------------------------------------------------------------- interpreters


@pytest.mark.parametrize(("name", "mode", "message"), [("missing", None, "No such file"), ("plain", 0o644, "Permission denied")])
def test_an_interpreter_that_cannot_be_started_is_named(start, tmp_path, name, mode, message):
    path = tmp_path / name
    if mode is not None:
        path.write_text("not a program")
        path.chmod(mode)
    outcome = start("print(1)", python=str(path)).wait_until_ended()
    assert outcome.how is State.FAILED
    assert message in outcome.reason
    assert "Choose another interpreter" in outcome.reason


def test_a_program_that_is_no_python_is_named(start, tmp_path):
    path = tmp_path / "fake"
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o755)
    outcome = start("print(1)", python=str(path)).wait_until_ended()
    assert outcome.how is State.FAILED
    assert "did not start" in outcome.reason


def test_too_old_a_python_is_named(start, tmp_path):
    path = tmp_path / "python3.8"
    path.write_text(
        textwrap.dedent(
            f"""\
            #!{sys.executable}
            import runpy, sys
            sys.version_info = (3, 8, 20, "final", 0)
            sys.argv = sys.argv[1:]
            sys.path.insert(0, sys.argv[0].rpartition("/")[0])
            runpy.run_path(sys.argv[0], run_name="__main__")
            """
        )
    )
    path.chmod(0o755)
    outcome = start("print(1)", python=str(path)).wait_until_ended()
    assert outcome.how is State.FAILED
    assert "is Python 3.8.20; 3.11 or later is needed" in outcome.reason


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """An interpreter in which neither gradstep nor numpy is installed."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False, symlinks=True)
    return folder


def test_an_interpreter_without_numpy_is_named(start, bare):
    outcome = start("print(1)", python=str(bare / "bin" / "python")).wait_until_ended()
    assert outcome.how is State.FAILED
    assert "No module named 'numpy' in" in outcome.reason
    assert "-m pip install numpy" in outcome.reason


def test_an_interpreter_without_gradstep_runs_a_script_and_its_subprocesses(start, bare):
    import numpy

    site = next((bare / "lib").glob("python*/site-packages"))
    for name in ("numpy", "numpy.libs"):
        source = os.path.join(os.path.dirname(os.path.dirname(numpy.__file__)), name)
        if os.path.exists(source) and not (site / name).exists():
            os.symlink(source, site / name)
    session = start(
        """
        import subprocess, sys, torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        (x * x).backward(torch.ones(2))
        print(x.grad.tolist(), sys.prefix)
        subprocess.run([sys.executable, "-c", "import torch; print(torch.ones(1).tolist(), torch.Tensor.__module__)"], check=True)
        """,
        python=str(bare / "bin" / "python"),
        stop_on_entry=False,
    )
    outcome = session.wait_until_ended()
    assert outcome.how is State.FINISHED, session.printed
    assert session.printed["stdout"] == f"[2.0, 4.0] {bare}\n[1.0] gradstep.engine.tensor\n"
