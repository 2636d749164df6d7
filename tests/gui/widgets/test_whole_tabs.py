"""A bar of tabs shows whole names: what the scroll buttons or its edge would cut is covered."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabBar
from pytestqt.qtbot import QtBot

from gradstep.gui.app import application
from gradstep.gui.widgets.whole_tabs import WholeTabs

NAMES = ("Hooks", "Alerts", "Explanations", "History", "Breakpoints", "Watches", "What If", "Contributions", "Gradient Flow")


@pytest.fixture
def bar(qtbot: QtBot) -> QTabBar:
    application("light")
    bar = QTabBar()
    qtbot.addWidget(bar)
    bar.setUsesScrollButtons(True)
    for name in NAMES:
        bar.addTab(name)
    bar.resize(330, 36)
    bar.show()
    return bar


def seen(bar: QTabBar, place: int) -> bool:
    """Whether a tab stands within what the bar shows."""
    return WholeTabs.of(bar).room().contains(bar.tabRect(place))


def test_the_tab_at_the_edge_is_covered_and_no_other(bar: QTabBar) -> None:
    cover = WholeTabs.of(bar)
    cut = cover.cut()
    assert len(cut) == 1
    assert all(not cut[0].intersects(bar.tabRect(place)) for place in range(len(NAMES)) if seen(bar, place))


def test_what_is_covered_has_the_colour_of_the_bar(bar: QTabBar) -> None:
    cover = WholeTabs.of(bar)
    image, part = bar.grab().toImage(), cover.cut()[0]
    assert len({image.pixel(x, y) for x in range(part.left(), part.right() + 1) for y in range(part.top(), part.bottom() + 1)}) == 1


def test_the_tab_that_is_in_front_is_never_covered(bar: QTabBar) -> None:
    for place in range(len(NAMES)):
        bar.setCurrentIndex(place)
        assert all(not part.intersects(bar.tabRect(place)) for part in WholeTabs.of(bar).cut())


def test_where_there_is_room_for_all_nothing_is_covered(bar: QTabBar) -> None:
    cover = WholeTabs.of(bar)
    bar.resize(1400, 36)
    assert cover.cut() == []
    assert cover.size() == bar.size()


def test_a_bar_has_one_cover(bar: QTabBar) -> None:
    assert WholeTabs.of(bar) is WholeTabs.of(bar)


def test_from_right_to_left_the_buttons_stand_at_the_left(bar: QTabBar) -> None:
    bar.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    cover, cut = WholeTabs.of(bar), []
    for width in range(300, 400, 7):
        bar.resize(width, 36)
        assert cover.room().left() > 0
        assert cover.room().right() == bar.width() - 1
        cut += cover.cut()
        assert all(cover.room().contains(part) for part in cover.cut())
    assert cut
