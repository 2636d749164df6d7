"""Looking around while the program is paused: alerts, values, expressions, hooks, themes."""

from __future__ import annotations

from collections.abc import Callable

import numpy
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gradstep.engine.debug.states import State
from gradstep.gui.canvas import Look
from gradstep.gui.models.tensors import Kept
from gradstep.gui.theme import LIGHT, current

from .conftest import Driver

SQRT = """
import torch
x = torch.zeros(3, requires_grad=True)
y = (x * 1).sqrt()
(y * y * 0).sum().backward()
"""

HOOK = """
import torch
w = torch.tensor([3.0, 4.0], requires_grad=True)
def clip(grad):
    return grad.clamp(-1, 1)
w.register_hook(clip)
(w * 10).sum().backward()
"""


def test_the_first_nan_is_told_and_one_press_leads_to_it(driver: Driver) -> None:
    driver.open(driver.script(SQRT))
    driver.finish()
    assert "SqrtBackward0" in driver.message
    assert "script.py:4" in driver.message
    driver.press("next_alert")
    assert driver.window.model.selection.key == ("node", driver.node("SqrtBackward0"))
    assert not driver.window.model.is_live
    assert driver.place.startswith("PAST: ")
    assert driver.window.bar.past.property("past") is True
    driver.press("previous_alert")
    assert "no alert before" in driver.window.status.currentMessage()
    driver.press("return_to_live")
    assert driver.window.bar.past.property("past") is False


def test_an_unlinked_panel_keeps_what_it_shows_until_it_is_linked_or_another_tape_is_open(driver: Driver) -> None:
    driver.open(driver.script(SQRT))
    window = driver.window
    model, step, chain = window.model, window.panels.step, window.chains.chain(window.panels.step)
    first, second = driver.node("MulBackward0"), driver.node("SqrtBackward0")
    model.select(("node", first))
    window.presenter.show_now()
    shown = step._name.text()
    chain.click()
    model.select(("node", second))
    window.presenter.show_now()
    assert step._name.text() == shown
    chain.click()
    assert "SqrtBackward0" in step._name.text()
    chain.click()
    driver.finish()
    driver.press("close")
    assert not chain.isChecked()


def test_an_expression_is_evaluated_in_the_program(driver: Driver) -> None:
    driver.open(driver.script(HOOK))
    console = driver.window.panels.console
    console.expression_entered.emit("w * 2")
    driver.until(lambda: "[6., 8.]" in console.text())
    console.expression_entered.emit("nothing_of_that_name")
    driver.until(lambda: "NameError" in console.text())
    assert driver.state is State.PAUSED


def test_a_value_that_was_not_kept_is_fetched_from_the_program(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.open(driver.script("import torch\nbig = torch.ones(300, 300, requires_grad=True)\n(big * 2).sum().backward()\n"))
    model, tensor = driver.window.model, driver.window.panels.tensor
    assert model.tape is not None
    big = next(number for number, noun in model.tape.tensors.items() if noun.meta.shape == (300, 300))
    monkeypatch.setattr(model.tape, "value", lambda val: None)
    value = model.leaf_value(big)
    assert value is not None
    view = model.tensor_view(value)
    assert view.kept is Kept.NOT_KEPT
    tensor.show_tensor(view)
    driver.until(lambda: tensor.viewer.sides.this is not None)
    source = tensor.viewer.sides.this
    assert source is not None
    numpy.testing.assert_array_equal(source.near, numpy.ones((300, 300), numpy.float32))


LARGE = """
import torch
big = torch.arange(1200 * 900.0).reshape(1200, 900).requires_grad_()
with torch.no_grad():
    big[700, 333] = float("nan")
(big * 2).sum().backward()
"""


def test_a_large_value_is_read_from_the_program_where_it_is_looked_at(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.open(driver.script(LARGE))
    model, tensor = driver.window.model, driver.window.panels.tensor
    assert model.tape is not None
    big = next(number for number, noun in model.tape.tensors.items() if noun.meta.shape == (1200, 900))
    monkeypatch.setattr(model.tape, "value", lambda val: None)
    monkeypatch.setattr(model.tape, "extent", lambda val: None)
    tensor.show_tensor(model.tensor_view(model.leaf_value(big)))
    viewer = tensor.viewer
    driver.until(lambda: viewer._counted_share == 1.0 and viewer._levels is not None and viewer._levels.share == 1.0)
    source = viewer.sides.this
    assert source is not None
    assert source.near is None
    figures = viewer._counted.figures
    assert (figures.count, figures.nans, figures.high) == (1_080_000, 1, 1_079_999.0)
    viewer.go_to_next_bad()
    driver.until(lambda: viewer._picked == (700, 333))
    find = viewer.finding
    find.start_search()
    find.bar.field.setText("> 1079990")
    driver.until(lambda: find.bar.count.text() == "1 of 9")
    assert viewer._picked == (1199, 891)
    find.find_previous()
    driver.until(lambda: viewer._picked == (1199, 899))
    find.close()
    viewer.go_to((0, 0))
    viewer.go_to((1199, 899))
    driver.until(lambda: viewer._readout.text() == "[1199, 899]  1079999.0".replace("1079999.0", "1.079999e+06"))
    tensor.pin()
    tensor.lock()
    assert tensor.locked == [f"{viewer.view.label} @{viewer.view.moment}"]
    driver.press("continue")
    driver.until(lambda: driver.state is not State.PAUSED)


def test_a_hook_that_changes_a_gradient_is_seen_doing_it(driver: Driver) -> None:
    driver.open(driver.script(HOOK))
    driver.finish()
    hooks = driver.window.model.hooks_view()
    line = next(line for group in hooks.groups for line in group.lines if getattr(line, "changed", False))
    assert "clip" in line.name


def test_the_theme_changes_while_the_program_is_paused(driver: Driver) -> None:
    driver.open(driver.script(HOOK))
    try:
        driver.press("theme_dark")
        assert current().name == "dark"
        image = driver.window.grab().toImage()
        assert image.pixelColor(5, image.height() // 2).lightness() < 80
        assert driver.step() is not None
    finally:
        driver.press("theme_light")
    assert current() is LIGHT
    assert driver.state is State.PAUSED


def test_the_graphs_take_turns_and_keep_what_is_done(driver: Driver) -> None:
    driver.open(driver.script(SQRT))
    driver.step()
    done = driver.window.model.selection.key
    canvas = driver.window.canvas
    keys = canvas.scene.keys if canvas.scene is not None else ()
    assert all(key[0] == "node" for key in keys)
    driver.press("forward_graph")
    assert canvas.scene is not None
    assert ("node", 1) not in canvas.scene.keys
    driver.press("both_graphs")
    assert {"op", "node"} <= {key[0] for key in canvas.scene.keys}
    driver.press("backward_graph")
    assert canvas.scene.keys == keys
    assert canvas.selected_key == done
    assert canvas._marks is not None
    assert Look.DONE in {Look(int(look)) for look in canvas._marks.look}


def test_a_line_of_the_source_selects_what_it_made(driver: Driver) -> None:
    file = driver.script(SQRT)
    driver.open(file)
    driver.window.panels.source.line_picked.emit(file, 4)
    assert driver.window.model.selection.key == ("node", driver.node("SqrtBackward0"))


def test_a_step_back_that_cannot_be_says_why(driver: Driver) -> None:
    driver.open(driver.script(SQRT))
    action = driver.window.actions_["step_back"]
    assert not action.isEnabled()
    assert "no step of this backward pass to undo" in action.toolTip()
    driver.step()
    assert action.isEnabled()


def test_the_keys_step_and_continue(driver: Driver) -> None:
    driver.open(driver.script(SQRT))
    window = driver.window
    window.activateWindow()
    driver.until(window.isActiveWindow)
    window.canvas.setFocus()
    for key, modifier, expected in (
        (Qt.Key.Key_F10, Qt.KeyboardModifier.NoModifier, "step 1 of"),
        (Qt.Key.Key_F10, Qt.KeyboardModifier.NoModifier, "step 2 of"),
        (Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier, "step 1 of"),
    ):
        count = len(driver.stops)
        QTest.keyClick(window.canvas, key, modifier)
        driver.until(lambda count=count: len(driver.stops) > count)  # type: ignore[misc]
        assert driver.place.startswith(expected)
    QTest.keyClick(window.canvas, Qt.Key.Key_F5)
    driver.end()
    assert driver.state is State.FINISHED


def test_a_click_on_a_row_selects_and_a_double_click_goes_there_in_time(driver: Driver) -> None:
    driver.open(driver.script(SQRT))
    for _ in range(3):
        driver.step()
    window, events = driver.window, driver.window.panels.events
    row = window.model.history.runs[0].rows[0]

    def used(click: Callable[..., None], seen: Callable[[], bool]) -> bool:
        """Rows that still arrive from the program move the others: who clicked beside one clicks again."""
        index = events.model.index_of(row)
        events.tree.scrollTo(index)
        click(events.tree.viewport(), Qt.MouseButton.LeftButton, pos=events.tree.visualRect(index).center())
        return seen()

    driver.until(lambda: used(QTest.mouseClick, lambda: window.model.selection.key == ("node", row.key)))
    assert window.model.is_live
    driver.until(lambda: used(QTest.mouseDClick, lambda: not window.model.is_live))
    assert window.model.current_node == row.key


def test_a_step_never_shows_the_program_as_running(driver: Driver) -> None:
    driver.open(driver.script(SQRT))
    shown: list[str] = []
    window = driver.window
    window.standing.settling.setInterval(60_000)  # however slow the machine is
    driver.until(lambda: window.actions_["step"].isEnabled())
    window.actions_["step"].enabledChanged.connect(lambda on: shown.append(f"step enabled: {on}"))
    assert driver.step() is not None
    assert driver.step() is not None
    assert shown == []
