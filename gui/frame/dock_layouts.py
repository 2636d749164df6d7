"""Arrangements of the panels that the user gave a name, and one panel alone for as long as he wants."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QByteArray, QEvent, QObject, QSettings, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication, QDockWidget, QInputDialog, QMainWindow, QMenu, QWidget

from ..actions import Actions
from .docks import VERSION, Docks, plain
from .message_bar import MessageBar

_KEY = "layouts"
LONGEST = 60  # letters of a name


class DockLayouts(QObject):
    """Saves, loads and forgets named arrangements; maximises the panel that has the focus."""

    said = Signal(str)  # what was done

    def __init__(self, window: QMainWindow, docks: Docks, message: MessageBar, actions: Actions, settings: QSettings) -> None:
        super().__init__(window)
        self._window, self._docks, self._actions, self._settings = window, docks, actions, settings
        self._gone = QMenu(self.tr("&Forget"), window)  # one for all times that a menu is filled: a menu that is cleared keeps those in it
        self._before: QByteArray | None = None  # the arrangement while one panel is alone
        message.installEventFilter(self)  # what has to be said must be seen: the bar stands over the graph

    # ------------------------------------------------------------------------------------ named ones

    def names(self) -> list[str]:
        """The arrangements that there are, in the order of the alphabet."""
        return sorted(self._held(), key=str.casefold)

    def _held(self) -> dict[str, QByteArray]:
        kept: object = self._settings.value(_KEY)
        return {str(name): state for name, state in kept.items() if isinstance(state, QByteArray)} if isinstance(kept, dict) else {}

    def save(self, name: str) -> None:
        """Keep the arrangement under a name; one that has it already is replaced."""
        name = " ".join(name.split())[:LONGEST]
        if name:
            self.leave()
            self._settings.setValue(_KEY, {**self._held(), name: self._window.saveState(VERSION)})
            self._settings.sync()
            self.said.emit(self.tr("Layout {0} saved.").format(name))

    def load(self, name: str) -> None:
        """Put the panels where they are in an arrangement."""
        self.leave()
        state = self._held().get(name)
        if state is None or not self._docks.take(state):
            self.said.emit(self.tr("Layout {0} is of another version, and cannot be used.").format(name))
        else:
            self.said.emit(self.tr("Layout {0}").format(name))

    def forget(self, name: str) -> None:
        """Take an arrangement away."""
        self._settings.setValue(_KEY, {other: state for other, state in self._held().items() if other != name})
        self.said.emit(self.tr("Layout {0} is gone.").format(name))

    @Slot()
    def ask(self) -> QInputDialog:
        """Let the user name the arrangement that is there now."""
        asking = QInputDialog(self._window)
        asking.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        asking.setWindowTitle(self.tr("Save Layout"))
        asking.setLabelText(self.tr("Name of the layout"))
        asking.setComboBoxItems(self.names())
        asking.setComboBoxEditable(True)
        asking.setTextValue("")
        asking.textValueSelected.connect(self.save)
        asking.open()
        return asking

    def fill(self, menu: QMenu) -> None:
        """A menu of all arrangements."""
        menu.clear()
        menu.addAction(self._actions["save_layout"])
        menu.addAction(self._actions["reset_layout"])
        names = self.names()
        if names:
            menu.addSeparator()
            for name in names:
                menu.addAction(plain(name)).triggered.connect(partial(self._load, name))
            menu.addSeparator()
            self._gone.clear()
            menu.addMenu(self._gone)
            for name in names:
                self._gone.addAction(plain(name)).triggered.connect(partial(self._forget, name))

    def _load(self, name: str, _: bool = False) -> None:
        self.load(name)

    def _forget(self, name: str, _: bool = False) -> None:
        self.forget(name)

    # ------------------------------------------------------------------------------------ one alone

    @property
    def maximised(self) -> bool:
        return self._before is not None

    @Slot()
    def toggle(self) -> None:
        """The panel that has the focus alone, the graph where none has it; or all of them again."""
        if self._before is not None:
            self.leave()
            return
        widget: QWidget | None = QApplication.focusWidget()
        while widget is not None and not isinstance(widget, QDockWidget):
            widget = widget.parentWidget()
        if self._docks.hidden:
            self._actions["maximise"].setChecked(False)
            return
        self._before = self._docks.kept = self._window.saveState(VERSION)
        for dock in self._docks.all():
            if dock is not widget:
                dock.hide()
        if widget is not None:
            self._centre().hide()
        self._actions["maximise"].setChecked(True)

    @Slot()
    def leave(self) -> None:
        """All panels again, where they were."""
        before = self._before
        self.forget_maximised()
        if before is not None:
            focus = QApplication.focusWidget()
            self._docks.take(before)
            if focus is not None:
                focus.setFocus()

    @Slot()
    def forget_maximised(self) -> None:
        """Another file is open, or none: the panels are put in their places by whoever opens it."""
        self._before = self._docks.kept = None
        self._centre().show()
        self._actions["maximise"].setChecked(False)

    @Slot()
    def reset(self) -> None:
        """Where a new user sees the panels."""
        self.forget_maximised()
        self._docks.arrange()

    def _centre(self) -> QWidget:
        centre = self._window.centralWidget()
        assert centre is not None
        return centre

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A message comes: show where it is."""
        if event.type() is QEvent.Type.ShowToParent and self._before is not None:
            self.leave()
        return False
