"""The script as it was when it ran: read-only, with the current line, and marks where ops were recorded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QTextCursor, QTextFormat
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from .. import theme
from ..panel import Panel
from ..widgets.text_zoom import TextZoom
from ..widgets.whole_tabs import TabPages
from .notice import Stage
from .python_highlighter import PythonHighlighter

BREAKPOINTS = 16  # pixels: the column in which breakpoints stand
MARKS = 8  # pixels: the column in which lines with recorded ops are marked


class SourcePanel(Panel):
    """Files as tabs. A click on a line number picks the line, a click in the column left of it asks for a breakpoint."""

    title = "Source"
    about = "The source of the script as it was when it ran, with the current line"

    line_picked = Signal(str, int)  # the user picked this line of this file
    breakpoint_toggled = Signal(str, int)  # the user wants a breakpoint here, or wants it gone

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(200, 120)
        self._views: dict[str, SourceView] = {}
        self._script = ""
        self._zoom = TextZoom(self)
        self._zoom.changed.connect(self.restyle)
        self._tabs = TabPages(self)
        self._tabs.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the bar has its own: it would be asked to take it also while it is hidden
        self._stage = Stage(self._tabs, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stage)
        self._show_state()

    @Slot(object)
    def show_sources(self, sources: Mapping[str, str]) -> None:
        """The files, path to text. Files that are shown already keep their place."""
        for file in [file for file in self._views if file not in sources]:
            view = self._views.pop(file)
            self._tabs.removeTab(self._tabs.indexOf(view))
            view.deleteLater()
        for file, text in sources.items():
            known = self._views.get(file)
            if known is None:
                view = self._views[file] = SourceView(self, self._zoom)
                view.setPlainText(text)
                view.line_picked.connect(lambda line, file=file: self.line_picked.emit(file, line))
                view.breakpoint_toggled.connect(lambda line, file=file: self.breakpoint_toggled.emit(file, line))
                place = self._tabs.addTab(view, PurePath(file).name)
                self._tabs.setTabToolTip(place, file)
                view.setAccessibleName(self.tr("Source of %1").replace("%1", PurePath(file).name))
            elif known.toPlainText() != text:
                known.setPlainText(text)
        self._tabs.tabBar().setVisible(len(self._views) > 1)
        self._show_state()

    @Slot(str, int)
    def show_line(self, file: str, line: int) -> None:
        """Mark the current line (counted from 1) and bring it into view; 0 for none."""
        for name, view in self._views.items():
            view.show_line(line if name == file else 0)
        if file in self._views and line:
            self._tabs.setCurrentWidget(self._views[file])

    @Slot(str, object)
    def show_marks(self, file: str, marks: Mapping[int, int]) -> None:
        """Lines of a file with recorded ops, and how many."""
        if file in self._views:
            self._views[file].show_marks(marks)

    @Slot(str, object)
    def show_breakpoints(self, file: str, lines: frozenset[int]) -> None:
        """The lines of a file that have a breakpoint."""
        if file in self._views:
            self._views[file].show_breakpoints(lines)

    def restyle(self) -> None:
        for view in self._views.values():
            view.restyle()

    @property
    def current_file(self) -> str:
        """The file in front, "" for none."""
        return next((file for file, view in self._views.items() if view is self._tabs.currentWidget()), "")

    @property
    def current_line(self) -> int:
        """The line of the cursor in the file in front, counted from 1; 0 where there is none."""
        view = self._views.get(self.current_file)
        return view.textCursor().blockNumber() + 1 if view is not None else 0

    @property
    def files(self) -> list[str]:
        """The files that are shown."""
        return list(self._views)

    def _show_state(self) -> None:
        if self._views:
            self._stage.show_content()
        else:
            self._stage.show_notice(self.tr("No source yet. It is shown as soon as a script has run its first op."))


class SourceView(QPlainTextEdit):
    """One file with its gutter."""

    line_picked = Signal(int)
    breakpoint_toggled = Signal(int)

    def __init__(self, parent: QWidget, zoom: TextZoom) -> None:
        super().__init__(parent)
        self._zoom = zoom
        zoom.watch(self)
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self._line = 0
        self._centred = -1  # where the view was scrolled to when it brought the line into view; -1 for nowhere
        self._marks: Mapping[int, int] = {}
        self._breakpoints: frozenset[int] = frozenset()
        self._gutter = _Gutter(self)
        self._colours = PythonHighlighter(self.document())
        self.blockCountChanged.connect(lambda _: self._fit())
        self.updateRequest.connect(self._scrolled)
        self.restyle()

    def restyle(self) -> None:
        """Take the colours and the typeface of the theme in effect."""
        self.setFont(self._zoom.mono(13))
        self.setTabStopDistance(4 * self.fontMetrics().horizontalAdvance(" "))
        self._colours.restyle()
        self._fit()
        self._highlight()

    def show_line(self, line: int) -> None:
        """Mark the current line, 0 for none."""
        self._line = line
        self._highlight()
        if line:
            block = self.document().findBlockByNumber(line - 1)
            if block.isValid():
                self.setTextCursor(QTextCursor(block))
                self._centre()
        self.setAccessibleDescription(self.tr("Current line %1").replace("%1", str(line)) if line else "")

    def _centre(self) -> None:
        self.centerCursor()
        self._centred = self.verticalScrollBar().value()

    def show_marks(self, marks: Mapping[int, int]) -> None:
        self._marks = marks
        self._gutter.update()

    def show_breakpoints(self, lines: frozenset[int]) -> None:
        self._breakpoints = lines
        self._gutter.update()

    def gutter_width(self) -> int:
        """Breakpoints, numbers, marks."""
        digits = max(len(str(self.blockCount())), 3)
        return BREAKPOINTS + self.fontMetrics().horizontalAdvance("0") * digits + MARKS + 10

    def line_at(self, y: float) -> int:
        """The line at a height in the gutter, 0 below the last."""
        block = self.firstVisibleBlock()
        while block.isValid():
            area = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if area.top() <= y < area.bottom():
                return block.blockNumber() + 1
            if area.top() > y:
                break
            block = block.next()
        return 0

    def resizeEvent(self, event: QResizeEvent) -> None:
        untouched = self._line > 0 and self.verticalScrollBar().value() == self._centred
        super().resizeEvent(event)
        if untouched and event.size().height() != event.oldSize().height():  # it was shown while its panel was hidden or smaller
            self._centre()
        area = self.contentsRect()  # as high as the text: beside a scroll bar stands no part of a number
        self._gutter.setGeometry(QRect(area.left(), area.top(), self.gutter_width(), self.viewport().height()))

    def _fit(self) -> None:
        self.setViewportMargins(self.gutter_width(), 0, 0, 0)
        self._gutter.resize(self.gutter_width(), self._gutter.height())

    def _scrolled(self, rect: QRect, dy: int) -> None:
        if dy:
            self._gutter.scroll(0, dy)
        else:
            self._gutter.update(0, rect.y(), self._gutter.width(), rect.height())

    def _highlight(self) -> None:
        if not self._line:
            self.setExtraSelections([])
            return
        look = theme.current()
        selection = QTextEdit.ExtraSelection()
        selection.format.setBackground(theme.mix(look.field, look.accent, 0.20))
        selection.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        block = self.document().findBlockByNumber(self._line - 1)
        selection.cursor = QTextCursor(block)
        self.setExtraSelections([selection] if block.isValid() else [])
        self._gutter.update()

    def paint_gutter(self, painter: QPainter, area: QRect) -> None:
        """Paint the visible part of the gutter."""
        look = theme.current()
        painter.fillRect(area, look.field)
        painter.setFont(self._zoom.mono(12))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = self._gutter.width()
        most = max(self._marks.values(), default=1)
        block = self.firstVisibleBlock()
        while block.isValid():
            rect = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if rect.top() > area.bottom():
                break
            line = block.blockNumber() + 1
            if line == self._line:
                painter.fillRect(QRectF(0, rect.top(), width, rect.height()), theme.mix(look.field, look.accent, 0.20))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(look.accent)
                painter.drawRoundedRect(QRectF(1, rect.top() + 2, 3, rect.height() - 4), 1.5, 1.5)
            if line in self._breakpoints:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(look.bad)
                painter.drawEllipse(QRectF(5, rect.center().y() - 4.5, 9, 9))
            painter.setPen(look.accent_text if line == self._line else look.text if line in self._marks else look.faint)
            numbers = QRectF(BREAKPOINTS, rect.top(), width - BREAKPOINTS - MARKS - 6, rect.height())
            painter.drawText(numbers, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), str(line))
            if line in self._marks:
                strength = 0.45 + 0.55 * self._marks[line] / most
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.faded(look.ready, strength))
                painter.drawRoundedRect(QRectF(width - MARKS - 2, rect.top() + 3, 4, rect.height() - 6), 2, 2)
            block = block.next()


class _Gutter(QWidget):
    def __init__(self, view: SourceView) -> None:
        super().__init__(view)
        self._view = view
        self.setAccessibleName(self.tr("Line numbers"))

    def sizeHint(self) -> QSize:
        return QSize(self._view.gutter_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            self._view.paint_gutter(painter, event.rect())
        finally:
            painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        line = self._view.line_at(event.position().y())
        if line and event.position().x() < BREAKPOINTS:
            self._view.breakpoint_toggled.emit(line)
        elif line:
            self._view.line_picked.emit(line)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
