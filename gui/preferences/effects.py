"""Lets preferences take effect: each group in one method, at the start and whenever one of the group changes."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSettings, Signal, Slot

from ..actions import Actions
from ..files import recent
from ..files.opening import Opening
from ..frame.announcer import Announcer
from ..models.alerts import AlertRules
from ..models.debug_model import DebugModel
from ..panels.panel_presenter import PanelPresenter
from ..theme import Appearance, Look, Mode
from ..widgets import formats
from .running import arguments, environment
from .schema import GIB, MIB
from .store import Preferences


class Effects(QObject):
    """Knows the parts of the window that can be set, and nothing of how one sets."""

    graph_wanted = Signal(str)  # another of the three graphs shall be shown, by its command's name
    forgot_recent = Signal()  # the list of recent files is empty now

    def __init__(
        self, preferences: Preferences, settings: QSettings, appearance: Appearance, opening: Opening, model: DebugModel,
        announcer: Announcer, presenter: PanelPresenter, actions: Actions, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._preferences, self._settings, self._appearance = preferences, settings, appearance
        self._opening, self._model, self._announcer, self._presenter, self._actions = opening, model, announcer, presenter, actions
        self._groups = {
            "appearance": self._dress, "numbers": self._write_numbers, "running": self._run, "script": self._run_script,
            "capture": self._capture, "alerts": self._alert, "graph": self._draw, "privacy": self._keep,
        }  # fmt: skip
        preferences.changed.connect(self._changed)
        actions["stop_on_entry"].toggled.connect(lambda on: preferences.set("running/stop_on_entry", on))
        actions["follow"].toggled.connect(lambda on: preferences.set("graph/follow", on))
        for mode in Mode:
            actions[f"theme_{mode.value}"].triggered.connect(lambda _=False, mode=mode: self.choose_theme(mode))
        for group in self._groups.values():
            group()

    @Slot(str)
    def _changed(self, name: str) -> None:
        if name == "graph/shown":
            self.graph_wanted.emit(self._preferences.text(name))
        group = self._groups.get(name.partition("/")[0])
        if group is not None:  # what recovery keeps is asked at the start
            group()

    def choose_theme(self, mode: Mode) -> None:
        """From the menu: also where it is in effect already, or was for this time only."""
        self._preferences.set("appearance/theme", mode.value)
        self._dress()

    def _dress(self) -> None:
        get = self._preferences
        self._appearance.set_mode(Mode(get.text("appearance/theme")))
        calm = {"calm": True, "lively": False}.get(get.text("appearance/motion"))
        self._appearance.set_look(Look(get.text("appearance/map"), get.whole("appearance/percent"), calm))
        self.tick_theme()

    def tick_theme(self) -> None:
        """Tick the theme that is in effect."""
        for mode in Mode:
            self._actions[f"theme_{mode.value}"].setChecked(mode is self._appearance.mode)

    def _write_numbers(self) -> None:
        get = self._preferences.whole
        fields = (get(f"numbers/{name}") for name in ("digits", "least", "most", "small", "large"))
        formats.set_style(formats.NumberStyle(*fields))
        self._presenter.show_all()

    def _run(self) -> None:
        get, opening = self._preferences, self._opening
        opening.stop_on_entry = get.on("running/stop_on_entry")
        self._actions["stop_on_entry"].setChecked(opening.stop_on_entry)
        opening.limits = {
            "memory_limit": round(get.number("running/memory") * GIB),
            "disk_limit": round(get.number("running/disk") * GIB),
            "process_limit": get.whole("running/processes"),
            "silence": get.number("running/silence"),
            "idle": get.number("running/idle"),
            "unbuffered": get.on("running/unbuffered"),
        }

    def _run_script(self) -> None:
        get, opening = self._preferences, self._opening
        opening.arguments = arguments(get.text("script/arguments"))
        opening.folder = get.text("script/folder")
        opening.environment = environment(get.text("script/environment"))

    def _capture(self) -> None:
        self._opening.level = self._preferences.text("capture/level")
        self._opening.budget = self._preferences.whole("capture/budget") * MIB
        self._opening.recording = {
            "arm": self._preferences.text("capture/arm"), "passes_before": self._preferences.whole("capture/passes"),
            "kernels": self._preferences.on("capture/kernels"),
        }  # fmt: skip

    def _alert(self) -> None:
        get = self._preferences
        self._model.set_alert_rules(AlertRules(get.on("alerts/zero"), get.on("alerts/constant"), get.number("alerts/norm")))
        self._announcer.says_alerts = get.on("alerts/say")

    def _draw(self) -> None:
        follow = self._actions["follow"]
        if follow.isChecked() is not self._preferences.on("graph/follow"):
            follow.trigger()

    def _keep(self) -> None:
        self._opening.remembers = self._preferences.on("privacy/recent")
        if not self._opening.remembers:
            recent.forget(self._settings)
            self.forgot_recent.emit()
