"""Asks for a recording on another machine: where it is, how that machine is reached, where the copy goes."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from .. import theme

_WIDTH = 620  # pixels where letters have their usual size


class Place(NamedTuple):
    """A recording on another machine and its copy. ``ssh`` is what connects, ``gradstep`` the program there."""

    host: str = ""
    path: str = ""
    copy: str = ""  # a folder here
    ssh: str = "ssh -T"
    gradstep: str = "gradstep"


class AttachDialog(QDialog):
    """Gives what was named by a signal; what is missing keeps its button grey."""

    place_named = Signal(object)

    def __init__(self, place: Place, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("attach")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Follow a Recording on Another Machine"))
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(10)
        about = QLabel(
            self.tr(
                "Its tapes are copied here through ssh as they grow. The program there is recorded by gradstep record, as ever; it does "
                "not notice, and where the connection is lost it runs on."
            )
        )
        about.setWordWrap(True)
        column.addWidget(about)
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(8)
        self.host = self._field(form, self.tr("&Machine"), place.host, self.tr("cluster, or me@cluster: as ssh knows it"))
        self.path = self._field(form, self.tr("&Recording there"), place.path, self.tr("a tape, or the folder of a job: project/runs"))
        self.folder = QLineEdit(place.copy)
        self.folder.setMinimumWidth(theme.scaled(300))
        browse = QPushButton(self.tr("Choose..."))
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.folder, 1)
        row.addWidget(browse)
        label = QLabel(self.tr("&Copy into"))
        label.setBuddy(self.folder)
        self.folder.setAccessibleName(self.tr("Copy into"))
        form.addRow(label, row)
        self.ssh = self._field(form, self.tr("&Connect by"), place.ssh, "ssh -T -p 2222")
        self.gradstep = self._field(form, self.tr("&gradstep there"), place.gradstep, ".venv/bin/gradstep")
        column.addLayout(form)
        hint = QLabel(self.tr("ssh cannot ask for a password here: use a key, an agent, or gradstep attach in a terminal."))
        hint.setProperty("role", "dim")
        hint.setWordWrap(True)
        column.addWidget(hint)
        column.addStretch(1)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.begin = self.buttons.addButton(self.tr("Follow"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        for field in (self.host, self.path, self.folder, self.ssh, self.gradstep):
            field.textChanged.connect(self._check)
        self._check()
        self.setMinimumWidth(min(theme.scaled(_WIDTH), self.screen().availableGeometry().width() - 40))
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetMinimumSize)  # words that wrap need their height
        (self.path if place.host else self.host).setFocus()

    @property
    def place(self) -> Place:
        """What is named by now."""
        return Place(*(field.text().strip() for field in (self.host, self.path, self.folder, self.ssh, self.gradstep)))

    def accept(self) -> None:
        """Follow what is named."""
        place = self.place
        super().accept()
        self.place_named.emit(place)

    def _field(self, form: QFormLayout, label: str, text: str, example: str) -> QLineEdit:
        field = QLineEdit(text)
        field.setPlaceholderText(example)
        field.setAccessibleName(label.replace("&", ""))
        form.addRow(label, field)
        return field

    @Slot()
    def _check(self) -> None:
        place = self.place
        self.begin.setEnabled(all(place) and not place.host.startswith("-") and ":" not in place.host)

    @Slot()
    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Copy Into"), self.folder.text())
        if folder:
            self.folder.setText(folder)
