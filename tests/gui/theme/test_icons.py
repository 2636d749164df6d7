import pytest
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from gradstep.gui.theme import DARK, ICONS, LIGHT, apply, icon, paint_icon


def strongest(image: QImage) -> QColor:
    """The colour of the most opaque pixel."""
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return max(pixels, key=lambda colour: colour.alpha())


@pytest.mark.parametrize("name", sorted(ICONS))
def test_every_icon_draws_something_inside_its_square(qapp, name: str):
    image = QImage(72, 72, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    try:
        paint_icon(painter, name, QRectF(12, 12, 48, 48), QColor("#123456"))
    finally:
        painter.end()
    inked = [(x, y) for x in range(72) for y in range(72) if image.pixelColor(x, y).alpha() > 0]
    assert len(inked) > 60
    assert all(10 <= x < 62 and 10 <= y < 62 for x, y in inked)
    assert strongest(image).name() == "#123456"


def test_an_icon_follows_the_theme_without_being_made_again(qapp):
    apply(qapp, LIGHT)
    play = icon("play")
    light = strongest(play.pixmap(QSize(24, 24), 1.0).toImage())
    apply(qapp, DARK)
    dark = strongest(play.pixmap(QSize(24, 24), 1.0).toImage())
    assert light.name() == LIGHT.text.name()
    assert dark.name() == DARK.text.name()


def test_a_disabled_icon_is_paler(qapp):
    apply(qapp, LIGHT)
    off = strongest(icon("play").pixmap(QSize(24, 24), 1.0, QIcon.Mode.Disabled).toImage())
    assert off.lightnessF() > LIGHT.text.lightnessF() + 0.2


def test_an_icon_has_as_many_pixels_as_the_screen(qapp):
    apply(qapp, LIGHT)
    pixmap = icon("search").pixmap(QSize(20, 20), 2.0)
    assert pixmap.size() == QSize(40, 40)
    assert pixmap.devicePixelRatio() == 2.0


def test_a_copied_icon_outlives_the_one_it_came_from(qapp):
    apply(qapp, LIGHT)
    copies = []
    for _ in range(200):
        original = icon("step")
        copies.append(QIcon(original))
        del original
    assert all(not copy.pixmap(QSize(16, 16), 1.0).isNull() for copy in copies)


def test_an_unknown_icon_is_named(qapp):
    with pytest.raises(KeyError, match="no icon 'ply'"):
        icon("ply")


def test_qt_can_draw_svg(qapp):
    assert QSvgRenderer(b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>').isValid()
