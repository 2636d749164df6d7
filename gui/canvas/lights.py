"""What is lit over the retained picture because the user asked for it: the way of a tensor, a path, what a search found, the
inputs or outputs to choose among, and the packets of a step. Keeps it, and paints what of it is in sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from ..theme.fonts import ui_font
from ..theme.tokens import Theme, faded, mix
from .painter import BOXES, ScenePainter
from .primitives import draw_lines, draw_rects
from .routes import Ints

_NONE: Ints = np.zeros(0, np.int64)
PACKET = 7.0  # world px from the middle of a packet to its rim, glow and all


@dataclass(frozen=True, slots=True)
class Choice:
    """Several neighbours that a walk could go to: ``nodes`` from left to right, ``place`` is the one where it stands."""

    nodes: tuple[int, ...]
    place: int
    forwards: bool


class Lights:
    """What is lit on one scene, by node and edge number."""

    def __init__(self) -> None:
        self.trail: Ints = _NONE  # edges along which the hovered tensor goes
        self.way: Ints = _NONE  # edges of a path that was asked for
        self.hits: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)  # nodes that a search found
        self.some_hits = False
        self.hit = -1  # the one that is looked at
        self.choice: Choice | None = None
        self.flowing: Ints = _NONE  # edges along which packets go
        self.share = 1.0  # how far they are

    @property
    def are_on(self) -> bool:
        """Whether there is anything to paint."""
        return bool(len(self.way) or len(self.trail) or self.some_hits or self.choice is not None or len(self.flowing))

    def paint(self, painter: QPainter, scene: ScenePainter, seen: QRectF) -> None:
        """Paints in scaled px, the painter moved to the view; ``seen`` in scaled px."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = scene.theme
        if len(self.way):
            _paint_ways(painter, scene, seen, self.way, theme.ready, 3.4)
        if len(self.trail):
            _paint_ways(painter, scene, seen, self.trail, _trail_colour(theme), 3.2)
        if self.some_hits:
            self._paint_hits(painter, scene, seen)
        if self.choice is not None:
            self._paint_choice(painter, scene, self.choice)
        if len(self.flowing) and self.share < 1.0:
            self._paint_packets(painter, scene, seen)

    def _paint_hits(self, painter: QPainter, scene: ScenePainter, seen: QRectF) -> None:
        s, u = scene.scene, scene.unit
        found = scene.nodes.query(seen.left() / u, seen.top() / u, seen.right() / u, seen.bottom() / u)
        found = found[self.hits[s.node[found]]]
        gap = 3.0 * u + scene.ratio if scene.scale >= BOXES else 1.5 * scene.ratio
        least = 0.0 if scene.scale >= BOXES else 4 * scene.ratio
        colour = _trail_colour(scene.theme)
        painter.setPen(QPen(colour, max(1.6 * scene.ratio, 2.0 * u)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        wide, tall = np.maximum(s.width[found] * u, least) + 2 * gap, np.maximum(s.height[found] * u, least) + 2 * gap
        draw_rects(painter, np.stack([s.x[found] * u - wide / 2, s.y[found] * u - tall / 2, wide, tall], axis=1))
        if self.hit >= 0:
            painter.setPen(QPen(colour, max(2.6 * scene.ratio, 3.6 * u)))
            for box in scene.boxes_of(self.hit).tolist():
                rect = QRectF(scene.node_rect(box))
                grow = max(gap, (least - rect.width()) / 2 + gap)
                painter.drawRect(rect.adjusted(-grow, -grow, grow, grow))

    def _paint_choice(self, painter: QPainter, scene: ScenePainter, choice: Choice) -> None:
        """Dashed frames around the neighbours, and above the one that is chosen its number and the keys."""
        theme, u = scene.theme, scene.unit
        gap = 3.0 * u + scene.ratio
        pen = QPen(theme.ready, max(1.2 * scene.ratio, 1.5 * u))
        pen.setDashPattern([3.0, 2.4])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for node in choice.nodes:
            if node != choice.nodes[choice.place]:
                painter.drawRoundedRect(QRectF(scene.node_rect(int(scene.boxes_of(node)[0]))).adjusted(-gap, -gap, gap, gap), 6 * u, 6 * u)
        text = f"◂  {choice.place + 1} / {len(choice.nodes)}  ▸"
        rect = QRectF(scene.node_rect(int(scene.boxes_of(choice.nodes[choice.place])[0])))
        font = ui_font(round(11 * scene.ratio), QFont.Weight.DemiBold)
        metrics = QFontMetricsF(font)
        wide, tall = metrics.horizontalAdvance(text) + 16 * scene.ratio, 20 * scene.ratio
        pill = QRectF(rect.center().x() - wide / 2, rect.top() - gap - tall - 5 * scene.ratio, wide, tall)
        painter.setPen(QPen(theme.ready, scene.ratio))
        painter.setBrush(theme.panel)
        painter.drawRoundedRect(pill, tall / 2, tall / 2)
        painter.setFont(font)
        painter.setPen(theme.ready_text)
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_packets(self, painter: QPainter, scene: ScenePainter, seen: QRectF) -> None:
        """A light on each edge that the gradient goes along; ahead of it the edge has not its new colour yet."""
        theme, unit = scene.theme, max(scene.unit, 0.6 * scene.ratio)
        ahead = QPen(theme.edge, max(1.0, 3.0 * scene.unit))
        ahead.setCapStyle(Qt.PenCapStyle.FlatCap)
        for edge in self.flowing.tolist():
            if not QRectF(scene.edge_rect(edge)).intersects(seen):
                continue
            rows = scene.edge_rows(edge)
            place, rest = _split(rows, self.share)
            painter.setPen(ahead)
            draw_lines(painter, rest)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(faded(theme.accent_bright, 0.45))
            painter.drawEllipse(place, PACKET * unit, PACKET * unit)
            painter.setBrush(theme.accent)
            painter.drawEllipse(place, 4.0 * unit, 4.0 * unit)
            painter.setBrush(QColor("#fff6e0"))
            painter.drawEllipse(place, 2.0 * unit, 2.0 * unit)


def _trail_colour(theme: Theme) -> QColor:
    """Neither the selection's blue nor what runs."""
    return mix(theme.past, theme.text, 0.12)


def _paint_ways(painter: QPainter, scene: ScenePainter, seen: QRectF, edges: Ints, colour: QColor, wide: float) -> None:
    rows = np.concatenate([scene.edge_rows(edge) for edge in edges.tolist()]) if len(edges) < 2000 else _rows_of_many(scene, edges)
    inside = (np.maximum(rows[:, 0], rows[:, 2]) >= seen.left()) & (np.minimum(rows[:, 0], rows[:, 2]) <= seen.right())
    inside &= (np.maximum(rows[:, 1], rows[:, 3]) >= seen.top()) & (np.minimum(rows[:, 1], rows[:, 3]) <= seen.bottom())
    for alpha, more in ((0.25, 2.2), (1.0, 1.0)):
        pen = QPen(faded(colour, alpha), max(1.6 * scene.ratio, min(wide * scene.unit, wide * 1.3 * scene.ratio)) * more)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap if alpha == 1.0 else Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        draw_lines(painter, rows[inside])
    scene.paint_titles_on(painter, rows[inside])


def _rows_of_many(scene: ScenePainter, edges: Ints) -> npt.NDArray[np.float64]:
    segments = scene.scene.fine
    wanted = np.zeros(len(scene.scene.source), np.bool_)
    wanted[edges] = True
    rows: npt.NDArray[np.float64] = segments.rows[wanted[segments.edge]] * scene.unit
    return rows


def _split(rows: npt.NDArray[np.float64], share: float) -> tuple[QPointF, npt.NDArray[np.float64]]:
    """The point at a share of a line of segments, and the segments after it."""
    lengths = np.hypot(rows[:, 2] - rows[:, 0], rows[:, 3] - rows[:, 1])
    ends = np.cumsum(lengths)
    place = min(int(np.searchsorted(ends, share * ends[-1])), len(rows) - 1)
    inside = 1.0 - (ends[place] - share * ends[-1]) / max(float(lengths[place]), 1e-9)
    x = float(rows[place, 0] + inside * (rows[place, 2] - rows[place, 0]))
    y = float(rows[place, 1] + inside * (rows[place, 3] - rows[place, 1]))
    rest = rows[place:].copy()
    rest[0, :2] = x, y
    return QPointF(x, y), rest


def packet_rect(scene: ScenePainter, edge: int) -> QRect:
    """What a packet on its way along an edge may paint, in scaled px."""
    reach = round(PACKET * max(scene.unit, scene.ratio)) + 2
    return scene.edge_rect(edge).adjusted(-reach, -reach, reach, reach)


def edge_at(scene: ScenePainter, x: float, y: float) -> int:
    """The edge within four logical px of a place in scaled px, or -1."""
    if scene.scale < BOXES:
        return -1
    reach = 4.0 * scene.ratio / scene.unit
    x, y = x / scene.unit, y / scene.unit
    found = scene.segments_near(x, y, reach)
    if not len(found):
        return -1
    segments = scene.scene.fine
    rows = segments.rows[found]
    ax, ay, dx, dy = rows[:, 0], rows[:, 1], rows[:, 2] - rows[:, 0], rows[:, 3] - rows[:, 1]
    along = np.clip(((x - ax) * dx + (y - ay) * dy) / np.maximum(dx * dx + dy * dy, 1e-12), 0.0, 1.0)
    far = np.hypot(x - ax - along * dx, y - ay - along * dy)
    nearest = int(np.argmin(far))
    return int(segments.edge[found[nearest]]) if far[nearest] <= reach else -1


def numbers(scene_edges: dict[tuple[object, object], int], edges: Sequence[tuple[object, object]]) -> Ints:
    """Numbers of those edges that the scene has."""
    return np.array([scene_edges[edge] for edge in edges if edge in scene_edges], np.int64)
