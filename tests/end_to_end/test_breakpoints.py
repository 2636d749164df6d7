"""Breakpoints, forward steps and explanations in the window, over a real program."""

from __future__ import annotations

from PySide6.QtWidgets import QTextBrowser

from gradstep.engine.debug.breakpoints import BreakKind
from gradstep.engine.debug.states import State

from .conftest import Driver

SCRIPT = """\
import torch
w = torch.tensor([4.0, 0.0], requires_grad=True)
x = torch.tensor([1.0, 2.0])
for step in range(2):
    y = w * x
    z = y.sqrt()
    z.sum().backward()
    print("step", step)
"""


def test_a_click_beside_a_line_stops_there_and_is_kept_for_the_next_run(driver: Driver) -> None:
    script = driver.script(SCRIPT)
    driver.open(script)
    window = driver.window
    window.panels.source.breakpoint_toggled.emit(script, 6)
    driver.until(lambda: window.breakpoints.standing.get(1, {}).get("verified") is True)
    stop = driver.step("continue")
    assert stop is not None
    assert (stop.reason, stop.where["line"]) == ("breakpoint", 6)
    assert "breakpoint" in window.session.sentence
    driver.finish()
    driver.press("start")
    driver.until(lambda: driver.state is State.PAUSED)
    assert driver.stops[-1].where["line"] == 6  # before the first node of backward
    assert window.breakpoints.standing[1]["hits"] == 1
    driver.press("clear_breakpoints")
    driver.finish()


def test_forward_is_stepped_op_by_op(driver: Driver) -> None:
    driver.open(driver.script(SCRIPT))
    driver.window.breakpoints.add(BreakKind.NODE, "mul", hits=">= 1")
    stop = driver.step("continue")
    assert stop is not None
    assert (stop.phase, stop.met, stop.where["line"]) == ("forward", "mul", 5)
    names = []
    for _ in range(3):
        stop = driver.step("step")
        assert stop is not None
        names.append(stop.met or stop.name)
    assert names == ["sqrt", "sum", "SumBackward0"]
    driver.press("clear_breakpoints")
    driver.finish()


def test_the_first_infinity_stops_the_program_and_is_explained_at_its_end(driver: Driver) -> None:
    driver.open(driver.script(SCRIPT))
    window = driver.window
    driver.press("break_on_nan")
    stop = driver.step("continue")
    assert stop is not None
    assert (stop.reason, stop.met) == ("data breakpoint", "SqrtBackward0")
    driver.press("break_on_nan")
    assert len(window.breakpoints.all) == 0
    driver.finish()
    driver.until(lambda: window.panels.explanations.count() > 0)
    text = window.panels.explanations.findChild(QTextBrowser, "explanations")
    assert text is not None
    assert "nan.sqrt-slope" in text.toPlainText()
    assert "script.py:6" in text.toPlainText()


def test_a_condition_that_is_none_is_said_and_nothing_changes(driver: Driver) -> None:
    driver.open(driver.script(SCRIPT))
    points = driver.window.breakpoints
    said: list[str] = []
    points.refused.connect(said.append)
    assert points.add(BreakKind.VALUE, "huge") is None
    made = points.add(BreakKind.NODE, "mul")
    assert made is not None
    assert not points.change(made.id, {"condition": "import os"})
    assert points.all == [made]
    assert len(said) == 2
    assert driver.message == said[-1]  # in the bar, where it stays
    driver.press("clear_breakpoints")
    driver.finish()
