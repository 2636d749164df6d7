"""Notes and bookmarks: kept for each script, found again, taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QPlainTextEdit, QTreeWidget
from pytestqt.qtbot import QtBot

import gradstep.engine as gs
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.gui.files.notes import Notes
from gradstep.gui.frame.undo import Undo
from gradstep.gui.models.debug_model import DebugModel
from gradstep.gui.models.notes import NotesTable
from gradstep.gui.panels.notes_panel import NotesPanel
from gradstep.gui.study.navigator import Navigator


class Desk:
    """Notes over a tape that is open."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        path = str(folder / "run.gst")
        recorder = Recorder(Writer(path))
        with recording(recorder):
            gs.ones(2, requires_grad=True).exp().sum().backward()
        recorder.close()
        self.model = DebugModel()
        self.panel = NotesPanel()
        qtbot.addWidget(self.panel)
        self.settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
        self.navigator = Navigator(self.model)
        self.notes = Notes(self.model, self.navigator, self.panel, self.settings)
        self.said: list[str] = []
        self.notes.said.connect(self.said.append)
        self.model.open(path)
        self.model.catch_up()
        self.notes.show_file("script.py")

    def tree(self) -> QTreeWidget:
        found = self.panel.findChild(QTreeWidget)
        assert found is not None
        return found


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Desk:
    return Desk(qtbot, tmp_path)


def test_a_bookmark_brings_the_moment_and_the_node_back(desk: Desk) -> None:
    desk.navigator.look_at_first()
    position, key = desk.model.position, desk.model.selection.key
    desk.notes.toggle()
    desk.navigator.look_at_last()
    desk.model.select(None)
    desk.notes.go_to_place(1)
    assert (desk.model.position, desk.model.selection.key) == (position, key)
    assert desk.tree().topLevelItem(0).text(0) == "Ctrl+1"
    assert "SumBackward0" in desk.tree().topLevelItem(0).text(1)
    assert desk.tree().topLevelItem(0).font(1).bold()


def test_the_same_key_takes_the_mark_away_again(desk: Desk) -> None:
    desk.notes.toggle()
    desk.notes.toggle()
    assert desk.notes.all == []


def test_bookmarks_stand_in_the_order_of_their_moments(desk: Desk) -> None:
    for position in (9, 2, 5):
        desk.model.move_to(position)
        desk.notes.toggle()
    assert [bookmark.event for bookmark in desk.notes.all] == [2, 5, 9]
    desk.notes.go_to_place(2)
    assert desk.model.position == 5


def test_what_was_done_to_bookmarks_is_undone_and_done_again(desk: Desk) -> None:
    undo = Undo()
    undo.follow(desk.notes)
    desk.notes.toggle()
    (made,) = desk.notes.all
    desk.notes.name(made.id, "here it breaks")
    desk.notes.remove([made.id])
    undo.undo()
    assert [bookmark.words for bookmark in desk.notes.all] == ["here it breaks"]
    undo.undo()
    undo.undo()
    assert desk.notes.all == []
    undo.redo()
    assert desk.notes.all == [made]


def test_text_and_bookmarks_are_there_when_the_script_is_opened_again(desk: Desk, qtbot: QtBot) -> None:
    text = desk.panel.findChild(QPlainTextEdit)
    assert text is not None
    qtbot.keyClicks(text, "the norm explodes")
    desk.notes.toggle()
    desk.notes.show_file("other.py")
    assert (desk.panel.text(), desk.notes.all) == ("", [])
    desk.notes.show_file("script.py")
    assert desk.panel.text() == "the norm explodes"
    assert len(desk.notes.all) == 1


def test_what_is_typed_is_kept_soon_without_anything_else_happening(desk: Desk, qtbot: QtBot, tmp_path: Path) -> None:
    text = desk.panel.findChild(QPlainTextEdit)
    assert text is not None
    qtbot.keyClicks(text, "x")
    (tmp_path / "notes").mkdir(exist_ok=True)
    qtbot.waitUntil(lambda: any(NotesTable(file).text == "x" for file in (tmp_path / "notes").glob("*.json")))


def test_words_are_written_in_the_row(desk: Desk) -> None:
    desk.notes.toggle()
    desk.tree().topLevelItem(0).setText(2, "look here")
    assert desk.notes.all[0].words == "look here"


def test_a_moment_that_this_recording_has_not_is_said(desk: Desk) -> None:
    desk.notes.go_to_place(1)
    assert "no bookmark 1 yet" in desk.said[-1]
    desk.model.move_to(desk.model.last)
    desk.notes.toggle()
    desk.model.close()
    desk.notes.go_to_place(1)
    assert "does not reach" in desk.said[-1]
    desk.notes.toggle()
    assert "nothing is recorded yet" in desk.said[-1]


def test_damaged_notes_are_put_aside_and_said(desk: Desk, tmp_path: Path) -> None:
    desk.notes.toggle()
    (file,) = (tmp_path / "notes").glob("*.json")
    file.write_text("{", encoding="utf-8")
    desk.notes.show_file("script.py")
    assert "cannot be read as notes" in desk.said[-1]
    desk.notes.toggle()
    assert file.with_suffix(".damaged").read_text(encoding="utf-8") == "{"


def test_a_recording_is_given_the_notes_on_its_script_once(desk: Desk) -> None:
    desk.notes.toggle()
    desk.notes.keep()
    desk.notes.adopt("script.py", "run.gst")
    desk.notes.show_file("run.gst")
    assert len(desk.notes.all) == 1
    desk.notes.toggle()
    assert desk.notes.all == []
    desk.notes.adopt("script.py", "run.gst")  # what is its own stays
    desk.notes.show_file("script.py")
    assert len(desk.notes.all) == 1
    desk.notes.show_file("run.gst")
    assert desk.notes.all == []


def test_a_script_without_notes_gives_none(desk: Desk) -> None:
    desk.notes.adopt("other.py", "run.gst")
    desk.notes.show_file("run.gst")
    assert desk.notes.all == []
