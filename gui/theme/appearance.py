"""Which look is in effect: what the system says, or what the user chose instead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QStyleHints
from PySide6.QtWidgets import QApplication

from .colour_maps import STANDARD, mapped
from .desktop_motion import wants_calm
from .motion import set_calm
from .style import apply
from .tokens import CONTRAST, DARK, LIGHT, Theme


class Mode(Enum):
    """The user's choice; the values are what settings files hold."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"
    CONTRAST = "contrast"


@dataclass(frozen=True, slots=True)
class Look:
    """What the user chose beside the theme."""

    colour_map: str = STANDARD
    percent: int = 100  # size of the fonts
    calm: bool | None = None  # nothing moves by itself; None: as the desktop says


class Appearance(QObject):
    """Keeps the application dressed in the right theme. One exists an application; it dresses it at once."""

    changed = Signal(object)  # Theme: another theme is in effect

    def __init__(self, app: QApplication, mode: Mode = Mode.SYSTEM) -> None:
        super().__init__(app)
        self._app = app
        self._mode = mode
        self._look = Look()
        self._desktop_calm = wants_calm()
        hints = app.styleHints()
        self._theme = self._wanted(hints.colorScheme())
        hints.colorSchemeChanged.connect(self.follow)
        if hasattr(hints, "accessibility"):  # Qt 6.10
            hints.accessibility().contrastPreferenceChanged.connect(self._contrast_changed)
        app.applicationStateChanged.connect(self._state_changed)
        apply(app, self._theme)
        self._set_motion()

    @classmethod
    def of(cls, app: QApplication, mode: str = "") -> Appearance:
        """The application's Appearance, made where there is none; in ``mode`` ("system", "light", "dark", "contrast") if one is
        given."""
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

    @property
    def look(self) -> Look:
        return self._look

    def set_mode(self, mode: Mode) -> None:
        self._mode = mode
        self.follow(self._app.styleHints().colorScheme())

    def set_look(self, look: Look) -> None:
        """Another colour map, font size or liveliness, at once."""
        self._look = look
        self.follow(self._app.styleHints().colorScheme())

    @Slot(Qt.ColorScheme)
    def follow(self, scheme: Qt.ColorScheme) -> None:
        """Take over what the system shows now, unless the user chose a theme."""
        look, wanted = self._look, self._wanted(scheme)
        self._set_motion()
        if wanted is not self._theme:
            self._theme = wanted
            apply(self._app, wanted, look.percent / 100)
            self.changed.emit(wanted)

    def _set_motion(self) -> None:
        calm = self._desktop_calm if self._look.calm is None else self._look.calm
        set_calm(calm)
        self._app.setEffectEnabled(Qt.UIEffect.UI_General, not calm)

    @Slot(Qt.ApplicationState)
    def _state_changed(self, state: Qt.ApplicationState) -> None:
        """The user comes back, perhaps from the settings of the desktop: Qt tells nobody when its wish for motion changes."""
        if state is Qt.ApplicationState.ApplicationActive and self._look.calm is None:
            self._desktop_calm = wants_calm()
            self._set_motion()

    @Slot()
    def _contrast_changed(self) -> None:
        self.follow(self._app.styleHints().colorScheme())

    def _wanted(self, scheme: Qt.ColorScheme) -> Theme:
        theme = {Mode.LIGHT: LIGHT, Mode.DARK: DARK, Mode.CONTRAST: CONTRAST}.get(self._mode)
        if theme is None:  # a platform that does not say (offscreen) counts as light, as Qt's own palette does
            theme = CONTRAST if _high_contrast(self._app.styleHints()) else DARK if scheme == Qt.ColorScheme.Dark else LIGHT
        return _sized(mapped(theme, self._look.colour_map), self._look.percent)


@lru_cache(maxsize=16)
def _sized(theme: Theme, percent: int) -> Theme:
    """The theme under a name of its own where fonts have another size: what is painted is kept by the theme's name."""
    return theme if percent == 100 else replace(theme, name=f"{theme.name} {percent} %")


def _high_contrast(hints: QStyleHints) -> bool:
    """Whether the system wants high contrast; Qt knows from 6.10 on."""
    return hasattr(hints, "accessibility") and hints.accessibility().contrastPreference() is Qt.ContrastPreference.HighContrast
