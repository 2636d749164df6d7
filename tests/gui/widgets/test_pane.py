"""What a message holds is seen whole up to a limit, and scrolled beyond it."""

from PySide6.QtWidgets import QApplication, QFrame, QLabel, QTextEdit, QVBoxLayout, QWidget

from gradstep.gui.widgets.pane import Pane


def held(qtbot, words: str) -> tuple[QWidget, Pane, QLabel]:
    page, content, label = QFrame(), QWidget(), QLabel(words)
    qtbot.addWidget(page)
    label.setWordWrap(True)
    QVBoxLayout(content).addWidget(label)
    pane = Pane(content)
    column = QVBoxLayout(page)
    column.addWidget(pane)
    column.addWidget(QTextEdit(), 1)
    page.resize(300, 600)
    with qtbot.waitExposed(page):
        page.show()
    return page, pane, label


def test_it_is_as_high_as_what_it_holds(qtbot):
    _, pane, label = held(qtbot, "some words " * 30)
    assert pane.verticalScrollBar().maximum() == 0
    assert label.height() >= label.heightForWidth(label.width())


def test_beyond_the_limit_it_is_scrolled(qtbot):
    _, pane, label = held(qtbot, "some words " * 30)
    pane.limit(60)
    qtbot.waitUntil(lambda: pane.height() == 60)
    assert pane.verticalScrollBar().maximum() > 0
    assert label.height() >= label.heightForWidth(label.width())
    pane.limit(0)
    qtbot.waitUntil(lambda: pane.verticalScrollBar().maximum() == 0)


def test_other_words_have_another_height(qtbot):
    _, pane, label = held(qtbot, "one line")
    low = pane.height()
    label.setText("some words " * 30)
    qtbot.waitUntil(lambda: pane.height() > 3 * low // 2)
    label.setText("one line")
    qtbot.waitUntil(lambda: pane.height() == low)


def test_what_is_behind_shines_through(qtbot):
    page, pane, _ = held(qtbot, "one line")
    page.setObjectName("page")
    page.setStyleSheet("#page { background: #102030; }")
    QApplication.processEvents()
    corner = pane.mapTo(page, pane.rect().topRight())
    assert page.grab().toImage().pixelColor(corner).name() == "#102030"
