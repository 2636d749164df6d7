"""A field over a list, at the top of the window: type, see what fits, press Enter. The palette and quick open are two of it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QMainWindow,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from .. import theme
from ..theme.fonts import scale
from ..widgets.plain import tip
from .fuzzy import match

SHOWN = 200  # rows; whoever needs more types another letter
PIECE = 0.006  # seconds of looking before the window gets its turn
AT_LEAST = 100  # choices that are looked at before: a short list is there at once, also on a machine that is busy
_WIDTH, _ROWS = 720, 11
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Choice:
    """A row: what is matched, what it is in small letters, its keys, and what is done. ``reason``: why it cannot be done now.
    ``first`` puts it before others that fit as well."""

    id: str
    text: str
    detail: str
    run: Callable[[], object]
    keys: str = ""
    reason: str = ""
    first: float = 0.0


class _Rows(QAbstractListModel):
    """The choices that fit, with the letters that were meant."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[tuple[Choice, tuple[int, ...]]] = []

    def show(self, rows: list[tuple[Choice, tuple[int, ...]]]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        choice = self.rows[index.row()][0]
        if role == Qt.ItemDataRole.DisplayRole:
            return choice.text
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            text = ", ".join(part for part in (choice.text, choice.keys, choice.reason or choice.detail) if part)
            return tip(text) if role == Qt.ItemDataRole.ToolTipRole else text
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """All can be stood on, so that a reader says why one cannot be done."""
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable if index.isValid() else Qt.ItemFlag.NoItemFlags


class _Delegate(QStyledItemDelegate):
    """Name, what it is, keys at the right; the letters that were meant are strong."""

    def __init__(self, rows: _Rows, parent: QObject) -> None:
        super().__init__(parent)
        self._rows = rows

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, QFontMetrics(theme.ui_font(13)).height() + 14)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        choice, letters = self._rows.rows[index.row()]
        look = theme.current()
        rect: QRect = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(rect, look.selection)
        strong = look.on_selection if chosen else look.text
        weak = look.on_selection if chosen else look.dim
        inner = rect.adjusted(14, 0, -14, 0)
        keys, mono = choice.keys, theme.mono_font(11)
        if keys:
            painter.setFont(mono)
            painter.setPen(weak)
            wide = QFontMetrics(mono).horizontalAdvance(keys)
            painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, keys)
            inner.setRight(inner.right() - wide - 16)
        x = self._name(painter, inner, choice.text, frozenset(letters), weak if choice.reason else strong)
        detail = choice.reason or choice.detail
        font = theme.ui_font(12)
        room = inner.right() - x - 12
        if detail and room > 20:
            painter.setFont(font)
            painter.setPen(weak)
            shown = QFontMetrics(font).elidedText(detail, Qt.TextElideMode.ElideMiddle, room)
            painter.drawText(QRect(x + 12, inner.top(), room, inner.height()), Qt.AlignmentFlag.AlignVCenter, shown)
        painter.restore()

    def _name(self, painter: QPainter, rect: QRect, text: str, letters: frozenset[int], colour: QColor) -> int:
        """Paint a name; gives where it ends."""
        plain, bold = theme.ui_font(13), theme.ui_font(13, QFont.Weight.Bold)
        metrics = {False: QFontMetrics(plain), True: QFontMetrics(bold)}
        x, at = rect.left(), 0
        while at < len(text) and x < rect.right():
            meant, end = at in letters, at + 1
            while end < len(text) and (end in letters) is meant:
                end += 1
            part = metrics[meant].elidedText(text[at:end], Qt.TextElideMode.ElideRight, rect.right() - x)
            painter.setFont(bold if meant else plain)
            painter.setPen(colour)
            wide = metrics[meant].horizontalAdvance(part)
            painter.drawText(QRect(x, rect.top(), wide + 2, rect.height()), Qt.AlignmentFlag.AlignVCenter, part)
            x, at = x + wide, end
        return x


class Chooser(QFrame):
    """Over the window until something is chosen, Escape is pressed or the focus goes elsewhere."""

    def __init__(self, window: QWidget, name: str, placeholder: str, empty: str) -> None:
        super().__init__(window)
        self.setObjectName("chooser")
        self.setAccessibleName(name)
        self.setAutoFillBackground(True)
        self._window = window
        self._empty, self._none = empty, self.tr("Nothing fits.")
        self._before: QWidget | None = None  # what had the focus
        self._source: Iterator[Choice] = iter(())
        self._known: list[Choice] = []  # taken from the source so far
        self._moved = False  # the user chose a row: it stays the chosen one while more is found
        self._at = 0  # how far of it was looked at for this query
        self._found: list[tuple[float, int, Choice, tuple[int, ...]]] = []
        self._direct: Callable[[str], Sequence[Choice] | None] = lambda _: None
        self.field = QLineEdit(self)
        self.field.setAccessibleName(name)
        self.field.setPlaceholderText(placeholder)
        self.field.setClearButtonEnabled(True)
        self.field.textEdited.connect(self._typed)
        self.field.installEventFilter(self)
        self._rows = _Rows(self)
        self.list = QListView(self)
        self.list.setAccessibleName(self.tr("What fits"))
        self.list.setModel(self._rows)
        self.list.setItemDelegate(_Delegate(self._rows, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self._choose)
        self._note = QLabel(self)
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._note.setProperty("role", "dim")
        self._note.setWordWrap(True)
        self._note.setObjectName("chooserNote")  # its margins are the style's: a label forgets its own with another theme
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.field)
        column.addWidget(self._note)
        column.addWidget(self.list, 1)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._look_on)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_moved)
        window.installEventFilter(self)
        self.hide()

    # ------------------------------------------------------------------------------------ opening

    def open(self, source: Iterator[Choice], direct: Callable[[str], Sequence[Choice] | None] = lambda _: None, text: str = "") -> None:
        """Show what there is to choose from. ``source`` is read piece by piece; ``direct`` may answer a query by itself (a line
        number), None where it does not."""
        self._source, self._known, self._direct = source, [], direct
        if self.isHidden():
            self._before = QApplication.focusWidget()
        self.field.setText(text)
        self._place()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._typed(text)

    def close_(self) -> None:
        """Go away, and give the focus back."""
        if self.isHidden():
            return
        self._later.stop()
        before, self._before = self._before, None
        self.hide()
        if before is not None:
            before.setFocus(Qt.FocusReason.PopupFocusReason)
        self._source, self._known, self._found = iter(()), [], []
        self._rows.show([])

    def _place(self) -> None:
        window = self._window
        row = QFontMetrics(theme.ui_font(13)).height() + 14
        wide = min(round(_WIDTH * max(1.0, scale())), window.width() - 40)
        around = self.field.sizeHint().height() + 6 + 2 * 8 + 2 * self.list.frameWidth()  # spacing and margins of the column
        top = self._top()
        rows = max(2, min(_ROWS, (window.height() - top - 26 - around) // row))
        alone = self.list.isHidden() and not self._note.isHidden()  # what is to be said, and nothing to choose from
        edge = 2 * self.frameWidth() or 2  # the style's
        high = around + edge + (self._note.heightForWidth(wide - 16 - edge) if alone else rows * row)
        self.setGeometry((window.width() - wide) // 2, top, wide, high)

    def _top(self) -> int:
        """Close below the toolbar, which is not cut in two; at the top of a window without one."""
        middle = self._window.centralWidget() if isinstance(self._window, QMainWindow) else None
        below = middle.mapTo(self._window, QPoint()).y() if middle is not None else 0
        return min(below + 8, self._window.height() // 6)

    # ------------------------------------------------------------------------------------ looking

    @Slot(str)
    def _typed(self, text: str) -> None:
        self._later.stop()
        direct = self._direct(text.strip())
        if direct is not None:
            self._show([(choice, ()) for choice in direct], done=True)
            return
        self._at, self._found, self._moved = 0, [], False
        self._look_on()

    @Slot()
    def _look_on(self) -> None:
        """Look at more of what there is, for a moment; the rest when the event loop turned."""
        query = self.field.text().strip()
        deadline = time.perf_counter() + PIECE
        done = False
        for number in itertools.count():
            if number >= AT_LEAST and time.perf_counter() >= deadline:
                break
            if self._at == len(self._known):
                choice = next(self._source, None)
                if choice is None:
                    done = True
                    break
                self._known.append(choice)
            choice = self._known[self._at]
            found = match(query, choice.text)
            if found is not None:
                self._found.append((found.score + choice.first, -self._at, choice, found.letters))
            self._at += 1
        best = nlargest(SHOWN, self._found, key=lambda row: row[:2])
        if len(self._found) > 4 * SHOWN:
            self._found = best
        self._show([(row[2], row[3]) for row in best], done)
        if not done:
            self._later.start()

    def _show(self, rows: list[tuple[Choice, tuple[int, ...]]], done: bool) -> None:
        if rows != self._rows.rows:
            row = self.list.currentIndex().row()
            id = self._rows.rows[row][0].id if self._moved and row >= 0 else ""
            self._rows.show(rows)
            if rows:
                row = next((place for place, (choice, _) in enumerate(rows) if choice.id == id), 0) if id else 0
                self.list.setCurrentIndex(self._rows.index(row))
        self.list.setVisible(bool(rows))
        words = "" if rows else self._none if self.field.text().strip() else self._empty
        self._note.setText(words if done else "")
        self._note.setVisible(bool(words) and done)
        self._place()
        self._tell()

    def _tell(self) -> None:
        """A screen reader stays in the field: it is told what stands in the list."""
        index = self.list.currentIndex()
        self.field.setAccessibleDescription(str(index.data(Qt.ItemDataRole.AccessibleTextRole)) if index.isValid() else self._note.text())

    # ------------------------------------------------------------------------------------ choosing

    @Slot()
    def _choose(self) -> None:
        index = self.list.currentIndex()
        if not index.isValid():
            return
        choice = self._rows.rows[index.row()][0]
        if choice.reason:
            self._note.setText(choice.reason)
            self._note.show()
            self._tell()
            return
        self.close_()
        choice.run()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the list reach it from the field; the frame stays in the middle of its window."""
        if watched is self._window:
            if event.type() is QEvent.Type.Resize and not self.isHidden():
                self._place()
            return False
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event)
        return False

    def _key(self, event: QKeyEvent) -> bool:
        key, last = event.key(), self._rows.rowCount() - 1
        row = self.list.currentIndex().row()
        page = max(1, self.list.viewport().height() // max(1, self.list.sizeHintForRow(0)) - 1)
        moves = {
            Qt.Key.Key_Down: row + 1 if row < last else 0,
            Qt.Key.Key_Up: row - 1 if row > 0 else last,
            Qt.Key.Key_PageDown: min(row + page, last),
            Qt.Key.Key_PageUp: max(row - page, 0),
        }
        if key in moves:
            if last >= 0:
                self._moved = True
                self.list.setCurrentIndex(self._rows.index(moves[Qt.Key(key)]))
                self._tell()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose()
        elif key == Qt.Key.Key_Escape:
            self.close_()
        elif key not in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):  # nothing else here takes the focus
            return False
        return True

    @Slot(QWidget, QWidget)
    def _focus_moved(self, _: QWidget | None, now: QWidget | None) -> None:
        if not self.isHidden() and now is not None and now is not self.field and not self.isAncestorOf(now):
            self._before = None  # the user has put the focus where it is
            self.close_()
