"""What stands before a command: colour, a file of defaults, no plug-ins."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from gradstep.engine.cli.main import main
from gradstep.engine.cli.table import SUMMARIES, command_of
from gradstep.engine.extensions.switches import SAFE_MODE

RED = "\x1b[1;31mgradstep:\x1b[0m none.gst: there is no such file"
COMMAND = [sys.executable, "-P", "-m", "gradstep", "inspect", "none.gst"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gradstep.toml"


def test_every_command_has_its_name_and_its_line_of_help() -> None:
    assert all(command_of(name).name == name and summary for name, summary in SUMMARIES.items())


def test_what_records_a_script_needs_no_numpy() -> None:
    text = "import sys; from gradstep.engine.cli import main, record; print({'numpy', 'networkx'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-P", "-c", text], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_colour_is_as_it_was_asked_for(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["--color", "always", "inspect", "none.gst"]) == 66
    assert capsys.readouterr().err.startswith(RED)
    monkeypatch.setenv("NO_COLOR", "1")  # what was typed goes before it
    assert main(["--color=always", "--log-level=error", "inspect", "none.gst"]) == 66
    assert capsys.readouterr().err.startswith(RED)
    assert main(["inspect", "none.gst"]) == 66
    assert main(["--color", "never", "inspect", "none.gst"]) == 66
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "options", "coloured"),
    [({}, [], True), ({"NO_COLOR": "1"}, [], False), ({"NO_COLOR": ""}, [], True), ({"TERM": "dumb"}, [], False), ({}, ["never"], False)],
)
def test_a_terminal_is_written_to_in_colour_unless_it_shall_not_be(environment: dict[str, str], options: list[str], coloured: bool) -> None:
    ours, theirs = pty.openpty()
    words = [*COMMAND[:4], *(f"--color={word}" for word in options), *COMMAND[4:]]
    rest = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm"}
    done = subprocess.run(words, stderr=theirs, env=rest | environment, check=False)
    os.close(theirs)
    said = os.read(ours, 4096).decode()
    os.close(ours)
    assert done.returncode == 66
    assert said.startswith(RED) is coloured
    assert ("\x1b" in said) is coloured


def test_a_file_holds_defaults_and_what_is_typed_goes_before_it(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = file.parent / "script.py"
    script.write_text("import torch\nx = torch.ones(2, requires_grad=True)\n(x * 2).sum().backward()\n")
    file.write_text(
        f'[record]\nlevel = "structure"\noutput = "{file.parent}/a.gst"\nno-source = true\ndurable = false\n[inspect]\njson = true\n'
    )
    assert main(["--config", str(file), "record", str(script)]) == 0
    capfd.readouterr()
    assert main([f"--config={file}", "inspect", str(file.parent / "a.gst")]) == 0
    facts = json.loads(capfd.readouterr().out)
    assert (facts["ops"], facts["tells"]["sources"], facts["values"]["kept"] if isinstance(facts["values"], dict) else facts["values"]) == (
        2,
        {},
        0,
    )
    assert main(["--config", str(file), "record", "-o", str(file.parent / "b.gst"), "--level", "values", str(script)]) == 0
    assert (file.parent / "b.gst").stat().st_size > 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[record\n", "is no TOML: "),
        ("level = 1\n", "level stands in no table"),
        ("[recrod]\n", "[recrod] is no command of gradstep; there are check, record"),
        ("[record]\nlevle = 'values'\n", "[record] levle is no option of gradstep record"),
        ("[record]\nscript = 'a.py'\n", "[record] script is no option of gradstep record"),
        ("[record]\nlevel = 'all'\n", "[record] level: argument --level: invalid choice: 'all'"),
        ("[record]\nlimit-mem = '-3'\n", "[record] limit-mem: argument --limit-mem: '-3' is no size"),
        ("[record]\ndurable = 'yes'\n", "[record] durable: argument --durable: ignored explicit argument"),
        ("[record]\ntimeout = 1979-05-27\n", "[record] timeout is neither text, number"),
    ],
)
def test_a_file_that_makes_no_sense_is_named_with_the_place(text: str, said: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(text)
    assert main(["--config", str(file), "record", "none.py"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"gradstep: {file}")
    assert said in line


def test_a_file_that_cannot_be_read_has_its_exit_code(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(file), "inspect", "a.gst"]) == 66
    file.mkdir()
    assert main(["--config", str(file), "inspect", "a.gst"]) == 74
    assert main(["--config"]) == 2
    assert main(["--color", "pink", "inspect", "a.gst"]) == 2
    assert main(["--no-plugins=1", "inspect", "a.gst"]) == 2
    said = capsys.readouterr().err
    assert said.count("gradstep: ") == 5
    assert "auto, always, never" in said


def test_plug_ins_of_others_can_be_left_out(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(SAFE_MODE, "")
    assert main(["--no-plugins", "plugins", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["safe_mode"] is True


def test_a_profile_has_what_is_kept_in_a_folder_of_its_own(tmp_path: Path) -> None:
    def plugins(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "gradstep", *words]
        return subprocess.run(command, capture_output=True, text=True, env=os.environ | {"HOME": str(tmp_path)}, check=False)

    layout = "gradstep/layouts/multipartite"
    assert plugins("--profile", str(tmp_path / "mine"), "plugins", "off", layout).returncode == 0
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["plugins.json"]
    assert f"off  {layout}" in plugins("--profile", str(tmp_path / "mine"), "plugins").stdout
    assert f"off  {layout}" not in plugins("plugins").stdout


def test_a_profile_that_cannot_be_made_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["--profile", str(tmp_path / "file"), "plugins"]) == 73
    assert "file cannot be the folder of a profile: File exists" in capsys.readouterr().err
