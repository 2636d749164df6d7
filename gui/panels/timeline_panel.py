"""The timeline: a bar a step, as high as the logarithm of the gradient's norm, in the colour of the op's family."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from .. import theme
from ..canvas.primitives import draw_rects
from ..categories import CATEGORIES
from ..models.timeline import Timeline
from ..panel import Panel
from ..widgets.announce import describe
from ..widgets.formats import number
from .notice import Stage

LEFT, RIGHT, TOP, FOOT = 52, 14, 17, 20
GAP = 1.0  # steps between two runs
FEWEST = 8.0  # steps that are shown at most zoomed in
APART = 7  # pixels between two numbers of runs, and between one and the cursor
CLOSE = 12.0  # pixels: runs that are narrower have no line before each


class TimelinePanel(Panel):
    """Shows all runs side by side. A click or a drag asks to go there, the wheel zooms, Shift and the wheel move."""

    title = "Timeline"
    about = "A bar for each backward step; its height is the logarithm of the gradient's norm"

    event_picked = Signal(int)  # the user wants to look at the moment of this event

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(220, 84)
        self.bars = _Bars(self)
        self.bars.event_picked.connect(self.event_picked)
        self._stage = Stage(self.bars, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stage)
        self.show_timeline(None)

    @Slot(object)
    def show_timeline(self, timeline: Timeline | None) -> None:
        """Show the steps of all runs, None for nothing."""
        self.bars.show_timeline(timeline or Timeline.empty())
        if timeline is None or not len(timeline):
            self._stage.show_notice(self.tr("No backward step is recorded."))
        else:
            self._stage.show_content()

    @Slot(int)
    def show_position(self, position: int) -> None:
        """The cursor stands at this event."""
        self.bars.show_position(position)

    def restyle(self) -> None:
        self.bars.update()


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """What is drawn: one entry a bar, which stands for one step, or for all the steps of one pixel."""

    left: NDArray[np.float64]
    width: float
    height: NDArray[np.float64]  # 0 to 1
    category: NDArray[np.uint8]
    past: NDArray[np.bool_]
    bad: NDArray[np.bool_]
    unknown: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Head:
    """What stands above a run, and the x of the line before it, None before the first."""

    text: str
    left: float
    wide: float
    line: float | None


class _Bars(QWidget):
    event_picked = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Timeline of backward steps"))
        self._line = Timeline.empty()
        self._position = -1
        self._from, self._to = 0.0, 16.0  # in steps, runs apart by GAP
        self._asked = -1

    def sizeHint(self) -> QSize:
        return QSize(600, 96)

    # -------------------------------------------------------------------------------------------------------- showing

    def show_timeline(self, line: Timeline) -> None:
        """Other steps; a view of everything stays one, another view stays where it is."""
        whole = self._from <= 0 and self._to >= self._whole()
        self._line = line
        if whole or self._to > self._whole():
            self._from, self._to = 0.0, self._whole()
        self._describe()
        self.update()

    def show_position(self, position: int) -> None:
        """Where the cursor line stands."""
        self._position = position
        x = self._cursor()
        if x is not None and not self._from <= x <= self._to:  # the cursor is followed
            span = self._to - self._from
            self._from = min(max(x - span / 2, 0.0), max(self._whole() - span, 0.0))
            self._to = self._from + span
        self._describe()
        self.update()

    def _whole(self) -> float:
        """The steps that all of it takes; a few more where there are very few, so that bars stay bars."""
        return max(self._line.width(GAP), 16.0)

    def _describe(self) -> None:
        place = self._line.step_at(self._position)
        text = self.tr("%1 steps").replace("%1", str(len(self._line)))
        if place >= 0:
            here = self.tr("cursor at step %1, norm %2").replace("%2", number(float(self._line.norms[place]), 3))
            text += ", " + here.replace("%1", str(self._line.number_of(place)))
        describe(self, text)

    # ------------------------------------------------------------------------------------------------------- geometry

    def _x(self, place: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
        return theme.scaled(LEFT) + (place - self._from) * (self.width() - theme.scaled(LEFT) - RIGHT) / (self._to - self._from)

    def _at(self, x: float) -> float:
        return self._from + (x - theme.scaled(LEFT)) * (self._to - self._from) / max(self.width() - theme.scaled(LEFT) - RIGHT, 1)

    def _cursor(self) -> float | None:
        place = self._line.step_at(self._position)
        return float(self._line.places(GAP)[place]) + 0.5 if place >= 0 else None

    def step_under(self, x: float) -> int:
        """The step at a horizontal position, -1 for none."""
        places = self._line.places(GAP)
        if not len(places):
            return -1
        place = int(np.searchsorted(places, self._at(x), side="right")) - 1
        return min(max(place, 0), len(places) - 1)

    def columns(self) -> _Columns:
        """The bars in view."""
        line = self._line
        places = line.places(GAP)
        first = max(int(np.searchsorted(places, self._from - 1)), 0)
        last = int(np.searchsorted(places, self._to, side="right"))
        scale = (self.width() - theme.scaled(LEFT) - RIGHT) / (self._to - self._from)
        x = theme.scaled(LEFT) + (places[first:last] - self._from) * scale
        heights, past = line.heights[first:last], line.enters[first:last] <= self._position
        past &= ~line.undone_at(self._position)[first:last]
        bad, category = line.bad[first:last], line.categories[first:last]
        unknown = np.isnan(line.norms[first:last]) & ~bad
        if scale >= 2.0 or not len(x):
            return _Columns(x, scale, heights, category, past, bad, unknown)
        # several steps a pixel: of each pixel the highest, and a mark if any is bad
        pixel = np.floor(x).astype(np.int64)
        starts = np.flatnonzero(np.r_[True, pixel[1:] != pixel[:-1]])
        high = np.maximum.reduceat(np.where(unknown, 0.0, heights), starts)
        return _Columns(
            pixel[starts].astype(np.float64), 1.0, high, category[starts], np.maximum.reduceat(past, starts),
            np.maximum.reduceat(bad, starts),
            np.minimum.reduceat(unknown, starts),
        )  # fmt: skip

    # ---------------------------------------------------------------------------------------------------------- events

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._asked = -1
            self._ask(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._ask(event.position().x())
            return
        place = self.step_under(event.position().x())
        self.setToolTip(self._sentence(place) if place >= 0 else "")

    def _sentence(self, place: int) -> str:
        norm = self.tr("NaN or Inf") if self._line.bad[place] else number(float(self._line.norms[place]), 3)
        text = self.tr("Step %1 (event #%2), norm %3").replace("%3", norm).replace("%2", str(self._line.enters[place]))
        return text.replace("%1", str(self._line.number_of(place)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def _ask(self, x: float) -> None:
        place = self.step_under(x)
        if place >= 0 and place != self._asked:
            self._asked = place
            self.event_picked.emit(int(self._line.enters[place]))

    def wheelEvent(self, event: QWheelEvent) -> None:
        turns = (event.angleDelta().y() or event.angleDelta().x()) / 120
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._move(-turns * 0.15 * (self._to - self._from))
        else:
            self.zoom(0.8**turns, event.position().x())
        event.accept()

    def zoom(self, factor: float, x: float) -> None:
        """Show ``factor`` times as many steps; what is at ``x`` stays there."""
        whole = self._whole()
        span = min(max((self._to - self._from) * factor, min(FEWEST, whole)), whole)
        at = self._at(x)
        share = (at - self._from) / (self._to - self._from)
        self._from = min(max(at - share * span, 0.0), whole - span)
        self._to = self._from + span
        self.update()

    def _move(self, by: float) -> None:
        span, whole = self._to - self._from, self._whole()
        self._from = min(max(self._from + by, 0.0), max(whole - span, 0.0))
        self._to = self._from + span
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        place = self._line.step_at(self._position)
        moves = {Qt.Key.Key_Left: place - 1, Qt.Key.Key_Right: place + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: len(self._line) - 1}
        target = moves.get(Qt.Key(event.key()))
        if target is not None and 0 <= target < len(self._line):
            self.event_picked.emit(int(self._line.enters[target]))
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Minus):
            x = self._cursor()
            middle = self._x(x) if x is not None else self.width() / 2
            self.zoom(0.8 if event.key() == Qt.Key.Key_Plus else 1.25, float(middle))
        else:
            super().keyPressEvent(event)

    # -------------------------------------------------------------------------------------------------------- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            self._paint(painter)
        finally:
            painter.end()

    def _paint(self, painter: QPainter) -> None:
        look = theme.current()
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # time runs from left to right in every language
        painter.fillRect(self.rect(), look.panel)
        base, height = self.height() - theme.scaled(FOOT), float(max(self.height() - theme.scaled(FOOT) - theme.scaled(TOP), 10))
        self._paint_scale(painter, base, height)
        painter.save()
        painter.setClipRect(QRectF(theme.scaled(LEFT) - 6, 0, self.width() - theme.scaled(LEFT) - RIGHT + 12, self.height()))
        self._paint_bars(painter, base, height)
        self._paint_foot(painter, base)
        x = self._cursor()
        if x is not None:
            at = float(self._x(x))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(look.accent, 1.4))
            painter.drawLine(QPointF(at, 6), QPointF(at, base + 4))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.accent)
            painter.drawPolygon(QPolygonF([QPointF(at - 5, 1), QPointF(at + 5, 1), QPointF(at, 8)]))
        painter.restore()

    def _paint_scale(self, painter: QPainter, base: float, height: float) -> None:
        look = theme.current()
        painter.setFont(theme.mono_font(10))
        for share in (0.0, 0.5, 1.0):
            y = base - height * share
            painter.setPen(QPen(look.border, 1))
            painter.drawLine(QPointF(theme.scaled(LEFT), y), QPointF(self.width() - RIGHT, y))
            painter.setPen(look.faint)
            high = theme.scaled(14)
            area = QRectF(0, min(max(y - high / 2, 0), self.height() - high), theme.scaled(LEFT) - 8, high)
            painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), self._line.scale_text(share))
        painter.save()  # what is measured, along the scale
        painter.translate(8, base - height / 2)
        painter.rotate(-90)
        painter.drawText(QRectF(-40, -8, 80, 16), int(Qt.AlignmentFlag.AlignCenter), "|g|")
        painter.restore()

    def _paint_bars(self, painter: QPainter, base: float, height: float) -> None:
        look = theme.current()
        bars = self.columns()
        gap = bars.width * 0.14 if bars.width >= 4 else 0.0
        later, broken = (0.45, 0.7) if look.is_strong else (0.22, 0.45)  # how much is seen of what comes behind the moment
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, bars.width >= 4)
        painter.setPen(Qt.PenStyle.NoPen)
        current = self._line.step_at(self._position)
        cursor = float(self._x(float(self._line.places(GAP)[current]))) if current >= 0 else -1.0
        tops = np.maximum(bars.height * height, 2.0)
        rects = np.stack([bars.left + gap, base - tops, np.full_like(tops, max(bars.width - 2 * gap, 1.0)), tops], axis=1)
        here = ~bars.bad & (np.abs(bars.left - cursor) < 0.5) if bars.width >= 3 else np.zeros_like(bars.bad)
        looks = 2 * bars.category.astype(np.int64) + bars.past
        for one in np.unique(looks[~bars.bad & ~here]).tolist():
            full = look.categories[CATEGORIES[one // 2]]
            painter.setBrush(full if one % 2 else theme.mix(look.panel, full, later))
            self._draw(painter, rects[(looks == one) & ~bars.bad & ~here], bars.width)
        painter.setBrush(look.accent)
        self._draw(painter, rects[here], bars.width)
        for i in np.flatnonzero(bars.bad).tolist():  # full height, hatched, with a dot on top: seen at any zoom
            rect = QRectF(bars.left[i] + gap, base - height, max(bars.width - 2 * gap, 2.0), height)
            painter.fillRect(rect, look.bad_fill if bars.past[i] else theme.mix(look.panel, look.bad_fill, 0.5))
            painter.setBrush(look.bad if bars.past[i] else theme.mix(look.panel, look.bad, broken))
            if bars.width >= 6:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(look.bad if bars.past[i] else theme.mix(look.panel, look.bad, broken), 1, Qt.PenStyle.DashLine))
                painter.drawRect(rect)
                painter.setFont(theme.mono_font(10))
                if rect.width() > painter.fontMetrics().horizontalAdvance("NaN") + 1:
                    painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), "NaN")
                painter.setPen(Qt.PenStyle.NoPen)
            else:
                painter.drawRect(rect)

    @staticmethod
    def _draw(painter: QPainter, rects: NDArray[np.float64], width: float) -> None:
        """Bars; with round corners where that can be seen."""
        if width < 6:
            draw_rects(painter, rects)
            return
        for left, top, wide, high in rects.tolist():
            painter.drawRoundedRect(QRectF(left, top, wide, high), 2, 2)

    def _paint_foot(self, painter: QPainter, base: float) -> None:
        look = theme.current()
        painter.setFont(theme.ui_font(11))
        metrics = QFontMetrics(painter.font())
        scale = (self.width() - theme.scaled(LEFT) - RIGHT) / (self._to - self._from)
        step = 1
        for step in (m * 10**e for e in range(8) for m in (1, 2, 5)):
            if step * scale >= metrics.horizontalAdvance("000000"):
                break
        for head in self.heads(metrics):
            painter.setPen(QPen(look.outline, 1, Qt.PenStyle.DotLine))
            if head.line is not None:
                painter.drawLine(QPointF(head.line, theme.scaled(TOP)), QPointF(head.line, self.height()))
            painter.setPen(look.faint)
            place = QRectF(head.left, 1, head.wide, theme.scaled(14))
            painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft), head.text)
        start = 0.0
        for length, before in zip(self._line.lengths, self._line.before, strict=True):
            painter.setPen(look.dim)
            shown = max(math.floor(self._from - start), 0)  # steps of the stretch that are left of the view
            first = math.ceil((before + shown + 1) / step) * step
            for k in range(first, before + min(length, math.ceil(self._to - start) + 1) + 1, step):
                centre = float(self._x(start + k - before - 0.5))
                painter.drawText(QRectF(centre - 60, base + 3, 120, theme.scaled(FOOT) - 4), int(Qt.AlignmentFlag.AlignCenter), str(k))
            start += length + GAP

    def heads(self, metrics: QFontMetrics) -> list[_Head]:
        """The names of the runs in view, or their numbers, every so many where they are narrow. The line of the cursor crosses none."""
        lengths = self._line.lengths
        if len(lengths) < 2:
            return []
        scale = (self.width() - theme.scaled(LEFT) - RIGHT) / (self._to - self._from)
        pitch = self._line.width(GAP) * scale / len(lengths)
        widest = metrics.horizontalAdvance(str(len(lengths))) + APART
        every = next(stride for e in range(9) for m in (1, 2, 5) if (stride := m * 10**e) * pitch >= widest or stride >= len(lengths))
        cursor = self._cursor()
        here = float(self._x(cursor)) if cursor is not None else -1e9
        found: list[_Head] = []
        start, taken = 0.0, -1e9
        for stretch, length in enumerate(lengths):
            run = self._line.runs[stretch]
            left, line = float(self._x(start)), float(self._x(start - GAP / 2)) if start else None
            end = left + (length + GAP) * scale - APART if stretch < len(lengths) - 1 else float(self.width())
            start += length + GAP
            if end + APART < theme.scaled(LEFT) or left > self.width():
                continue
            numbered = run % every == 0 and not self._line.before[stretch]
            if pitch < CLOSE and not numbered:
                continue  # a line each would hide the bars
            left = max(left, theme.scaled(LEFT))
            name, text, wide = self._line.name(run), "", 0
            for text, at in ((name, left), (name, here + APART), (str(run), left), (str(run), here + APART)):
                wide = metrics.horizontalAdvance(text)
                free = at >= max(left, taken) and not at - APART < here < at + wide + APART / 2
                if free and (text == name or numbered) and (at + wide <= end or (text != name and at == left)):
                    left = at
                    break
            else:
                text = ""
            if text:
                taken = left + wide + APART
            found.append(_Head(text, left, wide + 4.0, line))
        return found
