import pytest
from PySide6.QtCore import QObject, Qt
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


@pytest.mark.parametrize(
    ("direction", "text"),
    [(Qt.LayoutDirection.LeftToRight, "Saved run.gst"), (Qt.LayoutDirection.RightToLeft, "\u05e0\u05e9\u05de\u05e8")],
)
def test_what_is_said_for_a_while_stands_where_the_sentence_stood_beside_the_dot(qtbot, direction, text):
    bar = StateBar()
    bar.setLayoutDirection(direction)
    qtbot.addWidget(bar)
    bar.resize(900, 32)
    bar.show()
    bar.show_state(State.FINISHED, text)
    bar.show_process(0, "gradstep, Python 3.12")
    QApplication.processEvents()
    before = bar.grab().toImage()
    assert before.size().width() == 900
    bar.say(text)
    QApplication.processEvents()
    assert bar.grab().toImage() == before


def test_the_dot_beside_what_is_said_stands_on_the_bar_in_every_theme(qtbot):
    app = QApplication.instance()
    bar = StateBar()
    qtbot.addWidget(bar)
    bar.resize(900, 32)
    bar.show()
    theme.apply(app, theme.LIGHT)
    bar.show_state(State.FINISHED, "Finished")
    bar.say("Saved run.gst")
    try:
        theme.apply(app, theme.DARK)
        QApplication.processEvents()
        image = bar.grab().toImage()
        colours = {image.pixelColor(x, y).name() for x in range(30) for y in range(4, 30)}
        assert theme.LIGHT.panel.name() not in colours
        assert theme.DARK.good.name() in colours
    finally:
        theme.apply(app, theme.LIGHT)


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


def test_what_is_not_there_takes_no_room_in_the_status_bar(qtbot, tmp_path):
    tape = tmp_path / "run.gst"
    tape.write_bytes(bytes(2048))
    bar = StateBar()
    qtbot.addWidget(bar)
    bar.resize(900, 30)
    bar.show()
    bar.show_process(0, "gradstep, Python 3.12.1")
    bar.show_tape("")
    qtbot.waitUntil(lambda: bar.runner.geometry().right() > 850)
    without = bar.runner.geometry().right()
    bar.show_tape(str(tape))
    qtbot.waitUntil(lambda: bar.runner.geometry().right() < without - 40)
    assert bar.tape.isVisible()
    bar.show_tape("")
    qtbot.waitUntil(lambda: bar.runner.geometry().right() == without)


def test_with_large_letters_the_sentence_goes_before_the_process_and_the_tape(qtbot, qapp, tmp_path):
    theme.apply(qapp, theme.LIGHT, 1.5)
    try:
        bar, tape = StateBar(), tmp_path / "run.gst"
        qtbot.addWidget(bar)
        tape.write_bytes(bytes(3000))
        bar.show_process(4711, "gradstep, Python 3.12.1")
        bar.show_tape(str(tape))
        bar.resize(1140, 40)
        bar.show()
        bar.show_state(State.PAUSED, "Paused: before A.")
        QApplication.processEvents()
        assert bar.process.isVisible()
        assert bar.tape.isVisible()
        bar.show_state(State.PAUSED, "Paused: before TanhBackward0 (node #5). The program is rewound by one node.")
        QApplication.processEvents()
        assert not bar.process.isVisible()
        assert bar.sentence.shown() == bar.sentence.text()
        bar.show_state(State.PAUSED, "Paused: before A.")
        assert bar.process.isVisible()
    finally:
        theme.apply(qapp, theme.LIGHT)
