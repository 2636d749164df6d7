"""The run configuration: what is shown of engines and interpreters, what is checked, what is kept and for which script."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from gradstep.gui.files.settings import throwaway
from gradstep.gui.preferences import schema
from gradstep.gui.preferences.store import Preferences
from gradstep.gui.runners.dialog import RunDialog
from gradstep.gui.runners.runner import Runner

LONG = 60_000


@pytest.fixture
def preferences(monkeypatch: pytest.MonkeyPatch) -> Preferences:
    """Preferences for which there is an engine called rings."""
    for name in ("running/engine", "script/engine"):
        preference = schema.BY_NAME[name]
        monkeypatch.setitem(schema.BY_NAME, name, replace(preference, choices=(*preference.choices, ("rings", "Rings"))))
    return Preferences(throwaway())


def rows(dialog: RunDialog) -> dict[str, list[str]]:
    table = dialog.table
    items = [table.topLevelItem(row) for row in range(table.topLevelItemCount())]
    return {str(item.data(0, Qt.ItemDataRole.UserRole)): [item.text(column) for column in range(4)] for item in items if item is not None}


def test_interpreters_are_listed_with_what_they_have(qtbot: Any, runner: Runner, rings: str, preferences: Preferences) -> None:
    runner.choose("rings", "", "")
    dialog = RunDialog(runner, preferences)
    qtbot.addWidget(dialog)
    assert dialog.python == ""
    qtbot.waitUntil(lambda: rows(dialog)[rings][3] == "rings 7.1", timeout=LONG)
    qtbot.waitUntil(lambda: rows(dialog)[sys.executable][3] == "no rings", timeout=LONG)
    assert rows(dialog)[rings][1] == ".venv"
    dialog.choose("gradstep", sys.executable)
    assert rows(dialog)[sys.executable][3].startswith("numpy ")
    dialog.choose("rings", sys.executable)
    assert "has no rings" in dialog.verdict.text()
    assert "-m pip install 'rings>=7'" in dialog.verdict.text()


def test_check_imports_what_the_engine_needs(qtbot: Any, runner: Runner, rings: str, preferences: Preferences) -> None:
    runner.choose("rings", rings, "")
    dialog = RunDialog(runner, preferences)
    qtbot.addWidget(dialog)
    assert dialog.python == rings
    dialog.check.click()
    assert dialog.verdict.text().startswith("Importing rings")
    assert not dialog.check.isEnabled()
    qtbot.waitUntil(lambda: dialog.verdict.text().endswith("Its packages can be imported."), timeout=LONG)
    assert dialog.check.isEnabled()


def test_an_interpreter_from_elsewhere_can_be_chosen(
    qtbot: Any, runner: Runner, rings: str, preferences: Preferences, tmp_path: Path
) -> None:
    del rings
    dialog = RunDialog(runner, preferences)
    qtbot.addWidget(dialog)
    path = str(tmp_path / "none" / "python")
    dialog.choose("rings", path)
    assert dialog.python == path
    qtbot.waitUntil(lambda: "is not there any more" in dialog.verdict.text(), timeout=LONG)


def test_the_choice_is_kept_for_the_script_that_is_open(qtbot: Any, runner: Runner, rings: str, preferences: Preferences) -> None:
    preferences.show_script("/project/train.py")
    dialog = RunDialog(runner, preferences)
    qtbot.addWidget(dialog)
    assert "train.py" in dialog.windowTitle()
    assert dialog.folder.placeholderText() == "/project"
    dialog.choose("rings", rings)
    dialog.arguments.setText("--lr '1 2'")
    dialog.folder.setText("/elsewhere")
    dialog.environment.setPlainText("A=1")
    with qtbot.waitSignal(dialog.run_wished):
        dialog.run.click()
    kept = [preferences[f"script/{name}"] for name in ("engine", "python", "arguments", "folder", "environment")]
    assert kept == ["rings", rings, "--lr '1 2'", "/elsewhere", "A=1"]
    preferences.show_script("/project/other.py")
    assert preferences["script/engine"] == ""
    assert preferences["running/engine"] == "gradstep"


def test_without_a_script_the_choice_is_for_all(qtbot: Any, runner: Runner, rings: str, preferences: Preferences) -> None:
    dialog = RunDialog(runner, preferences)
    qtbot.addWidget(dialog)
    dialog.choose("rings", rings)
    assert not dialog.run.isVisibleTo(dialog)
    dialog.keep.click()
    assert (preferences["running/engine"], preferences["running/python"]) == ("rings", rings)


def test_texts_that_mean_nothing_cannot_be_kept(qtbot: Any, runner: Runner, preferences: Preferences) -> None:
    preferences.show_script("/project/train.py")
    dialog = RunDialog(runner, preferences)
    qtbot.addWidget(dialog)
    dialog.arguments.setText("--name 'open")
    assert not dialog.keep.isEnabled()
    assert "quotation mark" in dialog.complaint.text()
    dialog.arguments.setText("")
    dialog.environment.setPlainText("no equals")
    assert not dialog.run.isEnabled()
    dialog.environment.setPlainText("")
    assert dialog.keep.isEnabled()
