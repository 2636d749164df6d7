"""Says in the window what takes long, and lets it be given up. Work of less than 0.3 s is never shown."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

SHORT = 300  # milliseconds


class BusyBar(QFrame):
    """One piece of work at a time: what it is at, a bar that moves, a button that gives it up."""

    cancelled = Signal()  # the user does not want it any more

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("busyBar")
        self.setAccessibleName(self.tr("Work under way"))
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 5, 8, 5)
        row.setSpacing(12)
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        row.addWidget(self._text)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self._bar.setAccessibleName(self.tr("Progress"))
        row.addWidget(self._bar, 1)
        self._cancel = QPushButton(self.tr("Cancel"))
        self._cancel.setToolTip(self.tr("Give this up; what is drawn stays"))
        self._cancel.clicked.connect(self._give_up)
        row.addWidget(self._cancel)
        self._late = QTimer(self, singleShot=True, interval=SHORT)
        self._late.timeout.connect(self.show)
        self.hide()

    @property
    def text(self) -> str:
        return self._text.text()

    @Slot(str, int, int)
    def begin(self, text: str, step: int = 0, steps: int = 0) -> None:
        """Work is under way, at ``step`` of ``steps`` (0 of 0: nobody knows)."""
        self._text.setText(text)
        self.setAccessibleDescription(text)
        self._bar.setRange(0, steps)
        self._bar.setValue(step)
        if self.isHidden() and not self._late.isActive():
            self._late.start()

    @Slot()
    def end(self) -> None:
        """It is done."""
        self._late.stop()
        self.hide()

    @Slot()
    def _give_up(self) -> None:
        self.end()
        self.cancelled.emit()
