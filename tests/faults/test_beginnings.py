"""Faults 20 to 24: what stands in the way of a script before its first line, and where it lies."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import venv
from pathlib import Path

import pytest

from gradstep.engine.debug.launch import runs_folder
from gradstep.engine.debug.states import State

from .catalogue import API, CLI, WINDOW, fault
from .scripts import FINE, HEAD
from .shortages import read_only

WRONG = HEAD + "print('ran', flush=True)\nif True\n    pass\n"
MISSING = HEAD + "import einops_of_nobody\n"
ODD = "a b & c 'q' \"d\" \U0001f600 \n\N{RIGHT-TO-LEFT OVERRIDE}x"
ARGUMENTS = ("", " a  b ", "'\"\\$(x)`", "\n", "\U0001f600", "\udcff\udc80")
TELLS = FINE + "import os, sys\nos.write(1, b'|'.join(os.fsencode(word) for word in (__file__, *sys.argv[1:])))\n"


def far(folder: Path) -> Path:
    """A folder whose path has close to as many bytes as the system takes (4,096), and the rest of a name."""
    while len(os.fsencode(folder)) < 3900:
        folder = folder / ("d" * min(200, 3990 - len(os.fsencode(folder))))
        try:
            folder.mkdir()
        except OSError:
            pytest.skip("paths of 4,000 characters cannot be made here")
    return folder


@fault(20, WINDOW)
@pytest.mark.parametrize("home", ["none", "read-only"])
def test_the_window_starts_without_a_home_and_says_that_nothing_is_kept(qtbot, tmp_path, monkeypatch, home) -> None:
    from PySide6.QtWidgets import QLabel

    from gradstep.gui.app import application, begin, parser

    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name)
    monkeypatch.delenv("HOME")
    if home == "read-only":
        monkeypatch.setenv("HOME", str(read_only(tmp_path / "home")))
    window = begin(application(), parser().parse_args([]))
    qtbot.addWidget(window)
    text = window.findChild(QLabel, "messageText")
    assert text is not None
    assert "settings" in text.toolTip()
    assert "will not be kept" in text.toolTip()
    script = tmp_path / "script.py"
    script.write_text(FINE, encoding="utf-8")
    window.opening.stop_on_entry = False
    window.open_file(str(script))
    qtbot.waitUntil(lambda: window.session.state is State.FINISHED, timeout=60_000)
    window.close()
    shutil.rmtree(runs_folder())  # kept, in the temporary folder


@fault(21, API)
def test_a_syntax_error_is_told_with_line_and_column_and_nothing_ran(start, said) -> None:
    said.expect(".*")
    session = start(WRONG)
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.exit_code, outcome.refused["kind"]) == (State.FAILED, 1, "syntax")
    assert (outcome.refused["line"], outcome.refused["column"]) == (5, 8)
    assert "script.py line 5 is not valid Python" in outcome.reason
    assert "Nothing was run." in outcome.reason
    assert "stdout" not in session.printed


@fault(21, CLI)
def test_record_shows_the_line_and_a_caret(gradstep, said) -> None:
    said.expect(
        '  File ".*script.py", line 5',
        "    if True",
        r" +\^",
        "SyntaxError: expected ':'",
        "gradstep: script.py line 5 is not valid Python",
    )
    ran = gradstep.record(WRONG)
    assert (ran.code, ran.out) == (1, b"")
    assert said.count("Nothing was run") == 1
    assert not ran.tape.exists()


@fault(21, WINDOW)
def test_the_window_shows_the_line_and_keeps_the_breakpoints(person, said) -> None:
    said.expect(".*")
    from gradstep.engine.debug.breakpoints import BreakKind

    file = person.script(WRONG)
    person.begin(file)
    assert person.state is State.FAILED
    assert "line 5 is not valid Python" in person.bar
    assert "Nothing was run." in person.bar
    assert person.answers == ["Go To Line", "Restart"]
    person.window.breakpoints.toggle(BreakKind.VALUE, "nonfinite")
    person.script(FINE)
    person.press("restart")
    person.until(lambda: person.state is State.PAUSED)
    assert len(person.window.breakpoints.all) == 1
    person.finish()
    assert "[2.0, 4.0, 6.0]" in person.printed


@fault(22, API)
def test_a_missing_module_is_told_with_the_interpreter(start, said) -> None:
    said.expect_exception("ModuleNotFoundError: No module named 'einops_of_nobody'")
    outcome = start(MISSING).wait_until_ended()
    assert outcome.how is State.RAISED
    assert outcome.exception["type"] == "ModuleNotFoundError"
    assert outcome.exception["text"] == "No module named 'einops_of_nobody'"


@fault(22, CLI)
def test_record_says_where_the_module_is_missing_and_how_to_get_it(gradstep, said) -> None:
    said.expect_exception("ModuleNotFoundError: No module named 'einops_of_nobody'")
    said.expect("gradstep: No module named 'einops_of_nobody' in ", "gradstep: recorded ")
    ran = gradstep.record(MISSING)
    assert ran.code == 1
    assert said.count("-m pip install einops_of_nobody") == 1


@fault(22, WINDOW)
def test_the_bar_says_where_the_module_is_missing(person, said) -> None:
    said.expect_exception("ModuleNotFoundError: No module named 'einops_of_nobody'")
    person.run(MISSING)
    assert "No module named 'einops_of_nobody' in" in person.bar
    assert person.answers == ["Choose Interpreter...", "Copy the Line That Installs It"]


def old_python(folder: Path) -> Path:
    """An interpreter that says it is Python 3.8."""
    path = folder / "python3.8"
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
    return path


@fault(23, API)
def test_an_interpreter_that_is_gone_or_too_old_is_named(start, session, tmp_path) -> None:
    outcome = start(FINE, python=str(tmp_path / "gone" / "python")).wait_until_ended()
    assert (outcome.how, "No such file" in outcome.reason, "Choose another interpreter" in outcome.reason) == (State.FAILED, True, True)
    outcome = start(FINE, python=str(old_python(tmp_path))).wait_until_ended()
    assert outcome.how is State.FAILED
    assert "is Python 3.8.20; 3.11 or later is needed" in outcome.reason


@fault(23, CLI)
def test_record_names_what_an_interpreter_lacks_and_others_that_have_it(gradstep, said, tmp_path) -> None:
    said.expect(".*")
    gone = gradstep.record(FINE, options=["--python", str(tmp_path / "gone")])
    assert (gone.code, gone.out) == (66, b"")
    assert "gone" in gone.err
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    bare = gradstep.record(FINE, options=["--engine", "torch", "--python", str(tmp_path / "bare" / "bin" / "python")])
    assert (bare.code, bare.out) == (69, b"")
    assert "torch" in bare.err
    assert "pip install" in bare.err


@fault(23, WINDOW)
def test_an_interpreter_without_the_engine_brings_the_chooser(person, tmp_path) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    person.window.runs.insist("torch", str(tmp_path / "bare" / "bin" / "python"))
    person.window.open_file(person.script(FINE))
    person.until(lambda: "torch" in person.bar)
    assert any("Interpreter" in answer or "Choose" in answer for answer in person.answers)


@fault(24, API)
def test_any_path_and_any_argument_arrive_as_they_are(start, session) -> None:
    session = start(TELLS, ODD + "/x.py", args=ARGUMENTS)
    outcome = session.wait_until_ended()
    assert outcome.how is State.FINISHED
    whole = (session.folder.path / "stdout.log").read_bytes()
    assert whole.endswith(b"|".join([os.fsencode(ODD + "/x.py"), *map(os.fsencode, ARGUMENTS)]))


@fault(24, CLI)
def test_record_takes_a_path_of_4000_characters(gradstep, said) -> None:
    said.expect(".*")
    folder = far(gradstep.folder)
    script = folder / "x.py"
    script.write_text(TELLS, encoding="utf-8")
    ran = gradstep.run("record", "-o", gradstep.folder / "run.gst", script, *ARGUMENTS)
    assert ran.code == 0
    assert ran.out.endswith(b"|".join([os.fsencode(script), *map(os.fsencode, ARGUMENTS)]))
    odd = gradstep.record(TELLS, *ARGUMENTS, name=ODD + "/x.py", tape=gradstep.folder / "odd.gst")
    assert odd.code == 0
    assert odd.out.endswith(b"|".join([os.fsencode(gradstep.folder / ODD / "x.py"), *map(os.fsencode, ARGUMENTS)]))


@fault(24, WINDOW)
def test_the_window_runs_a_script_of_any_name(person) -> None:
    folder = person.folder / ODD
    folder.mkdir(parents=True)
    script = folder / "x.py"
    script.write_text(TELLS, encoding="utf-8")
    person.begin(str(script))
    person.finish()
    assert person.state is State.FINISHED
    deep = far(person.folder) / "x.py"
    deep.write_text(TELLS, encoding="utf-8")
    person.begin(str(deep))
    person.finish()
    assert person.state is State.FINISHED
