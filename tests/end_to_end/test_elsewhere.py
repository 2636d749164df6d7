"""A script on another machine, run, stepped and looked into from the window; the ssh of these tests stays here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton

from gradstep.engine.debug.breakpoints import BreakKind
from gradstep.engine.debug.states import State
from gradstep.gui.files.elsewhere_dialog import ElsewhereDialog
from gradstep.gui.files.errand import Errand
from gradstep.gui.files.recent import errands
from gradstep.gui.frame.welcome import Entry

from ..cluster import Cluster
from .conftest import Driver

SCRIPT = """
    import sys
    import gradstep.engine as torch
    w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    print("runs with", *sys.argv[1:])
    for step in range(2):
        loss = ((w * 2).exp() * w).sum()
        loss.backward()
    print("ends")
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Asked for before the driver: its programs are ended when the window is closed."""
    (tmp_path / "far").mkdir()
    cluster = Cluster(tmp_path / "far")
    yield cluster
    cluster.end()


def errand(cluster: Cluster, script: str = "train.py") -> Errand:
    machine = cluster.machine
    return Errand("cluster", "project", script, "--epochs 2", machine.python, ssh=machine.ssh)


def run(driver: Driver, cluster: Cluster) -> None:
    cluster.write(SCRIPT)
    driver.window.opening.open_errand(errand(cluster))
    driver.until(lambda: driver.state is State.PAUSED)


def buttons(driver: Driver) -> dict[str, QPushButton]:
    return {button.text(): button for button in driver.window.message.findChildren(QPushButton) if not button.isHidden()}


def test_it_is_named_in_the_dialog_run_there_and_stepped_from_here(cluster: Cluster, driver: Driver) -> None:
    cluster.write(SCRIPT)
    window, wanted = driver.window, errand(cluster)
    driver.press("run_elsewhere")
    dialog = window.findChild(ElsewhereDialog)
    assert dialog is not None
    assert not dialog.run.isEnabled()
    for name in ("host", "folder", "script", "arguments", "python", "ssh"):
        getattr(dialog, name).setText(getattr(wanted, name))
    assert dialog.errand == wanted
    dialog.run.click()
    driver.until(lambda: driver.state is State.PAUSED)
    assert window.windowTitle().startswith("train.py on cluster [paused]")
    assert [driver.step().name for _ in range(2)] == ["MulBackward0", "ExpBackward0"]  # type: ignore[union-attr]
    back = driver.step("step_back")
    assert back is not None
    assert back.name == "MulBackward0"
    assert window.model.history.position >= back.position
    source = str(cluster.home / "project" / "train.py")
    assert source in window.panels.source.files
    driver.until(lambda: "runs with --epochs 2" in driver.printed)
    window.panels.console.expression_entered.emit("w * 2")
    driver.until(lambda: "[2., 4., 6.]" in window.panels.console.text())
    window.breakpoints.toggle_line(source, 10)
    window.breakpoints.add(BreakKind.NODE, "AccumulateGrad")
    stop = driver.step("continue")
    assert stop is not None
    assert stop.reason == "breakpoint"
    window.breakpoints.clear()
    driver.finish()
    assert driver.state is State.FINISHED
    driver.until(lambda: "ends" in driver.printed)
    tape = window.model.tape
    assert tape is not None
    driver.until(lambda: tape.complete)
    assert not tape.damage


def test_it_is_offered_again_and_run_again_with_what_was_named(cluster: Cluster, driver: Driver) -> None:
    run(driver, cluster)
    window = driver.window
    driver.press("restart")
    driver.until(lambda: driver.states.count(State.PAUSED) == 2)
    assert window.opening.errand == errand(cluster)
    driver.press("stop")
    driver.end()
    driver.press("close")
    assert errands(window.settings) == [errand(cluster)]
    found = [entry for entry in window.welcome.findChildren(Entry) if entry.isVisible()]
    offered = [entry for entry in found if entry.accessibleName() == "train.py on cluster"]
    assert len(offered) == 1
    assert any(action.text() == "train.py on cluster" for action in window.menus.recent.actions())
    offered[0].click()
    driver.until(lambda: driver.states.count(State.PAUSED) == 3)
    driver.press("run_configuration")  # is how it is run there
    dialog = window.findChild(ElsewhereDialog)
    assert dialog is not None
    assert dialog.errand == errand(cluster)
    dialog.reject()


def test_a_lost_connection_is_said_until_it_is_there_again(cluster: Cluster, driver: Driver) -> None:
    run(driver, cluster)
    cluster.down()
    cluster.cut()
    driver.until(lambda: "The connection to cluster was lost" in driver.message)
    assert "stays there for 30 minutes" in driver.message
    assert driver.state is State.PAUSED
    assert driver.window.status.runner.text().endswith("on cluster: connection lost")
    count = len(driver.stops)
    driver.press("step")
    driver.until(lambda: "no connection to cluster now" in driver.window.status.currentMessage())
    assert len(driver.stops) == count
    cluster.up()
    driver.until(lambda: not driver.message)
    assert driver.window.status.runner.text().endswith("on cluster")
    stop = driver.step()
    assert stop is not None
    assert stop.name == "MulBackward0"


def test_what_is_not_reached_can_be_ended_from_the_bar(cluster: Cluster, driver: Driver) -> None:
    run(driver, cluster)
    cluster.down()
    cluster.cut()
    driver.until(lambda: "End It" in buttons(driver))
    buttons(driver)["End It"].click()
    driver.end()
    assert driver.state is State.STOPPED
    assert "lost" not in driver.message


def test_what_cannot_be_run_there_says_why_and_is_changed(cluster: Cluster, driver: Driver) -> None:
    cluster.write(SCRIPT)
    cluster.down("me@cluster: Permission denied (publickey).\n")
    driver.window.opening.open_errand(errand(cluster))
    driver.until(lambda: "gradstep asks for no passwords" in driver.message)
    assert driver.state is State.FAILED
    cluster.up()
    assert set(buttons(driver)) >= {"Try Again", "Change..."}
    buttons(driver)["Change..."].click()
    dialog = driver.window.findChild(ElsewhereDialog)
    assert dialog is not None
    assert dialog.errand == errand(cluster)
    dialog.reject()
    buttons(driver)["Try Again"].click()
    driver.until(lambda: driver.state is State.PAUSED)


def test_closing_the_window_ends_it_there(cluster: Cluster, driver: Driver) -> None:
    run(driver, cluster)
    assert cluster.is_busy
    driver.window.close()
    driver.until(lambda: not cluster.is_busy)
