"""Where preferences are kept: checked when they are read, written at once, and said to whom they concern."""

from __future__ import annotations

import hashlib

from PySide6.QtCore import QObject, QSettings, Signal

from .schema import BY_NAME, PREFERENCES, Preference, Value


class Preferences(QObject):
    """The user's choices over the table's defaults. What a file holds that cannot be is as if it were not there.

    QSettings replaces the file as a whole, so that a crash leaves the old one or the new one.
    """

    changed = Signal(str)  # the name of one that has another value now
    all_reset = Signal()  # the user gave all of them up

    def __init__(self, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._script = ""
        self.refused: dict[str, str] = {}  # what stood in the file and cannot be, by name
        self._values = {preference.name: self._read(preference) for preference in PREFERENCES}

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def text(self, name: str) -> str:
        """A preference that is a text."""
        return str(self._values[name])

    def number(self, name: str) -> float:
        """A preference that is a number."""
        return float(self._values[name])

    def whole(self, name: str) -> int:
        """A preference that is a whole number."""
        return int(self._values[name])

    def on(self, name: str) -> bool:
        """A preference that is on or off."""
        return bool(self._values[name])

    def set(self, name: str, value: Value) -> None:
        """Change one, at once and for the next time. ValueError for a value that it cannot have."""
        value = BY_NAME[name].checked(value)
        if value == self._values[name]:
            return
        self._values[name] = value
        if value == BY_NAME[name].default:
            self._settings.remove(self._key(BY_NAME[name]))  # a better default of a later version reaches who never changed it
        else:
            self._settings.setValue(self._key(BY_NAME[name]), value)
        self._settings.sync()
        self.changed.emit(name)

    def is_default(self, name: str) -> bool:
        """Whether one has not been changed."""
        return self._values[name] == BY_NAME[name].default

    def reset(self, name: str) -> None:
        """Give one its default back."""
        self.set(name, BY_NAME[name].default)

    def reset_all(self) -> None:
        """Give all of them their defaults back, those of the script that is open among them."""
        for name in BY_NAME:
            self.reset(name)
        self.all_reset.emit()

    @property
    def script(self) -> str:
        """The script whose own preferences these are; "" for none."""
        return self._script

    def show_script(self, path: str) -> None:
        """Another script is open: its own preferences count now."""
        if path == self._script:
            return
        self._script = path
        for preference in PREFERENCES:
            if preference.of_script:
                value = self._read(preference)
                if value != self._values[preference.name]:
                    self._values[preference.name] = value
                    self.changed.emit(preference.name)

    def _key(self, preference: Preference) -> str:
        if not preference.of_script:
            return f"preferences/{preference.name}"
        digest = hashlib.sha256(self._script.encode(errors="surrogateescape")).hexdigest()[:16]
        return f"scripts/{digest}/{preference.name}"

    def _read(self, preference: Preference) -> Value:
        held: object = self._settings.value(self._key(preference)) if not preference.of_script or self._script else None
        if held is None:
            return preference.default
        try:
            return preference.checked(held)
        except ValueError:
            self.refused[preference.name] = str(held)
            return preference.default
