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
    assert "gone.py is not there: choose another file." in driver.message
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


def test_where_a_node_raised_that_node_is_selected_and_the_line_that_raised_is_shown(driver: Driver) -> None:
    text = "import torch\nx = torch.ones(3, requires_grad=True)\ny = x.exp()\nloss = y.sum()\ny.zero_()\nloss.backward()\n"
    driver.open(driver.script(text.replace("y.zero_()", "with torch.no_grad():\n    y.zero_()")))
    driver.finish()
    assert driver.state is State.RAISED
    assert driver.window.model.selection.key == ("node", driver.node("ExpBackward0"))
    assert driver.window.panels.step._view.status == "failed"
    source = driver.window.panels.source
    assert source._views[source.current_file]._line == 7
    assert "Go To Node" in [button.text() for button in driver.window.message.findChildren(QPushButton)]


def test_at_the_end_the_node_that_ran_last_is_selected_and_not_the_one_of_the_last_stop(driver: Driver) -> None:
    driver.open(driver.script(BACKWARD + "(x * 3).sum().backward()\n"))
    first = driver.window.model.selection.key
    driver.finish()
    tape, key = driver.window.model.tape, driver.window.model.selection.key
    assert key != first
    assert key[1] in tape.runs[driver.window.model.run].needed
    assert driver.window.panels.step._view.place == "step 3 of 3"


def test_at_the_end_what_the_user_selected_stays_selected(driver: Driver) -> None:
    driver.open(driver.script(BACKWARD))
    chosen = ("node", driver.node("MulBackward0"))
    driver.window.model.select(chosen)
    driver.finish()
    assert driver.window.model.selection.key == chosen


def test_a_program_that_is_stopped_where_it_stood_leaves_the_selection_there(driver: Driver) -> None:
    driver.open(driver.script(BACKWARD))
    driver.step()
    before = driver.window.model.selection.key
    driver.press("stop")
    driver.end()
    assert driver.window.model.selection.key == before
    assert not driver.window.panels.events._next.isVisible()


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
