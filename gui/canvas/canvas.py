"""The widget that shows a graph: keeps scene, marks and camera together and turns events into wishes.

Painting is elsewhere: ``painter.py`` (what retains), ``overlay.py`` (what moves), ``hud.py`` (what stands in the corners).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, cast

import networkx as nx
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, QSizeF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from ..theme.style import current
from . import words
from .anchor import central, moved
from .camera import Camera
from .hud import Hud, paint_empty
from .layer import Layer
from .marks import EVERYTHING, Marks
from .morph import Change, Morph
from .motion import Flight
from .navigate import STEPS, Step, along, beside, is_own_key
from .overlay import MARGIN, Overlay, Pointed, around
from .painter import ScenePainter
from .pointing import chevron_at, group_around, title_at
from .scene import LayoutFunction, Scene, as_scene, folded_name
from .sprites import measure
from .status import Look

Key = Hashable
Facts = Callable[[Any], Mapping[str, Any]]  # attributes by key
_SETTLE_MS = 120  # after the last wheel step: paint the pictures at the true scale
_BY_KEYS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)


class GraphCanvas(QWidget):
    """Shows a graph of ``gradstep.engine.tape.graph`` and how far a backward run is in it.

    Keys are the graph's; a key that the graph has not is ignored by the setters, because a graph may show less than the tape.
    """

    node_picked = Signal(object)  # the user selected this node, by mouse or keyboard; None: nothing is selected now
    node_activated = Signal(object)  # the user double-clicked it or pressed Enter
    fold_wished = Signal(object, bool)  # the user wants this group opened (True) or folded
    node_hovered = Signal(object)  # the pointer is over this node; None: over none
    menu_wanted = Signal(object, QPoint)  # context menu for a key (or None) at a global place

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(120, 90)
        self.setAccessibleName(self.tr("Graph"))
        self._graph = nx.DiGraph()
        self._scene: Scene | None = None
        self._painter: ScenePainter | None = None
        self._marks: Marks | None = None
        self._pointed = Pointed()
        self._keys: dict[str, Key | None] = {"current": None, "selected": None}  # which may be inside of what is folded
        self._facts: Facts | None = None
        self._camera = Camera()
        self._layer = Layer()
        self._hud = Hud()
        self._empty = (self.tr("Nothing recorded yet"), self.tr("F5 runs the script."))
        self._note = ""
        self._follow = True
        self._turned = False
        self._placed = False  # the first view is chosen when the widget has its size
        self._press: QPointF | None = None
        self._grab = ""  # what is dragged: "view" or "map"
        self._moved = False
        self._tabbed = False
        self._exact = True
        self._settling = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settling.timeout.connect(self.settle)
        self._flight = Flight(self._camera, self)
        self._flight.moved.connect(self.update)
        self._change = Change(self)
        self._change.moved.connect(self._set_scene)
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(800, 600)

    # ------------------------------------------------------------------------------------------------------------- content

    def show_graph(
        self,
        graph: nx.DiGraph,
        layout: Scene | LayoutFunction | Mapping[Key, tuple[float, float]] | Any,
        facts: Facts | None = None,
        anchor: Key | None = None,
    ) -> None:
        """Shows a graph. ``layout`` is a layout function, a mapping of centres (of boxes), an object with ``positions``,
        ``groups`` and ``edges``, or a Scene that ``scene.arrange`` made elsewhere. No node has run afterwards. ``facts`` gives
        the attributes of what is folded away. With an ``anchor`` that was shown before, the view stays: the anchor does not
        move, and what is around it moves over."""
        scene = as_scene(graph, layout, measure())
        self._change.stop()
        self._facts = facts
        self._marks = Marks(scene)
        self._pointed = Pointed()
        self._hud.breadcrumb.parts = ()
        scene = scene.turned() if self._turned else scene
        shift = self._shift_of(scene, graph, anchor)
        self._graph = graph
        if shift is None:
            self._keys = {"current": None, "selected": None}
            self._set_scene(scene)
            self._placed = False
        else:
            chosen = {name: scene.node_of(key) if key is not None else -1 for name, key in self._keys.items()}
            self._pointed.selected, self._pointed.current = chosen["selected"], chosen["current"]
            self._keep_place(scene, shift)
        self._describe()

    def _shift_of(self, new: Scene, graph: nx.DiGraph, anchor: Key | None) -> tuple[float, float] | None:
        """How far the scene moves under the view; None where the view begins anew."""
        old = self._scene
        if old is None or not self._placed or anchor is None:
            return None
        top = self._camera.view.top() / self._camera.unit + MARGIN
        return moved(old, new, (self._graph, graph), anchor, top)

    def _keep_place(self, new: Scene, shift: tuple[float, float]) -> None:
        """Shows another scene of the same graph; what shows the anchor stays where it is in the widget."""
        old, unit = self._scene, self._camera.unit
        assert old is not None
        self._set_scene(new)
        self._look(lambda: self._camera.shift(QPoint(round(shift[0] * unit), round(shift[1] * unit))))
        self._change.play(old, new, lambda: Morph(old, new, shift))

    @property
    def central_key(self) -> Key | None:
        """What is nearest to the middle of the view."""
        if self._scene is None:
            return None
        middle, unit = self._camera.view.center(), self._camera.unit
        return central(self._scene, middle.x() / unit, middle.y() / unit)

    @property
    def follows(self) -> bool:
        """Whether the view follows the current node."""
        return self._follow

    def holder_of(self, key: Key | None) -> Key | None:
        """The key of the node that shows a key: itself, or the folded group that holds it."""
        return self._key(self._node(key))

    def clear(self) -> None:
        """Shows no graph, and the words of ``set_empty_text``."""
        self._change.stop()
        self._keys = {"current": None, "selected": None}
        self._graph = nx.DiGraph()
        self._scene = self._painter = self._marks = None
        self._pointed = Pointed()
        self._hud.breadcrumb.parts = ()
        self._layer.forget()
        self._describe()
        self.update()

    def set_empty_text(self, title: str, hint: str) -> None:
        """What is said where there is no graph."""
        if (title, hint) != self._empty:
            self._empty = (title, hint)
            if self._scene is None or not len(self._scene.keys):
                self._describe()
                self.update()

    def _set_scene(self, scene: Scene) -> None:
        assert self._marks is not None
        self._scene = scene
        self._painter = ScenePainter(scene, self._marks, current())
        self._layer.forget()
        self._hud.map.forget()
        self.update()

    @property
    def graph(self) -> nx.DiGraph:
        return self._graph

    @property
    def scene(self) -> Scene | None:
        return self._scene

    @property
    def current_key(self) -> Key | None:
        return self._keys["current"] if self._pointed.current >= 0 else None

    @property
    def selected_key(self) -> Key | None:
        return self._keys["selected"] if self._pointed.selected >= 0 else None

    @property
    def drawn(self) -> tuple[Scene, Marks, Camera, Pointed] | None:
        """What is drawn and where from, for whoever paints it elsewhere; None where there is no graph."""
        scene, marks = self._scene, self._marks
        if scene is None or marks is None or not len(scene.keys):
            return None
        if not self._placed:
            self._place_first(scene)
        return scene, marks, self._camera, self._pointed

    @property
    def zoom(self) -> float:
        """Logical px a world px."""
        return self._camera.scale

    @property
    def is_moving(self) -> bool:
        """Whether the view is on its way to a node."""
        return self._flight.under_way

    @property
    def painted_pixels(self) -> int:
        """Device pixels of the retained picture that were painted so far: what a change costs."""
        return self._layer.painted

    # -------------------------------------------------------------------------------------------------------------- marks

    def set_status(self, key: Key, status: object) -> None:
        """A node is pending, ready, running or done (a ``Status`` of the tape, or a Look)."""
        if self._marks is not None:
            self._repaint(self._marks.set_status(key, status))

    def set_statuses(self, statuses: Mapping[Key, object]) -> None:
        """All at once, for a jump in time. Nodes that are not named are at rest: pending, and done if forward."""
        if self._marks is not None:
            self._repaint(self._marks.set_statuses(statuses))

    def set_alert(self, key: Key, alert: bool = True) -> None:
        """The node raised, or its gradient holds NaN or Inf: it is drawn red with a warning sign."""
        if self._marks is not None:
            self._repaint(self._marks.set_alert(key, alert))

    def set_alerts(self, keys: Iterable[Key]) -> None:
        """These nodes and no others."""
        if self._marks is not None:
            self._repaint(self._marks.set_alerts(keys))

    def set_breakpoints(self, keys: Iterable[Key]) -> None:
        """The nodes that have a breakpoint."""
        if self._marks is not None:
            self._repaint(self._marks.set_breakpoints(keys))

    def set_edge_norms(self, norms: Mapping[tuple[Key, Key], float]) -> None:
        """Norms of the gradients that passed edges, {(source, target): norm}; infinite or NaN: the gradient is not finite.

        Edges are coloured once their source is done. Edges that are not named keep what they had; an empty mapping forgets
        all. The scale of colours grows by whole decades and never shrinks, except when all is forgotten.
        """
        if self._marks is not None:
            self._repaint(self._marks.set_norms(norms))

    def set_current(self, key: Key | None, note: str = "") -> None:
        """The node at which the program stands. ``note`` goes to screen readers: "step 12 of 35, paused". The view follows
        unless ``set_follow(False)``, and never moves while the node is well in sight."""
        self._note = note
        node = self._node(key)
        known, self._keys["current"] = self._keys["current"], key
        if key != known and node >= 0:
            self._hud.breadcrumb.parts = words.crumbs(self._data(key))
            self.update(self._hud.breadcrumb.strip())
        if node != self._pointed.current:
            self._update_node(self._pointed.current)
            self._pointed.current = node
            self._update_node(node)
            self._hud.breadcrumb.parts = words.crumbs(self._data(key)) if node >= 0 else ()
            self.update(self._hud.breadcrumb.strip())
            if node >= 0 and self._follow:
                self._keep_in_sight(node)
        self._describe()

    def set_follow(self, follow: bool) -> None:
        """Whether the view follows the current node."""
        self._follow = follow
        if follow and self._pointed.current >= 0:
            self._keep_in_sight(self._pointed.current)

    def select(self, key: Key | None) -> None:
        """Selects a node and brings it into sight; emits nothing."""
        node, known = self._node(key), self._keys["selected"]
        self._keys["selected"] = key if node >= 0 else None
        if node != self._pointed.selected or key != known:
            self._update_node(self._pointed.selected, lit=True)
            self._pointed.selected = node
            self._update_node(node, lit=True)
            self._describe()
        if node >= 0:
            self._keep_in_sight(node)

    def _repaint(self, nodes: frozenset[int]) -> None:
        """Takes over what the marks say of these nodes."""
        painter, marks = self._painter, self._marks
        if painter is None or marks is None or not nodes:
            return
        self._pointed.running = marks.running()
        if nodes is EVERYTHING:
            painter.refresh()
            self._layer.forget()
            self._hud.map.forget()
            self.update()
        else:
            for node in nodes:
                self._touch(painter, node)
        if nodes is EVERYTHING or self._pointed.current in nodes:
            self._describe()

    def _touch(self, painter: ScenePainter, node: int) -> None:
        """Repaints one node with its outgoing edges, wherever they are seen."""
        painter.refresh_node(node)
        boxes = painter.boxes_of(node)
        self._hud.map.repaint(boxes, painter.flat_colours(boxes))
        for rect in painter.rects_of(node):
            self._layer.touch(rect)
            self.update(self._camera.to_widget(rect))
        self._update_node(node)
        for spot in self._hud.map.spots(painter.scene, boxes):
            self.update(spot)

    def _update_node(self, node: int, *, lit: bool = False) -> None:
        """Asks for the place of a node to be painted again, with all that the overlay may have around it."""
        if node >= 0 and self._painter is not None:
            for rect in around(self._painter, node, lit=lit):
                self.update(self._camera.to_widget(rect))

    # --------------------------------------------------------------------------------------------------------------- view

    @Slot()
    def fit(self) -> None:
        """Shows the whole graph."""
        if self._scene is not None:
            bounds = self._scene.bounds
            self._look(lambda: self._camera.fit(bounds))

    def centre_on(self, key: Key, zoom: float | None = None) -> None:
        """Brings a node to the middle, at once."""
        node = self._node(key)
        if node >= 0 and self._scene is not None and self._painter is not None:
            box = int(self._painter.boxes_of(node)[0])
            x, y = float(self._scene.x[box]), float(self._scene.y[box])
            self._look(lambda: self._camera.look_at(x, y, zoom))

    @Slot()
    def zoom_in(self) -> None:
        self.zoom_by(1.25, QPointF(self.width() / 2, self.height() / 2))

    @Slot()
    def zoom_out(self) -> None:
        self.zoom_by(0.8, QPointF(self.width() / 2, self.height() / 2))

    @Slot()
    def zoom_to_actual_size(self) -> None:
        self.zoom_by(1.0 / self._camera.scale, QPointF(self.width() / 2, self.height() / 2))

    @Slot()
    def turn(self) -> None:
        """Turns the drawing upside down: the loss at the bottom, as the forward pass is read; and back."""
        self._turned = not self._turned
        if self._scene is not None and self._painter is not None:
            old = self._camera.view.center()
            self._set_scene(self._scene.turned())
            unit = self._camera.unit
            self._look(lambda: self._camera.look_at(old.x() / unit, -old.y() / unit))

    @Slot()
    def settle(self) -> None:
        """Paints everything at the true scale now; happens by itself soon after zooming."""
        self._settling.stop()
        if not self._exact:
            self._exact = True
            self._layer.forget()
            self.update()

    def _look(self, move: Any) -> None:
        self._flight.stop()
        self._camera.size, self._camera.ratio = self.size(), self.devicePixelRatioF()
        before = self._camera.scale
        self._placed = True
        move()
        if self._camera.scale != before:
            self._layer.forget()
        self.update()

    def zoom_by(self, factor: float, about: QPointF) -> None:
        if self._scene is None:
            return
        self._look(lambda: self._camera.zoom(factor, about))
        self._exact = False
        self._settling.start()

    def pan(self, dx: float, dy: float) -> None:
        if self._scene is not None:
            self._look(lambda: self._camera.pan(dx, dy))

    def _place_first(self, scene: Scene) -> None:
        """The first view of a graph: all of it if that can be read, else its beginning or the current node."""
        self._look(lambda: self._camera.begin(scene.bounds, from_below=scene.flipped))
        if self._pointed.current >= 0:
            self._keep_in_sight(self._pointed.current)

    def _keep_in_sight(self, node: int) -> None:
        if self._placed and self._painter is not None:
            rect = self._painter_at_scale().node_rect(int(self._painter.boxes_of(node)[0]))
            self._flight.keep_in_sight(self._camera.to_widget(rect))

    def _painter_at_scale(self) -> ScenePainter:
        assert self._painter is not None
        self._painter.rescale(self._camera.scale, self._camera.ratio, self._exact)
        return self._painter

    # -------------------------------------------------------------------------------------------------------------- paint

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._scene is not None and len(self._scene.keys) and not self._placed:
            self._place_first(self._scene)
        theme = current()
        scene, marks = self._scene, self._marks
        if self._painter is not None and self._painter.theme is not theme and scene is not None:
            self._set_scene(scene)
        painter = QPainter(self)
        try:
            if scene is None or marks is None or not len(scene.keys):
                painter.fillRect(event.rect(), theme.canvas)
                paint_empty(painter, theme, self.rect(), *self._empty)
                return
            self._paint_scene(painter, event.region())
            if self.hasFocus() and self._tabbed:  # reached by keyboard: show where the keys go
                painter.setPen(QPen(theme.ready, 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        finally:
            painter.end()  # a painter that is still active when an exception leaves would take the process down

    def _paint_scene(self, painter: QPainter, region: QRegion) -> None:
        camera = self._camera
        if camera.ratio != self.devicePixelRatioF():
            self._look(lambda: setattr(camera, "ratio", self.devicePixelRatioF()))
            self._layer.forget()
        own = self._painter_at_scale()
        self._layer.ensure(own, camera.view)
        for part in cast(Iterable[QRect], region):
            self._layer.show(painter, camera.view, QRectF(part), camera.ratio)
        painter.save()
        painter.scale(1 / camera.ratio, 1 / camera.ratio)
        painter.translate(-camera.corner)
        Overlay(own, self._pointed).paint(painter, QRectF(camera.view))
        painter.restore()
        unit, view = camera.unit, camera.view
        seen = QRectF(view.x() / unit, view.y() / unit, view.width() / unit, view.height() / unit)
        self._hud.paint(painter, own, region, QSizeF(self.size()), seen)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What was in the middle stays there."""
        if self._placed and self._scene is not None and event.oldSize().isValid():
            grown = event.size() - event.oldSize()
            self._look(lambda: self._camera.pan(-grown.width() / 2, -grown.height() / 2))
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.update()
        super().changeEvent(event)

    # ------------------------------------------------------------------------------------------------------------ pointer

    def key_at(self, place: QPointF) -> Key | None:
        """The node under a place of the widget."""
        if self._painter is None or self._hud.map.rect.contains(place):
            return None
        spot = self._camera.to_scaled(place)
        box = self._painter_at_scale().pick(spot.x(), spot.y())
        return None if box < 0 else self._key(int(self._painter.scene.node[box]))

    def rect_of(self, key: Key) -> QRect:
        """Where a node's first box is in the widget; empty for a key that is not shown."""
        node = self._node(key)
        if node < 0 or self._painter is None:
            return QRect()
        return self._camera.to_widget(self._painter_at_scale().node_rect(int(self._painter.boxes_of(node)[0])))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton) and self._scene is not None:
            self._press, self._moved = event.position(), False
            self._grab = "map" if self._hud.map.rect.contains(event.position()) else "view"
            self._drag_map(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        if self._press is None:
            self._hover(self._node(self.key_at(place)))
            if self._pointed.hovered < 0:
                self.setCursor(Qt.CursorShape.PointingHandCursor) if self._title_at(place) is not None else self.unsetCursor()
            return
        if not self._moved and (place - self._press).manhattanLength() < 4:
            return
        self._moved = True
        if self._grab == "map":
            self._drag_map(place)
            return
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        step = self._press - place
        self._press = place
        self.pan(step.x(), step.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._press is not None and not self._moved and self._grab == "view" and event.button() == Qt.MouseButton.LeftButton:
            self._click(event.position())
        self._press, self._grab = None, ""
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        key = self.key_at(event.position())
        if key is not None and event.button() == Qt.MouseButton.LeftButton:
            self._activate(key)

    def _click(self, place: QPointF) -> None:
        """Selects what is there; a chevron opens and folds."""
        key, title = self.key_at(place), self._title_at(place)
        if key is None and title is not None:
            self.fold_wished.emit(title, False)
            return
        self._pick(self._node(key))
        if self._painter is not None and chevron_at(self._painter_at_scale(), self._pointed.selected, self._camera.to_scaled(place)):
            self._activate(key)

    def _title_at(self, place: QPointF) -> Key | None:
        """The open group whose title is there."""
        hidden = self._painter is None or self._hud.map.rect.contains(place)
        return None if hidden else title_at(self._painter_at_scale(), self._camera.to_scaled(place))

    def _activate(self, key: Key | None) -> None:
        """A folded group opens; every other node is for others to act on."""
        name = folded_name(key)
        if name is not None:
            self.fold_wished.emit(name, True)
        elif key is not None:
            self.node_activated.emit(key)

    def _go_out(self) -> None:
        name = group_around(self._graph, self._scene.keys if self._scene is not None else (), self._pointed)
        if name is not None:
            self.fold_wished.emit(name, False)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_keys = event.reason() == QContextMenuEvent.Reason.Keyboard
        self.menu_wanted.emit(self.selected_key if by_keys else self.key_at(QPointF(event.pos())), event.globalPos())

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turns = event.angleDelta().y() / 120
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan(-turns * 60 or -event.angleDelta().x() / 2, 0)
        elif turns:
            self.zoom_by(1.18**turns, event.position())
        event.accept()

    def _drag_map(self, place: QPointF) -> None:
        if self._grab == "map" and self._scene is not None:
            world = self._hud.map.world_at(self._scene, place)
            self._look(lambda: self._camera.look_at(world.x(), world.y()))

    def _hover(self, node: int) -> None:
        if node != self._pointed.hovered:
            self._update_node(self._pointed.hovered, lit=True)
            self._pointed.hovered = node
            self._update_node(node, lit=True)
            self.setCursor(Qt.CursorShape.PointingHandCursor) if node >= 0 else self.unsetCursor()
            self.node_hovered.emit(self._key(node))

    def _pick(self, node: int) -> None:
        key = self._keys["selected"] = self._key(node)
        self._update_node(self._pointed.selected, lit=True)
        self._pointed.selected = node
        self._update_node(node, lit=True)
        self._describe()
        self.node_picked.emit(None if folded_name(key) is not None else key)

    # ----------------------------------------------------------------------------------------------------------- keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._scene is None or not self._press_key(Qt.Key(event.key()), event.modifiers()):
            super().keyPressEvent(event)

    def _press_key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        if modifiers & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier):
            return False
        selected = self._pointed.selected
        simple = {
            Qt.Key.Key_Space: self.fit,
            Qt.Key.Key_F: self.fit,
            Qt.Key.Key_Plus: self.zoom_in,
            Qt.Key.Key_Equal: self.zoom_in,
            Qt.Key.Key_Minus: self.zoom_out,
            Qt.Key.Key_0: self.zoom_to_actual_size,
            Qt.Key.Key_K: self.turn,
        }
        if key in simple:
            simple[key]()
        elif key in STEPS:
            self._press_arrow(STEPS[key], selected if not modifiers & Qt.KeyboardModifier.ShiftModifier else -1)
        elif key in (Qt.Key.Key_I, Qt.Key.Key_O):
            self._walk(forwards=key == Qt.Key.Key_O)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and selected >= 0:
            self._activate(self._key(selected))
        elif key == Qt.Key.Key_Backspace:
            self._go_out()
        elif key == Qt.Key.Key_Escape and selected >= 0:
            self._pick(-1)
        else:
            return False
        return True

    def _press_arrow(self, step: Step, selected: int) -> None:
        if selected < 0:
            self.pan(80 * step.value[0], 80 * step.value[1])
            return
        assert self._scene is not None
        self._go(beside(self._scene, self._painter_at_scale(), selected, step))

    def _walk(self, *, forwards: bool) -> None:
        """I and O: to what sends the selected node its values, and to what it sends them to; the current node to begin with."""
        assert self._scene is not None
        start = self._pointed.selected if self._pointed.selected >= 0 else self._pointed.current
        if start >= 0:
            self._go(along(self._scene, start, forwards=forwards))

    def _go(self, node: int | None) -> None:
        if node is not None:
            self._pick(node)
            self._keep_in_sight(node)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event)
            return True
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and is_own_key(event):
            event.accept()
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._tabbed = event.reason() in _BY_KEYS
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    # -------------------------------------------------------------------------------------------------------------- words

    def _show_tip(self, event: QHelpEvent) -> None:
        key = self.key_at(QPointF(event.pos()))
        if key is None or self._marks is None or self._scene is None:
            QToolTip.hideText()
            return
        node = self._node(key)
        out = self._marks.norms[self._scene.source == node]
        came = self._marks.norms[self._scene.target == node]
        text = words.tip(self._data(key), Look(int(self._marks.look[node])), bool(self._marks.alert[node]), came, out)
        QToolTip.showText(event.globalPos(), text, self, self.rect_of(key))

    def _describe(self) -> None:
        """What a screen reader gets: the canvas paints everything itself, so it must say it."""
        marks = self._marks
        if self._scene is None or marks is None or not len(self._scene.keys):
            text = " ".join(self._empty)
        else:
            current = self._pointed.current
            look = Look(int(marks.look[current])) if current >= 0 else None
            text = words.description(self._graph, self.current_key, self.selected_key, look, self._note, self._data)
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)

    def _node(self, key: Key | None) -> int:
        return -1 if key is None or self._scene is None else self._scene.node_of(key)

    def _data(self, key: Key | None) -> Mapping[str, Any]:
        """The attributes of a node, which may be in a folded group."""
        if key in self._graph:
            found: Mapping[str, Any] = self._graph.nodes[key]
            return found
        return self._facts(key) if self._facts is not None and key is not None else {}

    def _key(self, node: int) -> Key | None:
        return None if node < 0 or self._scene is None else self._scene.keys[node]
