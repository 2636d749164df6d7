"""Notes and bookmarks of what is open: made, found again, taken back; kept beside the breakpoints."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, QTimer, Signal, Slot

from gradstep.engine.kept import whole

from ..models.debug_model import DebugModel
from ..models.named import Named
from ..models.notes import KEYS, Bookmark, NotesTable
from ..panels.notes_panel import NotesPanel
from ..study.navigator import Navigator

PAUSE = 600  # milliseconds without a key after which the text is kept


class Notes(QObject):
    """One table, that of the script or tape that is open."""

    said = Signal(str)  # what came of a wish, or why nothing did
    edited = Signal(str, object, object)  # for undo: what the user did, the bookmarks before and after
    names_changed = Signal(object)  # the names that the user gave to nodes, of another file or other ones

    def __init__(
        self, model: DebugModel, navigator: Navigator, panel: NotesPanel, settings: QSettings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._model, self._navigator, self._panel = model, navigator, panel
        self._folder = Path(settings.fileName()).parent / "notes"
        self._table = NotesTable()
        self._writing = QTimer(self, singleShot=True, interval=PAUSE)
        self._writing.timeout.connect(self.keep)
        panel.text_changed.connect(self._writing.start)
        panel.bookmark_picked.connect(self.go_to)
        panel.renamed.connect(self.name)
        panel.removal_wished.connect(self.remove)
        model.tape_changed.connect(self._show)
        model.cursor_moved.connect(panel.show_position)

    def slots(self) -> dict[str, Callable[[], Any]]:
        """What the commands of the table do."""
        return {"bookmark": self.toggle, **{f"bookmark_{place}": partial(self.go_to_place, place) for place in range(1, KEYS + 1)}}

    @property
    def all(self) -> list[Bookmark]:
        """The bookmarks, in the order of their moments."""
        return list(self._table)

    def show_file(self, file: str) -> None:
        """Take the notes of another script or tape, "" for none."""
        self.keep()
        self._table = NotesTable(self._place(file) if file else None)
        if self._table.problem:
            self.said.emit(self._table.problem)
        self._panel.show_text(self._table.text)
        self.names_changed.emit(self._table.names)
        self._show()

    @property
    def names(self) -> tuple[Named, ...]:
        """The names that the user gave to nodes."""
        return self._table.names

    def put_names(self, names: Sequence[Named]) -> None:
        """These and no others."""
        self._table.put_names(names)
        self.names_changed.emit(self._table.names)
        self._complain()

    def _place(self, file: str) -> Path:
        return self._folder / f"{hashlib.sha256(file.encode()).hexdigest()[:24]}.json"

    @Slot(str, str)
    def adopt(self, script: str, tape: str) -> None:
        """Give the recording of a script the notes and bookmarks that were made on the script while it ran, unless it has its own."""
        made, own = self._place(script), self._place(tape)
        if not script or not made.is_file() or own.exists():
            return
        try:
            with whole(own, "wb") as stream:
                stream.write(made.read_bytes())
        except OSError as error:
            self.said.emit(self.tr("The notes on {0} could not be given to its recording: {1}").format(script, error.strerror or error))

    @Slot()
    def keep(self) -> None:
        """Keep the text as it stands now."""
        self._writing.stop()
        self._table.write_text(self._panel.text())
        self._complain()

    @Slot()
    def toggle(self) -> None:
        """Bookmark the moment that is shown, or take its bookmark away."""
        if self._model.tape is None:
            self.said.emit(self.tr("There is no moment to bookmark: nothing is recorded yet."))
            return
        there = self._table.at(self._model.position)
        if there is not None:
            self.remove([there.id])
            return
        before = self.all
        made = self._table.add(self._model.position, self._where(), self._model.selection.key)
        self._changed(self.tr("add a bookmark"), before)
        number = self.all.index(made) + 1
        self.said.emit(self.tr("Bookmark {0}: {1}.").format(number, made.where))

    def _where(self) -> str:
        node, reader = self._model.current_node, self._model.reader
        name = reader.node_name(node) if node is not None and reader is not None else ""
        place = self.tr("event #{0}").format(max(self._model.position, 0))
        if name:
            return self.tr("{0}, before {1}").format(place, name)
        row = self._model.history.row_at(self._model.position) if reader is not None else None
        return self.tr("{0}, {1}").format(place, reader.facts(row).name) if reader is not None and row is not None else place

    @Slot(int)
    def go_to(self, number: int) -> None:
        """Look at the moment of a bookmark, by its id."""
        found = next((bookmark for bookmark in self._table if bookmark.id == number), None)
        if found is not None:
            self._look(found)

    def go_to_place(self, place: int) -> None:
        """Look at the first bookmark, the second ..., counted from 1."""
        found = self.all
        if place > len(found):
            self.said.emit(self.tr("There is no bookmark {0} yet. Ctrl+B makes one.").format(place))
            return
        self._look(found[place - 1])

    def _look(self, bookmark: Bookmark) -> None:
        if self._model.tape is None or bookmark.event > self._model.last:
            self.said.emit(self.tr("This recording does not reach event #{0} yet.").format(bookmark.event))
            return
        self._navigator.look_at(bookmark.event)
        if bookmark.node is not None:
            self._model.select(bookmark.node)

    @Slot(int, str)
    def name(self, number: int, words: str) -> None:
        """Other words for a bookmark."""
        before = self.all
        self._table.name(number, words)
        self._changed(self.tr("name a bookmark"), before)

    @Slot(object)
    def remove(self, numbers: Iterable[int]) -> None:
        """Take bookmarks away."""
        before = self.all
        for number in numbers:
            self._table.remove(number)
        self._changed(self.tr("remove bookmarks"), before)

    def put_back(self, bookmarks: Sequence[Bookmark]) -> None:
        """These and no others, as they were: undo and redo."""
        self._table.put(bookmarks)
        self._show()

    def _changed(self, words: str, before: Sequence[Bookmark]) -> None:
        self.edited.emit(words, before, self.all)
        self._complain()
        self._show()

    def _complain(self) -> None:
        if self._table.problem:
            self.said.emit(self._table.problem)

    @Slot()
    def _show(self) -> None:
        self._panel.show_bookmarks(self.all, self._model.position)
