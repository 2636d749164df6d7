"""Undo takes back changes of lists, one at a time, and knows nothing of the program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from gradstep.gui.frame.undo import Undo


class Shelf(QObject):
    """Owns a list."""

    edited = Signal(str, object, object)

    def __init__(self) -> None:
        super().__init__()
        self.items: list[str] = []

    def add(self, item: str) -> None:
        before = list(self.items)
        self.items.append(item)
        self.edited.emit(f"add {item}", before, list(self.items))

    def put_back(self, state: Sequence[Any]) -> None:
        self.items = list(state)


def test_changes_are_taken_back_and_made_again_in_order(qapp: Any) -> None:
    undo, shelf, other = Undo(), Shelf(), Shelf()
    undo.follow(shelf)
    undo.follow(other)
    assert not undo.can_undo
    shelf.add("a")
    other.add("b")
    shelf.add("c")
    assert (shelf.items, other.items) == (["a", "c"], ["b"])
    assert [undo.undo(), undo.undo()] == ["add c", "add b"]
    assert (shelf.items, other.items) == (["a"], [])
    assert undo.can_redo
    assert undo.redo() == "add b"
    assert other.items == ["b"]
    shelf.add("d")  # what was taken back before a new change is gone
    assert not undo.can_redo
    undo.clear()
    assert not undo.can_undo
    assert shelf.items == ["a", "d"]
