"""Finds a text in all that a tape and its run hold: nodes, events, tensors, source lines, output. No Qt.

What is found comes one by one, so that whoever asks can stop whenever time is up and go on later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from gradstep.engine.tape.graph import Key
from gradstep.engine.tape.schema import Frame, Val

from ..widgets.formats import dtype_text, file_name, shape_text
from .named import both
from .row_table import RowKind
from .rows import RowReader

Fits = Callable[..., bool]  # whether every word of the query occurs in one of the texts


class Place(Enum):
    """Where something was found; the values are the headings."""

    NODES = "Nodes and ops"
    EVENTS = "Events"
    TENSORS = "Tensors"
    SOURCE = "Source lines"
    OUTPUT = "Output"


@dataclass(frozen=True, slots=True)
class Hit:
    """One finding. What is to be shown when it is picked: a node, an event, a value, a line of a file, a line of the output."""

    place: Place
    text: str
    detail: str = ""
    key: Key | None = None
    event: int = -1
    value: Val | None = None
    file: str = ""
    line: int = 0


def search(query: str, reader: RowReader, output: Iterable[str] = ()) -> Iterator[Hit | None]:
    """All hits of a query, every word of which must occur, case ignored. None: nothing here, but time has passed."""
    words = query.lower().split()
    if not words:
        return

    def fits(*texts: str) -> bool:
        return all(any(word in text for text in texts) for word in words)

    yield from _nodes(reader, fits)
    yield from _tensors(reader, fits)
    yield from _lines(reader, fits)
    for number, line in enumerate(output, 1):
        yield Hit(Place.OUTPUT, line.strip()[:200], str(number), line=number) if fits(line.lower()) else None
    yield from _events(reader, fits)


def _nodes(reader: RowReader, fits: Fits) -> Iterator[Hit | None]:
    tape = reader.tape
    for id in list(tape.nodes):
        name = reader.node_name(id)
        module = reader.node_module(id)
        yield Hit(Place.NODES, name, _beside(module, reader.node_frame(id)), ("node", id)) if fits(name.lower(), module.lower()) else None
    for id in list(tape.ops):
        op = tape.ops[id]
        if op.node is None:
            module = reader.call_path(op.call)
            beside = _beside(module, next(iter(op.stack), None))
            name = reader.op_name(id)
            yield Hit(Place.NODES, name, beside, ("op", id)) if fits(name.lower(), module.lower()) else None


def _beside(module: str, frame: Frame | None) -> str:
    """What tells nodes of one name apart: their module, their line."""
    return ", ".join(filter(None, (module, f"{file_name(frame.file)}:{frame.line}" if frame is not None else "")))


def _tensors(reader: RowReader, fits: Fits) -> Iterator[Hit | None]:
    for id in list(reader.tape.tensors):
        tensor = reader.tape.tensors[id]
        words = reader.given(("leaf", id))
        if not words and not tensor.name and id not in reader.history.maker:
            yield None
            continue
        name = both(words, tensor.name or reader.own_tensor_name(id))
        shape = f"{shape_text(tensor.meta.shape)} {dtype_text(tensor.meta.dtype)}"
        yield Hit(Place.TENSORS, name, shape, value=Val(id, 0)) if fits(name.lower(), shape.lower()) else None


def _lines(reader: RowReader, fits: Fits) -> Iterator[Hit | None]:
    for file, text in list(reader.tape.sources.items()):
        name = file.replace("\\", "/").rpartition("/")[2]
        for number, line in enumerate(text.splitlines(), 1):
            yield Hit(Place.SOURCE, line.strip()[:200], f"{name}:{number}", file=file, line=number) if fits(line.lower()) else None


def _events(reader: RowReader, fits: Fits) -> Iterator[Hit | None]:
    for row in reader.history.table.standing():
        if row.kind not in (RowKind.STEP, RowKind.HOOK, RowKind.STORED, RowKind.EDITED, RowKind.BACKWARD) or row.gone:
            yield None
            continue
        facts = reader.facts(row)
        if fits(facts.name.lower(), facts.module.lower(), facts.number.lower()):
            yield Hit(Place.EVENTS, facts.name, facts.number, event=row.first)
        else:
            yield None
