"""Text that is longer than its room ends in an ellipsis, and is told whole by its tip."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont, QHelpEvent, QPainter, QPaintEvent, QResizeEvent, QTextLayout
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from .. import theme
from ..translation import is_right_to_left
from .plain import tip

_Feature = QStyleOptionViewItem.ViewItemFeature
_BESIDE = _Feature.HasDecoration | _Feature.HasCheckIndicator  # stand where the language has a line begin


def read_from_its_side(option: QStyleOptionViewItem) -> None:
    """Have a cell's text read from the left where its first letter is, whatever side the language is read from; it stays where it is."""
    if (
        option.direction is Qt.LayoutDirection.RightToLeft
        and not option.features & _BESIDE
        and _direction(option.text) is Qt.LayoutDirection.LeftToRight
    ):
        option.displayAlignment = QStyle.visualAlignment(option.direction, option.displayAlignment) | Qt.AlignmentFlag.AlignAbsolute
        option.direction = Qt.LayoutDirection.LeftToRight


def _direction(text: str) -> Qt.LayoutDirection:
    return Qt.LayoutDirection.RightToLeft if is_right_to_left(text) else Qt.LayoutDirection.LeftToRight


def line_starts(text: str, font: QFont, width: int) -> list[int]:
    """Where each line begins of a text that is broken between words to a width, in pixels."""
    layout = QTextLayout(text.replace("\n", "\u2028"), font)
    layout.beginLayout()
    starts: list[int] = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        starts.append(line.textStart())
    layout.endLayout()
    return starts


class LinesLabel(QLabel):
    """Plain text in several lines; of those that it may not show the last one ends in an ellipsis."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self._words, self._most = "", 0

    def show_words(self, words: str, most: int = 0) -> None:
        """Show a text in so many lines at most, 0: in all that it takes."""
        self._words, self._most = words, most
        self._cut()

    def lines(self, width: int) -> int:
        """How many lines all of the text takes."""
        return len(line_starts(self._words, self.font(), width))

    def heightForWidth(self, width: int) -> int:
        """That of the lines that would be shown at a width, whatever is shown now: else what is around it never comes to rest."""
        lines, margins = self.lines(width - self._beside()), self.contentsMargins()
        lines = min(lines, self._most) if self._most else lines
        return max(lines, 1) * self.fontMetrics().lineSpacing() + margins.top() + margins.bottom() + 2 * self.margin()

    def _beside(self) -> int:
        """Pixels of the width that no letters have."""
        margins = self.contentsMargins()
        return margins.left() + margins.right() + 2 * self.margin()

    def _cut(self) -> None:
        text, width = self._words, self.width() - self._beside()
        starts = line_starts(text, self.font(), width) if self._most else []
        if len(starts) > self._most:
            last = text[starts[self._most - 1] :].replace("\n", " ")
            text = text[: starts[self._most - 1]] + self.fontMetrics().elidedText(last, Qt.TextElideMode.ElideRight, width)
        if text != self.text():
            self.setText(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()


class ElidedLabel(QLabel):
    """A line of plain text that takes the room it is given."""

    def __init__(self, parent: QWidget | None = None, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__(parent)
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def shown(self) -> str:
        """What is seen of the text."""
        return self.fontMetrics().elidedText(self.text(), self._mode, self.contentsRect().width())

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self.shown()
        if shown == self.text():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setLayoutDirection(_direction(shown))
        self.style().drawItemText(
            painter, self.contentsRect(), self.alignment().value, self.palette(), self.isEnabled(), shown, self.foregroundRole()
        )
        painter.end()

    def event(self, event: QEvent) -> bool:
        """The tip of a text that is not cut is what somebody set."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip and not self.toolTip() and self.shown() != self.text():
            QToolTip.showText(event.globalPos(), tip(self.text()), self)
            return True
        return super().event(event)


class WholeTexts(QStyledItemDelegate):
    """Cells whose text is cut say all of it in their tip, before what the model says there. Numbers, shapes and code are read from the
    left, also where the language is read from the right."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        if (zoom := theme.zoom_of(option.widget)) != 1.0 and isinstance(font := index.data(Qt.ItemDataRole.FontRole), QFont):
            font.setPixelSize(max(1, round(font.pixelSize() * zoom)))  # the model knows no view
            option.font = font
        if index.column():  # the first one may stand beside a mark, which others paint
            read_from_its_side(option)

    def helpEvent(
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> bool:
        words = self.words(view, option, index) if event.type() is QEvent.Type.ToolTip else ""
        if not words:
            return super().helpEvent(event, view, option, index)
        QToolTip.showText(event.globalPos(), tip(words), view.viewport(), view.visualRect(index))
        return True

    def words(self, view: QAbstractItemView, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> str:
        """What the tip says of a cell that is cut; "" of one that is seen whole."""
        text = index.data(Qt.ItemDataRole.DisplayRole) if index.isValid() else None
        if not isinstance(text, str) or self.sizeHint(option, index).width() <= view.visualRect(index).width():
            return ""
        about = str(index.data(Qt.ItemDataRole.ToolTipRole) or "")
        return about if text in about else "\n".join(filter(None, (text, about)))
