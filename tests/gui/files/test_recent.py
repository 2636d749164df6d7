from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from gradstep.gui.files.recent import LIMIT, recent, remember


@pytest.fixture
def settings(tmp_path):
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


def files(folder: Path, count: int) -> list[Path]:
    made = [folder / f"script{i}.py" for i in range(count)]
    for file in made:
        file.touch()
    return made


def test_nothing_was_opened_at_first(settings):
    assert recent(settings) == []


def test_the_newest_comes_first_and_nothing_twice(settings, tmp_path):
    first, second = files(tmp_path, 2)
    for file in (first, second, first):
        remember(settings, file)
    assert recent(settings) == [first, second]


def test_one_file_alone_survives_being_written(settings, tmp_path):
    (only,) = files(tmp_path, 1)
    remember(settings, only)
    settings.sync()
    assert recent(QSettings(settings.fileName(), QSettings.Format.IniFormat)) == [only]


def test_what_is_gone_is_not_listed(settings, tmp_path):
    first, second = files(tmp_path, 2)
    remember(settings, first)
    remember(settings, second)
    second.unlink()
    assert recent(settings) == [first]


def test_the_list_ends_somewhere(settings, tmp_path):
    for file in files(tmp_path, LIMIT + 3):
        remember(settings, file)
    assert len(recent(settings)) == LIMIT
