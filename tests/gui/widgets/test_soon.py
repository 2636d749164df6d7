"""A call that waits for the event loop comes once, and before anything is painted."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from gradstep.gui.widgets.soon import Soon


def test_what_is_asked_for_often_is_called_once(qtbot):
    calls: list[str] = []
    owner = QObject()
    soon = Soon(lambda: calls.append("called"), owner)
    for _ in range(3):
        soon.start()
    assert calls == []
    QApplication.processEvents()
    assert calls == ["called"]
    soon.start()
    QApplication.processEvents()
    assert calls == ["called", "called"]


def test_a_call_that_was_taken_back_never_comes(qtbot):
    calls: list[str] = []
    owner = QObject()
    soon = Soon(lambda: calls.append("called"), owner)
    soon.start()
    soon.stop()
    QApplication.processEvents()
    assert calls == []


def test_a_call_asked_for_again_after_it_was_taken_back_comes_once(qtbot):
    calls: list[str] = []
    owner = QObject()
    soon = Soon(lambda: calls.append("called"), owner)
    soon.start()
    soon.stop()
    soon.start()
    QApplication.processEvents()
    assert calls == ["called"]


def test_it_comes_before_what_waits_to_be_painted(qtbot):
    order: list[str] = []

    class Page(QWidget):
        def paintEvent(self, event: QPaintEvent) -> None:
            order.append("painted")

    page = Page()
    qtbot.addWidget(page)
    with qtbot.waitExposed(page):
        page.show()
    QApplication.processEvents()
    order.clear()
    soon = Soon(lambda: order.append("called"), page)
    page.update()
    soon.start()
    QApplication.processEvents()
    assert order == ["called", "painted"]
