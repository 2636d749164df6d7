"""Plug-ins: what is installed, what each gives, what it took and how it failed; switched on and off here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QStyleOptionViewItem, QTreeWidget, QTreeWidgetItem, QVBoxLayout

from ..panel import Panel
from ..translation import translate
from ..widgets.elided import WholeTexts

_FACTS = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Plugged:
    """One feature as it is shown. ``seconds`` and ``failures`` are of this process."""

    id: str
    package: str
    version: str
    summary: str
    kind: str
    name: str
    on: bool
    ours: bool
    refused: bool
    reason: str
    calls: int = 0
    seconds: float = 0.0
    failures: int = 0
    details: str = ""


class _Cells(WholeTexts):
    """What a package is takes all of its row, which has nothing behind it."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        facts = index.sibling(index.row(), 0).data(_FACTS)
        if index.column() == 1 and facts and facts[0] == "package" and isinstance(option.widget, QTreeWidget):
            edge = option.widget.viewport().rect()
            if option.widget.isRightToLeft():
                option.rect.setLeft(edge.left())
            else:
                option.rect.setRight(edge.right())


class PluginsPanel(Panel):
    """A row a package with its features below; a tick switches one on or off."""

    title = "Plug-ins"
    about = "Installed plug-ins, what they give and how they did; a tick switches one on or off."
    package_switched = Signal(str, bool)  # the user ticked or unticked a package
    feature_switched = Signal(str, bool)  # ... a feature, by its id

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._notice = QLabel()
        self._notice.setWordWrap(True)
        self._notice.setTextFormat(Qt.TextFormat.PlainText)
        self._notice.setProperty("role", "dim")
        self._notice.setContentsMargins(10, 6, 10, 2)
        column.addWidget(self._notice)
        tree = self._tree = QTreeWidget()
        tree.setItemDelegate(_Cells(tree))
        tree.setObjectName("plugins")
        tree.setAccessibleName(self.tr("Plug-ins"))
        tree.setHeaderLabels([self.tr("Plug-in"), self.tr("Gives"), self.tr("Calls"), self.tr("Time"), self.tr("State")])
        tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        tree.setUniformRowHeights(True)
        tree.setAlternatingRowColors(True)
        tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        header = tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        column.addWidget(tree, 1)
        self._filling = False
        tree.itemChanged.connect(self._ticked)

    @Slot(object, bool, str)
    def show_plugins(self, plugged: Sequence[Plugged], safe: bool, problem: str) -> None:
        """Show all features. ``safe``: strangers' are left out this time; ``problem``: why the choice cannot be kept."""
        if problem:
            self._notice.setText(problem)
        elif safe:
            self._notice.setText(self.tr("Safe mode: only gradstep's own are loaded. Start without --safe-mode to use the others."))
        else:
            self._notice.setText(self.tr("A plug-in is code of another package. One that is on runs inside gradstep, with your rights."))
        self._filling = True
        self._tree.clear()
        packages: dict[str, QTreeWidgetItem] = {}
        for feature in plugged:
            if feature.package not in packages:
                packages[feature.package] = self._package(feature, plugged)
            self._feature(packages[feature.package], feature)
        self._tree.expandAll()
        self._filling = False

    def _package(self, feature: Plugged, plugged: Sequence[Plugged]) -> QTreeWidgetItem:
        item = QTreeWidgetItem(self._tree, [f"{feature.package} {feature.version}".strip(), feature.summary])
        item.setFirstColumnSpanned(False)
        item.setData(0, _FACTS, ("package", feature.package))
        item.setToolTip(1, feature.summary)
        if not feature.ours:
            on = any(other.on for other in plugged if other.package == feature.package)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(0, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        return item

    def _feature(self, parent: QTreeWidgetItem, feature: Plugged) -> None:
        time = self.tr("{0:.1f} ms").format(feature.seconds * 1000) if feature.calls else ""
        state = feature.reason or self.tr("on")
        if feature.failures and feature.on:  # what was switched off for its failures says so itself
            state = translate("PluginsPanel", "%n failure(s): {0}", feature.failures).format(state)
        item = QTreeWidgetItem(parent, [feature.name, translate("Plug-ins", feature.kind), str(feature.calls or ""), time, state])
        item.setData(0, _FACTS, ("feature", feature.id))
        item.setToolTip(4, feature.details or state)
        for column in (2, 3):
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if not feature.refused:
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(0, Qt.CheckState.Checked if feature.on else Qt.CheckState.Unchecked)

    def _ticked(self, item: QTreeWidgetItem, column: int) -> None:
        if self._filling or column != 0:
            return
        what, name = item.data(0, _FACTS)
        on = item.checkState(0) is Qt.CheckState.Checked
        (self.package_switched if what == "package" else self.feature_switched).emit(name, on)
