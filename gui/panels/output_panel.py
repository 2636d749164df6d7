"""What the program printed: the last 64 KiB, stderr on a ground of its own, with a search."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QTextBlockFormat, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QToolButton, QVBoxLayout, QWidget

from .. import theme
from ..models.output import OutputTail
from ..panel import Panel
from ..widgets.formats import byte_size
from ..widgets.text_zoom import TextZoom
from .buttons import worded


class OutputPanel(Panel):
    """Takes in output at any rate and shows it at a pace that leaves the window its time."""

    title = "Output"
    about = "What the program wrote to stdout and stderr"

    log_wished = Signal()  # the user wants to see all of the output, in the file in which it is kept

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(200, 80)
        self._tail = OutputTail()
        self._shown: list[int] = []  # numbers of the lines in the view
        self._stale = 0  # the first line that the view has not, or has in an older state
        self._log = ""
        self._text = QPlainTextEdit(self)
        self._text.setReadOnly(True)
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setUndoRedoEnabled(False)
        self._text.setAccessibleName(self.tr("Output of the program"))
        self._zoom = TextZoom(self)
        self._zoom.watch(self._text)
        self._zoom.changed.connect(lambda: self._text.setFont(self._zoom.mono(12)))
        self._text.setPlaceholderText(self.tr("Nothing was printed."))
        self._note = QLabel(self)
        self._note.setProperty("role", "dim")
        self._search = QLineEdit(self)
        self._search.setPlaceholderText(self.tr("Search"))
        self._search.setAccessibleName(self.tr("Search the output"))
        self._search.setClearButtonEnabled(True)
        self._search.setMaximumWidth(220)
        self._search.returnPressed.connect(self.find_next)
        self._search.textChanged.connect(self._found)
        clear = QToolButton(self)
        clear.setText(self.tr("Clear"))
        worded(clear)
        clear.clicked.connect(self.clear)
        bar = QHBoxLayout()
        bar.setContentsMargins(10, 4, 8, 2)
        bar.setSpacing(6)
        bar.addWidget(self._note, 1)
        bar.addWidget(self._search)
        bar.addWidget(clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(bar)
        column.addWidget(self._text, 1)
        self._pace = QTimer(self)
        self._pace.setSingleShot(True)
        self._pace.setInterval(30)
        self._pace.timeout.connect(self._refresh)
        self.restyle()

    @Slot(str, str)
    def show_output(self, stream: str, text: str) -> None:
        """The program wrote ``text`` to ``stream`` ("stdout" or "stderr")."""
        self._stale = min(self._stale, self._tail.add(stream, text))
        if not self._pace.isActive():
            self._pace.start()

    @Slot(str)
    def show_log(self, path: str) -> None:
        """The file that keeps all of the output, for the note on what is not shown."""
        self._log = path
        self._count()

    @Slot()
    def clear(self) -> None:
        """Forget what was printed."""
        self._tail.clear()
        self._text.clear()
        self._shown.clear()
        self._count()

    def text(self) -> str:
        """All that is shown."""
        if self._pace.isActive():
            self._pace.stop()
            self._refresh()
        return self._text.toPlainText()

    def show_line(self, place: int) -> None:
        """Bring a line of what is shown into sight, counted from 0, and select it."""
        cursor = QTextCursor(self._text.document().findBlockByNumber(place))
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        self._text.setTextCursor(cursor)
        self._text.ensureCursorVisible()

    def restyle(self) -> None:
        self._text.setFont(self._zoom.mono(12))
        self._shown.clear()
        self._stale = 0
        self._text.clear()
        self._refresh()

    # --------------------------------------------------------------------------------------------------------- search

    @Slot()
    def find_next(self) -> bool:
        """Go to the next place where the text is found; after the last one to the first."""
        return self._find(QTextDocument.FindFlag(0), QTextCursor.MoveOperation.Start)

    @Slot()
    def find_previous(self) -> bool:
        """Go to the place before."""
        return self._find(QTextDocument.FindFlag.FindBackward, QTextCursor.MoveOperation.End)

    def _find(self, flags: QTextDocument.FindFlag, around: QTextCursor.MoveOperation) -> bool:
        wanted = self._search.text()
        if not wanted:
            return False
        if self._text.find(wanted, flags):
            return True
        self._text.moveCursor(around)
        return self._text.find(wanted, flags)

    def start_search(self) -> None:
        """Ask for something to find."""
        self._search.setFocus()
        self._search.selectAll()

    def _found(self, wanted: str) -> None:
        missing = bool(wanted) and wanted.lower() not in self._text.toPlainText().lower()
        self._search.setStyleSheet(f"color: {theme.current().bad.name()}" if missing else "")

    # ----------------------------------------------------------------------------------------------------------- view

    def _refresh(self) -> None:
        bar = self._text.verticalScrollBar()
        follow = bar.value() >= bar.maximum() - 2
        lines = self._tail.lines
        first = lines[0].number if lines else 0
        gone = sum(number < first for number in self._shown)
        cursor = QTextCursor(self._text.document())
        cursor.beginEditBlock()
        if gone:
            cursor.movePosition(QTextCursor.MoveOperation.Start)
            cursor.movePosition(QTextCursor.MoveOperation.NextBlock, QTextCursor.MoveMode.KeepAnchor, gone)
            if gone == len(self._shown):
                cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
            del self._shown[:gone]
        for line in lines:
            if line.number < self._stale:
                continue
            place = line.number - self._shown[0] if self._shown else 0
            if 0 <= place < len(self._shown):  # a line that went on, or was overwritten
                cursor.setPosition(self._text.document().findBlockByNumber(place).position())
                cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            else:
                cursor.movePosition(QTextCursor.MoveOperation.End)
                if self._shown:
                    cursor.insertBlock()
                self._shown.append(line.number)
            ground = QTextBlockFormat()
            if line.stream == "stderr":
                ground.setBackground(theme.current().bad_fill)
            cursor.setBlockFormat(ground)
            cursor.insertText(line.text, self._format(line.stream))
        cursor.endEditBlock()
        self._stale = lines[-1].number + 1 if lines else self._stale
        if follow:
            bar.setValue(bar.maximum())
        self._count()

    def _format(self, stream: str) -> QTextCharFormat:
        look = theme.current()
        result = QTextCharFormat()
        result.setForeground(look.bad if stream == "stderr" else look.text)
        return result

    def _count(self) -> None:
        if not self._tail.dropped:
            self._note.setText("")
            return
        text = self.tr("%1 not shown, kept in %2").replace("%2", self._log) if self._log else self.tr("%1 not shown")
        self._note.setText(text.replace("%1", byte_size(self._tail.dropped)))
