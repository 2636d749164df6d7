"""A window that is killed loses nothing: the next one offers the recording, and layout, notes and breakpoints are back."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from gradstep.engine.debug.states import State
from gradstep.engine.tape.reader import Tape
from gradstep.gui.app import application
from gradstep.gui.main_window import MainWindow
from gradstep.gui.theme import Appearance

SCRIPT = "import torch\nx = torch.ones(3, requires_grad=True)\nfor _ in range(20):\n    x = x * 2\nx.sum().backward()\n"
WINDOW = """
import sys
from PySide6.QtCore import QSettings
from gradstep.gui.app import application
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
        window.recovery.due.emit()
        print(window.session.tape, window.session.pid, flush=True)
window.session.state_changed.connect(changed)
window.open_file(sys.argv[2])
app.exec()
"""


def opened(settings: Path) -> MainWindow:
    return MainWindow(Appearance.of(application()), QSettings(str(settings), QSettings.Format.IniFormat))


@pytest.fixture
def killed(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """Settings of a window that was killed while its script was paused; and the tape."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    script, settings = tmp_path / "script.py", tmp_path / "settings.ini"
    script.write_text(SCRIPT, encoding="utf-8")
    window = subprocess.Popen(
        [sys.executable, "-c", WINDOW, str(settings), str(script)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert window.stdout is not None
    tape, pid = window.stdout.readline().split()
    window.send_signal(signal.SIGKILL)
    window.wait()
    window.stdout.close()
    yield settings, tape
    qtbot.waitUntil(lambda: not Path(f"/proc/{pid}").exists(), timeout=60_000)  # the supervisor ends the script of a window that is gone


def test_the_next_window_offers_what_the_killed_one_had_open(qtbot: QtBot, killed: tuple[Path, str]) -> None:
    settings, tape = killed
    window = opened(settings)
    qtbot.addWidget(window)
    (lost,) = window.recovery.begin()
    assert (Path(lost.script).name, lost.tape) == ("script.py", tape)
    assert "script.py" in window.recovery.sentence(lost)
    assert settings.exists()
    assert "layout" in QSettings(str(settings), QSettings.Format.IniFormat).allKeys()
    whole = Tape.open(tape)
    assert len(whole.ops) == 21
    whole.close()
    (open_recording, open_script) = window.recovery.answers(lost, window.open_file)
    open_recording[1]()
    qtbot.waitUntil(lambda: window.session.state is State.TRACE and window.model.tape is not None)
    assert len(window.notes.all) == 1
    assert open_script[0] == "Open the Script"
    window.close()


def test_it_is_offered_once_and_a_window_that_is_there_is_not_lost(qtbot: QtBot, killed: tuple[Path, str]) -> None:
    settings, _ = killed
    first, second = opened(settings), opened(settings)
    for window in (first, second):
        qtbot.addWidget(window)
    assert len(first.recovery.begin()) == 1
    assert second.recovery.begin() == []
    first.close()
    second.close()
    third = opened(settings)
    qtbot.addWidget(third)
    assert third.recovery.begin() == []
    assert [file.name for file in (settings.parent / "windows").iterdir() if file.suffix == ".json"] != []
    third.close()
    assert list((settings.parent / "windows").iterdir()) == []
