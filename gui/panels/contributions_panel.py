"""Contributions: what each path and each backward pass added to the selected gradient, and how much of it cancels."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QVBoxLayout, QWidget

from .. import theme
from ..models.contributions import Contribution, ContributionRow
from ..panel import Panel
from ..widgets.columns import Columns
from ..widgets.formats import number
from .detail_tree import TARGET, DetailTree, Line, LineDelegate
from .notice import Stage

SHARE = 2  # the column


class ContributionsPanel(Panel):
    """A section a gradient, a line an addend."""

    title = "Contributions"
    about = "What each path and each backward pass added to the selected gradient: norm, share, direction, and what cancels"

    node_picked = Signal(object)  # the user wants to see the node that sent this
    event_picked = Signal(int)  # the user wants to look at the moment at which it was added

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(260, 90)
        self._tree = DetailTree([self.tr("From"), "|g|", self.tr("Share"), self.tr("Cosine")], parent=self)
        self._tree.setAccessibleName(self.tr("Addends"))
        Columns(self._tree, {0: 270, 1: 90, SHARE: 190}, rest=90)
        self._tree.setItemDelegateForColumn(SHARE, _Share(self._tree))
        self._tree.line_picked.connect(self._picked)
        self._tree.line_activated.connect(self._activated)
        self._stage = Stage(self._tree, self)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.addWidget(self._stage)
        self.show_contributions((), "")

    @Slot(object, str)
    def show_contributions(self, entries: Sequence[Contribution], name: str) -> None:
        """Show the addends of what is selected; ``name`` is what that is, "" for nothing."""
        if not entries:
            self._stage.show_notice(
                self.tr("No gradient has arrived at {0} yet.").format(name)
                if name
                else self.tr("Select a node: what each path and each backward pass added to its gradient is shown here.")
            )
            return
        self._stage.show_content()
        self._tree.fill([self._section(place, entry) for place, entry in enumerate(entries)])

    def restyle(self) -> None:
        self._tree.viewport().update()

    # --------------------------------------------------------------------------------------------------------- inside

    def _section(self, place: int, entry: Contribution) -> Line:
        lines = tuple(self._line(at, row) for at, row in enumerate(entry.rows))
        words = []
        if entry.cancellation is not None and len(entry.rows) > 1:
            share = max(entry.cancellation, 0.0)
            words.append(self.tr("{0:.0%} cancels").format(share) if share >= 0.005 else self.tr("nothing cancels"))
        if entry.exact is False:
            words.append(self.tr("a hook or an edit changed it"))
        elif entry.exact:
            words.append(self.tr("exact"))
        tip = self.tr("exact: the addends in order give the gradient bit by bit") if entry.exact else ""
        cells = (entry.name, "" if entry.norm is None else number(entry.norm), ", ".join(words), "")
        return Line(cells, None, lines, heading=True, id=(place, entry.name), tip=tip)

    def _line(self, at: int, row: ContributionRow) -> Line:
        if row.norm is None:
            cells: tuple[str, ...] = (row.source, "", self.tr("not kept"), "")
        else:
            share = "" if row.share is None else f"{row.share:.1%}"
            cells = (row.source, number(row.norm), share, "" if row.cosine is None else f"{row.cosine:.3f}")
        return Line(cells, row, id=at, event=row.event, bad=row.norm is not None and not abs(row.norm) < float("inf"))

    def _picked(self, row: object) -> None:
        if isinstance(row, ContributionRow) and row.key is not None:
            self.node_picked.emit(row.key)

    def _activated(self, row: object) -> None:
        if isinstance(row, ContributionRow):
            self.event_picked.emit(row.event)
            self._picked(row)


class _Share(LineDelegate):
    """A bar from the middle: to the right what makes the sum, to the left (hatched) what works against it."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().paint(painter, option, index)
        row = index.sibling(index.row(), 0).data(TARGET)
        if not isinstance(row, ContributionRow) or row.share is None or not abs(row.share) < float("inf"):
            return
        look = theme.current()
        room = QRectF(option.rect)
        left, width = room.left() + 74, room.width() - 84
        if width < 20:
            return
        middle = left + width * 0.35
        length = min(abs(row.share), 1.0) * width * (0.65 if row.share > 0 else 0.35)
        top, high = room.center().y() - 4, 8.0
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        if row.share > 0:
            painter.fillRect(QRectF(middle, top, length, high), look.ready)
        else:
            painter.fillRect(QRectF(middle - length, top, length, high), theme.mix(look.panel, look.bad, 0.35))
            painter.setBrush(look.bad)
            painter.fillRect(QRectF(middle - length, top, length, high), painter.brush())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(look.panel)
            x = middle - length
            while x < middle:
                painter.drawLine(int(x), int(top + high), int(x + high), int(top))
                x += 4
        painter.setPen(look.outline)
        painter.drawLine(int(middle), int(top - 3), int(middle), int(top + high + 3))
        painter.restore()
