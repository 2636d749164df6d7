"""The menu bar, with the menus that are more than a list of commands: panels, layouts, examples, recent files."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QSettings, Signal, Slot
from PySide6.QtWidgets import QMainWindow, QMenu

from gradstep.engine.tape.visible import visible

from ..actions import Actions
from ..files.errand import Errand
from ..files.recent import entries
from ..graph.layout_menu import LayoutMenu
from ..guard.plug_ins import PlugIns
from ..guide.examples import FOLDER
from ..guide.titles import bundled
from .around import Around
from .docks import Docks, plain
from .welcome import WelcomePage


class Menus(QObject):
    """Fills the menu bar."""

    file_picked = Signal(str)  # an example, or a file that was open before
    errand_picked = Signal(object)  # a script on another machine that was open before

    def __init__(
        self, window: QMainWindow, actions: Actions, docks: Docks, around: Around, plug_ins: PlugIns, welcome: WelcomePage,
        settings: QSettings,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self._welcome, self._settings = welcome, settings
        menus = actions.fill_menus(window.menuBar())
        panels = QMenu(self.tr("&Panels"), window)
        docks.fill(panels)
        panels.aboutToShow.connect(partial(docks.fill, panels))
        menus["&View"].addSeparator()
        self.layouts = LayoutMenu(plug_ins.guard, window)
        for menu in (self.layouts, panels):
            menus["&View"].addMenu(menu)
        around.fill_menu(menus["&View/La&youts"])
        self.recent = QMenu(self.tr("Open &Recent"), window)
        menus["&File"].insertMenu(actions["save_tape"], self.recent)
        examples = QMenu(self.tr("&Examples"), window)
        for name, label, about in bundled():
            self._add_file(examples, label, about, str(FOLDER / name))
        menus["&Help"].insertMenu(actions["shortcuts"], examples)

    def _add_file(self, menu: QMenu, label: str, about: str, file: str) -> None:
        action = menu.addAction(label)
        action.setStatusTip(about)
        action.triggered.connect(lambda: self.file_picked.emit(file))

    @Slot()
    def fill_recent(self) -> None:
        """Offer the files that were open before, in the menu and on the first page."""
        found = entries(self._settings)
        self.recent.clear()
        for entry in found:
            if isinstance(entry, Errand):
                action = self.recent.addAction(plain(entry.name))
                action.setStatusTip(visible(entry.place))
                action.triggered.connect(lambda _=False, errand=entry: self.errand_picked.emit(errand))
            else:
                self._add_file(self.recent, plain(visible(entry.name)), visible(str(entry)), str(entry))
        self.recent.setEnabled(bool(found))
        self._welcome.show_recent(found)
