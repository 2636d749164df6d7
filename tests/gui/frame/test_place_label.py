"""The buttons beside the words that say where the view stands do not move with them."""

import pytest
from PySide6.QtWidgets import QApplication, QMainWindow

from gradstep.gui.actions import Actions
from gradstep.gui.frame.bars import RunBar
from gradstep.gui.frame.place_label import PlaceLabel

LONGEST = "PAST: step 18 of 18, backward 1 (2 passes)"


@pytest.fixture
def bar(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    made = RunBar(Actions(window))
    window.addToolBar(made)
    window.resize(1600, 400)
    with qtbot.waitExposed(window):
        window.show()
    yield made
    window.close()


def right_end(bar: RunBar) -> int:
    QApplication.processEvents()
    return bar.past.mapTo(bar, bar.past.rect().topRight()).x()


def test_no_step_of_a_pass_and_no_look_at_its_past_moves_the_buttons(bar):
    bar.show_place("step 0 of 18", LONGEST, past=False)
    before = right_end(bar)
    for text, past in (("step 11 of 18, backward 1 (2 passes)", False), (LONGEST, True), ("step 8 of 18", False)):
        bar.show_place(text, LONGEST, past=past)
        assert right_end(bar) == before
        assert bar.place.shown() == text


def test_what_was_said_of_another_tape_leaves_no_trace(bar):
    bar.show_place("", past=False)
    before = right_end(bar)
    bar.show_place("step 1 of 3, backward 511 (512 passes)", LONGEST.replace("(2", "(512"), past=False)
    assert right_end(bar) > before
    bar.show_place("", past=False)
    assert right_end(bar) == before


def test_the_room_does_not_depend_on_which_digits_are_said(qtbot):
    label = PlaceLabel()
    qtbot.addWidget(label)
    wide = []
    for digit in "1480":
        label.say("step", LONGEST.replace("18", digit * 2))
        wide.append(label.wanted())
    assert len(set(wide)) == 1


def test_in_a_narrow_window_the_words_are_cut_before_a_command_is(bar):
    bar.show_place(LONGEST, LONGEST, past=True)
    wide = bar.place.width()
    bar.window().resize(bar.window().width() - (bar.window().width() - bar.sizeHint().width()) - 30, 400)
    QApplication.processEvents()
    assert bar.place.least() <= bar.place.width() < wide
    assert bar.place.shown().endswith("…")
