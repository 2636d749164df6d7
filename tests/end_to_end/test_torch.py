"""Five training scripts in plain PyTorch, opened in the window on real PyTorch: stepped, taken back, asked what if, explained."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QTextBrowser

from gradstep.engine.debug.breakpoints import BreakKind
from gradstep.engine.debug.states import State
from gradstep.engine.tape.schema import NodeKind
from gradstep.gui.models.what_if import WhatIfView

from .conftest import Driver

pytest.importorskip("torch", reason="PyTorch is not installed here")
pytestmark = pytest.mark.timeout(600)

SCRIPTS = Path(__file__).parents[1] / "plugins" / "torch" / "scripts"


@pytest.fixture
def driver(unchecked: Driver) -> Driver:
    """A window whose scripts run on PyTorch. They have thousands of events."""
    unchecked.window.runs.insist("torch", sys.executable)
    return unchecked


def start(driver: Driver, name: str, arguments: str = "") -> None:
    """Open a script with arguments, and wait until it stands before its first node."""
    script = str(SCRIPTS / name)
    driver.window.preferences.show_script(script)
    driver.window.preferences.set("script/arguments", arguments)
    driver.open(script)
    assert driver.state is State.PAUSED, (driver.message, driver.printed)


def explained(driver: Driver) -> str:
    """What is said of the script after its end."""
    driver.finish()
    panel = driver.window.panels.explanations
    driver.until(lambda: panel.count() > 0)
    text = panel.findChild(QTextBrowser, "explanations")
    assert text is not None
    return text.toPlainText()


def leaves(driver: Driver) -> set[str]:
    tape: Any = driver.window.model.tape
    return {tape.tensors[node.variable].name for node in tape.nodes.values() if node.variable is not None}


def test_a_cnn_is_stepped_and_taken_back_and_asked_what_if(driver: Driver) -> None:
    start(driver, "cifar_cnn.py", "--epochs 1 --size 32 --batch-size 16 --workers 1")
    window = driver.window
    assert driver.stops[-1].name == "NllLossBackward0"
    assert {"features.0.conv.weight", "features.2.norm.bias", "head.weight"} <= leaves(driver)
    names = [driver.stops[-1].name]
    for _ in range(4):
        stop = driver.step()
        assert stop is not None
        names.append(stop.name)
    assert names == ["NllLossBackward0", "LogSoftmaxBackward0", "DivBackward0", "AddmmBackward0", "AccumulateGrad"]
    back = driver.step("step_back")
    assert back is not None
    assert (back.name, back.taken) == ("AddmmBackward0", 3)
    node, tape = back.node, window.model.tape
    assert tape is not None
    op = tape.ops[tape.nodes[node].op or 0]
    assert (Path(op.stack[0].file).name, op.stack[0].function) == ("cifar_cnn.py", "Net.forward")
    value: list[Any] = []
    assert window.session.request("evaluate", value.append, expression="labels.shape, logits.grad_fn.name()")
    driver.until(lambda: bool(value))
    assert "[16]" in str(value[0].body)
    views: list[WhatIfView] = []
    show = window.panels.what_if.show_view
    window.panels.what_if.show_view = lambda view: (views.append(view), show(view))[1]  # type: ignore[method-assign,func-returns-value]
    window.panels.what_if.try_wished.emit("", 0, "grad * 0")
    driver.until(lambda: bool(views) and driver.state is State.PAUSED)
    changed = {row.name for row in views[-1].rows}
    assert {"head.weight.grad", "features.0.conv.weight.grad"} <= changed
    driver.finish()
    assert driver.state is State.FINISHED, driver.message
    assert "accuracy" in driver.printed


def test_the_nan_of_a_cnn_is_found_and_explained(driver: Driver) -> None:
    start(driver, "cifar_cnn.py", "--epochs 1 --size 16 --batch-size 16 --workers 0 --loss focal --temperature 0.002")
    driver.press("break_on_nan")
    stop = driver.step("continue")
    assert stop is not None
    assert (stop.reason, stop.name) == ("data breakpoint", stop.name)
    driver.press("break_on_nan")
    text = explained(driver)
    assert "nan.log-zero" in text
    assert "cifar_cnn.py:63" in text
    found = driver.window.navigator.first_alert()
    assert found is not None


def test_a_gpt_in_bfloat16_stops_at_its_ops_and_shows_its_values(driver: Driver) -> None:
    start(driver, "gpt.py", "--steps 2 --accumulate 2 --layers 1 --width 16 --length 8 --batch-size 2 --dropout 0")
    window = driver.window
    window.breakpoints.add(BreakKind.NODE, "ScaledDotProductFlashAttentionForCpuBackward0")
    stop = driver.step("continue")
    assert stop is not None
    assert (stop.reason, stop.name) == ("breakpoint", "ScaledDotProductFlashAttentionForCpuBackward0")
    tape = window.model.tape
    assert tape is not None
    assert tape.nodes[stop.node].ins[0] is not None
    assert tape.nodes[stop.node].ins[0].dtype == "bfloat16"
    assert driver.step() is not None
    window.model.select(("node", stop.node))
    view = window.model.tensor_view(window.model.selection.value)
    assert view is not None
    assert view.meta is not None
    assert view.meta.dtype == "bfloat16"
    driver.press("clear_breakpoints")
    driver.finish()
    assert driver.state is State.FINISHED, driver.message
    assert "lm_head.weight" in leaves(driver) or "wte.weight" in leaves(driver)
    assert len(tape.runs) == 4
    assert not driver.window.panels.explanations.count()


def test_what_cuts_an_encoder_off_is_named(driver: Driver) -> None:
    start(driver, "seq2seq.py", "--epochs 1 --batches 1 --batch-size 4 --longest 4 --freeze-memory")
    text = explained(driver)
    assert "severed.detach" in text
    assert "encoder.rnn.weight_ih_l0" in text
    assert "seq2seq.py:61" in text


def test_the_two_networks_of_a_gan_are_told_apart(driver: Driver) -> None:
    start(driver, "dcgan.py", "--steps 1 --batch-size 4 --width 4 --detach both")
    driver.window.breakpoints.add(BreakKind.MODULE, "main.5")
    stop = driver.step("continue")
    assert stop is not None
    assert stop.reason == "breakpoint"
    driver.press("clear_breakpoints")
    text = explained(driver)
    assert "severed.detach" in text
    assert "dcgan.py:77" in text
    tape = driver.window.model.tape
    assert tape is not None
    assert len(tape.runs) == 3
    kinds = {node.kind for node in tape.nodes.values()}
    assert NodeKind.OPAQUE not in kinds


def test_the_ranks_of_a_resnet_come_by_themselves_and_are_shown_while_they_run(driver: Driver) -> None:
    script = str(SCRIPTS / "resnet_ddp.py")
    window = driver.window
    window.preferences.show_script(script)
    window.preferences.set("script/arguments", "--size 16 --epochs 2 --batch-size 2 --fault nan --bad-step 1")
    window.open_file(script)
    driver.until(lambda: window.docks[window.panels.ranks].windowTitle() == "Ranks (4)")
    driver.press("ranks")
    panel = window.panels.ranks
    driver.until(lambda: panel.model.view.difference is not None)
    assert "rank 2, step 1, fc.bias: NaN or infinite" in panel.headline()
    panel.go()
    driver.until(lambda: panel.model.view.shown == 2 and window.model.selection.key is not None)
    driver.end()
    assert driver.state is State.FINISHED, driver.message
    assert panel.model.view.started_by
    panel.rank_picked.emit(len(panel.model.view.lanes))
    driver.until(lambda: panel.model.view.shown == -1)


def test_all_ranks_of_a_resnet_are_paused_stepped_and_let_go_on_in_the_window(driver: Driver) -> None:
    script = str(SCRIPTS / "resnet_ddp.py")
    window, panel = driver.window, driver.window.panels.ranks
    window.preferences.show_script(script)
    window.preferences.set("script/arguments", "--size 32 --epochs 12 --batch-size 2")
    window.open_file(script)
    driver.until(lambda: window.docks[panel].windowTitle() == "Ranks (4)")
    driver.press("ranks")
    driver.until(panel.together.pause.isEnabled)
    panel.together.pause.click()
    driver.until(lambda: ", 4 ranks" in window.status.process.text())
    driver.until(panel.together.step.isEnabled)
    panel.rank_picked.emit(1)
    driver.until(lambda: panel.model.view.shown == 1 and window.model.selection.key is not None)
    model, seen = window.model, []
    for _ in range(3):
        crowd = panel.model.view.crowd
        assert crowd is not None
        at = crowd.ranks[1]
        driver.until(lambda at=at: model.selection.key == ("node", at.node))  # type: ignore[misc]
        assert model.tape is not None
        assert model.tape.nodes[at.node].name == at.name
        assert model.current_node == at.node
        assert len({one.place for one in crowd.ranks}) == 1
        seen.append(at.place)
        panel.together.step.click()
        driver.until(lambda: panel.together.step.isEnabled() and panel.model.view.crowd.ranks[0].place != seen[-1])
    assert [place[1] - seen[0][1] for place in seen] == [0, 1, 2] or seen[0][0] != seen[-1][0]
    panel.together.go.click()
    driver.end()
    assert driver.state is State.FINISHED, driver.message
    driver.until(lambda: not panel.together.isVisible())
