import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QMainWindow, QTabBar, QWidget

from gradstep.gui import theme
from gradstep.gui.files.settings import throwaway
from gradstep.gui.frame.docks import Docks, plain
from gradstep.gui.panels.panel_set import PanelSet
from gradstep.gui.panels.tensor_viewer import LOW


class Held:
    """A window with all panels."""

    def __init__(self, qtbot, width: int = 1600, height: int = 1000) -> None:
        self.window = QMainWindow()
        qtbot.addWidget(self.window)
        self.window.setCentralWidget(QWidget())
        self.panels = PanelSet()
        self.docks = Docks(self.window, self.panels.places())
        self.window.resize(width, height)
        self.window.show()


def test_every_panel_has_a_dock_with_its_name_for_eyes_and_readers(qtbot):
    held = Held(qtbot)
    assert len(held.docks.all()) == len(vars(held.panels))
    for panel in vars(held.panels).values():
        dock = held.docks[panel]
        assert dock.windowTitle() == plain(panel.heading())
        assert panel.accessibleName()
        assert panel.accessibleDescription()


def test_what_changes_in_a_panel_paints_no_dock(qtbot):
    held = Held(qtbot)
    held.docks.arrange()
    dock, painted = held.docks[held.panels.timeline], []

    class Counting(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() is QEvent.Type.Paint:
                painted.append(watched)
            return False

    QApplication.processEvents()
    counting = Counting()
    for widget in (dock, held.panels.timeline):
        widget.installEventFilter(counting)
    held.panels.timeline.update()
    QApplication.processEvents()
    assert set(painted) == {held.panels.timeline}


def test_every_panel_has_one_place(qtbot):
    places = Held(qtbot).panels.places()
    panels = [*places.left, *places.right, places.strip, *places.lists]
    assert len(set(panels)) == len(panels)


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1600, 1000), (2560, 1440)])
def test_a_new_user_sees_every_side_and_the_graph_has_the_most_room(qtbot, width, height):
    held = Held(qtbot, width, height)
    held.docks.arrange()
    QApplication.processEvents()
    assert (held.window.width(), held.window.height()) == (width, height)
    left, right = held.docks[held.panels.events], held.docks[held.panels.step]
    assert left.width() >= 300
    assert right.width() >= 300
    assert width - left.width() - right.width() > width * 0.4
    assert held.docks[held.panels.timeline].height() < height * 0.35
    assert not held.docks[held.panels.tensor].isHidden()


def tab_bars(window: QMainWindow) -> dict[str, QTabBar]:
    """Those under docks, by their first tab."""
    QApplication.processEvents()
    found = [bar for bar in window.findChildren(QTabBar) if bar.parentWidget() is window and bar.isVisible() and bar.count()]
    named = {bar.tabText(0): bar for bar in found}
    assert len(named) == len(found)
    return named


def test_docks_that_share_a_place_have_their_tabs_below_them_and_no_others_are_left(qtbot):
    held = Held(qtbot, 1366, 768)
    held.docks.hide()
    for _ in range(2):
        held.docks.arrange()
        bars = tab_bars(held.window)
        for panel in (held.panels.events, held.panels.step, held.panels.hooks):
            dock = held.docks[panel]
            bar = bars.pop(dock.windowTitle())
            assert bar.geometry().top() >= dock.geometry().bottom() - 1
            assert bar.width() > 100
        assert not bars


def test_a_node_and_a_value_stand_above_each_other_only_where_both_have_the_room(qtbot):
    for height, share in ((1000, False), (1440, True)):
        held = Held(qtbot, 1600, height)
        held.docks.arrange()
        QApplication.processEvents()
        node, value = held.docks[held.panels.step], held.docks[held.panels.tensor]
        assert (value in held.window.tabifiedDockWidgets(node)) is not share
        if share:
            assert node.height() > 280
            assert held.panels.tensor.viewer.height() >= LOW


def test_an_arrangement_is_kept_and_comes_back(qtbot):
    settings = throwaway()
    first = Held(qtbot)
    first.docks.arrange()
    first.docks[first.panels.console].hide()
    first.window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, first.docks[first.panels.events])
    first.docks.save(settings)
    second = Held(qtbot)
    second.docks.restore(settings)
    assert second.docks[second.panels.console].isHidden()
    assert second.window.dockWidgetArea(second.docks[second.panels.events]) is Qt.DockWidgetArea.RightDockWidgetArea


def test_hidden_docks_are_not_kept_as_an_arrangement(qtbot):
    settings = throwaway()
    held = Held(qtbot)
    held.docks.hide()
    assert held.docks.hidden
    held.docks.save(settings)
    assert settings.value("layout") is None
    held.docks.restore(settings)
    assert not held.docks.hidden


def test_an_ampersand_in_a_title_is_shown():
    assert plain("Hooks & AccumulateGrad") == "Hooks && AccumulateGrad"


def test_where_letters_are_large_the_panels_of_a_side_stand_behind_tabs_and_the_lists_have_more_height(qtbot, qapp):
    theme.apply(qapp, theme.LIGHT)
    usual = Held(qtbot, 2560, 1440)
    usual.docks.arrange()
    QApplication.processEvents()
    step, tensor = usual.docks[usual.panels.step], usual.docks[usual.panels.tensor]
    assert tensor not in usual.window.tabifiedDockWidgets(step)
    before = usual.docks[usual.panels.timeline].height()
    theme.apply(qapp, theme.LIGHT, 2.0)
    try:
        large = Held(qtbot, 2560, 1440)
        large.docks.arrange()
        QApplication.processEvents()
        step, tensor = large.docks[large.panels.step], large.docks[large.panels.tensor]
        assert tensor in large.window.tabifiedDockWidgets(step)
        assert large.docks[large.panels.timeline].height() > before
    finally:
        theme.apply(qapp, theme.LIGHT)
