"""The widget that shows a graph: keeps scene, marks and camera together and turns events into wishes.

Painting is elsewhere: ``painter.py`` (what retains), ``overlay.py`` (what moves), ``hud.py`` (what stands in the corners).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

import networkx as nx
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, QTimer, Signal, Slot
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
from . import pointing, words
from .anchor import central, moved
from .asked import Asked
from .camera import Camera
from .hud import Hud, paint_empty
from .keyboard import Keyboard
from .layer import Layer
from .lights import edge_at, packet_rect
from .marks import EVERYTHING, NOTHING, Looks, Marks, Passed
from .morph import Change, Morph
from .motion import Flight
from .mouse import Mouse
from .overlay import MARGIN, Overlay, Pointed, around
from .painter import MANY_STYLES, ScenePainter
from .reading import Reading
from .scene import LayoutFunction, Scene, as_scene, folded_name
from .sprites import measure
from .status import Look
from .telling import Telling

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
    view_changed = Signal()  # another part of the graph is seen, or at another scale
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
        self._camera, self._layer, self._asked, self._hud = Camera(), Layer(), Asked(self), Hud()
        self.card: Callable[[Any], str] | None = None  # makes the card on a node that the pointer rests on, as rich text
        self.reading = Reading(self)
        self.reading.lit.connect(self.update)
        self.reading.flowed.connect(self._show_flow)
        self.reading.dressed.connect(self._redress)
        self._empty = (self.tr("Nothing recorded yet"), self.tr("Run the script to see its graph."))
        self._note, self._follow, self._turned = "", True, False
        self._placed = False  # the first view is chosen when the widget has its size
        self._tabbed, self._exact = False, True
        self._settling = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settling.timeout.connect(self.settle)
        self._keyboard, self._mouse = Keyboard(self), Mouse(self, self._hud)
        self._flight = Flight(self._camera, self)
        self._flight.moved.connect(self.update)
        self._flight.moved.connect(self.view_changed)
        self._change = Change(self)
        self._change.moved.connect(self._set_scene)
        self.telling = Telling(self, self, self.reading)
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
        self._facts, self._marks, self._pointed = facts, Marks(scene), Pointed()
        self._hud.breadcrumb.parts = ()
        self.reading.show_scene(graph, scene)
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
            self._show_path()
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
        return central(self._scene, self.centre.x(), self.centre.y()) if self._scene is not None else None

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
        self._graph, self._pointed = nx.DiGraph(), Pointed()
        self._scene = self._painter = self._marks = self._facts = None  # of a tape that may be gone
        self._hud.breadcrumb.parts = ()
        self.reading.show_scene(self._graph, None)
        self._layer.forget()
        self._describe()
        self.update()

    def set_empty_text(self, title: str, hint: str) -> None:
        """What is said where there is no graph."""
        shown, self._empty = self._empty, (title, hint)
        if shown != self._empty and (self._scene is None or not len(self._scene.keys)):
            self._describe()
            self.update()

    def _set_scene(self, scene: Scene) -> None:
        assert self._marks is not None
        assert self.reading.dress is not None
        self._scene = scene
        self.reading.turn_scene(scene)
        self._painter = ScenePainter(scene, self._marks, current(), self.reading.dress, self._painter)
        moving = self._change.on_the_way
        self._painter.hurries = moving and len(scene.styles) > MANY_STYLES
        self._layer.forget()
        if not moving:  # boxes on their way have the numbers that they had when it began
            self._hud.map.forget()
        self.update()

    @property
    def graph(self) -> nx.DiGraph:
        return self._graph

    @property
    def scene(self) -> Scene | None:
        return self._scene

    @property
    def marks(self) -> Marks | None:
        return self._marks

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
    def is_turned(self) -> bool:
        """Whether the drawing is upside down."""
        return self._turned

    @property
    def centre(self) -> QPointF:
        """The world point in the middle of the view."""
        return QPointF(self._camera.view.center()) / self._camera.unit

    def look_at(self, x: float, y: float, zoom: float | None = None) -> None:
        """Brings a world point to the middle."""
        if self._scene is not None:
            self._look(lambda: self._camera.look_at(x, y, zoom))

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
        self.change_statuses({key: status})

    def change_statuses(self, statuses: Mapping[Key, object]) -> None:
        """Some are others now, and the rest stays; a folded group that holds several is painted once."""
        if self._marks is not None:
            self._repaint(NOTHING.union(*map(self._marks.set_status, statuses, statuses.values())))

    def set_statuses(self, statuses: Mapping[Key, object] | Looks) -> None:
        """All at once, for a jump in time. Nodes that are not named are at rest: pending, and done if forward."""
        if self._marks is not None:
            self._repaint(self._marks.set_statuses(statuses))

    def set_alerts(self, keys: Iterable[Key]) -> None:
        """These nodes and no others raised, or hold NaN or Inf: they are drawn red with a warning sign."""
        if self._marks is not None:
            self._repaint(self._marks.set_alerts(keys))

    def set_breakpoints(self, keys: Iterable[Key]) -> None:
        """The nodes that have a breakpoint."""
        if self._marks is not None:
            self._repaint(self._marks.set_breakpoints(keys))

    def set_edge_norms(self, norms: Mapping[tuple[Key, Key], float] | Passed) -> None:
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
        self._keys["current"] = key
        if node != self._pointed.current:
            self._update_node(self._pointed.current)
            self._pointed.current = node
            self._update_node(node)
            if node >= 0 and self._follow:
                self._keep_in_sight(node)
        self._show_path()
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
            self._point_at(node)
        if node >= 0:
            self._keep_in_sight(node)

    def _point_at(self, node: int) -> None:
        """Another node is the selected one."""
        self._update_node(self._pointed.selected, lit=True)
        self._pointed.selected = node
        self._update_node(node, lit=True)
        self.reading.choose(None)
        self._show_path()
        self._describe()

    def _show_path(self) -> None:
        """The module path of the selected node, else of the current one."""
        node = self._pointed.selected if self._pointed.selected >= 0 else self._pointed.current
        chosen = "selected" if self._pointed.selected >= 0 else "current"
        parts = words.crumbs(self.data_of(self._keys[chosen])) if node >= 0 else ()
        if parts != self._hud.breadcrumb.parts:
            before, self._hud.breadcrumb.parts = self._hud.breadcrumb.strip(), parts
            self._asked.add(before | self._hud.breadcrumb.strip())

    @Slot(object)
    def _show_flow(self, edges: Iterable[int]) -> None:
        if self._painter is not None:
            for edge in edges:
                self._ask(packet_rect(self._painter, edge))

    @Slot(object)
    def _redress(self, nodes: frozenset[int]) -> None:
        """The colours by a fact of these nodes are others, or which nodes are dimmed."""
        if self._painter is not None and nodes is EVERYTHING:
            self._painter.redress()
        self._repaint(nodes)

    def _repaint(self, nodes: frozenset[int]) -> None:
        """Takes over what the marks say of these nodes."""
        painter, marks = self._painter, self._marks
        if painter is None or marks is None or not nodes:
            return
        if nodes is EVERYTHING:
            self._pointed.running = marks.running()
            painter.refresh()
            self._layer.forget()
            self._hud.map.forget()
            self.update()
        else:
            ran, self._pointed.running = self._pointed.running, (self._pointed.running - nodes) | marks.running(nodes)
            for node in nodes:
                self._touch(painter, node, with_packets=node in ran or node in self._pointed.running)
        if nodes is EVERYTHING or self._pointed.current in nodes:
            self._describe()
        self.telling.changed()

    def _touch(self, painter: ScenePainter, node: int, *, with_packets: bool) -> None:
        """Repaints one node, with those of its outgoing edges that changed, wherever they are seen."""
        changed = painter.refresh_node(node)
        boxes = painter.boxes_of(node)
        for rect in painter.rects_of(node, changed):
            self._layer.touch(rect)
        self._update_node(node)
        for edge in painter.out_edges(node).tolist() if with_packets else changed:
            self._ask(painter.edge_rect(edge))
        for spot in self._hud.map.repaint(painter.scene, boxes, painter.flat_colours(boxes)):
            self._asked.add(spot)

    def _update_node(self, node: int, *, lit: bool = False) -> None:
        """Asks for the place of a node to be painted again, with all that the overlay may have around it."""
        if node >= 0 and self._painter is not None:
            for rect in around(self._painter, node, self._camera.view if lit else None):
                self._ask(rect)

    def _ask(self, rect: QRect) -> None:
        """A place, in scaled px, is to be painted again."""
        self._asked.add(self._camera.to_widget(rect))

    # --------------------------------------------------------------------------------------------------------------- view

    @Slot()
    def fit(self) -> None:
        """Shows the whole graph."""
        if self._scene is not None:
            bounds = self._scene.bounds
            self._look(lambda: self._camera.fit(bounds))

    def gather(self) -> None:
        """Brings the whole graph to the middle where it fits into the view as large as it is."""
        if self._scene is not None and self._placed:
            self._flight.gather(self._scene.bounds)

    def centre_on(self, key: Key, zoom: float | None = None) -> None:
        """Brings a node to the middle, at once."""
        if self._scene is not None and self._node(key) >= 0:
            self.look_at(*self._scene.place_of(key), zoom)

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
        self._change.stop()
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
        before, self._placed = self._camera.unit, True
        self._camera.take(self.size(), self.devicePixelRatioF(), self._hud.foot)
        move()
        if self._camera.unit != before:
            self._layer.forget()
        self.update()
        self.view_changed.emit()

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
        """The first view of a graph: all of it if that can be read, else its beginning, or the current node, or the selected one."""
        self._look(lambda: self._camera.begin(scene.bounds, from_below=scene.flipped))
        marked = self._pointed.marked
        self._keep_in_sight(marked if marked >= 0 else scene.node_of(self.central_key))

    def _keep_in_sight(self, node: int) -> None:
        if node >= 0 and self._placed and self._painter is not None and self._scene is not None:
            rect = self._painter_at_scale().node_rect(int(self._painter.boxes_of(node)[0]))
            self._flight.keep_in_sight(self._camera.to_widget(rect), self._scene.bounds, self._hud.panes(self.size()))

    def _painter_at_scale(self) -> ScenePainter:
        assert self._painter is not None
        self._painter.rescale(self._camera.scale, self._camera.ratio, self._exact)
        return self._painter

    # -------------------------------------------------------------------------------------------------------------- paint

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._scene is not None and len(self._scene.keys) and not self._placed:
            self._place_first(self._scene)
        theme, scene, marks = current(), self._scene, self._marks
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
            self._look(lambda: None)  # another screen
        own, seen, size = self._painter_at_scale(), camera.seen, self.size()
        self._layer.ensure(own, camera.view)
        self._hud.map.place(own.scene, size.width(), size.height(), seen)
        overlay = Overlay(own, self._pointed, self._camera.view)
        for area in self._asked.take(region):
            overlay.paint_area(painter, area, camera, self._layer, self.reading.lights)
            self._hud.paint(painter, own, area, size, seen, self.reading.legend)
        painter.setClipping(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What was in the middle stays there, and a selected node that was in sight stays in it."""
        if self._placed and self._scene is not None and event.oldSize().isValid():
            grown, selected = event.size() - event.oldSize(), self._pointed.selected
            seen = selected >= 0 and QRect(QPoint(), event.oldSize()).contains(self.rect_of(self._scene.keys[selected]))
            self._look(lambda: self._camera.pan(-grown.width() / 2, -grown.height() / 2))
            self._keep_in_sight(selected if seen else -1)
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
        """Where a node's first box is in the widget, or the frame of an open group; empty for a key that is not shown."""
        return QRect() if self._painter is None else self._camera.to_widget(pointing.rect_of(self._painter_at_scale(), key))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._scene is not None:
            self._mouse.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._mouse.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        key = self.key_at(event.position())
        if key is not None and event.button() == Qt.MouseButton.LeftButton:
            self._activate(key)

    def click(self, place: QPointF) -> None:
        """Selects what is there; a chevron opens and folds."""
        key, title = self.key_at(place), self.title_at(place)
        if key is None and title is not None:
            self.fold_wished.emit(title, False)
            return
        self._pick(self._node(key))
        spot = self._camera.to_scaled(place)
        if self._painter is not None and pointing.chevron_at(self._painter_at_scale(), self._pointed.selected, spot):
            self._activate(key)

    def title_at(self, place: QPointF) -> Key | None:
        """The open group whose title is there."""
        hidden = self._painter is None or self._hud.map.rect.contains(place)
        return None if hidden else pointing.title_at(self._painter_at_scale(), self._camera.to_scaled(place))

    def frame_at(self, place: QPointF) -> Key | None:
        """The innermost open group there, as ``("group", name)``."""
        return None if self._painter is None else pointing.frame_at(self._painter, self._camera.to_scaled(place) / self._camera.unit)

    def _activate(self, key: Key | None) -> None:
        """A folded group opens; every other node is for others to act on."""
        name = folded_name(key)
        if name is not None:
            self.fold_wished.emit(name, True)
        elif key is not None:
            self.node_activated.emit(key)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_keys, place = event.reason() == QContextMenuEvent.Reason.Keyboard, QPointF(event.pos())
        key = self.key_at(place) or (self.frame_at(place) if self.title_at(place) is not None else None)
        self.menu_wanted.emit(self.selected_key if by_keys else key, event.globalPos())

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        self.reading.hover_edge(-1)
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._mouse.turn_wheel(event)

    def hover(self, place: QPointF) -> int:
        """Lights the node that is there. Returns the edge there where there is no node, -1 for none."""
        self._hover(self._node(self.key_at(place)))
        if self._scene is None or self._pointed.hovered >= 0 or self._hud.map.rect.contains(place):
            return -1
        spot = self._camera.to_scaled(place)
        return edge_at(self._painter_at_scale(), spot.x(), spot.y())

    def _hover(self, node: int) -> None:
        if node != self._pointed.hovered:
            self._update_node(self._pointed.hovered, lit=True)
            self._pointed.hovered = node
            self._update_node(node, lit=True)
            self.node_hovered.emit(self._key(node))

    def _pick(self, node: int) -> None:
        key = self._keys["selected"] = self._key(node)
        self._point_at(node)
        self.node_picked.emit(None if folded_name(key) is not None else key)

    # ----------------------------------------------------------------------------------------------------------- keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        pointed = self._pointed
        if self._scene is None or not self._keyboard.press(event, self._painter_at_scale(), pointed.selected, pointed.current):
            super().keyPressEvent(event)

    def activate(self, node: int) -> None:
        """As if the node, by its number, had been double-clicked."""
        self._activate(self._key(node))

    def go_out(self) -> None:
        """Folds the innermost group around the selected node."""
        name = pointing.group_around(self._graph, self._scene.keys if self._scene is not None else (), self._pointed)
        if name is not None:
            self.fold_wished.emit(name, False)

    def deselect(self) -> None:
        """As if the ground had been clicked."""
        self._pick(-1)

    def go_to(self, node: int) -> None:
        """As if the node had been clicked; it comes into sight."""
        self._pick(node)
        self._keep_in_sight(node)

    def show_module(self, part: int) -> None:
        """Shows the module that a part of the path stands for; the first is the model, the last the node itself."""
        key = self.selected_key if self._pointed.selected >= 0 else self.current_key
        if self._scene is not None and key is not None:
            rect = words.module_rect(self._graph, self._scene, self.data_of(key), part)
            bounds = rect or (self._scene.bounds if part == 0 else None)
            self._look(lambda: self._camera.fit(bounds)) if bounds is not None else self.centre_on(key)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._show_tip(event)
            return True
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._keyboard.wants(event):
            event.accept()
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._tabbed = event.reason() in _BY_KEYS
        self.telling.focus()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _show_tip(self, event: QHelpEvent) -> None:
        key, text = self.key_at(QPointF(event.pos())), ""  # no text: no tip
        if key is not None and self._marks is not None and self._scene is not None:
            text = self.card(key) if self.card is not None else ""
            text = text or words.tip_of(self.data_of(key), self._scene, self._marks, key)
        QToolTip.showText(event.globalPos(), text, self, self.rect_of(key))

    def _describe(self) -> None:
        """What a screen reader gets: the canvas paints everything itself, so it must say it."""
        marks, current = self._marks, self._pointed.current
        self.telling.describe(Look(int(marks.look[current])) if marks is not None and current >= 0 else None, self._note, self._empty)

    def _node(self, key: Key | None) -> int:
        return -1 if key is None or self._scene is None else self._scene.node_of(key)

    def data_of(self, key: Key | None) -> Mapping[str, Any]:
        """The attributes of a node, which may be in a folded group."""
        if key in self._graph:
            return self._graph.nodes[key]  # type: ignore[no-any-return]
        return self._facts(key) if self._facts is not None and key is not None else {}

    def _key(self, node: int) -> Key | None:
        return None if node < 0 or self._scene is None else self._scene.keys[node]
