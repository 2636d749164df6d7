"""The marks of a heat map: legend and switch, in one row or two."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from gradstep.engine.tape.overview import Figures
from gradstep.gui.panels.heat_picture import Overlay
from gradstep.gui.panels.overlay_bar import OverlayBar


def bar_of(qtbot: QtBot, width: int, *, compact: bool) -> OverlayBar:
    bar = OverlayBar()
    qtbot.addWidget(bar)
    bar.set_compact(compact)
    bar.resize(width, 60)
    bar.show()
    bar.show_figures(Figures(nans=12, negatives=16_800), True)
    return bar


def test_where_there_is_room_every_mark_has_its_name_and_its_number(qtbot: QtBot) -> None:
    bar = bar_of(qtbot, 600, compact=True)
    assert [button.text() for button in bar.buttons.values()] == ["NaN 12", "+Inf", "-Inf", "< 0 16.8k", "low", "high"]


def test_in_a_narrow_row_words_of_what_is_not_there_go_first_and_numbers_stay(qtbot: QtBot) -> None:
    bar = bar_of(qtbot, 320, compact=True)
    for width in range(320, 190, -10):
        bar.resize(width, 60)
        texts = {overlay: button.text() for overlay, button in bar.buttons.items()}
        assert (texts[Overlay.NAN], texts[Overlay.MINUS]) == ("NaN 12", "< 0 16.8k")
        gone = [text for overlay, text in texts.items() if overlay not in (Overlay.NAN, Overlay.MINUS)]
        assert gone == sorted(gone, key=lambda text: not text)  # the last one first
    assert gone[-1] == ""
    assert all(button.accessibleName() for button in bar.buttons.values())
    bar.resize(600, 60)
    assert bar.buttons[Overlay.NAN].text() == "NaN 12"


def test_names_of_another_language_are_cut_before_they_are_left_out(qtbot: QtBot) -> None:
    bar = bar_of(qtbot, 600, compact=True)
    for button in bar.buttons.values():
        button._name = f"{button._name} in other words"
        button.setText(button._words())
    wide = sum(button.sizeHint().width() + 2 for button in bar.buttons.values())
    bar.resize(wide - 60, 60)
    assert all(button.text().endswith("in other words") for button in bar.buttons.values() if not button.count)
    assert any(button.width() < button.sizeHint().width() for button in bar.buttons.values())
    assert all(button.width() >= button.sizeHint().width() for button in bar.buttons.values() if button.count)
    bar.grab()
