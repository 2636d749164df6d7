"""The palette: every command there is, with its keys, those used last first, those that cannot work now with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from PySide6.QtCore import QObject, QSettings, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from ..actions import Actions
from .chooser import Choice, Chooser

RECENT = 12  # commands that are remembered
_KEY = "palette/recent"


class Palette(QObject):
    """Reads the menus: whatever stands there can be found, also what is no line of the table (panels, examples, recent files)."""

    def __init__(self, window: QWidget, bar: QMenuBar, actions: Actions, settings: QSettings) -> None:
        super().__init__(window)
        self._bar, self._actions, self._settings = bar, actions, settings
        self.chooser = Chooser(window, self.tr("Command palette"), self.tr("Name of a command"), self.tr("Nothing fits."))

    @Slot()
    def open(self) -> None:
        """Show all commands."""
        self.chooser.open(iter(self.choices()))

    def choices(self) -> list[Choice]:
        """All commands, the ones used last first."""
        recent = self._recent()
        found = list(self._walk(self._bar.actions(), ""))
        places = {id: place for place, id in enumerate(recent)}
        return sorted(found, key=lambda choice: places.get(choice.id, len(places)))

    def _walk(self, actions: list[QAction], path: str) -> Iterator[Choice]:
        for action in actions:
            menu = action.menu()
            name = action.text().replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip(".…")
            if isinstance(menu, QMenu):
                menu.aboutToShow.emit()  # menus that are filled when they open
                yield from self._walk(menu.actions(), f"{path} > {name}" if path else name)
            elif name and not action.isSeparator() and action.isVisible():
                yield self._choice(action, name, path)

    def _choice(self, action: QAction, name: str, path: str) -> Choice:
        id = action.objectName() or f"{path} > {name}"
        keys = ", ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in action.shortcuts())
        reason = ""
        if not action.isEnabled():
            known = action in self._actions.all()
            reason = self._actions.reason(action.objectName()) if known else self.tr("not possible now")
            reason = self.tr("{0}: disabled, {1}").format(path, reason)
        detail = path
        if action.isCheckable():
            detail = self.tr("{0}: on").format(path) if action.isChecked() else self.tr("{0}: off").format(path)
        return Choice(id, name, detail, self._runs(id, action), keys, reason, first=-6.0 if reason else 0.0)

    def _runs(self, id: str, action: QAction) -> Callable[[], None]:
        return partial(self._run, id, action)

    def _run(self, id: str, action: QAction) -> None:
        self._settings.setValue(_KEY, [id, *(other for other in self._recent() if other != id)][:RECENT])
        action.trigger()

    def _recent(self) -> list[str]:
        kept: object = self._settings.value(_KEY, [])
        return [kept] if isinstance(kept, str) else [str(id) for id in kept] if isinstance(kept, list) else []
