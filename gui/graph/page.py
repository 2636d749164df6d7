"""The middle of the window: the row above the graph, the graph, a second one beside it, and the search over it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QResizeEvent, QTextDocumentFragment
from PySide6.QtWidgets import QLabel, QSplitter, QVBoxLayout, QWidget

from ..actions import Actions
from ..canvas import GraphCanvas
from ..canvas.words import tip_of
from ..widgets.copying import copy_picture
from .bar import GraphBar
from .find_bar import FindBar

_FIND = 380  # logical px that the search is wide, where there is room


class GraphPage(QWidget):
    """Places them; what they show is decided elsewhere."""

    def __init__(self, canvas: GraphCanvas, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = canvas
        self.beside = GraphCanvas()
        self.beside.setAccessibleName(self.tr("Forward graph"))
        self.bar = GraphBar(actions)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self._side = _titled(self.tr("Forward"), self.beside)
        self._main = _titled(self.tr("Backward"), canvas)
        self.splitter.addWidget(self._side)
        self.splitter.addWidget(self._main)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.splitter, 1)
        self.search = FindBar(self)
        self.search.hide()
        self.setFocusProxy(canvas)
        self.show_beside(False)

    def show_beside(self, shown: bool) -> None:
        """Show the second graph at the left, both with titles; or the one alone."""
        self._side.setVisible(shown)
        for title in self.findChildren(QLabel, "graphTitle"):
            title.setVisible(shown)
        if shown:
            half = max(1, self.splitter.width() // 2)
            self.splitter.setSizes([half, half])

    def copy(self) -> None:
        """Copy the graph that has the focus as it is seen, as a picture and with the selected node, or all of it, in words."""
        canvas = self.beside if self.beside.hasFocus() else self.canvas
        drawn, key = canvas.drawn, canvas.selected_key
        if drawn is None:
            return
        scene, marks, _, _ = drawn
        words = canvas.accessibleDescription()
        if key is not None:
            card = (canvas.card(key) if canvas.card is not None else "") or tip_of(canvas.data_of(key), scene, marks, key)
            words = QTextDocumentFragment.fromHtml(card).toPlainText()
        copy_picture(canvas.grab().toImage(), words)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = min(_FIND, self.width() - 24)
        self.search.resize(wide, self.search.sizeHint().height())
        self.search.move(QPoint(self.width() - wide - 12, self.bar.sizeHint().height() + 10))
        self.search.fit()


def _titled(title: str, canvas: QWidget) -> QWidget:
    part = QWidget()
    label = QLabel(title)
    label.setObjectName("graphTitle")
    label.setProperty("role", "heading")
    column = QVBoxLayout(part)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(label)
    column.addWidget(canvas, 1)
    return part
