"""The commands as a shell sees them: exit codes, stdout for data, stderr for people."""

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

from gradstep.engine.cli import main as program
from gradstep.engine.cli.main import main
from gradstep.engine.tape.check import check
from gradstep.engine.tape.log import COMPLETE, FRAME
from gradstep.engine.tape.reader import Tape

GOOD = """
    import sys
    import torch
    x = torch.ones(2, 2, requires_grad=True)
    y = x + 2
    (y * y * 3).mean().backward()
    print(x.grad.tolist()[0][0], sys.argv[1:])
"""

Record = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Records a script, given as text, in a process of its own."""

    def record(text: str, *args: str, options: tuple[str, ...] = (), name: str = "script.py") -> subprocess.CompletedProcess[str]:
        (tmp_path / name).write_text(textwrap.dedent(text), encoding="utf-8")
        command = [sys.executable, "-P", "-m", "gradstep", "record", *options, name, *args]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    return record


def test_a_script_is_recorded_and_keeps_its_output_and_arguments(record: Record, tmp_path: Path) -> None:
    done = record(GOOD, "a b", "--level", "-x")
    assert (done.returncode, done.stdout) == (0, "4.5 ['a b', '--level', '-x']\n")
    assert "recorded" in done.stderr
    tape = Tape.open(tmp_path / "script.gst")
    assert (tape.complete, tape.verify(), check(tape)) == (True, "", [])
    assert [op.name for op in tape.ops.values()] == ["add", "mul", "mul", "mean"]


@pytest.mark.parametrize(
    ("last", "code"),
    [("sys.exit(7)", 7), ("raise ValueError('no')", 1), ("import os; os._exit(3)", 3), ("import os; os.kill(os.getpid(), 9)", 137)],
)
def test_the_exit_code_is_the_scripts_own(record: Record, tmp_path: Path, last: str, code: int) -> None:
    done = record(textwrap.dedent(GOOD) + last + "\n")
    assert done.returncode == code, done.stderr
    tape = Tape.open(tmp_path / "script.gst")
    assert (tape.damage, check(tape)) == ("", [])
    assert len(tape.runs) == 1
    if "ValueError" in last:
        assert "ValueError: no" in done.stderr


def test_options_of_record_reach_the_recording(record: Record, tmp_path: Path) -> None:
    assert record(GOOD, options=("-o", "other.gst", "--level", "structure")).returncode == 0
    tape = Tape.open(tmp_path / "other.gst")
    assert (len(tape.stats), tape.value_count) == (0, 0)
    assert record(GOOD, options=("-o", "third.gst", "--budget", "0")).returncode == 0
    kinds = [note.kind for note in Tape.open(tmp_path / "third.gst").notes]
    assert sorted(kinds) == ["begin", "dropped", "end", "parameters"]  # what was dropped is said when values are written


def test_record_refuses_what_it_cannot_do_before_the_script_runs(record: Record, tmp_path: Path) -> None:
    (tmp_path / "script.gst").write_text("mine")
    done = record(GOOD)
    assert (done.returncode, done.stdout) == (73, "")
    assert "holds something already; delete it or name another with -o" in done.stderr
    assert record(GOOD, options=("-o", "no/such/folder.gst")).returncode == 73
    assert record(GOOD, options=("--level", "everything")).returncode == 2
    assert main(["record", str(tmp_path / "none.py")]) == 66


def test_a_script_that_is_no_python_is_refused_with_its_line(record: Record) -> None:
    done = record("x = (\n")
    assert done.returncode == 1
    assert "line 1 is not valid Python" in done.stderr


def test_ctrl_c_stops_the_script(tmp_path: Path) -> None:
    script = "import torch\nx = torch.ones(2, requires_grad=True)\n(x * x).sum().backward()\nprint('ready', flush=True)\nwhile True: pass\n"
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "-P", "-m", "gradstep", "record", "script.py"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode == 130, errors
    tape = Tape.open(tmp_path / "script.gst")
    assert len(tape.runs) == 1
    assert check(tape) == []


@pytest.fixture
def tape(record: Record, tmp_path: Path) -> Path:
    assert record(GOOD).returncode == 0
    return tmp_path / "script.gst"


def test_inspect_tells_people_and_programs(tape: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(tape)]) == 0
    said = capsys.readouterr()
    assert "4 ops" in said.out
    assert "the script ran to its end" in said.out
    assert said.err == ""
    assert main(["inspect", str(tape), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["ops"], facts["complete"], facts["first_not_finite"]) == (4, True, None)


def test_verify_says_what_is_wrong(tape: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(tape)]) == 0
    assert "sound; complete" in capsys.readouterr().out
    data = tape.read_bytes()
    tape.write_bytes(data[:-200])
    assert main(["verify", str(tape)]) == 65
    assert main(["inspect", str(tape)]) == 65
    assert "is damaged" in capsys.readouterr().err
    assert tape.read_bytes() == data[:-200]


def test_a_tape_without_its_last_record_is_not_taken_for_a_whole_one(tape: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tape.write_bytes(tape.read_bytes()[: -FRAME.size - len(COMPLETE)])
    assert main(["verify", str(tape)]) == 0
    said = capsys.readouterr().out
    assert "sound; not complete: the script ran to its end; the tape's last record is missing" in said
    assert main(["inspect", str(tape)]) == 0
    assert "its end; the tape's last record is missing  [not complete]" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["inspect", "verify"])
def test_what_is_no_tape_has_its_exit_code(tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.gst").write_text("no tape")
    os.mkfifo(tmp_path / "pipe")
    assert main([command, str(tmp_path / "none.gst")]) == 66
    assert main([command, str(tmp_path / "a.gst")]) == 65
    assert main([command, str(tmp_path / "pipe")]) == 65
    assert main([command, str(tmp_path)]) == 65
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("gradstep: ") == 4
    assert "Traceback" not in said.err


def test_words_that_are_nothing_are_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["frobnicate"]) == 2
    assert "is no command of gradstep" in capsys.readouterr().err
    assert main(["inspect"]) == 2
    assert main(["--help"]) == 0
    assert "gradstep record" in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert main(["record", "--help"]) == 0


def test_what_matters_less_is_not_said(tape: Path, record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tape.read_bytes()
    tape.write_bytes(data[:-200])
    assert main(["--log-level", "error", "inspect", str(tape)]) == 65
    assert capsys.readouterr().err == ""
    assert main(["--log-level=warning", "inspect", str(tape)]) == 65
    assert "is damaged" in capsys.readouterr().err
    assert main(["--log-level", "error", "inspect", "none.gst"]) == 66
    assert "no such file" in capsys.readouterr().err
    for words in (["--log-level"], ["--log-level", "loud", "inspect"]):
        assert main(words) == 2
        assert "info, warning, error" in capsys.readouterr().err
    assert main(["--log-levels=error"]) == 2
    assert "--log-levels is no option of gradstep" in capsys.readouterr().err


class Point:
    """A command of ours that remembers what it was called with."""

    package, is_ours, refused, id = "gradstep", True, "", "gradstep/commands/window"

    def __init__(self, name: str, error: Exception | None = None) -> None:
        self.name, self.value, self.error = name, f"package:{name}", error
        self.calls: list[list[str]] = []

    def entry_point(self) -> Point:
        return self

    def load(self) -> Callable[[list[str]], int]:
        if self.error is not None:
            raise self.error
        return lambda words: (self.calls.append(words), 5)[1]


@pytest.mark.parametrize("words", [[], ["script.py"], ["run.gst"], ["--safe-mode"], ["window", "script.py"]])
def test_without_a_command_the_window_opens(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    window = Point("window")
    monkeypatch.setattr(program, "features", lambda group: [window])
    assert main(words) == 5
    assert window.calls == [words[1:] if words[:1] == ["window"] else words]


def test_other_packages_add_commands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    more = Point("more")
    monkeypatch.setattr(program, "features", lambda group: [more])
    assert main(["more", "x"]) == 5
    assert more.calls == [["x"]]
    assert main([]) == 2
    assert "the window is not installed" in capsys.readouterr().err


def test_a_window_without_qt_says_what_to_install(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(program, "features", lambda group: [Point("window", ImportError("No module named 'PySide6'"))])
    assert main(["a.py"]) == 2
    assert "pip install 'gradstep[gui]'" in capsys.readouterr().err


def test_a_fault_of_ours_is_said_to_be_ours_and_written_down(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(program, "features", lambda group: [Point("window", KeyError("oops"))])
    assert main([]) == 70
    said = capsys.readouterr().err
    assert "this is a fault of gradstep's: KeyError: 'oops'" in said
    assert "Traceback" not in said
    log = tmp_path / "gradstep" / "faults.log"
    assert str(log) in said
    assert "Traceback" in log.read_text(encoding="utf-8")
    log.unlink()
    log.mkdir()  # it cannot be written there
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main([]) == 70
    (other,) = tmp_path.glob("gradstep-faults-*.log")
    assert str(other) in capsys.readouterr().err


def test_what_cannot_be_written_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tape: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-P", "-m", "gradstep", "inspect", "--json", str(tape)]
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 74
    assert done.stderr.startswith("gradstep: stdout: No space left on device")
    assert "Traceback" not in done.stderr
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()  # nobody reads
        assert process.stderr.read() == ""
    assert process.returncode == 0
    monkeypatch.setattr(program, "features", lambda group: [Point("window", MemoryError())])
    assert main([]) == 75
    assert "not enough memory" in capsys.readouterr().err


def test_a_plug_in_that_is_off_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stranger = Point("more")
    stranger.package, stranger.is_ours, stranger.id = "others", False, "others/commands/more"  # type: ignore[misc]
    monkeypatch.setattr(program, "features", lambda group: [stranger])
    assert main(["more"]) == 77
    assert "gradstep plugins on others" in capsys.readouterr().err


def test_check_tells_what_a_script_would_miss_and_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.py"
    script.write_text("import torch\nprint('ran')\ntorch.quux()\n", encoding="utf-8")
    assert main(["check", str(script)]) == 1
    assert capsys.readouterr().out == (
        f"{script}:3:1: torch.quux is not there; PyTorch 2.13 has no such name either\n1 file, 1 names of torch: 1 missing\n"
    )
    assert main(["check", "--json", str(script)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["missing"], told["findings"][0]["name"], told["findings"][0]["line"]) == (1, "torch.quux", 3)
    script.write_text("import torch\ntorch.relu\n", encoding="utf-8")
    assert main(["check", str(script)]) == 0
    script.write_text("import torch\ntorch.(\n", encoding="utf-8")
    assert main(["check", str(script)]) == 65
    assert "script.py:2" in capsys.readouterr().err
    assert main(["check", str(tmp_path / "none.py")]) == 66
    assert main(["check"]) == 2
    assert main(["check", "--census"]) == 0
    assert "torch.nn.functional" in capsys.readouterr().out
