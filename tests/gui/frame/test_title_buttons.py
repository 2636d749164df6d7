import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QDockWidget, QMainWindow, QToolButton

from gradstep.gui import theme
from gradstep.gui.frame.title_buttons import TitleButtons
from gradstep.gui.theme import LIGHT, apply


@pytest.fixture
def letters(qapp):
    """Makes letters so many times as large as designed, until the test is over."""
    yield lambda scale: apply(qapp, LIGHT, scale)
    apply(qapp, LIGHT)


def inked(button):
    """How many pixels high and wide the sign of a button is."""
    picture = button.grab().toImage()
    ground = picture.pixel(0, 0)
    at = [(x, y) for x in range(picture.width()) for y in range(picture.height()) if picture.pixel(x, y) != ground]
    columns, rows = {x for x, _ in at}, {y for _, y in at}
    return max(columns) - min(columns) + 1, max(rows) - min(rows) + 1


def test_the_signs_in_a_dock_title_grow_with_the_letters(qtbot, letters):
    window = QMainWindow()
    qtbot.addWidget(window)
    dock = QDockWidget("Events")
    TitleButtons(dock)
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    window.resize(400, 300)
    letters(1.0)
    window.show()
    close = dock.findChild(QAbstractButton, "qt_dockwidget_closebutton")
    small = inked(close)
    letters(2.0)
    window.grab()
    large = inked(close)
    assert large[0] >= 1.7 * small[0]
    assert large[1] >= 1.7 * small[1]


def test_icons_of_buttons_grow_with_the_letters_and_come_back(qtbot, letters):
    letters(1.0)
    button = QToolButton()
    qtbot.addWidget(button)
    theme.size_icon(button, 15)
    for scale, side in ((1.5, 22), (2.0, 30), (1.0, 15)):
        letters(scale)
        assert button.iconSize().width() == button.iconSize().height() == side
