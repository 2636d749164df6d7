"""The keys of all commands in a table where they are changed: searched, with conflicts said before anything is taken over."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..actions import COMMANDS, Actions
from ..translation import translate
from ..widgets.elided import WholeTexts
from .keymap import Keymap, native, portable
from .presets import PRESETS

_LABELS = {"default": "gradstep", "pycharm": "PyCharm", "spyder": "Spyder"}  # names: not translated


class KeysTable(QWidget):
    """A row a command. What is pressed in the field below is given to the command that is chosen."""

    def __init__(self, keymap: Keymap, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keymap, self._actions = keymap, actions
        self.preset = QComboBox()
        self.preset.setAccessibleName(self.tr("Keys as in"))
        for name in PRESETS:
            self.preset.addItem(_LABELS[name], name)
        self.preset.currentIndexChanged.connect(lambda _: keymap.set_preset(self.preset.currentData()))
        self.search = QLineEdit()
        self.search.setAccessibleName(self.tr("Search commands and keys"))
        self.search.setPlaceholderText(self.tr("Command or key"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        label = QLabel(self.tr("Keys as in"))
        label.setBuddy(self.preset)
        top = QHBoxLayout()
        top.addWidget(label)
        top.addWidget(self.preset)
        top.addStretch()
        top.addWidget(self.search)
        self.table = QTableWidget(len(COMMANDS), 3)
        self.table.setItemDelegate(WholeTexts(self.table))
        self.table.setAccessibleName(self.tr("Commands and their keys"))
        self.table.setHorizontalHeaderLabels([self.tr("Command"), self.tr("Keys"), self.tr("Menu")])
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setMinimumHeight(12 * self.table.fontMetrics().height() + 160)
        for row, command in enumerate(COMMANDS):
            menu = " > ".join(translate("Actions", part).replace("&", "") for part in command.menu.split("/"))
            for column, text in enumerate((actions.name(command.name), "", menu)):
                self.table.setItem(row, column, QTableWidgetItem(text))
            self._cell(row, 0).setToolTip(translate("Actions", command.tip))
        self.table.currentCellChanged.connect(lambda *_: self._choose())
        self.edit = QKeySequenceEdit()
        self.edit.setAccessibleName(self.tr("Press the new key"))
        self.edit.setMaximumSequenceLength(1)
        self.edit.setClearButtonEnabled(True)
        self.edit.keySequenceChanged.connect(self._pressed)
        self.give = QPushButton(self.tr("Give Key"))
        self.also = QPushButton(self.tr("Add Key"))
        self.also.setToolTip(self.tr("Beside the keys that the command has"))
        self.none = QPushButton(self.tr("No Key"))
        self.reset = QPushButton(self.tr("Reset"))
        self.reset_all = QPushButton(self.tr("Reset All"))
        for button, pressed in (
            (self.give, self._give), (self.also, self._add), (self.none, self._take), (self.reset, self._reset),
            (self.reset_all, keymap.reset_all),
        ):  # fmt: skip
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, pressed=pressed: pressed())
        self.note = QLabel()
        self.note.setWordWrap(True)
        press = QLabel(self.tr("New key"))
        press.setBuddy(self.edit)
        below = QGridLayout()
        below.addWidget(press, 0, 0)
        below.addWidget(self.edit, 0, 1)
        below.addWidget(self.give, 0, 2)
        below.addWidget(self.also, 0, 3)
        below.addWidget(self.note, 1, 0, 1, 4)
        below.setColumnStretch(1, 1)
        last = QHBoxLayout()
        for button in (self.none, self.reset):
            last.addWidget(button)
        last.addStretch()
        last.addWidget(self.reset_all)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 8, 0, 0)
        column_.addLayout(top)
        column_.addWidget(self.table, 1)
        column_.addLayout(below)
        column_.addLayout(last)
        keymap.changed.connect(self._show)
        self._show()
        self.table.setCurrentCell(0, 0)

    @property
    def command(self) -> str:
        """The command that is chosen."""
        row = self.table.currentRow()
        return COMMANDS[row].name if row >= 0 else ""

    def choose(self, name: str) -> None:
        """Choose a command."""
        self.table.setCurrentCell([command.name for command in COMMANDS].index(name), 0)

    @Slot()
    def _show(self) -> None:
        blocker = QSignalBlocker(self.preset)
        self.preset.setCurrentIndex(self.preset.findData(self._keymap.preset))
        blocker.unblock()
        for row, command in enumerate(COMMANDS):
            item = self._cell(row, 1)
            item.setText(native(self._keymap.keys(command.name)))
            font = item.font()
            font.setBold(self._keymap.is_own(command.name))
            item.setFont(font)
            item.setToolTip(self.tr("Yours, instead of {0}").format(self._default(command.name)) if font.bold() else "")
        for column in (0, 1):
            self.table.resizeColumnToContents(column)
        self._choose()

    def _cell(self, row: int, column: int) -> QTableWidgetItem:
        item = self.table.item(row, column)
        assert item is not None
        return item

    def _default(self, name: str) -> str:
        return native(self._keymap.default(name)) or self.tr("none")

    @Slot(str)
    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        for row in range(self.table.rowCount()):
            line = " ".join(self._cell(row, column).text() for column in range(3)).casefold()
            self.table.setRowHidden(row, not all(word in line for word in words))
        if self.table.isRowHidden(self.table.currentRow()):
            shown = (row for row in range(self.table.rowCount()) if not self.table.isRowHidden(row))
            self.table.setCurrentCell(next(shown, -1), 0)

    @Slot()
    def _choose(self) -> None:
        blocker = QSignalBlocker(self.edit)
        self.edit.clear()
        blocker.unblock()
        name = self.command
        self.none.setEnabled(bool(name and self._keymap.keys(name)))
        self.reset.setEnabled(bool(name and self._keymap.is_own(name)))
        self._pressed()

    @Slot()
    def _pressed(self) -> None:
        """Say whose key it is before it is taken over."""
        key, name = self._key(), self.command
        self.give.setEnabled(bool(key and name))
        self.also.setEnabled(bool(key and name))
        users = self._keymap.users(key, name) if key and name else []
        self.give.setText(self.tr("Take Over") if users else self.tr("Give Key"))
        words = ""
        if users:
            listed = ", ".join(self._actions.name(user) for user in users)
            words = self.tr("{0} is a key of {1}, which loses it.").format(native([key]), listed)
        elif key and _types(key):
            words = self.tr("{0} is also a letter: fields in which one types keep it, the graph loses it.").format(native([key]))
        self.note.setText(words)
        self.note.setProperty("role", "bad" if users else "dim")
        self.note.style().unpolish(self.note)
        self.note.style().polish(self.note)
        self.edit.setAccessibleDescription(words)

    def _key(self) -> str:
        return portable(self.edit.keySequence().toString(QKeySequence.SequenceFormat.PortableText))

    def _give(self) -> None:
        self._keymap.set(self.command, [self._key()])

    def _add(self) -> None:
        self._keymap.set(self.command, [*self._keymap.keys(self.command), self._key()])

    def _take(self) -> None:
        self._keymap.set(self.command, [])

    def _reset(self) -> None:
        self._keymap.reset(self.command)


def _types(key: str) -> bool:
    """Whether a key writes something in a field."""
    letter = key.removeprefix("Shift+")
    return len(letter) == 1 or letter == "Space"
