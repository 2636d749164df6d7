"""The tour comes once by itself, can be left, walked and opened again by keys alone, and stays beside what it points at."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QObject, QRect, QSettings, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from gradstep.gui.files.settings import throwaway
from gradstep.gui.guide.bubble import place
from gradstep.gui.guide.tour import Stop, Tour


class Window(QWidget):
    """Three parts side by side, the last of which is hidden until it is brought."""

    def __init__(self) -> None:
        super().__init__()
        self.resize(1200, 700)
        self.parts = [QPushButton(name) for name in "abc"]
        row = QHBoxLayout(self)
        for part in self.parts:
            row.addWidget(part)
        self.parts[2].hide()


@pytest.fixture
def window(qtbot: QtBot) -> Window:
    window = Window()
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    window.parts[0].setFocus()
    return window


def tour_of(window: Window, settings: QSettings | None = None) -> Tour:
    stops = [Stop(f"Part {part.text()}", "What it is for.", lambda part=part: part, part.show) for part in window.parts]  # type: ignore[misc]
    return Tour(window, stops, settings or throwaway(), QObject(window))


def focus() -> Any:
    return QApplication.focusWidget()


def test_it_comes_by_itself_once_and_leaves_the_focus_at_the_work(window: Window) -> None:
    settings = throwaway()
    tour = tour_of(window, settings)
    tour.offer()
    assert tour.is_shown
    assert focus() is window.parts[0]
    tour.leave()
    tour.offer()
    assert not tour.is_shown
    again = tour_of(window, settings)
    again.offer()
    assert not again.is_shown, "nor the next time the window is opened"


def test_keys_alone_walk_it_and_the_focus_comes_back(window: Window) -> None:
    tour = tour_of(window)
    tour.open()
    assert focus() is tour.bubble.next
    assert "Part a" in tour.bubble.next.accessibleDescription()
    QTest.keyClick(focus(), Qt.Key.Key_Space)
    assert tour.at == 1
    QTest.keyClick(focus(), Qt.Key.Key_Backtab)
    assert focus() is tour.bubble.back
    QTest.keyClick(focus(), Qt.Key.Key_Space)
    assert (tour.at, focus()) == (0, tour.bubble.next)
    for _ in range(3):
        QTest.keyClick(focus(), Qt.Key.Key_Space)
    assert not tour.is_shown
    assert not tour.ring.isVisible()
    assert focus() is window.parts[0]


def test_escape_leaves_it_and_it_goes_on_there_when_opened_again(window: Window) -> None:
    settings = throwaway()
    tour = tour_of(window, settings)
    tour.open()
    QTest.keyClick(focus(), Qt.Key.Key_Space)
    QTest.keyClick(focus(), Qt.Key.Key_Escape)
    assert not tour.is_shown
    again = tour_of(window, settings)
    again.open()
    assert again.at == 1
    again.bubble.next.click()
    again.bubble.next.click()
    again.open()
    assert again.at == 0, "it was walked to its end"


def test_it_shows_the_part_it_points_at_and_goes_with_it(window: Window, qtbot: QtBot) -> None:
    tour = tour_of(window)
    tour.open()
    tour.bubble.next.click()
    tour.bubble.next.click()
    part = window.parts[2]
    assert part.isVisible()
    qtbot.waitUntil(lambda: tour.ring.geometry().contains(part.geometry()))
    window.resize(900, 500)
    qtbot.waitUntil(lambda: tour.ring.geometry().contains(part.geometry()) and window.rect().contains(tour.bubble.geometry()))
    part.hide()
    qtbot.waitUntil(lambda: not tour.ring.isVisible())
    assert tour.is_shown


def test_the_work_goes_on_below_it(window: Window, qtbot: QtBot) -> None:
    tour_of(window).open()
    with qtbot.waitSignal(window.parts[1].clicked):
        QTest.mouseClick(window.parts[1], Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("target", [(0, 0, 90, 30), (1276, 0, 90, 30), (300, 200, 600, 400), (0, 500, 1366, 200), (0, 0, 1366, 768)])
def test_a_bubble_stands_within_the_window_and_beside_its_part_where_there_is_room(target: tuple[int, int, int, int]) -> None:
    room, part = QRect(0, 0, 1366, 768), QRect(*target)
    bubble = place(QSize(340, 150), part, room)
    assert room.contains(bubble)
    assert part == room or not bubble.intersects(part)
