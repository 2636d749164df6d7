"""Plug-ins in the window: a stranger's panel is shown what the model has, and taken away when it fails; the window stays up."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QTreeWidget
from pytestqt.qtbot import QtBot

import gradstep.engine as gs
from gradstep.engine.extensions.guard import LIMIT
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.gui.app import application
from gradstep.gui.guard import plug_ins
from gradstep.gui.guard.faults import Faults
from gradstep.gui.main_window import MainWindow
from gradstep.gui.theme import Appearance

from ...strangers import install

SOURCE = """
from PySide6.QtWidgets import QLabel, QVBoxLayout
from gradstep.gui.panel import PluginPanel, PluginView

class Counter(PluginPanel):
    title = "Counter"
    about = "How many ops the tape has."

    def __init__(self):
        super().__init__()
        self.seen = []
        self.label = QLabel("", self)
        QVBoxLayout(self).addWidget(self.label)

    def show_tape(self, tape):
        self.tape = tape
        self.show_growth()

    def show_growth(self):
        self.label.setText("none" if self.tape is None else f"{len(self.tape.ops)} ops")

    def show_moment(self, position):
        self.seen.append(position)

    def show_selection(self, key):
        self.seen.append(key)

class Painter(PluginPanel):
    title = "Painter"

    def paintEvent(self, event):
        raise ZeroDivisionError("in paint")

class Moody(PluginPanel):
    title = "Moody"

    def show_moment(self, position):
        raise RuntimeError("not now")

class NoPanel:
    pass

class Corner(PluginView):
    title = "Corner"

    def show_plane(self, values, step):
        self.corner = (values.shape, float(values[0, 0]), step)

class Sick(PluginView):
    def show_plane(self, values, step):
        raise ArithmeticError("sick")
"""
PANELS = "gradstep.panels"


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], MainWindow]]:
    """Opens a window with the panel of that class installed and switched on, and a tape open."""
    path = str(tmp_path / "run.gst")
    recorder = Recorder(Writer(path))
    with recording(recorder):
        gs.ones(2, requires_grad=True).exp().sum().backward()
    recorder.close()
    opened: list[MainWindow] = []

    def open_with(name: str, on: bool = True, group: str = PANELS) -> MainWindow:
        install(tmp_path, SOURCE, {group: {name.lower(): f"my_package:{name}"}})
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "my_package", raising=False)
        settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
        made = MainWindow(Appearance.of(application()), settings)
        qtbot.addWidget(made)
        if on:
            made.plug_ins.switch_package("my-package", True)
        made.show()
        made.open_file(path)
        qtbot.waitUntil(lambda: made.model.tape is not None)
        opened.append(made)
        return made

    yield open_with
    for made in opened:
        made.close()


def panel(window: MainWindow) -> Any:
    (found,) = window.plug_ins.panels()
    return found


def test_a_panel_that_is_on_is_told_of_tape_moment_and_selection(qtbot: QtBot, window: Callable[[str], MainWindow]) -> None:
    made = window("Counter")
    counter = panel(made)
    qtbot.waitUntil(lambda: counter.label.text() == f"{len(made.model.tape.ops)} ops")
    made.model.select(("node", next(iter(made.model.tape.nodes))))
    assert counter.seen[-1] == ("node", next(iter(made.model.tape.nodes)))
    made.model.move_to(0)
    assert 0 in counter.seen
    assert made.docks[counter].windowTitle() == "Counter"


def test_what_a_panel_asks_for_is_done(qtbot: QtBot, window: Callable[[str], MainWindow]) -> None:
    made = window("Counter")
    node = ("node", next(iter(made.model.tape.nodes)))
    panel(made).node_picked.emit(node)
    assert made.model.selection.key == node


def test_a_panel_is_not_made_before_its_package_is_switched_on(window: Callable[..., MainWindow]) -> None:
    made = window("Counter", on=False)
    assert made.plug_ins.panels() == []
    assert "my_package" not in sys.modules
    made.plug_ins.switch_package("my-package", True)
    assert len(made.plug_ins.panels()) == 1
    made.plug_ins.switch_package("my-package", False)
    assert made.plug_ins.panels() == []


def test_a_panel_that_raises_in_paint_becomes_one_bar_and_is_taken_away(
    qtbot: QtBot, window: Callable[[str], MainWindow], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with qtbot.captureExceptions() as raised:  # Qt hands them to Python's hook, which pytest-qt has taken
        made = window("Painter")
        faults = Faults(tmp_path / "faults.log")
        made.faults.watch(faults)
        broken = panel(made)
        made.docks.bring(broken)
        while len(raised) < 60:
            broken.update()
            QApplication.processEvents()
        for _, error, _ in raised:
            faults.take(error)
        faults.tell()
        qtbot.waitUntil(lambda: made.plug_ins.panels() == [])
    assert "painter of my-package failed 3 times and was switched off: ZeroDivisionError: in paint" in made.message.text
    assert (tmp_path / "faults.log").read_text().count("ZeroDivisionError: in paint") == 1
    assert made.isVisible()


def test_a_panel_that_raises_when_it_is_told_is_switched_off_after_three(qtbot: QtBot, window: Callable[[str], MainWindow]) -> None:
    made = window("Moody")
    for position in range(LIMIT + 1):
        made.model.move_to(position)
    qtbot.waitUntil(lambda: made.plug_ins.panels() == [])
    assert "not now" in made.message.text


def test_a_panel_that_holds_the_window_up_is_told_once_with_a_way_to_switch_it_off(
    qtbot: QtBot, window: Callable[[str], MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = window("Counter")
    monkeypatch.setattr(plug_ins, "SLOW", -1.0)
    made.model.move_to(1)
    qtbot.waitUntil(lambda: "The panel counter of my-package took" in made.message.text)
    made.message.clear()
    made.model.move_to(0)
    assert made.message.text == ""
    assert len(made.plug_ins.panels()) == 1


def test_a_moment_is_told_once(window: Callable[[str], MainWindow]) -> None:
    made = window("Counter")
    for position in (0, 0, 1):
        made.model.cursor_moved.emit(position)
    assert panel(made).seen[-2:] == [0, 1]


def test_what_is_no_panel_is_refused_in_words(window: Callable[..., MainWindow]) -> None:
    made = window("NoPanel", on=False)
    made.plug_ins.switch_package("my-package", True)
    assert made.plug_ins.panels() == []
    assert "derives from gradstep.gui.panel.PluginPanel" in made.message.text


def test_a_fault_of_our_own_counts_up_in_one_bar(qtbot: QtBot, window: Callable[[str], MainWindow], tmp_path: Path) -> None:
    made = window("Counter")
    faults = Faults(tmp_path / "faults.log")
    made.faults.watch(faults)

    def wrong() -> None:
        raise ValueError("our own")

    for times in (1, 59):
        for _ in range(times):
            try:
                wrong()
            except ValueError as error:
                faults.take(error)
        faults.tell()
    assert "ValueError: our own" in made.message.text
    assert "60 time" in made.message.text
    assert (tmp_path / "faults.log").read_text().count("ValueError: our own") == 1


def test_the_table_of_plug_ins_switches_packages_and_features(qtbot: QtBot, window: Callable[..., MainWindow]) -> None:
    from PySide6.QtCore import Qt

    made = window("Counter", on=False)
    made.docks.bring(made.panels.plugins)
    tree = made.panels.plugins.findChild(QTreeWidget, "plugins")
    qtbot.waitUntil(lambda: tree.topLevelItemCount() == 2)
    ours, theirs = tree.topLevelItem(0), tree.topLevelItem(1)
    assert ours.text(0).startswith("gradstep")
    assert theirs.text(1) == "What a stranger made"
    theirs.setCheckState(0, Qt.CheckState.Checked)
    qtbot.waitUntil(lambda: len(made.plug_ins.panels()) == 1)
    qtbot.waitUntil(lambda: tree.topLevelItem(1).child(0).text(4) == "on")


def test_safe_mode_is_chosen_after_windows_that_did_not_come_up(window: Callable[[str], MainWindow]) -> None:
    made = window("Counter")
    assert made.plug_ins.begin() == ""
    made.plug_ins.guard.switches.starting()
    again = type(made.plug_ins.guard.switches)(made.plug_ins.guard.switches.file, safe=False)
    assert again.starting()


def pick(qtbot: QtBot, window: MainWindow, page: str) -> Any:
    """The page of a plug-in, in front, over the output of exp."""
    op = next(op for op in window.model.tape.ops.values() if op.name == "exp")
    window.model.select(("op", op.id))
    window.docks.bring(window.panels.tensor)
    viewer = window.panels.tensor.viewer
    qtbot.waitUntil(lambda: viewer.source() is not None)
    viewer.show_page(page)
    return viewer.pages[page]


def test_a_view_is_given_the_plane_that_is_shown(qtbot: QtBot, window: Callable[..., MainWindow]) -> None:
    made = window("Corner", group="gradstep.tensor_views")
    page = pick(qtbot, made, "my-package/tensor_views/corner")
    view = page.findChild(sys.modules["my_package"].Corner)
    qtbot.waitUntil(lambda: hasattr(view, "corner"))
    assert view.corner[0] == (1, 2)
    assert view.corner[1] == pytest.approx(2.718281828, 1e-6)
    made.plug_ins.switch_package("my-package", False)
    assert "my-package/tensor_views/corner" not in made.panels.tensor.viewer.pages


def test_a_view_that_fails_says_so_in_its_page(qtbot: QtBot, window: Callable[..., MainWindow]) -> None:
    made = window("Sick", group="gradstep.tensor_views")
    pick(qtbot, made, "my-package/tensor_views/sick")
    qtbot.waitUntil(lambda: "sick of my-package failed: ArithmeticError: sick" in made.message.text)
