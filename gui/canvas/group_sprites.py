"""Pictures of groups: the texts of a folded one, its bar, and the title of an open one."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from ..theme.fonts import drawn_ui_font as ui_font
from ..theme.icons import paint_icon
from ..theme.tokens import Theme, faded, mix
from .ink import NodeInk
from .plan import GROUP_LEAD, Style, TextRole
from .strokes import Picture, blank

_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
BAR = 3.0  # world px, the height of the bar that says how much is done
BAR_SIDE, BAR_LOW = 12.0, 8.0  # from the sides and from the lower edge


def sheets(painter: QPainter, theme: Theme, ink: NodeInk, rect: QRectF, unit: float, radius: float, line: float) -> None:
    """The edges of two further sheets behind a group that repeats."""
    for sheet in (2, 1):
        shift = 3.0 * sheet * unit
        painter.setBrush(mix(ink.fill, theme.canvas, 0.25 * sheet))
        painter.setPen(QPen(mix(ink.border, theme.canvas, 0.2 * sheet), line))
        painter.drawRoundedRect(rect.adjusted(shift, shift, -shift, shift), radius, radius)


def group_texts(painter: QPainter, style: Style, ink: NodeInk, rect: QRectF, unit: float, faces: dict[TextRole, QFont]) -> None:
    """Chevron, name, repetitions and class above; what is inside below."""
    side, top = 13 * unit, rect.top() + 5 * unit
    height = 18 * unit
    paint_icon(painter, "chevron_right", QRectF(rect.left() + 9 * unit, top + (height - side) / 2, side, side), ink.text, 3.0)
    x = rect.left() + GROUP_LEAD * unit
    painter.setFont(faces[TextRole.LABEL])
    painter.setPen(ink.text)
    painter.drawText(QRectF(x, top, rect.width(), height), _LEFT, style.label)
    x += QFontMetricsF(faces[TextRole.LABEL]).horizontalAdvance(style.label) + 8 * unit
    if style.times > 1:
        text, metrics = f"\N{MULTIPLICATION SIGN}{style.times:,}", QFontMetricsF(faces[TextRole.CHIP])
        pill = QRectF(x, top + 2 * unit, metrics.horizontalAdvance(text) + 10 * unit, 14 * unit)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faded(ink.text, 0.14))
        painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
        painter.setFont(faces[TextRole.CHIP])
        painter.setPen(ink.text)
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
        x = pill.right() + 8 * unit
    painter.setFont(faces[TextRole.DETAIL])
    painter.setPen(ink.detail)
    if style.note:
        painter.drawText(QRectF(x, top, rect.width(), height), _LEFT, style.note)
    painter.drawText(QRectF(rect.left() + GROUP_LEAD * unit, top + height, rect.width(), 15 * unit), _LEFT, style.detail)


def paint_bar(painter: QPainter, theme: Theme, rect: QRectF, unit: float, share: float, running: bool) -> None:
    """How much of a folded group is done: a bar that grows, full where all is."""
    track = QRectF(
        round(rect.left() + BAR_SIDE * unit),
        round(rect.bottom() - BAR_LOW * unit),
        rect.width() - 2 * BAR_SIDE * unit,
        max(2.0, BAR * unit),
    )
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    ground = theme.on_accent if running else theme.pending_border
    painter.setBrush(faded(ground, 0.28 if running else 0.55))
    painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)
    if share > 0:
        done = QRectF(track)
        done.setWidth(max(track.height(), track.width() * share))
        painter.setBrush(ground if running else theme.ready)
        painter.drawRoundedRect(done, track.height() / 2, track.height() / 2)


def title_sprite(theme: Theme, title: str, count: int, size: float, ground: QColor) -> Picture:
    """An open group's title: a chevron, its name, the number of its nodes; on a ground that dims edges behind it."""
    font, small = ui_font(size, QFont.Weight.DemiBold), ui_font(max(7.0, size * 0.85))
    metrics, small_metrics = QFontMetricsF(font), QFontMetricsF(small)
    text, number = short_title(title), f"{count:,} node" if count == 1 else f"{count:,} nodes"
    lead = size * 1.5
    wide = metrics.horizontalAdvance(text)
    pixmap = blank(lead + wide + size * 1.2 + small_metrics.horizontalAdvance(number), int(metrics.height()) + 3)
    painter = QPainter(pixmap)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = size * 0.85
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faded(ground, 0.88))
        painter.drawRoundedRect(QRectF(pixmap.rect()), size * 0.35, size * 0.35)
        paint_icon(painter, "chevron_down", QRectF(size * 0.3, (metrics.height() - side) / 2 + 1, side, side), theme.group_text, 3.0)
        painter.setPen(theme.group_text)
        painter.setFont(font)
        painter.drawText(QPointF(lead, metrics.ascent() + 1), text)
        painter.setFont(small)
        painter.setPen(theme.faint)
        painter.drawText(QPointF(lead + wide + size * 0.7, metrics.ascent() + 1), number)
    finally:
        painter.end()
    return pixmap


def short_title(path: str) -> str:
    """The last name of a module's path, with the one before it where the last is only a number (``blocks.3``)."""
    parts = path.split(".")
    return ".".join(parts[-2:]) if parts[-1].isdigit() and len(parts) > 1 else parts[-1]
