"""The user chooses among the layouts that are switched on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from gradstep.engine.extensions.catalogue import features
from gradstep.engine.extensions.guard import LIMIT, Guard, PluginError
from gradstep.engine.extensions.switches import Switches
from gradstep.gui.graph import layouts
from gradstep.gui.graph.layout_menu import LayoutMenu

from ...strangers import install
from ..looked import looked_at, network

SOURCE = """
def line(graph, sizes):
    return {key: (0.0, 200.0 * place) for place, key in enumerate(graph)}
"""


@pytest.fixture
def guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guard]:
    """A stranger's package with two layouts, one of which is not there; off."""
    install(tmp_path, SOURCE, {layouts.GROUP: {"line": "my_package:line", "lost": "my_package:lost"}})
    monkeypatch.syspath_prepend(str(tmp_path))
    yield Guard(Switches(tmp_path / "plugins.json", safe=False))
    sys.modules.pop("my_package", None)


def entry(menu: LayoutMenu, name: str) -> QAction:
    return next(action for action in menu.actions() if action.data() == name)


def test_every_layout_of_ours_has_an_entry_and_one_is_ticked(qtbot: QtBot) -> None:
    menu = LayoutMenu()
    qtbot.addWidget(menu)
    assert [action.data() for action in menu.actions()] == layouts.names()
    assert [action.data() for action in menu.actions() if action.isChecked()] == [layouts.DEFAULT]
    assert all(action.text() and action.statusTip() for action in menu.actions())


def test_choosing_one_says_so(qtbot: QtBot) -> None:
    menu = LayoutMenu()
    qtbot.addWidget(menu)
    with qtbot.waitSignal(menu.chosen) as chosen:
        entry(menu, "multipartite").trigger()
    assert chosen.args == ["multipartite"]
    menu.show_chosen(layouts.DEFAULT)
    assert not entry(menu, "multipartite").isChecked()


def test_a_strangers_layout_is_offered_when_it_is_switched_on_and_no_longer_when_it_is_off(qtbot: QtBot, guard: Guard) -> None:
    menu = LayoutMenu(guard)
    qtbot.addWidget(menu)
    assert "line" not in [action.data() for action in menu.actions()]
    guard.switches.switch_package("my-package", True)
    menu.aboutToShow.emit()
    assert "my-package" in entry(menu, "line").statusTip()
    menu.show_chosen("line")
    guard.switches.switch_package("my-package", False)
    menu.aboutToShow.emit()
    assert "line" not in [action.data() for action in menu.actions()]


def test_a_strangers_layout_draws_the_graph_through_the_guard(qtbot: QtBot, guard: Guard) -> None:
    looked = looked_at(qtbot, network())
    looked.graphs.guard = guard
    with qtbot.waitSignal(looked.graphs.refused) as refused:
        looked.graphs.choose_layout("line")
    assert "off until you switch it on" in refused.args[0]
    guard.switches.switch_package("my-package", True)
    looked.graphs.choose_layout("line")
    scene = looked.canvas.scene
    assert scene is not None
    boxes = scene.x[[scene.node.tolist().index(node) for node in range(len(scene.keys)) if scene.keys[node][0] == "node"]]  # type: ignore[index]
    assert len(set(boxes.tolist())) < len(boxes)
    assert guard.records["my-package/layouts/line"].calls == 1


def test_a_layout_that_cannot_be_loaded_is_told_and_the_third_time_it_is_off(qtbot: QtBot, guard: Guard) -> None:
    looked = looked_at(qtbot, network())
    looked.graphs.guard = guard
    guard.switches.switch_package("my-package", True)
    said: list[str] = []
    looked.graphs.refused.connect(said.append)
    for _ in range(LIMIT):
        looked.graphs.choose_layout("lost")
    assert all("AttributeError" in sentence for sentence in said)
    assert "lost" not in layouts.names(guard)
    assert looked.canvas.scene is not None


def test_what_fails_in_the_process_beside_the_window_is_counted_of_strangers_alone(guard: Guard) -> None:
    guard.switches.switch_package("my-package", True)
    for name in ("line", "dot"):
        for _ in range(LIMIT):
            layouts.count_failure(name, "ValueError: no", guard)
    assert "line" not in layouts.names(guard)
    assert "dot" in layouts.names(guard)


def test_the_default_is_there_whatever_is_switched_off(guard: Guard) -> None:
    for feature in features(layouts.GROUP):
        guard.switches.switch(feature, False)
    assert layouts.names(guard) == [layouts.DEFAULT]
    assert callable(layouts.layout(layouts.DEFAULT, guard))
    with pytest.raises(PluginError, match="switched off"):
        layouts.layout("multipartite", guard)
