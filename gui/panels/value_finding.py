"""Finding in the value of a viewer: what is typed becomes a hunt; the hunt is counted, marked, and walked through."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from gradstep.engine.tape.overview import Plane
from gradstep.engine.tape.sought import Sought, SoughtError, parse

from ..tensors.finding import Found, Hunt, flat_of
from ..tensors.levels import Levels
from ..tensors.sources import Answer, Missing, Part, Source
from ..widgets.grid import NumberGrid
from .heat_map import HeatMap
from .image_view import ImageView, channel_dimension
from .value_find_bar import ValueFindBar

TYPING = 250  # milliseconds without a key before a value that must be read is searched
PATIENCE = 300  # milliseconds after which it is said how far a search came, and it can be stopped


class ValueFinding(QObject):
    """Owns the row in which one types, and the hunt. The viewer says what it shows by ``look``."""

    element_wished = Signal(object)  # tuple of int: the index of the element to go to
    left = Signal()  # the row was closed: the focus goes back

    def __init__(
        self, here: Callable[[], tuple[int, ...] | None], heat_map: HeatMap, grid: NumberGrid, image: ImageView, parent: QWidget
    ) -> None:
        """``here``: the index of the element that the user looks at."""
        super().__init__(parent)
        self._here = here
        self._heat_map, self._grid, self._image = heat_map, grid, image
        self._source: Source | None = None
        self._plane, self._page = Plane(), parent
        self._sought: Sought | None = None
        self.hunt: Hunt | None = None
        self._found: Found | None = None
        self._levels: Levels | None = None
        self._long = False  # it takes long enough to say how far it came
        self._typing = QTimer(self, singleShot=True, interval=TYPING)
        self._typing.timeout.connect(self._hunt_and_go)
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE)
        self._patience.timeout.connect(self._grow_long)
        self.bar = ValueFindBar(parent)
        self.bar.query_changed.connect(self._typed)
        self.bar.next_wished.connect(self.find_next)
        self.bar.previous_wished.connect(self.find_previous)
        self.bar.stop_wished.connect(self._stop)
        self.bar.closed.connect(self.close)

    # --------------------------------------------------------------------------------------------------------- wishes

    @Slot()
    def start_search(self) -> None:
        """Ask what is to be found."""
        self.bar.open()
        if self.hunt is None:
            self._typed(self.bar.field.text())

    @Slot()
    def find_next(self) -> None:
        """Go to the next hit in reading order, behind the last one to the first."""
        self._go(forward=True)

    @Slot()
    def find_previous(self) -> None:
        """Go to the hit before, from the first one to the last."""
        self._go(forward=False)

    @Slot()
    def close(self) -> None:
        """Find nothing any more; the element that was found stays picked."""
        self._drop()
        self._typing.stop()
        if not self.bar.isHidden():
            self.bar.hide()
            self.left.emit()

    def look(self, source: Source | None, plane: Plane, page: QWidget | None) -> None:
        """This is shown now: a source of numbers (None: there are none), one of its planes, on this page."""
        same = source is self._source
        self._source, self._plane, self._page = source, plane, page or self._page
        if self.bar.isHidden():
            return
        if not same:
            self._drop()
            self._typing.stop()
            if self._sought is not None:
                self._begin(self._sought)
        else:
            self._mark()

    def forget(self) -> None:
        """The source that was shown is closed."""
        self._drop()
        self._source = None
        if not self.bar.isHidden():
            self.bar.show_count("")

    # ---------------------------------------------------------------------------------------------------------- hunting

    @Slot(str)
    def _typed(self, text: str) -> None:
        self._drop()
        self._typing.stop()
        self._sought = None
        if not text.strip():
            self.bar.show_count("")
            return
        try:
            self._sought = parse(text)
        except SoughtError as error:
            self.bar.show_wrong(str(error))
            return
        if self._source is None or self._source.near is not None:
            self._hunt_and_go()
        else:
            self.bar.show_count("")
            self._typing.start()

    @Slot()
    def _hunt_and_go(self) -> None:
        self._typing.stop()
        if self._sought is not None and self._begin(self._sought) and self.hunt is not None:
            self.hunt.go(self._start(), forward=True, here=True)

    def _begin(self, sought: Sought) -> bool:
        """Count and mark; False, and said why, where there is nothing to look in."""
        self._drop()
        source = self._source
        if source is None:
            self.bar.show_wrong(self.tr("There are no numbers here to look in."))
            return False
        if wrong := sought.misfit(source.dtype):
            self.bar.show_wrong(wrong)
            return False
        hunt = self.hunt = Hunt(source, sought, self)
        hunt.changed.connect(self._tell)
        hunt.ready.connect(self._ready)
        hunt.arrived.connect(self._arrived)
        hunt.failed.connect(self._failed)
        self._long = False
        self._patience.start()
        hunt.begin()
        self._tell()
        return True

    def _go(self, *, forward: bool) -> None:
        if self.bar.isHidden() or not self.bar.field.text().strip():
            self.start_search()
        elif self._typing.isActive() or (self.hunt is not None and self.hunt.stopped and self.hunt.tally is None):
            self._hunt_and_go()
        elif self.hunt is not None:
            self.hunt.go(self._start(), forward=forward)

    def _start(self) -> int:
        here = self._here()
        shape = self._source.shape if self._source is not None else ()
        return flat_of(here, shape) if here is not None and len(here) == len(shape) else 0

    def _drop(self) -> None:
        """Nothing is looked for."""
        self._patience.stop()
        if self.hunt is not None:
            self.hunt.close()
            self.hunt.deleteLater()
            self.hunt = None
        if self._found is not None:
            self._found.close()
            self._found.deleteLater()
            self._found = None
        self._mark()

    @Slot()
    def _stop(self) -> None:
        if self.hunt is not None:
            self.hunt.stop()

    @Slot(object)
    def _arrived(self, index: tuple[int, ...] | None) -> None:
        if index is not None:
            self.element_wished.emit(index)

    @Slot(str)
    def _failed(self, why: str) -> None:
        self._patience.stop()
        self.bar.show_wrong(why)

    @Slot()
    def _grow_long(self) -> None:
        self._long = True
        self._tell()

    @Slot()
    def _tell(self) -> None:
        """How much was found, and which of it one looks at."""
        hunt = self.hunt
        if hunt is None:
            return
        going = not hunt.is_over and not hunt.stopped
        if not going:
            self._patience.stop()
        if going and not self._long:
            return  # most answers come before anybody could read that there is none yet
        count, place = hunt.count, hunt.place
        number = f"{count:,}" if hunt.is_over else f"{count:,}+"
        if hunt.is_over and not count:
            words = self.tr("Nothing found")
        elif place is None:
            words = self.tr("{0} found").format(number)
        else:
            words = self.tr("{0} of {1}").format(f"{place:,}", number)
        if going:
            words = self.tr("{0}, {1:.0%} searched").format(words, hunt.share)
        elif hunt.stopped:
            words = self.tr("{0}, stopped at {1:.0%}").format(words, hunt.share)
        self.bar.show_count(words, stops=going)

    # ---------------------------------------------------------------------------------------------------------- marking

    @Slot()
    def _ready(self) -> None:
        hunt = self.hunt
        if hunt is not None and hunt.tally is not None and hunt.source.size:
            self._found = Found(hunt.source, hunt.tally, self)
            self._mark()

    def _mark(self) -> None:
        """Mark the hits on the page in view."""
        found, plane = self._found, self._plane
        if self._levels is not None:
            self._levels.close()
            self._levels = None
        if found is not None and not plane.fits(found.shape):
            found = None
        if found is not None and self._page is self._heat_map:
            self._levels = Levels(found, plane, "abs", self._heat_map.show_more)
        self._heat_map.show_hits(self._levels)
        self._grid.show_hits(self.hunt.tally.hits if found is not None and self.hunt is not None and self.hunt.tally is not None else None)
        dim = channel_dimension(found.shape) if found is not None and self._page is self._image else None
        if found is None or dim is None:
            self._image.show_hits(None)
            return
        outer = len(found.shape) - 3
        found.forget("picture")
        found.ask(Part(plane.at[:outer]), partial(self._marked_picture, dim - outer), "picture", 2)

    def _marked_picture(self, channels: int, hits: Answer) -> None:
        self._image.show_hits(None if isinstance(hits, Missing) else hits.any(axis=channels))
