"""Plug-ins that do not come back, in a window of their own: it goes on, says which one it was, and the next window knows it as well."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import gradstep.engine as gs
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.recorder import Recorder, recording

from ..strangers import install

SOURCE = """
import time
from PySide6.QtCore import QTimer
from gradstep.gui.panel import PluginPanel, PluginView

class Sleeper(PluginPanel):
    title = "Sleeper"

    def show_moment(self, position):
        time.sleep(3600)

class Painter(PluginPanel):
    title = "Painter"

    def paintEvent(self, event):
        while True:
            pass

class Ticker(PluginPanel):
    title = "Ticker"

    def __init__(self):
        super().__init__()
        timer = QTimer(self, interval=10)
        timer.timeout.connect(self.tick)
        timer.start()

    def tick(self):
        while True:
            pass

class Resizer(PluginPanel):
    title = "Resizer"

    def show_moment(self, position):
        self.setMinimumHeight(200 + position)
        self.inner = QTimer(self)
        self.inner.objectNameChanged.connect(self.named)
        self.inner.setObjectName("a slot that Qt calls inside of our call")

    def named(self, name):
        while True:
            pass

class Deaf(PluginPanel):
    title = "Deaf"

    def show_tape(self, tape):
        print("in", flush=True)
        while tape is not None:
            try:
                while True:
                    pass
            except BaseException:
                pass
"""
# The window as a program, with a watchdog in a hurry. It ends when the plug-in is off, and says what its bar said.
WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QPushButton
from gradstep.gui.app import application
from gradstep.gui.guard import plug_ins
from gradstep.gui.guard.faults import Faults
from gradstep.gui.main_window import MainWindow
from gradstep.gui.theme import Appearance
plug_ins.BEAT, plug_ins.TICK = 5, 0.1
app = application()
folder, tape, wanted = sys.argv[1:]
faults = Faults(Path(folder) / "faults.log")
faults.install()
window = MainWindow(Appearance.of(app), QSettings(folder + "/settings.ini", QSettings.Format.IniFormat))
window.faults.watch(faults)
window.show()
window.plug_ins.begin()
window.open_file(tape)
moment = 0
switched = wanted == "left"
def look():
    global moment, switched
    if not switched and window.model.tape is not None:
        switched = True
        window.plug_ins.switch_package("my-package", True)
    buttons = {button.text(): button for button in window.message.findChildren(QPushButton) if not button.isHidden()}
    if {"off": "was switched off", "left": "The last window", "failed": "failed"}[wanted] in window.message.text:
        print(window.message.text)
        print(sorted(buttons))
        if wanted == "left":
            buttons["Switch It Off"].click()
            print(window.plug_ins.panels())
        window.close()
        app.quit()
        return
    for panel in window.plug_ins.panels():
        window.docks.bring(panel)
        if window.model.tape is not None:
            moment = (moment + 1) % 5
            window.model.move_to(moment)
timer = QTimer(interval=20)
timer.timeout.connect(look)
timer.start()
app.exec()
"""


Window = Callable[[str], subprocess.Popen[str]]


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    path = tmp_path / "run.gst"
    recorder = Recorder(Writer(str(path)))
    with recording(recorder):
        gs.ones(2, requires_grad=True).exp().sum().backward()
    recorder.close()
    return path


@pytest.fixture
def window(tmp_path: Path, tape: Path) -> Iterator[Window]:
    """Starts a window that ends when its bar says what is wanted; none outlives the test."""
    begun: list[subprocess.Popen[str]] = []

    def begin(wanted: str) -> subprocess.Popen[str]:
        begun.append(_start(tmp_path, tape, wanted))
        return begun[-1]

    yield begin
    for child in begun:
        child.kill()
        child.communicate()


def _start(folder: Path, tape: Path, wanted: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]), "XDG_CACHE_HOME": str(folder),
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", WINDOW, str(folder), str(tape), wanted],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["Sleeper", "Painter", "Ticker", "Resizer"])
def test_a_panel_that_does_not_come_back_is_interrupted_and_the_third_time_switched_off(window: Window, tmp_path: Path, name: str) -> None:
    install(tmp_path, SOURCE, {"gradstep.panels": {name.lower(): f"my_package:{name}"}})
    child = window("off")
    out, err = child.communicate()
    assert child.returncode == 0, err
    said, buttons = out.splitlines()[-2:]
    assert f"The panel {name.lower()} of my-package failed 3 times and was switched off: TookTooLong: the window stood still for" in said
    assert "Plug-ins" in buttons
    log = (tmp_path / "faults.log").read_text(encoding="utf-8")
    assert "has held the window up for" in log
    assert "my_package.py" in log
    assert not list((tmp_path / "at-work").iterdir())


def test_a_package_whose_import_does_not_end_is_a_failure_of_its_panel(window: Window, tmp_path: Path) -> None:
    install(tmp_path, "while True:\n    pass\n", {"gradstep.panels": {"busy": "my_package:Busy"}})
    child = window("failed")
    out, err = child.communicate()
    assert child.returncode == 0, err
    assert "The panel busy of my-package failed: TookTooLong: the window stood still for" in out


def test_what_cannot_be_interrupted_is_written_down_and_the_next_window_offers_to_switch_it_off(window: Window, tmp_path: Path) -> None:
    install(tmp_path, SOURCE, {"gradstep.panels": {"deaf": "my_package:Deaf"}})
    first = window("off")
    assert first.stderr is not None
    assert any("still holds the window up" in line and "cannot be interrupted" in line for line in first.stderr)
    first.kill()
    first.communicate()
    source = SOURCE.replace("while tape is not None", "while False")  # it is well today, so that the window comes as far as to ask
    install(tmp_path, source, {"gradstep.panels": {"deaf": "my_package:Deaf"}})
    second = window("left")
    out, err = second.communicate()
    assert second.returncode == 0, err
    said, buttons, panels = out.splitlines()[-3:]
    assert said == "The last window stood still in the panel deaf of my-package until it was ended."
    assert buttons == "['Plug-ins', 'Switch It Off']"
    assert panels == "[]"
