"""The window's plug-ins: which are loaded, what they are told, and what happens when one fails."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gradstep.engine.extensions.catalogue import Feature, features
from gradstep.engine.extensions.guard import Failure, Guard, PluginError, Record, unwatched
from gradstep.engine.extensions.mark import Mark, left_behind
from gradstep.engine.extensions.switches import Switches
from gradstep.engine.extensions.watchdog import PATIENT, TICK, Watchdog

from ..frame.docks import Docks
from ..models.debug_model import DebugModel, Selection
from ..panel import Panel, PluginPanel, PluginView
from ..panels.plugin_page import PluginPage
from ..panels.plugins_panel import Plugged, PluginsPanel
from .faults import Fault, class_name

PANELS = "gradstep.panels"
VIEWS = "gradstep.tensor_views"
EXPORTERS = "gradstep.exporters"
SLOW = 0.25  # seconds in one call: as long the window stands still
BEAT = 1000  # milliseconds between two times that the window says it does not stand still
UP = 3000  # milliseconds after which a window that answers has started


class PlugIns(QObject):
    """Loads the panels of enabled plug-ins, tells them of the model, and takes away what fails three times.

    Other parts of the window ask its ``guard`` for layouts, exporters and views."""

    views_changed = Signal()  # the tensor panel may have other pages: see ``pages``
    failed = Signal(str, object)  # what to say, and the Feature
    slow = Signal(str, object)  # a call held the window up, for the first time: what to say, and the Feature
    left = Signal(str, object)  # the last window ended without a word while it was in a plug-in: what to say, and the Feature
    changed = Signal()  # something was switched, failed, or was called
    node_picked = Signal(object)  # a panel's user wants to see this node
    event_picked = Signal(int)  # ... this moment
    line_picked = Signal(str, int)  # ... this line

    def __init__(self, model: DebugModel, docks: Docks, panel: PluginsPanel, switches: Switches, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model, self._docks, self._panel = model, docks, panel
        self.guard = Guard(switches, self._tell)
        self.guard.watching = self._watching
        self.log: Callable[[str], None] = lambda text: None  # where that is written down which cannot be told
        self._marks = None if switches.file is None else switches.file.parent / "at-work"
        mark = None if self._marks is None else Mark(self._marks)
        self._watchdog = Watchdog(self.owner_of, lambda text: self.log(text), mark, tick=TICK)
        self._beat = QTimer(self, interval=BEAT)
        self._beat.timeout.connect(self._watchdog.turned)
        self._panels: dict[str, PluginPanel] = {}
        self._features: dict[str, Feature] = {}
        self._folders: dict[str, Feature] = {}  # where the code of panels and views lies, also of those that were taken away
        self._classes: dict[str, Feature] = {}  # their classes
        self._views: list[Feature] = []
        self._slow: set[str] = set()  # ids of features that were said to be slow
        self._moment: int | None = None  # the one that was told last
        self._rising = QTimer(self, singleShot=True, interval=UP)
        self._rising.timeout.connect(lambda: self.guard.switches.started())
        model.tape_changed.connect(self._show_tape)
        model.grown.connect(lambda: self._each(lambda panel: panel.show_growth()))
        model.cursor_moved.connect(self._show_moment)
        model.selection_changed.connect(self._selected)
        self._later = QTimer(self, singleShot=True, interval=0)  # the table may be in the middle of saying that a row was ticked
        self._later.timeout.connect(self._show)
        self.changed.connect(self._later.start)
        docks.came_in_sight.connect(self._came_in_sight)
        panel.package_switched.connect(self.switch_package)
        panel.feature_switched.connect(self._switch)

    # ---------------------------------------------------------------------------------------------------------- loading

    def load(self) -> None:
        """Make the panels of plug-ins that are on and have none yet; take away those of plug-ins that are off."""
        wanted = {feature.id: feature for feature in self.guard.enabled(PANELS)} if self.guard.switches.any_strangers else {}
        for id in set(self._panels) - set(wanted):
            self._remove(id)
        for feature in wanted.values():
            if feature.id not in self._panels:
                self._add(feature)
        views = self.guard.enabled(VIEWS) if self.guard.switches.any_strangers else []
        if views != self._views:
            self._views = views
            self.views_changed.emit()
        self.changed.emit()

    def pages(self) -> list[PluginPage]:
        """New pages for a tab of the tensor panel, one for each view that is on."""
        found = []
        for feature in self._views:
            try:
                view = self.guard.call(feature)
                with self.guard.inside(feature):
                    if not isinstance(view, PluginView):
                        raise TypeError(f"{feature.value} gave {type(view).__name__}; a view derives from gradstep.gui.panel.PluginView")
            except PluginError:
                continue
            self._keep_whose(type(view), feature)
            found.append(PluginPage(feature.id, view.title or feature.name, view, partial(self._guarded, feature)))
        return found

    def _guarded(self, feature: Feature, call: Callable[[], None]) -> str:
        """Call; what went wrong, in words."""
        try:
            with self._timed(feature), self.guard.inside(feature):
                call()
        except PluginError as error:
            return str(error)
        return ""

    @contextmanager
    def _timed(self, feature: Feature) -> Iterator[None]:
        """Say, once, of a feature that it held the window up: whoever waits cannot tell its work from ours."""
        began = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - began
            if took > SLOW and feature.id not in self._slow:
                self._slow.add(feature.id)
                words = self.tr("The {0} {1} of {2} took {3:.1f} s over one call: the window stood still as long.")
                self.slow.emit(words.format(feature.kind, feature.name, feature.package, took), feature)

    def _add(self, feature: Feature) -> None:
        try:
            made = self.guard.call(feature)
            with self.guard.inside(feature):
                if not isinstance(made, PluginPanel):
                    raise TypeError(f"{feature.value} gave {type(made).__name__}; a panel derives from gradstep.gui.panel.PluginPanel")
        except PluginError:
            return
        made.setObjectName(f"plugin.{feature.id}")
        self._panels[feature.id], self._features[feature.id] = made, feature
        self._keep_whose(type(made), feature)
        made.node_picked.connect(self.node_picked)
        made.event_picked.connect(self.event_picked)
        made.line_picked.connect(self.line_picked)
        self._docks.add(made)
        if self._model.tape is not None:
            self._call(feature.id, lambda panel: panel.show_tape(self._model.tape))
            self._call(feature.id, lambda panel: panel.show_moment(self._model.position))
            self._call(feature.id, lambda panel: panel.show_selection(self._model.selection.key))

    def _remove(self, id: str) -> None:
        panel = self._panels.pop(id)
        self._docks.remove(panel)

    def panels(self) -> list[PluginPanel]:
        """The panels that are shown."""
        return list(self._panels.values())

    # --------------------------------------------------------------------------------------------------------- switches

    @Slot(object)
    def _came_in_sight(self, panel: Panel) -> None:
        if panel is self._panel:
            self._show()

    @Slot()
    def _show(self) -> None:
        """Fill the table, where it can be seen: to read the metadata of all that is installed takes time."""
        if self._docks.in_sight(self._panel):
            switches = self.guard.switches
            self._panel.show_plugins([self._plugged(feature) for feature in features()], switches.safe, switches.problem)

    def _plugged(self, feature: Feature) -> Plugged:
        record, switches = self.guard.records.get(feature.id, Record()), self.guard.switches
        return Plugged(
            feature.id, feature.package, feature.version, feature.summary, feature.kind, feature.name, switches.is_on(feature),
            feature.is_ours, bool(feature.refused), switches.reason(feature), record.calls, record.seconds, record.failures,
            record.details,
        )  # fmt: skip

    @Slot(str, bool)
    def _switch(self, id: str, on: bool) -> None:
        for feature in features():
            if feature.id == id:
                self.switch(feature, on)

    @Slot(str, bool)
    def switch_package(self, package: str, on: bool) -> None:
        """Switch a stranger's package on or off, from now on."""
        self.guard.switches.switch_package(package, on)
        self.load()

    def switch(self, feature: Feature, on: bool) -> None:
        """Switch one feature on or off, from now on."""
        if on:
            self.guard.records.pop(feature.id, None)
            self._slow.discard(feature.id)
        self.guard.switches.switch(feature, on)
        self.load()

    def begin(self) -> str:
        """Count this start; what to say where the last ones failed and safe mode was chosen, "" else. The start is taken for
        good when the event loop has turned for some seconds."""
        failed = self.guard.switches.starting()
        self._rising.start()
        self._tell_what_was_left()
        if failed:
            return self.tr(
                "gradstep did not come up the last times. Plug-ins are left out this time; the Plug-ins panel can switch them off."
            )
        return ""

    def end(self) -> None:
        """The window closes in order."""
        self._rising.stop()
        self.guard.watching = unwatched
        self._beat.stop()
        self._watchdog.stop()
        self.guard.switches.started()

    def _tell_what_was_left(self) -> None:
        """Say what windows were in that are gone without a word, and offer to switch it off."""
        left = left_behind(self._marks) if self._marks is not None else []
        known = {feature.id: feature for feature in features()} if left else {}
        for mark in left:
            feature = known.get(mark.feature)
            if feature is not None and self.guard.switches.is_on(feature):
                words = (
                    self.tr("The last window stood still in the {0} {1} of {2} until it was ended.")
                    if mark.hung
                    else self.tr("The last window ended without a word while the {0} {1} of {2} was at work.")
                )
                sentence = words.format(feature.kind, feature.name, feature.package)
                self.log(sentence)
                self.left.emit(sentence, feature)

    # --------------------------------------------------------------------------------------------------------- watching

    def _watching(self, feature: Feature) -> AbstractContextManager[None]:
        """Around each call into a feature. Ours are not watched: whoever saves a large graph waits for that."""
        if feature.is_ours:
            return unwatched(feature)
        if not self._watchdog.is_on:
            self._watchdog.start()
            self._beat.start()
        return self._watchdog.inside(feature, PATIENT if feature.group == EXPORTERS else None)

    # --------------------------------------------------------------------------------------------------------- telling

    @Slot()
    def _show_tape(self) -> None:
        self._moment = None
        self._each(lambda panel: panel.show_tape(self._model.tape))

    @Slot(int)
    def _show_moment(self, position: int) -> None:
        if position != self._moment:
            self._moment = position
            self._each(lambda panel: panel.show_moment(position))

    @Slot(object)
    def _selected(self, selection: Selection) -> None:
        self._each(lambda panel: panel.show_selection(selection.key))

    def _each(self, told: Callable[[PluginPanel], Any]) -> None:
        for id in list(self._panels):
            self._call(id, told)

    def _call(self, id: str, told: Callable[[PluginPanel], Any]) -> None:
        panel = self._panels.get(id)
        if panel is None:
            return
        try:
            with self._timed(self._features[id]), self.guard.inside(self._features[id]):
                told(panel)
        except PluginError:
            return  # it was counted and told

    def _keep_whose(self, kind: type, feature: Feature) -> None:
        self._folders[_folder(kind.__module__)] = feature
        self._classes[class_name(kind)] = feature

    def owner(self, fault: Fault) -> Feature | None:
        """The feature in whose package an exception was raised, None where it was our own code."""
        named = (feature for name, feature in self._classes.items() if name in fault.classes)
        return next(named, next((feature for file in fault.files if (feature := self.owner_of(file)) is not None), None))

    def owner_of(self, file: str) -> Feature | None:
        """The feature whose package a file belongs to; also for the watchdog's thread."""
        shown = [(_folder(type(panel).__module__), self._features[id]) for id, panel in list(self._panels.items())]
        for root, feature in (*shown, *list(self._folders.items())):
            if root and (file == root or file.startswith(root + os.sep)):
                return feature
        return None

    def took(self, fault: Fault) -> bool:
        """Count an uncaught exception where it came from a plug-in's panel (a paint event, a slot of its own); False where it did not."""
        feature = self.owner(fault)
        if feature is None:
            return False
        record = self.guard.records.get(feature.id)
        missing = fault.count - (record.failures if record is not None else 0)
        for _ in range(max(1, min(missing, 3))):
            if self.guard.switches.is_on(feature):
                self.guard.failed(feature, f"{fault.error} ({os.path.basename(fault.file)}:{fault.line})", fault.details)
        return True

    def _tell(self, failure: Failure) -> None:
        self.failed.emit(failure.sentence, failure.feature)
        if failure.off:  # not now: the panel may be in the middle of a paint event
            QTimer.singleShot(0, self, partial(self._drop, failure.feature.id))
        self.changed.emit()

    def _drop(self, id: str) -> None:
        if id in self._panels:
            self._remove(id)
        self.load()  # a view that is off has no page any more


def _folder(module: str) -> str:
    """Where a module's package lies; the file itself of a module that is in none."""
    top = sys.modules.get(module.partition(".")[0])
    file: str = getattr(top, "__file__", None) or ""
    if not file:
        return ""
    return os.path.dirname(file) if hasattr(top, "__path__") else file
