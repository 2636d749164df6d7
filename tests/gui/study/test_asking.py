"""A command asked for its JSON in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QProcess
from pytestqt.qtbot import QtBot

from gradstep.gui.guide.examples import FOLDER
from gradstep.gui.study.asking import Asking


def test_what_a_command_prints_is_the_answer(qtbot: QtBot) -> None:
    asking = Asking()
    with qtbot.waitSignal(asking.answered, timeout=30_000) as answer:
        asking.ask(["examples", "nan", "--json"])
    assert answer.args[0]["examples"][0]["file"] == str(FOLDER / "nan.py")


def test_what_a_command_says_is_why_there_is_no_answer(qtbot: QtBot, tmp_path: Path) -> None:
    asking = Asking()
    with qtbot.waitSignal(asking.failed, timeout=30_000) as failure:
        asking.ask(["explain", "--json", str(tmp_path / "none.gst")])
    assert failure.args[0] == f"{tmp_path / 'none.gst'}: there is no such file"


def test_the_newest_question_wins(qtbot: QtBot) -> None:
    asking, answers = Asking(), []
    asking.answered.connect(answers.append)
    asking.ask(["examples", "hook", "--json"])
    with qtbot.waitSignal(asking.answered, timeout=30_000):
        asking.ask(["examples", "nan", "--json"])
    assert [[one["name"] for one in answer["examples"]] for answer in answers] == [["nan"]]


def test_a_command_that_dies_late_is_waited_for(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QProcess, "waitForFinished", lambda process, most: False)
    asking = Asking()
    asking.ask(["examples", "--json"])
    asking.stop()
    assert [process.state() for process in asking.findChildren(QProcess)] != [QProcess.ProcessState.NotRunning]
    qtbot.waitUntil(lambda: not asking.findChildren(QProcess), timeout=30_000)


def test_an_interpreter_that_does_not_start_is_said(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    asking = Asking()
    with qtbot.waitSignal(asking.failed, timeout=30_000) as failure:
        asking.ask(["examples", "--json"])
    assert failure.args[0]


def test_texts_of_a_stranger_are_written_out(qtbot: QtBot, tmp_path: Path) -> None:
    asking = Asking()
    script = tmp_path / "exa\u202emple.py"
    script.write_text("import torch\nx = torch.zeros(1, requires_grad=True)\ny = x.sum()\ny.backward()\ny.backward()\n", encoding="utf-8")
    with qtbot.waitSignal(asking.answered, timeout=60_000) as answer:
        asking.ask(["explain", "--json", str(script)])
    assert "\u202e" not in str(answer.args[0])
    assert "\\u202e" in repr(answer.args[0]).replace("\\\\", "\\")
