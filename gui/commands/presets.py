"""Keys as hands have learnt them elsewhere: what differs from the table of commands, by preset."""

from __future__ import annotations

from collections.abc import Mapping

Keys = tuple[str, ...]
DEFAULT = "default"

# PyCharm and Spyder as their own lists of shortcuts have them for Linux and Windows; what they have no key for keeps ours
PRESETS: Mapping[str, Mapping[str, Keys]] = {
    DEFAULT: {},
    "pycharm": {
        "start": ("Shift+F9",),
        "continue": ("F9",),
        "pause": ("Ctrl+Pause", "F6"),
        "stop": ("Ctrl+F2",),
        "restart": ("Ctrl+F5",),
        "step": ("F8",),
        "step_into": ("F7",),
        "step_out": ("Shift+F8",),
        "step_back": ("Shift+F7",),
        "run_to": ("Alt+F9",),
        "toggle_breakpoint": ("Ctrl+F8",),
        "add_breakpoint": ("Ctrl+Shift+F8",),
        "next_alert": ("F2",),
        "name": ("Shift+F6",),
        "previous_alert": ("Shift+F2",),
        "go_to_source": ("F4",),
        "palette": ("Ctrl+Shift+A",),
        "quick_open": ("Ctrl+Shift+N",),
        "preferences": ("Ctrl+Alt+S",),
        "maximise": ("Ctrl+Shift+F12",),
    },
    "spyder": {
        "start": ("Ctrl+F5",),
        "continue": ("Ctrl+F12",),
        "stop": ("Ctrl+Shift+F12",),
        "step": ("Ctrl+F10",),
        "step_into": ("Ctrl+F11",),
        "step_out": ("Ctrl+Shift+F11",),
        "step_back": ("Ctrl+Shift+F10",),
        "run_to": ("Alt+F10",),
        "toggle_breakpoint": ("F12",),
        "add_breakpoint": ("Shift+F12",),
        "go_to_source": ("Ctrl+Alt+G",),
        "preferences": ("Ctrl+Alt+Shift+P",),
        "maximise": ("Ctrl+Alt+Shift+M",),
    },
}
