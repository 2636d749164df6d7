"""Every preference does what it says, in a real window over a real program."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from gradstep.engine.debug.states import State
from gradstep.gui import theme
from gradstep.gui.files import recent
from gradstep.gui.graph.picture import Shown
from gradstep.gui.models.alerts import AlertKind
from gradstep.gui.preferences.schema import BY_NAME
from gradstep.gui.widgets import formats

from .conftest import Driver

SMALL = """
import sys, os, torch
print(sys.argv[1:], os.getcwd(), os.environ.get("MINE"))
w = torch.ones(3, requires_grad=True)
unused = torch.zeros(2, requires_grad=True)
((w * 100).sum() + (unused * 0).sum()).backward()
"""
TESTED: set[str] = set()


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    formats.set_style(formats.NumberStyle())
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    appearance = theme.Appearance.of(app, "system")
    appearance.set_look(theme.Look())


def sets(driver: Driver, **values: object) -> None:
    for name, value in values.items():
        name = name.replace("__", "/")
        TESTED.add(name)
        driver.window.preferences.set(name, value)  # type: ignore[arg-type]


def test_appearance(driver: Driver) -> None:
    sets(driver, appearance__theme="dark")
    assert theme.current() is theme.DARK
    assert driver.window.actions_["theme_dark"].isChecked()
    driver.press("theme_contrast")
    assert driver.window.preferences["appearance/theme"] == "contrast"
    sets(driver, appearance__percent=150, appearance__map="grey", appearance__motion="calm")
    assert driver.window.menuBar().font().pixelSize() == 20
    assert theme.current().ramp == theme.mapped(theme.CONTRAST, "grey").ramp
    assert theme.is_calm()


def test_numbers(driver: Driver) -> None:
    sets(driver, numbers__digits=7, numbers__least=2, numbers__most=3, numbers__small=-6, numbers__large=3)
    assert formats.number(0.000123456789) == "0.0001234568"
    assert formats.number(1234.0) == "1.234e+03"
    assert formats.shown(np.float32(0.5)) == "0.50"
    assert formats.shown(np.float64(1) / 3) == "0.333"


def test_which_engine_and_interpreter_run_a_script(driver: Driver, tmp_path: Path) -> None:
    runner = driver.window.opening.runner
    sets(driver, running__engine="gradstep", running__python="/general/python")
    assert (runner.engine, runner.path) == ("gradstep", "/general/python")
    driver.open(driver.script(SMALL))
    assert "cannot be started" in driver.window.message.text
    sets(driver, script__engine="gradstep", script__python=sys.executable)
    driver.press("start")
    driver.until(lambda: driver.state is State.PAUSED)
    assert driver.window.status.runner.text() == f"gradstep in Python {platform.python_version()}"
    driver.press("stop")
    driver.end()
    driver.open(driver.script(SMALL, "other.py"))
    assert driver.state is State.FAILED  # the choice was the first script's
    driver.press("run_configuration")
    assert driver.window.runs.dialog is not None
    assert driver.window.runs.dialog.python == "/general/python"
    driver.window.runs.dialog.close()


def test_how_a_script_runs(driver: Driver, tmp_path: Path) -> None:
    script = driver.script(SMALL)
    sets(driver, running__stop_on_entry=False)
    driver.open(script)
    driver.end()
    assert driver.state is State.FINISHED
    assert f"[] {tmp_path}" in driver.printed
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    sets(driver, script__arguments="--lr '1 2'", script__folder=str(folder), script__environment="MINE=yes")
    driver.press("restart")
    driver.end()
    driver.until(lambda: "MINE" in driver.printed or "yes" in driver.printed)
    assert f"['--lr', '1 2'] {folder} yes" in driver.printed
    sets(
        driver, running__python="/nowhere/python", running__memory=2.5, running__disk=1.0, running__processes=48, running__silence=9.0,
        running__idle=33.0, running__unbuffered=True, capture__level="statistics", capture__budget=64, capture__arm="nan",
        capture__passes=2, capture__kernels=True,
    )  # fmt: skip
    launched: list[dict[str, object]] = []
    driver.window.session.launch = lambda script, **options: launched.append(options)  # type: ignore[method-assign]
    driver.press("start")
    expected = {
        "python": "/nowhere/python", "memory_limit": 5 << 29, "disk_limit": 1 << 30, "process_limit": 48, "silence": 9.0,
        "unbuffered": True, "level": "statistics", "budget": 64 << 20, "stop_on_entry": False, "cwd": str(folder),
        "idle": 33.0, "arm": "nan", "passes_before": 2, "kernels": True,
    }  # fmt: skip
    assert expected.items() <= launched[0].items()


def test_a_folder_that_is_gone_is_said_before_anything_runs(driver: Driver, tmp_path: Path) -> None:
    driver.open(driver.script(SMALL))
    driver.finish()
    sets(driver, script__folder=str(tmp_path / "gone"))
    driver.press("start")
    assert "is no folder" in driver.message
    assert driver.state is State.FINISHED


def test_statistics_alone_are_kept_when_that_is_wanted(driver: Driver) -> None:
    sets(driver, capture__level="statistics")
    driver.open(driver.script(SMALL))
    tape = driver.window.model.tape
    assert tape is not None
    assert tape.stats
    assert tape.value_count == 0


def kinds(driver: Driver) -> set[AlertKind]:
    return {alert.kind for alert in driver.window.model.alerts.alerts()}


def test_alerts(driver: Driver) -> None:
    driver.open(driver.script(SMALL))
    driver.finish()
    driver.until(lambda: kinds(driver) == {AlertKind.ZERO})
    sets(driver, alerts__zero=False)
    driver.until(lambda: kinds(driver) == set())
    sets(driver, alerts__norm=50.0)
    driver.until(lambda: kinds(driver) == {AlertKind.LARGE})
    [alert] = driver.window.model.alerts.alerts()
    assert alert.text == "the gradient that MulBackward0 passed on has norm 173.2, above 50"
    driver.open(driver.script("import torch\nx = torch.tensor([float('nan')], requires_grad=True)\n(x * 2).sum().backward()\n"))
    driver.finish()
    driver.until(lambda: AlertKind.CONSTANT in kinds(driver))
    sets(driver, alerts__constant=False)
    driver.until(lambda: AlertKind.CONSTANT not in kinds(driver))


def test_the_first_alert_is_said_unless_the_user_wants_no_word(driver: Driver) -> None:
    text = "import torch\nx = torch.zeros(2, requires_grad=True)\n(x.log() * 0).sum().backward()\n"
    sets(driver, alerts__say=False)
    driver.open(driver.script(text))
    driver.finish()
    assert driver.message == ""
    sets(driver, alerts__say=True)
    driver.window.announcer.tell_alert()
    assert "NaN in the gradient" in driver.message


def test_graph(driver: Driver) -> None:
    sets(driver, graph__shown="both_graphs", graph__follow=False)
    assert driver.window.graphs.shown is Shown.BOTH
    assert not driver.window.actions_["follow"].isChecked()
    driver.press("follow")
    assert driver.window.preferences["graph/follow"] is True


def test_recent_files_are_forgotten(driver: Driver) -> None:
    driver.open(driver.script(SMALL))
    assert recent.recent(driver.window.settings)
    sets(driver, privacy__recent=False)
    assert recent.recent(driver.window.settings) == []
    driver.finish()
    driver.open(driver.script(SMALL, "other.py"))
    assert recent.recent(driver.window.settings) == []


def test_no_preference_is_without_effect() -> None:
    elsewhere = {name for name in BY_NAME if name.startswith("recovery/")}  # tested with what is recovered
    assert set(BY_NAME) - TESTED == elsewhere, "each of them is set and looked for in a test above"
