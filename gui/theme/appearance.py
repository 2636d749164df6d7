"""Which theme is in effect: what the system says, or what the user chose instead."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication

from .style import apply
from .tokens import DARK, LIGHT, Theme


class Mode(Enum):
    """The user's choice; the values are what settings files hold."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Appearance(QObject):
    """Keeps the application dressed in the right theme. One exists an application; it dresses it at once."""

    changed = Signal(object)  # Theme: another theme is in effect

    def __init__(self, app: QApplication, mode: Mode = Mode.SYSTEM) -> None:
        super().__init__(app)
        self._app = app
        self._mode = mode
        self._theme = self._wanted(app.styleHints().colorScheme())
        app.styleHints().colorSchemeChanged.connect(self.follow)
        apply(app, self._theme)

    @classmethod
    def of(cls, app: QApplication, mode: str = "") -> Appearance:
        """The application's Appearance, made where there is none; in ``mode`` ("system", "light", "dark") if one is given."""
        found = next((child for child in app.children() if isinstance(child, cls)), None)
        appearance = found if found is not None else cls(app, Mode(mode or "system"))
        if mode:
            appearance.set_mode(Mode(mode))
        return appearance

    @property
    def mode(self) -> Mode:
        return self._mode

    @property
    def theme(self) -> Theme:
        return self._theme

    def set_mode(self, mode: Mode) -> None:
        self._mode = mode
        self.follow(self._app.styleHints().colorScheme())

    @Slot(Qt.ColorScheme)
    def follow(self, scheme: Qt.ColorScheme) -> None:
        """Take over what the system shows now, unless the user chose a theme."""
        wanted = self._wanted(scheme)
        if wanted is not self._theme:
            self._theme = wanted
            apply(self._app, wanted)
            self.changed.emit(wanted)

    def _wanted(self, scheme: Qt.ColorScheme) -> Theme:
        if self._mode is Mode.SYSTEM:  # a platform that does not say (offscreen) counts as light, as Qt's own palette does
            return DARK if scheme == Qt.ColorScheme.Dark else LIGHT
        return DARK if self._mode is Mode.DARK else LIGHT
