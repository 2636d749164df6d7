"""The graph as a picture: PNG of what is seen, or SVG and PDF with lines and text that stay sharp and can be selected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import networkx as nx
from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QPoint, QRect, QSize
from PySide6.QtGui import QPageSize, QPainter, QPdfWriter, QPixmap
from PySide6.QtSvg import QSvgGenerator

from gradstep.engine.kept import whole as whole_file

from ..canvas import GraphCanvas, LayoutFunction
from ..canvas.camera import Camera
from ..canvas.marks import Marks
from ..canvas.overlay import Pointed
from ..canvas.scene import arrange
from ..canvas.sprites import measure
from ..canvas.vector import Vector

RESOLUTION = 96  # px an inch: one px of the picture is one of the screen
_POINTS = 72 / RESOLUTION
LARGEST = 16_384  # px: of the longer side of a PNG of a whole graph


def export_graph(graph: nx.DiGraph, file: Path, layout: LayoutFunction) -> None:
    """Save a graph of a tape as nobody has looked at it yet: no node has run. Needs an application.

    Raises OSError where the file cannot be written, ValueError for another suffix and for an empty graph.
    """
    if not len(graph):
        raise ValueError("the graph is empty")
    scene = arrange(graph, measure(), layout)
    _save(Vector(scene, Marks(scene), Camera(), Pointed(), whole=True), file)


def export_canvas(canvas: GraphCanvas, file: Path, *, whole: bool = False) -> None:
    """Save what the canvas shows, or the ``whole`` graph; the suffix of ``file`` chooses the form. The file is there when all of
    it is written.

    Raises OSError where the file cannot be written, ValueError for another suffix and where there is no graph.
    """
    drawn = canvas.drawn
    if drawn is None:
        raise ValueError("there is no graph to save yet")
    if file.suffix.lower() == ".png" and not whole:
        buffer = _buffer()
        canvas.grab().save(buffer, "PNG")
        _write(buffer, file)
    else:
        _save(Vector(*drawn, whole=whole, dress=canvas.reading.dress), file)


def _save(vector: Vector, file: Path) -> None:
    painted = _FORMS.get(file.suffix.lower())
    if painted is None:
        raise ValueError(f"{file.suffix or 'no suffix'}: a picture is saved as .png, .svg or .pdf")
    buffer = _buffer()
    painted(vector, buffer)
    _write(buffer, file)


def _buffer() -> QBuffer:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return buffer


def _write(buffer: QBuffer, file: Path) -> None:
    with whole_file(file, "wb") as stream:
        stream.write(buffer.data().data())


def _png(vector: Vector, buffer: QBuffer) -> None:
    size = vector.size
    share = min(1.0, LARGEST / max(size.width(), size.height()))
    pixmap = QPixmap(QSize(max(1, round(size.width() * share)), max(1, round(size.height() * share))))
    painter = QPainter(pixmap)
    try:
        painter.scale(share, share)
        vector.paint(painter)
    finally:
        painter.end()
    pixmap.save(buffer, "PNG")


def _svg(vector: Vector, buffer: QBuffer) -> None:
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(RESOLUTION)
    generator.setSize(vector.size)
    generator.setViewBox(QRect(QPoint(0, 0), vector.size))
    generator.setTitle("gradstep")
    painter = QPainter(generator)
    try:
        vector.paint(painter)
    finally:
        painter.end()


def _pdf(vector: Vector, buffer: QBuffer) -> None:
    writer = QPdfWriter(buffer)
    writer.setResolution(RESOLUTION)
    writer.setTitle("gradstep")
    writer.setPageSize(QPageSize(QSize(round(vector.size.width() * _POINTS), round(vector.size.height() * _POINTS))))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    painter = QPainter(writer)
    try:
        vector.paint(painter)
    finally:
        painter.end()


_FORMS: dict[str, Callable[[Vector, QBuffer], None]] = {".png": _png, ".svg": _svg, ".pdf": _pdf}
