"""Work that takes long is shown, and can be given up."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar, QPushButton

from gradstep.gui.frame.busy_bar import BusyBar


def test_short_work_is_never_shown(qtbot):
    bar = BusyBar()
    qtbot.addWidget(bar)
    bar.begin("Arranging the graph")
    bar.end()
    assert bar.isHidden()
    assert not bar._late.isActive()


def test_long_work_says_what_it_is_at(qtbot):
    bar = BusyBar()
    qtbot.addWidget(bar)
    bar.begin("Reading the tape", 0, 3)
    qtbot.waitUntil(lambda: not bar.isHidden())
    bar.begin("Arranging the graph", 2, 3)
    assert bar.text == bar.accessibleDescription() == "Arranging the graph"
    progress = bar.findChild(QProgressBar)
    assert (progress.value(), progress.maximum()) == (2, 3)
    bar.end()
    assert bar.isHidden()


def test_it_can_be_given_up(qtbot):
    bar = BusyBar()
    qtbot.addWidget(bar)
    bar.begin("Arranging the graph")
    qtbot.waitUntil(lambda: not bar.isHidden())
    with qtbot.waitSignal(bar.cancelled):
        qtbot.mouseClick(bar.findChild(QPushButton), Qt.MouseButton.LeftButton)
    assert bar.isHidden()
