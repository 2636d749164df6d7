"""The console: expressions that run in the paused program, and what they gave."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QTextCharFormat, QTextCursor, QTextFormat
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from .. import theme
from ..panel import Panel
from ..widgets.formats import harmless
from ..widgets.text_zoom import TextZoom

HISTORY = 200  # expressions that are remembered
BLOCKS = 2000  # lines that are kept
TOKEN = QTextFormat.Property.UserProperty.value  # of a line: the token of the theme whose colour it has


class ConsolePanel(Panel):
    """Asks for an expression at a time; the program answers, or says why not."""

    title = "Console"
    about = "Evaluates expressions in the program while it is paused"

    expression_entered = Signal(str)  # evaluate this in the program

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(200, 80)
        self._history: list[str] = []
        self._place = 0
        self._busy = False
        self._enabled, self._reason = False, ""
        self._log = QPlainTextEdit(self)
        self._log.setReadOnly(True)
        self._log.setUndoRedoEnabled(False)
        self._log.setMaximumBlockCount(BLOCKS)
        self._log.setAccessibleName(self.tr("Results"))
        self._zoom = TextZoom(self)
        self._zoom.watch(self._log)
        self._zoom.changed.connect(self.restyle)
        self._prompt = QLabel(">>>", self)
        self._field = _Field(self)
        self._field.setAccessibleName(self.tr("Expression"))
        self.setFocusProxy(self._field)
        self._field.returnPressed.connect(self._enter)
        self._field.earlier.connect(lambda: self._recall(-1))
        self._field.later.connect(lambda: self._recall(1))
        row = QHBoxLayout()
        row.setContentsMargins(10, 4, 8, 8)
        row.setSpacing(6)
        row.addWidget(self._prompt)
        row.addWidget(self._field, 1)
        self._why = QLabel(self)
        self._why.setTextFormat(Qt.TextFormat.PlainText)
        self._why.setProperty("role", "dim")
        self._why.setWordWrap(True)
        row.addWidget(self._why, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._log, 1)
        column.addLayout(row)
        self.restyle()
        self.show_enabled(False, self.tr("Expressions run in the program while it is paused."))

    @Slot(bool, str)
    def show_enabled(self, enabled: bool, reason: str = "") -> None:
        """Whether the program can be asked now, and why not."""
        self._enabled, self._reason = enabled, reason
        if not enabled:
            self._busy = False
        self._show_state()

    @Slot(str, str)
    def show_result(self, expression: str, result: str) -> None:
        """The program's answer: the repr of the value."""
        self._answered(result, "text")

    @Slot(str, str)
    def show_error(self, expression: str, error: str) -> None:
        """The expression raised, or could not be run."""
        self._answered(error, "bad")

    def restyle(self) -> None:
        for widget in (self._log, self._prompt, self._field):
            widget.setFont(self._zoom.mono(12))
        self._colour()

    def text(self) -> str:
        """All that was entered and answered."""
        return self._log.toPlainText()

    # --------------------------------------------------------------------------------------------------------- inside

    def _answered(self, text: str, token: str) -> None:
        self._busy = False
        if text:
            self._add(harmless(text), token)
        self._show_state()

    def _enter(self) -> None:
        expression = self._field.text().strip()
        if not expression or self._busy or not self._enabled:
            return
        if not self._history or self._history[-1] != expression:
            self._history = [*self._history, expression][-HISTORY:]
        self._place = len(self._history)
        self._field.clear()
        self._add(f">>> {expression}", "dim")
        self._busy = True
        self._show_state()
        self.expression_entered.emit(expression)

    def _recall(self, by: int) -> None:
        self._place = min(max(self._place + by, 0), len(self._history))
        self._field.setText(self._history[self._place] if self._place < len(self._history) else "")

    def _show_state(self) -> None:
        self._field.setEnabled(self._enabled and not self._busy)
        waiting = self.tr("Evaluating...") if self._busy else self.tr("An expression, for example  x.grad.norm()")
        self._field.setPlaceholderText(waiting)
        hint = self.tr("What you ask of the paused program stands here, with what it answered.")
        self._log.setPlaceholderText(hint if self._enabled else "")
        self._prompt.setVisible(self._enabled)
        self._field.setVisible(self._enabled)
        self._why.setText(self._reason)
        self._why.setVisible(not self._enabled)
        if self._enabled and not self._busy and self.isVisible() and self._log.document().characterCount() > 1:
            self._field.setFocus()

    def _add(self, text: str, token: str) -> None:
        """Add lines in the colour that a token of the theme has."""
        form = QTextCharFormat()
        form.setForeground(getattr(theme.current(), token))
        form.setProperty(TOKEN, token)
        cursor = QTextCursor(self._log.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if self._log.document().characterCount() > 1:
            cursor.insertBlock()
        cursor.insertText(text, form)
        bar = self._log.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _colour(self) -> None:
        """What stands there in the colours of the theme that is in effect now."""
        cursor, block = QTextCursor(self._log.document()), self._log.document().begin()
        while block.isValid():
            cursor.setPosition(block.position())
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            form = cursor.charFormat()
            token = form.property(TOKEN)
            if token:
                form.setForeground(getattr(theme.current(), str(token)))
                cursor.setCharFormat(form)
            block = block.next()


class _Field(QLineEdit):
    """A line that knows the arrows up and down."""

    earlier = Signal()
    later = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Up:
            self.earlier.emit()
        elif event.key() == Qt.Key.Key_Down:
            self.later.emit()
        else:
            super().keyPressEvent(event)
