"""The two buttons that Qt puts into a dock's title, as large as the title's letters: Qt makes them and their signs ten pixels high."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QDockWidget

from .. import theme

_SIGN, _HIGH = 10, 20  # px, beside letters of the usual size
_SIGNS = {"qt_dockwidget_closebutton": "mark-close", "qt_dockwidget_floatbutton": "mark-float"}


class TitleButtons(QObject):
    """Makes those of one dock higher, and paints them while letters have another size than the usual one."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self._signs: dict[QObject, QSvgRenderer] = {}
        for name, sign in _SIGNS.items():
            button = dock.findChild(QAbstractButton, name)
            if button is not None:
                self._signs[button] = QSvgRenderer(theme.mark_file(sign), self)
                button.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Place and paint the button instead of Qt."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move) and isinstance(watched, QAbstractButton):
            rect, high = watched.geometry(), theme.scaled(_HIGH)
            if rect.height() != high:
                watched.setGeometry(rect.x(), rect.y() + (rect.height() - high) // 2, rect.width(), high)
        sign = self._signs.get(watched)
        if event.type() is not QEvent.Type.Paint or sign is None or not isinstance(watched, QAbstractButton) or theme.scale() == 1.0:
            return False
        painter = QPainter(watched)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if watched.underMouse() and watched.isEnabled():
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.mix(theme.current().raised, theme.current().text, 0.06))
                painter.drawRoundedRect(QRectF(watched.rect()), 4, 4)
            side = theme.scaled(_SIGN)
            middle = QRectF(watched.rect()).center()
            sign.render(painter, QRectF(middle.x() - side / 2, middle.y() - side / 2, side, side))
        finally:
            painter.end()
        return True
