"""Columns and rows grow with the letters of their table, as far as there is room."""

import pytest
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QTableView

from gradstep.gui import theme
from gradstep.gui.widgets.columns import Columns


def made(qtbot):
    view = QTableView()
    qtbot.addWidget(view)
    view.setModel(QStandardItemModel(3, 3, view))
    Columns(view, {0: 100, 1: 60}, rest=140, row=24)
    view.resize(700, 200)
    with qtbot.waitExposed(view):
        view.show()
    return view


@pytest.fixture
def table(qtbot, qapp):
    theme.apply(qapp, theme.LIGHT)
    view = made(qtbot)
    yield view
    theme.apply(qapp, theme.LIGHT)


def widths(view: QTableView) -> tuple[int, int]:
    return view.columnWidth(0), view.columnWidth(1)


def test_at_the_usual_size_they_are_as_designed_however_wide_the_table_is(table):
    assert widths(table) == (100, 60)
    table.resize(1400, 200)
    assert widths(table) == (100, 60)
    assert table.rowHeight(0) == 24


def test_larger_letters_have_wider_columns_and_higher_rows(table, qapp):
    theme.apply(qapp, theme.LIGHT, 1.5)
    assert widths(table) == pytest.approx((150, 90), rel=0.05)  # letters are of whole pixels
    assert table.rowHeight(0) >= 24 * 1.45
    theme.apply(qapp, theme.LIGHT, 1.0)
    assert widths(table) == (100, 60)


def test_no_column_is_pushed_out_of_a_narrow_table(table, qapp):
    table.resize(330, 200)
    theme.apply(qapp, theme.LIGHT, 2.0)
    assert sum(widths(table)) + 140 <= 330
    assert all(now >= before for now, before in zip(widths(table), (100, 60), strict=True))


def test_a_width_that_the_user_gave_stays(table, qapp):
    table.setColumnWidth(0, 222)
    theme.apply(qapp, theme.LIGHT, 1.5)
    table.resize(900, 200)
    assert widths(table) == (222, 60)


def test_a_table_that_is_shown_when_letters_are_large_already_has_them_wide(qtbot, qapp, table):
    theme.apply(qapp, theme.LIGHT, 1.5)
    view = made(qtbot)
    qtbot.waitUntil(lambda: widths(view) == pytest.approx((150, 90), rel=0.05))
