import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

from gradstep.gui.canvas.primitives import draw_copies, draw_lines, draw_rects


def painted(draw):
    pixmap = QPixmap(64, 64)
    pixmap.fill(Qt.GlobalColor.white)
    painter = QPainter(pixmap)
    try:
        painter.setPen(Qt.GlobalColor.red)
        painter.setBrush(Qt.GlobalColor.red)
        draw(painter)
    finally:
        painter.end()
    return pixmap.toImage()


def reds(image):
    return {(x, y) for x in range(64) for y in range(64) if image.pixelColor(x, y) == QColor("red")}


def test_rows_are_drawn_as_lines(qapp):
    image = painted(lambda painter: draw_lines(painter, np.array([[3.0, 5.0, 10.0, 5.0], [20.0, 8.0, 20.0, 12.0]])))
    assert reds(image) == {(x, 5) for x in range(3, 11)} | {(20, y) for y in range(8, 13)}


def test_rows_are_drawn_as_rectangles(qapp):
    def draw(painter):
        painter.setPen(Qt.PenStyle.NoPen)
        draw_rects(painter, np.array([[2.0, 3.0, 4.0, 5.0]]))

    assert reds(painted(draw)) == {(x, y) for x in range(2, 6) for y in range(3, 8)}


def test_a_pixmap_is_copied_around_each_centre(qapp):
    dot = QPixmap(3, 3)
    dot.fill(Qt.GlobalColor.red)
    image = painted(lambda painter: draw_copies(painter, dot, np.array([[10.5, 10.5], [40.5, 20.5]])))
    assert reds(image) == {(x, y) for a, b in ((10, 10), (40, 20)) for x in range(a - 1, a + 2) for y in range(b - 1, b + 2)}


def test_no_rows_draw_nothing_and_many_rows_fit(qapp):
    assert reds(painted(lambda painter: draw_lines(painter, np.zeros((0, 4))))) == set()
    image = painted(lambda painter: draw_lines(painter, np.tile([0.0, 63.0, 63.0, 63.0], (70_000, 1))))
    assert len(reds(image)) == 64


def test_buffers_of_different_kinds_do_not_disturb_one_another(qapp):
    """A freed buffer at a recycled address would give a wrapper of the wrong type."""
    dot = QPixmap(1, 1)

    def draw(painter):
        for count in (1, 2000, 3, 5000, 1):
            draw_lines(painter, np.zeros((count, 4)))
            draw_rects(painter, np.zeros((count, 4)))
            draw_copies(painter, dot, np.zeros((count, 2)))

    painted(draw)
