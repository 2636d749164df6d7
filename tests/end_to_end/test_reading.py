"""Reading the graph of a real program: colours while stepping, search, paths, forward beside backward, find everywhere."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gradstep.gui.models.node_facts import Fact

from .conftest import Driver

NET = """
import torch
from torch import nn
model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
print("net is ready")
loss = model(torch.ones(2, 3)).pow(2).mean()
loss.backward()
"""


def test_the_norms_of_gradients_appear_while_stepping(driver: Driver) -> None:
    driver.open(driver.script(NET))
    window = driver.window
    window.actions_["colour_norm"].trigger()
    assert window.page.bar.colours.currentText() == "Gradient norm"
    reading = window.canvas.reading

    def coloured() -> int:
        assert reading.dress is not None
        return int((reading.dress.place >= 0).sum())

    counts = [coloured()]
    for _ in range(3):
        driver.step()
        counts.append(coloured())
    assert counts == sorted(set(counts))
    driver.press("first_event")
    assert coloured() < counts[-1]
    window.actions_["colour_kind"].trigger()
    assert reading.legend is None
    assert [fact for fact in Fact if window.actions_[fact.value].isChecked()] == [Fact.KIND]


def test_the_choice_of_colours_is_kept(driver: Driver) -> None:
    driver.open(driver.script(NET))
    driver.window.actions_["colour_module"].trigger()
    assert driver.window.settings.value("graph/colour") == "colour_module"
    legend = driver.window.canvas.reading.legend
    assert legend is not None
    assert [chip.text for chip in legend.chips] == ["0", "1", "2"]


def test_ctrl_f_finds_in_the_graph_or_in_the_panel_with_the_focus(driver: Driver) -> None:
    driver.open(driver.script(NET))
    window = driver.window
    window.activateWindow()
    driver.until(window.isActiveWindow)
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window.page.search.isVisible()
    QTest.keyClicks(window.page.search.field, "addmm")
    window.actions_["find_next"].trigger()
    first = window.model.selection.key
    window.actions_["find_next"].trigger()
    assert window.model.selection.key != first
    window.actions_["find_previous"].trigger()
    assert window.model.selection.key == first
    window.panels.events.tree.setFocus()
    window.actions_["find"].trigger()
    assert window.panels.events.field.hasFocus()


def test_the_path_to_the_loss_is_shown_and_escape_puts_it_away(driver: Driver) -> None:
    driver.open(driver.script(NET))
    window = driver.window
    window.model.select(("node", driver.node("TanhBackward0")))
    driver.until(window.actions_["way_to_loss"].isEnabled)
    driver.press("way_to_loss")
    assert "path to the loss: 3 steps" in window.status.currentMessage()
    assert len(window.canvas.reading.lights.way) == 3
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert not len(window.canvas.reading.lights.way)


def test_forward_stands_beside_backward_and_follows_the_steps(driver: Driver) -> None:
    driver.open(driver.script(NET))
    window = driver.window
    driver.press("beside_graphs")
    beside = window.page.beside
    assert beside.isVisible()
    assert {key[0] for key in beside.graph} == {"op", "leaf"}
    driver.step()
    current = window.model.current_node
    assert current is not None
    tape = window.model.tape
    assert tape is not None
    assert beside.current_key == ("op", tape.nodes[current].op)
    driver.press("backward_graph")
    assert not beside.isVisible()


def test_find_everywhere_finds_nodes_lines_and_output(driver: Driver) -> None:
    driver.open(driver.script(NET))
    window = driver.window
    driver.press("find_everywhere")
    panel = window.panels.find
    assert panel.isVisible()
    driver.until(lambda: "net is ready" in window.panels.output.text())
    panel.field.setText("net is")
    driver.until(lambda: panel.tree.topLevelItemCount() == 2 and not window.everywhere.is_busy)
    heads = [panel.tree.topLevelItem(place).text(0).rpartition("  ")[0] for place in range(2)]  # type: ignore[union-attr]
    assert heads == ["Source lines", "Output"]


def test_a_step_shows_its_gradients_on_their_way(driver: Driver) -> None:
    driver.open(driver.script(NET))
    flows = driver.window.canvas.reading
    seen: list[list[int]] = []
    flows.flowed.connect(seen.append)
    driver.step()
    driver.until(lambda: bool(seen))
    driver.window.actions_["flow_on_edges"].trigger()
    assert not flows.flowing.wanted
