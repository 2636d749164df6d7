import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QToolButton

from gradstep.engine.debug.states import SENTENCES, State
from gradstep.gui import theme
from gradstep.gui.actions import Actions
from gradstep.gui.frame.bars import RunBar, StateBar


@pytest.fixture
def bar(qtbot):
    owner = QObject()
    bar = RunBar(Actions(owner))
    qtbot.addWidget(bar)
    yield bar
    owner.deleteLater()


def test_every_button_has_a_name_for_readers_and_a_tip(bar):
    buttons = [button for button in bar.findChildren(QToolButton) if button.objectName() != "qt_toolbar_ext_button"]
    assert len(buttons) >= 13
    for button in buttons:
        assert button.accessibleName()
        assert button.toolTip()


def test_the_bar_fits_a_small_screen(bar):
    assert bar.sizeHint().width() <= 1366


def test_the_past_is_said_in_words_and_in_the_frame(bar):
    bar.show_place("PAST: step 2 of 9", past=True)
    assert bar.place.text() == "PAST: step 2 of 9"
    assert bar.past.property("past") is True
    bar.show_place("step 9 of 9", past=False)
    assert bar.past.property("past") is False


def test_the_name_of_the_status_bar_is_what_a_reader_is_told(qtbot):
    bar = StateBar()
    qtbot.addWidget(bar)
    for state in State:
        bar.show_state(state, SENTENCES[state])
        assert bar.accessibleName() == SENTENCES[state]
        assert bar.sentence.text() == SENTENCES[state]
    bar.say("Saved run.gst")
    assert bar.accessibleName() == "Saved run.gst"
    bar.clearMessage()
    assert bar.accessibleName() == bar.sentence.text()


def test_a_long_sentence_does_not_widen_the_window(qtbot):
    bar = StateBar()
    qtbot.addWidget(bar)
    narrow = bar.minimumSizeHint().width()
    bar.show_state(State.RAISED, "Raised: " + "a long story " * 60)
    assert bar.minimumSizeHint().width() == narrow
    assert "a long story" in bar.sentence.toolTip()


def test_the_picture_of_the_main_button_has_the_colour_of_its_words_also_after_its_action_changed(qtbot):
    theme.apply(QApplication.instance(), theme.DARK)
    owner = QObject()
    actions = Actions(owner)
    bar = RunBar(actions)
    qtbot.addWidget(bar)
    button = bar.widgetForAction(actions["continue"])
    actions["continue"].setEnabled(False)
    actions["continue"].setEnabled(True)

    def colours(icon):
        image = icon.pixmap(18, 18).toImage()
        return {image.pixelColor(x, y).name() for x in range(18) for y in range(18) if image.pixelColor(x, y).alpha() == 255}

    assert colours(button.icon()) == {theme.DARK.on_accent.name()}
    assert theme.DARK.text.name() in colours(actions["continue"].icon())  # a menu has another ground
    theme.apply(QApplication.instance(), theme.LIGHT)
    owner.deleteLater()
