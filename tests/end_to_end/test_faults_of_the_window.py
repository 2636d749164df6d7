"""What goes wrong in the window's own process: panels that raise at every paint, and a window that is killed while it writes settings."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from ..strangers import install

PAINTER = """
from PySide6.QtCore import QTimer
from gradstep.gui.panel import PluginPanel

class Painter(PluginPanel):
    title = "Painter"

    def __init__(self):
        super().__init__()
        timer = QTimer(self, interval=16)
        timer.timeout.connect(self.update)
        timer.start()

    def paintEvent(self, event):
        raise ZeroDivisionError("in paint")
"""
# The window as a program, its hooks for exceptions and its bar: what the user has. It says what it shows, and ends.
PAINTED = """
import sys
from pathlib import Path
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QPushButton
from gradstep.gui.app import application
from gradstep.gui.guard.faults import Faults
from gradstep.gui.main_window import MainWindow
from gradstep.gui.theme import Appearance
app = application()
folder, script = sys.argv[1:]
faults = Faults(Path(folder) / "faults.log")
faults.install()
window = MainWindow(Appearance.of(app), QSettings(folder + "/settings.ini", QSettings.Format.IniFormat))
window.faults.watch(faults)
window.plug_ins.switch_package("my-package", True)
window.show()
window.open_file(script)
seen = []
def look():
    if window.plug_ins.panels():
        window.docks.bring(window.plug_ins.panels()[0])
    buttons = [button.text() for button in window.message.findChildren(QPushButton) if not button.isHidden()]
    if window.message.text and (window.message.text, buttons) not in seen:
        seen.append((window.message.text, buttons))
    if seen and not window.plug_ins.panels() and window.session.state.value == "paused":
        print(window.message.text)
        print(buttons)
        print(len(seen))
        window.close()
        app.quit()
timer = QTimer(interval=20)
timer.timeout.connect(look)
timer.start()
app.exec()
"""
SCRIPT = "import torch\nx = torch.ones(3, requires_grad=True)\n(x * 2).sum().backward()\n"
# Settings are written over and over, as a restless user would have it; the window is killed in the middle of it.
WRITING = """
import itertools, sys
from PySide6.QtCore import QSettings
from gradstep.gui.app import application
from gradstep.gui.files.settings import mend
from pathlib import Path
app = application()
from gradstep.gui.main_window import MainWindow
from gradstep.gui.theme import Appearance
file = sys.argv[1]
mend(Path(file))
window = MainWindow(Appearance.of(app), QSettings(file, QSettings.Format.IniFormat))
window.show()
print("up", flush=True)
for number in itertools.count(1):
    window.preferences.set("numbers/digits", 2 + number % 7)
    window._keep_arrangement()
    app.processEvents()
    print(number, flush=True)
"""
KILLS = 3  # so many in the suite; a hundred with GRADSTEP_KILLS=100
OWN = """
import re, sys
from pathlib import Path
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QPushButton
from gradstep.gui.app import application
from gradstep.gui.guard.faults import Faults
from gradstep.gui.main_window import MainWindow
from gradstep.gui.panels import timeline_panel
from gradstep.gui.theme import Appearance
app = application()
folder, script = sys.argv[1:]
faults = Faults(Path(folder) / "faults.log")
faults.install()
window = MainWindow(Appearance.of(app), QSettings(folder + "/settings.ini", QSettings.Format.IniFormat))
window.faults.watch(faults)
window.show()
window.opening.stop_on_entry = False
window.open_file(script)
(bars,) = [child for child in window.panels.timeline.findChildren(timeline_panel._Bars)]
timer = QTimer(interval=16)
timer.timeout.connect(bars.update)
painted = timeline_panel._Bars._paint_foot
def broken(self, *given):
    raise ZeroDivisionError("in our paint")
def look():
    if window.session.state.value == "finished" and not timer.isActive():
        timeline_panel._Bars._paint_foot = broken
        window.docks.bring(window.panels.timeline)
        timer.start()
    buttons = {button.text(): button for button in window.message.findChildren(QPushButton) if not button.isHidden()}
    count = re.search(r"(\\d+) time", window.message.text)
    if count and int(count[1]) >= 60:
        print(window.message.text)
        buttons["Hide Timeline"].click()
        print(window.docks[window.panels.timeline].isHidden(), repr(window.message.text))
        window.close()
        app.quit()
looking = QTimer(interval=5)
looking.timeout.connect(look)
looking.start()
app.exec()
"""


def test_a_panel_that_raises_at_60_paints_a_second_is_one_bar_and_is_switched_off(tmp_path: Path) -> None:
    install(tmp_path, PAINTER, {"gradstep.panels": {"painter": "my_package:Painter"}})
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]), "XDG_CACHE_HOME": str(tmp_path),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", PAINTED, str(tmp_path), str(script)], capture_output=True, text=True, timeout=120, env=environment
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said, buttons, times = done.stdout.splitlines()[-3:]
    assert "painter of my-package failed 3 times and was switched off: ZeroDivisionError: in paint" in said
    assert "Plug-ins" in buttons
    assert int(times) <= 3  # what the bar said one after the other: it does not flicker
    log = (tmp_path / "faults.log").read_text(encoding="utf-8")
    assert log.count("ZeroDivisionError: in paint") == 1
    assert "Traceback" not in done.stderr


def test_a_panel_of_our_own_that_raises_at_every_paint_is_one_bar_with_a_count_and_can_be_hidden(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", OWN, str(tmp_path), str(script)], capture_output=True, text=True, timeout=120, env=environment
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said, after = done.stdout.splitlines()[-2:]
    assert "A fault of gradstep's own: ZeroDivisionError: in our paint" in said
    assert after == "True ''"
    assert (tmp_path / "faults.log").read_text(encoding="utf-8").count("ZeroDivisionError: in our paint") == 1


@pytest.mark.timeout(600)
def test_a_window_killed_at_random_moments_starts_with_its_last_good_settings(tmp_path: Path) -> None:
    moments = random.Random(8)
    file = tmp_path / "settings.ini"
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    for _ in range(int(os.environ.get("GRADSTEP_KILLS", KILLS))):
        window = subprocess.Popen(
            [sys.executable, "-c", WRITING, str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        assert window.stdout is not None
        assert window.stderr is not None
        first = window.stdout.readline().strip()
        assert first == "up", window.stderr.read()
        rounds = moments.randrange(1, 6)
        for _ in range(rounds):
            window.stdout.readline()
        due = time.perf_counter() + moments.random() * 0.004
        while time.perf_counter() < due:
            pass  # some moment in the middle of it
        window.kill()
        window.communicate()
        kept = QSettings(str(file), QSettings.Format.IniFormat)
        assert int(str(kept.value("preferences/numbers/digits", 4))) in range(2, 9)
        assert kept.value("geometry") is not None
    assert not file.with_name("settings.ini.bad").exists()  # no start met a damaged file
