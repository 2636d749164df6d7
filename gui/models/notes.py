"""Notes of the user's on a script or a tape: free text, bookmarks of moments, names of nodes. Without Qt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gradstep.engine.kept import KeptFile

from .named import Named

KEYS = 9  # bookmarks that have a key: the first ones, Ctrl+1 to Ctrl+9


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A moment that the user wants to find again: after this event of the tape. ``where`` is what ran there, in words;
    ``node`` the graph node that was selected, None for none."""

    id: int
    event: int
    where: str
    node: tuple[str, int] | None = None
    words: str = ""  # the user's

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"id": self.id, "event": self.event, "where": self.where, "node": self.node and list(self.node), "words": self.words}

    @classmethod
    def of(cls, facts: Any) -> Bookmark:
        """The opposite of ``plain``. Raises what a missing key or a wrong type raises."""
        node = facts.get("node")
        place = None if node is None else (str(node[0]), int(node[1]))
        return cls(int(facts["id"]), int(facts["event"]), str(facts["where"]), place, str(facts.get("words", "")))


class NotesTable:
    """Text, names, and bookmarks in the order of their events; kept in a file, if given one."""

    def __init__(self, file: Path | None = None) -> None:
        self._kept = KeptFile(file, "notes")
        self._text = ""
        self._names: tuple[Named, ...] = ()
        self._bookmarks: dict[int, Bookmark] = {}
        self._next = 1
        self._kept.read(self._take)

    def __iter__(self) -> Iterator[Bookmark]:
        return iter(sorted(self._bookmarks.values(), key=lambda bookmark: (bookmark.event, bookmark.id)))

    @property
    def problem(self) -> str:
        """Why the file could not be read or written, "" where all is well."""
        return self._kept.problem

    @property
    def text(self) -> str:
        """The user's text."""
        return self._text

    def write_text(self, text: str) -> None:
        """Keep another text."""
        if text != self._text:
            self._text = text
            self._save()

    @property
    def names(self) -> tuple[Named, ...]:
        """The names that the user gave."""
        return self._names

    def put_names(self, names: Sequence[Named]) -> None:
        """These and no others."""
        self._names = tuple(names)
        self._save()

    def at(self, event: int) -> Bookmark | None:
        """The bookmark of that moment."""
        return next((bookmark for bookmark in self if bookmark.event == event), None)

    def add(self, event: int, where: str, node: tuple[str, int] | None) -> Bookmark:
        """A new bookmark."""
        made = Bookmark(self._next, event, where, node)
        self._bookmarks[made.id] = made
        self._next += 1
        self._save()
        return made

    def name(self, number: int, words: str) -> None:
        """Other words for a bookmark. Raises KeyError."""
        self._bookmarks[number] = replace(self._bookmarks[number], words=words)
        self._save()

    def remove(self, number: int) -> None:
        """Take one away. Raises KeyError."""
        del self._bookmarks[number]
        self._save()

    def put(self, bookmarks: Sequence[Bookmark]) -> None:
        """These instead of all, as they were: for undo."""
        self._bookmarks = {bookmark.id: bookmark for bookmark in bookmarks}
        self._next = max([self._next, *(id + 1 for id in self._bookmarks)])
        self._save()

    def _take(self, facts: Any) -> None:
        found = [Bookmark.of(one) for one in facts["bookmarks"]]
        self._names = tuple(Named.of(one) for one in facts.get("names", ()))
        self._text = str(facts["text"])
        self._bookmarks = {bookmark.id: bookmark for bookmark in found}
        self._next = max([1, *(id + 1 for id in self._bookmarks)])

    def _save(self) -> None:
        names = [named.plain() for named in self._names]
        self._kept.write({"version": 1, "text": self._text, "bookmarks": [bookmark.plain() for bookmark in self], "names": names})
