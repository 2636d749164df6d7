"""Which keys a command has: the user's own, else those of the preset, else those of the table. Kept in the settings."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtGui import QKeySequence

from ..actions import COMMANDS, Actions
from .presets import DEFAULT, PRESETS, Keys

_PRESET, _OWN = "keys/preset", "keys/own"
TAKE_TURNS = frozenset({"start", "continue"})  # never both at once: they may share a key


def portable(key: str) -> str:
    """A key as it is kept, "" for what is none."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def native(keys: Sequence[str]) -> str:
    """Keys as the user's system writes them."""
    return ", ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys)


class Keymap(QObject):
    """The keys of all commands, without two meanings for one: a key of the user's, or of the preset, is taken from who had it."""

    changed = Signal()  # some command has other keys

    def __init__(self, actions: Actions, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._actions, self._settings = actions, settings
        preset = str(settings.value(_PRESET, DEFAULT))
        self._preset = preset if preset in PRESETS else DEFAULT
        self._own = self._read()
        self._keys: dict[str, Keys] = {}
        self._apply()

    def _read(self) -> dict[str, Keys]:
        self._settings.beginGroup(_OWN)
        try:
            held = {name: str(self._settings.value(name, "")) for name in self._settings.childKeys()}
        finally:
            self._settings.endGroup()
        known = {command.name for command in COMMANDS}
        return {name: tuple(key for key in map(portable, text.split(" ")) if key) for name, text in held.items() if name in known}

    # ------------------------------------------------------------------------------------ reading

    @property
    def preset(self) -> str:
        return self._preset

    def keys(self, name: str) -> Keys:
        """The keys of a command."""
        return self._keys[name]

    def default(self, name: str) -> Keys:
        """The keys that a command has where the user gave it none of his own."""
        return self._resolved({})[name]

    def is_own(self, name: str) -> bool:
        """Whether the user gave the command other keys than it would have."""
        return self._keys[name] != self.default(name)

    def users(self, key: str, name: str) -> list[str]:
        """The other commands that ``key`` would be taken from if ``name`` had it."""
        wanted = portable(key)
        return [
            other
            for other, keys in self._keys.items()
            if other != name and wanted in keys and not (other in TAKE_TURNS and name in TAKE_TURNS)
        ]

    # ------------------------------------------------------------------------------------ changing

    def set(self, name: str, keys: Sequence[str]) -> None:
        """Give a command these keys; whoever had one of them loses it."""
        wanted = tuple(dict.fromkeys(key for key in map(portable, keys) if key))
        for key in wanted:
            for other in self.users(key, name):
                self._own[other] = tuple(k for k in self._keys[other] if k != key)
        self._own[name] = wanted
        self._keep()

    def reset(self, name: str) -> None:
        """Give a command its default keys back; whoever got one of them loses it."""
        keys = self.default(name)
        if name in self._own:
            self.set(name, keys)
            del self._own[name]
            self._keep()

    def reset_all(self) -> None:
        """Give all commands the keys of the preset."""
        self._own = {}
        self._keep()

    def set_preset(self, preset: str) -> None:
        """Other keys for all commands but those that the user gave keys himself. KeyError for an unknown one."""
        PRESETS[preset]
        self._preset = preset
        self._keep()

    def _keep(self) -> None:
        self._settings.setValue(_PRESET, self._preset)
        self._settings.remove(_OWN)
        for name, keys in self._own.items():
            self._settings.setValue(f"{_OWN}/{name}", " ".join(key.replace(" ", "") for key in keys))
        self._settings.sync()
        self._apply()

    def _resolved(self, own: dict[str, Keys]) -> dict[str, Keys]:
        layers = [own, PRESETS[self._preset], {command.name: tuple(map(portable, command.keys)) for command in COMMANDS}]
        taken: dict[str, set[str]] = {}
        found: dict[str, Keys] = {}
        for layer in layers:
            for command in COMMANDS:
                name = command.name
                if name in layer and name not in found:
                    free = [
                        key for key in map(portable, layer[name]) if taken.get(key, set()) <= (TAKE_TURNS if name in TAKE_TURNS else set())
                    ]
                    found[name] = tuple(free)
                    for key in free:
                        taken.setdefault(key, set()).add(name)
        return found

    def _apply(self) -> None:
        self._keys = self._resolved(self._own)
        for name, keys in self._keys.items():
            self._actions.set_keys(name, keys)
        self.changed.emit()
