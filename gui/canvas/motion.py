"""Moves a camera to a place over a moment, or at once where the system or the user wants no motion."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEasingCurve, QObject, QPoint, QPointF, QRect, QRectF, QSize, QVariantAnimation, Signal, Slot
from PySide6.QtWidgets import QStyle, QWidget

from ..theme.motion import is_calm
from .camera import MARGIN, Camera
from .scene import Rect

LONGEST = 220  # ms
_CALM = 70  # logical px from the border: what is farther inside is well in sight


def duration(widget: QWidget) -> int:
    """How many ms a movement may take; 0 where the style or the user wants none."""
    return 0 if is_calm() else widget.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, widget)


class Flight(QObject):
    """The flight of one camera. A new one takes over from the one that is under way."""

    moved = Signal()  # the camera looks elsewhere

    def __init__(self, camera: Camera, widget: QWidget) -> None:
        super().__init__(widget)
        self._camera, self._widget = camera, widget
        self._animation = QVariantAnimation(self)
        self._animation.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._animation.valueChanged.connect(self._arrive)

    @property
    def under_way(self) -> bool:
        return self._animation.state() == QVariantAnimation.State.Running

    @Slot()
    def stop(self) -> None:
        self._animation.stop()

    def gather(self, bounds: Rect) -> None:
        """Brings a whole drawing (``bounds`` in world px) to the middle if it fits into the view."""
        drawing, view, margin = self._scaled(bounds), self._camera.view.size(), MARGIN * self._camera.ratio
        if drawing.width() + 2 * margin <= view.width() and drawing.height() + 2 * margin <= view.height():
            self.stop()
            self._fly(drawing.center() - QPointF(view.width() / 2, view.height() / 2), at_once=False)

    def keep_in_sight(self, rect: QRect, bounds: Rect, panes: Sequence[QRect] = ()) -> None:
        """Brings a rectangle of the widget to the middle, unless it is well in sight already, or as near to it as the drawing
        (``bounds`` in world px) goes: its beginning is not shown under half a view of nothing. What stands behind a legend or the mini map
        (``panes``, in the widget) is not in sight. Who wishes for another place before this one
        is reached is there at once: steps in quick succession would else never be caught up with."""
        hurried = self.under_way
        self.stop()
        size = self._widget.size()
        room = QSize(min(_CALM, size.width() // 5), min(_CALM, size.height() // 5))
        well = QRect(QPoint(0, 0), size).adjusted(room.width(), room.height(), -room.width(), -room.height()).contains(rect)
        if well and not any(pane.intersects(rect) for pane in panes):
            return
        start = QPointF(self._camera.corner)
        view = self._camera.view.size()
        end = start + QPointF(rect.center()) * self._camera.ratio - QPointF(view.width() / 2, view.height() / 2)
        drawing, margin = self._scaled(bounds), MARGIN * self._camera.ratio
        # where the corner may be: a drawing that is smaller than the view stays in it as a whole
        across = sorted((drawing.left() - margin, drawing.right() + margin - view.width()))
        down = sorted((drawing.top() - margin, drawing.bottom() + margin - view.height()))
        end.setX(min(max(end.x(), across[0]), across[1]))
        middle = end.y()
        end.setY(min(max(end.y(), down[0]), down[1]))
        step = (start - end) / self._camera.ratio
        there = QRectF(rect).translated(step.x(), step.y())
        if any(QRectF(pane).intersects(there) for pane in panes):  # the end of a drawing may come up to the middle then
            end.setY(middle)
        self._fly(end, at_once=hurried)

    def _scaled(self, bounds: Rect) -> QRectF:
        return QRectF(*(side * self._camera.unit for side in bounds))

    def _fly(self, end: QPointF, *, at_once: bool) -> None:
        start = QPointF(self._camera.corner)
        if (end - start).manhattanLength() < 1:
            return
        time = duration(self._widget)
        if at_once or time <= 0 or not self._widget.isVisible():
            self._arrive(end)
            return
        self._animation.setDuration(min(time, LONGEST))
        self._animation.setStartValue(start)
        self._animation.setEndValue(end)
        self._animation.start()

    @Slot(object)
    def _arrive(self, corner: QPointF) -> None:
        self._camera.corner = QPoint(round(corner.x()), round(corner.y()))
        self.moved.emit()
