"""Finding in the list, tree or text that has the focus: a field over it, how many were found, and the way from match to match."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, Qt, Slot
from PySide6.QtGui import QTextCursor, QTextDocument
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from .. import theme
from ..panel import Panel
from .match_buttons import match_buttons
from .own_keys import OwnKeys

View = QPlainTextEdit | QTextEdit | QAbstractItemView
MOST = 20_000  # rows that are looked through
_WIDE = 300  # logical px, where there is room
_GAP = 6


def in_focus(focus: QWidget | None, wish: str) -> Callable[[], object] | None:
    """What does a wish ("start_search", "find_next", "find_previous") where the focus is: what the part with the focus, or one around it,
    calls by that name, else a strip over the list or text of the panel; None where there is neither."""
    widget, view = focus, None
    while widget is not None:
        does = getattr(widget, wish, None)
        if callable(does):
            return does  # type: ignore[no-any-return]
        if view is None and isinstance(widget, View):
            view = widget
        if isinstance(widget, Panel):
            views = [one for one in widget.findChildren(QFrame) if isinstance(one, View) and one.isVisible()]
            view = view or max(views, key=lambda one: one.width() * one.height(), default=None)
            return partial(getattr(FindStrip.of(view), wish)) if view is not None else None
        widget = widget.parentWidget()
    return None


class FindStrip(QFrame):
    """Stands in the upper corner of a view while something is looked for. Enter and F3 go on, Shift goes back, Esc puts it away."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._view = view
        self.setProperty("role", "card")
        self.setObjectName("findStrip")
        self.setAutoFillBackground(True)
        name = self.tr("Find in {0}").format(view.accessibleName() or self.tr("this panel"))
        self.setAccessibleName(name)
        self.field = QLineEdit(self)
        self.field.setAccessibleName(name)
        self.field.setPlaceholderText(self.tr("Find"))
        self.field.setMinimumWidth(60)
        self.count = QLabel(self)
        self.count.setProperty("role", "dim")
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 4, 4, 4)
        row.setSpacing(3)
        row.addWidget(self.field, 1)
        row.addWidget(self.count)
        self._buttons = match_buttons(row, self, self.find_previous, self.find_next, self.leave)
        self.field.textChanged.connect(self._typed)
        OwnKeys(self, {"Return": self.find_next, "Enter": self.find_next, "Shift+Return": self.find_previous, "Esc": self.leave})
        view.viewport().installEventFilter(self)
        self.hide()

    @classmethod
    def of(cls, view: View) -> FindStrip:
        """The strip of a view; made when it is first wanted."""
        known = view.findChild(cls, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return known if known is not None else cls(view)

    @Slot()
    def start_search(self) -> None:
        """Ask for something to find."""
        self._place()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()
        self._tell()

    @Slot()
    def leave(self) -> None:
        """Put the strip away; what was found stays chosen."""
        self.hide()
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def find_next(self) -> bool:
        """Go to the next match, behind the last one to the first. False where there is none."""
        return self._go(forward=True)

    @Slot()
    def find_previous(self) -> bool:
        """Go to the match before, from the first one to the last."""
        return self._go(forward=False)

    # ------------------------------------------------------------------------------------------------------------ matches

    @Slot(str)
    def _typed(self, _: str) -> None:
        if isinstance(self._view, QAbstractItemView):
            found = self._rows()
            if found and self._view.currentIndex().siblingAtColumn(0) not in found:
                self._view.setCurrentIndex(found[0])
        elif self.field.text():
            cursor = self._view.textCursor()
            cursor.setPosition(cursor.selectionStart())  # what is found already stays so as its word grows
            self._view.setTextCursor(cursor)
            self._go(forward=True)
        self._tell()

    def _go(self, *, forward: bool) -> bool:
        if not self.field.text():
            self.start_search()
            return False
        found = (
            self._go_in_rows(self._view, forward) if isinstance(self._view, QAbstractItemView) else self._go_in_text(self._view, forward)
        )
        self._tell()
        return found

    def _go_in_text(self, view: QPlainTextEdit | QTextEdit, forward: bool) -> bool:
        flags = QTextDocument.FindFlag(0) if forward else QTextDocument.FindFlag.FindBackward
        if view.find(self.field.text(), flags):
            return True
        before = view.textCursor()
        view.moveCursor(QTextCursor.MoveOperation.Start if forward else QTextCursor.MoveOperation.End)
        if view.find(self.field.text(), flags):
            return True
        view.setTextCursor(before)
        return False

    def _go_in_rows(self, view: QAbstractItemView, forward: bool) -> bool:
        found = self._rows()
        if not found:
            return False
        current = view.currentIndex().siblingAtColumn(0)
        order = {_path(index): index for index in found}
        here = _path(current) if current.isValid() else ()
        ahead = [path for path in order if (path > here if forward else path < here)]
        paths = ahead or list(order)
        view.setCurrentIndex(order[paths[0 if forward else -1]])
        return True

    def _rows(self) -> list[QModelIndex]:
        """The rows that have the text in one of their cells, from top to bottom, also those in closed ones."""
        assert isinstance(self._view, QAbstractItemView)
        wanted, model = self.field.text().casefold(), self._view.model()
        if not wanted or model is None:
            return []
        return [
            index
            for index, _ in zip(_all(model, QModelIndex()), range(MOST), strict=False)
            if any(wanted in str(index.siblingAtColumn(at).data() or "").casefold() for at in range(model.columnCount(index.parent())))
        ]

    def _tell(self) -> None:
        wanted = self.field.text()
        if isinstance(self._view, QAbstractItemView):
            found = [_path(index) for index in self._rows()]
            count, here = len(found), _path(self._view.currentIndex().siblingAtColumn(0))
            place = found.index(here) + 1 if here in found else 0
        else:
            text, cursor = self._view.toPlainText().casefold(), self._view.textCursor()
            count = text.count(wanted.casefold()) if wanted else 0
            chosen = cursor.selectedText().casefold() == wanted.casefold() and bool(wanted)
            place = text.count(wanted.casefold(), 0, cursor.selectionEnd()) if chosen else 0
        words = "" if not wanted else self.tr("{0} of {1}").format(place, count) if count else self.tr("Nothing found")
        self.count.setText(words)
        self.field.setAccessibleDescription(words)
        self.field.setStyleSheet(f"color: {theme.current().bad.name()}" if wanted and not count else "")

    # -------------------------------------------------------------------------------------------------------------- place

    def _place(self) -> None:
        port = self._view.viewport().geometry()
        room = port.width() - 2 * _GAP
        for button in self._buttons:
            button.setVisible(room >= _WIDE)
        wide, high = min(_WIDE, room), self.sizeHint().height()
        left = port.left() + _GAP if self._view.isRightToLeft() else port.right() - wide - _GAP
        self.setGeometry(left, port.top() + _GAP, wide, high)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner."""
        if event.type() is QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)


def _path(index: QModelIndex) -> tuple[int, ...]:
    """The rows that lead to a row: paths are ordered as rows are seen."""
    rows: list[int] = []
    while index.isValid():
        rows.insert(0, index.row())
        index = index.parent()
    return tuple(rows)


def _all(model: QAbstractItemModel, above: QModelIndex) -> Iterator[QModelIndex]:
    for row in range(model.rowCount(above)):
        index = model.index(row, 0, above)
        yield index
        yield from _all(model, index)
