"""What the mouse does on a canvas: drag the view or the mini map, press the path, click, hover, zoom."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QCursor, QMouseEvent, QWheelEvent

from .hud import Hud
from .reading import Reading
from .scene import Scene

_STILL = 4  # logical px that a press may move and be a click
_NOTCH = 1.18  # how much a notch of the wheel zooms


class Grip(Protocol):
    """What the mouse needs of a canvas. Places are the widget's."""

    reading: Reading

    @property
    def scene(self) -> Scene | None: ...
    def pan(self, dx: float, dy: float) -> None: ...
    def zoom_by(self, factor: float, about: QPointF) -> None: ...
    def look_at(self, x: float, y: float, zoom: float | None = None) -> None: ...
    def show_module(self, part: int) -> None: ...
    def hover(self, place: QPointF) -> int: ...
    def title_at(self, place: QPointF) -> object: ...
    def key_at(self, place: QPointF) -> object: ...
    def click(self, place: QPointF) -> None: ...
    def update(self, where: QRect, /) -> None: ...
    def setCursor(self, shape: QCursor | Qt.CursorShape, /) -> None: ...
    def unsetCursor(self) -> None: ...


class Mouse:
    """The mouse over one canvas, and what it holds."""

    def __init__(self, grip: Grip, hud: Hud) -> None:
        self._grip, self._hud = grip, hud
        self._pressed: QPointF | None = None
        self._moved = False
        self._holds = ""  # "view", "map" or "path"

    def press(self, event: QMouseEvent) -> None:
        place = event.position()
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return
        self._pressed, self._moved = place, False
        on_map, on_path = self._hud.map.rect.contains(place), self._hud.breadcrumb.part_at(place) >= 0
        self._holds = "map" if on_map else "path" if on_path else "view"
        self._drag_map(place)

    def _drag_map(self, place: QPointF) -> None:
        """Shows what is under a place of the mini map."""
        scene = self._grip.scene
        if self._holds == "map" and scene is not None:
            world = self._hud.map.world_at(scene, place)
            self._grip.look_at(world.x(), world.y())

    def move(self, event: QMouseEvent) -> None:
        place = event.position()
        if self._pressed is None:
            self._hover(place)
            return
        if not self._moved and (place - self._pressed).manhattanLength() < _STILL:
            return
        self._moved = True
        self._drag_map(place)
        if self._holds == "view":
            self._grip.setCursor(Qt.CursorShape.ClosedHandCursor)
            step, self._pressed = self._pressed - place, place
            self._grip.pan(step.x(), step.y())

    def release(self, event: QMouseEvent) -> None:
        place, left = event.position(), event.button() == Qt.MouseButton.LeftButton
        if self._pressed is not None and not self._moved and left:
            part = self._hud.breadcrumb.part_at(place)
            if self._holds == "view":
                self._grip.click(place)
            elif self._holds == "path" and part >= 0:
                self._grip.show_module(part)
        self._pressed, self._holds = None, ""
        self._grip.unsetCursor()

    def _hover(self, place: QPointF) -> None:
        """What is under the pointer is lit, of an edge the whole way of its data; the cursor says what can be pressed."""
        path = self._hud.breadcrumb
        edge, part = self._grip.hover(place), path.part_at(place)
        if path.hovered != part:
            path.hovered = part
            self._grip.update(path.strip())
        presses = part >= 0 or self._grip.key_at(place) is not None or self._grip.title_at(place) is not None
        self._grip.setCursor(Qt.CursorShape.PointingHandCursor) if presses else self._grip.unsetCursor()
        self._grip.reading.hover_edge(-1 if presses else edge)

    def turn_wheel(self, event: QWheelEvent) -> None:
        turns = event.angleDelta().y() / 120
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._grip.pan(-turns * 60 or -event.angleDelta().x() / 2, 0)
        elif turns:
            self._grip.zoom_by(_NOTCH**turns, event.position())
        event.accept()
