"""The page before anything is open: start, recent files, examples to learn by doing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPixmap
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from .theme import icon

EXAMPLES: tuple[tuple[str, str, str], ...] = (
    ("nan.py", "Find the NaN", "The loss is a number, every gradient is NaN"),
    ("none_grad.py", "Why is this grad None?", "Part of a model gets no gradient"),
    ("hook.py", "A hook that changes a gradient", "Training stalls, and nobody sees why"),
)
FOLDER = Path(__file__).parent / "examples"
SUFFIXES = (".py", ".gst")


class WelcomePage(QWidget):
    """Asks by signals what to open."""

    open_wished = Signal()  # the user wants to choose a script
    open_tape_wished = Signal()  # the user wants to choose a tape
    file_picked = Signal(str)  # the user picked this script or tape, or dropped it here

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("WelcomePage")
        self.setAccessibleName(self.tr("Welcome"))
        self.setAcceptDrops(True)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        head = QHBoxLayout()
        head.addStretch()
        logo = QLabel()
        logo.setPixmap(self._logo())
        head.addWidget(logo)
        title = QLabel("gradstep")
        title.setObjectName("welcomeTitle")
        font = title.font()
        font.setPixelSize(34)
        font.setBold(True)
        title.setFont(font)
        head.addSpacing(10)
        head.addWidget(title)
        head.addStretch()
        outer.addLayout(head)
        line = QLabel(self.tr("Step through backward(), node by node, also back in time."))
        line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        line.setProperty("role", "dim")
        outer.addWidget(line)
        outer.addSpacing(28)
        columns = QHBoxLayout()
        columns.setSpacing(20)
        columns.addStretch()
        start = self._card(self.tr("Start"))
        self._add(start, self.tr("Open Script..."), "Ctrl+O", "open", self.open_wished.emit)
        self._add(start, self.tr("Open Tape..."), "Ctrl+Shift+O", "record", self.open_tape_wished.emit)
        hint = QLabel(self.tr("or drop a .py or .gst file anywhere"))
        hint.setProperty("role", "dim")
        start.layout().addWidget(hint)  # type: ignore[union-attr]
        start.layout().addStretch()  # type: ignore[union-attr]
        columns.addWidget(start)
        self._recent = self._card(self.tr("Recent"))
        columns.addWidget(self._recent)
        learn = self._card(self.tr("Learn by doing"))
        for number, (name, label, about) in enumerate(EXAMPLES, 1):
            file = str(FOLDER / name)
            button = self._add(learn, f"{number}  {label}", "", "script", lambda file=file: self.file_picked.emit(file))
            button.setToolTip(about)
            detail = QLabel(about)
            detail.setProperty("role", "dim")
            detail.setIndent(30)
            learn.layout().addWidget(detail)  # type: ignore[union-attr]
        learn.layout().addStretch()  # type: ignore[union-attr]
        columns.addWidget(learn)
        columns.addStretch()
        outer.addLayout(columns)
        outer.addStretch(3)
        self.show_recent([])

    def _logo(self) -> QPixmap:
        return icon("logo", "accent").pixmap(44, 44)

    def _card(self, title: str) -> QFrame:
        card = QFrame()
        card.setProperty("role", "card")
        card.setMinimumWidth(270)
        card.setMaximumWidth(380)
        card.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        box = QVBoxLayout(card)
        box.setContentsMargins(18, 14, 18, 16)
        box.setSpacing(6)
        label = QLabel(title)
        font = label.font()
        font.setBold(True)
        label.setFont(font)
        box.addWidget(label)
        box.addSpacing(4)
        return card

    def _add(self, card: QFrame, text: str, keys: str, picture: str, pressed: object) -> QPushButton:
        button = QPushButton(icon(picture), text)
        button.setFlat(True)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setAccessibleName(text)
        button.setStyleSheet("QPushButton { text-align: left; padding: 5px 8px; }")
        button.clicked.connect(lambda: pressed())  # type: ignore[operator]
        if keys:
            row = QGridLayout()
            row.setColumnStretch(0, 1)
            row.addWidget(button, 0, 0)
            label = QLabel(keys)
            label.setProperty("role", "dim")
            row.addWidget(label, 0, 1, Qt.AlignmentFlag.AlignRight)
            card.layout().addLayout(row)  # type: ignore[union-attr]
        else:
            card.layout().addWidget(button)  # type: ignore[union-attr]
        return button

    def show_recent(self, files: Sequence[Path]) -> None:
        """List what was opened last."""
        box = self._recent.layout()
        assert isinstance(box, QVBoxLayout)
        while box.count() > 2:
            item = box.takeAt(2)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        for file in files[:6]:
            button = self._add(
                self._recent, file.name, "", "record" if file.suffix == ".gst" else "script", lambda f=str(file): self.file_picked.emit(f)
            )
            button.setToolTip(str(file))
        if not files:
            nothing = QLabel(self.tr("Nothing yet"))
            nothing.setProperty("role", "dim")
            box.addWidget(nothing)
        box.addStretch()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        file = dropped(event)
        if file:
            event.acceptProposedAction()
            self.file_picked.emit(file)


def dropped(event: QDropEvent) -> str:
    """The script or tape that is dragged, "" for anything else."""
    for url in event.mimeData().urls():
        if url.isLocalFile() and url.toLocalFile().endswith(SUFFIXES):
            return url.toLocalFile()
    return ""
