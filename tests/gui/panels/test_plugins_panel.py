"""The table of plug-ins says once what became of each."""

from __future__ import annotations

from PySide6.QtWidgets import QTreeWidget
from pytestqt.qtbot import QtBot

from gradstep.gui.panels.plugins_panel import Plugged, PluginsPanel


def plugged(name: str, *, on: bool, reason: str = "", failures: int = 0) -> Plugged:
    return Plugged(f"a:{name}", "a", "1.0", "What it is, in a sentence", "layout", name, on, True, False, reason, 3, 0.1, failures)


def test_failures_of_what_is_still_on_are_counted_and_what_was_switched_off_says_why_itself(qtbot: QtBot) -> None:
    panel = PluginsPanel()
    qtbot.addWidget(panel)
    why = "switched off after 3 failures; the last: ZeroDivisionError"
    panel.show_plugins([plugged("one", on=True, failures=2), plugged("two", on=False, reason=why, failures=3)], False, "")
    tree = panel.findChild(QTreeWidget, "plugins")
    assert isinstance(tree, QTreeWidget)
    package = tree.topLevelItem(0)
    assert package is not None
    assert [package.child(row).text(4) for row in range(2)] == ["2 failures: on", why]
    assert package.text(1) == "What it is, in a sentence"
