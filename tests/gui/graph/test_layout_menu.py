"""The user chooses among the layouts that are installed."""

from gradstep.gui.graph import layouts
from gradstep.gui.graph.layout_menu import LayoutMenu


def test_every_layout_has_an_entry_and_one_is_ticked(qtbot):
    menu = LayoutMenu()
    qtbot.addWidget(menu)
    assert [action.data() for action in menu.actions()] == layouts.names()
    assert [action.data() for action in menu.actions() if action.isChecked()] == [layouts.DEFAULT]
    assert all(action.text() and action.statusTip() for action in menu.actions())


def test_choosing_one_says_so(qtbot):
    menu = LayoutMenu()
    qtbot.addWidget(menu)
    other = next(action for action in menu.actions() if action.data() == "multipartite")
    with qtbot.waitSignal(menu.chosen) as chosen:
        other.trigger()
    assert chosen.args == ["multipartite"]
    menu.show_chosen(layouts.DEFAULT)
    assert not other.isChecked()
