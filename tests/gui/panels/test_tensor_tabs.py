"""A locked tab keeps its value and its moment; a pinned value is compared with whatever is selected; all can be copied."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Meta, Payload, Tensor, Val
from gradstep.gui.models.tensors import Kept, TensorView, tensor_view
from gradstep.gui.panels.tensor_panel import TensorPanel
from gradstep.gui.tensors.sides import Side
from gradstep.gui.tensors.sources import ArraySource
from gradstep.gui.widgets.formats import exact

A = np.arange(12, dtype=np.float32).reshape(3, 4)


def view(value: np.ndarray, label: str = "w.grad", moment: int = 7, before: np.ndarray | None = None) -> TensorView:
    meta = Meta(value.dtype.name, value.shape, "cpu")
    return TensorView(label, Kept.KEPT, Val(1, 0), meta, None, value, before, "before #7", moment=moment)


@pytest.fixture
def panel(qtbot: QtBot) -> TensorPanel:
    panel = TensorPanel()
    qtbot.addWidget(panel)
    panel.resize(344, 600)
    panel.show()
    return panel


def test_a_locked_tab_stays_while_the_first_one_follows(panel: TensorPanel) -> None:
    panel.show_tensor(view(A))
    panel.viewer.range.choose(1.0, 2.0)
    panel.lock()
    panel.show_tensor(view(A * 2, "b.grad", 9))
    assert panel.locked == ["w.grad @7"]
    locked = panel._viewers[1]
    assert panel.current is locked
    assert locked.sides.this is not None
    assert locked.sides.this.near is A
    assert (locked.range.low, locked.range.high) == (1.0, 2.0)
    assert panel.viewer.view.label == "b.grad"
    panel._tabs.setCurrentIndex(0)
    assert panel.current is panel.viewer


def test_the_name_of_a_locked_tab_is_cut_only_where_the_first_tab_would_have_no_room(panel: TensorPanel) -> None:
    panel.show_tensor(view(A, "output of convolution", 911))
    panel.lock()
    assert panel.locked == ["output of convolution @911"]
    assert "\u2026" in panel._tabs.tabText(1)
    assert panel._tabs.tabText(1).endswith("@911")
    assert panel._tabs.tabRect(1).right() <= panel.width()
    panel.resize(600, 600)
    assert panel._tabs.tabText(1) == "output of convolution @911"


def test_tabs_are_closed_one_by_one_and_the_first_one_never(panel: TensorPanel) -> None:
    panel.show_tensor(view(A))
    assert panel._tabs.isHidden()
    panel.lock()
    panel.lock()
    panel.show_tensor(view(A * 2, "b.grad", 9))
    panel.lock()
    assert panel.locked == ["b.grad @9", "w.grad @7", "w.grad @7"]
    panel.unlock(0)
    panel.unlock(2)
    assert panel.locked == ["b.grad @9", "w.grad @7"]
    panel.unlock(1)
    panel.unlock(1)
    assert panel.locked == []
    assert panel._tabs.isHidden()


def test_nothing_can_not_be_locked(panel: TensorPanel) -> None:
    panel.lock()
    assert panel.locked == []


def test_a_pinned_value_is_a_and_what_is_selected_is_b(panel: TensorPanel, qtbot: QtBot) -> None:
    panel.show_tensor(view(A))
    said: list[str] = []
    panel.said.connect(said.append)
    panel.pin()
    assert "A: w.grad @7 is pinned" in said[0]
    changed = A.copy()
    changed[2, 3] = 1
    panel.show_tensor(view(changed, "b.grad", 9))
    bar = panel.viewer.comparison
    assert [button.text() for button in bar._sides.buttons()] == ["B", "A", "A \u2212 B", "A / B"]
    assert bar._largest.text() == "max |A\u2212B| 10 at [2, 3]"
    assert bar._count.text() == "1 of 12 differ"
    with qtbot.waitSignal(panel.cell_picked) as picked:
        bar._largest.click()
    assert picked.args == [(2, 3)]
    bar._sides.button(int(Side.CHANGE)).click()
    source = panel.viewer.source()
    assert source is not None
    assert source.near is not None
    assert np.array_equal(source.near, A - changed)
    bar._sides.button(int(Side.RATIO)).click()
    ratio = panel.viewer.source()
    assert ratio is not None
    assert ratio.near is not None
    assert ratio.near[2, 3] == 11
    bar._unpin.click()
    assert bar.isHidden()


def test_values_of_other_shapes_can_be_looked_at_and_not_subtracted(panel: TensorPanel) -> None:
    panel.show_tensor(view(A))
    panel.pin()
    panel.show_tensor(view(np.ones((5, 6, 7)), "c"))
    bar = panel.viewer.comparison
    assert [button.isEnabled() for button in bar._sides.buttons()] == [True, True, False, False]
    bar._sides.button(int(Side.BEFORE)).click()
    assert panel.viewer.plane.size(A.shape) == (3, 4)
    panel.grab()


def test_a_change_of_one_element_is_found_and_equal_values_are_said(panel: TensorPanel) -> None:
    panel.show_tensor(view(A, before=A.copy()))
    panel.viewer.comparison._sides.button(int(Side.CHANGE)).click()
    assert panel.viewer.comparison._count.text() == "All 12 elements are equal"
    assert panel.viewer.comparison._largest.isHidden()


def entries(panel: TensorPanel) -> dict[str, object]:
    menu = QMenu()
    panel._fill_menu(menu, panel.current)
    return {action.text(): action for action in menu.actions() if action.text()} | {"menu": menu}


def trigger(panel: TensorPanel, text: str) -> None:
    held = entries(panel)
    held[text].trigger()  # type: ignore[attr-defined]


def test_the_plane_is_copied_as_source_text_csv_and_markdown(panel: TensorPanel) -> None:
    value = np.stack([A, A + 0.1]).astype(np.float16)
    panel.show_tensor(view(value))
    panel.viewer.slices.go_to((1, 0, 0))
    trigger(panel, "As NumPy Source")
    text = QGuiApplication.clipboard().text()
    back = eval(text, {"np": np})
    assert back.dtype == np.float16
    assert np.array_equal(back, value[1])
    trigger(panel, "As CSV")
    assert np.array_equal(np.array([line.split(",") for line in QGuiApplication.clipboard().text().split()], np.float16), value[1])
    trigger(panel, "As Markdown Table")
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "|   | 0 | 1 | 2 | 3 |"
    assert len(lines) == 5
    trigger(panel, "As Picture")
    assert not QGuiApplication.clipboard().image().isNull()


def test_what_is_selected_in_the_table_is_copied_alone(panel: TensorPanel) -> None:
    panel.show_tensor(view(A))
    panel.viewer.show_page("table")
    grid = panel.viewer.grid
    grid._anchor, grid._current = (1, 1), (2, 2)
    trigger(panel, "As NumPy Source")
    assert np.array_equal(eval(QGuiApplication.clipboard().text(), {"np": np}), A[1:3, 1:3])


def test_too_much_for_the_clipboard_is_said(panel: TensorPanel) -> None:
    panel.show_tensor(view(np.zeros((1001, 1000), np.int8)))
    said: list[str] = []
    panel.said.connect(said.append)
    trigger(panel, "As CSV")
    assert "too many for the clipboard" in said[0]


def test_exports_name_the_whole_or_the_slice(panel: TensorPanel) -> None:
    wishes: list[object] = []
    panel.export_wished.connect(wishes.append)
    panel.show_tensor(view(A))
    assert not any("Slice" in text for text in entries(panel))
    panel.show_tensor(view(np.zeros((5, 3, 4))))
    panel.viewer.slices.go_to((3, 0, 0))
    trigger(panel, "Whole Value as NumPy (.npy)...")
    trigger(panel, "This Slice as CSV...")
    assert [(wish.form, wish.index) for wish in wishes] == [("npy", None), ("csv", (3, slice(0, 3, 1), slice(0, 4, 1)))]  # type: ignore[attr-defined]
    for wish in wishes:
        wish.source.close()  # type: ignore[attr-defined]


def test_the_moment_of_a_locked_tab_can_be_gone_to(panel: TensorPanel, qtbot: QtBot) -> None:
    panel.show_tensor(view(A))
    panel.lock()
    with qtbot.waitSignal(panel.moment_picked) as picked:
        trigger(panel, "Go to the Moment of This Tab")
    assert picked.args == [7]


def far(folder: Path, value: np.ndarray) -> TensorView:
    writer = Writer(folder / "a.gst")
    writer.write(Tensor(1, Meta(value.dtype.name, value.shape, "cpu"), 1))
    writer.write(Payload(Val(1, 0), value.dtype.name, value.shape, value.tobytes()))
    writer.close()
    tape = Tape.open(folder / "a.gst")
    made = tensor_view(tape, Val(1, 0), "big")
    tape.close()
    return made


def large() -> np.ndarray:
    value = np.random.default_rng(3).normal(size=(1500, 1100)).astype(np.float32)
    value[1234, 567] = -np.inf
    return value


def test_a_large_value_on_a_tape_is_shown_on_every_page_with_exact_figures(panel: TensorPanel, qtbot: QtBot, tmp_path: Path) -> None:
    value = large()
    made = far(tmp_path, value)
    assert made.value is None
    assert made.extent is not None
    panel.show_tensor(made)
    viewer = panel.viewer
    qtbot.waitUntil(lambda: viewer.share == 1 and viewer.heat_map.is_painted)
    text = viewer._statistics.accessibleDescription()
    assert "broken 1 -Inf" in text
    assert viewer._counted.figures.mean == pytest.approx(value[np.isfinite(value)].astype(float).mean())
    viewer.go_to((1499, 1099))
    for page in viewer.pages:
        viewer.show_page(page)
        panel.grab()
    viewer.show_page("table")
    viewer.go_to((1499, 1099))
    qtbot.waitUntil(lambda: viewer.grid.is_painted)
    qtbot.waitUntil(lambda: viewer._readout.text() == f"[1499, 1099]  {exact(value[1499, 1099])}")
    viewer.show_page("histogram")
    qtbot.waitUntil(lambda: int(viewer.histogram.counts.sum()) == value.size - 1)
    viewer.go_to_next_bad()
    qtbot.waitUntil(lambda: viewer._picked == (1234, 567))
    trigger(panel, "As Picture")
    panel.close_sources()


def test_a_large_value_that_was_changed_on_the_disk_is_shown_and_said_to_be_wrong(panel: TensorPanel, qtbot: QtBot, tmp_path: Path) -> None:
    made = far(tmp_path, large())
    assert made.extent is not None
    data = bytearray((tmp_path / "a.gst").read_bytes())
    data[made.extent.offset + 4_000_000] ^= 1
    (tmp_path / "a.gst").write_bytes(data)
    panel.show_tensor(made)
    qtbot.waitUntil(lambda: "fail their checksum" in panel.viewer._progress.text())
    panel.close_sources()


def test_a_large_value_whose_tape_is_gone_says_why_there_is_nothing(panel: TensorPanel, qtbot: QtBot, tmp_path: Path) -> None:
    made = far(tmp_path, large())
    (tmp_path / "a.gst").unlink()
    panel.show_tensor(made)
    qtbot.waitUntil(lambda: panel.viewer._pages_stage.is_empty)
    assert "No such file" in panel.viewer._pages_stage.notice.text()
    panel.close_sources()


def test_two_large_values_are_compared_and_a_third_one_ends_that(panel: TensorPanel, qtbot: QtBot, tmp_path: Path) -> None:
    value = large()
    other = value.copy()
    other[5, 6] += 100
    panel.show_tensor(far(tmp_path, value))
    panel.pin()
    (tmp_path / "b").mkdir()
    panel.show_tensor(far(tmp_path / "b", other))
    bar = panel.viewer.comparison
    qtbot.waitUntil(lambda: bar._count.text() == "1 of 1,650,000 differ")
    assert "at [5, 6]" in bar._largest.text()
    bar._sides.button(int(Side.CHANGE)).click()
    qtbot.waitUntil(lambda: panel.viewer.share == 1)
    panel.show_tensor(view(A))
    panel.show_tensor(None)
    panel.close_sources()


def test_a_program_that_went_away_is_asked_for_nothing_more(panel: TensorPanel) -> None:
    panel.set_live(True)
    wanted: list[object] = []
    panel.value_wanted.connect(wanted.append)
    panel.show_tensor(TensorView("w", Kept.NOT_KEPT, Val(4, 0), Meta("float32", (3, 4), "cpu")))
    assert wanted == [Val(4, 0)]
    panel.lock()
    wanted.clear()
    panel.set_live(False)
    panel.leave_program()
    panel.show_tensor(None)
    panel.set_live(True)
    assert wanted == []
    panel.show_source(Val(4, 0), ArraySource(A))  # of the program before: it comes too late for nobody but the locked tab
    assert panel._viewers[1].sides.this is not None


def test_an_index_is_asked_for_in_the_tab_in_front(panel: TensorPanel, qtbot: QtBot) -> None:
    panel.show_tensor(view(A))
    panel.lock()
    panel.current.activateWindow()
    qtbot.keyClick(panel.current, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(panel.current._index.hasFocus)
    panel.current._index.setText("2, 1")
    panel.current._index.returnPressed.emit()
    assert panel.current._picked == (2, 1)


def test_a_selection_that_is_not_all_here_is_read_and_copied(panel: TensorPanel, qtbot: QtBot) -> None:
    panel.show_tensor(view(A))
    panel.viewer.show_page("table")
    panel.viewer.grid.select_all()
    QGuiApplication.clipboard().setText("")
    with qtbot.waitSignal(panel.said):
        panel.viewer.grid.copy_wished.emit(lambda part: f"{part.shape}: {part.sum():g}")
    assert QGuiApplication.clipboard().text() == "(3, 4): 66"
