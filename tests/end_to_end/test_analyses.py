"""Watches, undo, contributions, flow, comparisons and explanations in the window, over a real program."""

from __future__ import annotations

from pathlib import Path

from gradstep.engine.debug.breakpoints import BreakKind
from gradstep.engine.debug.states import State
from gradstep.gui.models.watches import WatchRow

from .conftest import Driver

SCRIPT = """\
import torch
w = torch.tensor([1.0, 2.0], requires_grad=True)
x = torch.tensor([3.0, 4.0])
for step in range(3):
    y = w * x
    z = y * w
    z.sum().backward()
    w.data += 1.0
print("grad", w.grad.tolist())
"""
IN_PLACE = """\
import torch
w = torch.ones(3, requires_grad=True)
y = w.exp()
y.mul_(2)
y.sum().backward()
"""


def rows(driver: Driver) -> dict[str, WatchRow]:
    return {row.watch.expression: row for row in driver.window.watches.rows()}


def test_watches_are_read_at_every_stop_and_say_what_is_wrong_with_them(driver: Driver) -> None:
    script = driver.script(SCRIPT)
    driver.open(script)
    watches = driver.window.watches
    for expression in ("w.grad", "step", "nobody"):
        watches.add(expression)
    driver.until(lambda: len(rows(driver)) == 3 and all(row.newest for row in rows(driver).values()))
    assert rows(driver)["w.grad"].readings[-1].text == "None"
    assert "nobody" in rows(driver)["nobody"].readings[-1].error
    assert rows(driver)["step"].history == (0.0,)
    driver.window.breakpoints.add(BreakKind.LINE, f"{script}:7")
    driver.step("continue")
    driver.until(lambda: all(len(row.readings) == 2 for row in rows(driver).values()))
    read = rows(driver)["w.grad"]
    assert read.changed
    assert read.readings[-1].detail.startswith("2")
    assert rows(driver)["step"].history == (0.0, 1.0)
    watches.break_on(read.watch.id)
    driver.window.breakpoints.remove([1])
    (point,) = driver.window.breakpoints.all
    assert (point.kind, point.target, point.condition) == (BreakKind.HOOK, "AccumulateGrad:w", "")
    stop = driver.step("continue")
    assert stop is not None
    assert (stop.name, stop.met) == ("AccumulateGrad", "AccumulateGrad of w")
    driver.press("clear_breakpoints")
    driver.finish()


def test_watches_and_breakpoints_are_kept_and_their_changes_taken_back(driver: Driver) -> None:
    script = driver.script(SCRIPT)
    driver.open(script)
    window = driver.window
    assert not window.actions_["undo"].isEnabled()
    window.watches.add("w")
    window.breakpoints.add(BreakKind.NODE, "mul")
    driver.until(lambda: window.actions_["undo"].isEnabled())
    driver.press("undo")
    assert window.breakpoints.all == []
    driver.press("undo")
    assert window.watches.all == []
    driver.until(lambda: window.actions_["redo"].isEnabled())
    driver.press("redo")
    driver.press("redo")
    assert [watch.expression for watch in window.watches.all] == ["w"]
    assert [point.target for point in window.breakpoints.all] == ["mul"]
    driver.press("clear_breakpoints")
    driver.finish()
    driver.press("close")
    assert window.watches.all == []
    driver.open(script)
    assert [watch.expression for watch in window.watches.all] == ["w"]
    driver.finish()


def test_a_value_of_the_tape_is_watched_too(driver: Driver) -> None:
    driver.open(driver.script(SCRIPT))
    window = driver.window
    node = driver.stops[-1].node
    window.model.select(("node", node))
    driver.press("watch_value")
    (row,) = window.watches.rows()
    assert row.watch.recorded
    assert row.newest is not None
    assert row.newest.error == ""
    driver.finish()


def test_nodes_with_a_breakpoint_are_marked_on_the_graph(driver: Driver) -> None:
    driver.open(driver.script(SCRIPT))
    window = driver.window
    muls = {("node", number) for number, node in window.model.tape.nodes.items() if node.name == "MulBackward0"}  # type: ignore[union-attr]
    window.breakpoints.add(BreakKind.NODE, "MulBackward0")
    assert window.graphs.breakpoints == muls
    made = window.breakpoints.add(BreakKind.HOOK, "AccumulateGrad:w")
    assert len(window.graphs.breakpoints) == len(muls) + 1
    assert made is not None
    window.breakpoints.remove([point.id for point in window.breakpoints.all])
    assert window.graphs.breakpoints == frozenset()
    driver.finish()


def test_contributions_and_flow_lead_to_the_accumulate_grad_of_a_pass(driver: Driver) -> None:
    driver.open(driver.script(SCRIPT))
    driver.finish()
    window, panels = driver.window, driver.window.panels
    node = driver.node("AccumulateGrad")
    window.model.select(("node", node))
    driver.press("contributions")
    driver.until(lambda: any(".grad of w" in text for text in panels.contributions._tree.texts()))
    texts = panels.contributions._tree.texts()
    assert any(text.startswith("w, used 2 times") for text in texts)
    assert sum(text.startswith("backward ") for text in texts) == 3
    driver.press("flow")
    driver.until(lambda: panels.flow.model.columnCount() == 3)
    window.model.select(None)
    panels.flow.pick(0, 1)
    assert window.model.selection.key == ("node", node)
    assert not window.model.is_live
    driver.until(lambda: window.status.sentence.text().startswith("Looking at the past"))


def test_two_iterations_are_compared_beside_the_window(driver: Driver) -> None:
    driver.open(driver.script(SCRIPT))
    driver.finish()
    window, panel = driver.window, driver.window.panels.compare
    driver.press("compare_iterations")
    driver.until(lambda: panel._compare.isEnabled())
    panel.compare_wished.emit(0, "", 1)
    driver.until(lambda: panel._tree.topLevelItemCount() > 0)
    assert panel._tree.texts()[0].startswith("First: mul")
    panel._tree.setCurrentItem(panel._tree.topLevelItem(0))
    key = window.model.selection.key
    assert key is not None
    assert key[0] == "op"
    panel.compare_wished.emit(0, str(Path(window.session.tape)), 0)
    driver.until(lambda: panel._stage.is_empty)
    assert "no difference in any bit" in panel._stage.notice.text()
    panel.compare_wished.emit(0, "", 7)
    driver.until(lambda: "no iteration 7" in panel._stage.notice.text())


def test_an_error_brings_its_explanation_to_the_front(driver: Driver) -> None:
    driver.open(driver.script(IN_PLACE))
    driver.finish()
    window = driver.window
    assert driver.state is State.RAISED
    driver.until(lambda: window.panels.explanations.count() == 1)
    driver.until(lambda: window.docks.in_sight(window.panels.explanations))


def test_what_if_here_runs_to_the_node_and_asks_there(driver: Driver) -> None:
    driver.open(driver.script(SCRIPT))
    window = driver.window
    target = min(number for number, node in window.model.tape.nodes.items() if node.name == "MulBackward0")  # type: ignore[union-attr]
    window.model.select(("node", target))
    driver.until(lambda: window.actions_["what_if"].isEnabled())
    driver.step("what_if")
    assert driver.stops[-1].node == target
    assert window.docks.in_sight(window.panels.what_if)
    driver.step("step_back")
    driver.until(lambda: "rewound by one node" in window.status.sentence.text())
    driver.finish()


def test_questions_that_a_step_overtakes_leave_no_error_in_a_watch(driver: Driver) -> None:
    driver.open(driver.script(SCRIPT))
    for expression in ("w.grad", "step", "x"):
        driver.window.watches.add(expression)
    for _ in range(4):
        driver.step()  # without waiting for the watches
    driver.until(lambda: all(row.newest for row in rows(driver).values()))
    assert {reading.error for row in rows(driver).values() for reading in row.readings} == {""}
    driver.finish()
