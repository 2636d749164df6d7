"""Tells the user of exceptions that nobody caught: in one bar with a count, or, where a plug-in raised them, as that plug-in's failure."""

from __future__ import annotations

import os
import sys
from functools import partial

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QGuiApplication

from gradstep.engine.extensions.catalogue import Feature

from ..frame.docks import Docks
from ..frame.message_bar import Answer, MessageBar
from ..panel import Panel
from ..panels.plugins_panel import PluginsPanel
from ..translation import translate
from .faults import Fault, Faults
from .plug_ins import PlugIns


class FaultTeller(QObject):
    """Between the faults, the plug-ins and the bar. A fault that goes on counts up in the bar that tells of it."""

    def __init__(self, bar: MessageBar, plug_ins: PlugIns, panel: PluginsPanel, docks: Docks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bar, self._plug_ins, self._panel, self._docks = bar, plug_ins, panel, docks
        self._told: dict[int, str] = {}  # by fault: what the bar says of it
        self._faults: Faults | None = None
        self._waiting: list[tuple[str, Feature]] = []  # what is said when the bar is free
        for said in (plug_ins.failed, plug_ins.slow):
            said.connect(self.tell_of_plugin)
        plug_ins.left.connect(self._tell_later)
        bar.closed.connect(self._tell_next)

    def watch(self, faults: Faults) -> None:
        """Tell of these."""
        self._faults = faults
        faults.raised.connect(self.tell)
        self._plug_ins.log = faults.note

    @Slot(object)
    def tell(self, fault: Fault) -> None:
        """A fault came, or came again."""
        if self._plug_ins.took(fault):
            return
        before = self._told.get(id(fault), "")
        if before and self._bar.text != before:
            return  # it was put away, or something else is said now
        where = f"{os.path.basename(fault.file)}:{fault.line}"
        log = str(self._faults.log) if self._faults is not None and self._faults.log is not None else ""
        text = translate("Faulting", "A fault of gradstep's own: {0} ({1}), %n time(s). The window and your program go on.", fault.count)
        text = text.format(fault.error, where)
        if log:
            text = self.tr("{0} It is written down in {1}.").format(text, log)
        self._told[id(fault)] = text
        answers: list[Answer] = [(self.tr("Copy Details"), partial(self._copy, fault))]
        panel = self._panel_of(fault)
        if panel is not None:
            answers.insert(0, (self.tr("Hide {0}").format(panel.heading()), partial(self._hide, panel)))
        self._bar.show_error(text, answers)

    @Slot(str, object)
    def tell_of_plugin(self, sentence: str, feature: Feature) -> None:
        """A plug-in failed, or is slow."""
        record = self._plug_ins.guard.records.get(feature.id)
        answers = [(self.tr("Plug-ins"), lambda: self._docks.bring(self._panel))]
        if self._plug_ins.guard.switches.is_on(feature):
            answers.insert(0, (self.tr("Switch It Off"), lambda: self._off(feature)))
        if record is not None and record.details:
            answers.append((self.tr("Copy Details"), lambda: QGuiApplication.clipboard().setText(record.details)))
        self._bar.show_error(sentence, answers)

    @Slot(str, object)
    def _tell_later(self, sentence: str, feature: Feature) -> None:
        """Of the last window: what was open in it comes first, and stays until it is answered."""
        self._waiting.append((sentence, feature))
        QTimer.singleShot(0, self, self._tell_next)

    @Slot()
    def _tell_next(self) -> None:
        if self._waiting and not self._bar.text:
            self.tell_of_plugin(*self._waiting.pop(0))

    def _panel_of(self, fault: Fault) -> Panel | None:
        """The panel in whose file it was raised: hidden, it is painted no more."""
        return next((panel for panel in self._docks.panels() if sys.modules[type(panel).__module__].__file__ in fault.files), None)

    def _hide(self, panel: Panel) -> None:
        self._docks[panel].hide()
        self._bar.clear()

    def _off(self, feature: Feature) -> None:
        self._plug_ins.switch(feature, False)
        self._bar.clear()

    def _copy(self, fault: Fault) -> None:
        QGuiApplication.clipboard().setText(fault.details)
