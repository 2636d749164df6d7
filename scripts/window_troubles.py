"""Further states of the window that are pictured: what becomes of files and plug-ins, limits, menus, kernels, longer languages.

As in ``window_states.py`` a scene brings a window from state to state and yields the name of each, with the widget to picture where
that is not the whole window."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QApplication, QMenu, QWidget
from window_stage import Stage

from gradstep.engine.debug.states import ENDED, State
from gradstep.engine.extensions.catalogue import features
from gradstep.gui.guide.examples import FOLDER as EXAMPLES
from gradstep.gui.pseudo import speak

Shown = tuple[str, QWidget | None]

WITH_KERNELS = """import torch

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
loss = (model(torch.ones(8, 6)) ** 2).mean()
loss.backward()
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
    window.session.recording_stopped.emit("the disk is full (No space left on device); the recording ends here, the script goes on")
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
        there = Stage("light", (stage.window.width(), stage.window.height()), stage.folder)
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
    (("tape_limit", "disk_full"), limits),
    (("plugin_failed",), plug_in),
    (("searching",), searching),
    (tuple(f"menu_{name}" for name in ("file", "edit", "view", "run", "recording", "breakpoints", "navigate", "tools", "help")), menus),
    (("pseudo_welcome", "pseudo_paused", "pseudo_panels"), _foreign("pseudo")),
    (("pseudo_rtl_welcome", "pseudo_rtl_paused", "pseudo_rtl_panels"), _foreign("pseudo-rtl")),
]
