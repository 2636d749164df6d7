"""A script on another machine, as it is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from gradstep.gui.files.elsewhere_dialog import STAYS, ElsewhereDialog
from gradstep.gui.files.errand import Errand
from gradstep.gui.files.recent import entries, errands, recent, remember

ERRAND = Errand("me@cluster", "project", "train.py", "--name 'a b'", ".venv/bin/python", stay=0.0)


def test_it_says_how_it_is_run() -> None:
    options = ERRAND.options()
    assert options["args"] == ("--name", "a b")
    assert options["reach"][-1] == "cd project && exec .venv/bin/python -P -m gradstep agent --stdio"
    assert (ERRAND.name, ERRAND.place) == ("train.py on me@cluster", "me@cluster:project/train.py")


@pytest.mark.parametrize(
    "changed",
    [{"host": ""}, {"host": "cluster:project"}, {"host": "-oProxyCommand=x"}, {"script": ""}, {"arguments": "'open"}, {"ssh": ""}],
)
def test_what_cannot_be_run_has_a_problem(changed: dict[str, str]) -> None:
    assert not ERRAND.problem
    assert replace(ERRAND, **changed).problem  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"host": 3}', '{"stay": "long"}', "null"])
def test_what_is_no_errand_is_none(text: str) -> None:
    assert Errand.of(text) is None
    assert Errand.of(ERRAND.text()) == ERRAND


def test_it_is_kept_among_the_files_newest_first_and_once(tmp_path: Path) -> None:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    file = tmp_path / "here.py"
    file.touch()
    remember(settings, ERRAND)
    remember(settings, file)
    changed = replace(ERRAND, arguments="")
    remember(settings, changed)
    assert entries(settings) == [changed, file]
    assert (recent(settings), errands(settings)) == ([file], [changed])


def test_the_dialog_gives_what_it_was_given_and_runs_only_what_is_whole(qtbot: QtBot) -> None:
    dialog = ElsewhereDialog(ERRAND)
    qtbot.addWidget(dialog)
    assert dialog.errand == ERRAND
    assert dialog.run.isEnabled()
    dialog.host.setText("")
    assert not dialog.run.isEnabled()
    assert "ssh-copy-id" in dialog.hint.text()
    dialog.host.setText("cluster:project")
    assert not dialog.run.isEnabled()
    assert "name the machine alone" in dialog.hint.text()
    dialog.host.setText("box")
    dialog.stay.setCurrentIndex(2)
    with qtbot.waitSignal(dialog.run_wished) as wished:
        dialog.run.click()
    assert wished.args == [replace(ERRAND, host="box", stay=STAYS[2])]
