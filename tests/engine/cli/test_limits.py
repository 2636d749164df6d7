"""`gradstep record` at its limits, and beside a recorder that fails: real processes, real kills, real disks that are full."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from gradstep.engine.cli.main import main
from gradstep.engine.tape.check import check
from gradstep.engine.tape.ending import ending
from gradstep.engine.tape.reader import Tape

TRAINING = """
    import torch
    net = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)
    for step in range(60):
        optimizer.zero_grad()
        net(torch.ones(2, 8)).sum().backward()
        optimizer.step()
    print("trained", step)
    raise SystemExit(5)
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def record(tmp_path: Path) -> Run:
    """Records a script, given as text, in a process of its own."""

    def record(text: str, *options: str, args: tuple[str, ...] = (), env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        (tmp_path / "script.py").write_text(textwrap.dedent(text), encoding="utf-8")
        command = [sys.executable, "-P", "-m", "gradstep", "record", *options, "script.py", *args]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=100,
            env={**os.environ, **(env or {})},
        )  # fmt: skip

    return record


def sound(path: Path) -> Tape:
    tape = Tape.open(path)
    assert (tape.verify(), check(tape)) == ("", [])
    return tape


def test_a_script_that_takes_too_long_is_ended_and_its_tape_can_be_read(record: Run, tmp_path: Path) -> None:
    done = record("import torch\nwhile True: torch.ones(2) * 2\n", "--timeout", "3", "--level", "structure")
    assert done.returncode == 75
    assert done.stderr.count("has reached a limit") == 1
    assert "your limit is 3 s" in done.stderr
    assert len(sound(tmp_path / "script.gst").ops) > 0


def test_memory_of_the_whole_tree_is_limited(record: Run, tmp_path: Path) -> None:
    script = """
        import os, sys, time
        import torch
        x = torch.ones(2, requires_grad=True)
        (x * x).sum().backward()
        for _ in range(3):
            if os.fork() == 0:
                held = bytearray(os.urandom(1 << 20) * 120)
                time.sleep(1000)
        time.sleep(1000)
    """
    done = record(script, "--limit-mem", "300M")
    assert done.returncode == 75, done.stderr
    assert "your limit is 300 MiB" in done.stderr
    tape = sound(tmp_path / "script.gst")
    assert len(tape.runs) == 1
    assert ending(tape)["how"] == "stopped"
    assert "your limit is 300 MiB" in ending(tape)["sentence"]


def test_what_forked_workers_share_is_counted_once(record: Run, tmp_path: Path) -> None:
    script = """
        import os, time
        held = bytearray(b"x" * (120 << 20))
        for _ in range(4):
            if os.fork() == 0:
                sum(held[::4096])  # they look at it, and change nothing
                time.sleep(1)
                os._exit(0)
        for _ in range(4):
            os.wait()
        print("all of them")
    """
    done = record(script, "--limit-mem", "400M")
    assert (done.returncode, done.stdout) == (0, "all of them\n"), done.stderr


def test_processes_are_limited_and_none_is_left(record: Run, tmp_path: Path) -> None:
    done = record("import os\nfor _ in range(7):\n    os.fork()\nwhile True: pass\n", "--limit-processes", "20")
    assert done.returncode == 75, done.stderr
    assert "the limit is 20" in done.stderr
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            assert str(tmp_path) not in os.readlink(folder / "cwd"), (folder / "cmdline").read_bytes()
        except OSError:
            continue


def test_a_tape_stops_at_its_limit_and_the_script_does_not(record: Run, tmp_path: Path) -> None:
    done = record(TRAINING, "--limit-disk", "100K")
    assert (done.returncode, done.stdout) == (5, "trained 59\n")
    assert done.stderr.count("recording stopped after event") == 1
    assert (tmp_path / "script.gst").stat().st_size <= 100 << 10
    assert ending(sound(tmp_path / "script.gst"))["how"] == "recording stopped"


def passes(tapes: list[Tape]) -> list[int]:
    """Of all tapes of a ring; the newest has none where it was begun after the last."""
    return [run for tape in tapes for run in sorted(tape.runs)]


def test_a_ring_keeps_the_newest(record: Run, tmp_path: Path) -> None:
    done = record(TRAINING, "--limit-disk", "300K", "--when-full", "ring")
    assert (done.returncode, done.stdout) == (5, "trained 59\n")
    tapes = [sound(tmp_path / name) for name in ("script.old.gst", "script.gst")]
    assert sum(Path(tape.path).stat().st_size for tape in tapes) <= 300 << 10
    assert passes(tapes) == list(range(1, 61))[-len(passes(tapes)) :]
    assert ending(tapes[1])["how"] == "finished"
    assert record(TRAINING, "-o", "other.gst", "--when-full", "ring").returncode == 2


def test_what_durable_wrote_lacks_nothing_after_a_kill(record: Run, tmp_path: Path) -> None:
    script = """
        import os, torch
        x = torch.ones(3, requires_grad=True)
        for _ in range(25):
            y = x * 2
        os.kill(os.getpid(), 9)
    """
    assert record(script, "--durable").returncode == 137
    tape = sound(tmp_path / "script.gst")
    assert (len(tape.ops), tape.complete) == (25, False)
    told = ending(tape)
    assert (told["how"], told["signal"], told["exit_code"]) == ("crashed", "SIGKILL", 137)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGSEGV, 139), (signal.SIGABRT, 134), (signal.SIGTERM, 143)])
def test_the_tape_says_which_signal_ended_the_script(record: Run, tmp_path: Path, number: int, code: int) -> None:
    assert record(f"import os\nos.kill(os.getpid(), {int(number)})\n").returncode == code
    told = ending(sound(tmp_path / "script.gst"))
    assert (told["how"], told["exit_code"], told["signal"]) == ("crashed", code, signal.Signals(number).name)


def test_the_script_does_not_notice_that_its_tape_is_deleted(record: Run, tmp_path: Path) -> None:
    script = textwrap.dedent(TRAINING).replace("for step in range(60):", "import os, shutil\nfor step in range(60):").replace(
        "    optimizer.step()\n", "    optimizer.step()\n    if step == 20: shutil.rmtree('tapes')\n"
    ) + "\n"  # fmt: skip
    (tmp_path / "tapes").mkdir()
    done = record(script.replace("range(60)", "range(3000)"), "-o", "tapes/a.gst", "--level", "structure")
    assert (done.returncode, done.stdout) == (5, "trained 2999\n")
    assert done.stderr.count("recording stopped") == 1
    assert "a.gst is gone" in done.stderr


def test_a_second_recording_onto_a_tape_that_is_written_is_refused(record: Run, tmp_path: Path) -> None:
    script = """
        import subprocess, sys
        command = [sys.executable, "-P", "-m", "gradstep", "record", "-o", "script.gst", "other.py"]
        print(subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode)
    """
    (tmp_path / "other.py").write_text("print('ran')\n")
    done = record(script)
    assert (done.returncode, done.stdout) == (0, "73\n"), done.stderr
    assert "holds something already" in done.stderr
    assert sound(tmp_path / "script.gst").complete


def test_no_environment_variable_is_ever_on_a_tape(record: Run, tmp_path: Path) -> None:
    secret = "s3cr3t-of-the-environment"
    script = textwrap.dedent(TRAINING) + "\n"
    assert record(script, env={"MY_TOKEN": secret, "GRADSTEP_SECRET": secret}).returncode == 5
    data = (tmp_path / "script.gst").read_bytes()
    assert secret.encode() not in data
    assert b"MY_TOKEN" not in data
    assert os.environ["PATH"].encode() not in data


def test_what_a_tape_tells_about_its_author_is_listed_and_sources_can_be_left_out(
    record: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert record(TRAINING, args=("--name", "me")).returncode == 5
    assert main(["inspect", "--json", str(tmp_path / "script.gst")]) == 0
    told = json.loads(capsys.readouterr().out)["tells"]
    assert str(tmp_path / "script.py") in told["paths"]
    assert told["sources"][str(tmp_path / "script.py")] == 10
    assert (told["arguments"], told["environment"]) == (["--name", "me"], False)
    assert record(TRAINING, "--no-source", "-o", "b.gst").returncode == 5
    assert main(["inspect", "--json", str(tmp_path / "b.gst")]) == 0
    told = json.loads(capsys.readouterr().out)["tells"]
    assert told["sources"] == {}
    assert b"optimizer.step()" not in (tmp_path / "b.gst").read_bytes()


def test_pytorch_is_recorded_as_safely(record: Run, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    killed = """
        import os, torch
        x = torch.ones(3, requires_grad=True)
        for _ in range(25):
            y = x * 2
        y.sum().backward()
        os.kill(os.getpid(), 9)
    """
    assert record(killed, "--engine", "torch", "--python", sys.executable, "--durable").returncode == 137
    tape = sound(tmp_path / "script.gst")
    assert [op.name for op in tape.ops.values()] == ["mul"] * 25 + ["sum"]
    assert type(tape.events[-1]).__name__ == "RunEnd"
    assert ending(tape)["signal"] == "SIGKILL"
    ring = ("--limit-disk", "400K", "--when-full", "ring", "-o", "ring.gst")
    assert record(TRAINING, "--engine", "torch", "--python", sys.executable, *ring).returncode == 5
    tapes = [sound(tmp_path / name) for name in ("ring.old.gst", "ring.gst")]
    assert passes(tapes) == list(range(1, 61))[-len(passes(tapes)) :]
    assert {"0.weight", "2.bias"} <= {tensor.name for tensor in tapes[1 if tapes[1].runs else 0].tensors.values()}


def test_an_export_that_fails_leaves_the_file_as_it_was(
    record: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert record(TRAINING).returncode == 5
    target = tmp_path / "graph.dot"
    assert main(["export", str(tmp_path / "script.gst"), "--to", str(target)]) == 0
    before = target.read_bytes()
    monkeypatch.setattr("os.replace", lambda *paths: (_ for _ in ()).throw(OSError(28, "No space left on device", str(target))))
    assert main(["export", str(tmp_path / "script.gst"), "--to", str(target)]) == 73
    assert "No space left on device" in capsys.readouterr().err
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".gradstep")] == []
