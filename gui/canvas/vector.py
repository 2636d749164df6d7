"""Paints a graph for devices that keep lines and text: what a picture of the screen is to pixels, this is to SVG and PDF."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QPainter

from ..theme import current
from ..theme.tokens import Theme
from .camera import Camera
from .dress import Dress
from .marks import Marks
from .overlay import Overlay, Pointed
from .painter import TEXT_ALL, ScenePainter
from .scene import Scene
from .strokes import as_strokes

MARGIN = 24.0  # world px around a whole graph
LONGEST = 14_000  # px: what other programs still open as one page


class Vector:
    """What a canvas shows, or all of its graph, with the size in px that it takes. A whole graph is painted at a scale at which
    all texts are there, smaller only where it would be longer than ``LONGEST``."""

    def __init__(
        self, scene: Scene, marks: Marks, camera: Camera, pointed: Pointed,
        *, whole: bool, theme: Theme | None = None, dress: Dress | None = None,
    ) -> None:  # fmt: skip
        self._scene, self._marks, self._theme = scene, marks, theme if theme is not None else current()
        self._dress = dress if dress is not None else Dress(scene)  # the colours by a fact, as on the screen
        self._pointed = Pointed() if whole else pointed
        if whole:
            bounds = QRectF(*scene.bounds).adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
            self._scale = min(1.0, LONGEST / max(bounds.width(), bounds.height(), 1.0))
            corner = QPoint(round(bounds.left() * self._scale), round(bounds.top() * self._scale))
            self._view = QRect(corner, QSize(max(1, round(bounds.width() * self._scale)), max(1, round(bounds.height() * self._scale))))
        else:
            self._scale = camera.scale
            corner = QPoint(round(camera.corner.x() / camera.ratio), round(camera.corner.y() / camera.ratio))
            self._view = QRect(corner, camera.size)

    @property
    def size(self) -> QSize:
        """In px."""
        return self._view.size()

    @property
    def is_legible(self) -> bool:
        """Whether all texts are there."""
        return self._scale >= TEXT_ALL

    def paint(self, painter: QPainter) -> None:
        """All of it, from (0, 0) on."""
        with as_strokes():
            own = ScenePainter(self._scene, self._marks, self._theme, self._dress)
            own.rescale(self._scale, 1.0)
            painter.save()
            painter.setClipRect(QRect(QPoint(0, 0), self.size))
            painter.translate(-self._view.topLeft())
            own.paint(painter, self._view)
            Overlay(own, self._pointed, self._view).paint(painter, QRectF(self._view))
            painter.restore()
