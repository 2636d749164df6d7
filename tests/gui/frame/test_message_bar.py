import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QBoxLayout, QTextEdit, QVBoxLayout, QWidget

from gradstep.gui.frame.message_bar import MOST, MessageBar
from gradstep.gui.theme import DARK, LIGHT, apply


def bar_of(qtbot) -> MessageBar:
    bar = MessageBar()
    qtbot.addWidget(bar)
    return bar


def buttons(bar) -> dict[str, object]:
    row = bar._buttons
    return {row.itemAt(i).widget().text(): row.itemAt(i).widget() for i in range(row.count())}


def test_it_says_nothing_at_first(qtbot):
    bar = bar_of(qtbot)
    assert bar.isHidden()
    assert bar.text == ""


def test_a_newer_message_takes_the_place_of_the_older_with_its_buttons(qtbot):
    bar, pressed = bar_of(qtbot), []
    bar.show_message("one", [("First", lambda: pressed.append(1))])
    bar.show_error("two", [("Second", lambda: pressed.append(2))])
    assert bar.text == "two"
    assert list(buttons(bar)) == ["Second"]
    buttons(bar)["Second"].click()
    assert pressed == [2]


def test_a_reader_gets_the_text_and_the_name_of_the_closing_button(qtbot):
    bar = bar_of(qtbot)
    bar.show_error("it broke")
    assert bar.accessibleDescription() == "it broke"
    assert all(button.accessibleName() or button.text() for button in bar.findChildren(type(bar._close)))


def test_it_stays_until_it_is_put_away(qtbot):
    bar = bar_of(qtbot)
    bar.show_message("stay")
    with qtbot.waitSignal(bar.closed):
        bar._close.click()
    assert bar.text == ""


def test_text_that_looks_like_markup_is_shown_as_it_is(qtbot):
    bar = bar_of(qtbot)
    bar.show_error("<b>shape</b>")
    assert bar.text == "<b>shape</b>"


def test_its_icon_follows_the_theme(qtbot, qapp):
    apply(qapp, LIGHT)
    bar = bar_of(qtbot)
    bar.show_error("red")
    bar.show()
    try:
        light = bar._icon.pixmap().toImage()
        apply(qapp, DARK)
        assert bar._icon.pixmap().toImage() != light
    finally:
        apply(qapp, LIGHT)


def test_a_very_long_name_is_shown_short_and_said_whole(qtbot):
    bar = bar_of(qtbot)
    name = "a_name_" * 40 + "end.py"
    bar.show_error(f"{name} is not there any more")
    assert bar.text.startswith(name)
    assert name in bar._text.toolTip()
    assert "…" in bar._text.text()
    assert bar.minimumSizeHint().width() < 300


def test_of_a_long_message_the_beginning_is_shown_and_the_rest_when_it_is_asked_for(qtbot):
    bar = bar_of(qtbot)
    bar.resize(700, 60)
    bar.show_error("a word and another " * 40, [("Restart", lambda: None)])
    bar.adjustSize()
    bar.resize(700, bar.sizeHint().height())
    qtbot.waitExposed(bar)
    more = bar._more
    assert more.isVisible()
    assert more.text() == "More"
    assert bar._text.text().endswith("…")
    low = bar._text.maximumHeight()
    assert low < bar._text.fontMetrics().lineSpacing() * 4
    more.click()
    assert more.text() == "Less"
    assert bar._text.maximumHeight() > bar._text.heightForWidth(bar._text.width())
    assert "…" not in bar._text.text()
    bar.show_message("short")
    assert not more.isVisible()


def test_a_message_that_does_not_fit_beside_its_buttons_has_the_whole_width(qtbot):
    bar = bar_of(qtbot)
    bar.resize(680, 60)
    bar.show()
    bar.show_error("it broke", [("Go To Line", lambda: None), ("Restart", lambda: None)])
    assert bar._middle.direction() is QBoxLayout.Direction.LeftToRight
    bar.show_error("a word and another " * 12, [("Go To Line", lambda: None), ("Restart", lambda: None)])
    assert bar._middle.direction() is QBoxLayout.Direction.TopToBottom


def test_a_message_of_a_few_lines_takes_no_more_room_than_they(qtbot):
    page, bar = QWidget(), MessageBar()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    column.addWidget(bar)
    column.addWidget(QTextEdit("the graph"))
    page.resize(1278, 900)
    page.show()
    bar.show_error("a word and another " * 22, [(name, lambda: None) for name in ("Go To Line", "Go To Node", "Restart")])
    qtbot.waitUntil(lambda: bar._middle.direction() is QBoxLayout.Direction.TopToBottom)
    QApplication.processEvents()
    assert not bar._more.isVisible()
    assert bar.height() < 8 * bar._text.fontMetrics().lineSpacing()


def test_of_an_endless_message_all_that_fits_is_shown(qtbot):
    bar = bar_of(qtbot)
    bar.show_error("word " * 100_000 + "3 backward steps were recorded before it.")
    bar._more.click()
    assert len(bar._text.text()) <= MOST + 1
    assert bar._text.text().endswith("3 backward steps were recorded before it.")


def test_many_answers_stand_in_two_lines_of_a_narrow_bar_and_leave_the_docks_their_width(qtbot):
    bar = bar_of(qtbot)
    names = ("Continue to 384 MiB", "Go On Without a Limit", "Largest Tensors", "Save Tape and Stop", "Stop")
    bar.show_message("Frozen at a limit.", [(name, lambda: None) for name in names])
    assert bar.minimumSizeHint().width() < 400
    for width, lines in ((500, 2), (1200, 1)):
        bar.resize(width, bar.heightForWidth(width))
        qtbot.waitUntil(lambda lines=lines: len({button.y() for button in buttons(bar).values()}) == lines)
        assert all(bar.rect().contains(button.geometry()) for button in buttons(bar).values())


def page_with(qtbot, high: int) -> tuple[QWidget, MessageBar]:
    page, bar = QWidget(), MessageBar()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(bar)
    column.addWidget(QTextEdit("the graph"), 1)
    page.resize(546, high)
    page.show()
    return page, bar


def test_in_a_low_window_fewer_lines_are_shown_and_none_is_cut(qtbot):
    page, bar = page_with(qtbot, 900)
    bar.show_error("a word and another " * 40, [("Go To Line", lambda: None), ("Restart", lambda: None)])
    line = bar._text.fontMetrics().lineSpacing()
    qtbot.waitUntil(lambda: 3 * line <= bar._text.height() < 4 * line)
    page.resize(546, 8 * line)
    qtbot.waitUntil(lambda: bar._text.height() < 2 * line)
    assert bar._text.height() >= line
    assert bar._text.text().endswith("…")
    assert bar.height() < page.height() * 0.7


def test_all_of_a_long_message_can_be_scrolled_to(qtbot):
    page, bar = page_with(qtbot, 300)
    bar.show_error("a word and another " * 70, [("Restart", lambda: None)])
    bar._more.click()
    pane = bar._pane
    qtbot.waitUntil(lambda: pane.verticalScrollBar().maximum() > 0)
    assert bar._text.height() >= bar._text.heightForWidth(bar._text.width())
    assert bar.height() < page.height() * 0.75
    pane.verticalScrollBar().setValue(pane.verticalScrollBar().maximum())
    button = buttons(bar)["Restart"]
    assert pane.viewport().rect().contains(button.mapTo(pane.viewport(), button.rect().center()))


@pytest.mark.parametrize("width", [537, 722, 833, 907])
@pytest.mark.parametrize("high", [300, 500])
def test_a_message_whose_words_break_otherwise_beside_a_scroll_bar_comes_to_rest(qtbot, width, high):
    around = QWidget()
    qtbot.addWidget(around)
    column = QVBoxLayout(around)
    bar = MessageBar(around)
    column.addWidget(bar)
    column.addWidget(QWidget(), 1)
    around.resize(width, high)
    around.show()
    pane, resized = bar._pane, Counted(bar._pane.widget())
    for letters in range(0, 60, 3):
        said = f"script.py: gone: /tmp/{'x' * letters} No such file or directory; what was recorded is kept and the program goes on. "
        bar.show_message(said * 2, [("Save the Tape…", str), ("Show the Log", str)])
        qtbot.waitUntil(lambda: pane.height() == pane.heightForWidth(pane.width()))
        assert not pane.verticalScrollBar().isVisible()
    assert resized.times < 200  # without end it is thousands, or the end of the process


class Counted(QObject):
    """How often a widget was given another size."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.times = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.times += event.type() is QEvent.Type.Resize
        return False
