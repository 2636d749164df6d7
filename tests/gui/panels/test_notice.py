"""What a panel says instead of its content."""

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gradstep.gui.panels.notice import Notice, Stage, balanced


@pytest.mark.parametrize("wide", [260, 310, 360])
def test_the_lines_of_a_notice_are_about_equally_long(qtbot: QtBot, wide: int) -> None:
    notice = Notice()
    qtbot.addWidget(notice)
    notice.resize(wide, 200)
    notice.show_text("No node is selected. Pick one in the graph or in the events.")
    notice.show()
    label, metrics = notice._text, notice._text.fontMetrics()
    room = wide - 40
    lines = round(metrics.boundingRect(0, 0, room, 999, 0x1000, label.text()).height() / metrics.lineSpacing())
    assert lines == 2
    assert label.contentsRect().width() < metrics.horizontalAdvance(label.text()) * 0.62, "the second line is about as long as the first"
    assert label.height() >= lines * metrics.lineSpacing() - 2, "and seen whole"
    assert abs(label.contentsRect().center().x() - label.rect().center().x()) <= 1


def test_a_notice_of_one_line_is_not_broken(qtbot: QtBot) -> None:
    notice = Notice()
    qtbot.addWidget(notice)
    notice.resize(200, 200)
    notice.show_text("Nothing recorded yet.")
    notice.resize(600, 200)
    notice.show()
    assert notice._text.contentsRect().width() == 560


def test_lines_are_not_longer_than_can_be_read(qtbot: QtBot) -> None:
    notice = Notice()
    qtbot.addWidget(notice)
    notice.resize(2400, 300)
    notice.show_text("Of a job of torchrun, open one of the tapes. " * 8)
    notice.show()
    assert notice._text.contentsRect().width() <= 770


def test_the_room_beside_the_words_is_given_back_when_a_panel_becomes_narrow(qtbot: QtBot) -> None:
    notice = Notice()
    qtbot.addWidget(notice)
    notice.show_text("Of a job of torchrun, open one of the tapes. " * 8)
    notice.show()
    notice.resize(300, 500)
    least, high = notice.minimumSizeHint(), notice.heightForWidth(300)
    notice.resize(2400, 500)
    assert notice._text.contentsMargins().left() > 700
    assert notice.minimumSizeHint().width() == least.width() < 200
    assert notice.heightForWidth(300) == high, "nor does it ask for the height of words between the margins of a wide one"
    notice.resize(300, 500)
    assert notice.width() == 300
    label = notice._text
    assert label.contentsRect().width() >= 240
    words = label.fontMetrics().boundingRect(0, 0, label.contentsRect().width(), 999, 0x1000, label.text())
    assert label.height() >= words.height(), "all lines are seen"


def test_words_that_are_wider_than_the_room_keep_it(qtbot: QtBot) -> None:
    notice = Notice()
    qtbot.addWidget(notice)
    assert balanced(notice.fontMetrics(), "averylongnamethatnobodycanbreak " * 3, 60) <= 60


def test_of_what_a_panel_does_not_show_no_height_is_asked(qtbot: QtBot) -> None:
    content = QWidget()
    content.setMinimumHeight(500)
    stage = Stage(content)
    qtbot.addWidget(stage)
    stage.show_notice("Nothing is recorded.")
    assert stage.minimumSizeHint().height() < 150
    stage.notice.show_text("Words. " * 3)
    stage.show_content()
    assert stage.minimumSizeHint().height() == 500
