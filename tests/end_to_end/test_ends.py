"""The ways in which a script can end, or not begin, and what the window says of each."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from gradstep.engine.debug.states import State

from .conftest import Driver, make

BACKWARD = """
import torch
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
(x * x).sum().backward()
"""


def test_a_missing_file_is_named_and_nothing_changes(driver: Driver, tmp_path: Path) -> None:
    driver.window.open_file(str(tmp_path / "gone.py"))
    assert "gone.py is not there any more" in driver.message
    assert driver.state is State.IDLE
    assert driver.window.pages.currentWidget() is driver.window.welcome


def test_a_script_that_needs_no_gradient_is_told_so(driver: Driver) -> None:
    driver.open(driver.script("import torch\nprint((torch.ones(2) * 2).sum())\n"))
    assert driver.state is State.FINISHED
    assert "No tensor had requires_grad=True" in driver.message


def test_a_script_without_tensors_is_told_so(driver: Driver) -> None:
    driver.open(driver.script("print('hello')\n"))
    assert driver.state is State.FINISHED
    assert "without a tensor operation" in driver.message
    assert "hello" in driver.printed


def test_sys_exit_is_named_with_its_code(driver: Driver) -> None:
    driver.open(driver.script(BACKWARD + "import sys\nsys.exit(3)\n"))
    driver.finish()
    assert driver.state is State.FINISHED
    assert "ended with exit code 3" in driver.message


def test_the_line_that_raised_is_shown(driver: Driver) -> None:
    file = driver.script(BACKWARD + "def late():\n    raise KeyError('of mine')\nlate()\n")
    driver.open(file)
    driver.finish()
    source = driver.window.panels.source
    assert source.current_file == file
    assert source._views[file]._line == 6


def test_a_syntax_error_shows_its_line_though_nothing_ran(driver: Driver) -> None:
    file = driver.script("a = 1\nb = = 2\n")
    driver.open(file)
    assert driver.state is State.FAILED
    assert driver.window.panels.source._views[file]._line == 2


def test_restart_runs_the_script_as_it_is_now(driver: Driver) -> None:
    driver.open(driver.script(BACKWARD + "print('first')\n"))
    first = driver.window.session.pid
    driver.script(BACKWARD + "print('second')\n")
    driver.press("restart")
    driver.until(lambda: driver.state is State.PAUSED and driver.window.session.pid != first)
    driver.finish()
    assert "second" in driver.printed
    assert "first" not in driver.printed


def test_another_script_is_not_opened_while_one_runs(driver: Driver) -> None:
    driver.open(driver.script(BACKWARD))
    driver.window.open_file(driver.script("print(1)\n", "other.py"))
    assert "script.py is still running" in driver.message
    assert driver.window.opening.name == "script.py"
    assert driver.state is State.PAUSED


def test_the_running_script_is_stopped_for_another_where_the_user_says_so(driver: Driver) -> None:
    driver.open(driver.script(BACKWARD))
    driver.window.open_file(driver.script(BACKWARD, "other.py"))
    (answer,) = driver.window.message.findChildren(QPushButton)
    assert answer.text() == "Stop and Open"
    answer.click()
    driver.until(lambda: driver.window.opening.name == "other.py" and driver.state is State.PAUSED)


def test_what_was_said_of_a_running_script_goes_with_it(driver: Driver) -> None:
    driver.open(driver.script(BACKWARD))
    driver.window.open_file(driver.script(BACKWARD, "other.py"))
    driver.press("stop")
    driver.end()
    assert "still running" not in driver.message
    assert driver.window.opening.name == "script.py"


def test_a_second_script_takes_the_place_of_the_first(driver: Driver) -> None:
    driver.open(driver.script(BACKWARD))
    driver.finish()
    driver.window.open_file(driver.script(BACKWARD, "other.py"))
    driver.until(lambda: driver.state is State.PAUSED)
    assert driver.window.windowTitle().startswith("other.py [paused]")
    tape = driver.window.model.tape
    assert tape is not None
    assert len(tape.runs) == 1


def test_a_pause_in_python_shows_the_line(driver: Driver) -> None:
    file = driver.script("going = True\nprint('up', flush=True)\nwhile going:\n    pass\n")
    driver.window.open_file(file)
    driver.until(lambda: "up" in driver.printed)
    stop = driver.step("pause")
    assert stop is not None
    assert driver.window.panels.source._views[file]._line in (3, 4)
    driver.press("stop")
    driver.end()
    assert driver.state is State.STOPPED


@pytest.mark.parametrize("text", ["while True:\n    pass\n", BACKWARD], ids=["running", "paused"])
def test_closing_the_window_leaves_no_process(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    window = make(qtbot)
    driver = Driver(qtbot, window, tmp_path)
    window.open_file(driver.script("print('up', flush=True)\n" + text))
    driver.until(lambda: "up" in driver.printed and window.session.pid > 0)
    pid = window.session.pid
    window.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_closing_twice_is_closing_once(qtbot: QtBot, driver: Driver) -> None:
    driver.open(driver.script(BACKWARD))
    driver.finish()
    assert driver.window.close()
    assert driver.window.close()
