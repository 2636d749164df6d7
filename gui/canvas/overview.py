"""The whole scene as a picture made by numpy: for scales at which a node is a speck, and for the mini map.

At such scales 100,000 rectangles would cost the painter 50 ms a frame; here they cost that once an octave of scale, and
a node that changes costs a few pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from ..theme.tokens import Theme, mix
from .routes import Ints
from .scene import Scene

Colours = npt.NDArray[np.uint32]
_PIXELS = 12_000_000  # a picture has at most so many; what needs more is near enough for boxes to be painted one by one
_FEW = 5_000  # boxes that are painted quickly one by one
_VIEW = (1600, 1000)  # px of a usual view
_KEPT = 2  # pictures at a time
SHORT = 1.2  # px; shorter pieces of edges lie under the boxes
_LONGEST = 4096  # px of an edge that are drawn; longer ones only at their ends


@dataclass(slots=True)
class Raster:
    """Pixels of the scene at a scale, and where each box is in them."""

    scale: float
    pixels: Colours  # height, width
    image: QImage
    left: Ints
    top: Ints
    width: Ints
    height: Ints

    def repaint(self, boxes: Ints, colours: Colours) -> None:
        for box, colour in zip(boxes.tolist(), colours.tolist(), strict=True):
            x, y = int(self.left[box]), int(self.top[box])
            self.pixels[y : y + int(self.height[box]), x : x + int(self.width[box])] = colour


def raster(scene: Scene, theme: Theme, colours: Colours, scale: float, smallest: int = 1, most: int = _PIXELS) -> Raster:
    """Groups, edges and boxes (``colours`` a box, none smaller than ``smallest`` px) at ``scale`` px a world px, or at as many as fit
    into ``most`` pixels."""
    left, top, wide, tall = scene.bounds
    if wide * tall * scale * scale > most:
        scale = math.sqrt(most / (wide * tall))
    width, height = max(1, math.ceil(wide * scale) + 1), max(1, math.ceil(tall * scale) + 1)
    pixels = np.full((height, width), theme.canvas.rgba(), np.uint32)
    _fill_groups(pixels, scene, theme, left, top, scale)
    _draw_edges(pixels, scene, mix(theme.canvas, theme.edge, 0.7).rgba(), left, top, scale)
    x = np.clip(((scene.x - scene.width / 2 - left) * scale).astype(np.int64), 0, width - 1)
    y = np.clip(((scene.y - scene.height / 2 - top) * scale).astype(np.int64), 0, height - 1)
    w = np.clip(np.round(scene.width * scale).astype(np.int64), smallest, width - x)
    h = np.clip(np.round(scene.height * scale).astype(np.int64), smallest, height - y)
    for dy in range(int(h.max(initial=0))):
        for dx in range(int(w.max(initial=0))):
            inside = (dx < w) & (dy < h)
            pixels[y[inside] + dy, x[inside] + dx] = colours[inside]
    image = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)
    return Raster(scale, pixels, image, x, y, w, h)


def _fill_groups(pixels: Colours, scene: Scene, theme: Theme, left: float, top: float, scale: float) -> None:
    rows, depth = scene.groups.rows, scene.groups.depth
    seen = np.flatnonzero((depth <= 1) & (rows[:, 2] * scale > 2) & (rows[:, 3] * scale > 2))
    rows, depth = rows[seen], depth[seen]
    corner = np.array([left, top])
    edges = np.round(np.concatenate([rows[:, :2] - corner, rows[:, :2] + rows[:, 2:] - corner], axis=1) * scale)
    border = theme.group_border.rgba()
    for level, (x1, y1, x2, y2) in zip(depth.tolist(), edges.astype(np.int64).tolist(), strict=True):
        if x2 - x1 < 3 or y2 - y1 < 3:
            continue
        pixels[y1:y2, x1:x2] = border
        pixels[y1 + 1 : y2 - 1, x1 + 1 : x2 - 1] = theme.group_fills[min(level, len(theme.group_fills) - 1)].rgba()


def _draw_edges(pixels: Colours, scene: Scene, colour: int, left: float, top: float, scale: float) -> None:
    rows = ((scene.coarse.rows - np.array([left, top, left, top])) * scale).astype(np.float32)
    length = np.maximum(np.abs(rows[:, 2] - rows[:, 0]), np.abs(rows[:, 3] - rows[:, 1]))
    rows, length = rows[length >= SHORT], length[length >= SHORT]
    if not len(rows):
        return
    count = np.clip(length.astype(np.int32) + 1, 1, _LONGEST)
    starts = np.cumsum(count) - count
    share = (np.arange(int(count.sum()), dtype=np.int32) - np.repeat(starts, count)) / np.repeat(length, count)
    x, y = (np.repeat(rows[:, axis], count) + np.repeat(rows[:, axis + 2] - rows[:, axis], count) * share for axis in (0, 1))
    height, width = pixels.shape
    pixels[np.clip(y.astype(np.int32), 0, height - 1), np.clip(x.astype(np.int32), 0, width - 1)] = colour


def _finest(scene: Scene) -> float:
    """The scale from which on so few boxes are in a view that they are better painted one by one."""
    _, _, wide, tall = scene.bounds
    crowd = len(scene.x) / _FEW
    by_area = math.sqrt(crowd * _VIEW[0] * _VIEW[1] / (wide * tall))
    narrow, low = crowd * _VIEW[1] / tall, crowd * _VIEW[0] / wide  # all of its width, or of its height, is seen
    scale = narrow if by_area * wide < _VIEW[0] else low if by_area * tall < _VIEW[1] else by_area
    return min(scale, math.sqrt(_PIXELS / (wide * tall)))


class Overview:
    """Pictures of the whole scene, one an octave of scale up to ``finest`` px a world px, made when first needed."""

    def __init__(self, scene: Scene, theme: Theme) -> None:
        self._scene, self._theme = scene, theme
        self._rasters: dict[int, Raster] = {}
        self.finest = _finest(scene)

    def forget(self) -> None:
        self._rasters.clear()

    @property
    def is_kept(self) -> bool:
        """Whether there is a picture that must be kept up to date."""
        return bool(self._rasters)

    def repaint(self, boxes: Ints, colours: Colours) -> None:
        for picture in self._rasters.values():
            picture.repaint(boxes, colours)

    def paint(self, painter: QPainter, unit: float, colours: Callable[[], Colours]) -> None:
        """Paints all, in scaled px, from the picture that is at least as fine; the painter is clipped to what is wanted."""
        octave = max(0, math.floor(math.log2(self.finest / unit)))
        if octave not in self._rasters:
            while len(self._rasters) >= _KEPT:
                del self._rasters[next(iter(self._rasters))]
            self._rasters[octave] = raster(self._scene, self._theme, colours(), self.finest / 2**octave)
        picture = self._rasters[octave]
        left, top, _, _ = self._scene.bounds
        stretch = unit / picture.scale
        # the whole picture, cut by the painter's clip: a part of it would be filtered differently at its rim
        target = QRectF(left * unit, top * unit, picture.image.width() * stretch, picture.image.height() * stretch)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(target, picture.image)
