"""Further states of the window that are pictured: what becomes of files and plug-ins, limits, menus, kernels, longer languages.

As in ``window_states.py`` a scene brings a window from state to state and yields the name of each, with the widget to picture where
that is not the whole window."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QApplication, QMenu, QWidget
from window_stage import Stage

from gradstep.engine.debug.states import ENDED, State
from gradstep.engine.extensions.catalogue import features
from gradstep.gui.files.attach_dialog import AttachDialog, Place
from gradstep.gui.files.errand import Errand
from gradstep.gui.guide.examples import FOLDER as EXAMPLES
from gradstep.gui.pseudo import speak

Shown = tuple[str, QWidget | None]

WITH_KERNELS = """import torch

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
loss = (model(torch.ones(8, 6)) ** 2).mean()
loss.backward()
"""
SSH = """#!/bin/sh
while [ "$1" != "--" ]; do shift; done
shift 2
echo $$ > "$(dirname "$0")/number"
cd "$(dirname "$0")/there"
exec sh -c "exec $*"
"""
WRITING = """import torch
x = torch.ones(64, 64, requires_grad=True)
for step in range(100000):
    (x * step).sum().backward()
"""


def kernels(stage: Stage) -> Iterator[Shown]:
    """What a node of real PyTorch runs inside."""
    stage.window.runs.insist("torch", sys.executable)
    stage.window.opening.limits["kernels"] = True
    stage.open(stage.script("kernels.py", WITH_KERNELS))
    stage.step(count=4)
    stage.node("AddmmBackward")
    stage.bring("step")
    stage.settle()
    tree = stage.window.panels.step._tree
    tree.scrollToItem(next(item for item in tree.items() if item.text(0) == "Kernels"), QAbstractItemView.ScrollHint.PositionAtTop)
    yield "kernels", None


def tapes(stage: Stage) -> Iterator[Shown]:
    """The file of the tape that is open is cut, replaced, taken away."""
    stage.open("double_backward.py")
    stage.finish()
    tape = stage.window.model.tape
    assert tape is not None
    data = Path(str(tape.path)).read_bytes()
    file = stage.folder / "watched.gst"
    for name in ("cut", "replaced", "gone"):
        stage.press("close")
        file.write_bytes(data)
        stage.open(str(file))
        stage.until(lambda: stage.window.panels.explanations.count() > 0)
        if name == "cut":
            os.truncate(file, len(data) // 2)
        elif name == "replaced":
            (stage.folder / "other.gst").write_bytes(data)
            os.replace(stage.folder / "other.gst", file)
        else:
            file.unlink()
        stage.window.tape_watch.look()
        yield f"tape_{name}", None
    stage.press("close")
    (stage.folder / "unfinished.gst").write_bytes(data[: len(data) * 2 // 3])
    stage.open(str(stage.folder / "unfinished.gst"))
    yield "tape_unfinished", None


def repairs(stage: Stage) -> Iterator[Shown]:
    """A tape whose first bytes are lost, and the repaired copy of one that is damaged in the middle."""
    stage.open("double_backward.py")
    stage.finish()
    tape = stage.window.model.tape
    assert tape is not None
    data = bytearray(Path(str(tape.path)).read_bytes())
    stage.press("close")
    file, copy = stage.folder / "run.gst", stage.folder / "run.repaired.gst"
    file.write_bytes(bytes(36) + data[36:])
    stage.window.open_file(str(file))
    yield "tape_headless", None
    data[len(data) * 2 // 3] ^= 0xFF
    file.write_bytes(data)
    stage.open(str(file))
    copy.unlink(missing_ok=True)
    stage.window.repairing.repair(str(file), str(copy))
    stage.until(lambda: "Saved" in stage.window.message.text)
    yield "tape_repaired", None
    stage.open(str(copy))
    yield "tape_copy", None


def attached(stage: Stage) -> Iterator[Shown]:
    """A recording on another machine: asked for, not there, followed, its connection lost, over; and one that grows here."""
    window = stage.window
    stage.open("nan.py")
    stage.finish()
    tape = window.model.tape
    assert tape is not None
    shutil.rmtree(stage.folder / "copies", ignore_errors=True)  # of another window's
    there = stage.folder / "there" / "project"
    there.mkdir(parents=True, exist_ok=True)
    file = there / "monday.gst"
    data = Path(str(tape.path)).read_bytes()
    file.write_bytes(data[: len(data) // 2])
    stage.press("close")
    ssh = stage.folder / "ssh"
    ssh.write_text(SSH, encoding="utf-8")
    ssh.chmod(0o700)
    window.attaching.ask()
    dialog = window.findChild(AttachDialog)
    assert dialog is not None
    dialog.host.setText("ada@cluster")
    dialog.path.setText("project/monday.gst")
    yield "attach_dialog", dialog
    dialog.reject()
    place = Place("ada@cluster", "project/nothing.gst", str(stage.folder / "copies"), f"{ssh} -T", f"{sys.executable} -P -m gradstep")
    window.attaching.follow(place)
    stage.until(lambda: not window.attaching.is_following)
    yield "attach_failed", None
    with file.open("rb+") as recording:
        fcntl.flock(recording, fcntl.LOCK_EX)  # as its recorder does
        window.attaching.follow(place._replace(path="project/monday.gst"))
        stage.until(lambda: "Connected" in window.status.accessibleName() and window.model.takes_time is False)
        yield "attach_following", None
        ssh.chmod(0o600)
        os.kill(int((stage.folder / "number").read_text()), signal.SIGKILL)
        stage.until(lambda: "was lost" in window.message.text)
        yield "attach_lost", None
        window.attaching.stop()
        window.message.clear()
        stage.open(str(file))
        yield "tape_growing", None


def elsewhere(stage: Stage) -> Iterator[Shown]:
    """A script that runs on another machine: asked for, not reached, stepped through, its connection lost."""
    window = stage.window
    there = stage.folder / "there" / "project"
    there.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(EXAMPLES / "double_backward.py", there / "train.py")
    ssh, down = stage.folder / "reach", stage.folder / "down"
    unreached = 'if [ -e "$(dirname "$0")/down" ]; then cat "$(dirname "$0")/down" >&2; exit 255; fi\n'
    ssh.write_text(SSH.replace('exec sh -c "exec $*"', f'{unreached}exec sh -c "$*"'), encoding="utf-8")
    ssh.chmod(0o700)
    window.opening.remembers = True
    errand = Errand("ada@cluster", "project", "train.py", "--epochs 1", sys.executable, ssh=f"{ssh} -T")
    down.write_text("ssh: connect to host cluster port 22: Network is unreachable\n", encoding="utf-8")
    window.elsewhere.ask()
    dialog = window.elsewhere.dialog
    assert dialog is not None
    for field, text in ((dialog.host, errand.host), (dialog.folder, errand.folder), (dialog.script, errand.script)):
        field.setText(text)
    dialog.python.setText(".venv/bin/python")
    yield "elsewhere_dialog", dialog
    dialog.reject()
    window.opening.open_errand(errand)
    stage.until(lambda: window.session.state in ENDED)
    yield "elsewhere_failed", None
    down.unlink()
    window.opening.restart()
    stage.until(lambda: window.session.state is State.PAUSED)
    stage.step(count=2)
    yield "elsewhere_paused", None
    down.write_text("ssh: connect to host cluster port 22: Network is unreachable\n", encoding="utf-8")
    os.kill(int((stage.folder / "number").read_text()), signal.SIGKILL)
    stage.until(lambda: "was lost" in window.message.text)
    try:
        yield "elsewhere_lost", None
    finally:  # also where this is the last that is wanted: unconnected the program would stay there for half an hour
        down.unlink()
        stage.until(lambda: not window.session.is_lost)
        window.session.kill()
        stage.until(lambda: window.session.state in ENDED)
    stage.press("close")
    yield "elsewhere_recent", None


def limits(stage: Stage) -> Iterator[Shown]:
    """A tape at its limit; a disk that is full."""
    window = stage.window
    window.opening.limits["disk_limit"] = 1 << 20
    window.opening.stop_on_entry = False
    window.open_file(stage.script("writing.py", WRITING))
    stage.until(lambda: window.session.state is State.FROZEN)
    yield "tape_limit", None
    stage.press("kill")
    stage.until(lambda: window.session.state in ENDED)
    window.opening.limits.clear()
    window.opening.stop_on_entry = True
    stage.open(str(EXAMPLES / "nan.py"))
    reason = "disk full (No space left on device)"
    window.session.recording_stopped.emit(f"recording stopped after event {window.model.last}: {reason}; the script goes on")
    yield "disk_full", None


def plug_in(stage: Stage) -> Iterator[Shown]:
    """A feature that failed three times is switched off."""
    window = stage.window
    stage.open("nan.py")
    guard = window.plug_ins.guard
    feature = next(feature for feature in features("gradstep.layouts") if feature.name == "circular")
    try:
        for _ in range(3):
            guard.failed(feature, "ZeroDivisionError: division by zero", "Traceback (most recent call last): ...")
        stage.bring("plugins")
        yield "plugin_failed", None
    finally:
        guard.switches.switch(feature, True)


def searching(stage: Stage) -> Iterator[Shown]:
    """While all that was recorded is searched."""
    window = stage.window
    stage.open("long_run.py")
    stage.step(count=2)
    stage.bring("find")
    find = window.panels.find
    find.field.setText("add")
    find._ask()
    stage.until(lambda: sum(find._counts.values()) > 0 and not window.everywhere.is_busy)
    find.show_progress("add", done=False)  # as it was a moment ago
    yield "searching", None


def menus(stage: Stage) -> Iterator[Shown]:
    """The menus of the welcome page, and of a paused program."""
    yield "menu_file", _menu(stage, "File")
    stage.open("nan.py")
    for name in ("Edit", "View", "Run", "Recording", "Breakpoints", "Navigate", "Tools", "Help"):
        yield f"menu_{name.lower()}", _menu(stage, name)


def _menu(stage: Stage, title: str) -> QMenu:
    menu = next(menu for menu in stage.window.menuBar().findChildren(QMenu) if menu.title().replace("&", "") == title)
    menu.aboutToShow.emit()
    menu.adjustSize()
    return menu


def _foreign(language: str) -> Callable[[Stage], Iterator[Shown]]:
    def scene(stage: Stage) -> Iterator[Shown]:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        translator = speak(app, language)
        name = language.replace("-", "_")
        there = Stage("light", (stage.window.width(), stage.window.height()), stage.folder, stage.percent)
        try:
            yield f"{name}_welcome", there.window
            there.open("nan.py")
            there.step(count=5)
            there.bring("alerts")
            there.settle()
            yield f"{name}_paused", there.window
            there.bring("statistics")
            there.bring("tensor")
            there.settle()
            yield f"{name}_panels", there.window
        finally:
            app.removeTranslator(translator)
            app.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
            there.close()

    return scene


TROUBLES: list[tuple[tuple[str, ...], Callable[[Stage], Iterator[Shown]]]] = [
    (("kernels",), kernels),
    (("tape_cut", "tape_replaced", "tape_gone", "tape_unfinished"), tapes),
    (("tape_headless", "tape_repaired", "tape_copy"), repairs),
    (("attach_dialog", "attach_failed", "attach_following", "attach_lost", "tape_growing"), attached),
    (("elsewhere_dialog", "elsewhere_failed", "elsewhere_paused", "elsewhere_lost", "elsewhere_recent"), elsewhere),
    (("tape_limit", "disk_full"), limits),
    (("plugin_failed",), plug_in),
    (("searching",), searching),
    (tuple(f"menu_{name}" for name in ("file", "edit", "view", "run", "recording", "breakpoints", "navigate", "tools", "help")), menus),
    (("pseudo_welcome", "pseudo_paused", "pseudo_panels"), _foreign("pseudo")),
    (("pseudo_rtl_welcome", "pseudo_rtl_paused", "pseudo_rtl_panels"), _foreign("pseudo-rtl")),
]
