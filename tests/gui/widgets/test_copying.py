"""Rows of Qt's own views as text."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QListView, QTableView, QTreeView
from pytestqt.qtbot import QtBot

from gradstep.gui.widgets.copying import selected_text


def filled(view: QAbstractItemView, qtbot: QtBot) -> QAbstractItemView:
    model = QStandardItemModel(0, 2, view)
    model.setHorizontalHeaderLabels(["name", "size"])
    for name, size in (("a", "1"), ("b\nc", "2"), ("d", "")):
        model.appendRow([QStandardItem(name), QStandardItem(size)])
    view.setModel(model)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    qtbot.addWidget(view)
    view.resize(300, 200)
    view.show()
    return view


def test_a_table_gives_its_headings_and_the_chosen_rows(qtbot: QtBot) -> None:
    table = filled(QTableView(), qtbot)
    table.selectAll()
    assert selected_text(table) == "name\tsize\na\t1\nb c\t2\nd\n"


def test_columns_come_as_they_are_shown(qtbot: QtBot) -> None:
    table = QTableView()
    filled(table, qtbot)
    table.horizontalHeader().moveSection(1, 0)
    table.selectRow(0)
    assert selected_text(table) == "size\tname\n1\ta\n"
    table.horizontalHeader().setSectionHidden(1, True)
    assert selected_text(table) == "name\na\n"


def test_a_tree_gives_rows_from_top_to_bottom_whatever_was_chosen_first(qtbot: QtBot) -> None:
    tree = QTreeView()
    filled(tree, qtbot)
    model = tree.model()
    assert isinstance(model, QStandardItemModel)
    model.item(0).appendRow([QStandardItem("below"), QStandardItem("3")])
    tree.expandAll()
    flags = tree.selectionModel().SelectionFlag
    for index in (model.index(2, 0), model.index(0, 0, model.index(0, 0)), model.index(0, 0)):
        tree.selectionModel().select(index, flags.Select | flags.Rows)
    assert selected_text(tree) == "a\t1\nbelow\t3\nd\n"


def test_the_current_row_will_do_and_nothing_is_nothing(qtbot: QtBot) -> None:
    rows = filled(QListView(), qtbot)
    assert selected_text(rows) == ""
    rows.selectionModel().setCurrentIndex(rows.model().index(1, 0), rows.selectionModel().SelectionFlag.NoUpdate)
    assert selected_text(rows) == "b c\n"
    assert rows.model().index(1, 0).data(Qt.ItemDataRole.DisplayRole) == "b\nc"
