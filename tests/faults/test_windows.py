"""Faults 33 to 35: the window itself is killed, raises, or is killed while it writes."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings

from gradstep.engine.debug.states import State

from .catalogue import API, WINDOW, fault
from .evidence import sound
from .scripts import FINE, HEAD

MANY = (
    HEAD
    + """
y = x
for _ in range(300):
    y = y * 1.01
print("up", flush=True)
y.sum().backward()
"""
)
# A program that shows a window, does something with it, says so, and waits to be killed.
SHOWN = """
import sys
from collections.abc import Callable
from pathlib import Path
from PySide6.QtCore import QSettings, QTimer
from gradstep.gui.app import application
from gradstep.engine.debug.breakpoints import BreakKind
from gradstep.engine.debug.states import State
app = application()
from gradstep.gui.main_window import MainWindow
from gradstep.gui.theme import Appearance
window = MainWindow(Appearance.of(app), QSettings(sys.argv[1], QSettings.Format.IniFormat))
window.recovery.begin()
window.show()
def changed(state):
    if state is State.PAUSED:
        window.notes.toggle()
        window.breakpoints.toggle(BreakKind.NODE, "ExpBackward0")
        window.recovery.due.emit()
        print(window.session.tape, window.session.pid, flush=True)
window.session.state_changed.connect(changed)
window.open_file(sys.argv[2])
app.exec()
"""
# Keeps settings, notes and breakpoints as fast as it can.
KEEPS = """
import sys
from PySide6.QtCore import QCoreApplication, QSettings
app = QCoreApplication([])
settings = QSettings(sys.argv[1], QSettings.Format.IniFormat)
print("up", flush=True)
number = 0
while True:
    number += 1
    settings.setValue("geometry", "x" * 5000 + str(number))
    settings.setValue("number", number)
    settings.sync()
"""
DEBUGGER = """
import sys
from collections.abc import Callable
from pathlib import Path
from gradstep.engine.debug.launch import Launch, RunFolder
from gradstep.engine.debug.session import Session
session = Session()
session.launch(Launch(sys.argv[1]), RunFolder.make(Path(sys.argv[2])))
session.wait_for(lambda session: session.stop)
print(session.tape, session.pid, flush=True)
sys.stdin.read()
"""


def killed(command: list[str]) -> tuple[str, int]:
    """Start a program, kill it when it says where its tape is and what it started, and wait until that is gone as well."""
    program = subprocess.Popen(
        [sys.executable, "-c", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert program.stdout is not None
    tape, pid = program.stdout.readline().split()
    watch = os.pidfd_open(int(pid))
    program.kill()
    program.communicate()
    assert select.select([watch], [], [], 60)[0], "the script outlived its window"
    os.close(watch)
    return tape, int(pid)


@fault(33, API)
def test_a_client_that_is_killed_takes_the_script_along_and_no_event(tmp_path) -> None:
    script = tmp_path / "script.py"
    script.write_text(MANY, encoding="utf-8")
    tape = sound(killed([DEBUGGER, str(script), str(tmp_path)])[0])
    assert len(tape.ops) == 301
    tape.close()


@fault(33, WINDOW)
def test_the_next_window_offers_all_that_the_killed_one_had(qtbot, tmp_path) -> None:
    from gradstep.gui.app import application
    from gradstep.gui.main_window import MainWindow
    from gradstep.gui.theme import Appearance

    script, settings = tmp_path / "script.py", tmp_path / "settings" / "gradstep.ini"
    script.write_text(MANY, encoding="utf-8")
    tape, _ = killed([SHOWN, str(settings), str(script)])
    whole = sound(tape)
    assert len(whole.ops) == 301
    whole.close()
    window = MainWindow(Appearance.of(application()), QSettings(str(settings), QSettings.Format.IniFormat))
    qtbot.addWidget(window)
    [lost] = window.recovery.begin()
    assert lost.tape == tape
    assert "gradstep ended unexpectedly; script.py was open" in window.recovery.sentence(lost)
    [(label, open_recording), _] = window.recovery.answers(lost, window.open_file)
    assert label == "Open the Recording"
    open_recording()
    qtbot.waitUntil(lambda: window.session.state is State.TRACE and window.model.is_all_here, timeout=60_000)
    window.session.choose("")
    window.open_file(str(script))
    qtbot.waitUntil(lambda: window.session.state is State.PAUSED, timeout=60_000)
    assert [point.target for point in window.breakpoints.all] == ["ExpBackward0"]
    window.close()


PLUGIN = """
from gradstep.gui.panel import PluginPanel

class Painter(PluginPanel):
    title = "Painter"

    def paintEvent(self, event):
        raise ZeroDivisionError("in paint")
"""


@fault(34, WINDOW)
def test_a_fault_of_the_window_60_times_a_second_is_one_bar_with_a_count(person, tmp_path) -> None:
    from gradstep.gui.guard.faults import Faults

    person.begin(person.script(FINE))
    faults = Faults(tmp_path / "faults.log", person.window)
    person.window.faults.watch(faults)
    bars = person.note_bars()

    def paint() -> None:
        raise ZeroDivisionError("in a slot")

    for _ in range(60):
        try:
            paint()
        except ZeroDivisionError as error:
            faults.take(error)
    faults.tell()
    assert len(bars) == 1
    assert "A fault of gradstep's own: ZeroDivisionError: in a slot" in person.bar
    assert "60 time" in person.bar
    assert "faults.log" in person.bar
    assert (tmp_path / "faults.log").read_text().count("ZeroDivisionError: in a slot") == 1
    person.finish()
    assert person.state is State.FINISHED


@fault(34, WINDOW)
def test_a_plug_in_that_raises_in_paint_is_switched_off_and_the_session_goes_on(person, tmp_path, monkeypatch, said) -> None:
    from gradstep.gui.guard.faults import Faults

    from ..strangers import install

    install(tmp_path, PLUGIN, {"gradstep.panels": {"painter": "my_package:Painter"}})
    monkeypatch.syspath_prepend(str(tmp_path))
    said.expect(".*in paint", ".*QWidget::paintEvent", "_____", "Traceback", "  File ", "    raise Zero", "Exceptions caught")
    person.close()
    with person.qtbot.captureExceptions() as raised:  # Qt hands them to Python's hook, which pytest-qt has taken
        again = type(person)(person.qtbot, tmp_path, said)
        window = again.window
        window.plug_ins.switch_package("my-package", True)
        again.begin(again.script(FINE))
        faults = Faults(tmp_path / "faults.log", window)
        window.faults.watch(faults)
        [broken] = window.plug_ins.panels()
        window.docks.bring(broken)
        while len(raised) < 60:
            broken.update()
            again.turn()
        for _, error, _ in raised:
            faults.take(error)
        faults.tell()
        again.until(lambda: window.plug_ins.panels() == [])
    assert "painter of my-package failed 3 times and was switched off: ZeroDivisionError: in paint" in again.bar
    assert (tmp_path / "faults.log").read_text().count("ZeroDivisionError: in paint") == 1
    again.finish()
    assert again.state is State.FINISHED
    again.close()


def kept_after_kills(tmp_path: Path, alive: Callable[[], None], kills: int) -> None:
    from gradstep.gui.files.settings import mend

    file, generator = tmp_path / "gradstep.ini", random.Random(0)
    seen = 0
    for _ in range(kills):
        alive()
        writer = subprocess.Popen([sys.executable, "-c", KEEPS, str(file)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        select.select([os.pidfd_open(writer.pid)], [], [], generator.uniform(0.001, 0.03))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        assert mend(file) == ""
        settings = QSettings(str(file), QSettings.Format.IniFormat)
        number = int(settings.value("number") or 0)
        assert settings.value("geometry") in ("x" * 5000 + str(number), "x" * 5000 + str(number + 1), None)
        assert number >= 1 or not file.exists() or seen == 0
        seen = number


@fault(35, WINDOW)
def test_settings_are_old_or_new_after_a_kill(tmp_path, alive) -> None:
    kept_after_kills(tmp_path, alive, 5)


@fault(35, WINDOW, long=True)
def test_settings_are_old_or_new_after_a_hundred_kills(tmp_path, alive) -> None:
    kept_after_kills(tmp_path, alive, 100)
