"""Which engine and interpreter run a script: what was chosen, what is found, and what is said where nothing will do."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Any

from PySide6.QtGui import QGuiApplication

from gradstep.engine.debug.core import Outcome
from gradstep.engine.debug.states import State
from gradstep.gui.frame.message_bar import MessageBar
from gradstep.gui.runners import runner as runners
from gradstep.gui.runners.runner import Refusal, Runner
from gradstep.gui.runners.teller import RunnerTeller

LONG = 60_000


def test_our_own_engine_runs_at_once_in_our_own_interpreter(runner: Runner, qtbot: Any) -> None:
    paths: list[str] = []
    runner.find(paths.append)
    assert paths == [sys.executable]
    assert runner.title == f"gradstep in Python {platform.python_version()}"
    runner.choose("gradstep", "/opt/python", "a.py")
    runner.find(paths.append)
    assert paths[1:] == ["/opt/python"]


def test_another_engine_runs_in_the_first_interpreter_that_has_it(qtbot: Any, runner: Runner, rings: str) -> None:
    paths: list[str] = []
    runner.choose("rings", "", "a.py")
    assert runner.title == "Rings"
    runner.find(paths.append)
    qtbot.waitUntil(lambda: bool(paths), timeout=LONG)
    assert paths == [rings]
    assert runner.title == f"rings 7.1 in {rings}"


def test_one_that_was_chosen_and_lacks_it_is_refused_with_those_that_have_it(qtbot: Any, runner: Runner, rings: str) -> None:
    refusals: list[Any] = []
    runner.refused.connect(refusals.append)
    runner.choose("rings", sys.executable, "a.py")
    runner.find(lambda path: refusals.append(path))
    qtbot.waitUntil(lambda: bool(refusals), timeout=LONG)
    (refusal,) = refusals
    assert isinstance(refusal, Refusal)
    assert "has no rings" in refusal.text
    assert refusal.remedy == f"{sys.executable} -m pip install 'rings>=7'"
    assert [answer.path for answer in refusal.others] == [rings]


def test_where_none_is_found_that_is_said(qtbot: Any, runner: Runner, rings: str, monkeypatch: Any) -> None:
    del rings
    monkeypatch.setattr(runners, "found", lambda script: [])
    runner.choose("rings", "", "a.py")
    with qtbot.waitSignal(runner.refused, timeout=LONG) as refused:
        runner.find(lambda path: None)
    assert refused.args[0].text == "No interpreter was found that could run a script on Rings."


def test_a_later_choice_makes_an_earlier_search_mean_nothing(qtbot: Any, runner: Runner, rings: str) -> None:
    paths: list[str] = []
    runner.choose("rings", "", "a.py")
    runner.find(lambda path: paths.append("first"))
    runner.choose("gradstep", "", "a.py")
    runner.find(paths.append)
    qtbot.waitUntil(lambda: runner.interpreters.known(rings) is not None, timeout=LONG)
    assert paths == [sys.executable]


def test_the_command_line_stands_above_what_was_chosen(runner: Runner, rings: str) -> None:
    runner.given = "rings", rings
    runner.choose("gradstep", "", "a.py")
    assert (runner.engine, runner.path) == ("rings", rings)


def test_an_engine_that_is_not_installed_any_more_is_as_if_none_was_chosen(runner: Runner) -> None:
    runner.choose("nobodys", "", "a.py")
    assert runner.engine == "gradstep"


def test_an_interpreter_that_cannot_be_started_is_an_answer_too(qtbot: Any, runner: Runner, rings: str, tmp_path: Path) -> None:
    del rings
    with qtbot.waitSignal(runner.interpreters.answered, timeout=LONG) as answered:
        runner.interpreters.ask(str(tmp_path / "none"))
    assert answered.args[0].error


# ------------------------------------------------------------------------------------------------------------- the words


def labels(bar: MessageBar) -> list[str]:
    return [bar._buttons.itemAt(place).widget().text() for place in range(bar._buttons.count())]


def press(bar: MessageBar, label: str) -> None:
    for place in range(bar._buttons.count()):
        button = bar._buttons.itemAt(place).widget()
        if button.text().startswith(label):
            button.click()
            return
    raise AssertionError(labels(bar))


def test_the_bar_offers_what_helps(qtbot: Any, runner: Runner, rings: str) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    teller = RunnerTeller(bar, runner)
    runner.choose("rings", sys.executable, "a.py")
    with qtbot.waitSignal(runner.refused, timeout=LONG):
        runner.find(lambda path: None)
    assert "has no rings. This one has what is needed:" in bar.text
    assert labels(bar) == [f"Use {Path(rings).parents[2].name} (rings 7.1)", "Choose Interpreter...", "Copy the Line That Installs It"]
    with qtbot.waitSignal(teller.picked) as picked:
        press(bar, "Use")
    assert picked.args == [rings]
    with qtbot.waitSignal(teller.choice_wished):
        press(bar, "Choose")
    with qtbot.waitSignal(teller.said):
        press(bar, "Copy")
    assert QGuiApplication.clipboard().text() == f"{sys.executable} -m pip install 'rings>=7'"


def test_a_module_that_the_interpreter_lacks_is_named_with_the_line_that_installs_it(runner: Runner, qtbot: Any) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    teller = RunnerTeller(bar, runner)
    runner.choose("gradstep", "/env/bin/python", "a.py")
    raised = {"type": "ModuleNotFoundError", "text": "No module named 'cv2.gapi'", "line": 3}
    teller.ended(Outcome(State.RAISED, "", exception=raised))
    assert bar.text == "No module named 'cv2' in /env/bin/python. Scripts run in the interpreter that you choose."
    press(bar, "Copy")
    assert QGuiApplication.clipboard().text() == "/env/bin/python -m pip install opencv-python"
    bar.clear()
    teller.ended(Outcome(State.RAISED, "", exception={"type": "ValueError", "text": "No module named 'x'"}))
    teller.ended(Outcome(State.FINISHED, ""))
    assert bar.text == ""


def test_an_interpreter_that_refused_to_run_anything_can_be_replaced(runner: Runner, qtbot: Any) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    teller = RunnerTeller(bar, runner)
    why = "/env/bin/python cannot be started: No such file or directory. Choose another interpreter."
    teller.ended(Outcome(State.FAILED, why, refused={"kind": "interpreter", "message": why}))
    assert bar.text == why
    assert labels(bar) == ["Choose Interpreter..."]
