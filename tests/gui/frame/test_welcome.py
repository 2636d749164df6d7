import ast
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from gradstep.gui.actions import COMMANDS
from gradstep.gui.frame.drops import dropped
from gradstep.gui.frame.welcome import SHOWN, Entry, WelcomePage
from gradstep.gui.guide.examples import EXAMPLES, FOLDER


@pytest.fixture
def page(qtbot):
    page = WelcomePage()
    qtbot.addWidget(page)
    page.resize(1366, 700)
    page.show()
    return page


def entries(page) -> list[Entry]:
    QApplication.processEvents()  # a widget that was added is shown when the event loop turns
    return [entry for entry in page.findChildren(Entry) if not entry.isHidden()]


def test_every_entry_can_be_reached_and_pressed_by_keyboard(page, qtbot):
    page.activateWindow()
    page.setFocus()
    reached = []
    for _ in entries(page):
        reached.append(QApplication.focusWidget().accessibleName())
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert sorted(reached) == sorted(entry.accessibleName() for entry in entries(page))
    page.setFocus()
    with qtbot.waitSignal(page.wished) as wished:
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert wished.args == ["open"]


def test_what_one_may_start_with_are_commands_with_their_keys(page):
    page.show_keys(lambda name: f"keys of {name}")
    shown = [label.text() for entry in entries(page) for label in entry.findChildren(QLabel) if label.text().startswith("keys of ")]
    assert shown == [f"keys of {name}" for name in ("open", "open_tape", "open_ranks", "run_elsewhere", "attach")]
    assert {name.removeprefix("keys of ") for name in shown} <= {command.name for command in COMMANDS}


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_is_there_and_says_what_to_find(page, qtbot, number):
    name, label, about = EXAMPLES[number]
    entry = next(entry for entry in entries(page) if entry.accessibleName() == label)
    assert entry.accessibleDescription() == about
    with qtbot.waitSignal(page.file_picked) as picked:
        QTest.mouseClick(entry, Qt.MouseButton.LeftButton)
    assert picked.args == [str(FOLDER / name)]
    assert "find" in (ast.get_docstring(ast.parse((FOLDER / name).read_text(encoding="utf-8"))) or "").lower()


def test_recent_files_are_listed_newest_first_with_their_folder(page, qtbot, tmp_path):
    files = [tmp_path / f"{name}.py" for name in "abcdefgh"]
    page.show_recent(files)
    names = [entry.accessibleName() for entry in entries(page)]
    shown = [name for name in names if name.endswith(".py")]
    assert shown == [file.name for file in files[:SHOWN]]
    entry = next(entry for entry in entries(page) if entry.accessibleName() == "a.py")
    assert entry.toolTip() == str(files[0])
    with qtbot.waitSignal(page.file_picked) as picked:
        entry.click()
    assert picked.args == [str(files[0])]
    page.show_recent([])
    assert not [entry for entry in entries(page) if entry.accessibleName().endswith(".py")]


def test_a_very_long_name_is_cut_in_the_middle_and_does_not_widen_the_page(page):
    wide = page.widget().minimumSizeHint().width()
    page.show_recent([Path("/somewhere") / f"{'a_very_long_name_' * 12}.py"])
    assert page.widget().minimumSizeHint().width() == wide


def test_cards_grow_with_a_large_window_and_what_is_cut_is_less(page):
    page.show_recent([Path("/somewhere") / f"{'a_very_long_name_' * 12}.py"])
    page.resize(1366, 768)
    entry = next(entry for entry in entries(page) if entry.accessibleName().endswith(".py"))
    small = entry._elided[0][0].text()
    widths = [card.width() for card in page._cards]
    page.resize(2560, 1440)
    QApplication.processEvents()
    assert len(entry._elided[0][0].text()) > len(small)
    assert all(card.width() > before for card, before in zip(page._cards, widths, strict=True))
    page.resize(1366, 768)
    assert entry._elided[0][0].text() == small


def test_a_small_window_scrolls_it(page):
    page.resize(500, 300)
    assert page.minimumSizeHint().width() < 300


def test_a_script_a_tape_or_a_folder_can_be_dropped_and_nothing_else(tmp_path):
    def drop(name: str) -> str:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(tmp_path / name))])
        return dropped(QDropEvent(QPoint(), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier))

    (tmp_path / "runs").mkdir()
    (tmp_path / "words.txt").write_text("")
    assert [Path(drop(name)).name for name in ("train.py", "rank0.gst", "runs", "words.txt")] == ["train.py", "rank0.gst", "runs", ""]


def test_names_have_what_room_a_wide_window_has(page):
    name = "a_module_with_a_name_that_says_everything_about_it.py"
    page.resize(1366, 700)
    page.show_recent([Path("/home") / name])
    cut = {label.text() for entry in entries(page) for label in entry.findChildren(QLabel)}
    assert name not in cut
    page.resize(2560, 1300)
    assert name in {label.text() for entry in entries(page) for label in entry.findChildren(QLabel)}
