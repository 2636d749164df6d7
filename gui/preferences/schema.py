"""The one table of what can be set: the dialog, the search, the defaults and the checks of what a file holds are read off it.

Whoever adds a line here lets it take effect in ``effects.py``; a test sets every one and looks for what it does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from gradstep.engine.debug.launch import Launch
from gradstep.engine.debug.targets import OURS, engines, needs_of

from ..theme import MAPS
from .running import arguments, environment

Value = bool | int | float | str
MIB = 1 << 20
GIB = 1 << 30
_LAUNCH = Launch("")  # the engine's own defaults
_ENGINES = tuple((engine, needs_of(engine).title or engine) for engine in engines())


class Page(Enum):
    """The pages, in order; the values are their names."""

    APPEARANCE = "Appearance"
    NUMBERS = "Numbers"
    RUNNING = "Running"
    SCRIPT = "This Script"
    CAPTURE = "Capture"
    ALERTS = "Alerts"
    GRAPH = "Graph"
    KEYS = "Keys"
    RECOVERY = "Recovery"
    PRIVACY = "Privacy"
    PLUGINS = "Plug-ins"
    ADVANCED = "Advanced"


ABOUT = {
    Page.RUNNING: "For every script, from the next start on.",
    Page.SCRIPT: "For the script that is open, from its next start on.",
    Page.CAPTURE: "How much of a run is written on its tape, from the next start on.",
    Page.RECOVERY: "Every run has a folder of its own; old ones are put away when gradstep starts. What you saved elsewhere stays.",
    Page.PRIVACY: (
        "gradstep sends nothing and asks for no updates. What it keeps stays in your home. It reaches another machine only where you ask "
        "it to follow a run there, through your own ssh."
    ),
    Page.PLUGINS: "A plug-in is off until you switch it on, and one that fails three times is switched off.",
    Page.ADVANCED: "gradstep --safe-mode starts without plug-ins and with all of this at its defaults, and changes nothing of yours.",
}


class Form(Enum):
    """How a text is entered."""

    PLAIN = "plain"
    FILE = "file"
    FOLDER = "folder"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Preference:
    """``name`` is its place in the settings file; its type is that of ``default``. ``choices`` are values with their labels;
    numbers lie from ``least`` to ``most``, and ``none`` is what the least one is called."""

    name: str
    page: Page
    text: str
    about: str
    default: Value
    choices: tuple[tuple[str, str], ...] = ()
    least: float = 0
    most: float = 0
    step: float = 1
    unit: str = ""
    none: str = ""
    form: Form = Form.PLAIN
    parse: Callable[[str], object] | None = None  # raises ValueError, with a sentence, for a text that means nothing

    @property
    def of_script(self) -> bool:
        """Whether every script has its own."""
        return self.page is Page.SCRIPT

    def checked(self, value: object) -> Value:
        """The value in the preference's type. Files hold text; ValueError for what cannot be one."""
        if isinstance(self.default, bool):
            if isinstance(value, bool):
                return value
            return {"true": True, "false": False}[str(value)] if str(value) in ("true", "false") else _refuse(self, value)
        if isinstance(self.default, int | float):
            number = (float if isinstance(self.default, float) else int)(str(value))
            return number if self.least <= number <= self.most else _refuse(self, value)
        if self.parse is not None and isinstance(value, str):
            self.parse(value)
        if not isinstance(value, str) or "\0" in value or (self.choices and value not in dict(self.choices)):
            return _refuse(self, value)
        return value


def _refuse(preference: Preference, value: object) -> Value:
    raise ValueError(f"{preference.name} cannot be {value!r}")


PREFERENCES: tuple[Preference, ...] = (
    Preference(
        "appearance/theme", Page.APPEARANCE, "Theme", "Dark, light, or as the system says", "system",
        (("system", "As the system"), ("light", "Light"), ("dark", "Dark"), ("contrast", "High contrast")),
    ),
    Preference(
        "appearance/percent", Page.APPEARANCE, "Size of fonts", "The graph has a zoom of its own", 100,
        least=75, most=200, step=5, unit="%",
    ),
    Preference(
        "appearance/map", Page.APPEARANCE, "Colours of numbers",
        "In the graph, in heat maps and tables. All of them can be told apart without seeing red, green or blue", MAPS[0],
        tuple(zip(MAPS, ("Standard", "Viridis", "Cividis: blue and yellow", "Grey"), strict=True)),
    ),
    Preference(
        "appearance/motion", Page.APPEARANCE, "Motion", "Without it views jump to where they would glide", "system",
        (("system", "As the system"), ("calm", "None"), ("lively", "All")),
    ),
    Preference(
        "numbers/digits", Page.NUMBERS, "Digits of statistics", "Significant digits of norms, means and the like", 4, least=2, most=9,
    ),
    Preference(
        "numbers/least", Page.NUMBERS, "Decimals at least", "In tables of values: so many, also where they are zero", 1, least=0, most=9,
    ),
    Preference(
        "numbers/most", Page.NUMBERS, "Decimals at most",
        "In tables of values. What is copied, and the value under the cursor, are always exact", 17, least=1, most=17,
    ),
    Preference(
        "numbers/small", Page.NUMBERS, "Exponents below", "Smaller numbers are written as 1.2e-05: a power of ten", -4,
        least=-12, most=0, unit="10^",
    ),
    Preference(
        "numbers/large", Page.NUMBERS, "Exponents from", "Larger numbers are written as 1.2e+06: a power of ten", 6,
        least=2, most=15, unit="10^",
    ),
    Preference(
        "running/engine", Page.RUNNING, "Engine", "What runs scripts that have no choice of their own", OURS, _ENGINES,
    ),
    Preference(
        "running/python", Page.RUNNING, "Interpreter", "The Python that runs scripts; empty: the one of gradstep, or for another engine "
        "the active environment", "", form=Form.FILE,
    ),
    Preference(
        "running/stop_on_entry", Page.RUNNING, "Stop at the first node of backward",
        "Off: a script runs until something else stops it", _LAUNCH.stop_on_entry,
    ),
    Preference(
        "running/memory", Page.RUNNING, "Memory limit", "A script that takes more is frozen, and can go on", 0.0,
        least=0.0, most=4096.0, step=0.5, unit="GiB", none="no limit",
    ),
    Preference(
        "running/disk", Page.RUNNING, "Tape limit", "A script whose tape grows larger is frozen, and can go on", 0.0,
        least=0.0, most=4096.0, step=0.5, unit="GiB", none="no limit",
    ),
    Preference(
        "running/processes", Page.RUNNING, "Process limit", "A script that starts more processes is frozen, and can go on",
        _LAUNCH.process_limit, least=0, most=65536, step=16, none="no limit",
    ),
    Preference(
        "running/silence", Page.RUNNING, "Not responding after", "So long without a sign of life is called not responding",
        _LAUNCH.silence, least=1.0, most=3600.0, unit="s",
    ),
    Preference(
        "running/idle", Page.RUNNING, "Nothing happens after", "A script that runs so long without anything that is recorded gets a line "
        "that says where it is", _LAUNCH.idle, least=0.0, most=86400.0, step=10, unit="s", none="never",
    ),
    Preference(
        "running/unbuffered", Page.RUNNING, "Write every event at once",
        "Slower; a crash in native code cannot cost the last 10 ms of the tape", _LAUNCH.unbuffered,
    ),
    Preference(
        "script/engine", Page.SCRIPT, "Engine", "What runs this script", "", (("", "As other scripts"), *_ENGINES),
    ),
    Preference(
        "script/python", Page.SCRIPT, "Interpreter", "The Python that runs this script; empty: the likeliest that will do", "",
        form=Form.FILE,
    ),
    Preference("script/arguments", Page.SCRIPT, "Arguments",
        "As after the script's name in a shell, with its quotes", "", parse=arguments),
    Preference("script/folder", Page.SCRIPT, "Working folder", "Empty: the folder of the script", "", form=Form.FOLDER),
    Preference(
        "script/environment", Page.SCRIPT, "Environment", "NAME=value, a line each, beside what gradstep was started with", "",
        form=Form.LINES, parse=environment,
    ),
    Preference(
        "capture/level", Page.CAPTURE, "Values", "What is kept of each tensor and gradient", _LAUNCH.level,
        (("values", "All elements"), ("statistics", "Statistics alone"), ("structure", "Shapes alone")),
    ),
    Preference(
        "capture/budget", Page.CAPTURE, "Budget", "Elements kept in one run; beyond it statistics are kept, and it is said",
        _LAUNCH.budget // MIB, least=1, most=1 << 20, step=64, unit="MiB",
    ),
    Preference(
        "capture/arm", Page.CAPTURE, "Recording begins",
        "On PyTorch. Until then a script runs at its own speed; Run > Recording begins it at any time", _LAUNCH.arm,
        (("", "At once"), ("nan", "At the first NaN or infinity"), ("later", "When asked")),
    ),
    Preference(
        "capture/passes", Page.CAPTURE, "Backward passes before", "On PyTorch. So many are not recorded, nor what leads to them",
        _LAUNCH.passes_before, least=0, most=1_000_000_000, none="none",
    ),
    Preference(
        "capture/kernels", Page.CAPTURE, "Kernels", "On PyTorch. What each op and each node of backward runs inside; slower",
        _LAUNCH.kernels,
    ),
    Preference("alerts/zero", Page.ALERTS, "Zero gradients", "A parameter whose gradient is zero in all elements is an alert", True),
    Preference("alerts/constant", Page.ALERTS, "NaN and infinity from the start", "In data and parameters, before any op", True),
    Preference(
        "alerts/norm", Page.ALERTS, "Large gradients", "A gradient whose norm is above this is an alert", 0.0,
        least=0.0, most=1e30, unit="", none="never",
    ),
    Preference("alerts/say", Page.ALERTS, "Say the first one", "In the bar at the top, when a run ends or stops", True),
    Preference(
        "graph/shown", Page.GRAPH, "Graph of a new window", "What is drawn when a script or a tape is opened first", "backward_graph",
        (("backward_graph", "Backward"), ("forward_graph", "Forward"), ("both_graphs", "Both, linked")),
    ),
    Preference("graph/follow", Page.GRAPH, "Follow the current node", "The graph moves while stepping, to keep it in view", True),
    Preference(
        "recovery/days", Page.RECOVERY, "Keep runs for", "Runs that began earlier are put away", 14, least=0, most=3650, unit="days",
        none="ever",
    ),
    Preference(
        "recovery/space", Page.RECOVERY, "Space for runs", "The oldest are put away when all together take more", 4096,
        least=0, most=1 << 20, step=256, unit="MiB", none="no limit",
    ),
    Preference("privacy/recent", Page.PRIVACY, "Remember recent files", "Off: the list is emptied, and nothing is added", True),
)  # fmt: skip

BY_NAME = {preference.name: preference for preference in PREFERENCES}
