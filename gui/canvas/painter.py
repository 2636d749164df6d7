"""Paints any rectangle of a scene at any scale, always the same pixels for the same place.

Coordinates are device pixels of the scaled world ("scaled px": world px times ``unit``), so that scrolling moves whole
pixels and a strip painted alone fits what was painted before. What depends on the view (selection, hover, the running
node) is not painted here but over the retained picture.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from ..categories import CATEGORIES
from ..theme.tokens import Theme, mix
from . import group_sprites, sprites
from .dress import Dress
from .index import BoxIndex
from .ink import BAD, DIM, FORWARD, LINKED, PASSED, THIN, WAITING, ZERO, edge_inks, flat_colours
from .marks import Bytes, Marks
from .overview import SHORT, Overview
from .plan import GROUP_LEAD, PILLS
from .primitives import draw_lines, draw_rects
from .routes import Floats, Ints
from .scene import DATA, GRADIENT, Scene
from .status import ALERT, Look
from .strokes import Picture, blank, put, put_at, put_copies

TEXT_ALL, TEXT_ONE, BOXES, OVERVIEW = 0.56, 0.3, 0.3, 0.12  # scales from which on a level of detail is drawn
OVERVIEW_NODES = 3000
PLAIN = 0.35  # below it groups have no rounded corners
ROUGH = 0.22  # no antialiasing of edges up to this scale
MANY_STYLES = 150  # different boxes: while they move out of the one that held them, all of them are in view
PICTURES = 4000  # that are handed on from scene to scene
REACH = 17.0  # world px that a node's badges and shadow may reach beyond its box
BADGES = 0.36  # and hooks, which hold a number, a little before TEXT_ALL
TITLE = 30.0  # world px, the strip at the upper edge of an open group
_DOTS = 24.0  # world px between the dots of the background


class ScenePainter:
    """One scene in one theme. ``unit`` and ``ratio`` (device pixels a world px and a logical px) are set by ``rescale``."""

    def __init__(self, scene: Scene, marks: Marks, theme: Theme, dress: Dress, before: ScenePainter | None = None) -> None:
        """``before`` painted the scene until now: its pictures of nodes still hold where theme and colours are the same."""
        self.scene, self.marks, self.theme, self.dress = scene, marks, theme, dress
        s = scene
        half_width, half_height = s.width / 2, s.height / 2
        self.nodes = BoxIndex(s.x - half_width, s.y - half_height, s.x + half_width, s.y + half_height)
        rows = s.groups.rows
        self._groups = BoxIndex(rows[:, 0], rows[:, 1], rows[:, 0] + rows[:, 2], rows[:, 1] + rows[:, 3])
        order = np.argsort(s.source, kind="stable")
        self._out = order
        self._out_start = np.searchsorted(s.source[order], np.arange(len(s.keys) + 1))
        self._in = np.argsort(s.target, kind="stable")
        self._in_start = np.searchsorted(s.target[self._in], np.arange(len(s.keys) + 1))
        self._boxes = np.argsort(s.node, kind="stable")
        self._boxes_start = np.searchsorted(s.node[self._boxes], np.arange(len(s.keys) + 1))
        self._last = np.searchsorted(s.fine.edge, np.arange(len(s.source)), side="right") - 1
        self._first = np.searchsorted(s.fine.edge, np.arange(len(s.source)))
        category = {name: number for number, name in enumerate(CATEGORIES)}
        self._category = np.array([category[style.category] for style in s.styles], np.int64)
        self._flat = flat_colours(theme)
        self._flat_dress = dress.flat(theme)
        self._inks = edge_inks(theme)
        self.overview = Overview(scene, theme)
        self._rest = (np.array([WAITING, FORWARD, LINKED], np.uint8)[s.kind] + THIN * s.docked).astype(np.uint8)
        self._taken: tuple[Bytes, Bytes] | None = None  # states and inks as the marks had them; None: they are others now
        self.wordless = False  # boxes have no words for now
        self.unit = self.ratio = self.scale = self.picture_unit = 0.0
        self._pictures: dict[object, Picture] = {}
        if before is not None and before.theme is theme and before.dress.palette == dress.palette and len(before._pictures) < PICTURES:
            self._pictures, self.picture_unit = before._pictures, before.picture_unit
            self.unit, self.ratio, self.scale = before.unit, before.ratio, before.scale
        else:
            self.rescale(1.0, 1.0)

    @cached_property
    def _fine(self) -> BoxIndex:  # made when it is looked into: at one scale only one of the two is
        return self.scene.fine.index()

    @cached_property
    def _coarse(self) -> BoxIndex:
        return self.scene.coarse.index()

    # ------------------------------------------------------------------------------------------------------------- state

    @property
    def states(self) -> Bytes:
        """Look plus ALERT of each node."""
        return self._up_to_date()[0]

    @property
    def edge_ink(self) -> Bytes:
        """What each edge is drawn as."""
        return self._up_to_date()[1]

    def _up_to_date(self) -> tuple[Bytes, Bytes]:
        if self._taken is None:  # once, however often all marks changed since the last picture
            self._taken = self.marks.states(), self._inks_of(np.arange(len(self.scene.source)))
        return self._taken

    def refresh(self) -> None:
        """All marks may be others."""
        self._taken = None
        self.overview.forget()

    def refresh_node(self, node: int) -> None:
        """Takes the marks of one node and of its outgoing edges over."""
        self.states[node] = self.marks.look[node] + ALERT * self.marks.alert[node]
        edges = self.out_edges(node)
        self.edge_ink[edges] = self._inks_of(edges)
        boxes = self.boxes_of(node)
        self.overview.repaint(boxes, self.flat_colours(boxes))

    def flat_colours(self, boxes: Ints) -> npt.NDArray[np.uint32]:
        """The colours of boxes as mere rectangles."""
        nodes = self.scene.node[boxes]
        code, state = self.dress.code[nodes], self.states[nodes]
        colours: npt.NDArray[np.uint32] = self._flat[self._category[self.scene.style[boxes]], state]
        return np.where(code > 0, self._flat_dress[code, state], colours) if code.any() else colours

    def redress(self) -> None:
        """Takes another dress of the nodes over."""
        self._flat_dress = self.dress.flat(self.theme)
        self._pictures.clear()
        self.refresh()

    def out_edges(self, node: int) -> Ints:
        return self._out[self._out_start[node] : self._out_start[node + 1]]

    def edges_of(self, node: int) -> Ints:
        """The edges that leave a node, then those that come to it."""
        return np.concatenate([self.out_edges(node), self._in[self._in_start[node] : self._in_start[node + 1]]])

    def boxes_of(self, node: int) -> Ints:
        """The boxes of a node, its first one first; a leaf that is shared has several."""
        return self._boxes[self._boxes_start[node] : self._boxes_start[node + 1]]

    def _inks_of(self, edges: Ints) -> Bytes:
        """An edge whose source is done shows the norm of what passed it."""
        s = self.scene
        ink = self._rest[edges].copy()
        flowed = self.marks.flowed(edges) & (s.kind[edges] == GRADIENT)
        if flowed.any():
            norms = self.marks.norms[edges[flowed]]
            by_norm = np.where(np.isinf(norms), BAD, self.marks.scale.inks(norms))
            ink[flowed] = np.where(np.isnan(norms), PASSED, by_norm) + THIN * s.docked[edges[flowed]]
        return ink + np.uint8(DIM) * (self.dress.dim[s.source[edges]] | self.dress.dim[s.target[edges]])

    # ------------------------------------------------------------------------------------------------------------- scale

    def rescale(self, scale: float, ratio: float, exact: bool = True) -> None:
        """Sets the scale and the device pixel ratio. Unless ``exact``, the pictures of another scale that is not far off are
        drawn stretched (while zooming); else they are painted anew."""
        unit = scale * ratio
        near = self.picture_unit > 0 and 0.62 < unit / self.picture_unit < 1.6
        usable = near and self.ratio == ratio and self._level(unit) == self._level(self.picture_unit)
        if not usable or (exact and self.picture_unit != unit):
            self._pictures.clear()
            self.picture_unit = unit
        self.unit, self.ratio, self.scale = unit, ratio, scale

    def _level(self, unit: float) -> int:
        scale = unit / self.ratio
        return 2 if scale >= TEXT_ALL else 1 if scale >= TEXT_ONE else 0

    @property
    def far(self) -> bool:
        """So small and so many that the whole scene is one picture."""
        return self.scale < OVERVIEW and self.unit < self.overview.finest and len(self.scene.x) > OVERVIEW_NODES

    # ------------------------------------------------------------------------------------------------------------- places

    def node_rect(self, box: int, margin: float = 0.0) -> QRect:
        """A box in scaled px, with a margin in world px."""
        s, u = self.scene, self.unit
        x, y, w, h = float(s.x[box]), float(s.y[box]), float(s.width[box]) / 2 + margin, float(s.height[box]) / 2 + margin
        return QRectF((x - w) * u, (y - h) * u, 2 * w * u, 2 * h * u).toAlignedRect()

    def edge_rect(self, edge: int) -> QRect:
        rows = self.edge_rows(edge)
        if not len(rows):
            return QRect()
        margin = 4 * self.ratio + 6 * self.unit
        left, top = float(rows[:, [0, 2]].min()) - margin, float(rows[:, [1, 3]].min()) - margin
        right, bottom = float(rows[:, [0, 2]].max()) + margin, float(rows[:, [1, 3]].max()) + margin
        return QRectF(left, top, right - left, bottom - top).toAlignedRect()

    def rects_of(self, node: int) -> list[QRect]:
        """Where a node is seen, with what stands out of its boxes and with the edges that leave it."""
        rects = [self.node_rect(box, REACH) for box in self.boxes_of(node).tolist()]
        return rects if self.far else rects + [self.edge_rect(edge) for edge in self.out_edges(node).tolist()]

    def edge_rows(self, edge: int) -> Floats:
        """The segments of an edge in scaled px."""
        return self.scene.fine.rows[self._first[edge] : self._last[edge] + 1] * self.unit

    def segments_near(self, x: float, y: float, reach: float) -> Ints:
        """The fine segments within a reach of a place, all in world px."""
        return self._fine.query(x - reach, y - reach, x + reach, y + reach)

    def pick(self, x: float, y: float) -> int:
        """The box at a place in scaled px, or -1. Small boxes may be missed by two logical px."""
        reach = 2 * self.ratio / self.unit
        x, y = x / self.unit, y / self.unit
        found = self.nodes.query(x - reach, y - reach, x + reach, y + reach)
        if not len(found):
            return -1
        s = self.scene
        far = np.maximum(np.abs(s.x[found] - x) - s.width[found] / 2, np.abs(s.y[found] - y) - s.height[found] / 2)
        return int(found[np.argmin(far)])

    # ------------------------------------------------------------------------------------------------------------- paint

    def paint(self, painter: QPainter, region: QRect) -> None:
        """Fills the region. The painter's units are scaled px; the caller has clipped it to the region."""
        if self.far:
            painter.fillRect(region, self.theme.canvas)
            self.overview.paint(painter, self.unit, lambda: self.flat_colours(np.arange(len(self.scene.x))))
            return
        u = self.unit
        view = (region.left() / u, region.top() / u, (region.right() + 1) / u, (region.bottom() + 1) / u)
        groups = self._paint_ground(painter, region, view)
        self._paint_edges(painter, view)
        self._paint_titles(painter, groups)
        self._paint_nodes(painter, view)

    def _paint_dots(self, painter: QPainter, region: QRect) -> None:
        step = _DOTS * self.unit
        while step < 18 * self.ratio:
            step *= 2
        x = np.floor(np.arange(region.left() // step, (region.right() + 1) // step + 2) * step)
        y = np.floor(np.arange(region.top() // step, (region.bottom() + 1) // step + 2) * step)
        rows = np.empty((len(x) * len(y), 4))
        rows[:, 0], rows[:, 1] = np.repeat(x, len(y)), np.tile(y, len(x))
        rows[:, 2:] = max(1.0, round(1.4 * self.ratio))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.dot)
        draw_rects(painter, rows)

    def _paint_ground(self, painter: QPainter, region: QRect, view: tuple[float, float, float, float]) -> list[int]:
        """Canvas, dots and groups, but nothing that a group covers. Returns the groups that are seen."""
        groups, u, ratio = self.scene.groups, self.unit, self.ratio
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        found = self._groups.query(*view)  # ascending, and so from the outer to the inner ones
        found = found[groups.rows[found, 2] * u > 3 * ratio]
        rows = groups.rows[found] * u
        edges = np.round(np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:]], axis=1))
        radius = int(min(12 * u, 14 * ratio))
        rim = radius + 2 * ratio
        low, high = np.array([region.left(), region.top()]), np.array([region.right() + 1, region.bottom() + 1])
        around = np.flatnonzero((edges[:, :2] <= low - rim).all(axis=1) & (edges[:, 2:] >= high + rim).all(axis=1))
        if len(around):
            painter.fillRect(region, self._fill(int(groups.depth[found[around[-1]]])))
            inner = slice(int(around[-1]) + 1, None)
        else:
            painter.fillRect(region, self.theme.canvas)
            if self.scale >= 0.25:
                self._paint_dots(painter, region)
            inner = slice(0, None)
        edges[:, :2] = np.maximum(edges[:, :2], low - 100.0)  # no rasteriser likes 1e6 px
        edges[:, 2:] = np.minimum(edges[:, 2:], high + 100.0)
        if self.scale < PLAIN:
            self._paint_plain_groups(painter, edges[inner], groups.depth[found[inner]])
            return [int(number) for number in found]
        for number, (left, top, right, bottom) in zip(found[inner].tolist(), edges[inner].astype(np.int64).tolist(), strict=True):
            self._paint_group(painter, QRect(left, top, right - left, bottom - top), radius, self._fill(int(groups.depth[number])))
        return [int(number) for number in found]

    def _paint_plain_groups(self, painter: QPainter, edges: Floats, depths: Ints) -> None:
        """Groups as rectangles, outer ones first."""
        painter.setPen(QPen(self.theme.group_border, 1))
        rows = np.concatenate([edges[:, :2], edges[:, 2:] - edges[:, :2] - 1], axis=1)
        for depth in np.unique(depths).tolist():
            painter.setBrush(self._fill(depth))
            draw_rects(painter, rows[depths == depth])

    def _paint_group(self, painter: QPainter, rect: QRect, radius: int, fill: QColor) -> None:
        """A large rounded box: only its corners are antialiased, from a picture."""
        if rect.width() < 24 * self.ratio or radius < 3:
            painter.setPen(QPen(self.theme.group_border, 1))
            painter.setBrush(fill)
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
            return
        thin = max(1, round(self.ratio))
        corner = self._corner(radius, thin, fill)
        border = self.theme.group_border
        x, y, w, h, r = rect.x(), rect.y(), rect.width(), rect.height(), radius
        for part, colour in (
            (QRect(x, y + r, w, h - 2 * r), border),
            (QRect(x + r, y, w - 2 * r, h), border),
            (QRect(x + thin, y + r, w - 2 * thin, h - 2 * r), fill),
            (QRect(x + r, y + thin, w - 2 * r, h - 2 * thin), fill),
        ):
            painter.fillRect(part, colour)
        for right in (0, 1):
            for low in (0, 1):
                put(painter, QRectF(x + right * (w - r), y + low * (h - r), r, r), corner, QRectF(right * r, low * r, r, r))

    def _fill(self, depth: int) -> QColor:
        return self.theme.group_fills[min(depth, len(self.theme.group_fills) - 1)]

    def _corner(self, radius: int, thin: int, fill: QColor) -> Picture:
        key = ("corner", radius, thin, fill.rgba())
        if key not in self._pictures:
            picture = blank(2 * radius, 2 * radius)
            painter = QPainter(picture)
            try:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(QPen(self.theme.group_border, thin))
                painter.setBrush(fill)
                half = thin / 2
                painter.drawRoundedRect(QRectF(half, half, 2 * radius - thin, 2 * radius - thin), radius - half, radius - half)
            finally:
                painter.end()
            self._pictures[key] = picture
        return self._pictures[key]

    def _paint_titles(self, painter: QPainter, found: list[int]) -> None:
        groups, u, ratio = self.scene.groups, self.unit, self.ratio
        size = float(np.clip(12.5 * self.scale, 9, 13)) * ratio
        strip = TITLE * u
        for number in found:
            left, top, width, height = (groups.rows[number] * u).tolist()
            if width < 48 * ratio or height < 80 * ratio or strip < size * 1.05:
                continue
            key = ("title", groups.titles[number], int(groups.counts[number]), size, int(groups.depth[number]))
            if key not in self._pictures:
                ground = self._fill(int(groups.depth[number]))
                self._pictures[key] = group_sprites.title_sprite(
                    self.theme, groups.titles[number], int(groups.counts[number]), size, ground
                )
            picture = self._pictures[key]
            across = min(picture.width(), int(width - 16 * u))
            y = top + height - strip + 2 * u if self.scene.flipped else top
            place = QPointF(round(left + max(3 * ratio, 7 * u)), round(y + max(2 * ratio, (strip - picture.height()) / 2)))
            put(painter, QRectF(place.x(), place.y(), across, picture.height()), picture, QRectF(0, 0, across, picture.height()))

    def pick_title(self, x: float, y: float) -> int:
        """The open group whose title is at a place in scaled px, or -1."""
        groups, u, ratio = self.scene.groups, self.unit, self.ratio
        size, strip = float(np.clip(12.5 * self.scale, 9, 13)) * ratio, TITLE * u
        if strip < size * 1.05:
            return -1
        for number in self._groups.query(x / u, y / u, x / u, y / u)[::-1].tolist():
            left, top, width, height = (groups.rows[number] * u).tolist()
            upper = top + height - strip if self.scene.flipped else top
            letters = len(groups.titles[number]) + len(str(int(groups.counts[number]))) + 8
            wide = min(width, 0.62 * size * letters + 2 * size)
            if width >= 48 * ratio and height >= 80 * ratio and upper <= y <= upper + strip and x <= left + wide:
                return int(number)
        return -1

    def on_chevron(self, box: int, x: float) -> bool:
        """Whether a place in scaled px is at the chevron of a folded group."""
        s = self.scene
        return bool(self.marks.inner.folded[s.node[box]]) and x < (float(s.x[box]) - float(s.width[box]) / 2 + GROUP_LEAD) * self.unit

    def _paint_edges(self, painter: QPainter, view: tuple[float, float, float, float]) -> None:
        s, u = self.scene, self.unit
        detailed = self.scale >= TEXT_ONE
        segments, index = (s.fine, self._fine) if detailed else (s.coarse, self._coarse)
        margin = 8 / u * self.ratio + 8
        found = index.query(view[0] - margin, view[1] - margin, view[2] + margin, view[3] + margin)
        if not len(found):
            return
        edge = segments.edge[found]
        ink = self.edge_ink[edge]
        rows = segments.rows[found] * u
        if self.scale < OVERVIEW:
            rows, edge, ink = (part[np.abs(rows[:, 2:] - rows[:, :2]).max(axis=1) >= SHORT] for part in (rows, edge, ink))
        if self.scale <= ROUGH:  # not antialiased: from pixel to pixel
            rows = np.floor(rows) + 0.5
        for kind in np.unique(ink).tolist():
            self.set_edge_pen(painter, kind)
            self.draw_segments(painter, rows[ink == kind], s.upright[edge[ink == kind]], painter.pen().widthF())
        if self.scale >= 0.35:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            edges = np.unique(edge)
            edges = edges[~np.isnan(s.arrows[edges, 0])]
            self.draw_arrows(painter, edges, self.edge_ink[edges])

    def set_edge_pen(self, painter: QPainter, kind: int) -> None:
        colour, width = self._inks[kind]
        wide = max(width * min(1.3 * self.unit, max(self.unit, 0.6 * self.ratio)), 1.0) if self.scale >= TEXT_ONE else 1.0
        pen = QPen(colour, wide)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap if self.scale < 0.5 else Qt.PenCapStyle.SquareCap)
        if kind % THIN == ZERO and self.scale >= TEXT_ONE:
            pen.setDashPattern([2.0, 3.0])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self.scale > ROUGH)
        painter.setPen(pen)

    @staticmethod
    def draw_segments(painter: QPainter, rows: Floats, upright: npt.NDArray[np.bool_], wide: float) -> None:
        """Lines with the painter's pen; upright ones stand on whole pixels."""
        if upright.any():
            rows = rows.copy()
            shift = 0.5 if round(wide) % 2 else 0.0
            rows[upright, 0] = rows[upright, 2] = np.floor((rows[upright, 0] + rows[upright, 2]) / 2) + shift
        draw_lines(painter, rows)

    def draw_arrows(self, painter: QPainter, edges: Ints, kinds: Bytes) -> None:
        s = self.scene
        look = kinds.astype(np.int64) * 4 + 2 * (s.kind[edges] == DATA) + (s.arrows[edges, 2] < 0)
        for key in np.unique(look).tolist():
            mine = edges[look == key]
            picture = self._arrow(key // 4, bool(key & 2), bool(key & 1))
            x = np.floor(s.arrows[mine, 0] * self.unit) + 0.5
            y = np.round(s.arrows[mine, 1] * self.unit) - s.arrows[mine, 2] * picture.height() / 2
            put_copies(painter, picture, np.stack([x, y], axis=1))

    def _arrow(self, kind: int, open_head: bool, up: bool) -> Picture:
        key = ("arrow", kind, open_head, up, self.unit)
        if key not in self._pictures:
            colour, width = self._inks[kind]
            colour = mix(colour, self.theme.text, 0.12) if kind in (WAITING, FORWARD) else colour
            self._pictures[key] = sprites.arrow_sprite(colour, self.unit, width, open_head, up)
        return self._pictures[key]

    def _paint_nodes(self, painter: QPainter, view: tuple[float, float, float, float]) -> None:
        s, u = self.scene, self.unit
        margin = REACH
        found = self.nodes.query(view[0] - margin, view[1] - margin, view[2] + margin, view[3] + margin)
        if self.scale < BOXES:
            self._paint_flat(painter, found)
            return
        states = self.states[s.node[found]]
        still = states % ALERT != Look.RUNNING  # running nodes and their glow are the overlay's
        found, states = found[still], states[still]
        if not len(found):
            return
        stretch = u / self.picture_unit
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, stretch != 1.0)
        key = (s.style[found] * (2 * ALERT) + states) * self.dress.count + self.dress.code[s.node[found]]
        order = np.argsort(key, kind="stable")
        starts = np.flatnonzero(np.diff(key[order], prepend=-1))
        for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(order)], strict=True):
            mine = found[order[start:end]]
            look, code = divmod(int(key[order[start]]), self.dress.count)
            picture = self.picture(int(s.style[mine[0]]), look % (2 * ALERT), code)
            put_copies(painter, picture, self.picture_centres(mine, picture, stretch), stretch)
        if self.scale >= BADGES:
            self._paint_badges(painter, found)

    def picture(self, style: int, state: int, code: int = 0) -> Picture:
        drawn = self.scene.styles[style]
        if self.wordless:
            drawn = drawn._replace(label="", detail="", note="")
        key = (drawn, state, code)
        if key not in self._pictures:
            unit = self.picture_unit
            ink = self.dress.ink(self.theme, drawn.category, state, code)
            level = 0 if self.wordless else self._level(unit)
            self._pictures[key] = sprites.node_sprite(self.theme, drawn, state, unit, level, ink)
        return self._pictures[key]

    def picture_centres(self, boxes: Ints, picture: Picture, stretch: float) -> Floats:
        """Where a picture's centre goes so that its left upper corner falls on whole pixels."""
        s, u = self.scene, self.unit
        half_width, half_height = picture.width() * stretch / 2, picture.height() * stretch / 2
        x = np.round(s.x[boxes] * u - half_width + 0.5 * stretch) + half_width
        y = np.round(s.y[boxes] * u - half_height + 0.5 * stretch) + half_height
        return np.stack([x, y], axis=1)

    def _paint_flat(self, painter: QPainter, found: Ints) -> None:
        s, u = self.scene, self.unit
        rows = np.empty((len(found), 4))
        rows[:, 2] = np.maximum(s.width[found] * u, 1.2 * self.ratio)
        rows[:, 3] = np.maximum(s.height[found] * u, 1.2 * self.ratio)
        rows[:, 0] = s.x[found] * u - rows[:, 2] / 2
        rows[:, 1] = s.y[found] * u - rows[:, 3] / 2
        if self.scale <= OVERVIEW:  # not antialiased: whole pixels
            corner = np.round(rows[:, :2])
            rows[:, 2:] = np.maximum(np.round(rows[:, :2] + rows[:, 2:]) - corner, 1.0)
            rows[:, :2] = corner
        colours = self.flat_colours(found)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self.scale > OVERVIEW)
        for colour in np.unique(colours).tolist():
            painter.setBrush(QColor.fromRgba(colour))
            draw_rects(painter, rows[colours == colour])

    def _paint_badges(self, painter: QPainter, found: Ints) -> None:
        s = self.scene
        nodes = s.node[found]
        marked = s.hooks[nodes] > 0
        marked |= self.marks.alert[nodes] | self.marks.inner.folded[nodes]
        if self.marks.breakpoints:
            marked |= np.isin(nodes, list(self.marks.breakpoints))
        for box in found[marked].tolist():
            self.paint_badges(painter, box)

    def paint_badges(self, painter: QPainter, box: int) -> None:
        """Hooks at the upper right corner, breakpoint at the upper left, alert at the lower right."""
        s, u = self.scene, self.unit
        pill = s.styles[int(s.style[box])].shape in PILLS
        node = int(s.node[box])
        left, top = (float(s.x[box]) - float(s.width[box]) / 2) * u, (float(s.y[box]) - float(s.height[box]) / 2) * u
        right, bottom = left + float(s.width[box]) * u, top + float(s.height[box]) * u
        if self.marks.inner.folded[node]:
            rect, running = QRectF(left, top, right - left, bottom - top), self.marks.look[node] == Look.RUNNING
            group_sprites.paint_bar(painter, self.theme, rect, u, self.marks.inner.share(node), running)
        if (hooks := int(s.hooks[node])) and self.scale >= TEXT_ALL - 0.1:
            picture = self._badge(("hook", hooks))
            inward = 0.55 * picture.width() if pill else picture.width() - 6 * u  # a chip is too low to lose its corner
            put_at(painter, round(right - inward), round(top - picture.height() * (0.66 if pill else 0.5)), picture)
        if node in self.marks.breakpoints:
            picture = self._badge(("breakpoint", 0))
            put_at(painter, round(left - picture.width() / 2), round(top - picture.height() / 2), picture)
        if self.marks.alert[node]:
            picture = self._badge(("alert", 0))
            x, y = right - picture.width() / 2 - 2 * u, bottom - picture.height() / 2 - 2 * u
            if pill and s.width[box] < 1.5 * s.height[box]:  # a chip of one letter: another one stands close at its right
                x, y = right - 0.6 * picture.width(), top - 0.6 * picture.height()
            elif pill:
                x, y = right - 6 * u, (top + bottom - picture.height()) / 2
            put_at(painter, round(x), round(y), picture)

    def _badge(self, what: tuple[str, int]) -> Picture:
        key = (what, self.unit)
        if key not in self._pictures:
            name, count = what
            if name == "hook":
                self._pictures[key] = sprites.hook_badge(self.theme, count, self.unit)
            elif name == "breakpoint":
                self._pictures[key] = sprites.breakpoint_badge(self.theme, self.unit)
            else:
                self._pictures[key] = sprites.alert_badge(self.theme, self.unit)
        return self._pictures[key]
