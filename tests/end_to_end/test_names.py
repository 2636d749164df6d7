"""F2 gives what is selected a name of the user's own; it is seen wherever the thing is, and is there when it is opened again."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QWidget
from pytestqt.qtbot import QtBot

from gradstep.gui.files.export import export_canvas
from gradstep.gui.files.settings import throwaway
from gradstep.gui.models.everywhere import search
from gradstep.gui.panels.event_filter import parse
from gradstep.plugins.exporters import dot
from gradstep.plugins.exporters.facts import plain

from .conftest import LONG, Driver, make

SCRIPT = """
import torch
class Gate(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(3, 3)
    def forward(self, x):
        return torch.sigmoid(self.inner(x)) * 2
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = Gate()
    def forward(self, x):
        return self.gate(x) * x
net = Net()
loss = net(torch.ones(2, 3)).sum()
loss.backward()
"""


def type_name(driver: Driver, focus: QWidget, words: str) -> None:
    """Press F2 where the focus is, and type."""
    focus.setFocus()
    driver.press("name")
    field = driver.window.naming._field
    assert field.isVisible()
    field.field.setText(words)
    QTest.keyClick(field.field, Qt.Key.Key_Return)
    assert field.isHidden()


def opened(driver: Driver) -> None:
    """The script stands before its first node, which is selected: from now on nothing is selected but by us."""
    driver.open(driver.script(SCRIPT))
    rests(driver)


def rests(driver: Driver) -> None:
    """The node that the program stands before is selected."""
    driver.until(lambda: driver.window.model.selection.key == ("node", driver.stops[-1].node))


def labels(driver: Driver) -> list[tuple[str, str]]:
    """What stands on the boxes."""
    scene = driver.window.canvas.scene
    assert scene is not None
    return [(style.label, style.detail) for style in scene.styles]


def test_a_node_is_named_and_the_name_is_everywhere_with_its_own_behind_it(driver: Driver) -> None:
    opened(driver)
    window = driver.window
    key = ("node", driver.node("SigmoidBackward0"))
    window.model.select(key)
    type_name(driver, window.canvas, "  squash  it ")
    driver.until(lambda: any(label == "squash it" for label, _ in labels(driver)))
    assert ("squash it", "Sigmoid \u00b7 2\u00d73") in labels(driver)
    assert "squash it (SigmoidBackward0)" in window.canvas.card(key)
    window.presenter.show_now()
    assert window.panels.step._name.text() == "squash it"
    assert window.panels.step._module.text().startswith("SigmoidBackward0  ")
    window.panels.events.select(key)
    reader = window.model.reader
    assert reader is not None
    assert any(hit is not None and hit.text.startswith("squash it") and hit.key == key for hit in search("squash", reader))
    facts = window.reading.colouring.board().facts(key)
    assert parse("squash").matches(facts)
    assert facts.op == "Sigmoid"
    window.reading.finder.find("squash")
    assert window.reading.finder._results.keys == (key,)
    choices = [choice.text for choice in window.around.quick_open._all()]
    assert "squash it (SigmoidBackward0)" in choices
    whole = window.graphs.whole()
    assert 'label="squash it\\nSigmoid' in dot.text(whole)
    assert plain(whole).nodes[f"node{key[1]}"]["given"] == "squash it"
    export_canvas(window.canvas, driver.folder / "graph.svg", whole=True)
    assert ">squash it<" in (driver.folder / "graph.svg").read_text(encoding="utf-8").replace(" <", "<")


def test_the_rows_of_the_events_say_it_and_f2_works_there(driver: Driver) -> None:
    opened(driver)
    window = driver.window
    key = ("node", driver.node("SumBackward0"))
    driver.step()
    rests(driver)
    events = window.panels.events

    def chosen() -> bool:
        window.model.select(key)  # the node that is current now may be selected once more when the tape has come so far
        return events.key_to_name() == key

    driver.qtbot.waitUntil(chosen, timeout=LONG)
    row = events.model.row(events.tree.currentIndex())
    assert row is not None
    type_name(driver, events.tree, "the end")
    assert events.model.facts(row).name == "the end  SumBackward0"
    driver.until(driver.window.actions_["undo"].isEnabled)
    driver.press("undo")
    assert events.model.facts(row).name == "SumBackward0"
    driver.until(driver.window.actions_["redo"].isEnabled)
    driver.press("redo")
    assert events.model.facts(row).name == "the end  SumBackward0"
    driver.qtbot.waitUntil(chosen, timeout=LONG)
    type_name(driver, events.tree, "")
    assert events.model.facts(row).name == "SumBackward0"


def test_a_parameter_is_named_by_its_accumulate_grad_and_by_its_value(driver: Driver) -> None:
    opened(driver)
    window = driver.window
    tape = window.model.tape
    assert tape is not None
    weight = next(number for number, tensor in tape.tensors.items() if tensor.name == "gate.inner.weight")
    node = next(number for number, noun in tape.nodes.items() if noun.variable == weight)
    window.model.select(("node", node))
    type_name(driver, window.panels.step, "big W")
    assert window.naming._known(("leaf", weight)) is not None
    driver.until(lambda: any(label == "big W" for label, _ in labels(driver)))
    assert "AccumulateGrad big W (gate.inner.weight)" in window.canvas.card(("node", node))
    driver.finish()
    window.docks.bring(window.panels.tensor)

    def shown() -> bool:
        window.model.select(("node", node))
        return window.panels.tensor.viewer.view.label.startswith("big W")

    driver.qtbot.waitUntil(shown, timeout=LONG)
    type_name(driver, window.panels.tensor.viewer.heat_map, "the gradient")  # of the tensor that is shown
    driver.until(lambda: window.panels.tensor.viewer.view.val is not None)
    assert [named.words for named in window.notes.names] == ["big W", "the gradient"]


def test_a_folded_group_is_named_and_says_what_it_is(driver: Driver) -> None:
    opened(driver)
    window = driver.window
    groups = window.canvas.graph.graph["groups"]
    name = next(name for name, facts in groups.items() if facts["label"] == "gate")
    window.model.select(None)
    window.canvas.fold_wished.emit(name, False)
    driver.until(lambda: ("group", name) in window.canvas.graph)
    window.canvas.select(("group", name))
    type_name(driver, window.canvas, "my gate")
    driver.until(lambda: window.canvas.graph.nodes[("group", name)].get("given") == "my gate")
    assert any(label == "my gate" for label, _ in labels(driver))
    window.canvas.fold_wished.emit(name, True)
    driver.until(lambda: ("group", name) not in window.canvas.graph)
    scene = window.canvas.scene
    assert scene is not None
    assert "my gate (gate)" in scene.groups.titles


def test_names_are_there_when_the_script_is_run_again_and_opened_in_another_window(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    settings = throwaway()
    first = Driver(qtbot, make(qtbot, settings), tmp_path)
    file = first.script(SCRIPT)
    first.open(file)
    rests(first)
    first.window.model.select(("node", first.node("SigmoidBackward0")))
    type_name(first, first.window.canvas, "squash")
    first.step("restart")
    first.until(lambda: any(label == "squash" for label, _ in labels(first)))
    first.window.close()
    second = Driver(qtbot, make(qtbot, settings), tmp_path)
    second.open(file)
    second.until(lambda: any(label == "squash" for label, _ in labels(second)))
    second.window.close()
    changed = SCRIPT.replace("torch.sigmoid(self.inner(x))", "torch.tanh(self.inner(x))")
    third = Driver(qtbot, make(qtbot, settings), tmp_path)
    third.open(third.script(changed))
    third.until(lambda: any(label == "Tanh" for label, _ in labels(third)))  # another op stands there now: the name is not its
    assert not any(label == "squash" for label, _ in labels(third))
    third.window.close()


def test_escape_and_going_elsewhere_leave_the_name_as_it_was(driver: Driver) -> None:
    opened(driver)
    window = driver.window
    window.model.select(("node", driver.node("SigmoidBackward0")))
    window.activateWindow()
    window.canvas.setFocus()
    driver.until(window.canvas.hasFocus)
    driver.press("name")
    field = window.naming._field
    field.field.setText("never")
    QTest.keyClick(field.field, Qt.Key.Key_Escape)
    assert field.isHidden()
    assert window.canvas.hasFocus()
    driver.press("name")
    window.panels.events.tree.setFocus()
    driver.until(field.isHidden)
    assert window.notes.names == ()


def test_the_menu_of_a_node_offers_it(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    offered: list[list[str]] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, _: offered.append([action.text() for action in menu.actions()]))
    opened(driver)
    window = driver.window
    key = ("node", driver.node("SigmoidBackward0"))
    window.node_menu.pop_up(key, QPoint())
    assert window.actions_["name"].text() in offered[0]
    assert window.model.selection.key == key
