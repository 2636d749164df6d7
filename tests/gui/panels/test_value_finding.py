"""Ctrl+F in the tensor panel: what is typed is counted, marked on every page, and walked through by keys."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Meta, Payload, Tensor, Val
from gradstep.gui import theme
from gradstep.gui.models.tensors import Kept, TensorView, tensor_view
from gradstep.gui.panels import value_finding
from gradstep.gui.panels.tensor_panel import TensorPanel
from gradstep.gui.panels.value_finding import ValueFinding
from gradstep.gui.tensors import finding
from gradstep.gui.tensors.sides import Side
from gradstep.gui.widgets.find_strip import in_focus
from gradstep.gui.widgets.room import Room


def numbers() -> np.ndarray:
    """Two planes; 5 at four places, a NaN, an infinity."""
    value = np.zeros((2, 6, 8), np.float32)
    for index in ((0, 1, 2), (0, 4, 7), (1, 0, 0), (1, 5, 5)):
        value[index] = 5.0
    value[0, 3, 3], value[1, 2, 2] = math.nan, -math.inf
    return value


def view(value: np.ndarray, label: str = "w.grad", before: np.ndarray | None = None) -> TensorView:
    return TensorView(label, Kept.KEPT, Val(1, 0), Meta(value.dtype.name, value.shape, "cpu"), None, value, before, "before #7", moment=7)


@pytest.fixture
def panel(qtbot: QtBot) -> TensorPanel:
    panel = TensorPanel()
    qtbot.addWidget(panel)
    panel.resize(420, 700)
    panel.show()
    panel.activateWindow()
    panel.show_tensor(view(numbers()))
    return panel


@pytest.fixture
def find(panel: TensorPanel, qtbot: QtBot) -> ValueFinding:
    panel.start_search()
    qtbot.waitUntil(panel.current.finding.bar.field.hasFocus)
    return panel.current.finding


def element(panel: TensorPanel) -> tuple[int, ...]:
    return panel.current.plane.element(*panel.current._picked)


def test_hits_are_gone_through_in_reading_order_across_slices_and_round_the_end(
    panel: TensorPanel, find: ValueFinding, qtbot: QtBot
) -> None:
    qtbot.keyClicks(find.bar.field, "5")
    assert (element(panel), find.bar.count.text()) == ((0, 1, 2), "1 of 4")
    visited = []
    for _ in range(4):
        qtbot.keyClick(find.bar.field, Qt.Key.Key_Return)
        visited.append((element(panel), find.bar.count.text()))
    assert visited == [((0, 4, 7), "2 of 4"), ((1, 0, 0), "3 of 4"), ((1, 5, 5), "4 of 4"), ((0, 1, 2), "1 of 4")]
    qtbot.keyClick(find.bar.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert (element(panel), panel.current.slices.text()) == ((1, 5, 5), "[1, :, :]")
    panel.find_next()
    panel.find_previous()
    assert element(panel) == (1, 5, 5)
    assert find.bar.field.accessibleDescription() == "4 of 4"


def test_the_way_goes_on_from_where_the_user_clicked(panel: TensorPanel, find: ValueFinding) -> None:
    find.bar.field.setText("5")
    panel.current.go_to((1, 2, 0))
    panel.find_next()
    assert element(panel) == (1, 5, 5)


def test_typing_on_stays_at_what_is_found_already(panel: TensorPanel, find: ValueFinding) -> None:
    panel.current.go_to((0, 4, 7))
    for text in ("5", "5.", "5.0", "5.0 or nan"):
        find.bar.field.setText(text)
        assert element(panel) == (0, 4, 7)
    assert find.bar.count.text() == "3 of 5"


@pytest.mark.parametrize(
    ("text", "count"),
    [("nan", "1 of 1"), ("inf", "1 of 1"), ("abs > 4", "1 of 5"), ("max", "1 of 4"), ("min", "1 of 90"), ("7", "Nothing found"), ("", "")],
)
def test_the_count_is_said(panel: TensorPanel, find: ValueFinding, text: str, count: str) -> None:
    find.bar.field.setText(text)
    assert find.bar.count.text() == count
    assert find.bar._wrong.isHidden()


def test_what_is_wrong_is_said_under_the_field_and_goes_when_it_is_right(panel: TensorPanel, find: ValueFinding) -> None:
    find.bar.field.setText("1..0")
    assert "0..1" in find.bar._wrong.text()
    assert find.bar._wrong.isVisible()
    assert "0..1" in find.bar.field.accessibleDescription()
    find.bar.field.setText("imag > 0")
    assert "complex" in find.bar._wrong.text()
    find.bar.field.setText("0..1")
    assert find.bar._wrong.isHidden()


def dark_pixels(image: QImage, rect: tuple[int, int, int, int]) -> int:
    text = theme.current().text.rgb()
    left, top, width, height = rect
    return sum(QColor(image.pixel(x, y)).rgb() == text for x in range(left, left + width) for y in range(top, top + height))


def test_hits_are_framed_in_the_heat_map_and_no_more_when_it_is_closed(panel: TensorPanel, find: ValueFinding, qtbot: QtBot) -> None:
    heat_map = panel.current.heat_map
    before = heat_map.image()
    find.bar.field.setText("5")
    image = heat_map.image()
    across, down = image.width() / 8, image.height() / 6

    def cell(row: int, column: int) -> tuple[int, int, int, int]:
        return int(column * across), int(row * down), int(across), int(down)

    assert dark_pixels(image, cell(1, 2)) > 20
    assert dark_pixels(image, cell(4, 7)) > 20
    assert dark_pixels(image, cell(1, 5)) == 0
    panel.current.go_to((1, 5, 5))
    other = heat_map.image()
    assert dark_pixels(other, cell(0, 0)) > 20
    assert dark_pixels(other, cell(1, 2)) == 0
    panel.current.go_to((0, 1, 2))
    qtbot.keyClick(find.bar.field, Qt.Key.Key_Escape)
    assert find.bar.isHidden()
    assert heat_map.image() == before


def test_hits_are_framed_in_the_table(panel: TensorPanel, find: ValueFinding) -> None:
    panel.current.show_page("table")
    find.bar.field.setText("5")
    grid = panel.current.grid
    marked = grid._hits
    assert marked is not None
    assert np.argwhere(marked(numbers()[0])).tolist() == [[1, 2], [4, 7]]
    grid.go_to(0, 0)
    with_marks = grid.grab().toImage()
    find.bar.field.setText("")
    assert grid.grab().toImage() != with_marks


def test_hits_are_framed_in_a_picture_whichever_channel_has_them(panel: TensorPanel, find: ValueFinding) -> None:
    value = np.zeros((3, 6, 8), np.float32)
    value[2, 4, 1] = 5.0
    panel.show_tensor(view(value))
    panel.current.show_page("picture")
    plain = panel.current.image.grab().toImage()
    find.bar.field.setText("5")
    image = panel.current.image
    assert image._hits is not None
    assert np.argwhere(image._hits).tolist() == [[4, 1]]
    assert image._current == (4, 1)
    assert image.grab().toImage() != plain


def test_another_value_is_searched_for_the_same_without_moving(panel: TensorPanel, find: ValueFinding) -> None:
    find.bar.field.setText("5")
    panel.current.go_to((0, 0, 0))
    other = numbers()
    other[0, 0, 1] = 5.0
    panel.show_tensor(view(other, "b.grad"))
    assert (element(panel), find.bar.count.text()) == ((0, 0, 0), "5 found")
    panel.show_tensor(None)
    assert find.bar.count.text() == ""
    panel.show_tensor(view(numbers()))
    panel.find_next()
    assert find.bar.count.text() == "1 of 4"


def test_what_is_shown_is_searched_also_where_it_is_the_change(panel: TensorPanel, find: ValueFinding) -> None:
    before = np.zeros((4, 4), np.float32)
    after = before.copy()
    after[3, 1] = 0.25
    panel.show_tensor(view(after, before=before))
    find.bar.field.setText("abs > 0.2")
    assert find.bar.count.text() == "1 of 1"
    panel.current._choose_side(Side.BEFORE)
    assert find.bar.count.text() == "Nothing found"
    panel.current._choose_side(Side.CHANGE)
    assert find.bar.count.text() == "1 found"


@pytest.mark.parametrize(
    ("value", "text", "count"),
    [
        (np.float32(3.5).reshape(()), "3.5", "1 of 1"),
        (np.zeros((0, 3), np.float32), "0", "Nothing found"),
        (np.array([True, False]), "true", "1 of 1"),
        (np.array([1 + 2j, 3 - 1j]), "imag < 0", "1 of 1"),
        (np.array([[2**62]]), str(2**62), "1 of 1"),
    ],
)
def test_values_of_every_kind(panel: TensorPanel, find: ValueFinding, value: np.ndarray, text: str, count: str) -> None:
    panel.show_tensor(view(value))
    find.bar.field.setText(text)
    assert find.bar.count.text() == count


def test_a_value_that_is_not_there_is_not_searched(panel: TensorPanel, find: ValueFinding) -> None:
    panel.show_tensor(TensorView("w", Kept.NOT_KEPT, Val(2, 0)))
    find.bar.field.setText("5")
    assert "no numbers here" in find.bar._wrong.text()


def test_keys_of_the_window_reach_it_wherever_the_focus_is_in_the_panel(panel: TensorPanel) -> None:
    for wish, does in (("start_search", panel.start_search), ("find_next", panel.find_next), ("find_previous", panel.find_previous)):
        assert in_focus(panel.current.heat_map, wish) == does
        assert in_focus(panel.current.finding.bar.field, wish) == does


def test_the_row_is_seen_in_a_panel_that_is_scrolled(qtbot: QtBot) -> None:
    panel = TensorPanel()
    room = Room(panel)
    qtbot.addWidget(room)
    room.resize(340, 170)
    room.show()
    room.activateWindow()
    panel.show_tensor(view(np.zeros((3, 4, 5, 6), np.float32)))
    panel.start_search()
    bar = panel.current.finding.bar
    qtbot.waitUntil(bar.field.hasFocus)
    qtbot.waitUntil(lambda: room.verticalScrollBar().maximum() > 0)
    for text in ("0", "1..0"):
        bar.field.setText(text)
        qtbot.waitUntil(lambda: room.viewport().rect().contains(QRect(bar.mapTo(room.viewport(), QPoint()), bar.size())))


def test_a_large_value_of_a_tape_is_searched_with_progress_and_can_be_stopped(
    panel: TensorPanel, find: ValueFinding, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "PIECE", 1 << 16)  # many small pieces: it takes long enough to be stopped, however fast the machine
    value = np.zeros((10_000, 10_000), np.int8)
    value[0, 3] = value[9_999, 9_999] = 1
    writer = Writer(tmp_path / "a.gst")
    writer.write(Tensor(1, Meta("int8", value.shape, "cpu"), 1))
    writer.write(Payload(Val(1, 0), "int8", value.shape, value.tobytes()))
    writer.close()
    del value
    tape = Tape.open(tmp_path / "a.gst")
    monkeypatch.setattr(value_finding, "PATIENCE", 0)
    panel.show_tensor(tensor_view(tape, Val(1, 0), "w"))
    find._patience.setInterval(0)
    find.bar.field.setText("1")
    qtbot.waitUntil(lambda: element(panel) == (0, 3))
    qtbot.waitUntil(find.bar._stop.isVisible)
    assert "searched" in find.bar.count.text()
    panel.find_previous()
    qtbot.waitUntil(lambda: element(panel) == (9_999, 9_999))
    find.bar._stop.click()
    assert "stopped at" in find.bar.count.text()
    assert find.bar._stop.isHidden()
    find.bar.field.setText("1.0")
    qtbot.waitUntil(lambda: find.hunt is not None and find.hunt.is_over, timeout=60_000)
    assert find.bar.count.text() == "2 of 2"
    panel.close_sources()
    tape.close()
    QApplication.processEvents()
