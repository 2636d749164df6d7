"""A recording on another machine, followed in the window; the ssh of these tests stays here."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.gui.files.attach_dialog import AttachDialog, Place
from gradstep.gui.files.attaching import Attaching
from gradstep.gui.frame.message_bar import MessageBar

from ...ssh_to_here import connections, ssh_to_here

LONG = 60_000


class Desk:
    """A bar, settings, and a place on the other machine."""

    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        self.folder, self.window, self.bar = folder, QWidget(), MessageBar()
        qtbot.addWidget(self.window)
        qtbot.addWidget(self.bar)
        self.settings = QSettings(str(folder / "gradstep.ini"), QSettings.Format.IniFormat)
        self.attaching = Attaching(self.bar, self.settings, self.window)
        (folder / "there").mkdir()
        self.ssh = ssh_to_here(folder)
        there = f"{shlex.quote(sys.executable)} -P -m gradstep"
        self.place = Place("me@cluster", str(folder / "there" / "run.gst"), str(folder / "copies"), f"{self.ssh} -T", there)

    @property
    def copy(self) -> Path:
        return self.folder / "copies" / "me@cluster" / "run.gst"

    def writer(self) -> Writer:
        return Writer(self.place.path)


@pytest.fixture
def desk(tmp_path: Path, qtbot: QtBot) -> Desk:
    return Desk(tmp_path, qtbot)


def test_the_copy_is_opened_while_it_grows_and_its_end_is_said(desk: Desk, qtbot: QtBot) -> None:
    writer = desk.writer()
    with qtbot.waitSignal(desk.attaching.file_picked, timeout=LONG) as picked:
        desk.attaching.follow(desk.place)
    assert picked.args == [str(desk.copy)]
    assert "Following me@cluster:" in desk.bar.text
    tape = Tape.open(str(desk.copy))
    assert not tape.complete
    assert not tape.damage
    tape.close()
    with qtbot.waitSignal(desk.attaching.said, timeout=LONG) as said:
        writer.close()
    assert "is here" in said.args[0]
    assert not desk.attaching.is_following
    assert desk.copy.read_bytes() == Path(desk.place.path).read_bytes()


def test_what_is_not_there_is_said_in_the_bar_and_the_words_are_kept(desk: Desk, qtbot: QtBot) -> None:
    desk.attaching.follow(desk.place)
    qtbot.waitUntil(lambda: not desk.attaching.is_following, timeout=LONG)
    assert "there is no" in desk.bar.text
    desk.attaching.ask()
    dialog = desk.window.findChild(AttachDialog)
    assert dialog is not None
    assert dialog.place == desk.place
    dialog.reject()


def test_a_copy_that_is_stopped_stays_and_goes_on(desk: Desk, qtbot: QtBot) -> None:
    writer = desk.writer()
    with qtbot.waitSignal(desk.attaching.file_picked, timeout=LONG):
        desk.attaching.follow(desk.place)
    desk.attaching.stop()
    assert not desk.attaching.is_following
    assert desk.copy.read_bytes()
    with qtbot.waitSignal(desk.attaching.file_picked, timeout=LONG):
        desk.attaching.follow(desk.place)
    with qtbot.waitSignal(desk.attaching.said, timeout=LONG):
        writer.close()
    assert desk.copy.read_bytes() == Path(desk.place.path).read_bytes()


def test_a_lost_connection_is_said_until_it_is_made_again(desk: Desk, qtbot: QtBot) -> None:
    writer = desk.writer()
    with qtbot.waitSignal(desk.attaching.file_picked, timeout=LONG):
        desk.attaching.follow(desk.place)
    [number] = connections(desk.ssh)
    os.kill(number, signal.SIGKILL)
    qtbot.waitUntil(lambda: "was lost" in desk.bar.text, timeout=LONG)
    qtbot.waitUntil(lambda: "Following" in desk.bar.text, timeout=LONG)
    with qtbot.waitSignal(desk.attaching.said, timeout=LONG):
        writer.close()


def test_the_dialog_follows_only_what_is_named(qtbot: QtBot, desk: Desk) -> None:
    dialog = AttachDialog(Place(copy="/tmp"))
    qtbot.addWidget(dialog)
    assert not dialog.begin.isEnabled()
    dialog.host.setText("cluster")
    assert not dialog.begin.isEnabled()
    dialog.path.setText(" runs ")
    assert dialog.begin.isEnabled()
    dialog.host.setText("-oProxyCommand=x")
    assert not dialog.begin.isEnabled()
    dialog.host.setText("cluster")
    with qtbot.waitSignal(dialog.place_named) as named:
        dialog.begin.click()
    assert named.args == [Place("cluster", "runs", "/tmp")]
