"""The tensor panel shows any value in three ways, what stood there before, and says why it shows nothing."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gradstep.engine.tape.schema import Meta, Val
from gradstep.gui.models.tensors import Array, Kept, TensorView, statistics
from gradstep.gui.panels.tensor_panel import TensorPanel
from gradstep.gui.panels.tensor_viewer import TensorViewer
from gradstep.gui.tensors.sides import Side
from gradstep.gui.tensors.sources import ArraySource
from gradstep.gui.theme import LIGHT, apply

VAL = Val(7, 2)


def view(value: Array, before: Array | None = None, kept: Kept = Kept.KEPT) -> TensorView:
    meta = Meta(value.dtype.name, value.shape, "cpu")
    return TensorView("w.grad", kept, VAL, meta, statistics(value, VAL), value if kept is Kept.KEPT else None, before, "before #9")


@pytest.fixture
def panel(qtbot: QtBot) -> TensorViewer:
    panel = TensorViewer()
    qtbot.addWidget(panel)
    panel.resize(320, 600)
    panel.show()
    return panel


def numbers(panel: TensorViewer) -> list[list[float]]:
    """The plane that is shown."""
    assert panel._pages is not None
    rows, columns = panel._pages.shape
    block = panel._pages.block(0, rows, 0, columns)
    assert block is not None
    return block.tolist()


SHAPES = [(), (1,), (7,), (0,), (3, 0), (1, 1), (4, 5), (2, 3, 4), (2, 1, 3, 2, 2)]
DTYPES = ["bool", "uint8", "int16", "int64", "float16", "float32", "float64", "complex64", "complex128"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_dtype_and_shape_is_shown_on_every_page(panel: TensorViewer, dtype: str, shape: tuple[int, ...]) -> None:
    value = np.asarray(np.random.default_rng(0).normal(size=shape) * 3).astype(dtype)
    panel.show_tensor(view(value, value))
    for page in range(5):
        panel._tabs.setCurrentIndex(page)
        panel.grab()
    panel._choose_side(Side.CHANGE)
    panel.grab()
    assert panel._pages_stage.is_empty == (value.size < 2)


def test_nothing_selected_is_said(panel: TensorViewer) -> None:
    panel.show_tensor(None)
    assert "Nothing is selected" in panel.stage.notice.text()


def test_the_range_of_a_picture_is_one_of_brightness_and_that_of_a_heat_map_one_of_colours(panel: TensorViewer) -> None:
    panel.show_tensor(view(np.random.default_rng(0).normal(size=(3, 8, 8))))
    panel.show_page("heat map")
    assert not panel.range_bar._bar.grey
    panel.show_page("picture")
    assert panel.range_bar._bar.grey
    panel.show_page("table")
    assert not panel.range_bar._bar.grey


def test_a_histogram_counts_in_words_that_can_be_read(panel: TensorViewer) -> None:
    panel.histogram.show_counts(np.array([32_000, 768]), 0.0, 1.0, 0, 1.0)
    assert panel.histogram._note.text() == "32,768 finite numbers; most, 32,000, between 0 and 0.5."


def test_a_value_that_was_not_kept_offers_three_ways_to_it(panel: TensorViewer, qtbot: QtBot) -> None:
    panel.set_live(True)
    panel.show_tensor(view(np.ones((2, 2)), kept=Kept.NOT_KEPT))
    qtbot.waitUntil(lambda: panel._pages_stage.is_empty)  # the program is waited for first
    assert panel._pages_stage.notice.text() == "Values of this tensor were not kept. Statistics are exact."
    ask, capture, rerun = panel._pages_stage.notice.buttons()
    with qtbot.waitSignal(panel.value_wanted) as wanted:
        ask.click()
    assert wanted.args == [VAL]
    with qtbot.waitSignal(panel.capture_wished):
        capture.click()
    with qtbot.waitSignal(panel.rerun_wished):
        rerun.click()
    panel.show_source(VAL, ArraySource(np.ones((2, 2))))
    assert not panel._pages_stage.is_empty


def test_a_value_that_comes_too_late_is_not_shown(panel: TensorViewer) -> None:
    panel.show_tensor(view(np.ones((2, 2)), kept=Kept.NOT_KEPT))
    panel.show_source(Val(99, 0), ArraySource(np.ones((2, 2))))
    assert panel._pages_stage.is_empty


def test_an_undefined_gradient_is_explained(panel: TensorViewer) -> None:
    panel.show_tensor(TensorView("grad", Kept.UNDEFINED))
    assert "undefined (None)" in panel._pages_stage.notice.text()


def test_holding_b_shows_what_stood_there_before(panel: TensorViewer, qtbot: QtBot) -> None:
    after, before = np.full((2, 2), 3.0), np.full((2, 2), 1.0)
    panel.show_tensor(view(after, before))
    panel.setFocus()
    qtbot.keyPress(panel, Qt.Key.Key_B)
    assert panel.side is Side.BEFORE
    assert numbers(panel) == before.tolist()
    qtbot.keyRelease(panel, Qt.Key.Key_B)
    assert panel.side is Side.AFTER
    panel._choose_side(Side.CHANGE)
    assert numbers(panel) == [[2.0, 2.0], [2.0, 2.0]]


def test_next_bad_goes_through_all_of_them_and_round(panel: TensorViewer, qtbot: QtBot) -> None:
    value = np.zeros((3, 4, 5), np.float32)
    value[1, 2, 3], value[2, 0, 1] = np.nan, -np.inf
    panel.show_tensor(view(value))
    seen = []
    panel.cell_picked.connect(seen.append)
    for expected in ((1, 2, 3), (2, 0, 1), (1, 2, 3)):
        panel.go_to_next_bad()
        assert seen[-1] == expected
    assert panel.slices.text() == "[1, :, :]"


def test_other_dimensions_can_be_rows_and_columns(panel: TensorViewer) -> None:
    value = np.arange(24).reshape(2, 3, 4)
    panel.show_tensor(view(value))
    panel.slices._rows.setCurrentIndex(panel.slices._rows.findData(0))
    panel.slices._chosen()
    panel.slices._set(1, 2)
    assert panel.slices.text() == "[:, 2, :]"
    assert numbers(panel) == value[:, 2, :].tolist()
    panel.slices._columns.setCurrentIndex(panel.slices._columns.findData(1))
    panel.slices._chosen()
    assert numbers(panel) == value[:, :, 0].tolist()
    panel.slices._columns.setCurrentIndex(panel.slices._columns.findData(0))
    panel.slices._chosen()
    assert numbers(panel) == value[:, :, 0].T.tolist()


def test_a_range_that_was_chosen_stays_and_autofit_lets_it_go(panel: TensorViewer) -> None:
    panel.show_tensor(view(np.linspace(0, 1, 100).reshape(10, 10)))
    panel.range.choose(0.25, 0.5)
    panel.show_tensor(view(np.linspace(0, 9, 100).reshape(10, 10)))
    assert (panel.range.low, panel.range.high) == (0.25, 0.5)
    panel.range_bar._fit.click()
    assert 8 < panel.range.high < 9
    panel.show_tensor(view(np.linspace(0, 90, 100).reshape(10, 10)))
    assert panel.range.high < 9
    panel.range_bar._fit.customContextMenuRequested.emit(panel.range_bar.pos())
    assert panel.range.high > 80
    panel.show_tensor(view(np.linspace(0, 900, 100).reshape(10, 10)))
    assert panel.range.high > 800


def test_one_nan_of_six_million_numbers_is_seen_in_the_heat_map(panel: TensorViewer) -> None:
    value = np.zeros((2000, 3000), np.float32)
    value[777, 1234] = np.nan
    panel.show_tensor(view(value))
    image = panel.heat_map.grab().toImage()
    red = [
        (x, y) for x in range(image.width()) for y in range(image.height())
        if image.pixelColor(x, y).red() > 180 and image.pixelColor(x, y).green() < 80
    ]  # fmt: skip
    assert red
    x, y = red[0]
    assert abs(x / image.width() - 1234 / 3000) < 0.03
    assert abs(y / image.height() - 777 / 2000) < 0.03


@pytest.mark.parametrize(("scale", "high"), [(1.5, 390), (2.0, 300)])
def test_large_letters_in_a_low_dock_leave_the_heat_map_room(panel: TensorViewer, qapp: QApplication, scale: float, high: int) -> None:
    apply(qapp, LIGHT, scale)
    try:
        panel.resize(400, high)
        panel.show_tensor(view(np.eye(6, dtype=np.float32)))
        panel.grab()
        assert panel.heat_map.height() >= 70 * scale
        assert panel._statistics.accessibleDescription().startswith("shape")
        assert "min" not in panel._statistics.accessibleDescription()
    finally:
        apply(qapp, LIGHT)
    panel.resize(400, 600)
    panel.grab()
    assert "min" in panel._statistics.accessibleDescription()


def test_of_a_recorded_tape_nothing_is_offered_that_needs_a_program(qtbot: QtBot) -> None:
    panel = TensorPanel()
    qtbot.addWidget(panel)
    notice = panel.viewer._pages_stage.notice
    panel.show_tensor(view(np.ones((2, 2)), kept=Kept.NOT_KEPT))
    assert [button.text() for button in notice.buttons()] == ["Capture it from now on", "Rerun with values"]
    panel.set_program(False)
    panel.show_tensor(view(np.ones((3, 2)), kept=Kept.NOT_KEPT))
    assert notice.buttons() == []
    assert "not kept" in notice.text()
