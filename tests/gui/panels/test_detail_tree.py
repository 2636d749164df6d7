"""Lines of an inspector are read from the side from which their text is read."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from gradstep.gui.panels.detail_tree import DetailTree, Line, LineDelegate


def test_code_is_read_from_the_left_also_where_the_language_is_not_and_a_mark_keeps_its_side(qtbot: QtBot) -> None:
    tree = DetailTree(["Name", "Value"])
    qtbot.addWidget(tree)
    tree.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    tree.fill([Line(("train.py:4  <module>", "6\u00d76")), Line(("MulBackward0", "1"), op="MulBackward0")])
    delegate = tree.itemDelegate()
    assert isinstance(delegate, LineDelegate)

    def direction(row: int, column: int) -> Qt.LayoutDirection:
        option = QStyleOptionViewItem()
        option.initFrom(tree)
        delegate.initStyleOption(option, tree.model().index(row, column))
        return option.direction

    left, right = Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft
    assert [direction(0, 0), direction(0, 1), direction(1, 0), direction(1, 1)] == [left, left, right, left]
