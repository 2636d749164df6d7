"""Paints any rectangle of a scene at any scale, always the same pixels for the same place.

Coordinates are device pixels of the scaled world ("scaled px": world px times ``unit``), so that scrolling moves whole
pixels and a strip painted alone fits what was painted before. What depends on the view (selection, hover, the running
node) is not painted here but over the retained picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property, reduce
from operator import itemgetter

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from ..categories import CATEGORIES
from ..theme.tokens import Theme, mix
from . import group_sprites, sprites
from .dress import Dress
from .ground import TITLE, Ground, put_titles
from .index import BoxIndex
from .ink import BAD, DIM, FORWARD, LINKED, PASSED, THIN, WAITING, ZERO, NormScale, edge_inks, flat_colours
from .lines import Line, line_through
from .marks import Bytes, Marks
from .overview import SHORT, Overview
from .plan import GROUP_LEAD, PILLS
from .primitives import draw_lines, draw_rects
from .routes import Floats, Ints, Segments
from .scene import DATA, GRADIENT, LINK, Scene
from .status import ALERT, Look
from .strokes import Picture, put_at, put_copies

TEXT_ALL, TEXT_ONE, BOXES, OVERVIEW = 0.56, 0.3, 0.3, 0.12  # scales from which on a level of detail is drawn
HEADS = 0.35  # and arrow heads
HEAD = 20.0  # world px from the tip of one to all of it, at most
OVERVIEW_NODES = 3000
ROUGH = 0.22  # no antialiasing of edges up to this scale
MANY_STYLES = 150  # different boxes: while they move out of the one that held them, all of them are in view
WORDED = 12  # new pictures with words a frame of that
PICTURES = 4000  # that are handed on from scene to scene
LINES = 4000  # ways of edges that are kept
FEW, SOME = 24, 40  # boxes, and pieces of edges: so many are put one by one sooner than sorted as arrays
RUNNING, DONE = int(Look.RUNNING), int(Look.DONE)
REACH = 17.0  # world px that a node's badges and shadow may reach beyond its box
WIDEST_TITLE = 1200.0  # logical px
BADGES = 0.36  # and hooks, which hold a number, a little before TEXT_ALL


class ScenePainter:
    """One scene in one theme. ``unit`` and ``ratio`` (device pixels a world px and a logical px) are set by ``rescale``."""

    def __init__(self, scene: Scene, marks: Marks, theme: Theme, dress: Dress, before: ScenePainter | None = None) -> None:
        """``before`` painted the scene until now: its pictures of nodes still hold where theme and colours are the same."""
        self.scene, self.marks, self.theme, self.dress = scene, marks, theme, dress
        s = scene
        half_width, half_height = s.width / 2, s.height / 2
        self.nodes = BoxIndex(s.x - half_width, s.y - half_height, s.x + half_width, s.y + half_height)
        self._ground = Ground(scene, theme)
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
        self.hurries = False  # on the way from another scene: of what was not seen before only a few boxes get words
        self._worded = 0  # those that got them
        self.unit = self.ratio = self.scale = self.picture_unit = 0.0
        self._pictures: dict[object, Picture] = {}
        self._pens: dict[int, QPen] = {}
        self._shifts = np.zeros(0)  # by what an edge is drawn as: what brings the middle of an upright line to whole pixels
        self._lines: dict[int, Line] = {}
        if before is not None and before.theme is theme and before.dress.palette == dress.palette and len(before._pictures) < PICTURES:
            self._pictures, self.picture_unit = before._pictures, before.picture_unit
            self._set_scale(before.unit, before.ratio, before.scale)
        else:
            self.rescale(1.0, 1.0)

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

    def refresh_node(self, node: int) -> list[int]:
        """Takes the marks of one node and of its outgoing edges over. Returns those edges that are drawn as something else now."""
        states, drawn = self._up_to_date()
        states[node] = self.marks.look.item(node) + ALERT * self.marks.alert.item(node)
        edges = self.out_edges(node)
        inks = map(self._ink_of, edges.tolist()) if len(edges) <= FEW else self._inks_of(edges).tolist()
        changed = []
        for edge, ink in zip(edges.tolist(), inks, strict=True):
            if ink != drawn.item(edge):
                drawn[edge] = ink
                changed.append(edge)
        if self.overview.is_kept:
            boxes = self.boxes_of(node)
            self.overview.repaint(boxes, self.flat_colours(boxes))
        return changed

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

    @cached_property
    def has_steps(self) -> bool:
        """Whether there are backward nodes, which wait, run and are done; forward ops have all run."""
        return not bool(self.scene.forward.all())

    @property
    def norms(self) -> NormScale:
        """The scale of the colours of edges: that of the nodes, where these are coloured by the same fact."""
        return self.dress.norms or self.marks.scale

    def _inks_of(self, edges: Ints) -> Bytes:
        """An edge whose source is done shows the norm of what passed it."""
        s = self.scene
        ink = self._rest[edges].copy()
        flowed = self.marks.flowed(edges) & (s.kind[edges] == GRADIENT)
        if flowed.any():
            norms = self.marks.norms[edges[flowed]]
            by_norm = np.where(np.isinf(norms), BAD, self.norms.inks(norms))
            ink[flowed] = np.where(np.isnan(norms), PASSED, by_norm) + THIN * s.docked[edges[flowed]]
        return ink + np.uint8(DIM) * (self.dress.dim[s.source[edges]] | self.dress.dim[s.target[edges]])

    def _ink_of(self, edge: int) -> int:
        """The same for one edge."""
        s, marks, dim = self.scene, self.marks, self.dress.dim
        source, target = s.source.item(edge), s.target.item(edge)
        if marks.inner.folded.item(source) or marks.inner.folded.item(target):
            return int(self._inks_of(np.array([edge]))[0])
        ink = self._rest.item(edge)
        if s.kind.item(edge) == GRADIENT and marks.look.item(source) == DONE:
            norm = marks.norms.item(edge)
            ink = PASSED if norm != norm else BAD if norm == math.inf else self.norms.ink(norm)
            ink += THIN * s.docked.item(edge)
        return ink + DIM * (dim.item(source) or dim.item(target))

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
        if unit != self.unit or ratio != self.ratio:
            self._set_scale(unit, ratio, scale)

    def _set_scale(self, unit: float, ratio: float, scale: float) -> None:
        self.unit, self.ratio, self.scale = unit, ratio, scale
        self._lines.clear()
        self._pens.clear()
        self._shifts = np.zeros(max(self._inks) + 1)
        for kind, (_, width) in self._inks.items():
            self._shifts[kind] = 0.5 if round(self._width(width)) % 2 else 0.0

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
        """Where an edge is seen, as wide as it is ever drawn, in scaled px."""
        return self.line_of(edge).rect

    def line_of(self, edge: int) -> Line:
        """The way of an edge."""
        line = self._lines.get(edge)
        if line is None:
            if len(self._lines) >= LINES:
                self._lines.clear()
            rows = self.edge_rows(edge)
            line = line_through(rows, 4 * self.ratio + 6 * self.unit, self.scene.kind[edge] == LINK)
            titles = () if self.far else self._ground.titles_on(rows, self.unit, self.ratio, self._pictures)
            if titles:
                rect = reduce(QRect.united, (place.toAlignedRect() for place, _ in titles), line.rect)
                line = line._replace(titles=tuple(titles), rect=rect)
            self._lines[edge] = line
        return line

    def rects_of(self, node: int, edges: Iterable[int]) -> list[QRect]:
        """Where a node is seen, with what stands out of its boxes, and where these edges are."""
        rects = [self.node_rect(box, REACH) for box in self.boxes_of(node).tolist()]
        return rects if self.far else rects + [self.edge_rect(edge) for edge in edges]

    def edges_near(self, node: int, area: QRect) -> list[int]:
        """Those of a node's edges that may be seen in an area in scaled px, with the titles above them."""
        edges = self.edges_of(node)
        counts = self._last[edges] + 1 - self._first[edges]
        edges, counts = edges[counts > 0], counts[counts > 0]
        if len(edges) < FEW:
            return edges.tolist()  # type: ignore[no-any-return]
        ends = np.cumsum(counts)
        rows = self.scene.fine.rows[np.repeat(self._first[edges] - (ends - counts), counts) + np.arange(ends[-1])]
        low = np.minimum.reduceat(np.minimum(rows[:, :2], rows[:, 2:]), ends - counts) * self.unit
        high = np.maximum.reduceat(np.maximum(rows[:, :2], rows[:, 2:]), ends - counts) * self.unit
        beyond = np.array([WIDEST_TITLE * self.ratio, TITLE * self.unit]) + 4 * self.ratio + 6 * self.unit
        corner, end = np.array([area.left(), area.top()]), np.array([area.right(), area.bottom()])
        near = (low <= end + beyond) & (high >= corner - beyond)
        return edges[near.all(axis=1)].tolist()  # type: ignore[no-any-return]

    def edge_rows(self, edge: int) -> Floats:
        """The segments of an edge in scaled px."""
        return self.scene.fine.rows[self._first[edge] : self._last[edge] + 1] * self.unit

    def segments_near(self, x: float, y: float, reach: float) -> Ints:
        """The fine segments within a reach of a place, all in world px."""
        return self.scene.fine.index.query(x - reach, y - reach, x + reach, y + reach)

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
        groups = self._ground.paint(painter, region, view, u, self.ratio, self._pictures)
        self._paint_edges(painter, view)
        self._ground.paint_titles(painter, region, groups, u, self.ratio, self._pictures)
        self._paint_nodes(painter, view)

    def pick_title(self, x: float, y: float) -> int:
        """The open group whose title is at a place in scaled px, or -1."""
        return self._ground.pick_title(x, y, self.unit, self.ratio)

    def paint_titles_on(self, painter: QPainter, rows: Floats) -> None:
        """Paint the titles that lines cross once more: above them. A row a line, from where to where, in scaled px."""
        if not self.far:
            put_titles(painter, self._ground.titles_on(rows, self.unit, self.ratio, self._pictures))

    def on_chevron(self, box: int, x: float) -> bool:
        """Whether a place in scaled px is at the chevron of a folded group."""
        s = self.scene
        return bool(self.marks.inner.folded[s.node[box]]) and x < (float(s.x[box]) - float(s.width[box]) / 2 + GROUP_LEAD) * self.unit

    def _paint_edges(self, painter: QPainter, view: tuple[float, float, float, float]) -> None:
        s, u = self.scene, self.unit
        segments = s.fine if self.scale >= TEXT_ONE else s.coarse
        margin = 8 / u * self.ratio + 8
        found = segments.index.query(view[0] - margin, view[1] - margin, view[2] + margin, view[3] + margin)
        if len(found) <= SOME and self.scale > ROUGH:
            self._paint_few_edges(painter, segments, found, view)
            return
        edge = segments.edge[found]
        ink = self.edge_ink[edge]
        rows = segments.rows[found] * u
        if self.scale < OVERVIEW:
            rows, edge, ink = (part[np.abs(rows[:, 2:] - rows[:, :2]).max(axis=1) >= SHORT] for part in (rows, edge, ink))
        if self.scale <= ROUGH:  # not antialiased: from pixel to pixel
            rows = np.floor(rows) + 0.5
        upright = s.upright[edge]
        if upright.any():  # on whole pixels
            rows[upright, ::2] = (np.floor(rows[upright, ::2].sum(axis=1) / 2) + self._shifts[ink[upright]])[:, None]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self.scale > ROUGH)
        kinds = np.flatnonzero(np.bincount(ink)).tolist()
        for kind in kinds:
            painter.setPen(self._pen(kind))
            draw_lines(painter, rows[ink == kind] if len(kinds) > 1 else rows)
        if self.scale >= HEADS:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            edges = edge[np.flatnonzero(np.diff(edge, prepend=-1))]
            self._paint_arrows(painter, edges[self._heads[edges] > 0], view)

    def _paint_few_edges(self, painter: QPainter, segments: Segments, found: Ints, view: tuple[float, float, float, float]) -> None:
        """The same one by one: a call of numpy costs what three of them cost."""
        u, inks, upright, drawn = self.unit, self.edge_ink, self.scene.upright, []
        if not (edges := segments.edge[found].tolist()):
            return
        for edge, (x1, y1, x2, y2) in zip(edges, segments.rows[found].tolist(), strict=True):
            ink = inks.item(edge)
            x1, x2 = x1 * u, x2 * u
            if upright.item(edge):
                x1 = x2 = math.floor((x1 + x2) / 2) + self._shifts.item(ink)
            drawn.append((ink, QLineF(x1, y1 * u, x2, y2 * u)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        drawn.sort(key=itemgetter(0))
        pen = -1
        for ink, line in drawn:
            if ink != pen:
                painter.setPen(self._pen(ink))
                pen = ink
            painter.drawLine(line)
        if self.scale >= HEADS:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            self._paint_few_arrows(painter, dict.fromkeys(edges), view)

    def _width(self, width: float) -> float:
        """Of an edge's line, in device px."""
        return max(width * min(1.3 * self.unit, max(self.unit, 0.6 * self.ratio)), 1.0) if self.scale >= TEXT_ONE else 1.0

    def _pen(self, kind: int) -> QPen:
        """The pen for what an edge is drawn as, at this scale."""
        pen = self._pens.get(kind)
        if pen is None:
            colour, width = self._inks[kind]
            pen = self._pens[kind] = QPen(colour, self._width(width))
            pen.setCapStyle(Qt.PenCapStyle.FlatCap if self.scale < 0.5 else Qt.PenCapStyle.SquareCap)
            if kind % THIN == ZERO and self.scale >= TEXT_ONE:
                pen.setDashPattern([2.0, 3.0])
        return pen

    @cached_property
    def _heads(self) -> Bytes:
        """Of each edge what its arrow head is: 0 for none, else 4 and 2 for an open one, 1 for one that points up."""
        s = self.scene
        return np.where(np.isnan(s.arrows[:, 0]), 0, 4 + 2 * (s.kind == DATA) + (s.arrows[:, 2] < 0)).astype(np.uint8)

    def _paint_arrows(self, painter: QPainter, edges: Ints, view: tuple[float, float, float, float]) -> None:
        s, u = self.scene, self.unit
        tips = s.arrows[edges, :2]
        near = ((tips >= [view[0] - HEAD, view[1] - HEAD]) & (tips <= [view[2] + HEAD, view[3] + HEAD])).all(axis=1)
        edges = edges[near]
        look = self.edge_ink[edges].astype(np.int64) * 4 + self._heads[edges] % 4
        for key in np.unique(look).tolist():
            mine = edges[look == key]
            picture = self._arrow(key // 4, bool(key & 2), bool(key & 1))
            x = np.floor(s.arrows[mine, 0] * u) + 0.5
            y = np.round(s.arrows[mine, 1] * u) - s.arrows[mine, 2] * picture.height() / 2
            put_copies(painter, picture, np.stack([x, y], axis=1))

    def _paint_few_arrows(self, painter: QPainter, edges: Iterable[int], view: tuple[float, float, float, float]) -> None:
        arrows, u, seen = self.scene.arrows, self.unit, []
        left, top, right, bottom = view[0] - HEAD, view[1] - HEAD, view[2] + HEAD, view[3] + HEAD
        for edge in edges:
            if head := self._heads.item(edge):
                x, y, down = arrows[edge].tolist()
                if left <= x <= right and top <= y <= bottom:
                    seen.append((self.edge_ink.item(edge) * 4 + head % 4, x, y, down))
        seen.sort(key=itemgetter(0))
        for key, x, y, down in seen:
            picture = self._arrow(key // 4, bool(key & 2), bool(key & 1))
            wide, tall = picture.width(), picture.height()
            put_at(painter, math.floor(x * u) + 0.5 - wide / 2, round(y * u) - down * tall / 2 - tall / 2, picture)

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
        if len(found) <= FEW and u == self.picture_unit:
            self._paint_few_nodes(painter, found)
            return
        nodes = s.node[found]
        states = self.states[nodes]
        still = states % ALERT != RUNNING  # running nodes and their glow are the overlay's
        if not still.all():
            found, nodes, states = found[still], nodes[still], states[still]
        if not len(found):
            return
        stretch = u / self.picture_unit
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, stretch != 1.0)
        key = (s.style[found] * (2 * ALERT) + states) * self.dress.count + self.dress.code[nodes]
        order = np.argsort(key, kind="stable")
        starts = np.flatnonzero(np.diff(key[order], prepend=-1))
        for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(order)], strict=True):
            mine = found[order[start:end]]
            look, code = divmod(int(key[order[start]]), self.dress.count)
            picture = self.picture(int(s.style[mine[0]]), look % (2 * ALERT), code)
            put_copies(painter, picture, self._picture_centres(mine, picture, stretch), stretch)
        if self.scale >= BADGES:
            self._paint_badges(painter, found)

    def _paint_few_nodes(self, painter: QPainter, found: Ints) -> None:
        """The same one by one, where pictures are as large as they are painted."""
        s, states, codes, marks = self.scene, self.states, self.dress.code, self.marks
        boxes = []
        for box in found.tolist():
            node = s.node.item(box)
            state = states.item(node)
            if state % ALERT != RUNNING:
                boxes.append((s.style.item(box), state, codes.item(node), box, node))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        for style, state, code, box, _ in sorted(boxes):
            picture = self.picture(style, state, code)
            put_at(painter, *self.picture_corner(box, picture), picture)
        if self.scale >= BADGES:
            for _, _, _, box, node in boxes:
                if s.hooks.item(node) or marks.alert.item(node) or marks.inner.folded.item(node) or node in marks.breakpoints:
                    self.paint_badges(painter, box)

    def picture(self, style: int, state: int, code: int = 0) -> Picture:
        drawn = self.scene.styles[style]
        key = (drawn, state, code)
        wordless = self.hurries and key not in self._pictures and self._worded >= WORDED
        if wordless:
            drawn = drawn._replace(label="", detail="", note="")
            key = (drawn, state, code)
        if key not in self._pictures:
            self._worded += 1
            unit = self.picture_unit
            ink = self.dress.ink(self.theme, drawn.category, state, code)
            level = 0 if wordless else self._level(unit)
            self._pictures[key] = sprites.node_sprite(self.theme, drawn, state, unit, level, ink)
        return self._pictures[key]

    def picture_corner(self, box: int, picture: Picture, stretch: float = 1.0) -> tuple[float, float]:
        """Where a box's picture begins: on whole pixels."""
        s, u = self.scene, self.unit
        x, y = float(s.x[box]) * u - picture.width() * stretch / 2, float(s.y[box]) * u - picture.height() * stretch / 2
        return round(x + 0.5 * stretch), round(y + 0.5 * stretch)

    def _picture_centres(self, boxes: Ints, picture: Picture, stretch: float) -> Floats:
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
            if pill and s.width[box] < 1.5 * s.height[box]:  # a chip of one letter: others stand close at its right and above it
                x, y = left - 0.5 * picture.width(), bottom - 0.5 * picture.height()
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
