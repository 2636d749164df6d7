"""Explanations are shown with their lines as links."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QTextBrowser
from pytestqt.qtbot import QtBot

from gradstep.gui.panels.explanations_panel import ExplanationsPanel

FINDING = {
    "code": "nan.sqrt-slope", "severity": "fault", "title": "The backward of sqrt made <infinity>", "text": "a < b & c", "fix": "add eps",
    "node": 5, "event": 12, "places": [{"file": "/x/train.py", "line": 4, "source": "y = x.sqrt() if x < 1 else x", "what": "born"}],
}  # fmt: skip


def test_what_was_found_is_shown_and_its_lines_can_be_followed(qtbot: QtBot) -> None:
    panel = ExplanationsPanel()
    qtbot.addWidget(panel)
    text = panel.findChild(QTextBrowser, "explanations")
    assert text is not None
    assert panel._stage.is_empty
    panel.show_findings([FINDING])
    shown = text.toPlainText()
    for part in ("made <infinity>", "nan.sqrt-slope", "train.py:4", "if x < 1 else x", "a < b & c", "add eps"):
        assert part in shown
    told: list[Any] = []
    panel.line_picked.connect(lambda file, line: told.append((file, line)))
    panel.event_picked.connect(told.append)
    panel.node_picked.connect(told.append)
    text.anchorClicked.emit(QUrl("line:0:0"))
    text.anchorClicked.emit(QUrl("event:0"))
    assert told == [("/x/train.py", 4), 12, ("node", 5)]


def test_nothing_to_explain_is_said(qtbot: QtBot) -> None:
    panel = ExplanationsPanel()
    qtbot.addWidget(panel)
    panel.show_findings([])
    assert panel.count() == 0
    assert "Nothing to explain" in panel._stage.notice.text()


def test_before_the_end_it_says_what_will_stand_there_and_while_it_is_looked_for_that_it_is(qtbot: QtBot) -> None:
    panel = ExplanationsPanel()
    qtbot.addWidget(panel)
    notice = panel._stage.notice
    assert notice.text().startswith("When the program has ended or stopped at an error, what went wrong")
    panel.show_looking()
    assert notice.text() == "Looking for what went wrong ..."
    panel.show_findings([FINDING])
    panel.show_looking()  # what is known stays until more is
    assert not panel._stage.is_empty
    panel.show_waiting()
    assert notice.text().startswith("When the program has ended")


def test_what_could_not_be_looked_for_is_said_with_the_reason_and_can_be_tried_again(qtbot: QtBot) -> None:
    panel = ExplanationsPanel()
    qtbot.addWidget(panel)
    panel.show_findings([FINDING])
    panel.show_failure("run.gst: there is no such file")
    assert panel.count() == 0
    notice = panel._stage.notice
    assert notice.text() == "What happened could not be explained: run.gst: there is no such file."
    with qtbot.waitSignal(panel.explain_wished):
        notice.buttons()[0].click()


def test_words_in_backquotes_are_shown_as_code_and_a_lone_one_as_it_is(qtbot: QtBot) -> None:
    panel = ExplanationsPanel()
    qtbot.addWidget(panel)
    panel.show_findings(
        [
            {
                **FINDING,
                "places": [{**FINDING["places"][0], "what": "made `h`"}],
                "text": "`0.weight` and `a<b>` got none",
                "fix": "a ` alone",
            }
        ]
    )
    text = panel.findChild(QTextBrowser, "explanations")
    assert text is not None
    assert "made h" in text.toPlainText()
    assert "0.weight and a<b> got none" in text.toPlainText()
    assert "a ` alone" in text.toPlainText()


def test_in_a_narrow_panel_what_is_said_of_a_line_stands_below_it_and_not_in_a_column_of_letters(qtbot: QtBot) -> None:
    panel = ExplanationsPanel()
    qtbot.addWidget(panel)
    place = {**FINDING["places"][0], "source": "loss = criterion(model(x), y)", "what": "the result is not used for the loss"}
    panel.resize(900, 300)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.show_findings([{**FINDING, "places": [place]}])
    text = panel.findChild(QTextBrowser, "explanations")
    assert text is not None

    def beside() -> bool:
        code, remark = (text.document().find(words) for words in ("criterion", "the result is"))
        return text.cursorRect(code).y() == text.cursorRect(remark).y()

    assert beside()
    panel.resize(400, 300)
    assert not beside()
    panel.resize(900, 300)
    assert beside()
