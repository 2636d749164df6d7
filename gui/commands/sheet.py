"""The sheet of keys: all commands that have some, by menu, as they are now; and the keys of the graph."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QHeaderView, QLineEdit, QPushButton, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from ..actions import COMMANDS, MENUS, Actions
from ..theme import mono_font
from ..translation import translate
from ..widgets.elided import WholeTexts
from .keymap import Keymap, native

# keys, name and what it does: they work while the graph has the focus, and are no commands, as fields in which one types need these letters
GRAPH_KEYS = (
    ("Space", "Fit", "Show the whole graph"),
    ("+", "Enlarge", "Make the graph larger"),
    ("-", "Reduce", "Make the graph smaller"),
    ("0", "Own Size", "Neither enlarged nor reduced"),
    ("K", "Turn", "Turn the direction of the layout"),
    ("I", "Input", "Walk to an input; left and right choose among several"),
    ("O", "Output", "Walk to an output; left and right choose among several"),
    ("Left, Right, Up, Down", "Neighbour", "Walk to the neighbour; with Shift move the view"),
    ("Backspace", "Out", "Fold the group around the node"),
    ("Return", "Source", "The line that made the node"),
    ("Esc", "Nothing", "Select nothing"),
)


class ShortcutSheet(QDialog):
    """Not modal: it may stay open beside the work."""

    change_wished = Signal()  # the user wants to change keys

    def __init__(self, keymap: Keymap, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("shortcuts")
        self.setWindowTitle(self.tr("Keyboard Shortcuts"))
        self.setAccessibleName(self.tr("Keyboard Shortcuts"))
        self._keymap, self._actions = keymap, actions
        self.field = QLineEdit()
        self.field.setAccessibleName(self.tr("Search commands and keys"))
        self.field.setPlaceholderText(self.tr("Command or key"))
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self._filter)
        self.tree = QTreeWidget()
        self.tree.setItemDelegate(WholeTexts(self.tree))
        self.tree.setAccessibleName(self.tr("Keyboard Shortcuts"))
        self.tree.setHeaderLabels([self.tr("Command"), self.tr("Keys"), self.tr("What it does")])
        self.tree.setUniformRowHeights(True)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        change = QPushButton(self.tr("Change Keys..."))
        change.clicked.connect(self.change_wished)
        copy = QPushButton(self.tr("Copy"))
        copy.setToolTip(self.tr("The sheet as text"))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        for button in (change, copy):
            button.setAutoDefault(False)
        below = QHBoxLayout()
        below.addWidget(change)
        below.addWidget(copy)
        below.addStretch()
        column = QVBoxLayout(self)
        column.addWidget(self.field)
        column.addWidget(self.tree, 1)
        column.addLayout(below)
        keymap.changed.connect(self._fill)
        self._fill()
        metrics, screen = self.fontMetrics(), self.screen().availableGeometry()
        self.resize(min(metrics.averageCharWidth() * 130, screen.width() - 40), min(metrics.height() * 44, screen.height() - 60))

    def rows(self) -> dict[str, list[tuple[str, str, str]]]:
        """Command, keys and what it does, by menu; those without keys are left out."""
        found: dict[str, list[tuple[str, str, str]]] = {}
        for menu in MENUS:
            lines = [
                (self._actions.name(command.name), native(self._keymap.keys(command.name)), translate("Actions", command.tip))
                for command in COMMANDS
                if command.menu.partition("/")[0] == menu and self._keymap.keys(command.name)
            ]
            if lines:
                found[translate("Actions", menu).replace("&", "")] = lines
        found[self.tr("While the graph has the focus")] = [
            (translate("ShortcutSheet", name), native(keys.split(", ")), translate("ShortcutSheet", what))
            for keys, name, what in GRAPH_KEYS
        ]
        return found

    def text(self) -> str:
        """The sheet as plain text."""
        rows = self.rows()
        wide = max(len(keys) for lines in rows.values() for _, keys, _ in lines)
        return "\n\n".join("\n".join([title, *(f"  {keys:<{wide}}  {name}" for name, keys, _ in lines)]) for title, lines in rows.items())

    @Slot()
    def _fill(self) -> None:
        self.tree.clear()
        for title, lines in self.rows().items():
            heading = QTreeWidgetItem([title])
            font = heading.font(0)
            font.setBold(True)
            heading.setFont(0, font)
            self.tree.addTopLevelItem(heading)
            for line in lines:
                item = QTreeWidgetItem(list(line))
                item.setFont(1, mono_font(12))
                item.setToolTip(2, line[2])
                heading.addChild(item)
            heading.setFirstColumnSpanned(True)
            heading.setExpanded(True)
        self._filter(self.field.text())

    @Slot(str)
    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        for place in range(self.tree.topLevelItemCount()):
            heading = self.tree.topLevelItem(place)
            assert heading is not None
            left = 0
            for number in range(heading.childCount()):
                item = heading.child(number)
                assert item is not None
                line = " ".join(item.text(column) for column in range(3)).casefold()
                item.setHidden(not all(word in line for word in words))
                left += not item.isHidden()
            heading.setHidden(not left)

    def bring(self) -> None:
        """Show the sheet."""
        self.show()
        self.activateWindow()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
