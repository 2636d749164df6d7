"""What is cut says so, and its tip says all of it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QStyleOptionViewItem, QTreeWidget, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from gradstep.gui.widgets import elided
from gradstep.gui.widgets.elided import ElidedLabel, WholeTexts

LONG = "A: input 0 of convolution @911, which is pinned"


class Told:
    """Stands in for Qt's tips, which are windows of their own."""

    def __init__(self, texts: list[str]) -> None:
        self.showText = lambda place, text, *where: texts.append(text)


@pytest.fixture
def tips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []
    monkeypatch.setattr(elided, "QToolTip", Told(texts))
    return texts


def asked(place: QPoint) -> QHelpEvent:
    return QHelpEvent(QEvent.Type.ToolTip, place, QPoint(10, 10))


def test_a_text_that_is_too_long_ends_in_an_ellipsis_and_its_tip_says_all_of_it(qtbot: QtBot, tips: list[str]) -> None:
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.setText(LONG)
    label.resize(90, 20)
    label.show()
    assert label.shown().endswith("…")
    QApplication.sendEvent(label, asked(QPoint(4, 4)))
    assert tips == [LONG]
    label.resize(900, 20)
    assert label.shown() == LONG
    QApplication.sendEvent(label, asked(QPoint(4, 4)))
    assert tips == [LONG]


def test_the_ellipsis_is_painted_in_the_colour_of_the_text(qtbot: QtBot) -> None:
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.setStyleSheet("color: #ff0000; background: #ffffff")
    label.setText(LONG)
    label.resize(90, 20)
    label.show()
    image = label.grab().toImage()
    painted = {image.pixelColor(x, y).name() for x in range(70, 90) for y in range(20)}
    assert any(name.startswith("#ff") and name != "#ffffff" for name in painted)


def test_a_label_that_asks_for_room_gets_no_more_than_there_is(qtbot: QtBot) -> None:
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.setText(LONG)
    assert label.sizePolicy().horizontalPolicy() is label.sizePolicy().Policy.Ignored


def tree_of(qtbot: QtBot, text: str, tip: str) -> QTreeWidget:
    tree = QTreeWidget()
    qtbot.addWidget(tree)
    tree.setItemDelegate(WholeTexts(tree))
    item = QTreeWidgetItem([text])
    item.setToolTip(0, tip)
    tree.addTopLevelItem(item)
    tree.resize(160, 100)
    tree.show()
    return tree


def words(tree: QTreeWidget) -> str:
    delegate, index = tree.itemDelegate(), tree.model().index(0, 0)
    assert isinstance(delegate, WholeTexts)
    return delegate.words(tree, QStyleOptionViewItem(), index)


def test_a_cell_that_is_cut_says_all_of_it_before_its_own_tip(qtbot: QtBot) -> None:
    assert words(tree_of(qtbot, LONG, "")) == LONG
    assert words(tree_of(qtbot, LONG, "of the tape")) == f"{LONG}\nof the tape"
    assert words(tree_of(qtbot, LONG, f"{LONG}, and more")) == f"{LONG}, and more"


def test_a_cell_that_is_seen_whole_leaves_it_to_its_own_tip(qtbot: QtBot) -> None:
    assert words(tree_of(qtbot, "short", "of the tape")) == ""


def test_the_tip_of_a_cut_cell_is_shown_letter_by_letter(qtbot: QtBot, tips: list[str]) -> None:
    tree = tree_of(qtbot, "<b>a name that is much too long for the room it has</b>", "")
    index = tree.model().index(0, 0)
    assert tree.itemDelegate().helpEvent(asked(tree.visualRect(index).center()), tree, QStyleOptionViewItem(), index)
    assert "&lt;b&gt;a name that is much too long" in tips[0]


@pytest.mark.parametrize(
    ("text", "turned"), [("6\u00d76\u00d72 f32", False), ("12 nan", False), ("144 B", False), ("\u05e6\u05d5\u05e8\u05d4 6", True)]
)
def test_shapes_and_numbers_are_read_from_the_left_where_the_language_is_read_from_the_right(qtbot: QtBot, text: str, turned: bool) -> None:
    tree = QTreeWidget()
    qtbot.addWidget(tree)
    tree.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    tree.setColumnCount(2)
    tree.addTopLevelItem(QTreeWidgetItem(["input", text]))
    option = QStyleOptionViewItem()
    option.initFrom(tree)
    WholeTexts(tree).initStyleOption(option, tree.model().index(0, 1))
    assert (option.direction is Qt.LayoutDirection.RightToLeft) is turned
    if not turned:
        assert option.displayAlignment & Qt.AlignmentFlag.AlignRight  # where the column begins
