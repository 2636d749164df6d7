"""The file of a tape changes under the window that shows it, and two windows follow one running tape."""

from __future__ import annotations

import gc
import os
import shlex
import shutil
import signal
import subprocess
import sys
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from gradstep.engine.debug.states import State
from gradstep.engine.tape.log import COMPLETE, FRAME, HEAD, Writer
from gradstep.engine.tape.reader import Tape
from gradstep.gui.files.attach_dialog import Place
from gradstep.gui.files.export import export_canvas

from ..ssh_to_here import connections, ssh_to_here
from .conftest import LONG, Driver, make

SMALL = "import torch\nx = torch.ones(2, requires_grad=True)\n(x * 3).sum().backward()\n"
LARGER = "import torch\nx = torch.ones(2, requires_grad=True)\nfor _ in range(40):\n    x = x * 2\nx.sum().backward()\n"


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[[str, str], Path]:
    """Records a script with the command line; gives the tape."""

    def record(text: str, name: str) -> Path:
        script, tape = tmp_path / f"{name}.py", tmp_path / f"{name}.gst"
        script.write_text(text, encoding="utf-8")
        subprocess.run(
            [sys.executable, "-m", "gradstep", "record", "-o", str(tape), str(script)], check=True, capture_output=True, cwd=tmp_path
        )
        return tape

    return record


def opened(driver: Driver, tape: Path) -> None:
    driver.window.open_file(str(tape))
    driver.until(lambda: driver.state is State.TRACE and driver.window.model.is_all_here)


def answers(driver: Driver) -> dict[str, QPushButton]:
    return {button.text(): button for button in driver.window.message.findChildren(QPushButton) if not button.isHidden()}


def test_at_the_end_of_a_tape_the_node_that_ran_last_is_selected_as_at_the_end_of_its_program(
    driver: Driver, recorded: Callable[[str, str], Path]
) -> None:
    opened(driver, recorded(SMALL, "small"))
    window = driver.window
    model, panel = window.model, window.panels.step
    last = model.history.runs[-1].nodes[-1]
    driver.until(lambda: model.selection.key == ("node", last))
    driver.until(lambda: not panel._stage.is_empty)
    assert panel._name.text() == "AccumulateGrad x"
    assert window.canvas.selected_key is not None


def test_a_tape_that_is_replaced_is_said_and_reloaded_when_the_user_wants(driver: Driver, recorded: Callable[[str, str], Path]) -> None:
    tape, other = recorded(SMALL, "small"), recorded(LARGER, "larger")
    opened(driver, tape)
    model = driver.window.model
    before = len(model.tape.ops)  # type: ignore[union-attr]
    os.replace(other, tape)
    driver.until(lambda: "small.gst was replaced by another file" in driver.message)
    assert len(model.tape.ops) == before  # type: ignore[union-attr]
    answers(driver)["Reload"].click()
    driver.until(lambda: model.tape is not None and len(model.tape.ops) > before)
    assert driver.message == ""


def test_a_tape_that_is_cut_off_is_said_and_nothing_falls(driver: Driver, recorded: Callable[[str, str], Path]) -> None:
    tape = recorded(LARGER, "larger")
    opened(driver, tape)
    os.truncate(tape, tape.stat().st_size // 2)
    driver.until(lambda: "larger.gst was cut off" in driver.message)
    model = driver.window.model
    for op in list(model.tape.ops)[::7]:  # type: ignore[union-attr]  # their values are asked for, and may be gone
        model.select(("op", op))
        driver.window.presenter.show_now()
    answers(driver)["Reload"].click()
    driver.until(lambda: "cannot be read further" in driver.message or "not complete" in driver.message or model.is_all_here)


def test_a_tape_without_its_end_is_not_taken_for_a_whole_one(driver: Driver, recorded: Callable[[str, str], Path]) -> None:
    tape = recorded(SMALL, "small")
    opened(driver, tape)
    assert driver.message == ""
    os.truncate(tape, tape.stat().st_size - FRAME.size - len(COMPLETE))  # exactly what the last record takes
    driver.press("close")
    opened(driver, tape)
    driver.until(lambda: "small.gst is not complete: the script ran to its end; the tape's last record is missing" in driver.message)
    whole = tape.read_bytes()
    tape.write_bytes(whole[: len(whole) // 2])
    opened(driver, tape)
    driver.until(lambda: "cannot be read further" in driver.message and "What stands before that place is shown" in driver.message)


def test_of_a_damaged_tape_a_repaired_copy_is_saved_and_opened(
    driver: Driver, recorded: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tape, copy = recorded(LARGER, "larger"), tmp_path / "copy.gst"
    data = tape.read_bytes()
    half, model = data[: len(data) // 2], driver.window.model
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(copy), ""))
    for damaged in (half, bytes(HEAD.size) + data[HEAD.size :]):  # in the middle, and at its first bytes
        tape.write_bytes(damaged)
        driver.window.open_file(str(tape))
        driver.until(lambda: "Save Repaired Copy..." in answers(driver))
        answers(driver)["Save Repaired Copy..."].click()
        driver.until(lambda: f"Saved {copy}. Left out: " in driver.message)
        assert "larger.gst was not changed." in driver.message
        assert tape.read_bytes() == damaged
        answers(driver)["Open It"].click()
        driver.until(lambda: "copy.gst is a repaired copy: larger.gst was damaged; left out: " in driver.message)
        driver.until(lambda: model.is_all_here)
        assert model.tape is not None
        assert len(model.tape.ops) > 5
        assert (model.tape.path, model.tape.verify()) == (str(copy), "")
        driver.press("close")
        copy.unlink()


def test_a_repaired_copy_writes_over_nothing(
    driver: Driver, recorded: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tape, other = recorded(LARGER, "larger"), tmp_path / "mine.gst"
    tape.write_bytes(tape.read_bytes()[:-20])
    other.write_bytes(b"mine")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(other), ""))
    opened(driver, tape)
    driver.until(lambda: "Save Repaired Copy..." in answers(driver))
    answers(driver)["Save Repaired Copy..."].click()
    driver.until(lambda: "mine.gst is there already and is not written over" in driver.message)
    assert other.read_bytes() == b"mine"


def test_a_tape_is_let_go_of_when_it_is_closed(driver: Driver, recorded: Callable[[str, str], Path]) -> None:
    opened(driver, recorded(LARGER, "larger"))
    window = driver.window
    driver.until(lambda: window.canvas.drawn is not None)
    tape = weakref.ref(window.model.tape)
    driver.press("close")
    gc.collect()
    assert tape() is None, [type(holder).__name__ for holder in gc.get_referrers(tape())]


def test_a_tape_that_is_deleted_is_said_and_stays_on_the_screen(driver: Driver, recorded: Callable[[str, str], Path]) -> None:
    tape = recorded(SMALL, "small")
    opened(driver, tape)
    tape.unlink()
    driver.until(lambda: "small.gst was deleted or moved away" in driver.message)
    assert "Reload" not in answers(driver)
    driver.press("first_event")
    assert driver.place.startswith("PAST")


def test_a_tape_that_grows_is_not_taken_for_another(driver: Driver) -> None:
    driver.open(driver.script(LARGER))
    for _ in range(5):
        driver.step()
        driver.window.tape_watch.look()
    assert driver.message == ""
    driver.finish()
    driver.window.tape_watch.look()
    assert "replaced" not in driver.message
    assert "cut off" not in driver.message


def test_two_windows_on_one_running_tape_follow_both(qtbot: QtBot, driver: Driver, tmp_path: Path) -> None:
    driver.open(driver.script(LARGER))
    other = Driver(qtbot, make(qtbot), tmp_path)
    other.window.open_file(driver.window.session.tape)
    other.until(lambda: other.state is State.TRACE)
    mine, theirs = driver.window.model, other.window.model
    for _ in range(10):
        driver.step()
        driver.until(lambda: theirs.last == mine.last)
    driver.press("step_back")
    driver.until(lambda: theirs.last == mine.last and theirs.current_node == mine.current_node)
    driver.finish()
    driver.until(lambda: theirs.last == mine.last)
    assert len(theirs.tape.events) == len(mine.tape.events)  # type: ignore[union-attr]
    assert driver.message == other.message == ""
    other.window.close()


def test_window_and_command_line_export_at_once(qtbot: QtBot, driver: Driver, tmp_path: Path) -> None:
    driver.open(driver.script(LARGER))
    driver.until(lambda: driver.window.canvas.drawn is not None)
    commands = [
        subprocess.Popen(
            [sys.executable, "-m", "gradstep", "export", driver.window.session.tape, "--to", str(tmp_path / f"all{n}.svg")],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        )
        for n in range(2)
    ]  # fmt: skip
    for number in range(3):
        export_canvas(driver.window.canvas, tmp_path / f"mine{number}.svg", whole=True)
        driver.step()
    for command in commands:
        said, _ = command.communicate(timeout=LONG / 1000)
        assert command.returncode == 0, said
    files = sorted(tmp_path.glob("*.svg"))
    assert [file.name for file in files] == ["all0.svg", "all1.svg", "mine0.svg", "mine1.svg", "mine2.svg"]
    assert all(file.read_text(encoding="utf-8").rstrip().endswith("</svg>") for file in files)
    copy = tmp_path / "copy.gst"
    shutil.copyfile(driver.window.session.tape, copy)
    tape = Tape.open(copy)
    assert tape.damage == ""
    tape.close()


def test_of_a_tape_that_grows_status_and_title_say_so_until_it_is_over(driver: Driver, tmp_path: Path) -> None:
    window, writer = driver.window, Writer(tmp_path / "run.gst")
    window.open_file(str(tmp_path / "run.gst"))
    driver.until(lambda: "run.gst is still being recorded, and followed as it grows" in window.status.accessibleName())
    assert "run.gst [still recording] - gradstep" in window.windowTitle()
    writer.close()
    driver.until(lambda: "A recorded tape; there is no program to run." in window.status.accessibleName())
    assert "still recording" not in window.windowTitle()


def test_of_a_recording_on_another_machine_they_say_which_and_whether_it_is_connected(driver: Driver, tmp_path: Path) -> None:
    window, writer = driver.window, Writer(tmp_path / "run.gst")
    ssh = ssh_to_here(tmp_path)
    there = f"{shlex.quote(sys.executable)} -P -m gradstep"
    window.attaching.follow(Place("me@cluster", str(tmp_path / "run.gst"), str(tmp_path / "copies"), f"{ssh} -T", there))
    driver.until(lambda: "Connected to me@cluster: " in window.status.accessibleName())
    assert "still recording on me@cluster" in window.windowTitle()
    ssh.rename(tmp_path / "away")
    os.kill(connections(ssh)[0], signal.SIGKILL)
    driver.until(lambda: "The connection to me@cluster was lost, and is tried again" in window.status.accessibleName())
    assert "connection to me@cluster lost" in window.windowTitle()
    (tmp_path / "away").rename(ssh)
    driver.until(lambda: "Connected to me@cluster: " in window.status.accessibleName())
    writer.close()
    driver.until(lambda: "A recorded tape; there is no program to run." in window.status.sentence.text())
