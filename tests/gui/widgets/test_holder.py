"""A holder keeps the changes inside it from laying out what is around it."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from gradstep.gui.widgets.holder import Holder


class Requests(QObject):
    """Counts how often a widget is asked to lay its children out."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        self.count += event.type() is QEvent.Type.LayoutRequest
        return False


def turn() -> None:
    """Let the event loop turn: a request for another layout goes up one widget a turn."""
    for _ in range(5):
        QApplication.processEvents()


def held(qtbot) -> tuple[QWidget, Holder, QLabel, Requests]:
    outside, label = QWidget(), QLabel("step 10 of 20")
    qtbot.addWidget(outside)
    label.setMinimumSize(40, 10)
    holder = Holder(label)
    QVBoxLayout(outside).addWidget(holder)
    outside.resize(400, 100)
    with qtbot.waitExposed(outside):
        outside.show()
    turn()
    return outside, holder, label, Requests(outside)


def test_what_is_held_fills_the_holder(qtbot):
    outside, holder, label, _ = held(qtbot)
    outside.resize(500, 200)
    assert label.size() == holder.size()
    assert label.isVisible()


def test_a_text_that_still_fits_moves_nothing_outside(qtbot):
    _, holder, label, requests = held(qtbot)
    hint = holder.sizeHint()
    for text in ("step 9 of 20", "step 8", "step 10 of 20"):
        label.setText(text)
        turn()
    assert requests.count == 0
    assert holder.sizeHint() == hint


def test_what_needs_more_room_than_ever_gets_it(qtbot):
    _, holder, label, requests = held(qtbot)
    label.setText("step 10,000,000 of 20,000,000, backward 1 of 2")
    turn()
    assert requests.count > 0
    assert holder.sizeHint().width() >= label.sizeHint().width()


def test_a_least_size_that_shrinks_is_passed_on(qtbot):
    outside, holder, label, _ = held(qtbot)
    label.setMinimumWidth(350)
    turn()
    assert holder.minimumSizeHint().width() == 350
    label.setMinimumWidth(20)
    turn()
    assert holder.minimumSizeHint().width() == 20
    assert outside.minimumSizeHint().width() < 350
