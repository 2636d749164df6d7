"""The page before anything is open: start, recent files, examples to learn by doing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from gradstep.engine.tape.visible import visible

from .. import theme
from ..files.errand import Errand
from ..guide.examples import FOLDER
from ..guide.titles import bundled
from ..runners.line import RunnerLine
from ..widgets import plain
from ..widgets.picture import Picture
from .drops import dropped

SHOWN = 5  # recent files
_WIDTH, _WIDEST = 345, 480  # of a card in a small window and in a large one
_AROUND = 70  # of it, what stands around the words


class Entry(QPushButton):
    """A line of a card: an icon, a name, what it is in small letters, its keys. A button like any other to keyboard and reader."""

    def __init__(self, picture: str, name: str, about: str = "", keys: str = "", tip: str = "") -> None:
        super().__init__()
        self.setProperty("role", "entry")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(name)
        self.setAccessibleDescription(about)
        self.setToolTip(tip)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._elided: list[tuple[QLabel, str, Qt.TextElideMode]] = []
        self._wide = _WIDTH
        self._icon = Picture(18)
        self._icon.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 10, 4)
        row.setSpacing(11)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop if about else Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self._words(name, Qt.TextElideMode.ElideMiddle))
        if about:
            detail = self._words(about, Qt.TextElideMode.ElideMiddle)
            detail.setProperty("role", "dim")
            words.addWidget(detail)
        row.addLayout(words, 1)
        self._keys = self._label()
        self._keys.setProperty("role", "dim")
        row.addWidget(self._keys)
        self.show_keys(keys)
        self._icon.show_icon(picture)
        self._elide()

    def show_keys(self, keys: str) -> None:
        """Show which keys do the same; "" for none."""
        self._keys.setText(keys)
        self._keys.setVisible(bool(keys))

    def _label(self) -> QLabel:
        label = QLabel()
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        return label

    def _words(self, text: str, mode: Qt.TextElideMode) -> QLabel:
        label = self._label()
        self._elided.append((label, text, mode))
        return label

    def show_width(self, wide: int) -> None:
        """How wide its card is, at the usual size of letters."""
        self._wide = wide
        self._elide()

    def _elide(self) -> None:
        for label, text, mode in self._elided:
            label.setText(QFontMetrics(self.font()).elidedText(text, mode, theme.scaled(self._wide - _AROUND)))

    def changeEvent(self, event: QEvent) -> None:
        """Larger letters are cut elsewhere."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._elide()

    def sizeHint(self) -> QSize:
        layout = self.layout()
        return layout.sizeHint() if layout is not None else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class WelcomePage(QScrollArea):
    """Asks by signals what to open. A small window scrolls it."""

    wished = Signal(str)  # the user wants this command
    file_picked = Signal(str)  # the user picked this script or tape, or dropped it here
    errand_picked = Signal(object)  # Errand: the user picked this script on another machine

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("WelcomePage")
        self.setAccessibleName(self.tr("Welcome"))
        self.setAcceptDrops(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self._cards: list[QWidget] = []
        self._wide = _WIDTH  # of a card now
        page = QWidget()
        self.setWidget(page)
        outer = QVBoxLayout(page)
        outer.addStretch(2)
        outer.addLayout(self._head())
        line = QLabel(self.tr("Step through backward(), node by node, also back in time."))
        line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        line.setProperty("role", "dim")
        outer.addWidget(line)
        outer.addSpacing(12)
        start = self._card(self.tr("Start"))
        self._starts = {
            name: self._add(start, Entry(picture, label), partial(self.wished.emit, name))
            for name, picture, label in (
                ("open", "open", self.tr("Open Script...")),
                ("open_tape", "record", self.tr("Open Tape...")),
                ("open_ranks", "layers", self.tr("Open Folder of Ranks...")),
                ("run_elsewhere", "run_to", self.tr("Run on Another Machine...")),
                ("attach", "link", self.tr("Follow on Another Machine...")),
            )
        }
        start.addSpacing(6)
        drop = self._dim(self.tr("or drop a .py or .gst file, or a folder of ranks"))
        drop.setWordWrap(True)
        start.addWidget(drop)
        start.addStretch()
        self._recent = self._card(self.tr("Recent"))
        learn = self._card(self.tr("Learn by doing"))
        for name, label, about in bundled():
            file = str(FOLDER / name)
            self._add(learn, Entry("script", label, about), partial(self.file_picked.emit, file))
        learn.addStretch()
        columns = self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        columns.setSpacing(18)
        columns.addStretch()
        for box in (start, self._recent, learn):
            card = box.parentWidget()
            assert card is not None
            columns.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
            self._cards.append(card)
        columns.addStretch()
        outer.addLayout(columns)
        outer.addSpacing(12)
        self.runner = RunnerLine()
        outer.addWidget(self.runner)
        outer.addStretch(3)
        self.setFocusProxy(self._starts["open"])
        self.show_recent([])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cards stand beside each other where there is room, else above each other."""
        super().resizeEvent(event)
        self._flow()

    def changeEvent(self, event: QEvent) -> None:
        """Cards are as wide as their text asks for."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._wide = 0
            self._flow()

    def _flow(self) -> None:
        beside = self.width() >= len(self._cards) * (theme.scaled(_WIDTH) + 24)
        wide = min(max(round(self.width() / 4 / theme.scale()), _WIDTH), _WIDEST) if beside else _WIDTH
        if wide != self._wide:
            self._wide = wide
            for card in self._cards:
                card.setFixedWidth(theme.scaled(wide))
            for entry in self.findChildren(Entry):
                entry.show_width(wide)
        wanted = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._columns.direction() is not wanted:
            self._columns.setDirection(wanted)

    def show_keys(self, keys: Callable[[str], str]) -> None:
        """Show the keys of what one may start with; ``keys`` knows those of a command."""
        for name, entry in self._starts.items():
            entry.show_keys(keys(name))

    def _head(self) -> QHBoxLayout:
        logo = Picture(44)
        logo.show_icon("logo", "accent")
        logo.setAccessibleName(" ")
        title = QLabel("gradstep")
        title.setObjectName("welcomeTitle")
        head = QHBoxLayout()
        head.addStretch()
        head.addWidget(logo)
        head.addSpacing(10)
        head.addWidget(title)
        head.addStretch()
        return head

    def _card(self, title: str) -> QVBoxLayout:
        card = QFrame(self)
        card.setProperty("role", "card")
        card.setFixedWidth(theme.scaled(_WIDTH))
        box = QVBoxLayout(card)
        box.setContentsMargins(10, 11, 10, 9)
        box.setSpacing(1)
        label = QLabel(title)
        label.setProperty("role", "heading")
        label.setIndent(10)
        box.addWidget(label)
        box.addSpacing(5)
        return box

    def _dim(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setProperty("role", "dim")
        label.setIndent(10)
        return label

    def _add(self, card: QVBoxLayout, entry: Entry, pressed: Callable[[], object]) -> Entry:
        entry.clicked.connect(lambda: pressed())
        entry.show_width(self._wide)
        card.addWidget(entry)
        return entry

    def show_recent(self, files: Sequence[Path | Errand]) -> None:
        """List what was opened last."""
        while self._recent.count() > 2:  # the title and the space below it
            item = self._recent.takeAt(2)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for file in files[:SHOWN]:
            if isinstance(file, Errand):
                entry = Entry("run_to", file.name, visible(file.folder or "~"), tip=plain.tip(file.place))
                self._add(self._recent, entry, partial(self.errand_picked.emit, file))
                continue
            kind = "layers" if file.is_dir() else "record" if file.suffix == ".gst" else "script"
            entry = Entry(kind, visible(file.name), visible(_folder(file)), tip=plain.tip(str(file)))
            self._add(self._recent, entry, partial(self.file_picked.emit, str(file)))
        if not files:
            none = self._dim(self.tr("Scripts and tapes that you open are listed here."))
            none.setWordWrap(True)
            self._recent.addWidget(none)
        self._recent.addStretch()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        file = dropped(event)
        if file:
            event.acceptProposedAction()
            self.file_picked.emit(file)


def _folder(file: Path) -> str:
    """Where a file is, as people write it."""
    try:
        return f"~/{file.parent.relative_to(Path.home())}"
    except ValueError:
        return str(file.parent)
