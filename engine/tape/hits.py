"""What is looked for (``sought``), looked for in the values of a tape: piece by piece, so that a value of any size is never whole in
memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .overview import Index, pieces
from .reader import Tape
from .schema import GradStored, Val
from .sought import Number, Sought, ends

PIECE = 1 << 20  # elements that are looked at together


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found in a value: how many elements, and index and number of the ``first`` of them in C order. ``missing`` says why
    nothing is known of the value, "" where all of it was read."""

    val: Val
    name: str
    dtype: str
    shape: tuple[int, ...]
    count: int = 0
    first: tuple[tuple[tuple[int, ...], Any], ...] = ()
    missing: str = ""


def find(tape: Tape, sought: Sought, vals: Iterable[Val], most: int) -> Iterator[Hits]:
    """Look in these values, one after the other; ``most``: hits that are told of each."""
    stored = _stored(tape)
    for val in vals:
        noun = tape.tensors[val.tensor]
        about = val, noun.name or stored.get(val, ""), noun.meta.dtype, noun.meta.shape
        if why := sought.misfit(noun.meta.dtype):
            yield Hits(*about, missing=why)
            continue
        try:
            yield Hits(*about, *_in_one(_reader(tape, val), noun.meta.shape, sought, most))
        except (OSError, LookupError) as error:
            yield Hits(*about, missing=str(error.args[-1]) if error.args else "it cannot be read")


def _stored(tape: Tape) -> dict[Val, str]:
    """What was written to the ``.grad`` of tensors with a name, by that name."""
    names = ((event.val, tape.tensors[event.tensor].name) for event in tape.events.of_kind(GradStored))
    return {val: f"{name}.grad" for val, name in names if val is not None and name}


def _reader(tape: Tape, val: Val) -> Callable[[Index], npt.NDArray[Any]]:
    extent = tape.extent(val)
    if extent is not None:
        return extent.part
    value = tape.value(val)
    if value is None:
        raise LookupError("its numbers were not kept, or are damaged")
    return lambda index: value[index]


def _in_one(
    read: Callable[[Index], npt.NDArray[Any]], shape: tuple[int, ...], sought: Sought, most: int
) -> tuple[int, tuple[tuple[tuple[int, ...], Any], ...]]:
    if sought.extreme is not None:
        sought = sought.at(_ends(read, shape, sought.extreme.part))
    count = 0
    first: list[tuple[tuple[int, ...], Any]] = []
    for index in pieces(shape, PIECE):
        value = np.asarray(read(index))
        found = np.flatnonzero(sought.hits(value))
        count += len(found)
        if len(first) < most and len(found):
            start, flat = _flat(index, shape), value.reshape(-1)
            for place in found[: most - len(first)].tolist():
                first.append((tuple(int(one) for one in np.unravel_index(start + place, shape)), flat[place]))
    return count, tuple(first)


def _ends(read: Callable[[Index], npt.NDArray[Any]], shape: tuple[int, ...], part: str) -> tuple[Number, Number] | None:
    known = [pair for index in pieces(shape, PIECE) if (pair := ends(read(index), part)) is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


def _flat(index: Index, shape: tuple[int, ...]) -> int:
    """The number in C order of the first element of a piece."""
    start, left = 0, math.prod(shape)
    for entry, size in zip(index, shape, strict=False):
        left //= size
        start += (entry if isinstance(entry, int) else entry.start or 0) * left
    return start


def vals_named(tape: Tape, words: str) -> list[Val]:
    """The values on a tape that are meant by a number (``12``, ``#12``) or a name (``fc.weight``, ``fc.weight.grad``), each with ``@2``
    behind it for one version alone; of those that were kept."""
    name, _, version = words.partition("@")
    wanted: set[int] | None = {int(name.removeprefix("#"))} if name.removeprefix("#").isdecimal() else None
    exact: set[Val] = set()
    if wanted is None:
        wanted = {tensor.id for tensor in tape.tensors.values() if tensor.name == name}
        if not wanted:
            exact = {val for val, known in _stored(tape).items() if known == name}
    return [val for val in tape.kept() if (val.tensor in wanted or val in exact) and (not version or str(val.version) == version.strip())]
