"""The check for what a test leaves behind finds what it shall find, and nothing that was put away."""

from __future__ import annotations

import sys
import threading

import pytest
from PySide6.QtCore import QObject, QProcess, QTimer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from ..leftovers import nothing_left


def ended(check: object) -> str:
    """What the check says at the end of a test, "" for nothing."""
    try:
        next(check, None)  # type: ignore[call-overload]
    except pytest.fail.Exception as failed:
        return str(failed)
    return ""


def test_a_timer_of_an_object_that_the_test_holds_goes_with_that() -> None:
    check = nothing_left()
    next(check)
    model = QObject()
    QTimer(model).start(1000)
    assert ended(check) == ""


def test_a_timer_that_runs_on_is_named_with_its_owner_and_one_that_went_with_it_is_not(qtbot: QtBot) -> None:
    owner = QWidget()
    owner.setObjectName("clock")
    check = nothing_left()
    next(check)
    timer = QTimer(owner)
    timer.start(1000)
    assert ended(check) == "left behind: QTimer of QWidget clock"
    check = nothing_left()
    next(check)
    other = QTimer(owner)
    other.start(1000)
    owner.deleteLater()
    assert ended(check) == ""


def test_a_thread_that_runs_on_is_named() -> None:
    goes = threading.Event()
    check = nothing_left()
    next(check)
    thread = threading.Thread(target=goes.wait, name="reader")
    thread.start()
    assert ended(check) == "left behind: reader"
    goes.set()
    thread.join()


def test_a_process_that_runs_on_is_named(qtbot: QtBot) -> None:
    check = nothing_left()
    next(check)
    process = QProcess()
    process.start(sys.executable, ["-c", "input()"])
    assert process.waitForStarted()
    assert "QProcess" in ended(check)
    with qtbot.waitSignal(process.finished):
        process.closeWriteChannel()
