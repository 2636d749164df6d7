"""The history panel goes from write to write, and says what each did in words."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from gradstep.engine.tape.schema import Val
from gradstep.gui.models.value_history import Effect, HistoryLine, ValueHistory
from gradstep.gui.models.values import ValueRef, ValueText
from gradstep.gui.panels.value_history_panel import ValueHistoryPanel


def line(event: int, effect: Effect, bad: str = "") -> HistoryLine:
    return HistoryLine(event, f"event {event}", effect, ValueRef("w.grad", Val(event, 0)), ValueText("2 f32", 1.0, bad), ("node", event))


HISTORY = ValueHistory(
    "w.grad",
    (line(10, Effect.WROTE), line(20, Effect.KEPT), line(30, Effect.CHANGED), line(40, Effect.BROKE, "1 nan")),
    (line(50, Effect.READ),),
)


@pytest.fixture
def panel(qtbot: QtBot) -> ValueHistoryPanel:
    panel = ValueHistoryPanel()
    qtbot.addWidget(panel)
    panel.resize(700, 300)
    panel.show()
    return panel


def test_nothing_selected_is_said(panel: ValueHistoryPanel) -> None:
    assert "Select a value" in panel._stage.notice.text()
    panel.show_history(ValueHistory("w"))
    assert "Nothing on the tape wrote or used w" in panel._stage.notice.text()


def test_effects_are_said_in_words_and_not_by_colour_alone(panel: ValueHistoryPanel) -> None:
    panel.show_history(HISTORY)
    text = "\n".join(panel._tree.texts())
    for words in ("Writes: 3 changes", "● wrote", "○ left as it was", "● changed", "⚠ broke: 1 nan", "Used 1 time", "○ read"):
        assert words in text


def test_next_and_previous_write_leave_out_what_changed_nothing(panel: ValueHistoryPanel) -> None:
    panel.show_history(HISTORY)
    seen: list[int] = []
    panel.event_picked.connect(seen.append)
    panel.event_picked.connect(panel.show_position)
    panel.show_position(12)
    for step in (panel.next_write, panel.next_write, panel.next_write, panel.previous_write, panel.previous_write, panel.previous_write):
        step()
    assert seen == [30, 40, 30, 10]
    assert not panel._previous.isEnabled()
    assert panel._next.isEnabled()


def test_a_line_shows_its_value_and_a_double_click_its_moment(panel: ValueHistoryPanel, qtbot: QtBot) -> None:
    panel.show_history(HISTORY)
    wanted = HISTORY.writes[2]
    with qtbot.waitSignal(panel.value_picked) as value:
        panel._tree.line_picked.emit(wanted)
    assert value.args == [wanted.value]
    with qtbot.waitSignals([panel.event_picked, panel.node_picked]):
        panel._tree.line_activated.emit(wanted)


def test_compare_pins_the_write_before_the_last_unless_a_line_is_chosen(panel: ValueHistoryPanel, qtbot: QtBot) -> None:
    panel.show_history(HISTORY)
    with qtbot.waitSignal(panel.pin_wished) as pinned:
        panel._pin.click()
    assert pinned.args == [HISTORY.writes[2].value]
