"""The icons, drawn for gradstep on a grid of 24 by 24, one SVG file each, and the engine that paints them.

A file says ``currentColor`` and nothing else about colour: it is painted in the colour of the theme in effect at the moment
of painting, as vectors, so it follows a change of theme without being set again and is crisp at every device pixel ratio.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from ..tokens import LIGHT, Theme, mix

ICONS: frozenset[str] = frozenset(file.stem for file in Path(__file__).parent.glob("*.svg"))

_theme: list[Theme] = [LIGHT]


def set_icon_theme(theme: Theme) -> None:
    """Icons are painted for this theme from now on; ``style.apply`` calls it."""
    _theme[:] = [theme]


def icon(name: str, token: str = "text") -> QIcon:
    """The icon of that name (KeyError names an unknown one) in the colour of a token of the theme in effect."""
    if name not in ICONS:
        raise KeyError(f"no icon {name!r}; there are {', '.join(sorted(ICONS))}")
    return QIcon(_ThemedEngine(name, token))


def paint_icon(painter: QPainter, name: str, target: QRectF, colour: QColor, stroke: float = 2.0) -> None:
    """Draw an icon into a square. ``stroke`` is the line width on the grid of 24; use more at very small sizes."""
    _renderer(name, colour.name(), stroke).render(painter, target)


@lru_cache(maxsize=512)
def _renderer(name: str, colour: str, stroke: float) -> QSvgRenderer:
    text = (Path(__file__).parent / f"{name}.svg").read_text(encoding="utf-8")
    text = text.replace("currentColor", colour).replace('stroke-width="2"', f'stroke-width="{stroke}"')
    return QSvgRenderer(QByteArray(text.encode()))


class _ThemedEngine(QIconEngine):
    """Asks for its colour when it paints, so that one QIcon serves every theme and every pixel ratio."""

    def __init__(self, name: str, token: str) -> None:
        super().__init__()
        self._name = name
        self._token = token

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        theme = _theme[0]
        colour: QColor = getattr(theme, self._token)
        if mode == QIcon.Mode.Disabled:
            colour = mix(theme.panel, theme.dim, 0.5)
        side = min(rect.width(), rect.height())
        target = QRectF(rect.x() + (rect.width() - side) / 2, rect.y() + (rect.height() - side) / 2, side, side)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_icon(painter, self._name, target, colour)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)  # in device pixels: the base class's scaledPixmap() has multiplied, and Qt sets the ratio
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        try:
            self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        finally:
            painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _ThemedEngine(self._name, self._token)
