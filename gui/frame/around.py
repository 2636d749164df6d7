"""What is around the work: the ways to a command, its keys, help, preferences, layouts. Makes these parts and connects them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QSettings
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu

from ..actions import Actions
from ..commands.field_keys import FieldKeys
from ..commands.help import PanelHelp
from ..commands.keymap import Keymap
from ..commands.keys_table import KeysTable
from ..commands.palette import Palette
from ..commands.quick_open import QuickOpen
from ..commands.sheet import ShortcutSheet
from ..files.opening import Opening
from ..models.debug_model import DebugModel
from ..preferences.schema import Page
from ..preferences.store import Preferences
from ..preferences.window import PreferencesWindow
from .dock_layouts import DockLayouts
from .docks import Docks
from .message_bar import MessageBar
from .zooms import Zooms


class Around(QObject):
    """Windows of its own are made when they are first wanted."""

    def __init__(
        self, window: QMainWindow, actions: Actions, model: DebugModel, docks: Docks, message: MessageBar, opening: Opening,
        preferences: Preferences, settings: QSettings,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self._window, self._actions, self._opening, self._preferences = window, actions, opening, preferences
        self._field_keys = FieldKeys(self)
        self.keymap = Keymap(actions, settings, self)
        self.palette = Palette(window, window.menuBar(), actions, settings)
        self.quick_open = QuickOpen(window, model, settings)
        self.zooms = Zooms(docks.panels(), settings, window)
        preferences.all_reset.connect(self.zooms.reset)
        self.layouts = DockLayouts(window, docks, message, actions, settings)
        self.preferences_window: PreferencesWindow | None = None
        self.keys_table: KeysTable | None = None
        self.sheet: ShortcutSheet | None = None
        self.help: PanelHelp | None = None
        self.plug_ins_wished: Callable[[], object] = lambda: None
        opening.changed.connect(self._opened)

    def slots(self) -> dict[str, Callable[[], Any]]:
        """What its commands do."""
        return {
            "palette": self.palette.open,
            "quick_open": self.quick_open.open,
            "preferences": self.show_preferences,
            "maximise": self.layouts.toggle,
            "reset_layout": self._reset_layout,
            "save_layout": self.layouts.ask,
            "help": self.show_help,
            "shortcuts": self.show_sheet,
        }

    def _reset_layout(self) -> None:
        """Panels where a new user sees them, with letters as large as everywhere."""
        self.layouts.reset()
        self.zooms.reset()

    def fill_menu(self, layouts: QMenu) -> None:
        """The layouts' menu, filled anew whenever it opens."""
        layouts.aboutToShow.connect(partial(self.layouts.fill, layouts))
        self.layouts.fill(layouts)

    def _opened(self) -> None:
        self.layouts.forget_maximised()
        self.quick_open.show_script(self._opening.script)
        self._preferences.show_script(self._opening.script)
        if self.preferences_window is not None:
            self.preferences_window.show_script()

    def show_preferences(self, page: Page | None = None) -> PreferencesWindow:
        """Show the preferences, at a page."""
        if self.preferences_window is None:
            self.preferences_window = PreferencesWindow(self._preferences, self._window)
            self.keys_table = KeysTable(self.keymap, self._actions)
            words = self.tr("Keyboard shortcuts, commands, presets")
            self.preferences_window.add(Page.KEYS, self.keys_table, f"{words} PyCharm Spyder", fills=True)
            self.preferences_window.plug_ins_wished.connect(lambda: self.plug_ins_wished())
        self.preferences_window.bring(page)
        return self.preferences_window

    def show_sheet(self) -> ShortcutSheet:
        """Show all keys."""
        if self.sheet is None:
            self.sheet = ShortcutSheet(self.keymap, self._actions, self._window)
            self.sheet.change_wished.connect(lambda: self.show_preferences(Page.KEYS))
        self.sheet.bring()
        return self.sheet

    def show_help(self) -> PanelHelp:
        """Show help for the panel that has the focus."""
        if self.help is None:
            self.help = PanelHelp(self.keymap, self._actions, self._window)
            self.help.sheet_wished.connect(self.show_sheet)
        self.help.show_for(QApplication.focusWidget())
        return self.help
