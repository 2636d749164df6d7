"""Find everywhere looks into nodes, events, tensors, source lines and output."""

from __future__ import annotations

from gradstep.gui.models.everywhere import Hit, Place, search
from gradstep.gui.models.history import History
from gradstep.gui.models.rows import RowReader

from ..tapes import FILE, SmallNetwork


def find(query: str, output: list[str] | None = None) -> list[Hit]:
    tape = SmallNetwork().tape()
    history = History()
    history.read(tape)
    return [hit for hit in search(query, RowReader(tape, history), output or []) if hit is not None]


def test_a_word_is_found_in_every_place() -> None:
    places = {hit.place for hit in find("relu", ["epoch 1", "relu is dead"])}
    assert places == set(Place)


def test_a_source_line_is_found_with_its_place() -> None:
    (hit,) = [hit for hit in find("hidden layer") if hit.place is Place.SOURCE]
    assert (hit.file, hit.line) == (FILE, 12)


def test_an_event_leads_to_its_moment() -> None:
    events = [hit for hit in find("relu") if hit.place is Place.EVENTS]
    assert events
    assert all(hit.event >= 0 for hit in events)


def test_an_output_line_has_its_number() -> None:
    assert [hit.line for hit in find("loss", ["step", "loss 3", "Loss 2"]) if hit.place is Place.OUTPUT] == [2, 3]


def test_no_words_find_nothing() -> None:
    assert find("  ") == []
