"""The grid shows numbers exactly, copies what it shows, and goes where it is told."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gradstep.gui import theme
from gradstep.gui.widgets.grid import Array, NumberGrid, heat_colours


@pytest.fixture
def grid(qtbot: QtBot, qapp: QApplication) -> NumberGrid:
    theme.apply(qapp, theme.LIGHT)
    grid = NumberGrid()
    qtbot.addWidget(grid)
    grid.resize(400, 300)
    grid.show_array(np.arange(12, dtype=np.float32).reshape(3, 4) / 3)
    grid.show()
    return grid


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


@pytest.mark.parametrize(
    "array",
    [
        np.array([[0.1, -2.5e-30], [np.nan, np.inf]], np.float32),
        np.array([[0.1, 1e300], [-0.0, 5e-324]], np.float64),
        np.array([[0.1, 6e4]], np.float16),
        np.array([[True, False]]),
        np.array([[-(2**63), 2**63 - 1]], np.int64),
        np.array([[1.5 - 2j, complex(0.0, -0.0)]], np.complex64),
        np.array([[7.0]]),
    ],
)
def test_what_is_copied_as_numpy_is_the_same_array_again(grid: NumberGrid, array: Array) -> None:
    grid.show_array(array)
    grid.select_all()
    grid.copy_numpy()
    text = clipboard()
    names: dict[str, object] = {"np": np}
    *imports, expression = text.split("\n", 1) if text.startswith("from") else [text]
    for line in imports:
        exec(line, names)
    back = np.asarray(eval(expression, names)).reshape(array.shape)
    assert back.dtype == array.dtype
    assert back.tobytes() == array.tobytes() or np.array_equal(back, array, equal_nan=True)


def test_copied_text_and_csv_are_the_selected_block(grid: NumberGrid, qtbot: QtBot) -> None:
    grid.show_array(np.arange(12).reshape(3, 4))
    grid.go_to(1, 1)
    qtbot.keyClick(grid, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(grid, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    grid.copy_text()
    assert clipboard() == "5\t6\n9\t10\n"
    grid.copy_csv()
    assert clipboard() == "5,6\n9,10\n"


def test_only_what_is_in_view_is_asked_for(grid: NumberGrid, qtbot: QtBot) -> None:
    class Counting:
        shape = (1_000_000, 1_000_000)
        asked: list[int] = []  # noqa: RUF012

        def block(self, top: int, bottom: int, left: int, right: int) -> Array:
            self.asked.append((bottom - top) * (right - left))
            return np.zeros((bottom - top, right - left))

    cells = Counting()
    grid.show_cells(cells)
    grid.go_to(999_999, 999_999)
    grid.grab()
    assert max(cells.asked) <= 40 * 12
    assert grid.current == (999_999, 999_999)


def test_control_g_goes_to_an_index_and_takes_negative_ones(grid: NumberGrid, qtbot: QtBot) -> None:
    grid.show_array(np.zeros((1000, 1000)))
    for text, place in (("17, 23", (17, 23)), ("-1", (999, 0)), ("[5, -2]", (5, 998)), ("4000 4000", (999, 999))):
        grid.ask_index()
        grid._goto.setText(text)
        qtbot.keyClick(grid._goto, Qt.Key.Key_Return)
        assert grid.current == place


def test_an_index_that_is_no_number_stays_in_the_field(grid: NumberGrid, qtbot: QtBot) -> None:
    grid.ask_index()
    grid._goto.setText("here")
    qtbot.keyClick(grid._goto, Qt.Key.Key_Return)
    assert grid._goto.isVisible()
    assert grid.current == (0, 0)


def test_a_click_picks_the_cell_under_it_and_says_its_number(grid: NumberGrid, qtbot: QtBot) -> None:
    place = QPoint(grid._head_width + grid._cell_width // 2, grid._head_height + grid._cell_height * 3 // 2)
    with qtbot.waitSignal(grid.cell_picked) as picked:
        qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert picked.args == [1, 0]
    assert grid.accessibleDescription() == "Row 1, column 0: 1.3333334"


def test_an_empty_array_is_shown_as_such(grid: NumberGrid) -> None:
    grid.show_array(np.zeros((0, 3)))
    grid.grab()
    grid.copy_text()
    assert grid.selected() is None


def test_text_keeps_its_contrast_on_every_colour(grid: NumberGrid, qapp: QApplication) -> None:
    block = np.linspace(-1, 1, 101).reshape(1, -1)
    for look in (theme.LIGHT, theme.DARK):
        theme.apply(qapp, look)
        cells = heat_colours(block, -1.0, 1.0)
        assert cells is not None
        assert min(theme.contrast(fill, text) for fill, text in cells[0]) >= 4.5
