"""Source, output, console and alerts show text that came from elsewhere, and ask by signals."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gradstep.gui import theme
from gradstep.gui.models.alerts import AlertLog
from gradstep.gui.panels.alerts_panel import AlertsPanel
from gradstep.gui.panels.console_panel import ConsolePanel
from gradstep.gui.panels.output_panel import OutputPanel
from gradstep.gui.panels.source_panel import BREAKPOINTS, SourcePanel

from ..tapes import FILE, SCRIPT, SmallNetwork
from .conftest import dress


def source(qtbot: QtBot) -> SourcePanel:
    panel = SourcePanel()
    qtbot.addWidget(panel)
    panel.resize(500, 400)
    panel.show_sources({FILE: SCRIPT, "/home/me/model.py": "import os\n"})
    panel.show()
    return panel


def test_the_current_line_is_marked_in_its_file_and_brought_to_the_front(qtbot: QtBot) -> None:
    panel = source(qtbot)
    panel.show_line("/home/me/model.py", 1)
    assert panel.current_file == "/home/me/model.py"
    panel.show_line(FILE, 14)
    assert panel.current_file == FILE
    view = panel._views[FILE]
    assert [selection.cursor.blockNumber() for selection in view.extraSelections()] == [13]
    assert panel._views["/home/me/model.py"].extraSelections() == []
    panel.show_line("", 0)
    assert view.extraSelections() == []


def test_a_line_that_was_brought_into_view_stays_in_the_middle_of_a_panel_that_gets_another_height(qtbot: QtBot) -> None:
    panel = SourcePanel()
    qtbot.addWidget(panel)
    panel.resize(500, 150)
    panel.show_sources({FILE: "x = 1\n" * 200})
    panel.show()
    panel.show_line(FILE, 100)
    view = panel._views[FILE]
    panel.resize(500, 900)
    assert abs(view.cursorRect().center().y() - view.viewport().height() / 2) < 2 * view.fontMetrics().height()
    view.verticalScrollBar().setValue(3)  # the user's own wish
    panel.resize(500, 500)
    assert view.verticalScrollBar().value() == 3


def test_a_click_on_a_number_picks_the_line_and_one_left_of_it_asks_for_a_breakpoint(qtbot: QtBot) -> None:
    panel = source(qtbot)
    view = panel._views[FILE]
    block = view.document().findBlockByNumber(4)
    y = int(view.blockBoundingGeometry(block).translated(view.contentOffset()).center().y())
    with qtbot.waitSignal(panel.line_picked) as picked:
        qtbot.mouseClick(view._gutter, Qt.MouseButton.LeftButton, pos=QPoint(BREAKPOINTS + 10, y))
    assert picked.args == [FILE, 5]
    with qtbot.waitSignal(panel.breakpoint_toggled) as toggled:
        qtbot.mouseClick(view._gutter, Qt.MouseButton.LeftButton, pos=QPoint(4, y))
    assert toggled.args == [FILE, 5]


def test_the_source_cannot_be_typed_into(qtbot: QtBot) -> None:
    panel = source(qtbot)
    view = panel._views[FILE]
    qtbot.keyClicks(view, "x = 1")
    assert view.toPlainText() == SCRIPT


def test_words_of_python_have_colours_and_strings_may_span_lines(qtbot: QtBot) -> None:
    panel = source(qtbot)
    panel.show_sources({FILE: 'def f(x):\n    """long\n    string"""\n    return x  # why\n'})
    document = panel._views[FILE].document()

    def colour(line: int, column: int) -> str:
        layout = document.findBlockByNumber(line).layout()
        assert layout is not None
        found = [span.format.foreground().color().name() for span in layout.formats() if span.start <= column < span.start + span.length]
        return found[-1] if found else ""

    hues = theme.current().categories
    assert colour(0, 0) == hues["activation"].name()
    assert colour(0, 4) == hues["linalg"].name()
    assert colour(1, 6) == colour(2, 6) == hues["leaf"].name()
    assert colour(3, 4) == hues["activation"].name()
    assert colour(3, 15) == theme.current().faint.name()


def test_output_is_shown_in_the_order_of_arrival_and_is_harmless(qtbot: QtBot) -> None:
    panel = OutputPanel()
    qtbot.addWidget(panel)
    panel.show_output("stdout", "loss 1\n")
    panel.show_output("stderr", "\x1b[31mWarning\x07\x1b[0m\n")
    panel.show_output("stdout", " 10%\r")
    assert panel.text() == "loss 1\nWarning\\x07\n 10%"
    panel.show_output("stdout", "100%\nend")
    assert panel.text() == "loss 1\nWarning\\x07\n100%\nend"


def test_a_flood_of_output_keeps_the_view_small_and_says_what_is_missing(qtbot: QtBot) -> None:
    panel = OutputPanel()
    qtbot.addWidget(panel)
    panel.show_log("run.log")
    for number in range(20_000):
        panel.show_output("stdout", f"{number} some words to fill the line\n")
        if number % 5000 == 0:
            panel.text()
    text = panel.text()
    assert len(text) <= 64 * 1024
    assert text.endswith("19999 some words to fill the line")
    assert text.splitlines()[0].endswith(" some words to fill the line")
    assert panel._note.text().endswith("KiB not shown, kept in run.log")
    numbers = [int(line.split()[0]) for line in text.splitlines()]
    assert numbers == list(range(numbers[0], 20_000))


def test_the_search_goes_round(qtbot: QtBot) -> None:
    panel = OutputPanel()
    qtbot.addWidget(panel)
    panel.show_output("stdout", "one\ntwo\none\n")
    panel.text()
    panel._text.moveCursor(QTextCursor.MoveOperation.Start)
    panel._search.setText("one")
    lines = []
    for _ in range(3):
        assert panel.find_next()
        lines.append(panel._text.textCursor().blockNumber())
    assert lines == [0, 2, 0]
    panel._search.setText("three")
    assert not panel.find_next()


def test_another_theme_keeps_the_output(qtbot: QtBot) -> None:
    panel = OutputPanel()
    qtbot.addWidget(panel)
    panel.show_output("stdout", "kept\n")
    panel.text()
    panel.restyle()
    assert panel.text() == "kept"


def test_an_expression_is_asked_once_and_its_answer_shown(qtbot: QtBot) -> None:
    panel = ConsolePanel()
    qtbot.addWidget(panel)
    panel.show()
    asked: list[str] = []
    panel.expression_entered.connect(asked.append)
    qtbot.keyClicks(panel._field, "1 + 1")
    qtbot.keyClick(panel._field, Qt.Key.Key_Return)
    assert asked == []
    panel.show_enabled(True)
    for expression in ("1 + 1", "x.grad"):
        panel._field.setText(expression)
        qtbot.keyClick(panel._field, Qt.Key.Key_Return)
        assert not panel._field.isEnabled()
        panel.show_result(expression, "2\x07")
    assert asked == ["1 + 1", "x.grad"]
    assert panel.text() == ">>> 1 + 1\n2\\x07\n>>> x.grad\n2\\x07"
    qtbot.keyClick(panel._field, Qt.Key.Key_Up)
    qtbot.keyClick(panel._field, Qt.Key.Key_Up)
    assert panel._field.text() == "1 + 1"
    qtbot.keyClick(panel._field, Qt.Key.Key_Down)
    assert panel._field.text() == "x.grad"


def test_what_a_console_said_is_readable_in_another_theme(qtbot: QtBot, qapp: QApplication) -> None:
    panel = ConsolePanel()
    qtbot.addWidget(panel)
    panel.show_enabled(True)
    panel.show_result("x", "tensor(1.)\nof a line more")
    panel.show_error("y", "NameError: y")
    dress(qapp, theme.DARK)
    panel.restyle()
    document, found = panel._log.document(), []
    for number in range(document.blockCount()):
        cursor = QTextCursor(document.findBlockByNumber(number))
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
        found.append(cursor.charFormat().foreground().color())
    assert found == [theme.DARK.text, theme.DARK.text, theme.DARK.bad]


def test_a_console_that_cannot_ask_says_why(qtbot: QtBot) -> None:
    panel = ConsolePanel()
    qtbot.addWidget(panel)
    panel.show_enabled(False, "The program is running.")
    panel.show()
    assert panel._why.isVisible()
    assert panel._why.text() == "The program is running."
    assert not panel._field.isVisible()


def test_alerts_lead_to_their_moment_their_node_and_their_line(qtbot: QtBot) -> None:
    panel = AlertsPanel()
    qtbot.addWidget(panel)
    assert panel._stage.notice.text() == "Nothing is recorded. The first NaN, infinity or zero gradient is named here."
    panel.show_alerts((), 0, 1402)
    assert panel._stage.notice.text() == "No NaN, Inf or zero gradient in 1,402 events."
    log, tape = AlertLog(), SmallNetwork(poison=True).tape()
    log.read(tape)
    panel.show_alerts(log.alerts(), log.carried, len(tape.events))
    assert panel.count() == 1
    with qtbot.waitSignals([panel.node_picked, panel.value_picked, panel.line_picked]):
        panel.go_to(0)
    with qtbot.waitSignal(panel.inputs_wished):
        panel._inputs.click()
