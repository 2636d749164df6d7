from PySide6.QtWidgets import QBoxLayout

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
    low = bar._text.maximumHeight()
    assert low < bar._text.fontMetrics().lineSpacing() * 4
    more.click()
    assert more.text() == "Less"
    assert bar._text.maximumHeight() > bar._text.heightForWidth(bar._text.width())
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


def test_of_an_endless_message_all_that_fits_is_shown(qtbot):
    bar = bar_of(qtbot)
    bar.show_error("word " * 100_000 + "3 backward steps were recorded before it.")
    assert len(bar._text.text()) <= MOST + 1
    assert bar._text.text().endswith("3 backward steps were recorded before it.")
