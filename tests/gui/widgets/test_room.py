"""A panel that is given less height than it needs is scrolled, never squeezed."""

from itertools import pairwise

from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from gradstep.gui.widgets.room import ENOUGH, Room


def panel_of(lines: int) -> tuple[QWidget, list[QLabel]]:
    panel = QWidget()
    panel.setMinimumSize(100, 40)
    column = QVBoxLayout(panel)
    labels = [QLabel(f"line {line}") for line in range(lines)]
    for label in labels:
        column.addWidget(label)
    return panel, labels


def shown(qtbot, lines: int, high: int) -> tuple[Room, QWidget, list[QLabel]]:
    panel, labels = panel_of(lines)
    room = Room(panel)
    qtbot.addWidget(room)
    room.resize(300, high)
    with qtbot.waitExposed(room):
        room.show()
    return room, panel, labels


def apart(labels: list[QLabel]) -> bool:
    high = all(label.height() >= label.sizeHint().height() for label in labels)
    return high and all(upper.geometry().bottom() < lower.y() for upper, lower in pairwise(labels))


def test_lines_that_do_not_fit_keep_their_height_and_can_be_scrolled_to(qtbot):
    room, panel, labels = shown(qtbot, 12, 80)
    assert panel.height() > 80
    assert apart(labels)
    bar = room.verticalScrollBar()
    assert bar.maximum() == panel.height() - room.viewport().height()
    bar.setValue(bar.maximum())
    last = labels[-1].mapTo(room.viewport(), labels[-1].rect().bottomLeft()).y()
    assert last < room.viewport().height()


def test_a_panel_that_fits_has_all_of_the_room_and_no_scroll_bar(qtbot):
    room, panel, _ = shown(qtbot, 2, 400)
    assert panel.size() == room.size()
    assert room.verticalScrollBar().maximum() == 0
    room.resize(300, 80)
    room.resize(500, 300)
    QApplication.processEvents()
    assert panel.size() == room.size()


def test_it_asks_for_the_least_size_of_its_panel_however_much_stands_in_it(qtbot):
    room, _, _ = shown(qtbot, 40, 200)
    assert (room.minimumSizeHint().width(), room.minimumSizeHint().height()) == (100, 40)


def test_more_lines_in_a_panel_that_was_full_make_it_scroll(qtbot):
    room, panel, labels = shown(qtbot, 2, 90)
    for line in range(10):
        labels.append(QLabel(f"later {line}"))
        panel.layout().addWidget(labels[-1])
    qtbot.waitUntil(lambda: room.verticalScrollBar().maximum() > 0)
    assert apart(labels)


def test_words_that_take_more_lines_in_a_narrow_dock_are_scrolled_too(qtbot):
    panel = QWidget()
    words = QLabel("words that are broken into lines " * 8)
    words.setWordWrap(True)
    QVBoxLayout(panel).addWidget(words)
    room = Room(panel)
    qtbot.addWidget(room)
    room.resize(120, 60)
    with qtbot.waitExposed(room):
        room.show()
    qtbot.waitUntil(lambda: words.height() >= words.heightForWidth(words.width()))
    assert room.verticalScrollBar().maximum() > 0


def test_a_part_that_needs_more_height_than_before_has_it_though_the_whole_asks_for_no_more(qtbot):
    _, panel, labels = shown(qtbot, 3, 90)
    labels[0].setSizePolicy(labels[0].sizePolicy().horizontalPolicy(), labels[0].sizePolicy().verticalPolicy().Ignored)
    labels[1].setMinimumHeight(200)
    labels[1].setMaximumHeight(200)
    qtbot.waitUntil(lambda: panel.height() >= 200)


def test_a_panel_that_was_told_no_least_height_does_not_insist_on_all_that_stands_in_it(qtbot):
    panel, _ = panel_of(30)
    panel.setMinimumSize(0, 0)
    room = Room(panel)
    qtbot.addWidget(room)
    assert room.minimumSizeHint().height() == ENOUGH
    assert panel.minimumSizeHint().height() > 2 * ENOUGH
