from PySide6.QtWidgets import QMainWindow, QWidget

from gradstep.gui.frame.chains import Chains
from gradstep.gui.frame.docks import Docks
from gradstep.gui.panels.panel_set import PanelSet


class Held:
    """A window with all panels, two of which follow the selection."""

    def __init__(self, qtbot):
        self.window = QMainWindow()
        qtbot.addWidget(self.window)
        self.window.setCentralWidget(QWidget())
        self.panels = PanelSet()
        self.docks = Docks(self.window, self.panels.places())
        self.chains = Chains(self.docks, (self.panels.step, self.panels.hooks), self.window)
        self.turned = []
        self.chains.turned.connect(lambda panel, linked: self.turned.append((panel, linked)))
        self.window.resize(1600, 1000)
        self.window.show()
        self.docks.arrange()


def test_a_chain_stands_in_the_title_beside_the_two_buttons_of_qt(qtbot):
    held = Held(qtbot)
    chain, dock = held.chains.chain(held.panels.step), held.docks[held.panels.step]
    qtbot.waitUntil(lambda: chain.isVisible() and chain.x() > dock.width() - 90)
    dock.resize(dock.width() + 50, dock.height())
    held.window.resize(2000, 1000)
    qtbot.waitUntil(lambda: dock.width() - 90 < chain.x() < dock.width() - 50)
    assert chain.geometry().bottom() < dock.widget().y()


def test_a_press_unlinks_and_another_one_links_again_in_words_too(qtbot):
    held = Held(qtbot)
    chain = held.chains.chain(held.panels.step)
    assert chain.accessibleName() == "Node is linked"
    chain.click()
    assert held.turned == [(held.panels.step, False)]
    assert chain.accessibleName() == "Node is unlinked"
    assert "keeps what it shows" in chain.toolTip()
    chain.click()
    assert held.turned[-1] == (held.panels.step, True)


def test_the_command_is_for_the_panel_with_the_focus(qtbot):
    held = Held(qtbot)
    inner = QWidget(held.panels.hooks)
    held.window.activateWindow()
    inner.show()
    inner.setFocus()
    qtbot.waitUntil(inner.hasFocus)
    held.chains.toggle()
    assert held.turned == [(held.panels.hooks, False)]
    held.chains.link_all()
    assert held.turned[-1] == (held.panels.hooks, True)
