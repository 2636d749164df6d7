"""The line of the welcome page that says what runs scripts, with what the interpreter said of itself."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget


class RunnerLine(QWidget):
    """Shows and asks."""

    change_wished = Signal()  # the user wants to choose another engine or interpreter
    check_wished = Signal()  # the user wants to know whether it will do

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLabel()
        self.text.setObjectName("runnerLine")
        self.text.setProperty("role", "dim")
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        change, self.check = QPushButton(self.tr("Change...")), QPushButton(self.tr("Check"))
        change.setAccessibleName(self.tr("Change what runs scripts"))
        self.check.setAccessibleName(self.tr("Check what runs scripts"))
        self.check.setToolTip(self.tr("Import what the engine needs in this interpreter, and say what was found"))
        change.clicked.connect(self.change_wished)
        self.check.clicked.connect(self.check_wished)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addStretch()
        row.addWidget(self.text)
        row.addWidget(change)
        row.addWidget(self.check)
        row.addStretch()

    def show_runner(self, title: str, said: str = "", *, busy: bool = False) -> None:
        """Say what runs scripts, and what the interpreter said; ``busy`` while it is asked."""
        self.text.setText(self.tr("Scripts run on {0}").format(title) + (f": {said}" if said else ""))
        self.check.setEnabled(not busy)
