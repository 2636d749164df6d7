"""The graph as a picture: PNG, or SVG and PDF with lines and text that stay sharp."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMarginsF, QPoint, QRect, QSize
from PySide6.QtGui import QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget


def export_canvas(canvas: QWidget, file: Path) -> None:
    """Save what the canvas shows; the suffix of ``file`` chooses the form.

    Raises OSError where the file cannot be written, ValueError for another suffix.
    """
    size = canvas.size()
    match file.suffix.lower():
        case ".png":
            if not canvas.grab().save(str(file)):
                raise OSError(f"{file} cannot be written")
        case ".svg":
            generator = QSvgGenerator()
            generator.setFileName(str(file))
            generator.setSize(size)
            generator.setViewBox(QRect(QPoint(0, 0), size))
            generator.setTitle("gradstep")
            _render(canvas, generator, file)
        case ".pdf":
            writer = QPdfWriter(str(file))
            writer.setResolution(96)
            writer.setPageSize(QPageSize(QSize(round(size.width() * 0.75), round(size.height() * 0.75))))
            writer.setPageMargins(QMarginsF(0, 0, 0, 0))
            _render(canvas, writer, file)
        case other:
            raise ValueError(f"{other or 'no suffix'}: a picture is saved as .png, .svg or .pdf")


def _render(canvas: QWidget, device: QSvgGenerator | QPdfWriter, file: Path) -> None:
    painter = QPainter()
    if not painter.begin(device):
        raise OSError(f"{file} cannot be written")
    try:
        canvas.render(painter, QPoint(0, 0))
    finally:
        painter.end()
