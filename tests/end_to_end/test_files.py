"""Files and settings of the window: recent files, drops, layouts, pictures, the report, the console command."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from pytestqt.qtbot import QtBot

from gradstep.engine.debug.states import ENDED, State
from gradstep.engine.tape.reader import Tape
from gradstep.gui.files.recent import recent
from gradstep.gui.files.settings import throwaway
from gradstep.gui.guide.examples import FOLDER

from .conftest import LONG, Driver, make

SMALL = "import torch\nx = torch.ones(2, requires_grad=True)\n(x * 3).sum().backward()\n"


def drop(widget: object, file: str) -> bool:
    """Drag a file onto a widget and let it go there; gives whether it was taken."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(file)])
    button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Qt 6.12 has another way to make one, which older ones do not know
        enter = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, data, button, none)
    enter.ignore()
    widget.dragEnterEvent(enter)  # type: ignore[attr-defined]
    if enter.isAccepted():
        widget.dropEvent(QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, button, none))  # type: ignore[attr-defined]
    return enter.isAccepted()


def test_a_dropped_script_is_opened_and_remembered(driver: Driver) -> None:
    file = driver.script(SMALL)
    assert drop(driver.window, file)
    driver.until(lambda: driver.state is State.PAUSED)
    assert recent(driver.window.settings) == [Path(file)]
    assert [action.text() for action in driver.window.menus.recent.actions()] == ["script.py"]


@pytest.mark.parametrize("what", ["closed", "another"])
def test_a_script_that_was_put_away_while_its_interpreter_was_looked_for_is_not_started_again(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    driver.open(driver.script(SMALL))
    opening, asked = driver.window.opening, []
    monkeypatch.setattr(opening.runner, "find", asked.append)
    opening.restart()
    driver.step("stop")
    driver.end()
    opening.close()
    if what == "another":
        opening.script = driver.script(SMALL, "another.py")
    (found,) = asked
    found(sys.executable)
    assert driver.state in ENDED | {State.IDLE, State.READY}


def test_a_dropped_picture_is_not_taken(driver: Driver, tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(b"")
    assert not drop(driver.window, str(tmp_path / "cat.png"))
    assert not drop(driver.window.welcome, str(tmp_path / "cat.png"))


def test_the_layout_is_as_it_was_left(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    settings = throwaway()
    first = Driver(qtbot, make(qtbot, settings), tmp_path)
    first.open(first.script(SMALL))
    first.window.docks[first.window.panels.timeline].hide()
    first.window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, first.window.docks[first.window.panels.hooks])
    first.window.close()
    second = Driver(qtbot, make(qtbot, settings), tmp_path)
    second.open(second.script(SMALL))
    docks, panels = second.window.docks, second.window.panels
    assert docks[panels.timeline].isHidden()
    assert second.window.dockWidgetArea(docks[panels.hooks]) is Qt.DockWidgetArea.LeftDockWidgetArea
    second.press("reset_layout")
    assert not docks[panels.timeline].isHidden()
    second.window.close()


def test_a_layout_of_nonsense_does_not_matter(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    settings = throwaway()
    settings.setValue("layout", b"nonsense")
    settings.setValue("geometry", b"nonsense")
    settings.setValue("preferences/appearance/theme", "pink")
    driver = Driver(qtbot, make(qtbot, settings), tmp_path)
    driver.open(driver.script(SMALL))
    assert driver.window.docks[driver.window.panels.events].isVisible()
    driver.window.close()


def test_a_damaged_tape_is_named(driver: Driver, tmp_path: Path) -> None:
    (tmp_path / "bad.gst").write_bytes(b"not a tape at all")
    driver.window.open_file(str(tmp_path / "bad.gst"))
    assert "bad.gst cannot be opened" in driver.message
    assert driver.window.pages.currentWidget() is driver.window.welcome


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_graph_is_saved_as_a_picture(driver: Driver, tmp_path: Path, suffix: str) -> None:
    driver.open(driver.script(SMALL))
    file = tmp_path / f"graph.{suffix}"
    driver.window.files.export(driver.window.canvas, file)
    beginning = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix]
    assert file.read_bytes().startswith(beginning)


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """One of our programs, without a display."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CACHE_HOME": str(folder / "cache"), "XDG_CONFIG_HOME": str(folder)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONG / 1000, check=False)


def test_a_report_is_left_without_a_display(tmp_path: Path) -> None:
    done = run("-m", "gradstep.gui", "--headless-report", str(tmp_path / "out"), str(FOLDER / "nan.py"), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "window.png").read_bytes().startswith(b"\x89PNG")
    text = (tmp_path / "out" / "steps.txt").read_text(encoding="utf-8")
    assert "SqrtBackward0" in text
    assert "nan.py:31" in text
    tape = Tape.open(tmp_path / "out" / "run.gst")
    assert len(tape.runs) == 2
    tape.close()
    assert "picture:" in done.stdout


def test_a_report_on_a_script_that_raises_says_so(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(SMALL + "raise ValueError('of mine')\n")
    done = run("-m", "gradstep.gui", "--headless-report", str(tmp_path / "out"), str(tmp_path / "bad.py"), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "ValueError: of mine" in (tmp_path / "out" / "steps.txt").read_text(encoding="utf-8")


def test_the_console_command_knows_the_window(tmp_path: Path) -> None:
    help_ = run("-m", "gradstep", "--help", folder=tmp_path)
    assert help_.returncode == 0
    missing = run("-m", "gradstep", str(tmp_path / "gone.py"), folder=tmp_path)
    assert missing.returncode == 66
    assert "gone.py" in missing.stderr
