"""What the README's table promises of each bundled example is done with it, in the window."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradstep.engine.debug.breakpoints import BreakKind
from gradstep.engine.debug.states import State
from gradstep.gui.models.hooks import HookLine
from gradstep.gui.models.what_if import WhatIfView

from .conftest import Driver

FOLDER = Path(__file__).parents[2] / "gui" / "examples"


def codes(driver: Driver) -> set[str]:
    """The explanations at the program's end."""
    panel = driver.window.panels.explanations
    driver.until(lambda: panel.count() > 0)
    return {str(finding["code"]) for finding in panel._findings}


def test_find_the_nan_by_its_alert_the_timeline_the_breakpoint_and_the_explanation(driver: Driver) -> None:
    driver.open(str(FOLDER / "nan.py"))
    window = driver.window
    driver.press("break_on_nan")
    stop = driver.step("continue")
    assert stop is not None
    assert stop.met == "SqrtBackward0"
    assert any("SqrtBackward0" in alert.text for alert in window.model.alerts.alerts())
    driver.press("break_on_nan")
    driver.finish()
    steps = window.model.history.runs[0]
    bad = [bool(one) for one in steps.bad]
    assert bad.index(True) == list(steps.nodes).index(stop.node)  # the node that the NaN arrives at stands out, and none before it
    assert not any(bad[: bad.index(True)])
    assert "nan.sqrt-slope" in codes(driver)


def test_why_a_grad_is_none_by_the_forward_graph_and_the_explanations(driver: Driver) -> None:
    driver.open(str(FOLDER / "none_grad.py"))
    driver.press("forward_graph")
    scene = driver.window.canvas.scene
    assert scene is not None
    assert any(key[0] == "op" for key in scene.keys)
    driver.finish()
    assert "severed.detach" in codes(driver)


def test_a_hook_is_switched_off_gone_back_over_and_compared(driver: Driver) -> None:
    driver.open(str(FOLDER / "hook.py"))
    window = driver.window

    def guards() -> list[HookLine]:
        groups = window.model.hooks_view().groups
        return [line for group in groups for line in group.lines if isinstance(line, HookLine) and line.name == "guard"]

    while not guards():
        assert driver.step() is not None
    (line,) = guards()
    assert line.changed
    assert line.at is not None
    assert line.at.file.endswith("hook.py")
    window.panels.hooks.hook_switched.emit("guard", False)
    driver.step("step_back")
    assert driver.step() is not None
    assert not guards()
    views: list[WhatIfView] = []
    show = window.panels.what_if.show_view
    window.panels.what_if.show_view = lambda view: (views.append(view), show(view))[1]  # type: ignore[method-assign,func-returns-value]
    window.panels.what_if.try_wished.emit("", 0, "grad * 0")
    driver.until(lambda: bool(views))
    assert any(row.name.endswith(".grad") for row in views[-1].rows)
    driver.finish()


@pytest.mark.parametrize(
    ("name", "code", "lines"), [("in_place.py", "inplace.saved-output", {16, 18}), ("second_backward.py", "freed.carried-state", {18, 20})]
)
def test_the_error_is_explained_with_both_lines_and_a_fix(driver: Driver, name: str, code: str, lines: set[int]) -> None:
    driver.open(str(FOLDER / name))
    driver.finish()
    assert driver.state is State.RAISED
    assert code in codes(driver)
    (finding,) = [one for one in driver.window.panels.explanations._findings if one["code"] == code]
    assert lines <= {int(place["line"]) for place in finding["places"]}
    assert finding["fix"]
    if name == "in_place.py":
        assert "version" in str(finding)


def test_gradients_that_pile_up_by_contributions_flow_and_two_iterations(driver: Driver) -> None:
    driver.open(str(FOLDER / "accumulate.py"))
    driver.finish()
    window, panels = driver.window, driver.window.panels
    window.model.select(("node", driver.node("AccumulateGrad")))
    driver.press("contributions")
    driver.until(lambda: sum(text.startswith("backward ") for text in panels.contributions._tree.texts()) == 6)
    driver.press("flow")
    driver.until(lambda: panels.flow.model.columnCount() == 6)
    driver.press("compare_iterations")
    driver.until(lambda: panels.compare._compare.isEnabled())
    panels.compare.compare_wished.emit(0, "", 1)
    driver.until(lambda: panels.compare._tree.topLevelItemCount() > 0)


def test_a_wrong_formula_by_a_breakpoint_on_the_function_a_step_into_it_and_a_watch(driver: Driver) -> None:
    driver.open(str(FOLDER / "wrong_formula.py"))
    window = driver.window
    window.breakpoints.add(BreakKind.NODE, "Softplus")
    window.watches.add("torch.sigmoid(x)")
    stop = driver.step("continue")
    assert stop is not None
    assert stop.name == "SoftplusBackward"
    inside = driver.step("step_into")
    assert inside is not None
    assert inside.where["function"] == "Softplus.backward"
    view = window.panels.source._views[str(inside.where["file"])]
    driver.until(lambda: view._line == inside.where["line"])  # where it stands, and not the line of the node's forward op
    driver.until(lambda: bool(window.watches.rows()) and window.watches.rows()[0].newest is not None)
    newest = window.watches.rows()[0].newest
    assert newest is not None
    assert newest.error == ""
    driver.finish()
    assert any(code.startswith("rule.") for code in codes(driver))


def test_a_gradient_of_a_gradient_in_two_passes_with_steps_back_through_the_second(driver: Driver) -> None:
    driver.open(str(FOLDER / "double_backward.py"))
    window = driver.window
    first = driver.stops[-1].run
    while driver.stops[-1].run == first:
        assert driver.step() is not None
    second = driver.stops[-1]
    driver.press("both_graphs")
    for _ in range(4):
        assert driver.step() is not None
    for _ in range(4):
        assert driver.step("step_back") is not None
    assert (driver.stops[-1].run, driver.stops[-1].node, driver.stops[-1].taken) == (second.run, second.node, second.taken)
    driver.finish()
    assert len([run for run in window.model.history.runs if run.rows]) == 2


def test_a_long_run_by_its_first_nan_the_flow_and_the_explanation(unchecked: Driver) -> None:
    driver = unchecked
    driver.open(str(FOLDER / "long_run.py"))
    window, panels = driver.window, driver.window.panels
    assert "remember.weight" in window.task.text
    for _ in range(3):
        assert driver.step() is not None
    driver.press("break_on_nan")
    stop = driver.step("continue")
    assert stop is not None
    assert (stop.met, stop.where["line"]) == ("mm", 29)
    driver.press("flow")
    driver.until(lambda: panels.flow.model.columnCount() == 150)  # the numbers overflow in the next step
    view = panels.flow.model.view
    norms = list(view.norms[view.names.index("remember.weight")])
    assert max(norms[:130]) < 20 < 1000 < norms[148]
    driver.press("break_on_nan")
    driver.finish()
    assert window.model.tape is not None
    assert len(window.model.tape.events) > 100_000
    assert "nan.infinite-operand" in codes(driver)


def test_the_poisoned_one_of_four_ranks_by_contributions_alerts_and_the_explanation(driver: Driver) -> None:
    driver.open(str(FOLDER / "four_ranks.py"))
    driver.finish()
    window, panels = driver.window, driver.window.panels
    window.model.select(("node", driver.node("AccumulateGrad")))
    driver.press("contributions")
    driver.until(lambda: sum(text.startswith("backward ") for text in panels.contributions._tree.texts()) == 12)
    rows = [text.split("\t")[:2] for text in panels.contributions._tree.texts() if text.startswith("backward ")]
    second = rows[4:8] if rows[0][0].startswith("backward 0,") else rows[-8:-4]
    assert [source for source, _ in second] == [f"backward {4 + rank}, four_ranks.py:{38 + rank}" for rank in range(4)]
    assert [norm == "nan" for _, norm in second] == [False, False, True, False]
    alert = window.navigator.first_alert()
    assert alert is not None
    assert alert.name == "DivBackward0"
    assert alert.frame is not None
    assert alert.frame.line == 33
    assert "nan.zero-by-zero" in codes(driver)
    (finding,) = driver.window.panels.explanations._findings
    assert {33, 40} <= {int(place["line"]) for place in finding["places"]}
