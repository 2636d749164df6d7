"""What the keys do on a canvas: fit, zoom, turn, go to a neighbour, walk along edges and choose among several."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from .lights import Choice
from .navigate import Step, beside, ways
from .painter import ScenePainter
from .reading import Reading

STEPS = {Qt.Key.Key_Left: Step.LEFT, Qt.Key.Key_Right: Step.RIGHT, Qt.Key.Key_Up: Step.UP, Qt.Key.Key_Down: Step.DOWN}
_OWN = {*STEPS, Qt.Key.Key_Backspace, Qt.Key.Key_Return, Qt.Key.Key_Enter}
_LETTERS = frozenset({" ", "F", "K", "I", "O", "0", "+", "-", "="})
_OTHERS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


class Hand(Protocol):
    """What the keys need of a canvas. Nodes are numbers of the scene, -1 for none."""

    reading: Reading

    def fit(self) -> None: ...
    def zoom_in(self) -> None: ...
    def zoom_out(self) -> None: ...
    def zoom_to_actual_size(self) -> None: ...
    def turn(self) -> None: ...
    def pan(self, dx: float, dy: float) -> None: ...
    def activate(self, node: int) -> None: ...
    def go_to(self, node: int) -> None: ...
    def deselect(self) -> None: ...
    def go_out(self) -> None: ...


class Keyboard:
    """The keys of one canvas."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    @staticmethod
    def wants(event: QKeyEvent) -> bool:
        """Whether a key belongs to the canvas that has the focus, also where a command has it elsewhere."""
        plain = not event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        return plain and (event.key() in _OWN or event.text().upper() in _LETTERS)

    def press(self, event: QKeyEvent, painter: ScenePainter, selected: int, current: int) -> bool:
        """Does what a key says; False where it says nothing here."""
        key, hand = Qt.Key(event.key()), self._hand
        if event.modifiers() & _OTHERS:
            return False
        simple = {
            Qt.Key.Key_Space: hand.fit,
            Qt.Key.Key_F: hand.fit,
            Qt.Key.Key_Plus: hand.zoom_in,
            Qt.Key.Key_Equal: hand.zoom_in,
            Qt.Key.Key_Minus: hand.zoom_out,
            Qt.Key.Key_0: hand.zoom_to_actual_size,
            Qt.Key.Key_K: hand.turn,
        }
        choice = hand.reading.lights.choice
        if key in simple:
            simple[key]()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and choice is not None:
            self._choose(choice, 1 if key == Qt.Key.Key_Right else -1)
        elif key in STEPS:
            self._arrow(painter, STEPS[key], selected if not event.modifiers() & Qt.KeyboardModifier.ShiftModifier else -1)
        elif key in (Qt.Key.Key_I, Qt.Key.Key_O):
            self._walk(painter, selected if selected >= 0 else current, forwards=key == Qt.Key.Key_O)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and selected >= 0:
            hand.activate(selected)
        elif key == Qt.Key.Key_Backspace:
            hand.go_out()
        elif key == Qt.Key.Key_Escape and selected >= 0:
            hand.deselect()
        else:
            return False
        return True

    def _arrow(self, painter: ScenePainter, step: Step, selected: int) -> None:
        if selected < 0:
            self._hand.pan(80 * step.value[0], 80 * step.value[1])
            return
        found = beside(painter.scene, painter, selected, step)
        if found is not None:
            self._hand.go_to(found)

    def _walk(self, painter: ScenePainter, start: int, *, forwards: bool) -> None:
        """I and O: to what sends the selected node its values, and to what it sends them to; the current node to begin with.
        Where there are several, it goes to the nearest one, and left and right choose among them."""
        found, nearest = ways(painter.scene, start, forwards=forwards) if start >= 0 else ((), 0)
        if found:
            self._hand.go_to(found[nearest])
            self._hand.reading.choose(Choice(found, nearest, forwards) if len(found) > 1 else None)

    def _choose(self, choice: Choice, step: int) -> None:
        place = (choice.place + step) % len(choice.nodes)
        self._hand.go_to(choice.nodes[place])
        self._hand.reading.choose(Choice(choice.nodes, place, choice.forwards))
