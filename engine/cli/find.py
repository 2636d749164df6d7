"""``gradstep inspect --find``: the elements of values that are what is looked for, as text and as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from ..tape.hits import Hits, find, vals_named
from ..tape.reader import Tape
from ..tape.sought import Sought, SoughtError, parse
from ..tape.visible import visible
from .command import Exit, Failed

SHOWN = 10  # hits of a value that are printed


def told(tape: Tape, words: str, value: str | None, most: int | None, *, as_json: bool) -> str:
    """What was found, in all values that were kept or in those that are meant by ``value``. Raises Failed."""
    try:
        sought = parse(words)
    except SoughtError as error:
        raise Failed(f"--find: {error}", Exit.USAGE) from None
    vals = list(tape.kept()) if value is None else vals_named(tape, value)
    if value is not None and not vals:
        raise Failed(f"{value}: no value of this number or name was kept on this tape{_some(tape)}", Exit.NO_INPUT)
    found = list(find(tape, sought, vals, SHOWN if most is None else most))
    if value is None:  # of parts of complex numbers nobody expects an answer from the others
        found = [one for one in found if one.count or (one.missing and not sought.misfit(one.dtype))]
    if as_json:
        return json.dumps({"version": 1, "find": sought.text, "searched": len(vals), "values": [_plain(one) for one in found]}, indent=2)
    return _text(found, sought, len(vals))


def _some(tape: Tape) -> str:
    names = sorted({tape.tensors[val.tensor].name for val in tape.kept()} - {""})
    return f"; there are {', '.join(names[:SHOWN])}" if names else ""


def _text(found: list[Hits], sought: Sought, searched: int) -> str:
    lines = []
    for one in found:
        name = f"{one.name}  " if one.name else ""
        head = f"{name}#{one.val.tensor}@{one.val.version}  {one.dtype} {list(one.shape)}"
        if one.missing:
            lines.append(f"{head}: {one.missing}")
            continue
        lines.append(f"{head}: {one.count:,} of {math.prod(one.shape):,}")
        lines += [f"    [{', '.join(map(str, index))}]  {number!s}" for index, number in one.first]
        if one.count > len(one.first):
            lines.append(f"    and {one.count - len(one.first):,} more")
    total, holders = sum(one.count for one in found), sum(1 for one in found if one.count)
    lines.append(f"{sought.text}: {total:,} element{'' if total == 1 else 's'} in {holders:,} of {searched:,} values")
    return "\n".join(map(visible, lines))


def _plain(one: Hits) -> dict[str, Any]:
    return {
        "tensor": one.val.tensor, "version": one.val.version, "name": one.name, "dtype": one.dtype, "shape": list(one.shape),
        "size": math.prod(one.shape), "hits": one.count, "missing": one.missing,
        "first": [{"index": list(index), "value": _number(number)} for index, number in one.first],
    }  # fmt: skip


def _number(number: Any) -> Any:
    """As JSON has it: NaN, infinities and complex numbers in words."""
    plain = number.item() if isinstance(number, np.generic) else number
    if isinstance(plain, complex) or (isinstance(plain, float) and not math.isfinite(plain)):
        return str(number)
    return float(str(number)) if isinstance(plain, float) else plain  # the shortest that gives the same number of its dtype back
