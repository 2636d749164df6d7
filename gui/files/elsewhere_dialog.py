"""Asks for a script on another machine: where it is, what runs it there, how that machine is reached."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from gradstep.engine.debug.targets import engines, needs_of

from .. import theme
from .errand import Errand

_FIELD = 360  # of a line
STAYS = (0.0, 600.0, 1800.0, 7200.0, 86400.0)  # seconds


class ElsewhereDialog(QDialog):
    """Gives what was named by a signal; while something is missing its button is grey, and a line says what."""

    run_wished = Signal(object)  # Errand

    def __init__(self, errand: Errand, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("elsewhere")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Run on Another Machine"))
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(10)
        about = self._words(
            self.tr(
                "The script runs there and is stepped through from here, through ssh; what it records comes here as it is written. "
                "gradstep has to be installed there."
            )
        )
        column.addWidget(about)
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(8)
        self.host = self._field(form, self.tr("&Machine"), errand.host, self.tr("cluster, or me@cluster: as ssh knows it"))
        self.folder = self._field(form, self.tr("&Folder there"), errand.folder, self.tr("project, from your home there on"))
        self.script = self._field(form, self.tr("&Script"), errand.script, self.tr("train.py, from that folder on"))
        self.arguments = self._field(form, self.tr("&Arguments"), errand.arguments, "--epochs 1")
        self.python = self._field(form, self.tr("&Python there"), errand.python, self.tr(".venv/bin/python; empty: gradstep's own"))
        self.engine = QComboBox()
        for name in engines():
            self.engine.addItem(needs_of(name).title or name, name)
        self.engine.setCurrentIndex(max(self.engine.findData(errand.engine), 0))
        self._row(form, self.tr("&Engine"), self.engine)
        self.stay = QComboBox()
        names = (self.tr("the program is ended"), self.tr("it stays 10 minutes"), self.tr("it stays 30 minutes"))
        for seconds, name in zip(STAYS, (*names, self.tr("it stays 2 hours"), self.tr("it stays a day")), strict=True):
            self.stay.addItem(name, seconds)
        self.stay.setCurrentIndex(max(self.stay.findData(errand.stay), 0))
        self._row(form, self.tr("If the connection is &lost"), self.stay)
        self.ssh = self._field(form, self.tr("&Connect by"), errand.ssh, "ssh -T -p 2222")
        self.gradstep = self._field(form, self.tr("&gradstep there"), errand.gradstep, self.tr("empty: that of Python there"))
        column.addLayout(form)
        self.hint = self._words("")
        self.hint.setProperty("role", "dim")
        column.addWidget(self.hint)
        column.addStretch(1)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.run = self.buttons.addButton(self.tr("Run"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        self._texts = {
            "host": self.host, "folder": self.folder, "script": self.script, "arguments": self.arguments, "python": self.python,
            "ssh": self.ssh, "gradstep": self.gradstep,
        }  # fmt: skip
        for field in self._texts.values():
            field.textChanged.connect(self._check)
        self._check()
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetMinimumSize)  # words that wrap need their height
        (self.script if errand.host else self.host).setFocus()

    @property
    def errand(self) -> Errand:
        """What is named by now."""
        words = {name: field.text().strip() for name, field in self._texts.items()}
        return Errand(**words, engine=self.engine.currentData(), stay=self.stay.currentData())

    def accept(self) -> None:
        """Run what is named."""
        errand = self.errand
        super().accept()
        self.run_wished.emit(errand)

    def _words(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setWordWrap(True)
        return label

    def _field(self, form: QFormLayout, label: str, text: str, example: str) -> QLineEdit:
        field = QLineEdit(text)
        field.setPlaceholderText(example)
        field.setMinimumWidth(theme.scaled(_FIELD))
        self._row(form, label, field)
        return field

    def _row(self, form: QFormLayout, label: str, field: QWidget) -> None:
        field.setAccessibleName(label.replace("&", ""))
        form.addRow(label, field)

    @Slot()
    def _check(self) -> None:
        problem = self.errand.problem
        self.run.setEnabled(not problem)
        usual = self.tr("ssh cannot ask for a password here: use a key (ssh-copy-id) or an agent (ssh-add).")
        missing = self.tr("Before it can be run: {0}.").format(problem.rstrip("."))
        self.hint.setText(missing if problem and self.errand.host and self.errand.script else usual)
