"""What-if and hooks that are switched off, in the window, over a real program."""

from __future__ import annotations

from gradstep.engine.debug.states import State
from gradstep.gui.models.what_if import WhatIfView

from .conftest import Driver

SCRIPT = """\
import torch

def double(grad):
    return grad * 2

x = torch.tensor([1.0, 2.0], requires_grad=True)
w = torch.tensor([3.0, 4.0], requires_grad=True)
y = (x * w).tanh()
y.register_hook(double)
(y + x.exp()).sum().backward()
print("grads", x.grad.tolist(), w.grad.tolist())
"""


def test_a_gradient_is_compared_with_another_one_and_the_program_stands_where_it_stood(driver: Driver) -> None:
    driver.open(driver.script(SCRIPT))
    window = driver.window
    while driver.stops[-1].name != "TanhBackward0":
        assert driver.step() is not None
    before = driver.stops[-1]
    views: list[WhatIfView] = []
    show = window.panels.what_if.show_view
    window.panels.what_if.show_view = lambda view: (views.append(view), show(view))[1]  # type: ignore[method-assign,func-returns-value]
    window.panels.what_if.try_wished.emit("", 0, "grad * 0")
    driver.until(lambda: bool(views) and driver.stops[-1] is not before)
    after = driver.stops[-1]
    assert (after.node, after.taken) == (before.node, before.taken)
    names = {row.name for row in views[-1].rows}
    assert {"x.grad", "w.grad"} <= names
    assert not any(name.startswith("ExpBackward0") for name in names)
    assert views[-1].unreached == ()
    driver.finish()
    assert driver.state is State.FINISHED
    plain = driver.printed.split("grads ")[1]
    driver.press("start")
    driver.until(lambda: driver.state is State.PAUSED)
    driver.finish()
    assert driver.printed.split("grads ")[-1] == plain  # trying it out changed nothing


def test_an_expression_that_is_no_gradient_is_said(driver: Driver) -> None:
    driver.open(driver.script(SCRIPT))
    said: list[str] = []
    driver.window.experiments.said.connect(said.append)
    driver.window.panels.what_if.try_wished.emit("", 0, "'text'")
    driver.until(lambda: bool(said))
    assert "a gradient is a tensor or None" in said[0]
    driver.finish()


def test_a_hook_that_is_switched_off_is_not_called_when_the_pass_is_run_again(driver: Driver) -> None:
    driver.open(driver.script(SCRIPT))
    window = driver.window
    while driver.step() is not None and driver.stops[-1].name != "AccumulateGrad":
        pass
    assert any(line.name == "double" for group in window.model.hooks_view().groups for line in group.lines if hasattr(line, "kind"))
    window.panels.hooks.hook_switched.emit("double", False)
    driver.step("reverse")
    driver.finish()
    off = driver.printed.split("w")[-1]
    window.panels.hooks.hook_switched.emit("double", True)
    driver.press("start")
    driver.until(lambda: driver.state is State.PAUSED)
    driver.finish()
    assert driver.printed.split("w")[-1] != off


def test_what_a_node_keeps_is_edited_and_the_difference_is_shown(driver: Driver) -> None:
    driver.open(driver.script(SCRIPT))
    window = driver.window
    while driver.stops[-1].name != "TanhBackward0":
        assert driver.step() is not None
    views: list[WhatIfView] = []
    show = window.panels.what_if.show_view
    window.panels.what_if.show_view = lambda view: (views.append(view), show(view))[1]  # type: ignore[method-assign,func-returns-value]
    window.panels.what_if.try_wished.emit("out", 0, "saved * 0")
    driver.until(lambda: bool(views))
    assert {"x.grad", "w.grad"} <= {row.name for row in views[-1].rows}
    assert views[-1].unreached == ()
    said: list[str] = []
    window.experiments.said.connect(said.append)
    window.panels.what_if.keep_wished.emit("nosuch", 0, "saved")
    driver.until(lambda: bool(said))
    assert "keeps no tensor nosuch" in said[-1]
    driver.finish()
    plain = driver.printed.split("grads ")[1]
    driver.press("start")
    driver.until(lambda: driver.state is State.PAUSED)
    driver.finish()
    assert driver.printed.split("grads ")[-1] == plain
